"""Smooth random fields, and the weights that interpolate them and resize images.

Interpolation along an axis is a product with a small matrix, so a field on any grid costs a few
thin matrix products, in 2D and in 3D.
"""

from collections.abc import Sequence

import numpy as np

from ..types import Array, Float32


def smooth_field(
    rng: np.random.Generator, shape: tuple[int, ...], step: float | tuple[float, ...]
) -> Float32:
    """A Gaussian random field: white noise at knots, interpolated by cubic B-splines.

    Args:
        rng: Source of the noise.
        shape: Of the field.
        step: Voxels between knots, one number or one an axis; at 1 or less the field is white.

    Returns:
        Mean 0 and standard deviation 1 at every voxel (over draws, not over the image).
    """
    steps = step if isinstance(step, tuple) else (step,) * len(shape)
    weights = [
        None if length == 1 or gap <= 1 else _spline_weights(length, gap, rng.random())
        for length, gap in zip(shape, steps, strict=True)
    ]
    knots = [n if w is None else w.shape[1] for n, w in zip(shape, weights, strict=True)]
    return apply(weights, rng.standard_normal(knots, dtype=np.float32))


def apply(weights: Sequence[Float32 | None], values: Float32) -> Float32:
    """Multiplies each axis of an array `(A, B, ...)` by its matrix `(I, A)`; None leaves it."""
    if values.ndim > 1 and values.shape[-1] == 1 and weights[-1] is None:
        return apply(weights[:-1], values[..., 0])[..., None]
    for axis, matrix in enumerate(weights):
        if matrix is None:
            continue
        if axis == values.ndim - 1:
            values = values @ matrix.T
        else:
            shape = values.shape
            values = matrix @ values.reshape(*shape[: axis + 1], -1)
            values = values.reshape(*shape[:axis], len(matrix), *shape[axis + 1 :])
    return values


def resize(image: Array, shape: tuple[int, ...]) -> Float32:
    """An array on a grid of another shape over the same extent, linear and with antialiasing.

    Examples:
        >>> resize(np.array([0.0, 1.0]), (4,))
        array([0.  , 0.25, 0.75, 1.  ], dtype=float32)
    """
    weights = [
        None if old == new else _resize_weights(old, new)
        for old, new in zip(image.shape, shape, strict=True)
    ]
    return apply(weights, image.astype(np.float32, copy=False))


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number whose logarithm is uniform between those of `low` and `high`."""
    return float(low * (high / low) ** rng.random())


def _spline_taps(number: int) -> Float32:
    """The four cubic B-splines `(number, 4)` at as many places between two knots, of norm 1."""
    t = (np.arange(number) + 0.5) / number
    rising = 3 * t**3 - 6 * t**2 + 4
    taps = np.stack([(1 - t) ** 3, rising, 6 - (1 - t) ** 3 - rising - t**3, t**3], axis=1)
    return np.asarray((taps / np.sqrt((taps**2).sum(axis=1, keepdims=True))).astype(np.float32))


_TAPS = _spline_taps(4096)


def _spline_weights(length: int, step: float, offset: float) -> Float32:
    """Cubic B-splines `(length, knots)`, each row scaled so that its squares sum to 1."""
    position = np.arange(length) / step + offset
    first = position.astype(int)
    taps = _TAPS[((position - first) * len(_TAPS)).astype(int)]
    knots = int(first[-1]) + 4
    weights = np.zeros(length * knots, np.float32)
    start = np.arange(0, length * knots, knots) + first
    for n in range(4):
        weights[start + n] = taps[:, n]
    return weights.reshape(length, knots)


def _resize_weights(old: int, new: int) -> Float32:
    """Triangles `(new, old)` around each new voxel's centre, as wide as the coarser voxel."""
    ratio = old / new
    centre = (np.arange(new) + 0.5) * ratio - 0.5
    clipped = np.clip(centre, 0, old - 1)
    reach = max(ratio, 1.0)
    weights = np.maximum(1 - np.abs(np.arange(old) - clipped[:, None]) / reach, 0)
    return np.asarray((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32))
