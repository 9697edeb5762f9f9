"""NRRD and MetaImage (`.mha`, `.mhd`) read by SimpleITK, MetaImage written by it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from ..errors import ImageError, UnreadableImage
from ..geometry import Geometry
from ..types import Array
from ..volume import RGB
from . import nrrd
from .segments import Segment, from_slicer, to_slicer
from .stored import LPS, Stored, grid

sitk: Any = SimpleITK
_SINGULAR = "the affine is singular: its three axes do not span space, or a spacing is zero"
_BYTES = {"CHAR": 1, "SHORT": 2, "INT": 4, "FLOAT": 4, "LONG": 4, "DOUBLE": 8, "LONG_LONG": 8}


def load_nrrd(path: Path) -> Stored:
    """Read a NRRD file, with its data file if it has one."""
    fields = nrrd.fields(path)
    nrrd.check_space(fields)
    return _load(path, "nrrd", "NrrdImageIO", fields.get("data file"), nrrd.placement(fields))


def load_meta(path: Path) -> Stored:
    """Read a MetaImage file, with its data file if it has one."""
    data = _check_complete(path)
    return _load(path, "meta", "MetaImageIO", data, {})


def save_meta(
    path: Path,
    labels: Array,
    geometry: Geometry,
    header: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write labels `(I, J, K)`, with the numbers of the image's own header if it has them."""
    dims = int(header.get("dims", 3))
    image = sitk.GetImageFromArray(
        np.ascontiguousarray(labels.T if dims == 3 else labels[..., 0].T)
    )
    affine = LPS @ geometry.affine + 0.0
    direction = affine[:3, :3] / np.array(geometry.spacing)
    image.SetOrigin(header.get("origin", affine[:3, 3].tolist()))
    image.SetSpacing(header.get("spacing", geometry.spacing))
    image.SetDirection(header.get("direction", direction.ravel().tolist()))
    for key, value in to_slicer(segments, labels).items():
        image.SetMetaData(key, value)
    sitk.WriteImage(image, str(path), useCompression=True)


@contextmanager
def quiet() -> Iterator[None]:
    """No warning of ITK on the terminal."""
    shown = sitk.ProcessObject.GetGlobalWarningDisplay()
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        yield
    finally:
        sitk.ProcessObject.SetGlobalWarningDisplay(shown)


def read_image(path: Path, reader: str) -> Any:
    """The image of SimpleITK that a reader of ITK makes of a file.

    Raises:
        ImageError: If its affine is singular.
        RuntimeError: If the file cannot be read.
    """
    work = sitk.ImageFileReader()
    work.SetImageIO(reader)
    work.SetFileName(str(path))
    try:
        with quiet():
            return work.Execute()
    except RuntimeError as error:
        if "determinant is 0" in str(error) or "Zero-valued spacing" in str(error):
            raise ImageError(_SINGULAR) from error
        raise


def header_of(path: Path, reader: str) -> Any:
    """A reader of ITK that knows the header of a file, but no voxel."""
    work = sitk.ImageFileReader()
    work.SetImageIO(reader)
    work.SetFileName(str(path))
    with quiet():
        work.ReadImageInformation()
    return work


def information(path: Path) -> Any | None:
    """A reader that knows the header of a DICOM file, or none if it is not a readable image."""
    try:
        return header_of(path, "GDCMImageIO")
    except RuntimeError:
        return None


def channels_first(image: Any) -> Array:
    """Voxels as `(C, I, J, K)`: components of a voxel, or the fourth axis, are channels."""
    dims, components = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    voxels: Array = sitk.GetArrayFromImage(image)
    voxels = (voxels if components > 1 else voxels[..., None]).T
    if dims == 2:
        return voxels[..., None]
    if dims == 3:
        return voxels
    if dims != 4 or (components > 1 and voxels.shape[4] > 1):
        raise ImageError(
            f"an image of {dims} axes and {components} components has several axes of channels; "
            "save one of them"
        )
    return voxels[..., 0] if components > 1 else np.moveaxis(voxels[0], 3, 0)


def placed(image: Any) -> Geometry:
    """The grid of the first three axes of an image of SimpleITK."""
    dims = image.GetDimension()
    direction = np.reshape(image.GetDirection(), (dims, dims))
    if direction[3:, :3].any() or direction[:3, 3:].any():
        raise ImageError("its fourth axis is a direction in space, so a voxel has no one place")
    used = min(dims, 3)
    affine = np.eye(4)
    affine[:used, :used] = direction[:used, :used] * np.array(image.GetSpacing()[:used])
    affine[:used, 3] = image.GetOrigin()[:used]
    return grid(image.GetSize(), affine)


def _load(
    path: Path, format: str, reader: str, data: str | None, header: Mapping[str, Any]
) -> Stored:
    image = read_image(path, reader)
    meta = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    own: dict[str, Any] = dict(header)
    if image.GetDimension() < 4:
        own |= {
            "dims": image.GetDimension(),
            "origin": image.GetOrigin(),
            "spacing": image.GetSpacing(),
            "direction": image.GetDirection(),
        }
    voxels = channels_first(image)
    return Stored(
        voxels,
        placed(image),
        format,
        own,
        RGB if meta.get("NRRD_kinds[pixel]") == "RGB-color" else (),
        segments=from_slicer(meta),
        files=tuple(str(p.absolute()) for p in (path, *([path.parent / data] if data else []))),
    )


def _check_complete(path: Path) -> str | None:
    """The data file of a MetaImage, if it has one, after a look at whether all voxels are there.

    ITK would print its complaint on the terminal.
    """
    with path.open("rb") as stream:
        lines = {}
        while line := stream.readline(65536):
            key, _, value = line.decode("utf-8", "replace").partition("=")
            lines[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":
                break
        start = stream.tell()
    if "ElementDataFile" not in lines:
        raise UnreadableImage("the header is cut off, it does not say where the voxels are")
    data = lines["ElementDataFile"]
    if data.startswith("LIST") or "%" in data:
        return None
    local = data.upper() == "LOCAL"
    where = path if local else path.parent / data
    if not where.exists():
        raise UnreadableImage(f"its data file {data} is missing")
    size = int(np.prod([int(n) for n in lines["DimSize"].split()], dtype=object))
    size *= int(lines.get("ElementNumberOfChannels", 1))
    size *= _BYTES[re.sub(r"^MET_U?|_ARRAY$", "", lines["ElementType"])]
    if lines.get("CompressedData", "").lower() in ("true", "1"):
        size = int(lines.get("CompressedDataSize", 1))
    skipped = max(0, int(lines.get("HeaderSize", 0)))
    found = where.stat().st_size - (start if local else skipped)
    if found < size:
        raise UnreadableImage(f"the file is cut off: {found} of {size} bytes of voxels")
    return None if local else data
