"""Which format a file has: by its first bytes, whatever its name."""

import gzip
import zlib
from pathlib import Path

from ..errors import UnreadableImage

KNOWN = "NIfTI, NRRD, MHA or MHD, DICOM, PNG, JPEG or TIFF"
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def recognise(path: Path) -> str:
    """The format: "nifti", "nrrd", "meta", "dicom", "picture" or "tiff".

    Raises:
        UnreadableImage: If the file is missing, empty, cut off in its first bytes, or of
            another type.
    """
    head = first_bytes(path)
    if head[344:347] in (b"n+1", b"ni1") or head[4:7] in (b"n+2", b"ni2"):
        return "nifti"
    if path.name.lower().endswith((".img", ".img.gz")) and _header_of(path).exists():
        return recognise(_header_of(path))
    if head.startswith(b"NRRD0"):
        return "nrrd"
    if head[128:132] == b"DICM":
        return "dicom"
    if head.startswith(_PICTURES):
        return "picture"
    if head.startswith(_TIFF):
        return "tiff"
    if head.lstrip().startswith((b"ObjectType", b"NDims", b"Comment")) and b"NDims" in head:
        return "meta"
    raise UnreadableImage(
        f"it is not an image of a known type, it begins with {head[:12]!r}; give {KNOWN}"
    )


def first_bytes(path: Path) -> bytes:
    """The first 352 bytes, decompressed if the file is a gzip file."""
    if not path.exists():
        raise UnreadableImage("there is no such file")
    with path.open("rb") as stream:
        head = stream.read(352)
    if not head:
        raise UnreadableImage("the file is empty")
    if not head.startswith(b"\x1f\x8b"):
        return head
    try:
        with gzip.open(path) as packed:
            return packed.read(352)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableImage(f"the gzip file is damaged or cut off: {error}") from error


def _header_of(path: Path) -> Path:
    return path.with_name(path.name.replace(".img", ".hdr"))
