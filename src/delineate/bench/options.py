"""What one run of the benchmark is asked to do, checked before any work begins."""

import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from .errors import BenchError
from .variants import Variant

DRAWN_OBJECTS = 5


@dataclass(frozen=True, kw_only=True)
class Options:
    """Every choice of one run.

    Args:
        cases: A folder of data sets, `<dataset>/<case>/{image.*, label.*, meta.json}`, or
            one data set, or one case.
        methods: Names as `delineate methods` lists them, at least one, or variants of them,
            "bifseg:stage=crf,anew=true"; the label that was asked for is the name in all tables.
        user: Name of a simulated user, as "box-click".
        out: Folder for the results; made if there is none, continued if it holds this run.
        rounds: Corrections after round 0.
        dims: 2 for pictures and slices of volumes, 3 for whole volumes.
        slices: With `dims` 2, "largest" slice of each object or "all" that show it.
        start: What round 0 is. "none": the method's own answer to the first prompts.
            "method:NAME": that of another method or variant, from whose mask the measured one
            goes on. "network:NAME": likewise the answer of these weights, untuned. "marks:NAME":
            the user marks the other method's mask in round 1, and the measured method hears the
            marks but not the mask. "corrupted": the truth with errors put in.
        datasets: Only these; all if empty.
        limit: At most so many cases of each data set, drawn with the seed.
        objects: At most so many of a case whose labels are instances, drawn with the seed.
        seed: Of every draw.
        marks_seed: Of the user's draws after round 0, where they are to be others than the
            seed's: the same cases, objects and boxes with other marks.
        jobs: Processes at work; it changes times, not results.
        truth: "expert", or "all" to measure also where a model made the truth.
        fields: For each method, values of its fields other than the default, in all variants.

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
    marks_seed: int | None = None
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
        if self.start not in ("none", "corrupted") and not self._other[1]:
            raise BenchError(
                "start is none, method:NAME, network:NAME, marks:NAME or corrupted, "
                f"got {self.start!r}"
            )
        variants = [Variant.parse(label) for label in self.methods]
        known = [variant.name for variant in (*variants, self.first) if variant]
        for method in self.fields:
            if method not in known:
                raise BenchError(f"fields are given for {method!r}, which is not measured")

    @property
    def first(self) -> Variant | None:
        """The method that makes the first result, if another one does."""
        kind, name = self._other
        if kind == "network":
            return Variant("bifseg", {"stage": "initial", "weights": name})
        return Variant.parse(name) if name else None

    @property
    def passes_mask(self) -> bool:
        """Whether the measured method is given the mask of round 0."""
        return self.start == "corrupted" or self._other[0] in ("method", "network")

    @property
    def _other(self) -> tuple[str, str]:
        """How another method begins, and which; nothing if none does."""
        kind, _, name = self.start.partition(":")
        return (kind, name) if kind in ("method", "network", "marks") else ("", "")

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
        words += [] if self.marks_seed is None else ["--marks-seed", str(self.marks_seed)]
        words += ["--objects", str(self.objects), "--seed", str(self.seed)]
        words += ["--jobs", str(self.jobs), "--out", str(self.out)]
        return shlex.join(words)


def _one_of(name: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise BenchError(f"{name} is {' or '.join(map(str, allowed))}, got {value!r}")
