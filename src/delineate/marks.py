"""Prompts drawn into arrays: what the user has said of each voxel, and where to look."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from scipy import ndimage

from .prompts import Adjust, Box, Click, Given, Paint, Prompt, Scribble
from .region import Region
from .types import Float64, Int8, Int64, Mask, Spacing
from .voxels import Voxels

Mark = Click | Scribble | Paint


def marks(prompts: Iterable[Prompt]) -> list[Mark]:
    """The prompts that name voxels as inside or outside, oldest first."""
    return [prompt for prompt in prompts if isinstance(prompt, Mark)]


def box(prompts: Sequence[Prompt]) -> Region | None:
    """The last box, stretched to hold every inside mark made after it; None without a box."""
    found: Region | None = None
    for prompt in prompts:
        if isinstance(prompt, Box):
            found = prompt.region
        elif found is not None and isinstance(prompt, Mark) and prompt.inside:
            found = found.union(prompt.region)
    return found


def given(prompts: Sequence[Prompt]) -> Voxels | None:
    """The last mask to start from, if there is one."""
    masks = [prompt.voxels for prompt in prompts if isinstance(prompt, Given)]
    return masks[-1] if masks else None


def effective(prompts: Sequence[Prompt]) -> tuple[Prompt, ...]:
    """The prompts without the adjustments that later prompts have ended.

    The last `Adjust` counts until a prompt of another kind follows, so that a
    slider does not add up.
    """
    last = prompts[-1:] if prompts and isinstance(prompts[-1], Adjust) else ()
    return (*(p for p in prompts if not isinstance(p, Adjust)), *last)


def said(prompts: Sequence[Prompt], region: Region) -> Int8:
    """What clicks, scribbles and paint say: +1 inside, -1 outside, 0 nothing.

    Later marks win over earlier ones, and a mask given later over both: it was
    made knowing them.

    Args:
        prompts: Oldest first.
        region: The part of the image to draw.

    Returns:
        `region.shape` int8.
    """
    out = np.zeros(region.shape, np.int8)
    for prompt in prompts:
        if isinstance(prompt, Given):
            out[:] = 0
        elif isinstance(prompt, Mark):
            sign = np.int8(1 if prompt.inside else -1)
            if isinstance(prompt, Click):
                if region.includes(prompt.at):
                    i, j, k = (a - b for a, b in zip(prompt.at, region.low, strict=True))
                    out[i, j, k] = sign
            elif prompt.region.intersect(region).size:
                out[prompt.voxels.on(region)] = sign
    return out


def seeds(prompts: Sequence[Prompt], region: Region, spacing: Spacing) -> Int8:
    """What a seeded method may take for certain: marks, outside the box, inside a given mask.

    Marks count most; then the box, outside of which nothing is the object; then a
    given mask, whose rim is left open (see `core`).

    Returns:
        `region.shape` int8: +1 inside, -1 outside, 0 to be found.
    """
    out = np.zeros(region.shape, np.int8)
    start = given(prompts)
    if start is not None:
        out = core(start, marks(_after_given(prompts)), region, spacing)
    frame = box(prompts)
    if frame is not None:
        outside = np.ones(region.shape, bool)
        outside[frame.intersect(region).within(region)] = False
        out[outside] = -1
    marked = said(prompts, region)
    return np.where(marked != 0, marked, out)


def core(start: Voxels, corrections: Sequence[Mark], region: Region, spacing: Spacing) -> Int8:
    """What may be kept of a given mask: +1 deep inside, -1 well outside, 0 near its rim.

    A correction that contradicts the mask opens a ball around each of its voxels:
    its radius is 1.5 times the voxel's depth below the mask's surface, plus two
    voxels, so that the whole bump or dent it points at is decided anew.
    """
    mask = start.on(region)
    if not mask.any():
        return np.zeros(region.shape, np.int8)
    depth = _depth(mask, spacing)
    step = min((s for s, n in zip(spacing, region.shape, strict=True) if n > 1), default=1.0)
    rim = 1.5 * step
    out = np.zeros(region.shape, np.int8)
    deepest = depth.max()
    out[depth >= min(rim, deepest)] = 1
    out[depth <= -rim] = -1
    reach = np.full(region.shape, -np.inf)
    for mark in corrections:
        at = _indices(mark, region)
        wrong = at[mask[tuple(at.T)] != mark.inside]
        reach[tuple(wrong.T)] = 1.5 * np.abs(depth[tuple(wrong.T)]) + 2 * step
    for voxel in np.argwhere(np.isfinite(reach)):
        _open_ball(out, voxel, float(reach[tuple(voxel)]), spacing)
    return out


def joint_seeds(
    prompts: Mapping[int, Sequence[Prompt]], region: Region, spacing: Spacing
) -> dict[int, Int8]:
    """The seeds of every object, for joint methods: what one claims is outside for the others.

    An outside mark on an object stays its own: it says *not this one* and claims
    the voxel for no other, so each object is told from all that it is not.

    Returns:
        For each object a map as `seeds` gives it.
    """
    maps = {number: seeds(of, region, spacing) for number, of in prompts.items()}
    joint = {}
    for number, own in maps.items():
        rivals = [seed == 1 for other, seed in maps.items() if other != number]
        claimed = np.any(rivals, axis=0) if rivals else np.zeros(region.shape, bool)
        joint[number] = np.where((own == 0) & claimed, np.int8(-1), own)
    return joint


def _depth(mask: Mask, spacing: Spacing) -> Float64:
    """Signed distance in mm to the mask's surface, positive inside; its border is surface too."""
    width = [(1, 1) if n > 1 else (0, 0) for n in mask.shape]
    inner = tuple(slice(a, a + n) for (a, _), n in zip(width, mask.shape, strict=True))
    inside = ndimage.distance_transform_edt(np.pad(mask, width), sampling=spacing)[inner]
    outside = ndimage.distance_transform_edt(~mask, sampling=spacing)
    return np.asarray(np.where(mask, inside, -outside), np.float64)


def _after_given(prompts: Sequence[Prompt]) -> Sequence[Prompt]:
    last = max(n for n, prompt in enumerate(prompts) if isinstance(prompt, Given))
    return prompts[last + 1 :]


def _indices(mark: Mark, region: Region) -> Int64:
    """The mark's voxels that lie in the region, `(N, 3)`, counted from its first voxel."""
    voxels = Voxels.of([mark.at]) if isinstance(mark, Click) else mark.voxels
    return np.argwhere(voxels.on(region))


def _open_ball(out: Int8, centre: Int64, radius: float, spacing: Spacing) -> None:
    around = Region(tuple(centre), tuple(centre + 1)).grow_mm(radius, spacing).clip(out.shape)
    steps = np.ogrid[around.slices]
    squared = sum(((step - c) * s) ** 2 for step, c, s in zip(steps, centre, spacing, strict=True))
    out[around.slices][squared <= radius**2] = 0
