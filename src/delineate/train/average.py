"""The weights' running average, which is what is used in the end.

Polyak & Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
and Optimization 1992; here exponential, and short at first so that the start is forgotten.
"""

import torch
from torch import Tensor, nn


class Average:
    """An exponential moving average of a network's parameters, in float32.

    After step t (from 0) the average moves to the parameters by 1 - d, where
    d = min(decay, (1 + t) / (10 + t)).

    Examples:
        >>> net = nn.Linear(1, 1, bias=False)
        >>> nn.init.constant_(net.weight, 1.0).item()
        1.0
        >>> average = Average(net, decay=0.5)
        >>> nn.init.constant_(net.weight, 2.0).item()
        2.0
        >>> average.update(net, step=100)
        >>> average.values["weight"].item()
        1.5
    """

    def __init__(self, net: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values: dict[str, Tensor] = {
            name: value.detach().float().clone() for name, value in net.state_dict().items()
        }

    @torch.no_grad()
    def update(self, net: nn.Module, step: int) -> None:
        """Take the parameters after a step into the average."""
        share = 1 - min(self.decay, (1 + step) / (10 + step))
        for name, value in net.state_dict().items():
            self.values[name].lerp_(value.detach().float(), share)

    def restore(self, values: dict[str, Tensor]) -> None:
        """Go on from values that were kept."""
        for name, value in values.items():
            self.values[name].copy_(value)
