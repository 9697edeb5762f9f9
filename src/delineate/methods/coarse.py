"""Prompts that span more voxels than a method can work on: the same method on larger voxels."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..errors import TooLarge
from ..patch import Patch
from ..prompts import Adjust, Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region, index3
from ..types import Index, Int64, Spacing
from ..volume import Volume, resample
from ..voxels import Voxels
from .base import AnyMethod, JointMethod, Observe, State
from .working import CROPPED

MARGIN_MM = 20.0
SMALLEST, LARGEST = 2, 6


def segment_coarse(
    method: AnyMethod,
    volume: Volume,
    prompts: Mapping[int, tuple[Prompt, ...]],
    state: State,
    observe: Observe,
) -> tuple[dict[int, Patch], State]:
    """Segment on voxels so many times as large as the method needs, and enlarge the answer.

    The part of the image around the prompts is averaged in blocks, finer axes more than
    coarse ones; probabilities come back by linear interpolation. Only what the method has
    learned is kept, not what it cached.

    Args:
        method: One that has raised `TooLarge`.
        volume: The image.
        prompts: For each object its prompts.
        state: As in `Method`.
        observe: As in `Method`; it is not shown patches, which lie on the larger voxels.

    Raises:
        TooLarge: If even voxels six times as large are too many.
    """
    region = _around(prompts, volume)
    for times in range(SMALLEST, LARGEST + 1):
        block = blocks(volume.spacing, volume.shape, times)
        coarse = _averaged(volume, region, block)
        moved = {
            number: tuple(_moved(prompt, region.low, block) for prompt in said)
            for number, said in prompts.items()
        }
        fresh = replace(method.start(coarse), learned=state.learned)
        try:
            patches, after = _asked(method, coarse, moved, fresh, observe)
        except TooLarge:
            if times == LARGEST:
                raise
            continue
        enlarged = {n: _enlarged(p, coarse, volume, region.low, block) for n, p in patches.items()}
        spacing = " x ".join(f"{length:.3g}" for length in coarse.spacing)
        note = f"worked on voxels of {spacing} mm, as the prompts span too many of the image's own"
        others = (text for text in after.notes if not text.startswith(CROPPED))
        return enlarged, State(state.image, after.learned, (note, *others), after.ran_with)
    raise AssertionError("unreachable")


def blocks(spacing: Spacing, shape: Index, times: int) -> Index:
    """Voxels to a block along each axis: as near to cubes of `times` the finest step as can be."""
    finest = min(s for s, n in zip(spacing, shape, strict=True) if n > 1)
    return index3(
        max(1, round(times * finest / s)) if n > 1 else 1
        for s, n in zip(spacing, shape, strict=True)
    )


def _around(prompts: Mapping[int, tuple[Prompt, ...]], volume: Volume) -> Region:
    region = Region((0, 0, 0), (0, 0, 0))
    for prompt in (p for said in prompts.values() for p in said if not isinstance(p, Adjust)):
        region = region.union(prompt.region)
    return region.grow_mm(MARGIN_MM, volume.spacing).clip(volume.shape)


def _averaged(volume: Volume, region: Region, block: Index) -> Volume:
    """The mean of each block of a region; the last voxel is repeated to fill the last block."""
    count = index3(-(-n // b) for n, b in zip(region.shape, block, strict=True))
    lack = [c * b - n for c, b, n in zip(count, block, region.shape, strict=True)]
    data = np.pad(volume.data[:, *region.slices], [(0, 0), *((0, n) for n in lack)], mode="edge")
    parts = [size for c, b in zip(count, block, strict=True) for size in (c, b)]
    mean = data.reshape(len(data), *parts).mean(axis=(2, 4, 6))
    filled = Region(region.low, index3(b + n for b, n in zip(region.high, lack, strict=True)))
    return replace(volume, data=mean, geometry=volume.geometry.crop(filled).resample(shape=count))


def _moved(prompt: Prompt, low: Index, block: Index) -> Prompt:
    """A prompt in indices of the larger voxels; a box holds every block that it touches."""
    if isinstance(prompt, Adjust):
        return prompt
    if isinstance(prompt, Click):
        return replace(prompt, at=index3(_block(np.array([prompt.at]), low, block)[0]))
    if isinstance(prompt, Box):
        first = _block(np.array([prompt.low]), low, block)[0]
        last = _block(np.array([prompt.high]) - 1, low, block)[0] + 1
        return replace(prompt, low=index3(first), high=index3(last))
    assert isinstance(prompt, Scribble | Paint | Given)
    at = _block(prompt.voxels.indices(), low, block)
    return replace(prompt, voxels=Voxels.of(np.unique(at, axis=0)))


def _block(at: Int64, low: Index, block: Index) -> Int64:
    return np.asarray((at - np.array(low)) // np.array(block), np.int64)


def _asked(
    method: AnyMethod,
    volume: Volume,
    prompts: Mapping[int, tuple[Prompt, ...]],
    state: State,
    observe: Observe,
) -> tuple[dict[int, Patch], State]:
    def unseen(fraction: float, patch: Patch | None) -> None:
        observe(fraction, None)

    if isinstance(method, JointMethod):
        return method.segment(volume, prompts, state, unseen)
    ((number, said),) = prompts.items()
    patch, after = method.segment(volume, said, state, unseen)
    return {number: patch}, after


def _enlarged(patch: Patch, coarse: Volume, volume: Volume, low: Index, block: Index) -> Patch:
    if not patch.region.size:
        return patch
    first = index3(a * b for a, b in zip(patch.region.low, block, strict=True))
    last = index3(a * b for a, b in zip(patch.region.high, block, strict=True))
    fine = Region(first, last).shift(low).clip(volume.shape)
    values = resample(
        patch.probability,
        coarse.geometry.crop(patch.region),
        volume.geometry.crop(fine),
        order=1,
    )
    return Patch(fine.low, np.clip(values, 0, 1))
