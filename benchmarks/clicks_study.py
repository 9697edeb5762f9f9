"""Trains and measures all networks of the paper's experiments: 25 of them, and the automatic ones.

    python benchmarks/clicks_study.py DATA --out DIR [--samples N] [--width W] [--only STAGE]

DATA holds `train/` and `dev/`. What was stopped goes on where it was, what is done is not done
again; processes that share DIR may take some of the folds each (`--fold`). The tables are those of
`clicks.py --study DIR --only study --only assembled`.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click_automatic
from click_study_runs import FOLDS, HELD, K_TRAIN, LEARN, TAUGHT, Study

from delineate.errors import DelineateError
from delineate.train.machine import Run

ASKED = "study.json"


def trainings(study: Study, folds: Sequence[int], run: Run) -> None:
    for number in folds:
        for most in K_TRAIN:
            began = time.monotonic()
            path = study.trained(most, number, run)
            print(f"{path}: {(time.monotonic() - began) / 60:.1f} minutes", flush=True)


def automatic(study: Study, folds: Sequence[int]) -> None:
    for number in folds:
        folder = study.fold(number)
        for dataset in TAUGHT:
            path = click_automatic.measured(
                folder / HELD, folder / LEARN, dataset, study.width, study.samples,
                study.out / "automatic",
            )  # fmt: skip
            print(path, flush=True)


def plays(study: Study, folds: Sequence[int]) -> None:
    for number in folds:
        for part in (study.held_out, study.elsewhere, study.slices):
            print(f"{part.__name__} {number}: {len(part(number))} plays", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--samples", type=int, default=20_000)
    parser.add_argument("--width", type=int, default=64, help="of the networks; the paper's is 64")
    parser.add_argument("--limit", type=int, help="most cases of a data set of dev")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--accelerator", default="auto")
    parser.add_argument("--only", choices=("train", "automatic", "play"), action="append")
    parser.add_argument("--fold", type=int, choices=range(FOLDS), action="append")
    asked = parser.parse_args()
    folds = asked.fold or range(FOLDS)
    study = Study(asked.data, asked.out, asked.samples, asked.width, asked.limit, asked.jobs)
    asked.out.mkdir(parents=True, exist_ok=True)
    values = {name: getattr(study, name) for name in ("samples", "width", "limit")}
    (asked.out / ASKED).write_text(
        json.dumps({"data": str(asked.data.resolve()), **values}), encoding="utf-8"
    )
    run = Run(accelerator=asked.accelerator, threads=asked.threads, validate_every=0)
    stages = asked.only or ("train", "automatic", "play")
    if "train" in stages:
        trainings(study, folds, run)
    if "automatic" in stages:
        automatic(study, folds)
    if "play" in stages:
        plays(study, folds)


if __name__ == "__main__":
    try:
        main()
    except DelineateError as error:
        sys.exit(f"clicks_study.py: {error}")
