"""What a file holds, as it is stored: the form that the reader of every format gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ..errors import ImageError, SeveralImages
from ..geometry import Geometry
from ..types import Array, Float32, Float64
from ..volume import RGB, Source, Volume
from .segments import Segment

LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
"""From the world of DICOM and ITK (LPS) to ours (RAS), and back."""

SLAB = 16

Room: TypeAlias = Callable[[tuple[int, ...]], Float32]
"""Makes the float32 array of a shape that intensities are put into."""


def memory(shape: tuple[int, ...]) -> Float32:
    """Room in memory."""
    return np.empty(shape, np.float32)


@dataclass(frozen=True, eq=False)
class Stored:
    """The contents of a file.

    Args:
        voxels: `(C, I, J, K)` in the type and the memory order of the file.
        geometry: The grid, in RAS+.
        format: As in `Source`.
        header: What the format needs to write a mask like it.
        channels: Names, or none.
        slope: An intensity is `slope * voxel + intercept`.
        intercept: See `slope`.
        segments: Names of labels, if it is a segmentation.
        files: All files that were read.
    """

    voxels: Array
    geometry: Geometry
    format: str
    header: Mapping[str, Any] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    slope: float = 1.0
    intercept: float = 0.0
    segments: tuple[Segment, ...] = ()
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.voxels.dtype.kind not in "biuf":
            raise ImageError(f"voxels must be real numbers, got dtype {self.voxels.dtype}")

    def volume(self, path: Path, channel: int | None = None, room: Room = memory) -> Volume:
        """The image, its intensities rounded to float32.

        Raises:
            SeveralImages: If there is no such channel.
            ImageError: If a voxel is NaN or infinite.
        """
        voxels, channels = self.voxels, self.channels
        if channel is not None:
            if not 0 <= channel < len(voxels):
                raise SeveralImages(
                    f"there is no channel {channel}, the channels are 0 to {len(voxels) - 1}"
                )
            voxels, channels = voxels[channel : channel + 1], channels[channel : channel + 1]
        header = {**self.header, "geometry": self.geometry, "files": self.files}
        source = Source(str(path.absolute()), self.format, header)
        return Volume(self._intensities(voxels, room), self.geometry, channels, source)

    def _intensities(self, voxels: Array, room: Room) -> Float32:
        """Voxels in C order; slab by slab, since a transposing copy of a whole one is slow."""
        plain = (self.slope, self.intercept) == (1, 0)
        if plain and voxels.dtype == np.float32 and voxels.flags.c_contiguous:
            return voxels
        out = room(voxels.shape)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, voxels.shape[3], SLAB):
                slab = voxels[..., start : start + SLAB]
                if not plain:
                    slab = slab.astype(np.float64) * self.slope + self.intercept
                out[..., start : start + SLAB] = slab
        return out


def grid(shape: tuple[int, ...], affine_lps: Float64) -> Geometry:
    """The geometry of a grid whose affine is in LPS; missing axes are one voxel thick."""
    i, j, k = (*shape, 1, 1)[:3]
    return Geometry((i, j, k), LPS @ affine_lps + 0.0)


def without_alpha(pixels: Array) -> tuple[Array, tuple[str, ...]]:
    """Samples `(..., S)` less their alpha, and the names of the channels.

    Raises:
        ImageError: If a pixel is not fully opaque.
    """
    samples = pixels.shape[-1]
    if samples in (2, 4):
        full = 1 if pixels.dtype.kind == "f" else np.iinfo(pixels.dtype).max
        clear = int(np.count_nonzero(pixels[..., -1] != full))
        if clear:
            raise ImageError(
                f"{clear} of {pixels[..., -1].size} pixels are transparent, so their intensity "
                "depends on the background; save the picture without an alpha channel"
            )
        pixels = pixels[..., :-1]
    return pixels, RGB if pixels.shape[-1] == 3 else ()
