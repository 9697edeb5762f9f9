"""How large a file says its image is, before any voxel is read: for those who set a limit."""

import math
import os
from pathlib import Path
from typing import Any

from ..errors import UnreadableImage
from .formats import recognise
from .reading import refusing

_HEADER_BYTES = 16 * 2**20


def extent(path: str | os.PathLike[str], series: str | int | None = None) -> int:
    """Voxels that a file, or a series of a DICOM folder, says it has, channels counted.

    An RTSTRUCT has outlines and none.

    Args:
        path: As `read` takes it.
        series: Likewise.

    Raises:
        UnreadableImage: As in `read`, as far as a header tells; or if the header claims to be
            longer than 16 MiB itself.
        SeveralImages: If there are several series to choose from.
    """
    place = Path(path)
    with refusing(place):
        if place.is_dir():
            return _dicom_folder(place, series)
        format = recognise(place)
        if format == "nifti":
            return _nifti(place)
        if format == "picture":
            return _picture(place)
        if format == "tiff":
            return _tiff(place)
        if format == "dicom" and _outlines(place):
            return 0
        return _itk(place, format)


def _nifti(path: Path) -> int:
    import nibabel

    if path.name.lower().endswith((".img", ".img.gz")):
        path = path.with_name(path.name.replace(".img", ".hdr"))
    nib: Any = nibabel
    with nib.openers.ImageOpener(str(path)) as stream:
        block = stream.read(nib.Nifti2Header.sizeof_hdr)
    second = block[4:7] in (b"n+2", b"ni2")
    kind = nib.Nifti2Header if second else nib.Nifti1Header
    header = kind(block[: kind.sizeof_hdr], check=False)
    if float(header["vox_offset"]) > _HEADER_BYTES:
        raise UnreadableImage(
            f"its header says that {int(header['vox_offset'])} bytes precede the voxels"
        )
    return _product(header.get_data_shape())


def _picture(path: Path) -> int:
    from PIL import Image

    most, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        with Image.open(path) as image:
            return _product([*image.size, len(image.getbands())])
    finally:
        Image.MAX_IMAGE_PIXELS = most


def _tiff(path: Path) -> int:
    import tifffile

    with tifffile.TiffFile(path) as file:
        return sum(_product(series.shape) for series in file.series)


def _itk(path: Path, format: str) -> int:
    from .itk import header_of

    reader = header_of(
        path, {"nrrd": "NrrdImageIO", "meta": "MetaImageIO"}.get(format, "GDCMImageIO")
    )
    return _product([*reader.GetSize(), reader.GetNumberOfComponents()])


def _outlines(path: Path) -> bool:
    from . import structures
    from .frames import uid
    from .itk import information

    return information(path) is None and uid(path) == structures.CLASS


def _dicom_folder(path: Path, series: str | int | None) -> int:
    from .series import chosen

    return sum(_product([*one.size, one.frames]) for one in chosen(path, series))


def _product(shape: Any) -> int:
    sizes = [int(size) for size in shape]
    if not sizes or min(sizes) < 1:
        raise UnreadableImage(f"its header says that the shape is {tuple(sizes)}")
    return math.prod(sizes)
