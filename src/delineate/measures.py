"""Size, extent and intensity of an object: pure functions on arrays and spacing."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError

from .types import Float32, Float64, Mask, Spacing

PERCENTILES = (5, 25, 50, 75, 95)


@dataclass(frozen=True)
class Diameters:
    """The longest line in a slice, and the longest one across it.

    Args:
        slice: Which slice, -1 where there is none.
        longest_mm: Between the outer corners of voxels.
        perpendicular_mm: The extent at a right angle to it.
    """

    slice: int
    longest_mm: float
    perpendicular_mm: float


def surface_mm2(mask: Mask, spacing: Spacing) -> float:
    """Area of the mask's surface.

    By Crofton's formula: how often lines in 13 directions enter or leave the mask; the
    area of a ball is right within some percent, that of a box by its faces is not.
    Marching cubes of a mask would overestimate, counting steps.

    References:
        Lehmann and Legland, "Efficient N-Dimensional surface estimation using Crofton formula
        and run-length encoding", Insight Journal 2012.
    """
    padded = np.pad(mask, 1)
    volume = float(np.prod(spacing))
    total = 0.0
    for offset, weight in _directions(spacing):
        ahead = tuple(
            slice(max(0, d), n + min(0, d)) for d, n in zip(offset, padded.shape, strict=True)
        )
        behind = tuple(
            slice(max(0, -d), n + min(0, -d)) for d, n in zip(offset, padded.shape, strict=True)
        )
        crossings = int(np.count_nonzero(padded[ahead] != padded[behind]))
        length = float(np.linalg.norm(np.multiply(offset, spacing)))
        total += weight * crossings * volume / length
    return 2 * total


def diameters(mask: Mask, axis: int, spacing: Spacing) -> Diameters:
    """Over the slices across `axis`, the one with the longest line between two of its voxels.

    As in RECIST the second length is at a right angle to the first, in the same slice.
    """
    best = Diameters(-1, 0.0, 0.0)
    steps = [step for a, step in enumerate(spacing) if a != axis]
    for at, plane in enumerate(np.moveaxis(mask, axis, 0)):
        if not plane.any():
            continue
        corners = _hull(plane, steps)
        apart = corners[:, None] - corners[None]
        lengths = np.linalg.norm(apart, axis=2)
        first, last = np.unravel_index(np.argmax(lengths), lengths.shape)
        longest = float(lengths[first, last])
        if longest > best.longest_mm:
            along = (corners[last] - corners[first]) / longest
            across = corners @ np.array([-along[1], along[0]])
            best = Diameters(at, longest, float(np.ptp(across)))
    return best


def intensities(values: Float32) -> dict[str, float]:
    """Mean, standard deviation, extremes and percentiles of an object's intensities, `(N,)`."""
    if not values.size:
        names = ("mean", "sd", "min", "max", *(f"p{p}" for p in PERCENTILES))
        return dict.fromkeys(names, float("nan"))
    wide = values.astype(np.float64)
    found = {
        "mean": float(wide.mean()), "sd": float(wide.std()),
        "min": float(wide.min()), "max": float(wide.max()),
    }  # fmt: skip
    levels = np.percentile(wide, PERCENTILES)
    return found | {f"p{p}": float(v) for p, v in zip(PERCENTILES, levels, strict=True)}


def _hull(plane: Mask, steps: list[float]) -> Float64:
    """Corners of the convex hull of a slice's pixels, `(N, 2)` mm."""
    rim = plane & ~ndimage.binary_erosion(plane)
    at = np.argwhere(rim)[:, None] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])[None]
    corners = np.unique(at.reshape(-1, 2), axis=0) * np.array(steps)
    try:
        hull: Float64 = corners[ConvexHull(corners).vertices]
    except QhullError:
        return np.asarray(corners, np.float64)
    return hull


def _directions(spacing: Spacing) -> list[tuple[tuple[int, int, int], float]]:
    """The 13 directions to neighbours, each with its share of the sphere of directions."""
    offsets = [
        (i, j, k)
        for i in (-1, 0, 1)
        for j in (-1, 0, 1)
        for k in (-1, 0, 1)
        if (i, j, k) > (0, 0, 0)
    ]
    towards = np.array(offsets) * np.array(spacing, np.float64)
    towards /= np.linalg.norm(towards, axis=1, keepdims=True)
    points = _sphere(20_000)
    nearest = np.argmax(np.abs(points @ towards.T), axis=1)
    share = np.bincount(nearest, minlength=len(offsets)) / len(points)
    return list(zip(offsets, share.tolist(), strict=True))


def _sphere(count: int) -> Float64:
    """Points spread evenly on a sphere, `(N, 3)`, by the golden spiral."""
    n = np.arange(count) + 0.5
    height = 1 - 2 * n / count
    turn = np.pi * (1 + 5**0.5) * n
    flat = np.sqrt(1 - height**2)
    points: Float64 = np.stack([flat * np.cos(turn), flat * np.sin(turn), height], axis=1)
    return points
