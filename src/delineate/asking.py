"""Asks a method, on the whole volume or slice by slice, and turns the answer into objects."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from .errors import PromptsMissing, TooLarge
from .history import Snapshot
from .marks import effective, given
from .methods.base import AnyMethod, JointMethod, Observe, State, quiet
from .methods.coarse import segment_coarse
from .methods.slices import segment_slices
from .objects import OWN, Object, by_hand, settle
from .patch import Patch
from .prompts import Given, Prompt
from .volume import Volume


@dataclass(frozen=True)
class Answer:
    """What asking gave.

    Args:
        objects: The objects whose claim may have changed.
        state: The method's next state, or None if it was not asked.
        notes: Sentences for the user.
    """

    objects: Mapping[int, Object]
    state: State | None
    notes: tuple[str, ...] = ()


def ask(
    volume: Volume,
    snapshot: Snapshot,
    number: int,
    state: State,
    parts: str,
    observe: Observe | None = None,
) -> Answer:
    """Answer for one object of a snapshot, and with a joint method for all.

    Args:
        volume: The image.
        snapshot: A session whose object `number` has new prompts.
        number: The object.
        state: What the method knows.
        parts: As in `settle`.
        observe: As in `Method.segment`.
    """
    item = snapshot.objects[number]
    hand = by_hand(item.said)
    if hand is not None and (not isinstance(snapshot.method, JointMethod) or not item.prompts):
        return Answer({number: _settled(item, hand, parts)}, None)
    try:
        patches, state = _patches(volume, snapshot, number, state, observe or quiet)
    except PromptsMissing as missing:
        start = given(item.said)
        patch = by_hand((Given(start),)) if start else None
        settled = _settled(item, patch or Patch.empty(), parts)
        return Answer({number: settled}, None, (str(missing),))
    if hand is not None:
        patches[number] = hand
    objects = {n: _settled(snapshot.objects[n], patch, parts) for n, patch in patches.items()}
    return Answer(objects, state, (*state.notes, *_unread(snapshot, item)))


def readable(snapshot: Snapshot, item: Object) -> tuple[Prompt, ...]:
    """The prompts on an object that the method in use understands."""
    return tuple(p for p in effective(item.said) if type(p) in snapshot.method.reads)


def _patches(
    volume: Volume, snapshot: Snapshot, number: int, state: State, observe: Observe
) -> tuple[dict[int, Patch], State]:
    method = snapshot.method
    joint = isinstance(method, JointMethod)
    asked = {n: readable(snapshot, o) for n, o in snapshot.objects.items() if joint or n == number}
    asked = {n: prompts for n, prompts in asked.items() if prompts}
    if number not in asked and not asked:
        raise PromptsMissing(f"{method.name} needs a prompt that it reads before it can start")
    try:
        if snapshot.dims == 2 and volume.dims == 3:
            patches, state = segment_slices(method, volume, asked, state, observe)
        elif isinstance(method, JointMethod):
            patches, state = method.segment(volume, asked, state, observe)
        else:
            patch, state = method.segment(volume, asked[number], state, observe)
            patches = {number: patch}
    except TooLarge:
        if snapshot.dims == 2 and volume.dims == 3:
            raise
        patches, state = segment_coarse(method, volume, asked, state, observe)
    free = {
        n: patch
        for n, patch in patches.items()
        if n == number or not (snapshot.objects[n].locked or by_hand(snapshot.objects[n].said))
    }
    return free, state


def _settled(item: Object, patch: Patch, parts: str) -> Object:
    claim, levels = settle(patch, item.said, parts)
    return replace(item, claim=claim, levels=levels)


def _unread(snapshot: Snapshot, item: Object) -> tuple[str, ...]:
    """A word where the method was asked without something the user had said."""
    last = item.said[-1] if item.prompts else None
    if given(item.said) is None or Given in snapshot.method.reads or isinstance(last, OWN):
        return ()
    return (f"{snapshot.method.name} does not start from a mask: it answers from marks alone",)


class Asker:
    """How a session has its method work: here and now. Another may do it elsewhere."""

    def start(self, method: AnyMethod, volume: Volume) -> State:
        """As `Method.start`."""
        return method.start(volume)

    def ask(
        self,
        volume: Volume,
        snapshot: Snapshot,
        number: int,
        state: State,
        parts: str,
        observe: Observe | None = None,
    ) -> Answer:
        """As `asking.ask`; called only after the prompts were found valid."""
        return ask(volume, snapshot, number, state, parts, observe)
