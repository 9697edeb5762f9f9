"""BIFSeg on real images: the tables and plots of docs/bifseg.md.

    python benchmarks/bifseg.py CASES --out DIR [--study FOLDER] [--only PART] [--write]

CASES holds `<dataset>/<case>/{image.*, label.*, meta.json}`; what is reported is the `dev` split.
Every part is one or more runs of `delineate bench` in folders of their own in DIR; what was stopped
goes on, what is done is not done again. FOLDER holds the weights of the networks to compare with,
as `delineate train` writes them, and what `losses.py` left beside them. With `--write` the page and
its plots are replaced part by part; text around them stays.
"""

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import bifseg_plots
import goal_tables
import numpy as np
import stage_tables
from bifseg_runs import (
    BESIDE,
    CRF,
    FULL,
    INITIAL,
    SEQUENTIAL,
    STAGES,
    UNIFORM,
    Bench,
    find_study,
    goals,
    interactive,
    networks,
    repeats,
    supervised,
    unsupervised,
)
from contest import machine
from pages import DOCS, markdown, put
from played import Played, finished
from runs import add_arguments

from delineate.errors import DelineateError, MethodError
from delineate.methods.bifseg import BIFSeg
from delineate.models import load

PAGE, PICTURES = DOCS / "bifseg.md", DOCS / "pictures"
NETWORKS = {
    2: {"fcn": "FCN", "unet-basic": "U-Net", "pnet": "P-Net"},
    3: {"deepmedic": "DeepMedic", "highres3dnet": "HighRes3DNet", "pcnet": "PC-Net"},
}
GOALS: dict[int, dict[str, tuple[float, float | None]]] = {
    2: {"box alone": (0.76, 0.82), "gain": (0.01, None),
        "one round of scribbles": (0.86, 0.90), "three rounds": (0.91, 0.93)},
    3: {"box alone": (0.66, 0.75), "gain": (0.01, 0.01),
        "one round of scribbles": (0.78, 0.85), "three rounds": (0.86, 0.90)},
}  # fmt: skip
THRESHOLDS = (0.85, 0.90)
PAPER_ORDER = (FULL, UNIFORM, CRF, INITIAL)
PAIRS = ((FULL, UNIFORM), (FULL, CRF), (FULL, INITIAL), (UNIFORM, CRF), (CRF, INITIAL))
TABLES = {2: ("I", "II", "III"), 3: ("IV", "V", "VI")}


def weights(benches: Mapping[int, Bench], study: Path | None) -> str:
    """What each of the weights has learnt from, by its card."""
    rows = []
    for dims, bench in benches.items():
        own = BIFSeg(weights=bench.weights).networks(dims)
        named = {f"{dims}D, shipped{' beside' if n else ''}": one for n, one in enumerate(own)}
        named |= {name: str(path) for name, path in find_study(study, NETWORKS[dims]).items()}
        for shown, found in named.items():
            try:
                info = load(found)[1]
            except MethodError:
                rows.append([shown, "none yet", *[""] * 5])
                continue
            rows.append(
                [shown, info.name, f"{info.sha256[:12]}", f"{info.parameters:,}",
                 f"{info.samples:,}", ", ".join(info.data), "; ".join(info.seen)]
            )  # fmt: skip
    head = ("network", "weights", "SHA-256", "parameters", "crops seen", "learnt from", "classes")
    return markdown(head, rows)


def tables(bench: Bench, study: Mapping[str, Path]) -> str:
    """Tables I to III of the paper, or IV to VI."""
    first, second, third = TABLES[bench.dims]
    asked = networks(bench, study)
    parts = [
        f"### Table {first}: initial masks",
        _absent(bench.dims, study),
        _accuracy(bench.run("networks", asked), list(asked.methods), 0),
    ]
    own = list(NETWORKS[bench.dims].values())[-1]
    sets: dict[str, str | None] = {"shipped": None}
    sets |= {"study": str(study[own])} if own in study else {}
    for name, weights in sets.items():
        alone = bench.run(f"unsupervised-{name}", unsupervised(bench, weights))
        parts += [
            f"### Table {second}: unsupervised, {name} weights",
            stage_tables.order(finished(alone)[0], PAPER_ORDER, 0),
            _accuracy(alone, list(STAGES), 0, PAIRS),
        ]
        marked = bench.run(f"supervised-{name}", supervised(bench, weights))
        rows = _with_initial(marked)
        parts += [
            f"### Table {third}: one round of scribbles, {name} weights",
            stage_tables.order(finished(rows)[0], PAPER_ORDER, 1),
            _accuracy(
                rows,
                [*STAGES, SEQUENTIAL, BESIDE],
                1,
                (*PAIRS, (SEQUENTIAL, FULL), (BESIDE, FULL)),
            ),
        ]
    return "\n\n".join(part for part in parts if part)


def variation(bench: Bench, count: int, pictures: Path) -> str:
    """What figure 8 shows, in numbers."""
    runs = [
        finished(bench.run(f"spread-{asked.marks_seed}", asked))[0]
        for asked in repeats(bench, count)
    ]
    of = {
        method: [[one for one in run if one.method == method] for run in runs]
        for method in (*list(STAGES)[1:], SEQUENTIAL, BESIDE)
    }
    name = f"bifseg-spread-{bench.dims}d.png"
    bifseg_plots.variation(pictures / name, of, 1)
    return f"{goal_tables.variation(of, 1)}\n\n![Deviation of Dice](pictures/{name})"


def acceptance(bench: Bench, pictures: Path) -> str:
    """Figures 9 and 13."""
    asked = interactive(bench)
    items, failed = finished(bench.run("interactive", asked))
    methods = list(asked.methods)
    bars, lines = (f"bifseg-{name}-{bench.dims}d.png" for name in ("acceptance", "over-time"))
    bifseg_plots.acceptance(pictures / bars, items, methods, THRESHOLDS)
    bifseg_plots.over_time(pictures / lines, items, methods)
    parts = [goal_tables.acceptance(items, methods, limit) for limit in THRESHOLDS]
    return "\n\n".join(
        [_left_out(failed), *parts, f"![User time](pictures/{bars})",
         f"![Dice over user time](pictures/{lines})"]
    ).strip()  # fmt: skip


def reached(bench: Bench) -> str:
    """What is reached of the goals."""
    items, failed = finished(bench.run("goals", goals(bench)))
    baselines = ("filled box", "inscribed ellipse")
    columns = [(name, name, 0) for name in baselines]
    columns += [("box alone", INITIAL, 0), ("unsupervised", FULL, 0)]
    columns += [("one round", FULL, 1), ("three rounds", FULL, 3)]
    parts = [
        _left_out(failed),
        goal_tables.goals(items, INITIAL, FULL, baselines, GOALS[bench.dims]),
        goal_tables.by_dataset(items, columns),
    ]
    return "\n\n".join(part for part in parts if part)


def curves(study: Path | None, pictures: Path) -> str:
    """Figure 4."""
    names = {name: recipe for of in NETWORKS.values() for recipe, name in of.items()}
    runs = {
        name: paths[0].parent
        for name, recipe in names.items()
        if study and (paths := sorted(study.glob(f"{recipe}*/{bifseg_plots.LOSSES}")))
    }
    path = pictures / "bifseg-losses.png"
    if not bifseg_plots.losses(path, runs):
        return "No training has been looked at by `benchmarks/losses.py` yet."
    return f"![Cross entropy over the steps](pictures/{path.name})"


def _accuracy(
    items: list[Played], methods: list[str], at: int, pairs: tuple[tuple[str, str], ...] = ()
) -> str:
    works = {one.method for one in items if np.isfinite(one.dice).all()}
    broken = [name for name in methods if name not in works]
    methods = [name for name in methods if name in works]
    whole, failed = finished([one for one in items if one.method in works])
    if not whole:
        return "On every object a method failed."
    parts = [f"Left out, as it failed on every object: {', '.join(broken)}."] if broken else []
    parts += [_left_out(failed), stage_tables.accuracy(whole, methods, at)]
    shown = [pair for pair in pairs if works.issuperset(pair)]
    parts += [stage_tables.tests(whole, shown, at)] if shown else []
    parts.append(stage_tables.seconds(whole, methods, at))
    return "\n\n".join(part for part in parts if part)


def _with_initial(items: list[Played]) -> list[Played]:
    """Round 0 is the initial mask, and a row of its own that no scribble changes."""
    start = [
        Played(one.key, INITIAL, one.seen, one.dice[[0, 0]], one.seconds * math.nan, one.user)
        for one in items
        if one.method == FULL
    ]
    return [*items, *start]


def _left_out(failed: int) -> str:
    return f"{failed} objects are left out, on which a method failed." if failed else ""


def _absent(dims: int, study: Mapping[str, Path]) -> str:
    missing = [name for name in NETWORKS[dims].values() if name not in study]
    if not missing:
        return ""
    return f"Not measured, as there are no study weights of it: {', '.join(missing)}."


def main() -> None:
    asked = _arguments()
    benches = {
        2: Bench(asked.cases, asked.out, 2, asked.weights_2d, asked.limit_2d, asked.objects,
                 asked.jobs),
        3: Bench(asked.cases, asked.out, 3, asked.weights_3d, asked.limit_3d, asked.objects,
                 asked.jobs),
    }  # fmt: skip
    for name in asked.only or PARTS:
        body = "\n\n".join([PARTS[name](asked, benches), f"Measured {machine('torch')}."])
        print(f"## {name}\n\n{body}\n", flush=True)
        if asked.write:
            put(PAGE, name, body)


PARTS: dict[str, Callable[[argparse.Namespace, dict[int, Bench]], str]] = {
    "weights": lambda asked, of: weights(of, asked.study),
    "2d-goals": lambda asked, of: reached(of[2]),
    "3d-goals": lambda asked, of: reached(of[3]),
    "2d-tables": lambda asked, of: tables(of[2], find_study(asked.study, NETWORKS[2])),
    "3d-tables": lambda asked, of: tables(of[3], find_study(asked.study, NETWORKS[3])),
    "2d-spread": lambda asked, of: variation(of[2], asked.repeats, _pictures(asked)),
    "3d-spread": lambda asked, of: variation(of[3], asked.repeats, _pictures(asked)),
    "2d-interactive": lambda asked, of: acceptance(of[2], _pictures(asked)),
    "3d-interactive": lambda asked, of: acceptance(of[3], _pictures(asked)),
    "curves": lambda asked, of: curves(asked.study, _pictures(asked)),
}


def _pictures(asked: argparse.Namespace) -> Path:
    """Where plots go: beside the page, or with the runs where the page stays as it is."""
    return PICTURES if asked.write else asked.out


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, PARTS)
    parser.add_argument("--repeats", type=int, default=5, help="of the scribbles, for the spread")
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except DelineateError as error:
        sys.exit(f"bifseg.py: {error}")
