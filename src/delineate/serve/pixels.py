"""An image as NIfTI bytes on the page's grid, as small as is exact."""

import struct

import numpy as np

from ..types import Array
from ..volume import RGB, Volume
from .failures import Refused
from .grid import PageGrid

_HEADER = 352
_TYPES = {"int16": (4, 16), "float32": (16, 32), "rgb": (128, 24)}


def nifti(volume: Volume, grid: PageGrid, channel: str) -> bytes:
    """A NIfTI-1 file of one channel, or of all three colours.

    Args:
        volume: The image.
        grid: The page's.
        channel: Its number, or "rgb".

    Raises:
        Refused: If there is no such channel.
    """
    if channel == "rgb":
        if volume.channels != RGB:
            raise Refused(
                404, "NotFound", "this image has no colours; ask for a channel by its number"
            )
        planes = [
            _flat(grid.array_out(np.clip(np.round(c), 0, 255).astype(np.uint8)))
            for c in _bytes(volume)
        ]
        return _header(grid, "rgb") + np.stack(planes, axis=-1).tobytes()
    if not channel.isdecimal() or int(channel) >= len(volume.data):
        raise Refused(
            404,
            "NotFound",
            f"there is no channel {channel[:20]!r}; there are {len(volume.data)}, from 0",
        )
    values = volume.data[int(channel)]
    low, high = float(values.min()), float(values.max())
    exact = low >= -32768 and high <= 32767
    if exact:
        small = values.astype(np.int16)
        exact = bool(np.array_equal(small, values))
    kept = small if exact else values
    return _header(grid, "int16" if exact else "float32") + _flat(grid.array_out(kept)).tobytes()


def _bytes(volume: Volume) -> Array:
    """Colours from 0 to 255; those of 16 bits are scaled."""
    high = float(volume.data.max())
    data: Array = volume.data if high <= 255 else volume.data * (255 / high)
    return data


def _flat(array: Array) -> Array:
    return np.ascontiguousarray(array.T).ravel()


def _header(grid: PageGrid, kind: str) -> bytes:
    code, bits = _TYPES[kind]
    affine = grid.page.affine
    out = bytearray(_HEADER)
    struct.pack_into("<i", out, 0, 348)
    struct.pack_into("<8h", out, 40, 3, *grid.page.shape, 1, 1, 1, 1)
    struct.pack_into("<hh", out, 70, code, bits)
    struct.pack_into("<8f", out, 76, 1.0, *grid.page.spacing, 1, 1, 1, 1)
    struct.pack_into("<fff", out, 108, _HEADER, 1.0, 0.0)
    struct.pack_into("<B", out, 123, 2)
    struct.pack_into("<hh", out, 252, 0, 1)
    struct.pack_into("<12f", out, 280, *affine[:3].ravel())
    out[344:348] = b"n+1\0"
    return bytes(out)
