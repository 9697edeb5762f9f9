"""Rows put together again: one curve over the rounds for each object and method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..types import Float64
from .rounds import Result, Row
from .tasks import Task
from .views import ASSEMBLED

MEASURES = (
    "dice", "iou", "hd_mm", "hd95_mm", "assd_mm", "mad_mm", "seconds", "peak_mb", "user_seconds",
)  # fmt: skip

ObjectKey: TypeAlias = tuple[str, str, str]


@dataclass(frozen=True)
class Curve:
    """One object, on one slice or as a whole, with one method.

    Args:
        task: Where it comes from.
        slice: As in `rounds.csv`.
        group: The data set under which it is reported.
        headline: Whether it counts in the mean of the data sets' means.
        values: For each of `MEASURES` its values, `(rounds + 1,)`, nan where there is none.
        error: Why values are missing, or nothing.
    """

    task: Task
    slice: str
    group: str
    headline: bool
    values: dict[str, Float64]
    error: str

    @property
    def method(self) -> str:
        """Name of the method."""
        return self.task.method

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
    headline counts either slices or volumes, never both.
    """
    return [
        _curve(task, result.rows[first : first + rounds + 1])
        for task, result in zip(tasks, results, strict=True)
        for first in range(0, len(result.rows), rounds + 1)
    ]


def _curve(task: Task, rows: Sequence[Row]) -> Curve:
    together = rows[0]["slice"] == ASSEMBLED
    return Curve(
        task,
        rows[0]["slice"],
        f"{task.target.group}, slices as volumes" if together else task.target.group,
        task.target.headline and not together,
        {name: np.array([row[name] for row in rows], np.float64) for name in MEASURES},
        rows[-1]["error"],
    )
