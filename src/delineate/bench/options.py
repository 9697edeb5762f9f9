"""What one run of the benchmark is asked to do, checked before any work begins."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ..errors import DelineateError

DRAWN_OBJECTS = 5


class BenchError(DelineateError, ValueError):
    """A run of the benchmark that makes no sense, or does not fit what its folder holds."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every choice of one run.

    Args:
        cases: A folder of data sets, `<dataset>/<case>/{image.*, label.*, meta.json}`, or
            one data set, or one case.
        methods: Names as `delineate methods` lists them, at least one.
        user: Name of a simulated user, as "box-click".
        out: Folder for the results; made if there is none, continued if it holds this run.
        rounds: Corrections after round 0.
        dims: 2 for pictures and slices of volumes, 3 for whole volumes.
        slices: With `dims` 2, "largest" slice of each object or "all" that show it.
        start: "none", "method:NAME" for the first result of another method, "network:NAME",
            or "corrupted" for the truth with errors put in.
        datasets: Only these; all if empty.
        limit: At most so many cases of each data set, drawn with the seed.
        objects: At most so many of a case whose labels are instances, drawn with the seed.
        seed: Of every draw.
        jobs: Processes at work; it changes times, not results.
        truth: "expert", or "all" to measure also where a model made the truth.
        fields: For each method, values of its fields other than the default.

    Raises:
        BenchError: If a value is out of range.
    """

    cases: Path
    methods: tuple[str, ...]
    user: str
    out: Path
    rounds: int = 10
    dims: int = 2
    slices: str = "largest"
    start: str = "none"
    datasets: tuple[str, ...] = ()
    limit: int | None = None
    objects: int = DRAWN_OBJECTS
    seed: int = 0
    jobs: int = 1
    truth: str = "expert"
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.methods:
            raise BenchError("no method to measure; name at least one with --method")
        _one_of("dims", self.dims, (2, 3))
        _one_of("slices", self.slices, ("largest", "all"))
        _one_of("truth", self.truth, ("expert", "all"))
        for name, least in (("rounds", 0), ("objects", 1), ("jobs", 1), ("limit", 1)):
            value = getattr(self, name)
            if value is not None and value < least:
                raise BenchError(f"{name} is {value}; it must be at least {least}")
        kind, _, name = self.start.partition(":")
        for method in self.fields:
            if method not in (*self.methods, name):
                raise BenchError(f"fields are given for {method!r}, which is not measured")
        if kind == "network":
            raise BenchError(
                f"start {self.start!r} needs a network, and this version has none; start from "
                "none, corrupted or method:NAME"
            )
        if self.start not in ("none", "corrupted") and not (kind == "method" and name):
            raise BenchError(
                f"start is none, method:NAME, network:NAME or corrupted, got {self.start!r}"
            )

    @property
    def first_method(self) -> str | None:
        """The method that makes the first result, if another one does."""
        kind, _, name = self.start.partition(":")
        return name if kind == "method" else None

    def identity(self) -> dict[str, Any]:
        """What decides the results, as JSON can hold it: all but `out` and `jobs`."""
        values = asdict(self) | {"cases": str(self.cases.resolve())}
        kept = {name: value for name, value in values.items() if name not in ("out", "jobs")}
        return dict(json.loads(json.dumps(kept)))

    def command(self) -> str:
        """The command line that asks for the same."""
        words = ["delineate", "bench", str(self.cases)]
        for method in self.methods:
            words += ["--method", method]
        words += ["--user", self.user, "--dims", str(self.dims), "--rounds", str(self.rounds)]
        words += ["--slices", self.slices] if self.dims == 2 else []
        words += ["--start", self.start] if self.start != "none" else []
        for dataset in self.datasets:
            words += ["--dataset", dataset]
        words += ["--limit", str(self.limit)] if self.limit is not None else []
        words += ["--truth", self.truth] if self.truth != "expert" else []
        for method, values in self.fields.items():
            for name, value in values.items():
                words += ["--set", f"{method}.{name}={value}"]
        words += ["--objects", str(self.objects), "--seed", str(self.seed)]
        words += ["--jobs", str(self.jobs), "--out", str(self.out)]
        return shlex.join(words)


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise BenchError(f"{name} is {' or '.join(map(str, allowed))}, got {value!r}")
