"""DICOM structure sets (RTSTRUCT) by pydicom: outlines of objects, slice by slice.

DICOM PS3.3, A.19. Contours run midway between voxels in and out; a hole is a contour of its
own, and what an even number of contours encloses is outside.
"""

import os
from collections.abc import Mapping
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError
from ..region import Region, index3
from ..types import Float64, Mask
from ..volume import Volume
from ..voxels import Voxels
from .frames import headers, pydicom, text
from .segments import Segment

CLASS = "1.2.840.10008.5.1.4.1.1.481.3"
_OFF = 0.3
_LPS = np.array([-1.0, -1.0, 1.0])


def write_structures(
    objects: Mapping[int, tuple[str, str | None, Voxels]],
    path: str | os.PathLike[str],
    *,
    like: Volume,
) -> None:
    """Write objects as an RTSTRUCT that refers to the image's series.

    Args:
        objects: By number: name, colour ("#rrggbb" or none) and voxels.
        path: The file to write.
        like: The image, as it was read from DICOM.

    Raises:
        ImageError: If the image is not from DICOM.
    """
    source = headers(like)
    library = pydicom()
    out = _head(library, source[0])
    frame = str(source[0].get("FrameOfReferenceUID") or library.uid.generate_uid())
    out.ReferencedFrameOfReferenceSequence = [_referenced(library, source, frame)]
    out.StructureSetROISequence, out.ROIContourSequence = [], []
    out.RTROIObservationsSequence = []
    for number, (name, colour, voxels) in objects.items():
        roi = _dataset(
            library, ROINumber=number, ReferencedFrameOfReferenceUID=frame,
            ROIName=text(name, 64), ROIGenerationAlgorithm="SEMIAUTOMATIC",
        )  # fmt: skip
        out.StructureSetROISequence.append(roi)
        drawn = _dataset(library, ReferencedROINumber=number)
        if colour:
            drawn.ROIDisplayColor = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
        drawn.ContourSequence = [
            _contour(library, points, source[k] if len(source) > 1 else source[0])
            for k, points in _contours(voxels, like)
        ]
        out.ROIContourSequence.append(drawn)
        seen = _dataset(library, ObservationNumber=number, ReferencedROINumber=number,
                        RTROIInterpretedType="", ROIInterpreter="")  # fmt: skip
        out.RTROIObservationsSequence.append(seen)
    out.save_as(path, enforce_file_format=True)


def read_structures(path: Path, like: Volume) -> list[tuple[Segment, Voxels]]:
    """The structures of an RTSTRUCT, on the grid of an image.

    A voxel belongs to a structure if its centre is inside an odd number of its contours.

    Args:
        path: The file.
        like: The image.

    Raises:
        ImageError: If a contour does not lie in one of the image's slices.
    """
    found = pydicom().dcmread(path)
    names = {
        int(roi.ROINumber): str(roi.get("ROIName", "")) for roi in found.StructureSetROISequence
    }
    objects = []
    for drawn in found.get("ROIContourSequence", []):
        number = int(drawn.ReferencedROINumber)
        contours = [
            np.array(one.ContourData, np.float64).reshape(-1, 3) * _LPS
            for one in drawn.get("ContourSequence", [])
            if str(one.ContourGeometricType) == "CLOSED_PLANAR"
        ]
        rgb = drawn.get("ROIDisplayColor")
        colour = (
            "#" + "".join(f"{int(v) & 255:02x}" for v in rgb) if rgb and len(rgb) == 3 else None
        )
        name = names.get(number) or f"label {number}"
        objects.append((Segment(number, name, colour), _filled(contours, like, name)))
    return objects


def _contours(voxels: Voxels, like: Volume) -> list[tuple[int, Float64]]:
    """For each outline the slice it lies in, and its points, `(N, 3)` mm LPS."""
    from skimage import measure

    find_contours: Any = measure.find_contours

    found = []
    mask, low = voxels.mask(), np.array(voxels.region.low)
    for at in range(mask.shape[2]):
        plane = np.pad(mask[:, :, at], 1).astype(np.float32)
        for line in find_contours(plane, 0.5):
            points = np.column_stack([line[:-1] - 1, np.full(len(line) - 1, at)]) + low
            found.append((int(low[2]) + at, like.geometry.to_world(points) * _LPS))
    return found


def _filled(contours: list[Float64], like: Volume, name: str) -> Voxels:
    planes: dict[int, Mask] = {}
    for points in contours:
        index = like.geometry.to_index(points)
        at = round(float(index[:, 2].mean()))
        off = float(np.abs(index[:, 2] - at).max())
        if off > _OFF or not 0 <= at < like.shape[2]:
            raise ImageError(
                f"a contour of {name} does not lie in a slice of the image: it is {off:.2f} slices "
                f"beside slice {at}"
            )
        plane = planes.setdefault(at, np.zeros(like.shape[:2], bool))
        _flip_inside(plane, index[:, :2])
    if not planes:
        return Voxels.of([])
    first, last = min(planes), max(planes)
    region = Region((0, 0, first), index3((*like.shape[:2], last + 1)))
    mask = np.zeros(region.shape, bool)
    for at, plane in planes.items():
        mask[:, :, at - first] = plane
    return Voxels.from_mask(mask, region.low)


def _flip_inside(plane: Mask, points: Float64) -> None:
    """Turn every pixel whose centre is inside a polygon, `(N, 2)`: even-odd, row by row."""
    start, end = points, np.roll(points, -1, axis=0)
    rows, columns = plane.shape
    first = max(0, int(np.ceil(points[:, 0].min())))
    last = min(rows - 1, int(np.floor(points[:, 0].max())))
    for row in range(first, last + 1):
        crosses = (start[:, 0] <= row) != (end[:, 0] <= row)
        a, b = start[crosses], end[crosses]
        at = np.sort(a[:, 1] + (row - a[:, 0]) / (b[:, 0] - a[:, 0]) * (b[:, 1] - a[:, 1]))
        for low, high in zip(at[::2], at[1::2], strict=True):
            begin, stop = int(np.ceil(low)), int(np.ceil(high))
            plane[row, max(0, begin) : max(0, min(columns, stop))] ^= True


def _head(library: Any, source: Any) -> Any:
    now = datetime.now()
    meta = library.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID = CLASS
    meta.MediaStorageSOPInstanceUID = library.uid.generate_uid()
    meta.TransferSyntaxUID = library.uid.ExplicitVRLittleEndian
    out = _dataset(
        library, SOPClassUID=CLASS, SOPInstanceUID=meta.MediaStorageSOPInstanceUID,
        Modality="RTSTRUCT", SeriesInstanceUID=library.uid.generate_uid(), SeriesNumber=None,
        Manufacturer="delineate", ManufacturerModelName="delineate",
        SoftwareVersions=version("delineate"), StructureSetLabel="delineate",
        StructureSetDate=now.strftime("%Y%m%d"), StructureSetTime=now.strftime("%H%M%S"),
        OperatorsName="", ApprovalStatus="UNAPPROVED",
    )  # fmt: skip
    out.file_meta = meta
    for name in (
        "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID",
        "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName",
        "SpecificCharacterSet",
    ):  # fmt: skip
        if name in source:
            setattr(out, name, getattr(source, name))
        elif name != "SpecificCharacterSet":
            setattr(out, name, None)
    return out


def _referenced(library: Any, source: list[Any], frame: str) -> Any:
    images = [
        _dataset(
            library, ReferencedSOPClassUID=s.SOPClassUID, ReferencedSOPInstanceUID=s.SOPInstanceUID
        )
        for s in source
    ]
    series = _dataset(
        library, SeriesInstanceUID=source[0].SeriesInstanceUID, ContourImageSequence=images
    )
    study = _dataset(
        library, ReferencedSOPClassUID="1.2.840.10008.3.1.2.3.1",
        ReferencedSOPInstanceUID=source[0].StudyInstanceUID, RTReferencedSeriesSequence=[series],
    )  # fmt: skip
    return _dataset(library, FrameOfReferenceUID=frame, RTReferencedStudySequence=[study])


def _contour(library: Any, points: Float64, source: Any) -> Any:
    image = _dataset(
        library, ReferencedSOPClassUID=source.SOPClassUID,
        ReferencedSOPInstanceUID=source.SOPInstanceUID,
    )  # fmt: skip
    return _dataset(
        library, ContourImageSequence=[image], ContourGeometricType="CLOSED_PLANAR",
        NumberOfContourPoints=len(points), ContourData=[f"{v:.10g}"[:16] for v in points.ravel()],
    )  # fmt: skip


def _dataset(library: Any, **values: Any) -> Any:
    out = library.dataset.Dataset()
    for name, value in values.items():
        setattr(out, name, value)
    return out
