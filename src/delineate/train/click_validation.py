"""How good a network is on real objects that it never learns from: Dice after so many clicks."""

from collections.abc import Sequence

import numpy as np

from ..types import Float32
from ..users.click import Clicker
from .clicking import Predict, grid_spacing, place
from .clicks import Clicks
from .packed import Packed
from .states import corrected
from .validation import MEAN, dice
from .windows import View, fitted

COUNTED = (1, 2, 5, 10)
"""Clicks after which it is measured."""

BATCH = 16


def validate_clicks(
    predict: Predict, windows: Sequence[Packed], size: tuple[int, ...], clicks: Clicks
) -> dict[str, float]:
    """Mean Dice after 1, 2, 5 and 10 clicks of the benchmark's user.

    Under a data set's name lies the mean of the four, under "1 click" and so on the mean of the
    data sets, under "mean" that of all.

    Args:
        predict: The network.
        windows: Around objects, `labels` 1 in the object; one slice thick for a 2D network.
        size: Of what it was trained on.
        clicks: Says how clicks are drawn.
    """
    names = sorted({one.dataset for one in windows})
    if not names:
        return {}
    means = []
    for name in names:
        views = [seen(one, size) for one in windows if one.dataset == name]
        views = [view for view in views if view.mask.any()]
        found = [
            clicked(predict, views[n : n + BATCH], clicks) for n in range(0, len(views), BATCH)
        ]
        means.append(np.concatenate(found).mean(axis=0))
    table = np.array(means)
    scores = dict(zip(names, table.mean(axis=1).tolist(), strict=True))
    for count, value in zip(COUNTED, table.mean(axis=0), strict=True):
        scores[f"{count} click{'s' if count > 1 else ''}"] = float(value)
    return {**scores, MEAN: float(table.mean())}


def clicked(predict: Predict, views: Sequence[View], clicks: Clicks) -> Float32:
    """Dice of each view after as many clicks as are counted, `(N, 4)`."""
    guidance, user = clicks.guidance, Clicker()
    rng = np.random.default_rng(0)
    inputs = np.zeros((len(views), guidance.channels, *views[0].image.shape), np.float32)
    inputs[:, 0] = [view.image for view in views]
    shown = np.zeros(inputs[:, 0].shape, bool)
    found = []
    for count in range(1, max(COUNTED) + 1):
        for sample, view, mask in zip(inputs, views, shown, strict=True):
            spacing = grid_spacing(mask, view.thickness)
            click = corrected(user, view.mask, mask, spacing, rng)
            if click is not None:
                place(sample, guidance, spacing, click, mask)
        shown = predict(inputs) > 0.5
        if count in COUNTED:
            found.append([dice(m, view.mask) for m, view in zip(shown, views, strict=True)])
    return np.array(found, np.float32).T


def seen(window: Packed, size: tuple[int, ...]) -> View:
    """A stored window on the grid of a network."""
    image = np.moveaxis(window.image, window.axis, 2)
    mask = np.moveaxis(window.labels > 0, window.axis, 2)
    steps = [s for axis, s in enumerate(window.spacing) if axis != window.axis]
    thickness = window.spacing[window.axis] / min(steps)
    if len(size) == 2:
        image, mask = image[..., 0], mask[..., 0]
    return fitted(None, image, mask, thickness, size)
