"""Clicks with the network in the loop: it answers, a user corrects, and it is asked again.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III-C.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import nn

from ..networks.guidance import Guidance, Maps
from ..prompts import Click
from ..types import Array, Float32, Mask
from .clicks import Clicks
from .states import next_click

Predict: TypeAlias = Callable[[Float32], Float32]
"""Probability `(N, *size)` of the object from inputs `(N, C, *size)`."""

LOOPED = 3
"""Makes the draw of whether a batch is looped another one than those of its content."""


CLICKED = 4
"""Likewise the draws of clicks in one."""


def after_clicks(
    batch: tuple[Array, ...], seed: int, number: int, clicks: Clicks, predict: Predict
) -> tuple[Array, Array]:
    """Inputs and masks of a batch, after clicks on the network's answers if it is looped."""
    inputs, masks, thickness = batch
    if is_looped(seed, number, clicks):
        rng = np.random.default_rng((seed, number, CLICKED))
        click_on(rng, inputs, masks, thickness, clicks, predict)
    return inputs, masks


def answers_of(net: nn.Module, layout: torch.memory_format) -> Predict:
    """A network's answers; it is put into evaluation mode, and nothing else of it changes."""
    device = next(net.parameters()).device

    @torch.no_grad()
    def predict(inputs: Float32) -> Float32:
        net.eval()
        there = torch.from_numpy(inputs).to(device).contiguous(memory_format=layout)
        answer: Float32 = net(there).float().softmax(dim=1)[:, 1].cpu().numpy()
        return answer

    return predict


def is_looped(seed: int, number: int, clicks: Clicks) -> bool:
    """Whether clicks of a batch follow the network's answers."""
    return bool(np.random.default_rng((seed, number, LOOPED)).random() < clicks.looped)


def click_on(
    rng: np.random.Generator,
    inputs: Float32,
    masks: Array,
    thickness: Array,
    clicks: Clicks,
    predict: Predict,
) -> None:
    """Add up to `clicks.most` - 1 clicks to each sample of a batch, in place.

    The k-th of them is made with probability 1 - k / `clicks.most`, so that few are common and
    many are not rare. What the network answered before the last one is the mask shown before.

    Args:
        rng: Of all chance.
        inputs: `(N, C, *size)`, image and maps.
        masks: `(N, *size)`, objects; no sample without one is clicked on.
        thickness: `(N,)`, of slices.
        clicks: How users click.
        predict: The network as it is now.
    """
    there = masks.reshape(len(masks), -1).any(axis=1)
    for k in range(1, clicks.most):
        going = np.flatnonzero(there & (rng.random(len(masks)) < 1 - k / clicks.most))
        if not going.size:
            continue
        shown = predict(inputs[going]) > 0.5
        for n, mask in zip(going, shown, strict=True):
            spacing = grid_spacing(mask, float(thickness[n]))
            click = next_click(rng, masks[n], mask, spacing, clicks)
            if click is not None:
                before = None if rng.random() < clicks.forgotten else mask
                place(inputs[n], clicks.guidance, spacing, click, before)


def place(
    sample: Float32,
    guidance: Guidance,
    spacing: tuple[float, ...],
    click: Click,
    shown: Mask | None,
) -> None:
    """Draw one more click into a sample `(C, *size)`, in place, and the mask it was made on."""
    maps = Maps(guidance, spacing, sample[1:])
    maps = maps.clicked(click.at[: sample.ndim - 1], click.inside).after(shown)
    sample[1:] = maps.values


def grid_spacing(mask: Mask, thickness: float) -> tuple[float, ...]:
    """Of a grid, where a pixel is 1 wide."""
    return (1.0, 1.0) if mask.ndim == 2 else (1.0, 1.0, thickness)
