"""NIfTI-1 and NIfTI-2, `.nii`, `.nii.gz` and `.hdr` + `.img`, with nibabel's headers.

The affine is the sform, else the qform, else what nibabel makes of spacing alone.
"""

import gzip
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, cast

import nibabel
import numpy as np

from ..errors import ImageError, UnreadableImage
from ..geometry import Geometry
from ..types import Array, Float64
from .segments import Segment, from_json, to_json
from .stored import Stored, without_alpha

nib: Any = nibabel
_COMMENT = 6
_MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}
_LARGEST = 32767
_SILENT = logging.Logger("silent")
_SILENT.addHandler(logging.NullHandler())


def load(path: Path) -> Stored:
    """Read a file."""
    names = path, path
    if path.name.lower().endswith((".img", ".img.gz", ".hdr", ".hdr.gz")):
        names = tuple(
            path.with_name(path.name.replace(".img", end).replace(".hdr", end))
            for end in (".hdr", ".img")
        )  # type: ignore[assignment]
    with _open(names[0]) as stream:
        header = _header(stream)
    with _open(names[1]) as stream:
        voxels = _voxels(stream, header)
    voxels, channels = _channels(voxels)
    slope, intercept = header.get_slope_inter()
    kept = {"block": header.binaryblock, "endian": header.endianness}
    comments = [e.get_content() for e in header.extensions if e.get_code() == _COMMENT]
    segments = next((s for c in comments if (s := from_json(c).get("labels"))), ())
    return Stored(
        voxels,
        Geometry(voxels.shape[1:], _affine(header)),
        "nifti",
        kept,
        channels,
        1.0 if slope is None else float(slope),
        0.0 if intercept is None else float(intercept),
        segments,
        tuple(str(name.absolute()) for name in dict.fromkeys(names)),
    )


def save(
    path: Path,
    labels: Array,
    geometry: Geometry,
    header: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write labels `(I, J, K)`; the header is copied from the image if it was NIfTI."""
    kept = _copied(header) if header else _new(geometry)
    shape = labels.shape[: min(3, int(kept["dim"][0]))] if header else labels.shape
    kept.set_data_shape(shape)
    kept.set_data_dtype(labels.dtype)
    kept.set_data_offset(0)
    kept.set_intent("label")
    kept["cal_min"] = kept["cal_max"] = 0
    kept["xyzt_units"] = kept["xyzt_units"] & 7
    kept["descrip"] = b"delineate"
    if segments:
        text = to_json(segments).encode()
        kept.extensions.append(nib.nifti1.Nifti1Extension(_COMMENT, text))
    image = nib.Nifti2Image if isinstance(kept, nib.Nifti2Header) else nib.Nifti1Image
    image(labels.reshape(shape), None, kept).to_filename(path)


def _open(path: Path) -> IO[bytes]:
    if not path.exists():
        raise UnreadableImage(f"its other half {path.name} is missing")
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _header(stream: IO[bytes]) -> Any:
    """The header, repaired as nibabel does, except for what would be a guess."""
    head = stream.read(8)
    stream.seek(0)
    second = head[4:7] in (b"n+2", b"ni2")
    kind = nib.Nifti2Header if second else nib.Nifti1Header
    header = kind.from_fileobj(stream, check=False)
    steps = header["pixdim"][1 : 1 + min(3, int(header["dim"][0]))]
    if int(header["sform_code"]) <= 0 and not (np.isfinite(steps).all() and (steps != 0).all()):
        raise ImageError(f"the affine is singular: the spacing is {steps.tolist()} mm")
    header.check_fix(logger=_SILENT, error_level=40)
    return header


def _voxels(stream: IO[bytes], header: Any) -> Array:
    """All voxels in the memory order of the file, `(I, J, K, ...)`."""
    shape, dtype = header.get_data_shape(), header.get_data_dtype()
    if not shape or min(shape) < 1:
        raise UnreadableImage(f"the header says that the shape is {shape}")
    stream.seek(header.get_data_offset())
    size = int(np.prod(shape, dtype=object)) * dtype.itemsize
    content = stream.read(size)
    if len(content) != size:
        raise UnreadableImage(f"the file is cut off: {len(content)} of {size} bytes of voxels")
    stream.read(1)  # reaches the checksum of a gzip file
    return np.frombuffer(content, dtype).reshape(shape, order="F")


def _channels(voxels: Array) -> tuple[Array, tuple[str, ...]]:
    """Voxels as `(C, I, J, K)`: the fourth axis (time) or the fifth (vectors) in front."""
    space, rest = (*voxels.shape, 1, 1)[:3], voxels.shape[3:]
    if sum(n > 1 for n in rest) > 1:
        raise ImageError(
            f"an image of shape {voxels.shape} has several axes of channels; save one of them"
        )
    voxels = np.moveaxis(voxels.reshape(*space, -1, order="F"), 3, 0)
    if not voxels.dtype.fields:
        return voxels, ()
    if len(voxels) > 1:
        raise ImageError(f"an image of {len(voxels)} colour volumes; save one of them")
    return _colours(voxels[0])


def _colours(voxels: Array) -> tuple[Array, tuple[str, ...]]:
    samples = np.stack([voxels[name] for name in voxels.dtype.names or ()], axis=-1)
    samples, channels = without_alpha(samples)
    return np.moveaxis(samples, -1, 0), channels


def _affine(header: Any) -> Float64:
    scale = _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)
    affine: Float64 = np.array(header.get_best_affine(), np.float64)
    affine[:3] *= scale
    return affine + 0.0


def _copied(header: Mapping[str, Any]) -> Any:
    block = header["block"]
    kind = nib.Nifti2Header if len(block) == nib.Nifti2Header.sizeof_hdr else nib.Nifti1Header
    return kind(block, header["endian"], check=False)


def _new(geometry: Geometry) -> Any:
    """A header from the affine; the qform too, unless the axes are not perpendicular."""
    kind = nib.Nifti2Header if max(geometry.shape) > _LARGEST else nib.Nifti1Header
    header = kind()
    header.set_data_shape(geometry.shape)
    header.set_zooms(geometry.spacing)
    header.set_xyzt_units("mm")
    direction = geometry.affine[:3, :3] / np.array(geometry.spacing)
    if np.allclose(direction.T @ direction, np.eye(3), rtol=0, atol=1e-5):
        header.set_qform(geometry.affine, "scanner")
    header.set_sform(geometry.affine, "scanner")
    return header
