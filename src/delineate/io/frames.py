"""The DICOM files of an image, in the order of its slices: what SEG and RTSTRUCT refer to."""

from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, MissingExtra
from ..volume import Volume

_HINT = 'pip install "delineate[serve]"'


def pydicom() -> Any:
    """The library, or the line to type."""
    try:
        import pydicom
    except ImportError as error:
        raise MissingExtra(f"DICOM segmentations need pydicom: {_HINT}") from error
    return pydicom


def headers(volume: Volume, pixels: bool = False) -> list[Any]:
    """The datasets of the image's files: one a slice, along K, or a single multi-frame one.

    Args:
        volume: As it was read from DICOM.
        pixels: Whether voxels are needed too.

    Raises:
        ImageError: If the image was not read from DICOM, or it has several files a slice.
    """
    source = volume.source
    if source is None or source.format != "dicom":
        raise ImageError("only masks of an image that was read from DICOM can be written as DICOM")
    same = source.header["geometry"]
    volume.geometry.check_matches(same, "the DICOM series")
    library = pydicom()
    found = [
        library.dcmread(path, stop_before_pixels=not pixels) for path in source.header["files"]
    ]
    if len(found) == 1:
        return found
    if len(found) != volume.shape[2]:
        raise ImageError(
            f"the image has {len(found)} files for {volume.shape[2]} slices; write NIfTI or NRRD"
        )
    places = np.array([one.ImagePositionPatient for one in found], np.float64) * (-1, -1, 1)
    order = np.argsort(volume.geometry.to_index(places)[:, 2])
    return [found[n] for n in order]


def text(said: str, most: int) -> str:
    """A name as DICOM can hold it: no backslash, at most so many characters."""
    return said.replace("\\", "/")[:most].strip() or "object"


def uid(path: Path) -> str:
    """SOP class of a DICOM file; "" if it says none."""
    library = pydicom()
    return str(library.dcmread(path, specific_tags=["SOPClassUID"]).get("SOPClassUID", ""))
