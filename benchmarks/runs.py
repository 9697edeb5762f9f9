"""Runs of `delineate bench` of a method with weights: what is shared, and what one is asked."""

import argparse
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from pages import measured
from played import Played, read_played

from delineate.bench.cases import find_cases
from delineate.bench.options import Options
from delineate.bench.variants import Variant

CHANNELS = {"brats15": 0}
"""Of data sets of several channels, the one on which networks work: FLAIR."""

LARGE_3D = ("brats15",)
"""Data sets on whose million voxels an object the slower methods take minutes."""


@dataclass(frozen=True)
class Asked:
    """What one run is asked.

    Attributes:
        methods: Labels by the name in the tables.
        rounds: After round 0.
        start: As in `delineate bench`.
        user: Likewise.
        marks_seed: Likewise.
        without: Data sets to leave out.
        given: Labels that every run of a box measures unasked.
        slices: As in `delineate bench`.
        cases: Other labelled images than those of the bench.
        limit: Other than the bench's.
    """

    methods: Mapping[str, str]
    rounds: int = 0
    start: str = "none"
    user: str = "box-scribble"
    marks_seed: int | None = None
    without: Sequence[str] = ()
    given: Sequence[str] = field(default=("filled box", "inscribed ellipse"))
    slices: str = "largest"
    cases: Path | None = None
    limit: int | None = None


@dataclass(frozen=True)
class Runs:
    """What all runs share.

    Attributes:
        cases: Folder of labelled images.
        out: Folder of the runs.
        dims: 2 or 3.
        weights: Of the shipped network: a name or a file, or empty for the default.
        limit: Most cases of a data set.
        objects: Most instances of a case.
        jobs: Processes.
    """

    method: ClassVar[str]

    cases: Path
    out: Path
    dims: int
    weights: str = ""
    limit: int | None = None
    objects: int = 2
    jobs: int = 1

    def labelled(self, fields: Mapping[str, str]) -> str:
        """The method with such values of its fields, as `delineate bench` has it."""
        pairs = ",".join(f"{name}={value}" for name, value in fields.items() if value)
        return f"{self.method}:{pairs}" if pairs else self.method

    def run(self, name: str, asked: Asked) -> list[Played]:
        """Do a run, or what is left of it, and read its objects."""
        found = find_cases(asked.cases or self.cases, dims=self.dims)
        datasets = sorted({case.dataset for case in found} - set(asked.without))
        alone = [dataset for dataset in datasets if dataset in CHANNELS]
        parts: dict[str, Sequence[str]] = {"": [d for d in datasets if d not in alone]}
        parts |= {dataset: [dataset] for dataset in alone}
        folders = []
        for part, own in parts.items():
            if own:
                fields = {self.method: {"channel": CHANNELS[part]}} if part else {}
                folder = self.out / f"{self.dims}d-{name}{'-' if part else ''}{part}"
                options = self._options(asked, tuple(own), fields, folder)
                folders.append(measured(options, folder.name))
        return read_played(folders, {label: shown for shown, label in asked.methods.items()})

    def _options(
        self,
        asked: Asked,
        datasets: tuple[str, ...],
        fields: Mapping[str, Mapping[str, Any]],
        out: Path,
    ) -> Options:
        labels = tuple(label for label in asked.methods.values() if label not in asked.given)
        names = {Variant.parse(label).name for label in labels}
        return Options(
            cases=asked.cases or self.cases, methods=labels, user=asked.user, out=out,
            rounds=asked.rounds, dims=self.dims, slices=asked.slices, start=asked.start,
            datasets=datasets, limit=self.limit if asked.limit is None else asked.limit,
            objects=self.objects, marks_seed=asked.marks_seed, jobs=self.jobs,
            fields={name: own for name, own in fields.items() if name in names},
        )  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser, parts: Iterable[str]) -> None:
    """What every page of such runs is asked, and the parts of the page."""
    parser.add_argument("cases", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--study", type=Path, help="folder of trainings to compare with")
    parser.add_argument("--weights-2d", default="", help="a name or file; default: shipped")
    parser.add_argument("--weights-3d", default="", help="a name or file; default: shipped")
    parser.add_argument("--limit-2d", type=int, help="most cases of a data set; default: all")
    parser.add_argument("--limit-3d", type=int)
    parser.add_argument("--objects", type=int, default=2, help="most instances of a case")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", choices=[*parts], action="append")
    parser.add_argument("--write", action="store_true", help="replace the parts of the page")
