"""How good a network is on real objects that it never learns from: Dice from a box alone."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from ..methods import spanning
from ..networks.planes import Planes, shares_of
from ..networks.position import as_read
from ..synth.fields import resize
from ..types import Float32, Mask
from .crops import normalised
from .errors import TrainingError
from .packed import Packed

MEAN = "mean"
"""Of the data sets' means."""


def validate(net: nn.Module, crops: Sequence[Packed], size: tuple[int, ...]) -> dict[str, float]:
    """Mean Dice of each data set, and under "mean" the mean of these.

    Args:
        net: In evaluation mode; nothing of it is changed.
        crops: Boxes with their margin, `labels` 1 in the object; one slice thick for a 2D network.
        size: Of the crops it was trained on.
    """
    found: dict[str, list[float]] = {}
    for crop in crops:
        image = np.moveaxis(crop.image, crop.axis, 2)
        truth: Mask = np.moveaxis(crop.labels > 0, crop.axis, 2)
        spacing = [*np.delete(crop.spacing, crop.axis), crop.spacing[crop.axis]]
        if len(size) == 2:
            image, truth = image[..., 0], truth[..., 0]
        answer = predict(net, image, size, spacing)
        found.setdefault(crop.dataset, []).append(dice(_answer(answer), truth))
    means = {name: float(np.mean(values)) for name, values in sorted(found.items())}
    return {**means, MEAN: float(np.mean(list(means.values())))} if means else {}


def _answer(probability: Float32) -> Mask:
    """The object, believed in until it spans the box, as BIFSeg does; `(I, J)` or `(I, J, K)`."""
    solid = probability.reshape((*probability.shape, 1)[:3])
    share = spanning.SHARES[probability.ndim]
    odds = spanning.log_odds(solid, np.ones(solid.shape, np.bool_), share)
    return np.asarray(probability > 1 / (1 + math.exp(odds)))


@torch.no_grad()
def predict(
    net: nn.Module, image: Float32, size: tuple[int, ...], spacing: Sequence[float] = (1, 1, 1)
) -> Float32:
    """Probability of being in the object, `(I, J)` or `(I, J, K)` as the crop.

    In 2D the crop's shorter side is resized to that of `size`, in 3D its longest to the longest;
    then it is normalised. As in BIFSeg it keeps its form in mm.
    """
    sides = np.array(image.shape) * np.array(spacing[: image.ndim])
    scale = min(size) / sides.min() if len(size) == 2 else max(size) / sides.max()
    shape = tuple(max(round(float(side * scale)), 1) for side in sides)
    values = normalised(resize(image, shape))
    values = as_read(getattr(net, "sizes", None), values[None])
    device = next(net.parameters()).device
    also = (shares_of(spacing),) if isinstance(net, Planes) else ()
    logits = net(torch.from_numpy(values)[None].to(device), *also).float()
    answer = logits.softmax(dim=1)[0, 1].cpu().numpy()
    return resize(answer, image.shape)


def dice(one: Mask, other: Mask) -> float:
    """2 |A and B| / (|A| + |B|); 1 if both are empty."""
    total = np.count_nonzero(one) + np.count_nonzero(other)
    return 2 * np.count_nonzero(one & other) / total if total else 1.0


def check_apart(training: Mapping[str, Sequence[Packed]], validation: Sequence[Packed]) -> None:
    """No image is both learnt from and used for validation.

    Raises:
        TrainingError: If one is.
    """
    learnt = {one.key for items in training.values() for one in items}
    both = sorted(learnt & {one.key for one in validation})
    if both:
        raise TrainingError(
            f"{both[0]} is learnt from and used for validation; leave it out of one of them"
        )
