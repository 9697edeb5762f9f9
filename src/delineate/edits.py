"""What a mask may need after a method has made it: pure functions on arrays and spacing.

A radius is in mm, a slice is across an axis of the array. Each function takes a mask,
`(I, J, K)` bool, and returns a new one of the same shape.
"""

from itertools import pairwise

import numpy as np
from scipy import ndimage

from .errors import PromptError
from .types import Float32, Float64, Mask, Spacing

_ALL = np.ones((3, 3, 3), bool)


def largest_part(mask: Mask) -> Mask:
    """The connected part with the most voxels (corners connect); of several, the first."""
    part, count = ndimage.label(mask, _ALL)
    if count < 2:
        return mask.copy()
    sizes = np.bincount(part.ravel())
    sizes[0] = 0
    kept: Mask = part == np.argmax(sizes)
    return kept


def fill_holes(mask: Mask, axis: int | None = None) -> Mask:
    """The mask and what it encloses: in 3D, or in each slice across `axis`.

    Background connects by faces (in a slice by edges) only.

    Examples:
        >>> ring = np.ones((3, 3, 1), bool)
        >>> ring[1, 1] = False
        >>> int(fill_holes(ring, axis=2).sum())
        9
    """
    if axis is None:
        filled: Mask = ndimage.binary_fill_holes(mask)
        return filled
    planes = np.moveaxis(mask, axis, 0)
    out = np.stack([ndimage.binary_fill_holes(plane) for plane in planes])
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def grow(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """All voxels whose centre is within `radius_mm` of the centre of a voxel of the mask.

    The array must have a margin of the radius, or the result is cut at its faces.
    """
    _check_radius(radius_mm)
    if not mask.any():
        return mask.copy()
    near: Mask = ndimage.distance_transform_edt(~mask, sampling=spacing) <= radius_mm
    return near


def shrink(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """The voxels that are further than `radius_mm` from every voxel outside the mask.

    Faces of the array do not count as outside.
    """
    _check_radius(radius_mm)
    if mask.all():
        return mask.copy()
    deep: Mask = ndimage.distance_transform_edt(mask, sampling=spacing) > radius_mm
    return deep


def smooth(mask: Mask, radius_mm: float, spacing: Spacing) -> Mask:
    """The mask with what is finer than about `radius_mm` rounded off.

    A Gaussian of this standard deviation on the signed distance, cut at zero: flat faces stay
    where they are.
    """
    _check_radius(radius_mm)
    if not mask.any() or mask.all():
        return mask.copy()
    sigma = [
        radius_mm / step if n > 1 else 0.0 for n, step in zip(mask.shape, spacing, strict=True)
    ]
    signed = ndimage.gaussian_filter(_signed_distance(mask, spacing), sigma, mode="nearest")
    inside: Mask = signed < 0
    return inside


def between_slices(mask: Mask, axis: int, spacing: Spacing) -> Mask:
    """The mask with the empty slices between drawn ones filled in.

    Shape-based interpolation: the signed distances of the two nearest drawn slices are mixed.

    References:
        Raya and Udupa, "Shape-based interpolation of multidimensional objects", IEEE TMI 1990.
    """
    planes = np.moveaxis(mask, axis, 0)
    out = planes.copy()
    drawn = np.flatnonzero(planes.any(axis=(1, 2)))
    steps = [step for a, step in enumerate(spacing) if a != axis]
    for first, last in pairwise(drawn.tolist()):
        if last - first < 2:
            continue
        low = _signed_distance(planes[first], steps)
        high = _signed_distance(planes[last], steps)
        for at in range(first + 1, last):
            share = (at - first) / (last - first)
            out[at] = (1 - share) * low + share * high < 0
    return np.ascontiguousarray(np.moveaxis(out, 0, axis))


def within(brush: Mask, image: Float32, low: float, high: float) -> Mask:
    """The voxels of a brush whose intensity is from `low` to `high`, both included."""
    if not low <= high:
        raise PromptError(f"a range of intensities goes from low to high, got {low:g} to {high:g}")
    inside: Mask = brush & (image >= low) & (image <= high)
    return inside


def _signed_distance(mask: Mask, spacing: Spacing | list[float]) -> Float64:
    """Distance to the mask's surface in mm, negative inside; the surface is between voxels."""
    if mask.all():
        return np.full(mask.shape, -float(np.linalg.norm(np.multiply(mask.shape, spacing))))
    half = min(spacing) / 2
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
    inside = ndimage.distance_transform_edt(mask, sampling=spacing)
    signed: Float64 = np.where(mask, half - inside, outside - half)
    return signed


def _check_radius(radius_mm: float) -> None:
    if not (np.isfinite(radius_mm) and radius_mm >= 0):
        raise PromptError(f"a radius is a number of mm of at least 0, got {radius_mm}")
