"""How long BIFSeg takes, and how near its tuning is to the matrix products that it consists of.

    python benchmarks/tuning.py [--weights FOLDER] [--only SCENE] [--repeats 3]

Prints a Markdown table of medians. An initial mask (the crop, the network, the way back), the
first full tuning after it, and a later scribble that goes on from it. The floor is the same matrix
products alone, in the same precision and blocks of rows: of the network's convolutions for the
initial mask, of the classifier forwards and backwards for tuning. Work and floor take turns, so
that both meet the same machine. FOLDER has weights "pnet" and "pcnet" and a manifest; without it
those of the package, or else networks of width 32 drawn at random, are used.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from contest import machine
from scenes import camera, phantom
from torch import Tensor, nn

from delineate.methods import refining, tuning
from delineate.methods.base import State
from delineate.methods.bifseg import BIFSeg
from delineate.methods.tuning import Classifier
from delineate.models import Info, list_models, load, save
from delineate.models.architectures import architecture, build, to_json
from delineate.models.manifest import FOLDER
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.pnet import PNetSizes
from delineate.prompts import Box, Prompt, Scribble
from delineate.volume import Volume

AIM = 1.5
MOST_SECONDS = {("96²", "tuning"): 1.0, ("80³", "tuning"): 7.0, ("80³", "later scribble"): 4.0}
HEAD = """\
| grid | what | seconds | limit | descent | cuts | rest | floor | descent / floor | all / floor |
| --- | --- | --: | --- | --: | --: | --: | --: | --: | --: |"""


@dataclass
class Spent:
    """Seconds in parts of an answer, and the voxels of each gradient and of each loss alone."""

    descent: float = 0.0
    cuts: float = 0.0
    voxels: tuple[int, ...] = ()
    losses: tuple[int, ...] = ()


@contextmanager
def watched() -> Iterator[Spent]:
    """Times descent and cuts while a block runs."""
    spent, tuned, slope, loss = Spent(), Classifier.tuned, Classifier.slope, Classifier.loss
    cut = refining.maxflow.minimum_cut

    def timed(work: Callable[..., Any], part: str) -> Callable[..., Any]:
        def run(*given: Any) -> Any:
            began = time.perf_counter()
            found = work(*given)
            setattr(spent, part, getattr(spent, part) + time.perf_counter() - began)
            return found

        return run

    def counted(self: Classifier, features: Tensor, *given: Tensor) -> Any:
        spent.voxels = (*spent.voxels, len(features))
        return slope(self, features, *given)

    def counted_loss(self: Classifier, features: Tensor, *given: Tensor) -> float:
        spent.losses = (*spent.losses, len(features))
        return loss(self, features, *given)

    Classifier.tuned = timed(tuned, "descent")  # type: ignore[method-assign]
    Classifier.slope, Classifier.loss = counted, counted_loss  # type: ignore[method-assign]
    refining.maxflow.minimum_cut = timed(cut, "cuts")
    try:
        yield spent
    finally:
        Classifier.tuned = tuned  # type: ignore[method-assign]
        Classifier.slope, Classifier.loss = slope, loss  # type: ignore[method-assign]
        refining.maxflow.minimum_cut = cut


@dataclass(frozen=True)
class Scene:
    """An image whose box and margin fill it, so that the grid is as large as the image."""

    name: str
    volume: Volume
    method: BIFSeg

    @property
    def box(self) -> Box:
        margin = self.method.margin_voxels
        sides = [(margin, n - margin) if n > 1 else (0, 1) for n in self.volume.shape]
        return Box([low for low, _ in sides], [high for _, high in sides])

    @property
    def scribbles(self) -> tuple[Prompt, ...]:
        """A stroke in the middle, one at a side."""
        i, j, k = (n // 2 for n in self.volume.shape)
        inside = [(i + d, j, k) for d in range(-i // 5, i // 5 + 1)]
        outside = [(i + d, j // 3, k) for d in range(-i // 2, i // 2 + 1)]
        return Scribble(inside), Scribble(outside, inside=False)

    def answer(self, state: State, prompts: tuple[Prompt, ...]) -> State:
        return self.method.segment(self.volume, prompts, state)[1]


def scenes(files: dict[int, Path]) -> Iterator[Scene]:
    for size in (96, 256):
        picture = Volume.from_array(camera(size).image[0])
        fields = {"weights": str(files[2]), "shorter_2d": size, "longest_2d": size}
        yield Scene(f"{size}²", picture, BIFSeg(**fields))
    for name, shape in (("48³", (48,) * 3), ("80×80×48", (80, 80, 48)), ("80³", (80,) * 3)):
        image = phantom(shape[0]).image[0][..., (shape[0] - shape[2]) // 2 :][..., : shape[2]]
        fields = {"weights": str(files[3]), "longest_3d": max(shape), "stretch_3d": 1.0}
        yield Scene(name, Volume.from_array(image), BIFSeg(**fields))


def network_floor(scene: Scene) -> Callable[[], None]:
    """The products of the convolutions of the network, each on blocks of rows."""
    net, _ = load(scene.method.weights)
    count, kind = scene.volume.data[0].size, _precision(scene)
    products = []
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d | nn.Conv3d):
            weight = layer.weight.flatten(1).T.to(kind).contiguous()
            products.append((torch.randn(tuning._ROWS, len(weight)).to(kind), weight))
    blocks = -(-count // tuning._ROWS)

    def run() -> None:
        for rows, weight in products:
            for block in range(blocks):
                left = count - block * tuning._ROWS
                torch.mm(rows[:left], weight)

    return run


def tuning_floor(scene: Scene, spent: Spent) -> Callable[[], None]:
    """The products of every gradient and loss of descent, and of the probability of every round."""
    net, _ = load(scene.method.weights)
    kind, classifier = _precision(scene), Classifier.of(net.classifier)
    features = torch.randn(scene.volume.data[0].size, classifier.hidden.shape[1]).to(kind)
    weight, towards = classifier.hidden.T.to(kind), classifier.output[1][:, None].to(kind)
    active = torch.randn(tuning._ROWS, len(classifier.hidden)).to(kind)

    def run() -> None:
        for count in spent.voxels:
            for part in torch.split(features[:count], tuning._ROWS):
                torch.mm(part, weight)
                torch.mm(active[: len(part)], towards)
                torch.mm(active[: len(part)].T, part)
        for count in (*spent.losses, *[len(features)] * (scene.method.rounds + 1)):
            for part in torch.split(features[:count], tuning._ROWS):
                torch.mm(part, weight)
                torch.mm(active[: len(part)], towards)

    return run


def _precision(scene: Scene) -> torch.dtype:
    state = replace(scene, method=replace(scene.method, stage="initial")).answer(
        State(), (scene.box,)
    )
    return state.image.features.dtype


def rows(scene: Scene, repeats: int) -> Iterator[str]:
    """The three lines of a scene."""
    first = replace(scene, method=replace(scene.method, stage="initial"))
    ready = first.answer(State(), (scene.box,))
    with watched() as spent:
        tuned = scene.answer(ready, (scene.box,))
    with watched() as later:
        scene.answer(tuned, (scene.box, *scene.scribbles))
    works = {
        "initial mask": (lambda: first.answer(State(), (scene.box,)), network_floor(scene)),
        "tuning": (lambda: scene.answer(ready, (scene.box,)), tuning_floor(scene, spent)),
        "later scribble": (
            lambda: scene.answer(tuned, (scene.box, *scene.scribbles)),
            tuning_floor(scene, later),
        ),
    }
    for what, (work, floor) in works.items():
        yield row(scene.name, what, [measured(work, floor) for _ in range(repeats)])


def measured(work: Callable[[], Any], floor: Callable[[], None]) -> tuple[float, ...]:
    """Seconds in all, of descent, of cuts, and of the floor."""
    with watched() as spent:
        began = time.perf_counter()
        work()
        seconds = time.perf_counter() - began
    began = time.perf_counter()
    floor()
    return seconds, spent.descent, spent.cuts, time.perf_counter() - began


def row(name: str, what: str, runs: list[tuple[float, ...]]) -> str:
    seconds, descent, cuts, floor = (statistics.median(part) for part in zip(*runs, strict=True))
    whole = statistics.median(run[0] / run[3] for run in runs)
    most = MOST_SECONDS.get((name, what))
    limit = "" if most is None else f"{most:g} s" + (" **over**" if seconds > most else "")
    ratio = ""
    if descent:
        near = statistics.median(run[1] / run[3] for run in runs)
        ratio = f"{near:.2f}" + (" **over**" if near > AIM else "")
    cells = [name, what, f"{seconds:.3f}", limit, f"{descent:.3f}", f"{cuts:.3f}"]
    cells += [f"{seconds - descent - cuts:.3f}", f"{floor:.3f}", ratio, f"{whole:.2f}"]
    return f"| {' | '.join(cells)} |"


def weight_files(folder: Path, spare: Path) -> tuple[dict[int, Path], str]:
    """A file for 2D and one for 3D, and a word on where they come from."""
    names = {2: "pnet", 3: "pcnet"}
    if {info.name for info in list_models(folder)} >= set(names.values()):
        return {dims: folder / f"{name}.safetensors" for dims, name in names.items()}, "trained"
    torch.manual_seed(0)
    for dims, sizes in ((2, PNetSizes(width=32)), (3, PCNetSizes(width=32))):
        kind = architecture(sizes)
        info = Info(name=names[dims], architecture=kind, sizes=to_json(sizes), size=(48,) * dims)
        save(spare, info, build(sizes).state_dict())
    return {dims: spare / f"{name}.safetensors" for dims, name in names.items()}, "random"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--weights", type=Path, default=FOLDER)
    parser.add_argument("--only", metavar="SCENE", help="96² or another grid of the table")
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as spare:
        files, kind = weight_files(asked.weights, Path(spare))
        print(HEAD)
        for scene in scenes(files):
            if asked.only in (None, scene.name):
                for line in rows(scene, asked.repeats):
                    print(line, flush=True)
    threads = torch.get_num_threads()
    print(f"\n{machine('torch', 'ortools', 'PyMaxflow')}; {threads} threads, {kind} weights, ")
    print(f"{asked.repeats} repeats in turns with the floor, medians.")


if __name__ == "__main__":
    main()
