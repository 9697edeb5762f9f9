"""The DICOM series in a folder: what the header of each file says, before any voxel is read."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import SeveralImages, UnreadableImage

_NO_IMAGE = re.compile(
    rb"1\.2\.840\.10008\.(1\.3\.10|5\.1\.4\.1\.1\.(9|11|66|88|104|481\.[2-9]|130|67))[.\0]"
)
_CLASS_TAG = b"\x02\x00\x02\x00UI"


@dataclass(frozen=True)
class Slice:
    """One DICOM file.

    Args:
        path: The file.
        series: Series instance UID.
        image: SOP instance UID.
        number: Instance number, 0 if there is none.
        rank: Series number, 0 if there is none.
        description: Of the series.
        modality: "CT", "MR", ...
        size: Columns and rows.
        frames: More than 1 for a multi-frame file.
        position: Of the first voxel, in mm LPS; or ().
        orientation: Directions of rows and of columns; or ().
        spacing: Between rows and between columns, in mm; or ().
        thickness: Between slices, or of a slice, in mm; 0 if neither is said.
    """

    path: Path
    series: str
    image: str
    number: int
    rank: int
    description: str
    modality: str
    size: tuple[int, int]
    frames: int
    position: tuple[float, ...]
    orientation: tuple[float, ...]
    spacing: tuple[float, ...]
    thickness: float


@dataclass(frozen=True)
class Series:
    """One series of a folder.

    Args:
        number: 1, 2, ... in this folder; what `series=` of `read` accepts beside the UID.
        uid: Series instance UID.
        description: Of the scanner's user, perhaps empty.
        modality: "CT", "MR", ...
        slices: Number of images.
    """

    number: int
    uid: str
    description: str
    modality: str
    slices: int

    def __str__(self) -> str:
        count = f"{self.slices} slice{'s' if self.slices != 1 else ''}"
        return f'{self.number} ({self.modality} "{self.description}", {count}, UID {self.uid})'


def list_series(folder: str | Path) -> tuple[Series, ...]:
    """The DICOM series in a folder and the folders below it, in the order of their numbers.

    Raises:
        UnreadableImage: If there is no such folder, or a DICOM image in it is damaged.
    """
    groups = grouped(Path(folder))
    return tuple(_listed(number, group) for number, group in enumerate(groups, 1))


def chosen(folder: Path, series: str | int | None) -> list[Slice]:
    """The files of the series asked for, or of the only one.

    Raises:
        UnreadableImage: If the folder holds no DICOM image, or a damaged one.
        SeveralImages: If a choice is needed, or there is no such series; lists them.
    """
    groups = grouped(folder)
    if not groups:
        raise UnreadableImage(
            "the folder holds no DICOM image; give a DICOM folder, or the image file itself"
        )
    if series is None and len(groups) == 1:
        return groups[0]
    for number, group in enumerate(groups, 1):
        if str(series) in (str(number), group[0].series):
            return group
    listed = ", ".join(str(_listed(number, group)) for number, group in enumerate(groups, 1))
    if series is None:
        raise SeveralImages(
            f"the folder holds {len(groups)} DICOM series, choose one with series=: {listed}"
        )
    raise SeveralImages(f"there is no series {series!r}, there is {listed}")


def grouped(folder: Path) -> list[list[Slice]]:
    """The slices of each series; an image that is there twice counts once."""
    if not folder.is_dir():
        raise UnreadableImage(f"{folder} is not a folder")
    found: dict[str, dict[str, Slice]] = {}
    for one in slices(path for path in sorted(folder.rglob("*")) if path.is_file()):
        found.setdefault(one.series, {}).setdefault(one.image or str(one.path), one)
    groups = [list(images.values()) for images in found.values()]
    return sorted(groups, key=lambda group: (group[0].rank, group[0].series))


def slices(paths: Iterable[Path]) -> Iterator[Slice]:
    """What the files among these that are DICOM images say of themselves."""
    for path in paths:
        with path.open("rb") as stream:
            head = stream.read(2048)
        if head[128:132] != b"DICM":
            continue
        one = _slice(path)
        if one is not None:
            yield one
        elif not _NO_IMAGE.match(_class(head)):
            raise UnreadableImage(f"{path.name} is damaged, or not a DICOM image")


def _slice(path: Path) -> Slice | None:
    from .itk import information

    reader = information(path)
    if reader is None:
        return None

    def text(tag: str) -> str:
        return str(reader.GetMetaData(tag)).strip(" \0") if reader.HasMetaDataKey(tag) else ""

    def numbers(tag: str) -> tuple[float, ...]:
        return tuple(float(part) for part in text(tag).split("\\")) if text(tag) else ()

    def whole(tag: str) -> int:
        return int((numbers(tag) or (0,))[0])

    size = reader.GetSize()
    thickness = numbers("0018|0088") or numbers("0018|0050") or (0.0,)
    return Slice(
        path=path,
        series=text("0020|000e"),
        image=text("0008|0018"),
        number=whole("0020|0013"),
        rank=whole("0020|0011"),
        description=text("0008|103e"),
        modality=text("0008|0060"),
        size=(size[0], size[1]),
        frames=size[2] if len(size) > 2 else 1,
        position=numbers("0020|0032"),
        orientation=numbers("0020|0037"),
        spacing=numbers("0028|0030") or numbers("0018|1164"),
        thickness=abs(thickness[0]),
    )


def _class(head: bytes) -> bytes:
    """SOP class UID, and a zero, from the first bytes of a file."""
    at = head.find(_CLASS_TAG)
    if at < 0:
        return b""
    length = int.from_bytes(head[at + 6 : at + 8], "little")
    return head[at + 8 : at + 8 + length].strip(b" \0") + b"\0"


def _listed(number: int, group: list[Slice]) -> Series:
    one = group[0]
    count = sum(each.frames for each in group)
    return Series(number, one.series, one.description, one.modality, count)
