"""The runs of `delineate bench` behind docs/bifseg.md: which methods, which start, which user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pages import measured
from played import Played, read_played

from delineate.bench.cases import find_cases
from delineate.bench.options import Options
from delineate.bench.variants import Variant

INITIAL, CRF, UNIFORM, FULL = "initial", "CRF", "w = 1", "full"
SEQUENTIAL, BESIDE = "unsupervised, then supervised", "full, beside marks too"
STAGES = {INITIAL: "initial", CRF: "crf", UNIFORM: "uniform", FULL: "full"}
"""The paper's rows, and BIFSeg's name of each; with its best row last."""

CHANNELS = {"brats15": 0}
"""Of data sets of several channels, the one on which BIFSeg works: FLAIR."""

LARGE_3D = ("brats15",)
"""Data sets on whose million voxels an object the slower methods take minutes."""

USER, IMPERFECT = "box-scribble", "imperfect-box-scribble"


@dataclass(frozen=True)
class Bench:
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

    cases: Path
    out: Path
    dims: int
    weights: str = ""
    limit: int | None = None
    objects: int = 2
    jobs: int = 1

    def label(
        self, stage: str = "", anew: bool = True, weights: str | None = None, beside: bool = True
    ) -> str:
        """A variant of BIFSeg as `delineate bench` has it."""
        fields = {
            "stage": stage,
            "anew": "" if anew else "false",
            f"beside_{self.dims}d": "" if beside else "0",
            "weights": self.weights if weights is None else weights,
        }
        pairs = ",".join(f"{name}={value}" for name, value in fields.items() if value)
        return f"bifseg:{pairs}" if pairs else "bifseg"

    def run(self, name: str, asked: "Asked") -> list[Played]:
        """Do a run, or what is left of it, and read its objects."""
        found = find_cases(self.cases, dims=self.dims)
        datasets = sorted({case.dataset for case in found} - set(asked.without))
        alone = [dataset for dataset in datasets if dataset in CHANNELS]
        parts: dict[str, Sequence[str]] = {"": [d for d in datasets if d not in alone]}
        parts |= {dataset: [dataset] for dataset in alone}
        folders = []
        for part, own in parts.items():
            if own:
                fields = {"bifseg": {"channel": CHANNELS[part]}} if part else {}
                folder = self.out / f"{self.dims}d-{name}{'-' if part else ''}{part}"
                options = self._options(asked, tuple(own), fields, folder)
                folders.append(measured(options, folder.name))
        return read_played(folders, {label: shown for shown, label in asked.methods.items()})

    def _options(
        self,
        asked: "Asked",
        datasets: tuple[str, ...],
        fields: Mapping[str, Mapping[str, Any]],
        out: Path,
    ) -> Options:
        labels = tuple(label for label in asked.methods.values() if label not in asked.given)
        names = {Variant.parse(label).name for label in labels}
        return Options(
            cases=self.cases, methods=labels, user=asked.user, out=out, rounds=asked.rounds,
            dims=self.dims, start=asked.start, datasets=datasets, limit=self.limit,
            objects=self.objects, marks_seed=asked.marks_seed, jobs=self.jobs,
            fields={name: own for name, own in fields.items() if name in names},
        )  # fmt: skip


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
    """

    methods: Mapping[str, str]
    rounds: int = 0
    start: str = "none"
    user: str = USER
    marks_seed: int | None = None
    without: Sequence[str] = ()
    given: Sequence[str] = field(default=("filled box", "inscribed ellipse"))


def networks(bench: Bench, study: Mapping[str, Path]) -> Asked:
    """Tables I and IV: the initial masks of all networks, and GrabCut."""
    methods = {name: bench.label("initial", weights=str(path)) for name, path in study.items()}
    own = "P-Net, shipped" if bench.dims == 2 else "PC-Net, shipped"
    return Asked(
        {**methods, own: bench.label("initial"), "GrabCut": "grabcut"}, without=_slow(bench)
    )


def unsupervised(bench: Bench, weights: str | None = None) -> Asked:
    """Tables II and V: the box alone."""
    return Asked({name: bench.label(stage, weights=weights) for name, stage in STAGES.items()})


def supervised(bench: Bench, weights: str | None = None, **change: Any) -> Asked:
    """Tables III and VI: one round of scribbles, drawn on the initial mask for all methods."""
    methods = {
        name: bench.label(stage, weights=weights, beside=False)
        for name, stage in STAGES.items()
        if name != INITIAL
    }
    methods |= {
        SEQUENTIAL: bench.label(anew=False, weights=weights, beside=False),
        BESIDE: bench.label(weights=weights),
    }
    start = f"marks:{bench.label('initial', weights=weights)}"
    return Asked(methods, **{"rounds": 1, "start": start, **change})


def repeats(bench: Bench, count: int) -> list[Asked]:
    """Figure 8: the same boxes and initial masks, other marks by a user with a less steady hand."""
    return [supervised(bench, user=IMPERFECT, marks_seed=seed) for seed in range(1, count + 1)]


def interactive(bench: Bench, rounds: int = 10) -> Asked:
    """Figures 9 and 13: until a Dice is reached, against other interactive methods."""
    peers = {
        2: {"GrabCut": "grabcut", "Random Walks": "random_walker", "Slic-Seg": "slicseg"},
        3: {"GeoS": "geos", "GrowCut": "growcut", "3D GrabCut": "grabcut"},
    }
    methods = {"BIFSeg": bench.label(), **peers[bench.dims]}
    return Asked(methods, rounds=rounds, without=_slow(bench))


def goals(bench: Bench) -> Asked:
    """The box alone, the default with up to three rounds, and what a box says by itself."""
    return Asked(
        {
            INITIAL: bench.label("initial"),
            FULL: bench.label(),
            "filled box": "filled box",
            "inscribed ellipse": "inscribed ellipse",
        },
        rounds=3,
    )


def _slow(bench: Bench) -> Sequence[str]:
    return LARGE_3D if bench.dims == 3 else ()


def find_study(folder: Path | None, names: Mapping[str, str]) -> dict[str, Path]:
    """Study weights below a folder, the best ones of a training before its last ones.

    Args:
        folder: Holds them anywhere, as `delineate train` names them.
        names: In the tables, by the name of the recipe.
    """
    found: dict[str, Path] = {}
    for recipe, shown in names.items() if folder else ():
        assert folder is not None
        for name in (f"{recipe}-best", recipe):
            paths = sorted(folder.rglob(f"{name}.safetensors"))
            if paths:
                found[shown] = paths[0].resolve()
                break
    return found
