"""What the server sends of masks: a header in JSON and the labels of the changed box."""

import json
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..objects import Object
from ..prompts import Given, Paint, Prompt, to_json
from ..region import Region
from ..types import Array
from ..voxels import Voxels
from .grid import PageGrid

MEDIA = "application/x-delineate"


def frame(header: Mapping[str, Any], region: Region, values: Array, grid: PageGrid) -> bytes:
    """A frame of one byte a voxel.

    Args:
        header: Its "kind" and more; "region" and how it is packed are added.
        region: Of the image, which `values` covers.
        values: `(I, J, K)` from 0 to 255.
        grid: The page's.
    """
    where = grid.region_out(region)
    flat = np.ascontiguousarray(grid.array_out(values.astype(np.uint8, copy=False)).T)
    said = {**header, "region": box(where), "dtype": "uint8", "codec": "deflate"}
    text = json.dumps(said, separators=(",", ":")).encode()
    return struct.pack("<I", len(text)) + text + zlib.compress(flat.data, 1)


def labels(objects: Mapping[int, Object], region: Region) -> Array:
    """The label map of a session's objects in a region, uint8."""
    out = np.zeros(region.shape, np.uint8)
    for item in objects.values():
        if item.mask.region.intersect(region).size:
            out[item.mask.on(region)] = item.number
    return out


def box(region: Region) -> dict[str, list[int]]:
    """A region as JSON."""
    return {"low": [*region.low], "high": [*region.high]}


def runs(voxels: Voxels) -> dict[str, Any]:
    """A set of voxels of the page as a box and runs, I fastest."""
    flat = np.ravel(voxels.mask(), order="F").astype(np.int8)
    edges = np.flatnonzero(np.diff(flat, prepend=0, append=0))
    starts, ends = edges[::2], edges[1::2]
    pairs = np.stack([starts, ends - starts], axis=1)
    return {**box(voxels.region), "runs": pairs.ravel().tolist()}


def whole(said: Prompt) -> dict[str, Any]:
    """A prompt of the page, with all its voxels."""
    value = to_json(said)
    if "bits" in value:
        for name in ("low", "high", "bits"):
            del value[name]
        value["voxels"] = runs(said.voxels)  # type: ignore[union-attr]
    return value


def prompt(said: Prompt, grid: PageGrid) -> dict[str, Any]:
    """A prompt on the image as the page reads it; what was painted or given without its voxels."""
    if isinstance(said, (Paint, Given)):
        inside = {"inside": said.inside} if isinstance(said, Paint) else {}
        return {"kind": type(said).__name__.lower(), **inside, **box(grid.region_out(said.region))}
    return whole(grid.prompt_out(said))
