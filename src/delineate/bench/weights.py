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
from ..methods.base import AnyMethod, Trained
from .tasks import Task

UNSEEN, ELSEWHERE, SEEN = "unseen", "seen elsewhere", "seen"
ORDER = (UNSEEN, ELSEWHERE, SEEN)
"""From nothing learnt of a class to most."""

CLASSES = Path(__file__).with_name("classes.json")


@dataclass(frozen=True)
class Weights:
    """The weights of a method.

    Args:
        name: As their card says; of two networks with "+" between.
        sha256: Of their file, likewise.
        learnt: The data sets that they learnt from, likewise.
    """

    name: str
    sha256: str
    learnt: frozenset[str]

    def __str__(self) -> str:
        return f"{self.name} {' + '.join(one[:12] for one in self.sha256.split(' + '))}"


def names_of(method: AnyMethod, dims: int) -> tuple[str, ...]:
    """The names or files of a method's weights for so many dimensions; none if it has none."""
    if isinstance(method, Trained):
        return method.networks(dims)
    named = str(getattr(method, "weights", ""))
    return (named,) if named else ()


def weights_of(method: AnyMethod, dims: int) -> Weights | None:
    """The weights of a method; None if it has no field for any.

    Args:
        method: Whose field `weights` is a name or a file, or empty for the default, which its
            `networks` names.
        dims: 2 for pictures and slices, 3 for volumes.

    Raises:
        MethodError: If there are no such weights, or they are not for so many dimensions.
    """
    names = names_of(method, dims)
    if not names:
        return None
    from ..models import load

    infos = [load(name)[1] for name in names]
    for name, info in zip(names, infos, strict=True):
        if len(info.size) != dims:
            raise MethodError(
                f"the weights {name!r} are for {len(info.size)}D, and {dims}D is to be measured; "
                f"name others or measure with --dims {len(info.size)}"
            )
    return Weights(
        " + ".join(info.name for info in infos),
        " + ".join(info.sha256 for info in infos),
        frozenset().union(*(info.data for info in infos)),
    )


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
