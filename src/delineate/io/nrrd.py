"""The header of NRRD files: what they say of their grid, kept word for word in the mask.

The format: http://teem.sourceforge.net/nrrd/format.html
"""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError
from ..geometry import Geometry
from ..types import Array
from .segments import Segment, to_slicer
from .stored import LPS

_SPACES = frozenset(
    f"{side}-{front}-superior"
    for side, front in (("left", "posterior"), ("right", "anterior"), ("left", "anterior"))
) | {"lps", "ras", "las"}
_TYPES = {"uint8": "uint8", "uint16": "uint16", "int32": "int32"}
_LONGEST = 1 << 20


def fields(path: Path) -> dict[str, str]:
    """The fields of a header (`key: value`), in lower case; not its `key:=value` pairs."""
    with path.open("rb") as stream:
        head = stream.read(_LONGEST).replace(b"\r\n", b"\n").split(b"\n\n", 1)[0]
    found = {}
    for line in head.decode("utf-8", "replace").splitlines()[1:]:
        key, mark, value = line.partition(": ")
        if mark and not line.startswith("#") and ":=" not in key:
            found[key.strip().lower().replace("datafile", "data file")] = value.strip()
    return found


def check_space(found: Mapping[str, str]) -> None:
    """Raise `ImageError` where ITK would guess: another space, or spacing that is no number."""
    space = found.get("space", "lps").lower()
    if space not in _SPACES:
        raise ImageError(
            f'the space "{space}" does not say where the patient lies; it should be one of '
            f"{', '.join(sorted(_SPACES))}"
        )
    kinds = found.get("kinds", "").split()
    for axis, step in enumerate(found.get("spacings", "").split()):
        domain = axis >= len(kinds) or kinds[axis] in ("domain", "space")
        if domain and (not np.isfinite(float(step)) or float(step) == 0):
            raise ImageError(f"the affine is singular: the spacing of axis {axis} is {step}")


def placement(found: Mapping[str, str]) -> dict[str, Any]:
    """The lines that place two or three axes in space, to be written again; {} for others."""
    directions = [d for d in found.get("space directions", "").split() if d.lower() != "none"]
    dims = 3 if "space" in found else int(found.get("space dimension", 0))
    if not 2 <= len(directions) == dims <= 3:
        return {}
    first = "space" if "space" in found else "space dimension"
    lines = [f"{first}: {found[first]}", f"space directions: {' '.join(directions)}"]
    lines += [f"{k}: {found[k]}" for k in ("space origin", "space units") if k in found]
    return {"lines": tuple(lines), "dims": dims}


def save(
    path: Path,
    labels: Array,
    geometry: Geometry,
    header: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write labels `(I, J, K)` as one file, in the space of the image if it was NRRD."""
    placing = header.get("lines") or _lines(geometry)
    dims = int(header["dims"]) if "lines" in header else 3
    lines = [
        "NRRD0004",
        f"type: {_TYPES[labels.dtype.name]}",
        f"dimension: {dims}",
        placing[0],
        f"sizes: {' '.join(map(str, labels.shape[:dims]))}",
        *placing[1:],
        f"kinds: {' '.join(['domain'] * dims)}",
        "endian: little",
        "encoding: gzip",
    ]
    keys = to_slicer(segments, labels)
    if keys:
        keys["Segmentation_MasterRepresentation"] = "Binary labelmap"
        keys["Segmentation_ReferenceImageExtentOffset"] = "0 0 0"
    lines += [f"{key}:={value}".replace("\\", "\\\\") for key, value in keys.items()]
    voxels = labels.astype(labels.dtype.newbyteorder("<"), copy=False).tobytes(order="F")
    content = "\n".join(lines).encode() + b"\n\n" + gzip.compress(voxels, 4, mtime=0)
    path.write_bytes(content)


def _lines(geometry: Geometry) -> tuple[str, ...]:
    affine = LPS @ geometry.affine + 0.0
    vectors = [f"({','.join(f'{v:.17g}' for v in column)})" for column in affine[:3].T]
    return (
        "space: left-posterior-superior",
        f"space directions: {' '.join(vectors[:3])}",
        f"space origin: {vectors[3]}",
    )
