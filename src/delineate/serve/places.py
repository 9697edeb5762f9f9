"""Paths that clients name: always inside FOLDER, whatever links and dots they hold."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import ImageError, UnreadableImage
from ..io.formats import recognise
from .failures import Refused
from .settings import Settings

_PEEK = 40
_SUFFIXES = (
    ".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd", ".png", ".jpg", ".jpeg", ".tif", ".tiff",
    ".dcm", ".ima", ".hdr",
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """An image of a folder.

    Args:
        path: From FOLDER, with "/".
        name: Of the file or the folder.
        format: As `recognise` says; "dicom" for a folder of slices.
        bytes: Its size; 0 for a folder.
        modified: Seconds since 1970.
    """

    path: str
    name: str
    format: str
    bytes: int
    modified: float


def inside(folder: Path | None, path: str) -> Path:
    """A path of a client's in FOLDER, links followed.

    Raises:
        Refused: If there is no FOLDER, or it leads out of it, or to nothing.
    """
    if folder is None:
        raise Refused(403, "Forbidden", "this server shows no folder; upload the image")
    if (
        "\0" in path
        or Path(path).is_absolute()
        or path.startswith("/")
        or Path(path).drive
        or "\\" in path
    ):
        raise Refused(403, "Forbidden", "a path is relative to the server's folder, with /")
    try:
        place = (folder / path).resolve()
        there = place.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise Refused(403, "Forbidden", "this is no path in the server's folder") from error
    if not place.is_relative_to(folder):
        raise Refused(403, "Forbidden", f"{path} is not inside the server's folder")
    if not there:
        raise Refused(404, "NotFound", f"there is no {path} in the server's folder")
    return place


def check_writable(settings: Settings) -> Path:
    """FOLDER, if masks may be written into it.

    Raises:
        Refused: If they may not.
    """
    if settings.folder is None or not settings.write:
        raise Refused(
            403, "Forbidden", "this server does not write beside images; download instead"
        )
    return settings.folder


def relative(folder: Path, place: Path) -> str:
    """A path from FOLDER, with "/"."""
    return place.relative_to(folder).as_posix()


def folders(folder: Path, place: Path) -> list[Path]:
    """The folders in one, those that lead out of FOLDER and hidden ones left out."""
    found = []
    for entry in sorted(place.iterdir(), key=lambda each: each.name.lower()):
        if entry.name.startswith(".") or not entry.is_dir():
            continue
        if entry.resolve().is_relative_to(folder):
            found.append(entry)
    return found


def below(folder: Path, place: Path) -> list[Path]:
    """The folders in one that are no images themselves."""
    return [each for each in folders(folder, place) if not _holds_dicom(folder, each)]


def images(folder: Path, place: Path, most: int) -> Iterator[Found]:
    """The images in one folder: files by their content, and folders of DICOM slices."""
    for each in folders(folder, place):
        if _holds_dicom(folder, each):
            yield Found(relative(folder, each), each.name, "dicom", 0, each.stat().st_mtime)
    count = 0
    for file in sorted(place.iterdir(), key=lambda each: each.name.lower()):
        if file.name.startswith(".") or not file.is_file():
            continue
        count += 1
        if count > most:
            return
        found = _image(folder, file)
        if found:
            yield found


def walk(folder: Path, most: int) -> Iterator[Found]:
    """All images of FOLDER and the folders below it, in the order of their names."""
    left, seen = [folder], 0
    while left:
        place = left.pop(0)
        for found in images(folder, place, most):
            seen += 1
            if seen > most:
                return
            yield found
        left = below(folder, place) + left


def _image(folder: Path, file: Path) -> Found | None:
    if not file.resolve().is_relative_to(folder):
        return None
    name = file.name.lower()
    if "." in name and not name.endswith(_SUFFIXES):
        return None
    try:
        format = recognise(file)
        size = file.stat()
    except (ImageError, OSError):
        return None
    return Found(relative(folder, file), file.name, format, size.st_size, size.st_mtime)


def _holds_dicom(folder: Path, place: Path) -> bool:
    """Whether one of the first files of a folder is a DICOM file."""
    with os.scandir(place) as entries:
        for count, entry in enumerate(entries):
            if count >= _PEEK:
                return False
            file = Path(entry.path)
            if not entry.is_file() or not file.resolve().is_relative_to(folder):
                continue
            try:
                if recognise(file) == "dicom":
                    return True
            except (UnreadableImage, OSError):
                continue
    return False
