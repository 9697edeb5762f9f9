"""Open an existing segmentation as objects: their voxels, names and colours."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import ImageError
from ..region import index3
from ..types import Array
from ..volume import Volume
from ..voxels import Voxels
from .formats import recognise
from .reading import load, refusing
from .segments import Segment
from .stored import Stored

_DENSE = 65535


@dataclass(frozen=True)
class Label:
    """One object of a segmentation.

    Args:
        number: Its value in the file.
        name: What the file calls it, else "label 3".
        colour: "#rrggbb", or none.
        voxels: On the grid of the file; may be empty where the file names it all the same.
    """

    number: int
    name: str
    colour: str | None
    voxels: Voxels


def read_labels(path: str | os.PathLike[str], like: Volume | None = None) -> tuple[Label, ...]:
    """The objects of a segmentation, by number; 0 is background.

    NIfTI, NRRD (and `.seg.nrrd` of 3D Slicer, whose objects may overlap), MetaImage, PNG and TIFF;
    with `like` also DICOM SEG and RTSTRUCT.
    Names and colours are those that `write` kept, or 3D Slicer. Where 3D Slicer put overlapping
    objects into layers they are numbered anew, in its order.

    Args:
        path: The file.
        like: The image that it belongs to.

    Raises:
        GeometryMismatch: If it does not lie on the grid of `like`; the message says how.
        UnreadableImage: As in `read`.
        ImageError: If the voxels are not whole numbers from 0 up, or there are several channels.
    """
    place = Path(path)
    with refusing(place):
        if like is not None and not place.is_dir() and recognise(place) == "dicom":
            found = _from_dicom(place, like)
            if found is not None:
                return found
        stored = load(place, indices=True)
        if like is not None:
            like.geometry.check_matches(stored.geometry, "the segmentation")
        if len(stored.voxels) > 1:
            return _layers(stored)
        return _objects(_whole(stored), {segment.number: segment for segment in stored.segments})


def is_segmentation(path: Path) -> bool:
    """Whether a file is a DICOM SEG or RTSTRUCT."""
    from .frames import uid

    try:
        with refusing(path):
            return recognise(path) == "dicom" and uid(path) in _readers()
    except ImageError:
        return False


def _from_dicom(path: Path, like: Volume) -> tuple[Label, ...] | None:
    """The objects of a DICOM SEG or RTSTRUCT, numbered as they are there; None for an image."""
    from .frames import uid

    reader = _readers().get(uid(path))
    if reader is None:
        return None
    return tuple(Label(s.number, s.name, s.colour, v) for s, v in reader(path, like))


def _readers() -> dict[str, Callable[[Path, Volume], list[tuple[Segment, Voxels]]]]:
    """What reads DICOM objects, by their SOP class."""
    from . import segmentation, structures

    return {
        segmentation.CLASS: segmentation.read_segmentation,
        structures.CLASS: structures.read_structures,
    }


def _whole(stored: Stored) -> Array:
    """The label map, `(I, J, K)` integers."""
    voxels: Array = stored.voxels[0]
    if (stored.slope, stored.intercept) != (1, 0):
        voxels = voxels * stored.slope + stored.intercept
    if voxels.dtype.kind == "f":
        wrong = ~np.isfinite(voxels) | (voxels != np.round(voxels))
        if wrong.any():
            raise ImageError(
                f"{int(wrong.sum())} voxels are not whole numbers, the first is "
                f"{voxels[wrong][0]:g}; a segmentation holds the numbers of labels"
            )
    if voxels.min() < 0:
        raise ImageError(f"labels are numbered from 0 up, got {voxels.min():g}")
    return voxels if voxels.dtype.kind in "biu" else voxels.astype(np.int64)


def _objects(labels: Array, segments: Mapping[int, Segment]) -> tuple[Label, ...]:
    boxes = _boxes(labels)
    found = []
    for number in sorted({*boxes, *segments}):
        segment = segments.get(number) or Segment(number, f"label {number}")
        voxels = Voxels.of([])
        if number in boxes:
            box = boxes[number]
            low = index3(b.start for b in box)
            voxels = Voxels.from_mask(labels[box] == number, low)
        found.append(Label(number, segment.name, segment.colour, voxels))
    return tuple(found)


def _boxes(labels: Array) -> dict[int, tuple[slice, ...]]:
    """Where each label lies."""
    from scipy.ndimage import find_objects

    if labels.dtype == bool:
        labels = labels.view(np.uint8)
    numbers = range(1, int(labels.max()) + 1)
    if len(numbers) > _DENSE:
        values, dense = np.unique(labels, return_inverse=True)
        labels, numbers = dense.reshape(labels.shape) + (values[0] > 0), values[values > 0].tolist()
    boxes = find_objects(labels.astype(np.int32, copy=False))
    return {int(n): box for n, box in zip(numbers, boxes, strict=True) if box is not None}


def _layers(stored: Stored) -> tuple[Label, ...]:
    """Objects that may overlap, one channel a layer, as in a `.seg.nrrd`."""
    if not stored.segments:
        raise ImageError(
            f"it has {len(stored.voxels)} channels and names no labels; a segmentation has one "
            "channel"
        )
    found = []
    for number, segment in enumerate(stored.segments, 1):
        if segment.layer >= len(stored.voxels):
            raise ImageError(f"{segment.name} is in layer {segment.layer}, which is not there")
        voxels = Voxels.from_mask(stored.voxels[segment.layer] == segment.number)
        found.append(Label(number, segment.name, segment.colour, voxels))
    return tuple(found)
