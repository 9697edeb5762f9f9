"""DICOM Segmentation objects (SEG), written by highdicom, read by pydicom.

DICOM PS3.3, A.51. Binary, one segment an object; segments may overlap.
"""

import os
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, MissingExtra
from ..types import Array, Float64, Int64
from ..volume import Volume
from ..voxels import Voxels
from .frames import headers, pydicom, text
from .segments import Segment

CLASS = "1.2.840.10008.5.1.4.1.1.66.4"
_OFF = 0.05


def write_segmentation(
    objects: Mapping[int, tuple[str, str | None, Voxels]],
    path: str | os.PathLike[str],
    *,
    like: Volume,
) -> None:
    """Write objects as a DICOM SEG that refers to the image's series.

    Args:
        objects: By number: name, colour ("#rrggbb" or none) and voxels; none may be empty.
        path: The file to write.
        like: The image, as it was read from DICOM.

    Raises:
        ImageError: If the image is not from DICOM, or an object is empty.
        MissingExtra: If highdicom is not there.
    """
    try:
        import highdicom as hd
    except ImportError as error:
        raise MissingExtra(
            'a DICOM SEG is written with highdicom: pip install "delineate[serve]"'
        ) from error
    _check(objects)
    source = headers(like, pixels=False)
    stack = np.zeros((like.shape[2], like.shape[1], like.shape[0], len(objects)), np.uint8)
    for place, (_, _, voxels) in enumerate(objects.values()):
        i, j, k = voxels.region.slices
        stack[k, j, i, place] = voxels.mask().T
    descriptions = [
        _description(hd, place, name, colour)
        for place, (name, colour, _) in enumerate(objects.values(), 1)
    ]
    _complete(source, like)
    try:
        made = _made(hd, source, stack, descriptions)
    except (AttributeError, ValueError) as error:
        raise ImageError(
            f"the image's DICOM files lack something that a segmentation must repeat: {error}"
        ) from error
    made.SeriesDescription = "Segmentation"
    made.save_as(path, enforce_file_format=True)


def read_segmentation(path: Path, like: Volume) -> list[tuple[Segment, Voxels]]:
    """The segments of a DICOM SEG, on the grid of an image.

    Args:
        path: The file.
        like: The image.

    Raises:
        ImageError: If it is not a binary SEG, or its frames do not lie on the image's slices.
    """
    found = pydicom().dcmread(path)
    if str(found.SOPClassUID) != CLASS or str(found.SegmentationType) != "BINARY":
        raise ImageError("it is not a binary DICOM segmentation; save it as one")
    count = int(found.get("NumberOfFrames", 1))
    if int(found.Rows) * int(found.Columns) * count > 8 * max(1, _bytes(found)):
        raise ImageError(f"it says it has {count} frames, more than its bytes hold")
    planes = found.pixel_array.reshape(count, int(found.Rows), int(found.Columns))
    indices: dict[int, list[Int64]] = {}
    for plane, own in zip(planes, found.PerFrameFunctionalGroupsSequence, strict=True):
        which = _group(found, own, "SegmentIdentificationSequence")
        number = int(which.ReferencedSegmentNumber)
        indices.setdefault(number, []).append(_indices(plane, _affine(found, own), like))
    objects = []
    for segment in found.SegmentSequence:
        number = int(segment.SegmentNumber)
        at = np.concatenate(indices.get(number, [np.zeros((0, 3), np.int64)]))
        colour = _rgb(segment.get("RecommendedDisplayCIELabValue"))
        name = str(segment.get("SegmentLabel", f"label {number}"))
        objects.append((Segment(number, name, colour), Voxels.of(at)))
    return objects


def _check(objects: Mapping[int, tuple[str, str | None, Voxels]]) -> None:
    for name, _, voxels in objects.values():
        if not len(voxels):
            raise ImageError(f"{name} is empty; DICOM has no room for an object without voxels")


def _made(hd: Any, source: list[Any], stack: Array, descriptions: list[Any]) -> Any:
    return hd.seg.Segmentation(
        source, stack, hd.seg.SegmentationTypeValues.BINARY, descriptions,
        series_instance_uid=hd.UID(), series_number=_number(source), sop_instance_uid=hd.UID(),
        instance_number=1, manufacturer="delineate", manufacturer_model_name="delineate",
        software_versions=version("delineate"), device_serial_number="0",
        content_label="SEGMENTATION", omit_empty_frames=True,
    )  # fmt: skip


def _description(hd: Any, number: int, name: str, colour: str | None) -> Any:
    codes = pydicom().sr.codedict.codes
    family = codes.cid7162.ArtificialIntelligence
    how = hd.AlgorithmIdentificationSequence("delineate", family, version("delineate"))
    rgb = [int(colour[n : n + 2], 16) for n in (1, 3, 5)] if colour else None
    shown = hd.color.CIELabColor.from_rgb(*rgb) if rgb else None
    return hd.seg.SegmentDescription(
        number, text(name, 64), codes.SCT.Tissue, codes.SCT.Tissue,
        hd.seg.SegmentAlgorithmTypeValues.SEMIAUTOMATIC, how, display_color=shown,
    )  # fmt: skip


def _complete(source: list[Any], like: Volume) -> None:
    """Attributes that must be there, though those of patient and study may be empty."""
    for one in source:
        if len(source) > 1 and "SliceThickness" not in one:
            one.SliceThickness = f"{like.spacing[2]:.8g}"
        for name in (
            "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "StudyID", "StudyDate",
            "StudyTime", "AccessionNumber", "ReferringPhysicianName",
        ):  # fmt: skip
            if name not in one:
                setattr(one, name, None)


def _number(source: list[Any]) -> int:
    return int(source[0].get("SeriesNumber") or 0) % 10_000 + 1000


def _bytes(found: Any) -> int:
    return len(found.get("PixelData", b""))


def _group(found: Any, own: Any, name: str) -> Any:
    """What is said of a frame, or of all frames together, as of the segment if there is but one."""
    shared = found.get("SharedFunctionalGroupsSequence")
    for place in (own, *(shared or ())[:1]):
        if name in place:
            return getattr(place, name)[0]
    raise ImageError(f"its frames have no {name}, so they cannot be placed")


def _affine(found: Any, own: Any) -> Float64:
    """From column and row of one frame to RAS+ mm, `(4, 4)`; its third axis is the normal."""
    place = np.array(_group(found, own, "PlanePositionSequence").ImagePositionPatient, np.float64)
    turn = np.array(
        _group(found, own, "PlaneOrientationSequence").ImageOrientationPatient, np.float64
    )
    rows, columns = (float(v) for v in _group(found, own, "PixelMeasuresSequence").PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = turn[:3] * columns, turn[3:] * rows
    affine[:3, 2] = np.cross(turn[:3], turn[3:])
    affine[:3, 3] = place
    return np.diag([-1.0, -1, 1, 1]) @ affine


def _indices(plane: Any, affine: Float64, like: Volume) -> Int64:
    """Indices in the image of a frame's set pixels, `(N, 3)`.

    Raises:
        ImageError: If the frame does not lie on the image's voxels.
    """
    rows, columns = np.nonzero(plane)
    if not len(rows):
        return np.zeros((0, 3), np.int64)
    at = np.stack([columns, rows, np.zeros_like(rows)], axis=1) @ affine[:3, :3].T + affine[:3, 3]
    exact = like.geometry.to_index(at)
    near = np.round(exact)
    off = float(np.abs(exact - near).max())
    if off > _OFF:
        raise ImageError(
            f"its frames lie up to {off:.2f} voxels beside the image's; it belongs to another image"
        )
    index: Int64 = near.astype(np.int64)
    if (index < 0).any() or (index >= np.array(like.shape)).any():
        raise ImageError("it reaches outside the image; it belongs to another image")
    return index


def _rgb(lab: Any) -> str | None:
    """A colour that DICOM keeps as CIELab, as "#rrggbb"."""
    if lab is None or len(lab) != 3:
        return None
    from skimage.color import lab2rgb

    scaled = [lab[0] / 65535 * 100, lab[1] / 65535 * 255 - 128, lab[2] / 65535 * 255 - 128]
    red, green, blue = np.round(np.clip(lab2rgb([[scaled]])[0, 0], 0, 1) * 255).astype(int)
    return f"#{red:02x}{green:02x}{blue:02x}"
