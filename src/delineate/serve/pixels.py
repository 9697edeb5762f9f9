"""An image as NIfTI bytes on the page's grid, as small as is exact."""

import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..types import Array
from ..volume import RGB, Volume
from .failures import Refused
from .grid import PageGrid

_HEADER = 352
_TYPES = {"int16": (4, 16), "float32": (16, 32), "rgb": (128, 24)}
_DTYPES = {"int16": "<i2", "float32": "<f4", "rgb": "u1"}
_PIECE = 4 * 2**20
_BLOCK = 16


def nifti(volume: Volume, grid: PageGrid, channel: str) -> tuple[int, Iterator[bytes]]:
    """A NIfTI-1 file of one channel, or of all three colours, made as it is sent.

    Args:
        volume: The image.
        grid: The page's.
        channel: Its number, or "rgb".

    Returns:
        How many bytes it has, and its bytes, a few megabytes at a time.

    Raises:
        Refused: If there is no such channel.
    """
    if channel == "rgb":
        if volume.channels != RGB:
            raise Refused(
                404, "NotFound", "this image has no colours; ask for a channel by its number"
            )
        planes = [np.clip(np.round(c), 0, 255).astype(np.uint8) for c in _bytes(volume)]
        return _file(grid, "rgb", np.stack([grid.array_out(plane) for plane in planes], axis=-1))
    if not channel.isdecimal() or int(channel) >= len(volume.data):
        raise Refused(
            404,
            "NotFound",
            f"there is no channel {channel[:20]!r}; there are {len(volume.data)}, from 0",
        )
    values = volume.data[int(channel)]
    return _file(grid, "int16" if _whole(values) else "float32", grid.array_out(values))


def _file(grid: PageGrid, kind: str, values: Array) -> tuple[int, Iterator[bytes]]:
    """Header and voxels `(I, J, K)` or `(I, J, K, 3)`, I fastest."""
    dtype = np.dtype(_DTYPES[kind])
    return _HEADER + values.size * dtype.itemsize, _pieces(_header(grid, kind), dtype, values)


def _pieces(header: bytes, dtype: np.dtype[Any], values: Array) -> Iterator[bytes]:
    """The header, then slices in blocks that a cache holds while they are turned around."""
    yield header
    turned = np.swapaxes(values, 0, 2)
    step = max(1, _PIECE // max(1, turned[:1].size * dtype.itemsize))
    for start in range(0, len(turned), step):
        part = turned[start : start + step]
        piece = np.empty(part.shape, dtype)
        for column in range(0, part.shape[2], _BLOCK):
            piece[:, :, column : column + _BLOCK] = part[:, :, column : column + _BLOCK]
        yield piece.tobytes()


def _whole(values: Array) -> bool:
    """Whether all voxels are whole numbers that int16 has; looks no further than the first not."""
    for start in range(0, len(values), _BLOCK):
        part = values[start : start + _BLOCK]
        if part.min() < -32768 or part.max() > 32767:
            return False
        if not np.array_equal(part.astype(np.int16), part):
            return False
    return True


def _bytes(volume: Volume) -> Array:
    """Colours from 0 to 255; those of 16 bits are scaled."""
    high = float(volume.data.max())
    data: Array = volume.data if high <= 255 else volume.data * (255 / high)
    return data


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
