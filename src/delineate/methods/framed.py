"""What a method assumes while the user has only drawn a box."""

import math
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from ..errors import PromptsMissing
from ..marks import box, given, seeds
from ..prompts import Prompt
from ..region import Region
from ..types import Float64, Int8, Mask, Spacing
from ..volume import Volume
from .working import working_region


def ellipsoid(frame: Region, region: Region, scale: float) -> Mask:
    """The ellipsoid inscribed in a box, about its middle `scale` times as large.

    Args:
        frame: The box.
        region: The part of the image to draw.
        scale: 1 touches the faces of the box. The middle is always part of it.

    Returns:
        `region.shape`, bool.
    """
    squared = _radius(frame, region, scale)
    return np.asarray(squared <= max(1.0, float(squared.min())), np.bool_)


def _radius(frame: Region, region: Region, scale: float) -> Float64:
    """Squared distance from the middle of the box, 1 on that ellipsoid's surface."""
    squared = np.zeros(region.shape)
    for axis, low, high in zip(np.ogrid[region.slices], frame.low, frame.high, strict=True):
        half = max(scale * (high - low) / 2, 0.5)
        squared = squared + ((axis - (low + high - 1) / 2) / half) ** 2
    return squared


def assume(certain: Int8, prompts: Sequence[Prompt], region: Region, middle: float) -> Int8:
    """Seeds, and what a box suggests where they leave a side unknown.

    The middle of the box counts as inside as long as no mask was given, but for an
    ellipsoid of half its size around every outside mark that lies in it (of its full size, or
    dropping all of the middle, was worse on the train split). Where the box leaves nothing
    of the image outside, its corners, beyond the ellipsoid that fills it, count as outside.

    Args:
        certain: What `marks.seeds` gives for the region.
        prompts: Oldest first.
        region: The part of the image.
        middle: Size of what counts as the middle: of the inscribed ellipsoid, along an axis.

    Returns:
        As `certain`, which is not changed.
    """
    frame = box(prompts)
    if frame is None or given(prompts) is not None:
        return certain
    out = certain.copy()
    if not (certain == -1).any():
        out[~ellipsoid(frame, region, 1.0) & (certain == 0)] = -1
    core = ellipsoid(frame, region, middle)
    against = core & (certain == -1)
    if against.any():
        half = [max(middle * n / 4, 0.5) for n in frame.shape]
        near = ndimage.distance_transform_edt(~against, sampling=[1 / h for h in half]) <= 1
        core &= ~near
    out[core] = 1
    return out


def half_extent_mm(prompts: Sequence[Prompt], spacing: Spacing) -> float:
    """Half the size of the box, or of the given mask, in mm: the geometric mean over its axes.

    Axes along which it is one voxel thick do not count. Infinite where there is neither.
    """
    start, frame = given(prompts), box(prompts)
    region = frame or (start.region if start else None)
    if region is None:
        return math.inf
    sides = [n * s for n, s in zip(region.shape, spacing, strict=True) if n > 1] or [max(spacing)]
    return math.prod(sides) ** (1 / len(sides)) / 2


def missing_side(certain: Int8) -> str | None:
    """A sentence for the user where nothing is known inside, or outside; None where all is well."""
    for sign, side in ((1, "inside"), (-1, "outside")):
        if not (certain == sign).any():
            return (
                f"nothing is marked {side} the object yet; click or scribble {side} it, or "
                "draw a box around it"
            )
    return None


def both_sides(
    prompts: Sequence[Prompt], volume: Volume, limit: int, margin_mm: float, middle: float
) -> tuple[Region, Int8, tuple[str, ...]]:
    """Where a method that needs both sides works, what is certain there, and a note for the user.

    Args:
        prompts: On one object, oldest first.
        volume: The image.
        limit: See `working_region`.
        margin_mm: See `working_region`.
        middle: See `assume`.

    Raises:
        PromptsMissing: If nothing is known inside, or outside.
        TooLarge: See `working_region`.
    """
    region, notes = working_region([prompts], volume.shape, volume.spacing, limit, margin_mm)
    certain = assume(seeds(prompts, region, volume.spacing), prompts, region, middle)
    missing = missing_side(certain)
    if missing:
        raise PromptsMissing(missing)
    return region, certain, notes
