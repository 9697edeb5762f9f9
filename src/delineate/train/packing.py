"""Labelled images on disk into arrays: what training learns from and what it is validated on.

The only part of training that reads image files; a folder it has filled can be taken to a machine
that has no reader of images.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np

from ..bench.cases import Case, find_cases, read_case
from ..bench.targets import find_targets
from ..io import read, read_labels
from ..networks.window import around
from ..synth.recipe import Recipe
from ..synth.stream import box_with_margin
from ..types import Array, Float32, Mask
from ..volume import Volume
from .errors import TrainingError
from .packed import LABEL_MAPS, REAL, VALIDATION, WINDOWS, Packed, write_packed

T = TypeVar("T")

VALIDATED = ("acdc", "brats15", "curvas", "hippocampus", "wbc")
"""Data sets to validate on, which weights that are shipped never learn from."""

JOINED = ("brats15", "hippocampus")
"""Of these all labels together are the object: whole tumour, whole hippocampus."""

MOST = 24
"""Objects of a data set to validate on."""

MOST_WINDOWS = 12
"""Likewise, when clicks are made on them."""

AROUND = 2.2
"""Longest sides of the object, those of such a window."""

SLICES = 3
"""Of an object in a volume, when a 2D network is validated."""

EVERY = 5
"""Of a user's own images, one in so many is for validation."""


def pack(data: Path, out: Path, real: Iterable[str], dims: int, *, windows: bool = False) -> None:
    """Write what a recipe needs of a folder to `out`.

    Args:
        data: `train/<dataset>/<case>/` and `label_maps/`; or a user's own `images/` and `labels/`
            with files of the same names, a data set named like the folder.
        out: Made if it is not there.
        real: Data sets to learn from.
        dims: Of the network.
        windows: Whether it is validated on windows around objects, by clicks, instead of boxes.

    Raises:
        TrainingError: If a data set is not there.
        ImageError: If a file cannot be read.
    """
    if (data / "images").is_dir():
        items = _pairs(data)
        kept = [one for n, one in enumerate(items) if n % EVERY]
        held = [one for n, one in enumerate(items) if n % EVERY == 0]
    else:
        root = data / "train" if (data / "train").is_dir() else data
        kept = [one for name in real for one in _dataset(root, name)]
        held = [one for name in VALIDATED if (root / name).is_dir() for one in _dataset(root, name)]
    write_packed(out / REAL, kept)
    name = (WINDOWS if windows else VALIDATION)[dims]
    write_packed(out / name, _crops(held, dims, windows))
    maps = [_label_map(path) for path in sorted((data / "label_maps").rglob("*.nii.gz"))]
    write_packed(out / LABEL_MAPS, maps)


def _dataset(root: Path, name: str) -> list[Packed]:
    if not (root / name).is_dir():
        raise TrainingError(
            f"{root} has no data set {name!r} to learn from; leave it out by --set real=[]"
        )
    return [_case(case) for case in find_cases(root, datasets=[name])]


def _case(case: Case) -> Packed:
    """A case; where all labels are one object, they are joined."""
    image, labels = read_case(case)
    targets = find_targets(case, count=10**6, seed=0)
    if case.dataset in JOINED:
        labels = (labels > 0).astype(np.int64)
    named = dict(case.labels).values() if case.instances else (one.name for one in targets)
    return _packed(case.dataset, case.name, image, labels, sorted(set(named)))


def _pairs(data: Path) -> list[Packed]:
    found = []
    for path in sorted((data / "images").iterdir()):
        partner = data / "labels" / path.name
        if not partner.is_file():
            raise TrainingError(f"{path} has no labels: {partner} is not there")
        image = read(path)
        labels = np.zeros(image.shape, np.int64)
        names = []
        for label in read_labels(partner, like=image):
            labels[label.voxels.region.slices][label.voxels.mask()] = label.number
            names.append(label.name)
        found.append(_packed(data.name, path.name, image, labels, sorted(set(names))))
    return found


def _packed(
    dataset: str, case: str, image: Volume, labels: Array, classes: Sequence[str]
) -> Packed:
    flat = [axis for axis in range(3) if image.shape[axis] == 1]
    axis = flat[-1] if flat else max(range(3), key=lambda axis: (image.spacing[axis], axis))
    names = tuple(f"{dataset}: {name}" for name in classes)
    spacing = image.spacing
    return Packed(dataset, case, _grey(image), _compact(labels), axis, names, spacing)


def _grey(image: Volume) -> Float32:
    """Luminance of colours; the first of other channels."""
    count = len(image.data)
    return image.scalar(None if count in (1, 3) else 0)


def _compact(labels: Array) -> Array:
    """Labels from 1 on without gaps, in their order; 0 stays."""
    values = np.unique(labels)
    values = values[values != 0]
    return np.where(labels == 0, 0, np.searchsorted(values, labels) + 1).astype(np.int16)


def _label_map(path: Path) -> Packed:
    labels = _compact(np.rint(read(path).scalar()).astype(np.int64))
    return Packed("label_maps", path.name, np.zeros((1, 1, 1), np.float32), labels)


def _crops(items: Sequence[Packed], dims: int, windows: bool) -> list[Packed]:
    """Objects in their boxes with a margin drawn once, or in windows, so many of each data set."""
    smallest = Recipe().smallest
    found: dict[str, list[Packed]] = {}
    for item in items:
        if dims == 3 and min(item.labels.shape) == 1:
            continue
        for label in range(1, int(item.labels.max(initial=0)) + 1):
            mask = item.labels == label
            for part in _parts(mask, item.axis, smallest) if dims == 2 else [mask]:
                if np.count_nonzero(part) >= smallest:
                    own = found.setdefault(item.dataset, [])
                    own.append(_crop(item, part, None if windows else len(own)))
    most = MOST_WINDOWS if windows else MOST
    return [crop for own in found.values() for crop in _spread(own, most)]


def _parts(mask: Mask, axis: int, smallest: int) -> list[Mask]:
    """Slices of an object that are not among its smallest, alone in the volume's grid."""
    areas = np.moveaxis(mask, axis, 0).reshape(mask.shape[axis], -1).sum(axis=1)
    large = np.flatnonzero(areas >= max(smallest, 0.3 * areas.max(initial=0)))
    parts = []
    for at in _spread(large.tolist(), SLICES):
        part = np.zeros_like(mask)
        place = tuple(slice(at, at + 1) if a == axis else slice(None) for a in range(3))
        part[place] = mask[place]
        parts.append(part)
    return parts


def _crop(item: Packed, mask: Mask, seed: int | None) -> Packed:
    """Around an object, in a box with a margin by that seed; without one in a window."""
    where = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != item.axis)))
    image = item.image
    if len(where) == 1:
        image = np.take(image, where, item.axis)
        mask = np.take(mask, where, item.axis)
    box = _window(item, mask) if seed is None else _box(seed, mask)
    return Packed(
        item.dataset, item.case, image[box].copy(), mask[box].copy(), item.axis, item.classes,
        item.spacing,
    )  # fmt: skip


def _box(seed: int, mask: Mask) -> tuple[slice, ...]:
    low, high = box_with_margin(np.random.default_rng(seed), mask, Recipe())
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))


def _window(item: Packed, mask: Mask) -> tuple[slice, ...]:
    """A window with the object in the middle; of a slice, that slice."""
    order = (*(axis for axis in range(3) if axis != item.axis), item.axis)
    turned = mask.transpose(order)
    shape = turned.shape if turned.shape[2] > 1 else turned.shape[:2]
    where = np.argwhere(turned)[:, : len(shape)]
    ends = around(
        where.min(axis=0), where.max(axis=0) + 1, [item.spacing[axis] for axis in order],
        AROUND, np.zeros(len(shape)), shape,
    )  # fmt: skip
    box = [slice(None)] * 3
    for axis, (low, high) in zip(order, ends, strict=False):
        box[axis] = slice(low, high)
    return tuple(box)


def _spread(items: Sequence[T], most: int) -> list[T]:
    """At most so many items, evenly spread."""
    if len(items) <= most:
        return list(items)
    return [items[int(n)] for n in np.linspace(0, len(items) - 1, most).round()]
