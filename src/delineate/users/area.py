"""A set of voxels cut out of its grid: where a simulated user looks for a place to mark."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy import ndimage

from ..region import Region, index3
from ..types import Float32, Index, Int64, Mask, Spacing
from .chamfer import depth


@dataclass(frozen=True, eq=False)
class Area:
    """A set of voxels in the smallest array that holds it.

    Args:
        low: Index in the grid of the array's first voxel.
        mask: (I, J, K), of no extent where the set is empty.
        axes: The axes along which depth counts: those along which the grid extends,
            less the one across which the area was sliced.
    """

    low: Index
    mask: Mask
    axes: tuple[int, ...]

    @classmethod
    def of(cls, mask: Mask) -> Self:
        """The true voxels of a mask that covers the grid."""
        axes = tuple(axis for axis in range(3) if mask.shape[axis] > 1)
        return cls((0, 0, 0), mask, axes).tight()

    @property
    def size(self) -> int:
        """Number of voxels."""
        return int(np.count_nonzero(self.mask))

    def tight(self) -> Self:
        """The same set in the smallest array that holds it."""
        region = Region.around(self.mask)
        low = region.shift(self.low).low
        return type(self)(low, self.mask[region.slices], self.axes)

    def largest_part(self) -> Self:
        """The connected part with the most voxels, corners connect; the first of equals."""
        labels, count = ndimage.label(self.mask, np.ones((3, 3, 3)))
        if count < 2:
            return self
        sizes = np.bincount(labels.ravel())[1:]
        chosen = int(np.argmax(sizes))
        cut = ndimage.find_objects(labels)[chosen]
        low = index3(a + c.start for a, c in zip(self.low, cut, strict=True))
        return type(self)(low, labels[cut] == chosen + 1, self.axes)

    def largest_slice(self, axis: int) -> Self:
        """What lies in the slice across `axis` with the most voxels; the first of equals."""
        others = tuple(a for a in range(3) if a != axis)
        return self.slice(axis, self.low[axis] + int(np.argmax(self.mask.sum(axis=others))))

    def slice(self, axis: int, at: int) -> Self:
        """What lies in one slice of the grid across `axis`, in which alone depth then counts."""
        here = at - self.low[axis]
        cut: list[slice] = [slice(None)] * 3
        cut[axis] = slice(here, here + 1)
        low = index3(at if a == axis else i for a, i in enumerate(self.low))
        axes = tuple(a for a in self.axes if a != axis)
        return type(self)(low, self.mask[tuple(cut)], axes).tight()

    def slice_axis(self, spacing: Spacing) -> int:
        """Of the axes along which depth counts, that of coarsest spacing; the last of equals."""
        return max(self.axes, key=lambda axis: (round(spacing[axis], 6), axis))

    def depth(self, spacing: Spacing) -> Float32:
        """Chamfer depth of each voxel of the array: see `chamfer.depth`.

        The image's edge is an edge of the area too: people keep away from both.
        """
        return depth(self.mask, spacing, self.axes)

    def deepest(self, spacing: Spacing) -> Int64:
        """Index in the array of the deepest voxel.

        Of several the one nearest to their centre in mm, then the first in C order.
        """
        deep = self.depth(spacing)
        tied = np.argwhere(deep >= deep.max() * (1 - 1e-5))
        away = (tied - tied.mean(axis=0)) * spacing
        found: Int64 = tied[np.argmin(np.round((away**2).sum(axis=1), 6))]
        return found

    def place(self, at: Int64) -> Index:
        """Index in the grid of a voxel of the array."""
        return index3(at + np.array(self.low))
