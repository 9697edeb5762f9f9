"""The units of work of a run: one object of one case with one method, in a fixed order."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np

from ..types import Array, Mask
from .cases import Case, read_case
from .options import Options
from .targets import SMALLEST, Target, find_targets, reported


@dataclass(frozen=True)
class Task:
    """One object of one case with one method; finished as a whole or not at all.

    Args:
        case: The labelled image.
        target: The object.
        method: Name of the method, or of a baseline.
        axis: The axis across which slices are taken.
        slices: The slices to measure one by one; None for a picture or a whole volume.
        assembled: Whether the slices are put together and measured as a volume too.
        error: Why the case cannot be measured, or nothing.
    """

    case: Case
    target: Target
    method: str = ""
    axis: int = 2
    slices: tuple[int, ...] | None = None
    assembled: bool = False
    error: str = ""

    @property
    def key(self) -> str:
        """Unique in a run."""
        return "/".join((self.case.dataset, self.case.name, self.target.name, self.method))


def plan(
    cases: Iterable[Case],
    methods: Iterable[str],
    options: Options,
    progress: Callable[[str], None] = lambda case: None,
) -> tuple[Task, ...]:
    """Every task of a run, in the order of its rows.

    Args:
        cases: Sorted.
        methods: Baselines included.
        options: Of the run.
        progress: Called with the name of each case before its labels are read.
    """
    methods = tuple(methods)
    tasks: list[Task] = []
    for case in cases:
        progress(f"{case.dataset}/{case.name}")
        for task in _of_case(case, options):
            tasks += [replace(task, method=method) for method in methods]
    return tuple(tasks)


def one_sentence(error: BaseException) -> str:
    """What went wrong, on one line; the kind of error too where it was not written for users."""
    from ..errors import DelineateError

    text = " ".join(str(error).split())
    if isinstance(error, DelineateError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _of_case(case: Case, options: Options) -> list[Task]:
    try:
        targets = find_targets(case, options.objects, options.seed)
        return [
            task for target in targets if (task := _of_target(case, target, options)) is not None
        ]
    except Exception as error:
        unread = Target("", (), "label", *reported(case))
        return [Task(case, unread, error=one_sentence(error))]


def _of_target(case: Case, target: Target, options: Options) -> Task | None:
    """The task without its method, or None where the object does not count."""
    if case.picture:
        return Task(case, target)
    image, labels = read_case(case, target.stem)
    if options.dims == 3 or image.dims == 2:
        return Task(case, target) if image.dims == options.dims else None
    axis = image.geometry.slice_axis
    sizes = area(target.mask(labels), axis)
    if sizes.max() < SMALLEST:
        return None
    if options.slices == "largest":
        return Task(case, target, axis=axis, slices=(int(sizes.argmax()),))
    shown = tuple(int(at) for at in np.flatnonzero(sizes))
    return Task(case, target, axis=axis, slices=shown, assembled=True)


def area(mask: Mask, axis: int) -> Array:
    """Voxels of a mask in each slice across an axis, `(N,)`."""
    return np.asarray(mask.sum(axis=tuple(other for other in range(3) if other != axis)))
