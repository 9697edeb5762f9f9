"""Which weights a method works with, and whether these have learnt what they are measured on.

Whatever is learnt from lies in data sets, and a class of objects has one name in each of them;
`classes.json` says which of these names mean the same.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from ..errors import MethodError
from ..methods.base import AnyMethod
from .tasks import Task

UNSEEN, ELSEWHERE, SEEN = "unseen", "seen elsewhere", "seen"
ORDER = (UNSEEN, ELSEWHERE, SEEN)
"""From nothing learnt of a class to most."""

CLASSES = Path(__file__).with_name("classes.json")
DEFAULTS = {2: "pnet", 3: "pcnet"}
"""The weights of a method that names none, for pictures and slices, and for volumes; a method
whose own are others says so in `shipped`."""


@dataclass(frozen=True)
class Weights:
    """The weights of a method.

    Args:
        name: As their card says.
        sha256: Of their file.
        learnt: The data sets that they learnt from.
    """

    name: str
    sha256: str
    learnt: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name} {self.sha256[:12]}"


def weights_of(method: AnyMethod, dims: int) -> Weights | None:
    """The weights of a method; None if it has no field for any.

    Args:
        method: Whose field `weights` is a name or a file, or empty for the default.
        dims: 2 for pictures and slices, 3 for volumes.

    Raises:
        MethodError: If there are no such weights, or they are not for so many dimensions.
    """
    if not hasattr(method, "weights"):
        return None
    from ..models import load

    named = str(method.weights) or getattr(method, "shipped", DEFAULTS)[dims]
    info = load(named)[1]
    if len(info.size) != dims:
        raise MethodError(
            f"the weights {named!r} are for {len(info.size)}D, and {dims}D is to be measured; "
            f"name others or measure with --dims {len(info.size)}"
        )
    return Weights(info.name, info.sha256, frozenset(info.data))


def seen(task: Task, learnt: Collection[str]) -> str:
    """Whether objects like that of a task were learnt from.

    Args:
        task: The object.
        learnt: Names of data sets.

    Returns:
        "seen" if that data set was learnt from, "seen elsewhere" if the same class in
        another data set was, and "unseen".
    """
    if task.case.dataset in learnt:
        return SEEN
    names = dict(task.case.labels)
    labels = [names.get(value, task.target.name) for value in task.target.ids]
    own = {f"{task.case.dataset}: {label}" for label in labels}
    for places in classes().values():
        taught = any(place.partition(":")[0] in learnt for place in places)
        if taught and any(fnmatchcase(name, place) for name in own for place in places):
            return ELSEWHERE
    return UNSEEN


@cache
def classes() -> Mapping[str, tuple[str, ...]]:
    """The names of each class in all data sets: "DATA SET: LABEL", where * is anything."""
    held = json.loads(CLASSES.read_text(encoding="utf-8"))
    return {name: tuple(places) for name, places in held["classes"].items()}
