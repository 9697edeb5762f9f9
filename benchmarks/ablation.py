"""What each group of components of synthetic images is worth: docs/synth.md.

    python benchmarks/ablation.py DATA --out DIR [--samples N] [--only NAME] [--write]

DATA holds `train/<dataset>/<case>/` and `label_maps/`, or files that a training has packed. For
each row of the table a small P-Net learns from synthetic images alone, with the same seed and as
many samples, and finds the objects of real images that it never learns from in their boxes. The
full recipe is trained with two seeds, so that the table says how far chance alone goes. Each
training has a folder of its own in DIR; what was stopped goes on, what is done is not done again.
With `--write` the page is made from the rows that are done.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from contest import machine
from rich.progress import Progress

from delineate.bench.statistics import bootstrap_interval, mean_of_means
from delineate.models import load
from delineate.synth.recipe import COMPONENTS, Recipe
from delineate.train.data import Data, load_data
from delineate.train.loop import LAST, WEIGHTS, train
from delineate.train.machine import Run
from delineate.train.recipe import Training, with_settings
from delineate.train.recipes import find
from delineate.train.validation import dice, predict

PAGE = Path(__file__).parents[1] / "docs" / "synth.md"
SCORES = "scores.json"
FULL, AGAIN, BLOBS = "full", "full, another seed", "blobs only"

GROUPS: dict[str, tuple[str, ...]] = {
    "tubes and trees": ("tubes", "trees"),
    "islands and lobes": ("islands", "lobes"),
    "warp": ("warp",),
    "anatomy": ("anatomy",),
    "cells": ("cells",),
    "insides": ("shells", "rims", "nested", "inclusions"),
    "touching": ("touching",),
    "camouflage": ("camouflage",),
    "extremes": ("extremes",),
    "background": ("background",),
    "textures": ("grain", "stripes", "spots", "gradients"),
    "blur": ("partial_volume", "blur"),
    "noise": ("gaussian", "rician", "poisson", "speckle"),
    "shading": ("bias", "vignette", "shadow", "cone"),
    "ghosts and streaks": ("ghosting", "streaks"),
    "grey values": ("gamma", "invert", "window"),
}
"""What is left out together; in a picture there are neither thick nor uneven slices."""

TEXT = """# Synthetic images: what each component is worth

Networks learn from images made from nothing: shapes are painted on top of each other, get
intensities and textures drawn at random, and are spoilt as scanners spoil images. `Recipe` in
`delineate.synth` lists the components and how often each takes part. Here each group of components
is left out in turn.

For each row a P-Net of width {width} learns from {samples:,} synthetic crops of {size}, and from no
real image; then it finds, from the box alone, {objects} objects of {cases} real cases, the sets for
validation. *Dice* is the mean of the data sets' means, of the averaged weights after the last step.
*Change* is against the full recipe with the same seed; its interval is a 95 % bootstrap over cases,
so it says how far other images would move it, not how far another training would: for that, look at
the full recipe with another seed, which moves it by {noise:.3f}. Smaller changes than that are no
evidence. A group that is worth nothing here, with a small network and few samples, on five data
sets, may be worth something elsewhere.

"""


@dataclass(frozen=True)
class Score:
    """Dice on each object."""

    dataset: str
    case: str
    dice: float


def variants() -> dict[str, tuple[Recipe, int]]:
    """By name of the row, what images are made of, and the seed."""
    full = Recipe()
    found = {FULL: (full, 0), AGAIN: (full, 1)}
    found |= {f"without {name}": (full.without(*parts), 0) for name, parts in GROUPS.items()}
    return found | {BLOBS: (full.only("blobs"), 0)}


def training(synth: Recipe, seed: int, asked: argparse.Namespace) -> Training:
    """The small network's recipe."""
    base = find("pnet")
    parts = {f"synth.{name}": getattr(synth, name) for name in COMPONENTS}
    return with_settings(
        base,
        {
            "network.width": asked.width,
            "size": [asked.size] * 2,
            "steps": max(asked.samples // base.batch, 1),
            "optimiser.warm_up": min(500, asked.samples // base.batch // 10 + 1),
            "real": [],
            "seed": seed,
            **parts,
        },
    )


def measure(name: str, data: Data, asked: argparse.Namespace, show: Progress) -> None:
    """Train one row, or go on with it, and write its scores."""
    synth, seed = variants()[name]
    recipe, out = training(synth, seed, asked), folder(asked.out, name)
    bar = show.add_task(name, total=recipe.steps)
    run = Run(
        accelerator=asked.accelerator,
        threads=asked.threads,
        workers=asked.workers,
        checkpoint_minutes=2.0,
        validate_every=0,
    )
    resume = (out / LAST).exists()
    done = train(
        recipe, data, out, run, resume=resume,
        observe=lambda step, _: show.update(bar, completed=step),
    )  # fmt: skip
    net = load(out / WEIGHTS / f"{recipe.name}.safetensors")[0]
    scores = []
    for crop in data.validation:
        image, truth = crop.image.squeeze(crop.axis), crop.labels.squeeze(crop.axis) > 0
        found = predict(net, image, recipe.size) >= 0.5
        scores.append([crop.dataset, crop.key, dice(found, truth)])
    held = {
        "recipe": recipe.to_json(),
        "seconds": done.seconds,
        "hardware": done.hardware,
        "scores": scores,
    }
    (out / SCORES).write_text(json.dumps(held), encoding="utf-8")


def folder(out: Path, name: str) -> Path:
    """Of one row."""
    return out / name.replace(", ", "-").replace(" ", "-")


def read_scores(name: str, asked: argparse.Namespace) -> list[Score]:
    """Of a row that is done; none of another."""
    path = folder(asked.out, name) / SCORES
    if not path.exists():
        return []
    held = json.loads(path.read_text(encoding="utf-8"))
    wanted = json.loads(json.dumps(training(*variants()[name], asked).to_json()))
    if held["recipe"] != wanted:
        sys.exit(f"{path.parent} was trained by another recipe; name another folder with --out")
    return [Score(*one) for one in held["scores"]]


def mean(scores: Sequence[Score]) -> float:
    return mean_of_means([one.dice for one in scores], [one.dataset for one in scores])


def change(scores: Sequence[Score], full: Sequence[Score]) -> tuple[float, float, float]:
    """Of the mean of the data sets' means, with its interval."""
    assert [one.case for one in scores] == [one.case for one in full]
    differences = [a.dice - b.dice for a, b in zip(scores, full, strict=True)]
    groups, cases = [one.dataset for one in full], [one.case for one in full]
    return mean_of_means(differences, groups), *bootstrap_interval(differences, groups, cases=cases)


def table(rows: Mapping[str, Sequence[Score]]) -> list[str]:
    """A row for each training that is done."""
    sets = sorted({one.dataset for one in rows[FULL]})
    lines = [
        f"| recipe | Dice | change | 95 % | {' | '.join(sets)} |",
        "| --- | --: | --: | --- |" + " --: |" * len(sets),
    ]
    for name, scores in rows.items():
        cells = [name, f"{mean(scores):.3f}", "", ""]
        if name != FULL:
            worth, low, high = change(scores, rows[FULL])
            cells[2:] = [f"{worth:+.3f}", f"{low:+.3f} to {high:+.3f}"]
        own = [np.mean([one.dice for one in scores if one.dataset == name]) for name in sets]
        lines.append(f"| {' | '.join(cells + [f'{value:.3f}' for value in own])} |")
    left_out = [f"- *{name}*: {', '.join(parts)}" for name, parts in GROUPS.items()]
    return [*lines, "", "What is left out:", "", *left_out]


def write(rows: Mapping[str, Sequence[Score]], asked: argparse.Namespace) -> None:
    """The page, from the rows that are done."""
    full = rows[FULL]
    text = TEXT.format(
        width=asked.width,
        samples=asked.samples,
        size=f"{asked.size}²",
        objects=len(full),
        cases=len({one.case for one in full}),
        noise=abs(change(rows[AGAIN], full)[0]),
    )
    held = [
        json.loads((folder(asked.out, name) / SCORES).read_text(encoding="utf-8")) for name in rows
    ]
    minutes = sum(one["seconds"] for one in held) / 60
    trained_on = ", ".join(sorted({one["hardware"] for one in held}))
    made = (
        f"    python benchmarks/ablation.py DATA --out DIR --samples {asked.samples} "
        f"--width {asked.width} --size {asked.size} --write\n\n"
        f"{minutes:.0f} minutes of training in all, on {trained_on}; {machine('torch')}.\n"
    )
    PAGE.write_text(text + "\n".join([*table(rows), "", made]), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=24_000)
    parser.add_argument("--width", type=int, default=16)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--only", choices=[*variants()], action="append")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    data = load_data(asked.data, training(Recipe(), 0, asked), asked.out / "packed")
    with Progress() as show:
        for name in asked.only or variants():
            if not read_scores(name, asked):
                measure(name, data, asked, show)
    rows = {name: scores for name in variants() if (scores := read_scores(name, asked))}
    if FULL in rows:
        print("\n".join(table(rows)))
    if asked.write:
        assert {FULL, AGAIN} <= rows.keys(), "the page needs the full recipe with both seeds"
        write(rows, asked)


if __name__ == "__main__":
    main()
