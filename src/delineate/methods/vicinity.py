"""What marks say of the voxels beside them that look the same."""

from collections.abc import Callable

import numpy as np

from ..energy.paths import Paths
from ..types import Float32, Int8

_LEAST = 1e-6

_EDGE = 7.0
"""How many times the reach a way through one standard deviation of intensity is worth."""

_FAR = 10.0
"""Reaches beyond which a mark says nothing any more; there it adds 0.002 at the most."""


def log_odds(
    image: Float32,
    marks: Int8,
    weight: float,
    reach: float,
    neighbours: int,
    ways: Callable[[], Paths] | None = None,
) -> Float32 | None:
    """Log odds of the object that marks add to a network's, `(I, J, K)`; None: nothing.

    `weight` on an inside mark, `-weight` on an outside one; both fall by e with each `reach` of
    geodesic distance, so that a mark speaks for what it lies on and not for what is far or beyond
    an edge.

    Args:
        image: `(I, J, K)`, of standard deviation 1.
        marks: Likewise, 1 inside, -1 outside, 0 nothing said.
        weight: At least 0.
        reach: Share of the grid's sides, their geometric mean; positive.
        neighbours: See `grid.offsets`.
        ways: Gives what `ways_through` gave for the image, where that was kept.
    """
    if weight == 0 or not marks.any():
        return None
    there = ways() if ways else ways_through(image, reach, neighbours)
    found = np.zeros(marks.shape, np.float32)
    for sign in (1, -1):
        found += np.float32(sign * weight) * np.exp(-there.from_seeds(marks == sign, _FAR))
    return found


def ways_through(image: Float32, reach: float, neighbours: int) -> Paths:
    """Ways through an image, in reaches; see `log_odds`."""
    sides = [n for n in image.shape if n > 1] or [1]
    step = 1 / (reach * float(np.prod(sides)) ** (1 / len(sides)))
    return Paths.through(image[None], (step,) * 3, _EDGE, neighbours)


def added(probability: Float32, more: Float32) -> Float32:
    """A probability `(I, J, K)` with log odds added to its own.

    Examples:
        >>> half = np.full((1, 1, 1), 0.5, np.float32)
        >>> round(float(added(half, np.ones_like(half))[0, 0, 0]), 3)
        0.731
    """
    likely = np.clip(probability.astype(np.float64), _LEAST, 1 - _LEAST)
    return np.asarray(1 / (1 + (1 - likely) / likely * np.exp(-more)), np.float32)
