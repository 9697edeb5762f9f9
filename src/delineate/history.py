"""The steps of a session as a list of values; undo is a smaller index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import NothingToUndo
from .methods.base import AnyMethod
from .objects import Object

RECENT, EVERY = 4, 10


@dataclass(frozen=True)
class Snapshot:
    """All that a session is at one moment.

    Args:
        method: The method in use.
        dims: 2 where it works slice by slice, 3 where on the whole volume.
        objects: By number.
    """

    method: AnyMethod
    dims: int
    objects: Mapping[int, Object]


@dataclass(frozen=True)
class Step:
    """One step and where it led.

    Args:
        name: For people: "click inside on object 1".
        action: What was done, as values that JSON can hold, so that it can be done again.
        time: Seconds since 1970, UTC.
        after: The session after it.
        asked: The object that a method was asked for, 0 for a joint method, None for none.
        fresh: Whether a prompt was moved or removed, so that the method went on from what it had
            learned before that prompt was made, and from the image alone if that was nothing.
        learns: Whether the method had learned something after it.
        ran_with: See `State.ran_with`; empty where no method was asked.
    """

    name: str
    action: Mapping[str, Any]
    time: float
    after: Snapshot
    asked: int | None = None
    fresh: bool = False
    learns: bool = False
    ran_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class History:
    """Steps done and undone, and what methods had learned after them.

    Only the last few learned parts and every tenth are kept; the session makes
    the others again when it needs them.

    Args:
        start: The session before any step.
        steps: All steps, the undone ones last.
        done: How many of them are done.
        learned: By number of steps done, what the method had learned then.
    """

    start: Snapshot
    steps: list[Step] = field(default_factory=list)
    done: int = 0
    learned: dict[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def now(self) -> Snapshot:
        """The session as it is."""
        return self.at(self.done)

    def held(self) -> int:
        """Bytes of the masks and probabilities in all steps, each counted once."""
        parts = {
            id(part): len(part.bits)
            for step in self.steps
            for item in step.after.objects.values()
            for part in (item.claim, item.levels, item.mask)
        }
        return sum(parts.values())

    def at(self, done: int) -> Snapshot:
        """The session after so many steps."""
        return self.steps[done - 1].after if done else self.start

    def take(self, step: Step, learned: Mapping[str, Any] | None) -> None:
        """Do a new step; the undone ones are gone."""
        del self.steps[self.done :]
        self.learned = {n: value for n, value in self.learned.items() if n <= self.done}
        self.steps.append(step)
        self.done += 1
        if learned:
            self.learned[self.done] = learned
            recent = sorted(self.learned)[-RECENT:]
            self.learned = {
                n: value for n, value in self.learned.items() if n in recent or n % EVERY == 0
            }

    def undo(self) -> Step:
        """Take back the last step and say which it was.

        Raises:
            NothingToUndo: If there is none.
        """
        if not self.done:
            raise NothingToUndo("there is no step to undo")
        self.done -= 1
        return self.steps[self.done]

    def redo(self) -> Step:
        """Repeat the last step taken back and say which it was.

        Raises:
            NothingToUndo: If there is none.
        """
        if self.done == len(self.steps):
            raise NothingToUndo("there is no step to redo")
        self.done += 1
        return self.steps[self.done - 1]

    def last_asked(self, key: int, done: int, later: Snapshot | None = None) -> int:
        """After how many steps, at most `done`, the method in use was last asked.

        Args:
            key: For this object; 0 for a joint method.
            done: Of the steps.
            later: A session that has to hold every prompt of that moment, and others only after
                them; None for any.

        Returns:
            0 if it never was.
        """
        method = self.at(done).method
        while done and self.at(done).method == method:
            if self.steps[done - 1].asked == key and _goes_on(self.at(done), later, key):
                return done
            done -= 1
        return 0


def _goes_on(before: Snapshot, later: Snapshot | None, key: int) -> bool:
    """Whether all prompts on an object, or on all for key 0, come first in a later session too."""
    if later is None:
        return True
    for number in [key] if key else before.objects:
        said = before.objects[number].prompts
        now = later.objects.get(number)
        if now is None or now.prompts[: len(said)] != said:
            return False
    return True
