"""A 2D method on a volume: each slice that has a prompt is a picture of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..errors import PromptsMissing
from ..marks import box, given
from ..patch import Patch
from ..prompts import Adjust, Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region, index3
from ..types import Mask
from ..volume import Volume
from ..voxels import Voxels
from .base import AnyMethod, JointMethod, Observe, State

Said = Mapping[int, tuple[Prompt, ...]]
Place = tuple[int, int]
"""Of a slice: the axis across it, and where along that."""


_READY = 16  # slices whose image part is kept, the latest: features take megabytes each


@dataclass(frozen=True, eq=False)
class Cut:
    """The last answer on one slice: kept while its prompts and what was learned stay the same.

    Attributes:
        said: What was asked.
        patches: What was answered, in indices of the volume.
        state: After it, without the image part.
        ready: To start from when asked again, as the image alone gives it; None if dropped.
    """

    said: Said
    patches: Mapping[int, Patch]
    state: State
    ready: State | None


def segment_slices(
    method: AnyMethod, volume: Volume, prompts: Said, state: State, observe: Observe
) -> tuple[dict[int, Patch], State]:
    """Run a method on every slice that has a prompt, each with its own state.

    A prompt belongs to the slices across its `axis` (by default that of coarsest
    spacing) that it touches. The answer is the union over slices and axes; slices
    whose prompts have not changed are not computed again, and a slice with a new one
    goes on from what was learned on it.

    Args:
        method: Any method that can work on a picture.
        volume: The whole volume.
        prompts: For each object its prompts.
        state: Of this function: `learned` of all slices under "axis/slice/name".
        observe: As in `Method.segment`.

    Raises:
        PromptsMissing: If no slice had enough prompts.
    """
    cuts: dict[Place, Cut] = dict(state.image or {})
    wanted = _slices(prompts, volume)
    missing: PromptsMissing | None = None
    done: dict[Place, Cut] = {}
    new: dict[Place, Cut] = {}
    for number, (place, said) in enumerate(wanted.items()):
        observe(number / len(wanted), None)
        old, learned = cuts.get(place), _learned(state, place)
        if old is not None and old.said == said and _same(old.state.learned, learned):
            done[place] = old
            continue

        def tell(fraction: float, patch: Patch | None = None, number: int = number) -> None:
            observe((number + fraction) / len(wanted), None)

        ready = old.ready if old else None
        try:
            new[place] = _cut(method, volume, place, said, ready, learned, tell)
        except PromptsMissing as error:
            missing = error
    done = _spared({**done, **new})
    if not done and missing is not None:
        raise missing
    learned = {
        f"{axis}/{at}/{name}": value
        for (axis, at), cut in done.items()
        for name, value in cut.state.learned.items()
    }
    notes = dict.fromkeys(note for cut in done.values() for note in cut.state.notes)
    ran_with = {name: value for cut in done.values() for name, value in cut.state.ran_with.items()}
    found = {n: [cut.patches[n] for cut in done.values() if n in cut.patches] for n in prompts}
    patches = {n: _union(pieces) for n, pieces in found.items()}
    return patches, State(done, learned, tuple(notes), ran_with)


def _cut(
    method: AnyMethod,
    volume: Volume,
    place: Place,
    said: Said,
    ready: State | None,
    learned: dict[str, Any],
    observe: Observe,
) -> Cut:
    axis, at = place
    low = index3(at if a == axis else 0 for a in range(3))
    high = index3(at + 1 if a == axis else n for a, n in enumerate(volume.shape))
    picture = volume.crop(Region(low, high))
    moved = {n: tuple(_into(prompt, axis, at) for prompt in of) for n, of in said.items()}
    ready = ready or method.start(picture)
    state = replace(ready, learned=learned) if learned else ready
    patches: Mapping[int, Patch]
    if isinstance(method, JointMethod):
        patches, state = method.segment(picture, moved, state, observe)
    else:
        (number, own), *others = moved.items()
        assert not others, "a method that is not joint is asked for one object at a time"
        patch, state = method.segment(picture, own, state, observe)
        patches = {number: patch}
    placed = {n: Patch(p.region.shift(low).low, p.probability) for n, p in patches.items()}
    return Cut(said, placed, replace(state, image=None), replace(ready, image=state.image))


def _spared(cuts: dict[Place, Cut]) -> dict[Place, Cut]:
    """The same cuts, latest last; but for the latest without what can be computed again."""
    ready = [place for place, cut in cuts.items() if cut.ready is not None]
    dropped = ready[:-_READY]
    return {p: replace(cut, ready=None) if p in dropped else cut for p, cut in cuts.items()}


def _learned(state: State, place: Place) -> dict[str, Any]:
    start = f"{place[0]}/{place[1]}/"
    return {n.removeprefix(start): v for n, v in state.learned.items() if n.startswith(start)}


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two learned parts are equal to the last bit."""
    return one.keys() == other.keys() and all(np.array_equal(one[n], other[n]) for n in one)


def _slices(prompts: Said, volume: Volume) -> dict[Place, dict[int, tuple[Prompt, ...]]]:
    """For each slice, as (axis, index), what was said of each object in it."""
    found: dict[Place, dict[int, tuple[Prompt, ...]]] = {}
    usual = volume.geometry.slice_axis
    for number, said in prompts.items():
        for prompt in said:
            axis = getattr(prompt, "axis", None)
            axis = usual if axis is None else axis
            for at in _touched(prompt, axis, said, volume):
                part = _part(prompt, axis, at)
                if part is not None:
                    there = found.setdefault((axis, at), {})
                    there[number] = (*there.get(number, ()), part)
    return found


def _touched(prompt: Prompt, axis: int, said: tuple[Prompt, ...], volume: Volume) -> range:
    if not isinstance(prompt, Adjust):
        return range(prompt.region.low[axis], prompt.region.high[axis])
    frame, start = box(said), given(said)
    region = (frame or Region((0, 0, 0), (0, 0, 0))).union(
        start.region if start else Region((0, 0, 0), (0, 0, 0))
    )
    return range(region.low[axis], region.high[axis])


def _part(prompt: Prompt, axis: int, at: int) -> Prompt | None:
    """What of a prompt lies in one slice, still in indices of the volume."""
    if isinstance(prompt, Click | Adjust):
        return prompt
    if isinstance(prompt, Box):
        low = index3(at if a == axis else i for a, i in enumerate(prompt.low))
        high = index3(at + 1 if a == axis else i for a, i in enumerate(prompt.high))
        return Box(low, high, prompt.axis)
    within = prompt.region
    index: list[slice | int] = [slice(None)] * 3
    index[axis] = slice(at - within.low[axis], at - within.low[axis] + 1)
    low = index3(at if a == axis else i for a, i in enumerate(within.low))
    mask: Mask = prompt.voxels.mask()[tuple(index)]
    if not mask.any():
        return None
    voxels = Voxels.from_mask(mask, low)
    return Given(voxels) if isinstance(prompt, Given) else replace(prompt, voxels=voxels)


def _into(prompt: Prompt, axis: int, at: int) -> Prompt:
    """A prompt of one slice in the indices of that slice's picture."""
    down = index3(-at if a == axis else 0 for a in range(3))
    if isinstance(prompt, Adjust):
        return prompt
    region = prompt.region.shift(down)
    if isinstance(prompt, Click):
        return replace(prompt, at=region.low)
    if isinstance(prompt, Box):
        return replace(prompt, low=region.low, high=region.high)
    assert isinstance(prompt, Scribble | Paint | Given)
    return replace(prompt, voxels=Voxels(region, prompt.voxels.bits))


def _union(patches: list[Patch]) -> Patch:
    region = Region((0, 0, 0), (0, 0, 0))
    for patch in patches:
        region = region.union(patch.region)
    out = np.zeros(region.shape, np.float32)
    for patch in patches:
        where = patch.region.within(region)
        out[where] = np.maximum(out[where], patch.probability)
    return Patch(region.low, out)
