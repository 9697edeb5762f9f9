"""Cross entropy of checkpoints on seen and unseen objects: figure 4 of the BIFSeg paper.

    python benchmarks/losses.py CASES RUN… [--watch MINUTES] [--limit N]

CASES holds `<dataset>/<case>/{image.*, label.*, meta.json}`, none of which the network may learn
from. Each RUN is a folder of `delineate train`; of every checkpoint in it (`*.pt`) the averaged
weights are asked for the objects in their boxes, with 5 voxels of margin, and for synthetic
samples that training never shows. A line a checkpoint goes to RUN/losses.jsonl; what is there
already is not done again. With `--watch` it looks for a new checkpoint every so many minutes until
it is stopped, so that beside a training it writes the curve. `bifseg.py --only curves` draws it.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bifseg_plots import LOSSES, SAMPLES
from torch import nn

from delineate.bench.cases import find_cases
from delineate.bench.options import Options
from delineate.bench.tasks import Task, plan
from delineate.bench.views import views
from delineate.bench.weights import seen
from delineate.models.architectures import build
from delineate.region import Region
from delineate.synth.stream import draw
from delineate.train.checkpoint import Checkpoint, read_checkpoint
from delineate.train.journal import read_journal
from delineate.train.recipe import Training, from_json
from delineate.train.recipes import find
from delineate.train.validation import predict
from delineate.types import Float32, Mask

MARGIN = 5
DRAWN = 48
UNTRAINED_SEED = 10**9
CERTAIN = 1e-4
"""Probabilities are cut off so far from 0 and 1."""


@dataclass(frozen=True)
class Crop:
    """An object in its box, or a synthetic sample; without an axis of one slice in 2D."""

    image: Float32
    truth: Mask
    task: Task | None = None


def crops(cases: Path, dims: int, limit: int) -> Iterator[Crop]:
    options = Options(
        cases=cases, methods=("",), user="box", out=cases, dims=dims, limit=limit, objects=2
    )
    for task in plan(find_cases(cases, limit=limit, dims=dims), ("",), options):
        if task.error or not task.target.headline:
            continue
        view = views(task)[0]
        region = Region.around(view.truth).grow(MARGIN).clip(view.truth.shape)
        image = view.image.crop(region)
        shown = image.scalar(None if image.channels in (1, 3) else 0).astype(np.float32)
        truth = view.truth[region.slices]
        flat = tuple(axis for axis in range(3) if view.image.shape[axis] == 1)
        yield Crop(shown.squeeze(flat), truth.squeeze(flat), task)


def samples(recipe: Training) -> Iterator[Crop]:
    """Of the recipe's synthetic part, without label maps."""
    for number in range(DRAWN):
        image, mask = draw((UNTRAINED_SEED, number), recipe.synth, recipe.size, ())
        yield Crop(image[0], mask)


def entropy(net: nn.Module, crop: Crop, size: tuple[int, ...]) -> float:
    """Mean over voxels of the cross entropy of one crop."""
    inside = np.clip(predict(net, crop.image, size), CERTAIN, 1 - CERTAIN)
    return float(-np.log(np.where(crop.truth, inside, 1 - inside)).mean())


def losses(held: Checkpoint, objects: list[Crop]) -> dict[str, float]:
    """Cross entropy of each class, the mean of its data sets' means, and of samples."""
    recipe = from_json(find(held.recipe["name"]), held.recipe)
    net = build(recipe.network)
    net.load_state_dict(held.average)
    net.eval()
    found: dict[str, dict[str, list[float]]] = {}
    for crop in objects:
        assert crop.task is not None
        sets = found.setdefault(seen(crop.task, frozenset(held.data)), {})
        sets.setdefault(crop.task.case.dataset, []).append(entropy(net, crop, recipe.size))
    means = {
        name: float(np.mean([np.mean(values) for values in sets.values()]))
        for name, sets in found.items()
    }
    made = [entropy(net, crop, recipe.size) for crop in samples(recipe)]
    return {**means, SAMPLES: float(np.mean(made))}


def look(run: Path, held: Checkpoint, objects: list[Crop]) -> None:
    line = {"step": held.step, "entropy": losses(held, objects)}
    with (run / LOSSES).open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")
    print(run.name, json.dumps(line), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("runs", type=Path, nargs="+", metavar="RUN")
    parser.add_argument("--watch", type=float, default=0.0)
    parser.add_argument("--limit", type=int, default=4)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    objects: dict[int, list[Crop]] = {}
    while True:
        for run in asked.runs:
            done = {line["step"] for line in read_journal(run / LOSSES)}
            for path in sorted(run.glob("*.pt")):
                held = read_checkpoint(path)
                if held.step in done:
                    continue
                dims = len(held.recipe["size"])
                if dims not in objects:
                    objects[dims] = list(crops(asked.cases, dims, asked.limit))
                look(run, held, objects[dims])
                done.add(held.step)
        if not asked.watch:
            return
        time.sleep(60 * asked.watch)


if __name__ == "__main__":
    main()
