"""TIFF by tifffile: pages are slices; spacing from ImageJ's or OME's notes, or per centimetre.

A resolution per inch is a printer's and is not taken for a spacing.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from ..errors import ImageError, UnreadableImage
from ..geometry import Geometry
from ..types import Array, Spacing
from .picture import check_fits
from .segments import Segment, from_json, to_json
from .stored import Stored, grid, without_alpha

_MILLIMETRES = {
    "nm": 1e-6, "micron": 1e-3, "microns": 1e-3, "um": 1e-3, "µm": 1e-3, "μm": 1e-3,
    "\\u00b5m": 1e-3, "mm": 1.0, "cm": 10.0, "m": 1000.0,
}  # fmt: skip
_PALETTE = 3
_PER_CENTIMETRE = 3


def load(path: Path, indices: bool = False) -> Stored:
    """Read all pages; `indices` keeps the numbers of a palette instead of its colours."""
    with _strict(), tifffile.TiffFile(path) as file:
        if len(file.series) != 1:
            raise ImageError(
                f"its pages are {len(file.series)} images of different shapes; save one of them"
            )
        page, one = file.pages.first, file.series[0]
        pixels, axes = _samples_last(_decoded(path, one), one.axes)
        if page.photometric == _PALETTE and not indices:
            pixels = _coloured(pixels, np.asarray(page.colormap))
        own = from_json((file.imagej_metadata or {}).get("delineate", ""))
        spacing = tuple(own.get("spacing", ())) or _spacing(file, page)
    pixels, channels = (pixels, ()) if "C" in axes else without_alpha(pixels)
    voxels = pixels.transpose(3, 2, 1, 0)
    return Stored(
        voxels,
        grid(voxels.shape[1:], np.diag([*spacing, 1.0])),
        "picture",
        {"spacing": spacing},
        channels,
        segments=own.get("labels", ()),
        files=(str(path.absolute()),),
    )


def save(
    path: Path,
    labels: Array,
    geometry: Geometry,
    header: Mapping[str, Any],
    segments: Sequence[Segment],
) -> None:
    """Write labels `(I, J, K)` as an ImageJ stack of 8 or 16 bits."""
    check_fits(path, labels)
    i, j, k = geometry.spacing
    tifffile.imwrite(
        path,
        np.ascontiguousarray(labels.T),
        imagej=True,
        compression="zlib",
        resolution=(1 / i, 1 / j),
        metadata={
            "axes": "ZYX",
            "spacing": k,
            "unit": "mm",
            "delineate": to_json(segments, spacing=[i, j, k]),
        },
    )


@contextmanager
def _strict() -> Iterator[None]:
    """What tifffile logs as an error is raised instead; nothing is printed."""
    log, said = logging.getLogger("tifffile"), []

    def keep(record: logging.LogRecord) -> bool:
        said.append(record)
        return False

    log.addFilter(keep)
    try:
        yield
    finally:
        log.removeFilter(keep)
    wrong = [record for record in said if record.levelno >= logging.ERROR]
    if wrong:
        raise UnreadableImage(f"the file is damaged or cut off: {wrong[0].getMessage()}")


def _decoded(path: Path, series: Any) -> Array:
    """All pages; compressions that tifffile does not know are read by SimpleITK."""
    try:
        pixels: Array = series.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        from .itk import channels_first, read_image

        found = channels_first(read_image(path, "TIFFImageIO"))
        pixels = np.ascontiguousarray(found.transpose(3, 2, 1, 0)).reshape(series.shape)
    return pixels.astype(np.uint8) if pixels.dtype == bool else pixels


def _samples_last(pixels: Array, axes: str) -> tuple[Array, str]:
    """Pixels as `(K, J, I, S)`, and the names of the axes that are longer than one."""
    keep = [n for n, axis in enumerate(axes) if axis in "YX" or pixels.shape[n] > 1]
    pixels = pixels.reshape([pixels.shape[n] for n in keep])
    axes = "".join(axes[n] for n in keep)
    samples = [axis for axis in axes if axis in "CST"]
    slices = [axis for axis in axes if axis not in "CSTYX"]
    if len(samples) > 1 or len(slices) > 1:
        raise ImageError(
            f"its pages have the axes {axes}, of which one can be channels and one slices; "
            "save a part of it"
        )
    order = [axes.index(axis) for axis in (*slices, "Y", "X", *samples)]
    pixels = pixels.transpose(order)
    pixels = pixels if slices else pixels[None]
    return pixels if samples else pixels[..., None], axes.replace("T", "C")


def _coloured(pixels: Array, colours: Array) -> Array:
    """The colours, `(K, J, I, 3)` of 8 bits, of the numbers in a palette."""
    found: Array = (colours >> 8).astype(np.uint8).T[pixels[..., 0]]
    return found


def _spacing(file: tifffile.TiffFile, page: Any) -> Spacing:
    """Along I, J, K in mm; 1 where nothing is stored."""
    notes = file.imagej_metadata
    if notes:
        unit = _MILLIMETRES.get(str(notes.get("unit", "")), 0.0)
        if unit:
            steps = _per_pixel(page)
            return steps[0] * unit, steps[1] * unit, abs(float(notes.get("spacing", 1))) * unit
    if file.ome_metadata:
        return tuple(_ome(file.ome_metadata, axis) for axis in "XYZ")  # type: ignore[return-value]
    if int(page.resolutionunit or 0) == _PER_CENTIMETRE and not notes:
        steps = _per_pixel(page)
        return steps[0] * 10, steps[1] * 10, 1.0
    return 1.0, 1.0, 1.0


def _per_pixel(page: Any) -> tuple[float, float]:
    """Stored lengths of a pixel along I and J, in whatever unit; 1 where there is none."""
    steps = []
    for name in ("XResolution", "YResolution"):
        tag = page.tags.get(name)
        over, under = tag.value if tag else (1, 1)
        steps.append(under / over if over and under else 1.0)
    return steps[0], steps[1]


def _ome(text: str, axis: str) -> float:
    size = re.search(rf'PhysicalSize{axis}="([^"]+)"', text)
    unit = re.search(rf'PhysicalSize{axis}Unit="([^"]+)"', text)
    scale = _MILLIMETRES.get(unit[1] if unit else "µm", 0.0)
    return float(size[1]) * scale if size and scale else 1.0
