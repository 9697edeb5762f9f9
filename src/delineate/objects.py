"""All that is known of one object of a session: a value, replaced by each step."""

from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from .levels import Levels, quantised
from .marks import given, marks, said
from .patch import Patch
from .prompts import Given, Paint, Prompt
from .region import Region
from .types import Mask, UInt8
from .voxels import Voxels

OWN = (Paint, Given)
"""The kinds of prompt that the session itself answers, whatever the method."""

COLOURS = (
    "#e6194b", "#3cb44b", "#ffe119", "#4363d8", "#f58231", "#911eb4",
    "#42d4f4", "#f032e6", "#bfef45", "#fabed4", "#469990", "#dcbeff",
)  # fmt: skip


NO_VOXELS = Voxels.of([])
NO_LEVELS = Levels.of(Patch.empty())


@dataclass(frozen=True)
class Placed:
    """A prompt with its number in the session and the time it was made.

    Args:
        id: Unique in the session, never used again.
        prompt: What was said.
        time: Seconds since 1970, UTC.
    """

    id: int
    prompt: Prompt
    time: float


@dataclass(frozen=True)
class Object:
    """One object of a session after one step.

    Args:
        number: Its value in the label map, from 1 up.
        name: For people and for files that keep names.
        colour: "#rrggbb".
        locked: Whether other objects may not take voxels from it, nor prompts change it.
        prompts: All prompts on it, oldest first.
        claim: What it would be if it were alone.
        levels: Its probability.
        mask: What it is, beside the other objects.
        edited: The step that last changed its claim; the later wins a tie.
    """

    number: int
    name: str
    colour: str
    locked: bool = False
    prompts: tuple[Placed, ...] = ()
    claim: Voxels = NO_VOXELS
    levels: Levels = NO_LEVELS
    mask: Voxels = NO_VOXELS
    edited: int = 0

    @classmethod
    def fresh(cls, number: int) -> "Object":
        """An object about which nothing has been said."""
        return cls(number, f"object {number}", COLOURS[(number - 1) % len(COLOURS)])

    @property
    def said(self) -> tuple[Prompt, ...]:
        """Its prompts without their numbers and times."""
        return tuple(placed.prompt for placed in self.prompts)


def by_hand(prompts: tuple[Prompt, ...]) -> Patch | None:
    """The answer where no method need be asked: the last given mask, or nothing at all.

    None where a prompt that only a method can answer follows the last given mask.
    """
    last = max((n for n, prompt in enumerate(prompts) if isinstance(prompt, Given)), default=-1)
    if not all(isinstance(prompt, OWN) for prompt in prompts[last + 1 :]):
        return None
    start = given(prompts)
    if start is None:
        return Patch.empty()
    return Patch(start.region.low, start.mask().astype(np.float32))


def settle(patch: Patch, prompts: tuple[Prompt, ...], parts: str) -> tuple[Voxels, Levels]:
    """What an object claims, and its levels: over 0.5, with the user's marks on top.

    Args:
        patch: A method's answer.
        prompts: All prompts on the object, oldest first.
        parts: "all", or "marked": of several connected parts, only those that hold
            an inside mark, if any does.
    """
    found = quantised(patch)
    held = region = Region.around(found > 0, patch.low)
    for mark in marks(prompts):
        if mark.inside:
            region = region.union(mark.region)
    marked = said(prompts, region)
    level = np.zeros(region.shape, np.uint8)
    if held.size:
        level[held.within(region)] = found[held.within(patch.region)]
    if parts == "marked" and (marked == 1).any():
        level = _marked_parts(level, (level >= 128) | (marked == 1), marked == 1)
    level[marked > 0] = 255
    level[marked < 0] = 0
    return Voxels.from_mask(level >= 128, region.low), Levels.pack(level, region)


def inserted(item: Object, edited: int, parts: str) -> Object:
    """An object whose prompts end in a given mask: it claims that, and has nothing yet."""
    whole = by_hand(item.said)
    assert whole is not None
    claim, levels = settle(whole, item.said, parts)
    return replace(item, claim=claim, levels=levels, mask=NO_VOXELS, edited=edited)


def _marked_parts(level: UInt8, mask: Mask, marked: Mask) -> UInt8:
    """Levels, at most 127 in the parts of the mask that hold no mark."""
    part, _ = ndimage.label(mask, np.ones((3, 3, 3)))
    kept = np.isin(part, np.unique(part[marked]))
    return np.where(mask & ~kept, np.minimum(level, np.uint8(127)), level)
