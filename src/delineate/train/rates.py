"""Optimisers and their learning rates, which depend on the step alone."""

import math
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import nn


@dataclass(frozen=True, kw_only=True)
class Sgd:
    """SGD whose learning rate is halved again and again, as in BIFSeg's paper.

    Attributes:
        rate: Learning rate of the first steps.
        halved_every: Steps.
        momentum: In [0, 1).
        weight_decay: Added to the gradient.
        clip: Largest norm of the gradient, 0: any.
    """

    rate: float = 1e-3
    halved_every: int = 5000
    momentum: float = 0.9
    weight_decay: float = 5e-4
    clip: float = 0.0

    def rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a step, which counts from 0.

        Examples:
            >>> [Sgd(rate=8.0, halved_every=10).rate_at(step, 99) for step in (0, 9, 10, 25)]
            [8.0, 8.0, 4.0, 2.0]
        """
        return self.rate / 2.0 ** (step // self.halved_every)

    def build(self, net: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network."""
        return torch.optim.SGD(
            net.parameters(), self.rate, self.momentum, weight_decay=self.weight_decay
        )


@dataclass(frozen=True, kw_only=True)
class AdamW:
    """AdamW whose learning rate rises in a line and falls as a cosine.

    Loshchilov & Hutter, "Decoupled weight decay regularization", ICLR 2019.

    Attributes:
        rate: Highest learning rate.
        warm_up: Steps until it is reached.
        last: Share of it that is left at the last step.
        weight_decay: Per step, times the learning rate.
        clip: Largest norm of the gradient, 0: any.
    """

    rate: float = 1e-3
    warm_up: int = 500
    last: float = 0.01
    weight_decay: float = 1e-2
    clip: float = 1.0

    def rate_at(self, step: int, steps: int) -> float:
        """Learning rate of a step, which counts from 0, of `steps`.

        Examples:
            >>> schedule = AdamW(rate=1.0, warm_up=2, last=0.0)
            >>> [round(schedule.rate_at(step, 10), 3) for step in (0, 1, 2, 6, 10)]
            [0.5, 1.0, 1.0, 0.5, 0.0]
        """
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        done = min((step - self.warm_up) / max(steps - self.warm_up, 1), 1.0)
        fall = (1 + math.cos(math.pi * done)) / 2
        return self.rate * (self.last + (1 - self.last) * fall)

    def build(self, net: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of a network."""
        return torch.optim.AdamW(net.parameters(), self.rate, weight_decay=self.weight_decay)


Optimiser: TypeAlias = Sgd | AdamW
