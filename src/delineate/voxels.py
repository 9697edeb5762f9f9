"""A set of voxels, small at rest: its bounding region and packed, compressed bits."""

import base64
import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .errors import PromptError
from .region import Region
from .types import Index, Int64, Mask


@dataclass(frozen=True)
class Voxels:
    """A set of voxels of one grid; equal sets are equal values.

    Args:
        region: The smallest region that holds them; empty at the origin for no voxel.
        bits: Membership inside the region in C order, packed eight to a byte, by zlib.

    Examples:
        >>> some = Voxels.of([(1, 2, 3), (1, 2, 4)])
        >>> some.region, len(some)
        (Region(low=(1, 2, 3), high=(2, 3, 5)), 2)
    """

    region: Region
    bits: bytes

    @classmethod
    def from_mask(cls, mask: Mask, low: Index = (0, 0, 0)) -> Self:
        """The true voxels of `mask`, `(I, J, K)`, whose first voxel has index `low`."""
        mask = np.asarray(mask, bool)
        inner = Region.around(mask)
        if not inner.size:
            return cls(Region((0, 0, 0), (0, 0, 0)), b"")
        packed = np.packbits(mask[inner.slices]).tobytes()
        return cls(inner.shift(low), zlib.compress(packed, 1))

    @classmethod
    def of(cls, indices: ArrayLike | Iterable[Index]) -> Self:
        """The voxels at these indices, `(N, 3)` whole numbers.

        Raises:
            PromptError: If they are not whole numbers in threes.
        """
        at = np.asarray(indices if isinstance(indices, np.ndarray) else list(indices))  # type: ignore[arg-type]
        if at.size == 0:
            return cls.from_mask(np.zeros((1, 1, 1), bool))
        if at.ndim != 2 or at.shape[1] != 3 or not np.array_equal(at, np.round(at)):
            raise PromptError(f"voxels are (N, 3) whole indices, got an array of shape {at.shape}")
        at = at.astype(np.int64)
        low = at.min(axis=0)
        mask = np.zeros(at.max(axis=0) - low + 1, bool)
        mask[tuple((at - low).T)] = True
        return cls.from_mask(mask, tuple(low.tolist()))

    def mask(self) -> Mask:
        """The set as a boolean array of `region.shape`."""
        if not self.bits:
            return np.zeros(self.region.shape, bool)
        size = self.region.size
        packed = zlib.decompressobj().decompress(self.bits, (size + 7) // 8 + 1)
        if len(packed) != (size + 7) // 8:
            raise PromptError(f"bits of {size} voxels fill {(size + 7) // 8} bytes, not these")
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), count=size)
        return bits.reshape(self.region.shape).astype(bool)

    def on(self, region: Region) -> Mask:
        """The set as a boolean array that covers another region of the grid."""
        out = np.zeros(region.shape, bool)
        both = self.region.intersect(region)
        if both.size:
            out[both.within(region)] = self.mask()[both.within(self.region)]
        return out

    def indices(self) -> Int64:
        """The voxels' indices, `(N, 3)`, in C order."""
        at: Int64 = np.argwhere(self.mask()) + np.array(self.region.low)
        return at

    def __len__(self) -> int:
        return self._count

    @cached_property
    def _count(self) -> int:
        return int(np.count_nonzero(self.mask()))

    @property
    def digest(self) -> str:
        """SHA-256 of the region and the bits, in hexadecimal."""
        where = repr((self.region.low, self.region.high)).encode()
        return hashlib.sha256(where + self.bits).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """The set as values that JSON can hold."""
        bits = base64.b64encode(self.bits).decode("ascii")
        return {"low": [*self.region.low], "high": [*self.region.high], "bits": bits}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """What `to_json` gave.

        Raises:
            PromptError: If the text was damaged.
        """
        try:
            region = Region(value["low"], value["high"])
            found = cls(region, base64.b64decode(value["bits"], validate=True))
            found.mask()
        except (KeyError, TypeError, ValueError, zlib.error) as error:
            raise PromptError(f"a set of voxels could not be read back: {error}") from error
        return found
