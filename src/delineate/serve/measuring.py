"""Measures of a session's objects, and tables as CSV."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .. import measures
from ..objects import Object
from ..session import Session
from ..types import Array
from ..volume import RGB, Volume
from .grid import PageGrid
from .state import millilitres

COLUMNS = (
    "object", "name", "voxels", "ml", "surface_mm2", "longest_mm", "perpendicular_mm", "slice",
    "channel", *measures.intensities(np.empty(0, np.float32)), "seconds",
)  # fmt: skip


def statistics(
    session: Session, grid: PageGrid, seconds: Mapping[str, float]
) -> list[dict[str, Any]]:
    """A row for each object and channel, with the `COLUMNS`."""
    volume = session.volume
    axis = volume.geometry.slice_axis
    rows = []
    for item in session.objects:
        mask = item.mask.mask()
        extent = measures.diameters(mask, axis, volume.spacing)
        at = extent.slice + item.mask.region.low[axis] if extent.slice >= 0 else None
        if at is not None and grid.flips[grid.axis_out(axis)]:
            at = volume.shape[axis] - 1 - at
        size = {
            "object": item.number, "name": item.name, "voxels": len(item.mask),
            "ml": len(item.mask) * millilitres(volume),
            "surface_mm2": measures.surface_mm2(mask, volume.spacing),
            "longest_mm": extent.longest_mm, "perpendicular_mm": extent.perpendicular_mm,
            "slice": at,
        }  # fmt: skip
        for number, (name, values) in enumerate(_channels(volume, item, mask)):
            told = {
                key: None if np.isnan(value) else value
                for key, value in measures.intensities(values).items()
            }
            rows.append(
                {
                    **size,
                    "channel": name or f"channel {number}",
                    **told,
                    "seconds": seconds.get(str(item.number), 0.0),
                }
            )
    return rows


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as CSV, under a header even if there are none.

    A cell that a spreadsheet would take for a formula is quoted by '.
    """
    out = io.StringIO()
    writer = csv.DictWriter(out, columns)
    writer.writeheader()
    for row in rows:
        writer.writerow({key: _cell(value) for key, value in row.items()})
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.6g}"
    return (
        f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t") else value
    )


def _channels(volume: Volume, item: Object, mask: Array) -> list[tuple[str, Array]]:
    part = volume.data[:, *item.mask.region.slices]
    if volume.channels == RGB:
        return [("luminance", volume.crop(item.mask.region).scalar()[mask] if mask.size else mask)]
    names = volume.channels or ("",) * len(part)
    return [(name, values[mask]) for name, values in zip(names, part, strict=True)]
