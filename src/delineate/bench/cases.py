"""Labelled images on disk: `<dataset>/<case>/{image.*, label.*, meta.json}`."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UnreadableImage
from ..io import read, read_labels
from ..types import Array
from ..volume import Volume
from .draws import generator
from .errors import BenchError

PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")


@dataclass(frozen=True)
class Case:
    """One labelled image.

    Args:
        dataset: Name of the folder it lies in.
        name: Name of its own folder.
        folder: Where it is.
        picture: Whether it is a picture rather than a volume.
        labels: Name of each label, by its value.
        instances: Whether each label is one of many alike, such as a cell.
        model: Whether a model made the truth, so that no score on it may be reported.
    """

    dataset: str
    name: str
    folder: Path
    picture: bool
    labels: tuple[tuple[int, str], ...] = ()
    instances: bool = False
    model: bool = False

    @classmethod
    def read(cls, folder: Path) -> "Case":
        """What the folder's `meta.json` says.

        Raises:
            UnreadableImage: If it cannot be read.
        """
        try:
            meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
            labels = tuple((int(value), str(name)) for value, name in meta["labels"].items())
        except (OSError, ValueError, KeyError, AttributeError) as error:
            raise UnreadableImage(
                f"{folder / 'meta.json'} is not a description of a case: {error!r}"
            ) from error
        return cls(
            dataset=folder.parent.name,
            name=folder.name,
            folder=folder,
            picture=_is_picture(folder, meta),
            labels=labels,
            instances=bool(meta.get("instance_labels")),
            model=str(meta.get("ground_truth", "")).startswith("model"),
        )

    def image(self) -> Volume:
        """The image; further channels are in files named `image_*`."""
        return read([_only(self.folder, "image"), *sorted(self.folder.glob("image_*"))])

    def label_map(self, stem: str, image: Volume) -> Array:
        """The labels in the file `stem.*`, on the grid of the image, `(I, J, K)` int64.

        Raises:
            ImageError: If there is no such file, it holds no labels, or its grid is another.
        """
        out = np.zeros(image.shape, np.int64)
        for label in read_labels(_only(self.folder, stem), like=image):
            region = label.voxels.region
            out[region.slices][label.voxels.mask()] = label.number
        return out

    def has(self, stem: str) -> bool:
        """Whether there is a file `stem.*`."""
        return any(self.folder.glob(f"{stem}.*"))


@lru_cache(maxsize=1)
def read_case(case: Case, stem: str = "label") -> tuple[Volume, Array]:
    """The image of a case and the label map in its file `stem.*`, which nobody may change.

    Raises:
        ImageError: If one of them cannot be read, or they are not on one grid.
    """
    image = case.image()
    labels = case.label_map(stem, image)
    labels.flags.writeable = False
    return image, labels


def find_cases(
    root: Path,
    *,
    datasets: Iterable[str] = (),
    limit: int | None = None,
    seed: int = 0,
    dims: int = 2,
    truth: str = "expert",
) -> tuple[Case, ...]:
    """The cases to measure, sorted by data set and name.

    Args:
        root: A folder of data sets, one data set, or one case.
        datasets: Only these; all if empty.
        limit: At most so many cases of each data set, drawn with the seed.
        seed: Of that draw.
        dims: 3 leaves pictures out.
        truth: "expert" leaves out cases whose truth a model made.

    Raises:
        BenchError: If the folder holds no case, no such data set, or none is left.
        UnreadableImage: If a `meta.json` cannot be read.
    """
    folders = _folders(root)
    known = sorted({folder.parent.name for folder in folders})
    wanted = set(datasets)
    if wanted - set(known):
        missing = ", ".join(sorted(wanted - set(known)))
        raise BenchError(f"{root} has no data set {missing}; it has: {', '.join(known)}")
    cases = [Case.read(f) for f in folders if not wanted or f.parent.name in wanted]
    kept = [
        case
        for case in cases
        if (dims == 2 or not case.picture) and (truth == "all" or not case.model)
    ]
    if not kept:
        raise BenchError(
            f"none of the {len(cases)} cases in {root} is left: {dims}D, {truth} truth"
        )
    return tuple(case for name in known for case in _drawn(kept, name, limit, seed))


def _drawn(cases: list[Case], dataset: str, limit: int | None, seed: int) -> list[Case]:
    own = sorted((case for case in cases if case.dataset == dataset), key=lambda case: case.name)
    if limit is None or len(own) <= limit:
        return own
    chosen = generator(seed, "limit", dataset).permutation(len(own))[:limit]
    return [own[number] for number in sorted(chosen)]


def _folders(root: Path) -> list[Path]:
    root = root.resolve()
    if not root.is_dir():
        raise BenchError(f"{root} is not a folder of cases")
    for pattern in ("meta.json", "*/meta.json", "*/*/meta.json"):
        found = sorted(path.parent for path in root.glob(pattern))
        if found:
            return found
    raise BenchError(f"{root} holds no case: there is no <dataset>/<case>/meta.json below it")


def _only(folder: Path, stem: str) -> Path:
    found = sorted(folder.glob(f"{stem}.*"))
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise UnreadableImage(f"{folder} must have one file {stem}.*, it has {names}")
    return found[0]


def _is_picture(folder: Path, meta: dict[str, Any]) -> bool:
    if "dims" in meta:
        return int(meta["dims"]) == 2
    return any(path.suffix.lower() in PICTURES for path in folder.glob("image.*"))
