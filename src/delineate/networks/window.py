"""The part of an image that a click-guided network looks at, and the grid it is given on.

Both are the same in training and in use: the first of several looks sees much around the object,
the last one little, always on a grid of about one size.
"""

from collections.abc import Sequence

import numpy as np

from ..types import Array

LEAST = 16
"""Pixels of a window along each side, as far as the image goes."""

SLICES = 4
"""Slices of a window, likewise."""


def around(
    low: Array,
    high: Array,
    spacing: Sequence[float],
    ratio: float,
    shift: Array,
    shape: tuple[int, ...],
) -> tuple[tuple[int, int], ...]:
    """The window around the box of an object.

    In a picture, and in the slices of a volume, it is a square whose side is `ratio` times the
    longest side of the box; across slices it is `ratio` times as deep as the box.

    Args:
        low: First voxel of the box along I, J(, K).
        high: One past its last one.
        spacing: Of the same axes; only ratios count.
        ratio: How wide the window is.
        shift: How far off the middle, per axis from -1 to 1, where at 1 the window just holds the
            box.
        shape: Of the image, at whose border the window ends.

    Returns:
        Half-open, along each axis; at least `LEAST` pixels and `SLICES` slices if the image has
        so many.

    Examples:
        >>> zero = np.zeros(2)
        >>> around(np.array([40, 45]), np.array([60, 55]), (1, 1), 2.0, zero, (100, 100))
        ((30, 70), (30, 70))
    """
    steps = np.asarray(spacing, np.float64)[: len(shape)]
    sides = (np.asarray(high) - low) * steps
    wanted = np.array([ratio * sides[:2].max()] * 2 + [ratio * side for side in sides[2:]])
    voxels = np.maximum(np.rint(wanted / steps), [LEAST, LEAST, SLICES][: len(sides)])
    middle = (np.asarray(low) + high) / 2 + np.asarray(shift) * (voxels - (high - low)) / 2
    return window_at(middle, voxels, shape)


def window_at(middle: Array, voxels: Array, shape: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    """A window of so many voxels around a place, moved into the image as far as it goes.

    Examples:
        >>> window_at(np.array([10, 50]), np.array([40, 200]), (100, 100))
        ((0, 40), (0, 100))
    """
    first = np.rint(middle - voxels / 2)
    first = np.where(first + voxels > shape, np.asarray(shape) - voxels, first)
    first = np.maximum(first, 0)
    last = np.minimum(first + voxels, shape)
    return tuple((int(a), int(b)) for a, b in zip(first, last, strict=True))


def grid_shape(
    shape: tuple[int, ...], spacing: Sequence[float], longest: int
) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """The grid on which a window is given to a network: it keeps its form.

    Args:
        shape: Of the window, `(I, J)` or `(I, J, K)`, K across slices.
        spacing: Of the same axes.
        longest: Pixels along its longer side in the slice. Slices are never made thinner than
            they are, nor than the grid's pixels.

    Returns:
        Shape and spacing of the grid.

    Examples:
        >>> grid_shape((40, 20, 10), (1.0, 1.0, 5.0), 80)
        ((80, 40, 10), (0.5, 0.5, 5.0))
        >>> grid_shape((40, 20, 60), (1.0, 1.0, 0.25), 80)
        ((80, 40, 30), (0.5, 0.5, 0.5))
    """
    sides = np.array(shape) * np.asarray(spacing, np.float64)
    pixel = sides[:2].max() / longest
    wanted = [pixel, pixel, *(max(pixel, spacing[2]) for _ in shape[2:])]
    grid = tuple(
        max(round(float(side / step)), 1) for side, step in zip(sides, wanted, strict=True)
    )
    return grid, tuple(float(side / n) for side, n in zip(sides, grid, strict=True))
