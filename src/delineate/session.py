"""A user and a method at work on one image."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

from .asking import Answer, Asker
from .errors import PromptNotRead, SessionError, UnknownObject, UnknownPrompt
from .history import History, Snapshot, Step
from .merge import merge
from .methods.base import AnyMethod, JointMethod, Observe, State
from .objects import OWN, Object, Placed, inserted
from .prompts import Given, Prompt, check_inside, named
from .region import Region
from .types import Array, Float32, Mask
from .volume import Volume

Learned: TypeAlias = Mapping[str, Any]

NOWHERE = Region((0, 0, 0), (0, 0, 0))


@dataclass(frozen=True)
class Update:
    """What a step has changed.

    Args:
        step: The step's name.
        ids: Numbers of the prompts it placed.
        objects: The objects whose mask has changed.
        region: The smallest region that holds every changed voxel.
        notes: Sentences for the user.
        seconds: How long it took.
    """

    step: str
    ids: tuple[int, ...]
    objects: tuple[int, ...]
    region: Region
    notes: tuple[str, ...]
    seconds: float


class Session:
    """Segments the objects of one image, prompt by prompt.

    Nothing is changed in place: a step makes new values and keeps the old ones, so
    undo and redo read masks and never compute. A call that raises has changed nothing.

    Args:
        volume: The image.
        method: What turns prompts into masks.
        dims: 2 to work slice by slice, 3 on the whole volume; by default 3 if the
            image is a volume and the method can.
        parts: "all", or "marked" to keep only the connected parts of an object that
            hold an inside mark, if any does.
        clock: What tells the time.
        asker: What has the method work; by default in this process.

    Raises:
        SessionError: If the method cannot work on so many dimensions.

    Examples:
        >>> from delineate import Box, Click, build
        >>> image = np.zeros((16, 16, 16))
        >>> image[4:12, 4:12, 4:12] = 1
        >>> session = Session(Volume.from_array(image), build("graphcut"))
        >>> session.add(Box((2, 2, 2), (14, 14, 14))).step
        'box on object 1'
        >>> session.add(Click((4, 4, 4), inside=False)).ids
        (2,)
        >>> int(session.mask().sum())
        511
        >>> session.undo().step
        'undo click outside on object 1'
        >>> int(session.mask().sum())
        512
    """

    def __init__(
        self,
        volume: Volume,
        method: AnyMethod,
        *,
        dims: int | None = None,
        parts: str = "all",
        clock: Callable[[], float] = time.time,
        asker: Asker | None = None,
    ) -> None:
        if parts not in ("all", "marked"):
            raise SessionError(f'parts is "all" or "marked", got {parts!r}')
        self.volume = volume
        self.parts = parts
        self.history = History(Snapshot(method, _dims(volume, method, dims), {}))
        self._clock = clock
        self._asker = asker or Asker()
        self.next_id = 1
        self._start: State | None = None
        self._image: dict[int, Any] = {}

    @property
    def method(self) -> AnyMethod:
        """The method in use."""
        return self.history.now.method

    @property
    def objects(self) -> tuple[Object, ...]:
        """All objects, by number."""
        return tuple(item for _, item in sorted(self.history.now.objects.items()))

    def object(self, number: int = 1) -> Object:
        """One object.

        Raises:
            UnknownObject: If there is none of this number.
        """
        try:
            return self.history.now.objects[number]
        except KeyError:
            known = ", ".join(str(item.number) for item in self.objects) or "none yet"
            raise UnknownObject(f"there is no object {number}; there are: {known}") from None

    def mask(self, object: int = 1) -> Mask:
        """The mask of one object, `(I, J, K)` bool; empty before its first prompt."""
        item = self.history.now.objects.get(object) or Object.fresh(object)
        return item.mask.on(Region.whole(self.volume.shape))

    def probability(self, object: int = 1) -> Float32:
        """The probability of one object, `(I, J, K)` float32, in steps of 1/255.

        1 and 0 where the user said so; other objects' claims are not heard.
        """
        item = self.history.now.objects.get(object) or Object.fresh(object)
        return item.levels.probability(Region.whole(self.volume.shape))

    def labels(self) -> Array:
        """The label map of all objects, `(I, J, K)` uint16; 0 is background."""
        out = np.zeros(self.volume.shape, np.uint16)
        for item in self.objects:
            out[item.mask.region.slices][item.mask.mask()] = item.number
        return out

    def add(
        self,
        *prompts: Prompt,
        object: int = 1,
        observe: Observe | None = None,
        name: str | None = None,
    ) -> Update:
        """Add prompts to one object and segment it again, in one step.

        Args:
            prompts: At least one. `Paint` and `Given` are always understood.
            object: Its number, from 1 up; made if there is none.
            observe: As in `Method.segment`; it may raise `Cancelled`.
            name: Of the step, for people; by default the kinds of the prompts.

        Raises:
            PromptNotRead: If the method reads no prompt of that kind.
            PromptOutside: If a prompt is not wholly inside the image.
            SessionError: If the object is locked, or no prompt is given.
        """
        ids = tuple(range(self.next_id, self.next_id + len(prompts)))
        item = self._with(self._open(object), ids, prompts)
        self.next_id += len(prompts)
        return self._do("add", name or named(prompts), item, ids, observe)

    def replace(self, id: int, prompt: Prompt, observe: Observe | None = None) -> Update:
        """Put another prompt in the place of one, such as a click that was moved.

        Raises:
            UnknownPrompt: If there is no prompt of this number; and as `add`.
        """
        item = self._exchanged(id, prompt)
        return self._do("replace", f"move {named([prompt])}", item, (id,), observe)

    def remove(self, id: int, observe: Observe | None = None) -> Update:
        """Take one prompt away, wherever in the history it was made.

        Raises:
            UnknownPrompt: If there is no prompt of this number.
        """
        item, placed = self._find(id)
        left = tuple(other for other in item.prompts if other.id != id)
        name = f"remove {named([placed.prompt])}"
        return self._do("remove", name, replace(item, prompts=left), (id,), observe)

    def preview(
        self,
        prompt: Prompt,
        object: int = 1,
        replacing: int | None = None,
        observe: Observe | None = None,
    ) -> Object:
        """The object as it would be with one more prompt, or one moved; no step is made.

        Args:
            prompt: The prompt to try.
            object: The object it would be added to; not needed with `replacing`.
            replacing: The number of a placed prompt that it would replace.
            observe: As in `Method.segment`; a superseded preview is cancelled by it.
        """
        if replacing is not None:
            item, fresh = self._exchanged(replacing, prompt), True
        else:
            item, fresh = self._with(self._open(object), (self.next_id,), (prompt,)), False
        answer = self._ask(item, fresh, observe)
        return self._merged(answer, item.number).objects[item.number]

    def use(self, method: AnyMethod, dims: int | None = None) -> Update:
        """Go on with another method; every mask so far goes in as `Given`.

        Raises:
            SessionError: If the method cannot work on so many dimensions.
        """
        now = self.history.now
        objects, ids = dict(now.objects), []
        for item in self.objects:
            if len(item.mask) and not item.locked:
                ids.append(self.next_id)
                placed = Placed(self.next_id, Given(item.mask), self._clock())
                self.next_id += 1
                objects[item.number] = replace(item, prompts=(*item.prompts, placed))
        action = {"do": "use", "ids": ids}
        after = Snapshot(method, _dims(self.volume, method, dims), objects)
        return self._take(Step(f"use {method.title}", action, self._clock(), after), None, ids)

    def insert(self, *items: Object, name: str) -> Update:
        """Insert new objects with the masks they have, in one step; no method is asked.

        Args:
            items: Of each its number, name, colour and mask count; at least one.
            name: Of the step, for people.

        Raises:
            PromptOutside: If a mask is not wholly inside the image.
            SessionError: If there is an object of that number, or none is given.
        """
        objects, region = dict(self.history.now.objects), NOWHERE
        if not items:
            raise SessionError("there is no object to insert; give at least one")
        ids = [*range(self.next_id, self.next_id + len(items))]
        for id, item in zip(ids, items, strict=True):
            if self._known(item.number).number in objects:
                raise SessionError(f"there is an object {item.number} already")
            made = self._with(replace(item, prompts=()), (id,), (Given(item.mask),))
            alone = inserted(made, self.history.done + 1, self.parts)
            objects[item.number] = alone
            region = region.union(alone.claim.region)
        self.next_id += len(ids)
        after = replace(self.history.now, objects=merge(objects, region))
        return self._take(Step(name, {"do": "insert", "ids": ids}, self._clock(), after), None, ids)

    def describe(
        self,
        object: int,
        *,
        name: str | None = None,
        colour: str | None = None,
        locked: bool | None = None,
    ) -> Update:
        """Name, colour ("#rrggbb"), lock or unlock an object; made if there is none."""
        said = {"name": name, "colour": colour, "locked": locked}
        said = {key: value for key, value in said.items() if value is not None}
        item = replace(self._known(object), **said)  # type: ignore[arg-type]
        action = {"do": "describe", "object": object, **said}
        named = f"set {', '.join(said)} of {item.name}" if said else f"add {item.name}"
        return self._take(self._step(named, action, {object: item}), None, ())

    def delete(self, object: int) -> Update:
        """Remove an object with its prompts; voxels it had taken go back to the others."""
        item = self.object(object)
        if item.locked:
            raise SessionError(f"{item.name} is locked; unlock it first")
        objects = {n: o for n, o in self.history.now.objects.items() if n != object}
        objects = merge(objects, item.mask.region)
        after = replace(self.history.now, objects=objects)
        action = {"do": "delete", "object": object}
        return self._take(Step(f"delete {item.name}", action, self._clock(), after), None, ())

    def undo(self) -> Update:
        """Take back the last step. Raises `NothingToUndo` if there is none."""
        before = self.history.now
        return self._changed(f"undo {self.history.undo().name}", before)

    def redo(self) -> Update:
        """Repeat the last step taken back. Raises `NothingToUndo` if there is none."""
        before = self.history.now
        return self._changed(f"redo {self.history.redo().name}", before)

    def _known(self, number: int) -> Object:
        if number < 1:
            raise UnknownObject(f"objects are numbered from 1 up, got {number}")
        return self.history.now.objects.get(number) or Object.fresh(number)

    def _open(self, number: int) -> Object:
        item = self._known(number)
        if item.locked:
            raise SessionError(f"{item.name} is locked; unlock it first")
        return item

    def _find(self, id: int) -> tuple[Object, Placed]:
        for item in self.objects:
            for placed in item.prompts:
                if placed.id == id:
                    return self._open(item.number), placed
        raise UnknownPrompt(f"there is no prompt {id} in this session")

    def _exchanged(self, id: int, prompt: Prompt) -> Object:
        item, old = self._find(id)
        self._check((prompt,))
        new = replace(old, prompt=prompt)
        return replace(item, prompts=tuple(new if p is old else p for p in item.prompts))

    def _with(self, item: Object, ids: Iterable[int], prompts: tuple[Prompt, ...]) -> Object:
        self._check(prompts)
        now = self._clock()
        new = (Placed(id, prompt, now) for id, prompt in zip(ids, prompts, strict=True))
        return replace(item, prompts=(*item.prompts, *new))

    def _check(self, prompts: tuple[Prompt, ...]) -> None:
        if not prompts:
            raise SessionError("there is no prompt to add; give at least one")
        for prompt in prompts:
            if type(prompt) not in self.method.reads and not isinstance(prompt, OWN):
                known = ", ".join(sorted(kind.__name__ for kind in self.method.reads))
                kind = type(prompt).__name__
                raise PromptNotRead(f"{self.method.name} does not read {kind}; it reads {known}")
            check_inside(prompt, self.volume.shape)

    def _do(
        self,
        do: str,
        name: str,
        item: Object,
        ids: tuple[int, ...],
        observe: Observe | None,
    ) -> Update:
        started = time.perf_counter()
        fresh = do != "add"
        answer = self._ask(item, fresh, observe)
        action = {"do": do, "object": item.number, "ids": list(ids)}
        asked, learns, ran_with = None, False, {}
        if answer.state is not None:
            asked = self._key(item.number)
            learns, ran_with = bool(answer.state.learned), dict(answer.state.ran_with)
        step = Step(
            f"{name} on {item.name}", action, self._clock(), self._merged(answer, item.number),
            asked, fresh, learns, ran_with,
        )  # fmt: skip
        update = self._take(step, answer, ids)
        return replace(update, seconds=time.perf_counter() - started)

    def _ask(self, item: Object, fresh: bool, observe: Observe | None) -> Answer:
        now = self.history.now
        trial = replace(now, objects={**now.objects, item.number: item})
        key = self._key(item.number)
        learned = self._learned(key, self.history.done, trial if fresh else None)
        state = self._state(trial, item.number, learned)
        answer = self._asker.ask(self.volume, trial, item.number, state, self.parts, observe)
        if answer.state is not None:
            self._image = {key: answer.state.image}
        return answer

    def _key(self, number: int) -> int:
        return 0 if isinstance(self.method, JointMethod) else number

    def _state(self, snapshot: Snapshot, number: int, learned: Learned | None) -> State:
        """A state with the image part at hand; without `learned`, as the image alone gives it."""
        if self._start is None:
            by_slice = snapshot.dims == 2 and self.volume.dims == 3
            start = State() if by_slice else self._asker.start(snapshot.method, self.volume)
            self._start = start
        image = self._image.get(self._key(number), self._start.image)
        return State(image, self._start.learned if learned is None else learned)

    def _learned(self, key: int, done: int, later: Snapshot | None = None) -> Learned | None:
        """What the method had learned after so many steps, made again if it was not kept."""
        last = self.history.last_asked(key, done, later)
        if not last:
            return None
        if last in self.history.learned:
            return self.history.learned[last]
        step = self.history.steps[last - 1]
        if not step.learns:
            return None
        before = self._learned(key, last - 1, step.after if step.fresh else None)
        number = int(step.action["object"])
        state = self._state(step.after, number, before)
        again = self._asker.ask(self.volume, step.after, number, state, self.parts)
        return again.state.learned if again.state else None

    def _merged(self, answer: Answer, number: int) -> Snapshot:
        now = self.history.now
        objects, region = dict(now.objects), NOWHERE
        for n, item in answer.objects.items():
            old = now.objects.get(n)
            if old is not None:
                region = region.union(old.claim.region).union(old.mask.region)
            region = region.union(item.claim.region)
            edited = self.history.done + 1 if n == number else item.edited
            objects[n] = replace(item, edited=edited)
        return replace(now, objects=merge(objects, region))

    def _step(self, name: str, action: dict[str, Any], changed: dict[int, Object]) -> Step:
        now = self.history.now
        after = replace(now, objects={**now.objects, **changed})
        return Step(name, action, self._clock(), after)

    def _take(self, step: Step, answer: Answer | None, ids: Iterable[int]) -> Update:
        before = self.history.now
        learned = answer.state.learned if answer and answer.state else None
        self.history.take(step, learned)
        update = self._changed(step.name, before)
        return replace(update, ids=tuple(ids), notes=answer.notes if answer else ())

    def _changed(self, name: str, before: Snapshot) -> Update:
        after = self.history.now
        if (before.method, before.dims) != (after.method, after.dims):
            self._start = None
            self._image.clear()
        changed, region = [], NOWHERE
        for number in sorted({*before.objects, *after.objects}):
            old = before.objects.get(number, Object.fresh(number)).mask
            new = after.objects.get(number, Object.fresh(number)).mask
            if old != new:
                both = old.region.union(new.region)
                region = region.union(Region.around(old.on(both) ^ new.on(both), both.low))
                changed.append(number)
        return Update(name, (), tuple(changed), region, (), 0.0)


def _dims(volume: Volume, method: AnyMethod, dims: int | None) -> int:
    if volume.dims == 2:
        wanted = 2
    else:
        wanted = dims or (3 if 3 in method.dims else 2)
    if wanted not in method.dims:
        able = " and ".join(f"{d}D" for d in sorted(method.dims))
        raise SessionError(f"{method.name} works in {able}, not in {wanted}D")
    return wanted
