"""A truth with errors put in: a poor segmentation to start from, made from nothing else."""

import numpy as np
from scipy import ndimage

from ..region import Region
from ..types import Float64, Int64, Mask, Spacing


def corrupt(truth: Mask, spacing: Spacing, rng: np.random.Generator) -> Mask:
    """A mask with the errors of a poor segmentation, all in proportion to the object.

    The boundary is moved in and out by a smooth random field whose root mean square is
    20 % of the object's depth (its largest distance to the background), at least half a
    voxel; then one to three balls of 3 to 15 % of the object's volume are cut out of it,
    and as many are added on its boundary. That leaves a Dice of 0.7 to 0.9 for most objects.

    Args:
        truth: `(I, J, K)` bool.
        spacing: mm.
        rng: Of all draws.

    Returns:
        `(I, J, K)` bool; empty if the truth is.
    """
    if not truth.any():
        return truth.copy()
    if truth.all() and truth.size > 1:
        beyond = [n // 2 + 2 if n > 1 else 0 for n in truth.shape]
        within = tuple(slice(a, a + n) for a, n in zip(beyond, truth.shape, strict=True))
        return corrupt(np.pad(truth, [(a, a) for a in beyond]), spacing, rng)[within]
    region = Region.around(truth)
    region = region.grow(max(region.shape) // 2 + 2).clip(truth.shape)
    inside = truth[region.slices]
    signed = _signed_distance(inside, spacing)
    depth = float(signed.max())
    thick = [s for s, n in zip(spacing, truth.shape, strict=True) if n > 1]
    step = min(thick, default=1.0)
    size = _radius(int(inside.sum()) * float(np.prod(thick)), len(thick))
    wrong = signed + _field(inside.shape, depth, spacing, rng) * max(0.2 * depth, step / 2) > 0
    surface = np.argwhere(inside & (signed <= max(1.5 * step, float(signed[inside].min()))))
    for places, value in ((np.argwhere(inside), False), (surface, True)):
        for centre in rng.choice(places, size=int(rng.integers(1, 4))):
            radius = size * rng.uniform(0.03, 0.15) ** (1 / max(len(thick), 1))
            wrong[_ball(inside.shape, centre, radius, spacing)] = value
    out = np.zeros_like(truth)
    out[region.slices] = wrong
    return out


def _radius(volume: float, dims: int) -> float:
    """Of the ball (in 2D the disc) of this volume, mm."""
    return float((3 * volume / (4 * np.pi)) ** (1 / 3) if dims == 3 else (volume / np.pi) ** 0.5)


def _signed_distance(mask: Mask, spacing: Spacing) -> Float64:
    """Distance in mm to the nearest voxel of the other kind, positive inside."""
    inside = ndimage.distance_transform_edt(mask, sampling=spacing)
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
    if mask.all():
        inside = np.full(mask.shape, max(spacing))
    return np.asarray(np.where(mask, inside, -outside), np.float64)


def _field(
    shape: tuple[int, ...], depth: float, spacing: Spacing, rng: np.random.Generator
) -> Float64:
    """Noise of root mean square 1 that varies over the object's depth."""
    smooth = [max(depth / s, 1.0) if n > 1 else 0.0 for s, n in zip(spacing, shape, strict=True)]
    noise = ndimage.gaussian_filter(rng.standard_normal(shape), smooth, mode="reflect")
    return np.asarray(noise / max(float(np.sqrt((noise**2).mean())), 1e-12), np.float64)


def _ball(shape: tuple[int, ...], centre: Int64, radius: float, spacing: Spacing) -> Mask:
    steps = np.ogrid[tuple(slice(n) for n in shape)]
    squared = sum(((step - c) * s) ** 2 for step, c, s in zip(steps, centre, spacing, strict=True))
    return np.asarray(squared <= radius**2)
