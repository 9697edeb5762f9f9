"""Computes a session again, step by step, and says where the masks differ."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from .history import Step
from .objects import Object
from .prompts import Given
from .session import Session
from .voxels import Voxels

ENOUGH = 0.99


@dataclass(frozen=True)
class Replayed:
    """One step computed again.

    Args:
        number: Of the step, from 1 up.
        name: Of the step.
        same: Whether every mask is the same, bit for bit.
        dice: The worst Dice over objects between the kept mask and the new one.
        object: The object it belongs to; 0 if all are the same.
        changed: What it ran with then and now where that differs, by name: weights,
            precision, device, threads.
    """

    number: int
    name: str
    same: bool
    dice: float
    object: int
    changed: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the masks are the same, or as near as another machine may give."""
        return self.same or self.dice >= ENOUGH


def replay(session: Session) -> Iterator[Replayed]:
    """Do every done step of a session again on a fresh one, comparing masks after each.

    On the same version, weights, threads and precision the masks are the same bits;
    elsewhere their Dice should be at least 0.99.

    Args:
        session: As loaded from a file; it is not changed.

    Yields:
        One report a step.
    """
    start = session.history.start
    again = Session(session.volume, start.method, dims=start.dims, parts=session.parts)
    for number, step in enumerate(session.history.steps[: session.history.done], 1):
        _repeat(again, step)
        yield _compare(number, step, again.history.steps[-1])


def _repeat(session: Session, step: Step) -> None:
    action = dict(step.action)
    do, number, ids = action.pop("do"), action.pop("object", 0), action.pop("ids", [])
    if ids and do in ("add", "insert", "use"):
        session.next_id = ids[0]
    if do == "use":
        session.use(step.after.method, step.after.dims)
    elif do == "insert":
        session.insert(*_inserted(step, ids), name=step.name)
    elif do == "describe":
        session.describe(number, **action)
    elif do == "delete":
        session.delete(number)
    elif do == "remove":
        session.remove(ids[0])
    else:
        held = {placed.id: placed.prompt for placed in step.after.objects[number].prompts}
        if do == "replace":
            session.replace(ids[0], held[ids[0]])
        else:
            session.add(*(held[id] for id in ids), object=number)


def _inserted(step: Step, ids: list[int]) -> list[Object]:
    """The objects that a step inserted, with the masks that were given."""
    items = {}
    for item in step.after.objects.values():
        for placed in item.prompts:
            if placed.id in ids and isinstance(placed.prompt, Given):
                items[placed.id] = replace(item, mask=placed.prompt.voxels)
    return [items[id] for id in ids]


def _compare(number: int, step: Step, now: Step) -> Replayed:
    worst, where, same = 1.0, 0, True
    for k in sorted({*step.after.objects, *now.after.objects}):
        kept = step.after.objects.get(k, Object.fresh(k)).mask
        new = now.after.objects.get(k, Object.fresh(k)).mask
        if kept != new:
            same = False
            dice = _dice(kept, new)
            if dice <= worst:
                worst, where = dice, k
    both = ((name, step.ran_with.get(name), now.ran_with.get(name)) for name in now.ran_with)
    changed = {name: (then, here) for name, then, here in both if then != here}
    return Replayed(number, step.name, same, worst, where, changed)


def _dice(a: Voxels, b: Voxels) -> float:
    both = a.region.union(b.region)
    overlap = int(np.count_nonzero(a.on(both) & b.on(both)))
    return 2 * overlap / (len(a) + len(b))
