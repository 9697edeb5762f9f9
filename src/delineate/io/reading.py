"""Read an image: by what its first bytes say it is, with every failure in one sentence."""

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import numpy as np

from ..errors import ImageError, UnreadableImage
from ..volume import Source, Volume
from .formats import recognise
from .stored import Room, Stored, memory

Location: TypeAlias = str | os.PathLike[str]


def read(
    path: Location | Sequence[Location],
    *,
    series: str | int | None = None,
    channel: int | None = None,
    room: Room = memory,
) -> Volume:
    """Read an image of any format, known by its content.

    NIfTI, NRRD, MetaImage, DICOM (a folder, or one file), PNG, JPEG and TIFF. The fourth axis of
    an image, or the components of its voxels, are channels. The index order is that of the
    file (nibabel's `(i, j, k)`, SimpleITK's `GetPixel(i, j, k)`), the world is RAS+ in mm. The
    intensities are what the file means (rescale slope and intercept applied), as float32.

    A picture has I along its columns, J along its rows and one slice; it lies as ITK would put
    it, and its spacing is 1 where the file does not know it. Resolutions for printers (dots per
    inch) are not taken for a spacing, nor is the orientation tag of a camera applied.

    Args:
        path: A file or a DICOM folder, or several of them whose grids match: their channels
            become the channels of one volume, named for the files.
        series: Which series of a DICOM folder: its UID or its number in `list_series`.
        channel: Keep only this channel of (each) image.
        room: Makes an array of a shape for the intensities, such as one that is mapped from a
            file; it is not called where those of the file can be taken as they are.

    Raises:
        UnreadableImage: If a file is missing, empty, cut off, or of an unknown type.
        SeveralImages: If a choice is needed (several DICOM series); the message lists them.
        GeometryMismatch: If several files are not on one grid; the message says how they differ.
        ImageError: If the image is not usable: NaN or infinite voxels, a singular affine,
            complex numbers, missing slices, transparent pixels.

    The volume's `source.header["read"]` holds the arguments that read it again.
    """
    paths = [Path(path)] if isinstance(path, (str, os.PathLike)) else [Path(p) for p in path]
    if not paths:
        raise UnreadableImage("there is no image to read in an empty list of paths")
    volumes = [_read_one(each, series, channel, room) for each in paths]
    volume = volumes[0] if len(volumes) == 1 else _joined(paths, volumes)
    assert volume.source is not None
    asked = {
        "path": [str(each.absolute()) for each in paths],
        "series": volume.source.header.get("series"),
        "channel": channel,
    }
    header = {**volume.source.header, "read": asked}
    return replace(volume, source=replace(volume.source, header=header))


def load(path: Path, series: str | int | None = None, indices: bool = False) -> Stored:
    """What a file or folder holds; `indices` keeps the numbers of a picture's palette."""
    if path.is_dir():
        from . import dicom

        return dicom.load_folder(path, series)
    format = recognise(path)
    if format == "nifti":
        from . import nifti

        return nifti.load(path)
    if format in ("nrrd", "meta"):
        from . import itk

        return itk.load_nrrd(path) if format == "nrrd" else itk.load_meta(path)
    if format == "dicom":
        from . import dicom

        return dicom.load_file(path)
    if format == "tiff":
        from . import tiff

        return tiff.load(path, indices)
    from . import picture

    return picture.load(path, indices)


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Errors of whatever library read the file become one of ours, with the path in it."""
    try:
        yield
    except ImageError as error:
        raise type(error)(f"{path}: {error}") from error
    except Exception as error:
        raise UnreadableImage(f"{path}: it could not be read, {_cause(error)}") from error


def _read_one(path: Path, series: str | int | None, channel: int | None, room: Room) -> Volume:
    with refusing(path):
        return load(path, series).volume(path, channel, room)


def _joined(paths: Sequence[Path], volumes: Sequence[Volume]) -> Volume:
    """One volume with the channels of all, on the grid of the first."""
    first = volumes[0]
    names: list[str] = []
    for path, volume in zip(paths, volumes, strict=True):
        first.geometry.check_matches(volume.geometry, str(path))
        name = path.name.split(".")[0] or path.name
        parts = volume.channels or tuple(map(str, range(len(volume.data))))
        names += [name] if len(parts) == 1 else [f"{name} {part}" for part in parts]
    sources = [volume.source for volume in volumes]
    assert all(isinstance(source, Source) for source in sources)
    files = tuple(file for source in sources if source for file in source.header["files"])
    source = sources[0]
    assert source is not None
    data = np.concatenate([volume.data for volume in volumes])
    header = {**source.header, "files": files}
    return Volume(data, first.geometry, tuple(names), replace(source, header=header))


def _cause(error: Exception) -> str:
    """The words of another library's error, on one line."""
    text = str(error).rsplit("ERROR: ", 1)[-1]
    text = re.sub(r"\w+\(0x[0-9a-f]+\): ", "", text)
    return " ".join(text.split())[:300] or type(error).__name__
