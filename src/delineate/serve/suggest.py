"""Where to mark next: the middle of the largest part about which a method is unsure."""

from typing import Any

import numpy as np
from scipy import ndimage

from ..objects import Object
from ..region import Region, index3
from ..types import Float64
from ..volume import Volume
from .grid import PageGrid

_UNSURE = 0.5


def suggestion(item: Object, volume: Volume, grid: PageGrid) -> dict[str, Any]:
    """The voxel to mark, on the page's grid, and why.

    Doubt is `1 - |2 p - 1|`. Of the connected parts with a doubt over 0.5 it is the one with most
    doubt in all, and in it the voxel deepest inside.
    """
    region = item.levels.region.grow(1).clip(volume.shape)
    axis = grid.axis_out(volume.geometry.slice_axis)
    nothing = {"at": None, "axis": axis, "certainty": 1.0}
    if not region.size:
        return {**nothing, "why": "nothing is marked yet"}
    level: Float64 = item.levels.on(region).astype(np.float64) / 255
    doubt = 1 - np.abs(2 * level - 1)
    part, count = ndimage.label(doubt > _UNSURE)
    if not count:
        return {**nothing, "why": "the method is sure everywhere; look at the outline yourself"}
    most = 1 + int(np.argmax(ndimage.sum_labels(doubt, part, range(1, count + 1))))
    inside = np.pad(part == most, 1)
    deep = ndimage.distance_transform_edt(inside, sampling=volume.spacing)[1:-1, 1:-1, 1:-1]
    spot = np.unravel_index(np.argmax(deep), deep.shape)
    at = index3(low + int(n) for low, n in zip(region.low, spot, strict=True))
    where = grid.region_out(Region(at, index3(n + 1 for n in at))).low
    return {
        "at": [*where],
        "axis": axis,
        "certainty": round(float(1 - doubt[spot]), 3),
        "why": f"{int((part == most).sum())} voxels here could be either",
    }
