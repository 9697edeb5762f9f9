"""PNG and JPEG by Pillow. I is the column, J the row; one slice; spacing is not known, so 1 mm."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin

from ..errors import ImageError
from ..geometry import Geometry
from ..types import Array
from .segments import Segment, from_json, to_json
from .stored import Stored, grid, without_alpha

_DEEP_COLOUR = ((16, 2), (16, 4), (16, 6))


def load(path: Path, indices: bool = False) -> Stored:
    """Read a picture; `indices` keeps the numbers of a palette instead of its colours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        with Image.open(path) as image:
            image.load()
            pixels = _deep(path) if _is_deep(path) else _pixels(image, indices)
            text = image.info.get("delineate", "")
    pixels, channels = without_alpha(pixels)
    voxels = pixels.transpose(2, 1, 0)[..., None]
    return Stored(
        voxels,
        grid(voxels.shape[1:], np.eye(4)),
        "picture",
        {},
        channels,
        segments=from_json(text).get("labels", ()),
        files=(str(path.absolute()),),
    )


def save(
    path: Path,
    labels: Array,
    geometry: Geometry,
    header: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write labels `(I, J, 1)` as a grey PNG of 8 or 16 bits."""
    check_fits(path, labels)
    if labels.shape[2] != 1:
        raise ImageError(f"{path.name} holds one slice, not {labels.shape[2]}; write TIFF or NIfTI")
    notes = PngImagePlugin.PngInfo()
    if segments:
        notes.add_text("delineate", to_json(segments))
    Image.fromarray(np.ascontiguousarray(labels[..., 0].T)).save(path, pnginfo=notes)


def check_fits(path: Path, labels: Array) -> None:
    """Raise `ImageError` where a number is too large for a picture."""
    if labels.dtype.itemsize > 2:
        raise ImageError(
            f"{path.name} cannot hold label {labels.max()}, pictures end at 65535; "
            "write NIfTI or NRRD"
        )


def _pixels(image: Image.Image, indices: bool) -> Array:
    """Samples, `(J, I, S)`."""
    clear = image.has_transparency_data
    if image.mode == "P" and not indices:
        image = image.convert("RGBA" if clear else "RGB")
    elif image.mode in ("L", "RGB") and clear:
        image = image.convert({"L": "LA", "RGB": "RGBA"}[image.mode])
    elif image.mode == "PA":
        image = image.convert("RGBA")
    elif image.mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        raise ImageError(f"its colours are {image.mode}; save it as RGB")
    pixels = np.asarray(image)
    pixels = pixels.astype(np.uint8) if pixels.dtype == bool else pixels
    return pixels if pixels.ndim == 3 else pixels[..., None]


def _is_deep(path: Path) -> bool:
    with path.open("rb") as stream:
        head = stream.read(26)
    return head.startswith(b"\x89PNG") and (head[24], head[25]) in _DEEP_COLOUR


def _deep(path: Path) -> Array:
    """Samples of 16 bits, which Pillow would cut down to 8."""
    from .itk import channels_first, read_image

    pixels: Array = channels_first(read_image(path, "PNGImageIO"))[..., 0]
    return pixels.transpose(2, 1, 0)
