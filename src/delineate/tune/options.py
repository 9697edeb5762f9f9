"""What one search is asked to do, checked before any work begins."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import users
from ..bench.cases import Case, find_cases
from ..bench.draws import generator
from ..bench.options import Options
from ..bench.variants import Build
from ..errors import MethodError
from ..methods.base import AnyMethod
from ..train.packing import VALIDATED
from .space import Axis, TuningError, Values, draw, grid, written

REPORTED = ("dev", "sealed", "test")
"""Names of splits on which results are reported, so that nothing may be tuned on them."""

REDRAWN = 100
"""Combinations drawn for one trial before giving up, where the method refuses them."""


@dataclass(frozen=True, kw_only=True)
class Tuning:
    """Every choice of one search.

    Attributes:
        method: Its name.
        cases: `<dataset>/<case>/...` of a training split.
        out: Folder of the journal and results; continued if it holds this search.
        search: Where each field is sought; what the method refuses is left out.
        dims: 2 for pictures and the largest slice of objects in volumes, 3 for volumes.
        trials: Combinations to draw; with the same seed more of them begin with the same ones.
        points: Instead, all combinations of so many numbers of each range; 0: draw.
        fields: Of the method, that stay as they are given here.
        datasets: Only these. If empty the sets for validation, which shipped weights never learn
            from; all, where the folder has none of those.
        limit: At most so many objects of each data set, drawn with the seed.
        user: Name of a simulated user.
        rounds: Whose Dice count, 0 being the first answer; the score is their mean.
        seed: Of every draw.
        jobs: Processes at work.

    Raises:
        TuningError: If a value is out of range.
    """

    method: str
    cases: Path
    out: Path
    search: Mapping[str, Axis]
    dims: int = 2
    trials: int = 40
    points: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)
    datasets: tuple[str, ...] = ()
    limit: int | None = None
    user: str = "box-scribble"
    rounds: tuple[int, ...] = (0, 1, 3)
    seed: int = 0
    jobs: int = 1

    def __post_init__(self) -> None:
        if not self.search:
            raise TuningError("no field is searched; name one, as field=low:high")
        if both := sorted(self.search.keys() & self.fields.keys()):
            raise TuningError(f"{both[0]} is searched and set to {self.fields[both[0]]!r}; do one")
        if not self.rounds or min(self.rounds) < 0:
            raise TuningError(f"rounds are {self.rounds}; name one or more, 0 being the first")
        if self.points == 1 or self.points < 0:
            raise TuningError(f"a grid has {self.points} points a range; it needs 2 or more")
        if self.trials < 1 or (self.limit is not None and self.limit < 1):
            raise TuningError(
                f"trials is {self.trials} and limit {self.limit}; both are at least 1"
            )
        users.find(self.user)

    def command(self) -> str:
        """The command line that asks for the same."""
        words = ["delineate", "tune", self.method, str(self.cases), "--out", str(self.out)]
        words += ["--dims", str(self.dims), "--user", self.user, "--seed", str(self.seed)]
        words += [f"--search={name}={axis}" for name, axis in self.search.items()]
        words += [f"--set={name}={written(value)}" for name, value in self.fields.items()]
        words += ["--grid", "--points", str(self.points)] if self.points else []
        words += [] if self.points else ["--trials", str(self.trials)]
        words += [f"--dataset={name}" for name in self.datasets]
        words += [] if self.limit is None else ["--limit", str(self.limit)]
        words += ["--rounds", ",".join(map(str, self.rounds)), "--jobs", str(self.jobs)]
        return shlex.join(words)

    def bench(self) -> Options:
        """The same as a run of the benchmark, but for what may grow: trials and objects."""
        return Options(
            cases=self.cases,
            methods=(self.method,),
            user=self.user,
            out=self.out,
            rounds=max(self.rounds),
            dims=self.dims,
            datasets=self.datasets,
            seed=self.seed,
            jobs=self.jobs,
            fields={self.method: dict(self.fields)} if self.fields else {},
        )


def check_method(options: Tuning, build: Build) -> AnyMethod:
    """The method with the fields that stay.

    Raises:
        MethodError: If there is no such method or field, or it does not work in so many
            dimensions.
    """
    method = build(options.method, dict(options.fields))
    if options.dims not in method.dims:
        able = " and ".join(f"{dim}D" for dim in sorted(method.dims))
        raise MethodError(f"{method.name} works in {able}, not in {options.dims}D")
    for name in options.search:
        if not hasattr(method, name):
            raise MethodError(f"{method.name} has no field {name!r} to search")
    return method


def combinations(options: Tuning, build: Build) -> list[Values]:
    """The combinations to try beside the default, without those that the method refuses.

    Raises:
        TuningError: If the method refuses them all.
    """
    if options.points:
        found = [one for one in grid(options.search, options.points) if _fits(options, build, one)]
    else:
        found = [
            one
            for number in range(options.trials)
            if (one := _drawn(options, build, number)) is not None
        ]
    if not found:
        raise TuningError(f"{options.method} refuses every combination of {dict(options.search)}")
    return found


def find_training_cases(options: Tuning) -> tuple[Case, ...]:
    """The cases to tune on.

    Raises:
        TuningError: If they are of a split that results are reported on.
        BenchError: If there are none, or no such data set.
    """
    cases = find_cases(options.cases, datasets=options.datasets, dims=options.dims)
    if not options.datasets:
        cases = tuple(case for case in cases if case.dataset in VALIDATED) or cases
    for case in cases:
        split = case.folder.parents[1]
        if split.name.lower() in REPORTED:
            raise TuningError(
                f"{split} is the {split.name} split, on which results are reported, so nothing may "
                "be tuned on it; name the folder of a training split"
            )
    return cases


def _drawn(options: Tuning, build: Build, number: int) -> Values | None:
    rng = generator(options.seed, "trial", number)
    draws = (draw(options.search, rng) for _ in range(REDRAWN))
    return next((values for values in draws if _fits(options, build, values)), None)


def _fits(options: Tuning, build: Build, values: Values) -> bool:
    try:
        build(options.method, {**options.fields, **values})
    except MethodError:
        return False
    return True
