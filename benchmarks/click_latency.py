"""How long a click and a preview take, and how much of it is not the network.

    python benchmarks/click_latency.py [--weights-2d NAME] [--weights-3d NAME] [--write]

Each row is one image with a soft ball in noise, its object clicked as a user would: a first click,
which opens the image too, five further ones, then a placed click dragged. Seconds are medians by
the clock; shares are of processor time, which others on the machine do not change, between all of
a click and the network's forward passes in it. The last column is a bare forward pass on the same
inputs in a loop of its own. With `--write` the table in docs/clicks.md is replaced.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import torch
from contest import machine
from pages import DOCS, markdown, put

from delineate import Click, Session, Volume
from delineate.errors import DelineateError
from delineate.methods.click_fcn import ClickFCN
from delineate.methods.guided import Guided
from delineate.types import Float32

PAGE = DOCS / "clicks.md"
SCENES: dict[str, tuple[tuple[int, ...], float]] = {
    "2D 256 x 256": ((256, 256), 0.45),
    "2D 512 x 512": ((512, 512), 0.45),
    "3D 96 x 96 x 96": ((96, 96, 96), 0.45),
    "3D 128 x 128 x 128": ((128, 128, 128), 0.45),
    "3D 512 x 512 x 300": ((512, 512, 300), 0.3),
}
"""Shape, and radius of the object as a share of half of each side."""

LIMITS = {"2D 256 x 256": 0.15, "3D 96 x 96 x 96": 2.0}
"""Seconds of a later click on two cores."""

OUTSIDE = 0.15
CLICKS, DRAGS, ROUNDS = 6, 10, 3


@dataclass
class Watch:
    """Seconds of the processor in forward passes, how many there were, and the last input."""

    seconds: float = 0.0
    passes: int = 0
    inputs: list[tuple[Guided, Float32]] = field(default_factory=list)


@dataclass(frozen=True)
class Taken:
    """One answer: seconds by the clock and of the processor, and what of them was the network."""

    clock: float
    processor: float
    network: float
    passes: int


def scene(shape: tuple[int, ...], radius: float) -> Volume:
    """A bright ball with a soft rim in the middle."""
    rng = np.random.default_rng(0)
    steps = np.ogrid[tuple(slice(-1, 1, n * 1j) for n in shape)]
    away = np.sqrt(sum((step.astype(np.float32) / radius) ** 2 for step in steps))
    image = rng.standard_normal(shape, dtype=np.float32)
    image *= 15
    image += 100 / (1 + np.exp(np.clip(12 * (away - 1), -30, 30)))
    return Volume.from_array(image)


def clicks(volume: Volume, radius: float) -> list[Click]:
    """One in the middle, then alternately outside and inside near the rim."""
    rng = np.random.default_rng(1)
    middle = np.array(volume.shape) / 2
    found = [Click(tuple(int(i) for i in middle))]
    for number in range(1, CLICKS):
        inside = number % 2 == 0
        way = rng.standard_normal(3) * (np.array(volume.shape) > 1)
        way /= np.linalg.norm(way)
        at = middle + way * (0.85 if inside else 1.2) * radius * middle
        found.append(Click(tuple(int(i) for i in at), inside=inside))
    return found


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Count what `Guided` gives to the network."""
    plain = Guided.logits

    def logits(self: Guided, inputs: Float32) -> torch.Tensor:
        began = time.process_time()
        found = plain(self, inputs)
        watch.seconds += time.process_time() - began
        watch.passes += 1
        watch.inputs = [(self, inputs)]
        return found

    Guided.logits = logits  # type: ignore[method-assign]
    try:
        yield
    finally:
        Guided.logits = plain  # type: ignore[method-assign]


def taken(watch: Watch, work: Callable[[], Any]) -> Taken:
    watch.seconds, watch.passes = 0.0, 0
    began, clock = time.process_time(), time.perf_counter()
    work()
    clock, processor = time.perf_counter() - clock, time.process_time() - began
    return Taken(clock, processor, watch.seconds, watch.passes)


def measure(method: ClickFCN, shape: tuple[int, ...], radius: float) -> dict[str, list[Taken]]:
    """First clicks, later clicks, and a placed click dragged; and bare forward passes."""
    volume = scene(shape, radius)
    said = clicks(volume, radius)
    found: dict[str, list[Taken]] = {"first": [], "later": [], "preview": [], "bare": []}
    watch = Watch()
    with watched(watch):
        for number in range(ROUNDS + 1):
            session = Session(volume, method)
            first = taken(watch, partial(session.add, said[0]))
            later = [taken(watch, partial(session.add, one)) for one in said[1:]]
            drags = [
                taken(watch, partial(session.preview, one, replacing=CLICKS))
                for one in _dragged(said[-1], volume)
            ]
            if number:
                found["first"].append(first)
                found["later"] += later
                found["preview"] += drags
    guided, inputs = watch.inputs[0]
    for _ in range(5):
        found["bare"].append(taken(Watch(), partial(guided.logits, inputs)))
    return found


def row(name: str, found: dict[str, list[Taken]]) -> list[str]:
    middle = {kind: statistics.median(t.clock for t in own) for kind, own in found.items()}
    limit = LIMITS.get(name)
    later = f"{middle['later']:.3f}" + ("" if limit is None else f" (limit {limit:g})")
    cells = [name, f"{middle['first']:.3f}", later, f"{middle['preview']:.3f}",
             f"{1 / middle['preview']:.1f}"]  # fmt: skip
    for kind in ("first", "later", "preview"):
        own = found[kind]
        share = 1 - sum(t.network for t in own) / sum(t.processor for t in own)
        passes = statistics.mean(t.passes for t in own)
        cells += [f"{100 * share:.0f} %" + (" **over**" if share > OUTSIDE else ""),
                  f"{passes:.1f}"]  # fmt: skip
    cells += [f"{middle['later'] / middle['bare']:.2f}", f"{middle['bare']:.4f}"]
    return cells


def _dragged(click: Click, volume: Volume) -> list[Click]:
    """The same click a voxel further each time, towards the middle."""
    at, middle = np.array(click.at, float), np.array(volume.shape) / 2
    way = (middle - at) / max(np.linalg.norm(middle - at), 1)
    return [
        Click(tuple(int(i) for i in np.rint(at + n * way)), inside=click.inside)
        for n in range(1, DRAGS + 1)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights-2d", default="", help="a name or file; default: shipped")
    parser.add_argument("--weights-3d", default="", help="a name or file; default: shipped")
    parser.add_argument("--only", choices=[*SCENES], action="append")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    rows = []
    for name in asked.only or SCENES:
        shape, radius = SCENES[name]
        weights = asked.weights_2d if len(shape) == 2 else asked.weights_3d
        rows.append(row(name, measure(ClickFCN(weights=weights), shape, radius)))
        print("; ".join(rows[-1]), flush=True)
    head = ["image", "first click, s", "later click, s", "preview, s", "previews a second"]
    for kind in ("first", "later", "preview"):
        head += [f"{kind}: outside the network", "passes"]
    head += ["later click / bare pass", "bare pass, s"]
    threads = torch.get_num_threads()
    body = f"{markdown(head, rows)}\n\nMeasured {machine('torch')}, {threads} threads."
    print(body)
    if asked.write:
        put(PAGE, "latency", body)


if __name__ == "__main__":
    try:
        main()
    except DelineateError as error:
        sys.exit(f"click_latency.py: {error}")
