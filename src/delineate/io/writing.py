"""Write a mask or a label map on exactly the grid of an image, and never over the image."""

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import ImageError
from ..geometry import Geometry
from ..types import Array
from ..volume import Volume
from .segments import Segment, described, smallest

_FORMATS = {
    ".nii": "nifti", ".nii.gz": "nifti", ".nrrd": "nrrd", ".mha": "meta", ".mhd": "meta",
    ".png": "png", ".tif": "tiff", ".tiff": "tiff",
}  # fmt: skip


def write(
    labels: ArrayLike,
    path: str | os.PathLike[str],
    *,
    like: Volume,
    names: Mapping[int, str] | None = None,
    colours: Mapping[int, str] | None = None,
) -> None:
    """Write a mask or a label map whose voxels are those of an image.

    The format follows from the suffix: `.nii`, `.nii.gz`, `.nrrd` (`.seg.nrrd` opens in 3D Slicer
    as a segmentation), `.mha`, `.mhd`, `.png` (one slice) or `.tif`. Where the image was read from
    the same format its header's geometry is copied as it is; NIfTI-1 rounds the affine of
    another to float32. A file of this name is replaced in one step, or left as it was.

    Args:
        labels: `(I, J, K)`, bool or whole numbers from 0 up; stored in the smallest of uint8,
            uint16 and int32 that holds them.
        path: The file to write.
        like: The image.
        names: Of labels; kept in the file, `read_labels` gives them back.
        colours: Of labels, "#rrggbb"; kept in the file.

    Raises:
        GeometryMismatch: If `labels` has another shape than the image.
        ImageError: If the file would overwrite the image, cannot hold these labels, or its
            folder does not exist or cannot be written to.
    """
    target = Path(path).resolve()
    save = _saver(target)
    array = _checked(np.asarray(labels), like, target)
    segments = described(_numbers(array) if names or colours else (), names or {}, colours or {})
    if not target.parent.is_dir():
        raise ImageError(f"{path} cannot be written, there is no folder {target.parent}")
    if target.is_dir():
        raise ImageError(f"{path} is a folder; give the name of a file")
    kept = _kept(like, _FORMATS[_suffix(target)])
    try:
        _replace(target, save, array, like, kept, segments)
    except OSError as error:
        raise ImageError(f"{path} could not be written: {error.strerror or error}") from error


def _saver(path: Path) -> Any:
    """The function that writes the format."""
    format = _FORMATS.get(_suffix(path))
    if format is None:
        raise ImageError(
            f'{path.name} has the suffix "{path.suffix}", in which labels cannot be kept; '
            f"write one of {', '.join(_FORMATS)}"
        )
    if format == "nifti":
        from . import nifti

        return nifti.save
    if format == "nrrd":
        from . import nrrd

        return nrrd.save
    if format == "meta":
        from . import itk

        return itk.save_meta
    if format == "tiff":
        from . import tiff

        return tiff.save
    from . import picture

    return picture.save


def _suffix(path: Path) -> str:
    name = path.name.lower()
    return ".nii.gz" if name.endswith(".nii.gz") else path.suffix.lower()


def _checked(labels: Array, like: Volume, path: Path) -> Array:
    from ..errors import GeometryMismatch

    if labels.shape != like.shape:
        raise GeometryMismatch(
            f"a mask for {path.name} must have the image's shape {like.shape}, got {labels.shape}"
        )
    if labels.dtype.kind not in "bui":
        raise ImageError(f"labels are bool or whole numbers, got an array of {labels.dtype}")
    return smallest(labels)


def _numbers(labels: Array) -> list[int]:
    found: list[int] = np.unique(labels).tolist()
    return [number for number in found if number]


def _kept(like: Volume, format: str) -> Mapping[str, Any]:
    """The image's header, if it is of this format and the image still lies on its grid."""
    source = like.source
    if source is None or source.format != format:
        return {}
    of: Geometry = source.header["geometry"]
    same = of.shape == like.shape and np.array_equal(of.affine, like.geometry.affine)
    return source.header if same else {}


def _replace(
    target: Path,
    save: Any,
    labels: Array,
    like: Volume,
    kept: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write into a folder beside the target, then put what it holds in place, the header last."""
    work = Path(tempfile.mkdtemp(prefix=".delineate-", dir=target.parent))
    try:
        save(work / target.name, labels, like.geometry, kept, segments)
        made = sorted(work.iterdir(), key=lambda path: path.name == target.name)
        for path in made:
            _check_not_input(target.parent / path.name, like)
        for path in made:
            path.replace(target.parent / path.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _check_not_input(target: Path, like: Volume) -> None:
    if like.source is None or not target.exists():
        return
    for file in (like.source.path, *like.source.header.get("files", ())):
        if Path(file).exists() and target.samefile(file):
            raise ImageError(f"{target} is the image itself; give the mask another name")
