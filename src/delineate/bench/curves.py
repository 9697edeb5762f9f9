"""Rows put together again: one curve over the rounds for each object and method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..types import Float64
from .rounds import Result, Row
from .tasks import Task
from .views import ASSEMBLED
from .weights import ORDER, UNSEEN

MEASURES = (
    "dice", "iou", "hd_mm", "hd95_mm", "assd_mm", "mad_mm", "seconds", "peak_mb", "user_seconds",
)  # fmt: skip

HEADLINE = "mean of data sets"

ObjectKey: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Curve:
    """One object, on one slice or as a whole, with one method.

    Args:
        task: Where it comes from.
        slice: As in `rounds.csv`.
        group: The data set under which it is reported.
        mean: The mean of data sets' means in which it counts; empty if in none.
        values: For each of `MEASURES` its values, `(rounds + 1,)`, nan where there is none.
        error: Why values are missing, or nothing.
    """

    task: Task
    slice: str
    group: str
    mean: str
    values: dict[str, Float64]
    error: str

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.task.method

    @property
    def headline(self) -> bool:
        """Whether it counts in the headline."""
        return self.mean == HEADLINE

    @property
    def case(self) -> str:
        """Unique among all data sets."""
        return f"{self.task.case.dataset}/{self.task.case.name}"

    @property
    def object(self) -> ObjectKey:
        """Case, object and slice: the same for every method."""
        return self.case, self.task.target.name, self.slice

    @property
    def dice(self) -> Float64:
        """Dice after each round, `(rounds + 1,)`."""
        return self.values["dice"]

    @property
    def whole(self) -> bool:
        """Whether the method has not failed in any round."""
        return bool(np.isfinite(self.dice).all())


def find_curves(tasks: Sequence[Task], results: Sequence[Result], rounds: int) -> list[Curve]:
    """The curves of all results, in order.

    Slices that were put together to a volume are reported apart, as the volume: the
    headline counts either slices or volumes, never both. Objects whose like one of the measured
    networks has learnt are reported apart from those that are new to all, for every method, so
    that all are compared on the same objects; they have a mean of their own.
    """
    known: dict[str, str] = {}
    for task, result in zip(tasks, results, strict=True):
        own = str(result.rows[0]["class"])
        if own in ORDER:
            known[_place(task)] = max(known.get(_place(task), own), own, key=ORDER.index)
    return [
        _curve(task, result.rows[first : first + rounds + 1], known.get(_place(task), ""))
        for task, result in zip(tasks, results, strict=True)
        for first in range(0, len(result.rows), rounds + 1)
    ]


def _place(task: Task) -> str:
    """The object, whatever the method."""
    return "/".join((task.case.dataset, task.case.name, task.target.name))


def _curve(task: Task, rows: Sequence[Row], seen: str) -> Curve:
    together = rows[0]["slice"] == ASSEMBLED
    group = f"{task.target.group}, slices as volumes" if together else task.target.group
    learnt = f", {seen}" if seen not in ("", UNSEEN) else ""
    return Curve(
        task,
        rows[0]["slice"],
        group + learnt,
        HEADLINE + learnt if task.target.headline and not together else "",
        {name: np.array([row[name] for row in rows], np.float64) for name in MEASURES},
        rows[-1]["error"],
    )
