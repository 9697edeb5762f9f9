"""Where a method works: the whole image if it is small, else the part around the prompts."""

from collections.abc import Iterable, Sequence

import numpy as np

from ..errors import TooLarge
from ..marks import box
from ..prompts import Adjust, Prompt
from ..region import Region, index3
from ..types import Index, Spacing

CROPPED = "worked on the voxels"
"""How the note begins that says where."""


def working_region(
    prompts: Iterable[Sequence[Prompt]],
    shape: Index,
    spacing: Spacing,
    limit: int,
    margin_mm: float,
) -> tuple[Region, tuple[str, ...]]:
    """The part of the image to work on, and a note for the user where it is not all of it.

    With a box on every object: the boxes and a margin. Else the whole image if it
    has at most `limit` voxels, else as much as that allows, evenly around the
    prompts in mm.

    Args:
        prompts: Those of each object asked for.
        shape: Of the image.
        spacing: Of the image, mm.
        limit: Most voxels to work on.
        margin_mm: Around boxes, so that some background is seen.

    Raises:
        TooLarge: If the prompts alone span more than `limit` voxels.
    """
    whole = Region.whole(shape)
    said = [tuple(of) for of in prompts]
    named = Region((0, 0, 0), (0, 0, 0))
    for prompt in (p for of in said for p in of if not isinstance(p, Adjust)):
        named = named.union(prompt.region)
    frames = [box(of) for of in said]
    if all(frame is not None for frame in frames):
        framed = named.grow_mm(margin_mm, spacing).clip(shape)
        if framed.size <= limit:
            return framed, ()
    elif whole.size <= limit:
        return whole, ()
    if named.size > limit:
        raise TooLarge(
            f"the prompts span {named.size} voxels, {named.low} to {named.high}, and this method "
            f"works on at most {limit} at once; mark a smaller part, or raise the limit"
        )
    region = _grown(named, shape, spacing, limit)
    low, high = region.low, index3(i - 1 for i in region.high)
    return region, (f"{CROPPED} {low} to {high} around the prompts, not on all of it",)


def _grown(named: Region, shape: Index, spacing: Spacing, limit: int) -> Region:
    """The largest region around `named`, with one margin in mm, that the limit allows."""
    few, many = 0.0, float(np.dot(shape, spacing))
    for _ in range(40):
        middle = (few + many) / 2
        steps = index3(int(middle / s) for s in spacing)
        fits = named.grow(steps).clip(shape).size <= limit
        few, many = (middle, many) if fits else (few, middle)
    return named.grow(index3(int(few / s) for s in spacing)).clip(shape)
