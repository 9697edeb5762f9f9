"""Marks that a network did not follow: its answer is moved around them, and nowhere else."""

from collections.abc import Mapping

import numpy as np

from ..types import Float32, Float64, Index

SURE = 0.85
"""Log odds that an answer has at a mark at least: a probability of 0.7, or of 0.3 outside."""

_LEAST = 1e-6


def honoured(
    probability: Float32, marks: Mapping[Index, bool], spacing: tuple[float, ...], radius: float
) -> Float32:
    """A probability that says what the marks say.

    Around a mark that it does not follow, the mark's side is taken nearer than `radius`, however
    sure the answer was of the other: its log odds are at least those of a paraboloid that is 0 at
    the radius. That ends half way to the nearest mark of the other side. An answer that follows
    its marks is returned as it is.

    Args:
        probability: `(I, J, K)` in [0, 1].
        marks: Of grid voxels, whether they are inside.
        spacing: Of the grid; only ratios count.
        radius: In steps of the finest axis.

    Returns:
        `(I, J, K)`; at every mark at least 0.7 inside and at most 0.3 outside.

    Examples:
        >>> flat = np.full((9, 1, 1), 0.1, np.float32)
        >>> honoured(flat, {(4, 0, 0): True}, (1.0, 1.0, 1.0), 2.0)[2:7, 0, 0].round(2)
        array([0.1 , 0.65, 0.7 , 0.65, 0.1 ], dtype=float32)
    """
    likely = np.clip(probability.astype(np.float64), _LEAST, 1 - _LEAST)
    odds = np.log(likely) - np.log1p(-likely)
    wrong = [at for at, inside in marks.items() if (odds[at] if inside else -odds[at]) < SURE]
    if not wrong:
        return probability
    steps = np.asarray(spacing) / min(spacing)
    for at in wrong:
        _turn(odds, at, marks[at], steps, min(radius, _nearest_other(at, marks, steps) / 2))
    return np.asarray(1 / (1 + np.exp(-odds)), np.float32)


def _nearest_other(at: Index, marks: Mapping[Index, bool], steps: Float64) -> float:
    """Distance to the nearest mark of the other side."""
    others = [other for other, inside in marks.items() if inside != marks[at]]
    if not others:
        return float("inf")
    away = (np.array(others) - at) * steps
    return float(np.sqrt((away**2).sum(axis=1).min()))


def _turn(odds: Float64, at: Index, inside: bool, steps: Float64, radius: float) -> None:
    """Take a mark's side around it, in place."""
    reach = np.floor(radius / steps).astype(int)
    low = np.maximum(np.array(at) - reach, 0)
    high = np.minimum(np.array(at) + reach + 1, odds.shape)
    window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    grids = np.ogrid[window]
    squared = sum(((g - i) * s) ** 2 for g, i, s in zip(grids, at, steps, strict=True))
    least = SURE * (1 - squared / radius**2)
    turned = np.maximum(odds[window], least) if inside else np.minimum(odds[window], -least)
    odds[window] = np.where(least > 0, turned, odds[window])
