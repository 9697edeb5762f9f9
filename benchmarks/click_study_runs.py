"""The study of the paper's training scheme: folds over cases, trainings, and what is measured.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section IV.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from click_runs import DRAWN, PLAIN, Bench
from played import Played
from runs import Asked

from delineate.bench.cases import find_cases
from delineate.bench.draws import generator
from delineate.train import recipes
from delineate.train.data import load_data
from delineate.train.loop import LAST, WEIGHTS, train
from delineate.train.machine import Run
from delineate.train.recipe import Training, with_settings

TAUGHT = ("curvas", "acdc")
"""Data sets that are learnt from, in equal shares: organs in CT, the heart in MR."""

K_TRAIN = (1, 2, 5, 10, 15)
K_TEST = (1, 2, 5, 10, 15)
FOLDS = 5
NAMED = 5
"""The K of the networks that other data sets are measured with, and slice after slice."""

HELD, LEARN = "held", "train"


@dataclass(frozen=True)
class Study:
    """All of it lies in one folder.

    Attributes:
        data: `train/` and `dev/` of labelled images.
        out: The folder.
        samples: Of each training.
        width: Of the networks; the paper's is 64.
        limit: Most cases of a data set that are measured.
        jobs: Processes of the benchmark.
    """

    data: Path
    out: Path
    samples: int = 20_000
    width: int = 64
    limit: int | None = None
    jobs: int = 1

    def fold(self, number: int) -> Path:
        """The images of a fold: to learn from in `train`, the others in `held`; made once."""
        folder = self.out / f"fold-{number}"
        if (folder / "done").is_file():
            return folder
        for dataset in TAUGHT:
            cases = find_cases(self.data / "train", datasets=(dataset,))
            order = generator(0, "folds", dataset).permutation(len(cases))
            for place, at in enumerate(order):
                part = HELD if place % FOLDS == number else LEARN
                case = cases[int(at)]
                there = folder / part / dataset / case.name
                if not there.exists():
                    shutil.copytree(case.folder, there)
        (folder / "done").touch()
        return folder

    def recipe(self, most: int) -> Training:
        """The paper's recipe for one K."""
        chosen = recipes.find("click-paper")
        settings = {
            "network.width": self.width,
            "steps": -(-self.samples // chosen.batch),
            "clicks.most": most,
            "real": [[name, 1 / len(TAUGHT)] for name in TAUGHT],
        }
        return with_settings(chosen, settings)

    def weights(self, most: int, number: int) -> Path:
        """Of one K and fold."""
        return self.out / f"k{most}-fold{number}" / WEIGHTS / "click-paper.safetensors"

    def done(self) -> list[int]:
        """The folds of which every network is trained."""
        return [
            number
            for number in range(FOLDS)
            if all(self.weights(most, number).is_file() for most in K_TRAIN)
        ]

    def trained(self, most: int, number: int, run: Run) -> Path:
        """Train a network, or what is left of it; its weights."""
        path = self.weights(most, number)
        if not path.is_file():
            out = path.parents[1]
            recipe = self.recipe(most)
            data = load_data(self.fold(number), recipe, self.out / f"packed-{number}")
            train(recipe, data, out, run, resume=(out / LAST).is_file())
        return path

    def bench(self, cases: Path) -> Bench:
        return Bench(cases, self.out / "runs", 2, limit=self.limit, jobs=self.jobs)

    def label(self, most: int, number: int) -> str:
        """The network as the paper uses it."""
        return self.bench(self.data).label(PLAIN, str(self.weights(most, number).resolve()))

    def held_out(self, number: int) -> list[Played]:
        """Every K on the cases that a fold does not learn from."""
        methods = {f"K = {most}": self.label(most, number) for most in K_TRAIN}
        asked = Asked(methods, rounds=max(K_TEST) - 1, user=DRAWN, limit=10**6)
        return self.bench(self.fold(number) / HELD).run(f"held-{number}", asked)

    def elsewhere(self, number: int) -> list[Played]:
        """Every K of a fold on data sets that none has learnt from."""
        methods = {f"K = {most}": self.label(most, number) for most in K_TRAIN}
        asked = Asked(methods, rounds=max(K_TEST) - 1, user=DRAWN, without=TAUGHT)
        return self.bench(self.data / "dev").run(f"elsewhere-{number}", asked)

    def slices(self, number: int) -> list[Played]:
        """Five clicks on every slice of the held cases, then put together."""
        asked = Asked(
            {f"{NAMED} clicks a slice": self.label(NAMED, number)}, rounds=NAMED - 1, user=DRAWN,
            slices="all", limit=10**6,
        )  # fmt: skip
        items = self.bench(self.fold(number) / HELD).run(f"slices-{number}", asked)
        return [one for one in items if one.key[3] in ("", "volume")]


def relabelled(items: list[Played], seen: str) -> list[Played]:
    """The same, of one class: cases of a fold are new, and their classes are not."""
    return [replace(one, seen=seen) for one in items]
