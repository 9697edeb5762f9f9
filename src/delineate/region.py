"""A half-open box of voxels, `low <= index < high`: the one way to say where."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np

from .types import Index, Mask, Spacing


def index3(values: Iterable[int]) -> Index:
    """Three plain integers, whatever integer type they came in."""
    i, j, k = values
    return int(i), int(j), int(k)


@dataclass(frozen=True)
class Region:
    """Half-open box of voxels, in indices of one grid. May be empty, may lie outside.

    Examples:
        >>> Region((1, 1, 0), (4, 3, 1)).shape
        (3, 2, 1)
        >>> Region((1, 1, 0), (4, 3, 1)).grow(2).clip((5, 5, 1))
        Region(low=(0, 0, 0), high=(5, 5, 1))
    """

    low: Index
    high: Index

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", index3(self.low))
        object.__setattr__(self, "high", index3(self.high))

    @classmethod
    def whole(cls, shape: Index) -> Self:
        """All of a grid of this shape."""
        return cls((0, 0, 0), shape)

    @classmethod
    def around(cls, mask: Mask, low: Index = (0, 0, 0)) -> Self:
        """The smallest region that holds every true voxel of `mask`, whose first voxel is `low`."""
        bounds = []
        for axis in range(3):
            others = tuple(a for a in range(3) if a != axis)
            found = np.flatnonzero(mask.any(axis=others))
            bounds.append((found[0], found[-1] + 1) if found.size else (0, 0))
        first, last = zip(*bounds, strict=True)
        return cls(first, last).shift(low)

    @property
    def shape(self) -> Index:
        """Voxels along I, J, K; zero where the region is empty."""
        return index3(max(0, b - a) for a, b in zip(self.low, self.high, strict=True))

    @property
    def size(self) -> int:
        """Number of voxels."""
        i, j, k = self.shape
        return i * j * k

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """Index of this region in an array of the whole grid."""
        i, j, k = (slice(a, b) for a, b in zip(self.low, self.high, strict=True))
        return i, j, k

    def within(self, other: "Region") -> tuple[slice, slice, slice]:
        """Index of this region in an array that covers `other`."""
        return self.shift(index3(-a for a in other.low)).slices

    def shift(self, by: Index) -> Self:
        """The region moved by so many voxels."""
        return type(self)(
            index3(a + d for a, d in zip(self.low, by, strict=True)),
            index3(b + d for b, d in zip(self.high, by, strict=True)),
        )

    def grow(self, voxels: int | Index) -> Self:
        """The region with a margin of so many voxels (along each axis, or one for all)."""
        margin = (voxels,) * 3 if isinstance(voxels, int) else voxels
        return type(self)(
            index3(a - m for a, m in zip(self.low, margin, strict=True)),
            index3(b + m for b, m in zip(self.high, margin, strict=True)),
        )

    def grow_mm(self, margin: float, spacing: Spacing) -> Self:
        """The region with a margin of at least `margin` mm."""
        return self.grow(index3(int(np.ceil(margin / s)) for s in spacing))

    def intersect(self, other: "Region") -> Self:
        """What both regions hold; perhaps empty."""
        low = index3(max(a, b) for a, b in zip(self.low, other.low, strict=True))
        high = (min(a, b) for a, b in zip(self.high, other.high, strict=True))
        return type(self)(low, index3(max(a, b) for a, b in zip(high, low, strict=True)))

    def clip(self, shape: Index) -> Self:
        """The part that lies in a grid of this shape."""
        return self.intersect(Region.whole(shape))

    def union(self, other: "Region") -> Self:
        """The smallest region that holds both; an empty one adds nothing."""
        if not self.size:
            return type(self)(other.low, other.high)
        if not other.size:
            return self
        low = index3(min(a, b) for a, b in zip(self.low, other.low, strict=True))
        high = index3(max(a, b) for a, b in zip(self.high, other.high, strict=True))
        return type(self)(low, high)

    def includes(self, at: Index) -> bool:
        """Whether one voxel is in this region."""
        return all(a <= i < b for a, i, b in zip(self.low, at, self.high, strict=True))

    def holds(self, other: "Region") -> bool:
        """Whether every voxel of `other` is in this region."""
        return self.intersect(other).size == other.size
