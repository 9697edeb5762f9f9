"""A probability patch at rest: 256 levels, packed, so that history costs little."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import numpy as np

from .patch import Patch
from .region import Region
from .types import Float32, UInt8


@dataclass(frozen=True)
class Levels:
    """A probability in steps of 1/255 inside a region, zero outside it.

    A level of 128 or more means more likely than not, exactly as 0.5 divides the
    probabilities it was made from.

    Args:
        region: The smallest region that holds every level above zero.
        bits: The levels in C order, one byte each, by zlib.
    """

    region: Region
    bits: bytes

    @classmethod
    def of(cls, patch: Patch) -> Self:
        """The levels of a patch; what is below 1/256 becomes zero."""
        return cls.pack(quantised(patch), patch.region)

    @classmethod
    def pack(cls, level: UInt8, region: Region) -> Self:
        """Levels given as an array that covers `region`."""
        inner = Region.around(level > 0)
        if not inner.size:
            return cls(Region((0, 0, 0), (0, 0, 0)), b"")
        data = level[inner.slices]
        return cls(inner.shift(region.low), zlib.compress(data.tobytes(), 1))

    def on(self, region: Region) -> UInt8:
        """The levels on another region of the image."""
        out = np.zeros(region.shape, np.uint8)
        both = self.region.intersect(region)
        if both.size:
            held = np.frombuffer(_inflate(self.bits), np.uint8).reshape(self.region.shape)
            out[both.within(region)] = held[both.within(self.region)]
        return out

    def probability(self, region: Region) -> Float32:
        """The probability on another region of the image, float32."""
        return self.on(region).astype(np.float32) / np.float32(255)


def quantised(patch: Patch) -> UInt8:
    """The levels of a patch as an array that covers its region."""
    level = patch.probability * np.float32(256)
    np.ceil(level, out=level)
    level -= 1
    return np.clip(level, 0, 255, out=level).astype(np.uint8)


@lru_cache(maxsize=4)
def _inflate(bits: bytes) -> bytes:
    return zlib.decompress(bits)
