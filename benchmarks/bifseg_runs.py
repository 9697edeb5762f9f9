"""The runs of `delineate bench` behind docs/bifseg.md: which methods, which start, which user."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runs import LARGE_3D, Asked, Runs

INITIAL, CRF, UNIFORM, FULL = "initial", "CRF", "w = 1", "full"
SEQUENTIAL, BESIDE = "unsupervised, then supervised", "full, beside marks too"
STAGES = {INITIAL: "initial", CRF: "crf", UNIFORM: "uniform", FULL: "full"}
"""The paper's rows, and BIFSeg's name of each; with its best row last."""

IMPERFECT = "imperfect-box-scribble"


@dataclass(frozen=True)
class Bench(Runs):
    """Runs of BIFSeg and of what it is compared with."""

    method: ClassVar[str] = "bifseg"

    def label(
        self, stage: str = "", anew: bool = True, weights: str | None = None, beside: bool = True
    ) -> str:
        """A variant of BIFSeg as `delineate bench` has it; a stage named is the paper's."""
        return self.labelled(
            {
                "stage": stage,
                "anew": "" if anew else "false",
                "kept": "0" if stage not in ("", "initial") else "",
                f"beside_{self.dims}d": "" if beside else "0",
                "weights": self.weights if weights is None else weights,
            }
        )


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
        SEQUENTIAL: bench.label("full", anew=False, weights=weights, beside=False),
        BESIDE: bench.label("full", weights=weights),
    }
    start = f"marks:{bench.label('initial', weights=weights)}"
    return Asked(methods, **{"rounds": 1, "start": start, **change})


def repeats(bench: Bench, count: int) -> list[Asked]:
    """Figure 8: the same boxes and initial masks, other marks by a user with a less steady hand."""
    return [
        supervised(bench, user=IMPERFECT, marks_seed=seed, without=_slow(bench))
        for seed in range(1, count + 1)
    ]


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
