"""An automatic U-Net, the same network without guidance, trained on the same cases.

The other side of the paper's tables III and IV: it labels every slice by itself.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from delineate.bench.cases import Case, find_cases, read_case
from delineate.bench.metrics import score
from delineate.networks.unet import UNet, UNetSizes
from delineate.networks.window import grid_shape
from delineate.synth.fields import resize
from delineate.train.crops import normalised
from delineate.train.machine import Run, choose_precision
from delineate.types import Array, Float32

SIZE = 128
BATCH, RATE, SEED = 16, 1e-4, 4242


@dataclass(frozen=True)
class Slices:
    """The slices of a case.

    Attributes:
        case: The case.
        axis: Across slices.
        images: `(slices, I, J)`, as they are.
        labels: Likewise, numbers of the classes.
        spacing: Of the volume in mm.
    """

    case: Case
    axis: int
    images: Float32
    labels: Array
    spacing: tuple[float, float, float]


def read_slices(folder: Path, dataset: str) -> list[Slices]:
    """Every case of a data set, slice by slice."""
    found = []
    for case in find_cases(folder, datasets=(dataset,)):
        image, labels = read_case(case)
        axis = image.geometry.slice_axis
        grey = image.scalar(None if len(image.data) in (1, 3) else 0)
        found.append(
            Slices(case, axis, np.moveaxis(grey, axis, 0), np.moveaxis(labels, axis, 0),
                   image.spacing)
        )  # fmt: skip
    return found


def train(cases: Sequence[Slices], classes: Sequence[int], width: int, samples: int) -> nn.Module:
    """A U-Net that tells the classes apart: soft Dice with squares over them, Adam.

    In the precision that the guided networks are trained in here.
    """
    low = choose_precision(Run(accelerator="cpu")) == "bf16"
    layout = torch.channels_last if low else torch.contiguous_format
    rng = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    net = UNet(UNetSizes(channels=1, classes=len(classes) + 1, width=width)).to(
        memory_format=layout
    )
    optimiser = torch.optim.Adam(net.parameters(), lr=RATE)
    places = [_fit(one, at, classes) for one in cases for at in range(len(one.images))]
    for _ in range(-(-samples // BATCH)):
        drawn = [places[int(rng.integers(len(places)))] for _ in range(BATCH)]
        pairs = [_turned(rng, *one) for one in drawn]
        images, wanted = (torch.from_numpy(np.stack(part)) for part in zip(*pairs, strict=True))
        truth = nn.functional.one_hot(wanted, len(classes) + 1).movedim(-1, 1).float()
        with torch.autocast("cpu", torch.bfloat16, enabled=low):
            answer = net(images[:, None].contiguous(memory_format=layout))
        found = answer.float().softmax(dim=1)
        both = (found * truth)[:, 1:].sum(dim=(0, 2, 3))
        size = (found**2)[:, 1:].sum(dim=(0, 2, 3)) + truth[:, 1:].sum(dim=(0, 2, 3))
        value = (1 - (2 * both + 1) / (size + 1)).mean()
        optimiser.zero_grad()
        value.backward()
        optimiser.step()
    return net.eval()


def labelled(net: nn.Module, one: Slices, classes: Sequence[int]) -> Array:
    """The classes that the network finds in each slice, on the image's own grid."""
    out = np.zeros(one.labels.shape, np.int64)
    for at, image in enumerate(one.images):
        shape = _grid(one)
        seen, inner = _fitted(resize(image, shape))
        with torch.no_grad():
            found = net(torch.from_numpy(normalised_in(seen, inner))[None, None]).softmax(dim=1)[0]
        back = [resize(part, image.shape) for part in found.numpy()[:, inner[0], inner[1]]]
        out[at] = np.array([0, *classes])[np.argmax(back, axis=0)]
    return out


def measured(held: Path, learn: Path, dataset: str, width: int, samples: int, out: Path) -> Path:
    """Train on a fold and measure it on the cases left out: one JSON line an object."""
    path = out / f"automatic-{dataset}-{held.parent.name}.jsonl"
    if path.is_file():
        return path
    cases = read_slices(learn, dataset)
    classes = sorted({int(v) for one in cases for v in np.unique(one.labels)} - {0})
    net = train(cases, classes, width, samples)
    lines = []
    for one in read_slices(held, dataset):
        found = np.moveaxis(labelled(net, one, classes), 0, one.axis)
        truth = np.moveaxis(one.labels, 0, one.axis)
        for value in classes:
            if (truth == value).any():
                scores = score(found == value, truth == value, one.spacing)
                name = dict(one.case.labels).get(value, str(value))
                key = [dataset, one.case.name, name]
                lines.append(json.dumps({"key": key, **asdict(scores)}))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def normalised_in(seen: Float32, inner: tuple[slice, slice]) -> Float32:
    """A slice of mean 0 and deviation 1, and 0 beside it."""
    out = np.zeros_like(seen)
    out[inner] = normalised(seen[inner])
    return out


def _fit(one: Slices, at: int, classes: Sequence[int]) -> tuple[Float32, Array]:
    """A slice and its classes on the network's grid."""
    shape = _grid(one)
    seen, inner = _fitted(resize(one.images[at], shape))
    parts = [np.zeros(shape, np.float32)]
    parts += [resize((one.labels[at] == value).astype(np.float32), shape) for value in classes]
    parts[0] = 1 - np.sum(parts[1:], axis=0, dtype=np.float32)
    wanted = np.zeros((SIZE, SIZE), np.int64)
    wanted[inner] = np.argmax(parts, axis=0)
    return normalised_in(seen, inner), wanted


def _turned(rng: np.random.Generator, image: Float32, wanted: Array) -> tuple[Float32, Array]:
    axes = tuple(axis for axis in range(2) if rng.random() < 0.5)
    image, wanted = np.flip(image, axes), np.flip(wanted, axes)
    if rng.random() < 0.5:
        image, wanted = image.T, wanted.T
    return np.ascontiguousarray(image), np.ascontiguousarray(wanted)


def _grid(one: Slices) -> tuple[int, ...]:
    steps = [s for axis, s in enumerate(one.spacing) if axis != one.axis]
    return grid_shape(one.images.shape[1:], steps, SIZE)[0]


def _fitted(image: Float32) -> tuple[Float32, tuple[slice, slice]]:
    """In the middle of the grid, and where."""
    first = [(SIZE - n) // 2 for n in image.shape]
    rows, columns = (slice(a, a + n) for a, n in zip(first, image.shape, strict=True))
    out = np.zeros((SIZE, SIZE), np.float32)
    out[rows, columns] = image
    return out, (rows, columns)
