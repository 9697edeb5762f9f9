"""Labelled images as arrays in one file, so that training needs no reader of images."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..types import Array, Float32, Spacing
from .errors import TrainingError

REAL, LABEL_MAPS = "real.npz", "label_maps.npz"
VALIDATION = {2: "validation_2d.npz", 3: "validation_3d.npz"}
WINDOWS = {2: "windows_2d.npz", 3: "windows_3d.npz"}
"""To validate a network on that reads clicks."""


@dataclass(frozen=True)
class Packed:
    """One labelled image, or a crop of one.

    Attributes:
        dataset: Where it is from.
        case: Its name there.
        image: `(I, J, K)` float32, one channel.
        labels: `(I, J, K)` int16, objects from 1 on.
        axis: Across slices: that of the coarsest spacing, or of the single slice.
        classes: What its labels are, by name.
        spacing: Of I, J and K in mm.
    """

    dataset: str
    case: str
    image: Float32
    labels: Array
    axis: int = 2
    classes: tuple[str, ...] = ()
    spacing: Spacing = (1.0, 1.0, 1.0)

    @property
    def key(self) -> str:
        """Data set and case, which tell whether two are of the same image."""
        return f"{self.dataset}/{self.case}"


def write_packed(path: Path, items: Sequence[Packed]) -> None:
    """Write labelled images to one `.npz` file."""
    index = [
        {
            "dataset": one.dataset,
            "case": one.case,
            "axis": one.axis,
            "classes": one.classes,
            "spacing": one.spacing,
        }
        for one in items
    ]
    arrays: dict[str, Array] = {"index": np.array(json.dumps(index))}
    for n, one in enumerate(items):
        arrays[f"image_{n}"] = one.image.astype(np.float32)
        arrays[f"labels_{n}"] = one.labels.astype(np.int16)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    with beside.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    beside.replace(path)


def read_packed(path: Path) -> tuple[Packed, ...]:
    """The labelled images in a file that `write_packed` wrote.

    Raises:
        TrainingError: If it is not such a file.
    """
    try:
        with np.load(path, allow_pickle=False) as held:
            return tuple(
                Packed(
                    dataset=one["dataset"],
                    case=one["case"],
                    image=held[f"image_{n}"],
                    labels=held[f"labels_{n}"],
                    axis=one["axis"],
                    classes=tuple(one["classes"]),
                    spacing=tuple(one.get("spacing", (1.0, 1.0, 1.0))),
                )
                for n, one in enumerate(json.loads(str(held["index"])))
            )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise TrainingError(f"{path} does not hold packed images: {error!r}") from error
