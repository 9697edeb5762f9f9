"""The part of an image that a network is given: cut out, resized, normalised, and the way back.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, sections II-B and II-E.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..errors import PromptsMissing
from ..geometry import Geometry
from ..marks import box, given, said
from ..prompts import Adjust, Prompt
from ..region import Region, index3
from ..types import Array, Float32, Float64, Index, Int8, Int64, Spacing
from ..volume import Volume
from .framed import missing_side


@dataclass(frozen=True)
class Crop:
    """A region of an image and the grid on which a network sees it.

    Attributes:
        region: In the image.
        order: The image's axes in the order of the grid; the one across slices is the last.
        shape: Of the grid, the last extent 1 for a picture.
        spacing: Of the grid, mm.
    """

    region: Region
    order: Index
    shape: Index
    spacing: Spacing

    @classmethod
    def of(
        cls, region: Region, geometry: Geometry, shorter: int, longest: int, stretch: float = 1.0
    ) -> "Crop":
        """The grid of a region, on which it keeps its form in mm.

        Args:
            region: Inside the image, not empty.
            geometry: Of the image; with an axis of extent 1 it is a picture.
            shorter: Pixels along the shorter side of a picture.
            longest: Most pixels along the longer side of a picture, and voxels along the
                longest side of a volume.
            stretch: How many times as long as that the longest side of a volume may be, while
                the grid has no more voxels than a cube of that side; 1 for not at all.
        """
        across = geometry.slice_axis
        order = index3((*(axis for axis in range(3) if axis != across), across))
        voxels = np.array([region.shape[axis] for axis in order])
        sides = voxels * np.array([geometry.spacing[axis] for axis in order])
        if 1 in geometry.shape:
            scale = min(shorter / sides[:2].min(), longest / sides[:2].max())
        else:
            scale = min(longest / np.cbrt(sides.prod()), stretch * longest / sides.max())
        shape = np.maximum(np.rint(sides * scale), 1).astype(int)
        if 1 in geometry.shape:
            shape[2] = 1
        a, b, c = (float(side / n) for side, n in zip(sides, shape, strict=True))
        return cls(region, order, index3(shape), (a, b, c))

    def image(self, part: Array) -> Float32:
        """The region's intensities `(I, J, K)` on the grid, of mean 0 and deviation 1.

        A constant crop is 0 everywhere.
        """
        part = _resized((part - part.min()).transpose(self.order), self.shape)
        mean, deviation = part.mean(dtype=np.float64), part.std(dtype=np.float64)
        if deviation <= 1e-6 * abs(mean):
            return np.zeros(self.shape, np.float32)
        return np.asarray((part - mean) / deviation, np.float32)

    def nearest(self, signs: Int8) -> Int8:
        """A map of the region on the grid: each grid voxel takes the voxel that it lies in."""
        at = [
            _cell(new, old)
            for old, new in zip(signs.transpose(self.order).shape, self.shape, strict=True)
        ]
        return np.asarray(signs.transpose(self.order)[np.ix_(*at)], np.int8)

    def taken(self) -> list[Int64]:
        """By axis of the grid, which voxel of the image each grid voxel lies in."""
        return [
            self.region.low[axis] + _cell(count, self.region.shape[axis])
            for axis, count in zip(self.order, self.shape, strict=True)
        ]

    def marked(self, signs: Int8) -> Int8:
        """Marks of the region on the grid: none is lost, however much the grid is coarser.

        Where marks of both signs fall into one grid voxel the majority counts.
        """
        turned = signs.transpose(self.order)
        found = np.nonzero(turned)
        at = tuple(
            _cell(old, new)[index]
            for old, new, index in zip(turned.shape, self.shape, found, strict=True)
        )
        votes = np.zeros(self.shape, np.int64)
        np.add.at(votes, at, turned[found])
        return np.where(votes != 0, np.sign(votes), self.nearest(signs)).astype(np.int8)

    def back(self, probability: Float32) -> Float32:
        """A probability on the grid, linearly interpolated to the region's voxels."""
        turned = index3(self.region.shape[axis] for axis in self.order)
        out = _resized(probability, turned).transpose(np.argsort(self.order))
        return np.clip(out, 0, 1)

    def found(self, probability: Float32, least: float) -> tuple[Region, Float32]:
        """As `back`, of no more of the region than holds all that is above `least`.

        Args:
            probability: On the grid.
            least: Nothing outside of the part is above it.

        Returns:
            The part in the image, and the probability in it; empty where nothing is above it.
        """
        seen = Region.around(probability > least)
        if not seen.size:
            return Region(self.region.low, self.region.low), np.zeros((0, 0, 0), np.float32)
        low, high = list(self.region.low), list(self.region.high)
        parts = []
        for n, axis in enumerate(self.order):
            old, new = self.shape[n], self.region.shape[axis]
            scale = new / old
            first = max(int(np.floor(seen.low[n] * scale - max(scale, 1))), 0)
            last = min(int(np.ceil(seen.high[n] * scale + max(scale, 1))), new)
            low[axis] += first
            high[axis] = self.region.low[axis] + last
            parts.append(_rows(old, new, first, last))
        out = probability[tuple(columns for columns, _ in parts)]
        for axis in sorted(range(3), key=lambda n: len(parts[n][1]) / out.shape[n]):
            out = _weighted(out, parts[axis][1], axis)
        out = np.ascontiguousarray(out.transpose(np.argsort(self.order)))
        return Region(index3(low), index3(high)), np.clip(out, 0, 1, out=out)


def framed_region(prompts: Sequence[Prompt], volume: Volume, margin: int) -> Region:
    """The box, else a given mask and all marks, else all marks of both sides; and a margin.

    Args:
        prompts: Oldest first.
        volume: The image, which the region does not leave.
        margin: Voxels on each side.

    Raises:
        PromptsMissing: If there are marks of one side alone.
    """
    frame = box(prompts)
    if frame is not None:
        return frame.grow(margin).clip(volume.shape)
    region = Region((0, 0, 0), (0, 0, 0))
    for prompt in prompts:
        if not isinstance(prompt, Adjust):
            region = region.union(prompt.region)
    start = given(prompts)
    missing = missing_side(said(prompts, region)) if start is None or not len(start) else None
    if missing:
        raise PromptsMissing(missing)
    return region.grow(margin).clip(volume.shape)


def _cell(count: int, cells: int) -> Int64:
    """For each of `count` points, evenly spread, which of `cells` it lies in."""
    return ((np.arange(count) + 0.5) * cells / count).astype(np.int64)


def _resized(array: Float32, shape: Index) -> Float32:
    """An array on a grid of another shape over the same extent: linear, averaged when coarser."""
    shrinking_first = sorted(range(3), key=lambda axis: shape[axis] / array.shape[axis])
    for axis in shrinking_first:
        old, new = array.shape[axis], shape[axis]
        if old != new:
            array = _weighted(array, _weights(old, new).astype(np.float32), axis)
    return np.ascontiguousarray(array)


def _weighted(array: Float32, rows: Float32, axis: int) -> Float32:
    """Sums along an axis, `len(rows)` of them, without turning the array."""
    before, after = array.shape[:axis], array.shape[axis + 1 :]
    if after == (1,) * len(after):
        found = array.reshape(-1, array.shape[axis]) @ rows.T
    else:
        found = np.matmul(rows, array.reshape(math.prod(before), array.shape[axis], -1))
    return found.reshape(*before, len(rows), *after)


@lru_cache(maxsize=64)
def _rows(old: int, new: int, first: int, last: int) -> tuple[slice, Float32]:
    """Of the weights from `old` to `new` voxels some rows, and the columns that they need."""
    rows = _weights(old, new)[first:last]
    needed = np.flatnonzero(rows.any(axis=0))
    columns = slice(int(needed[0]), int(needed[-1]) + 1)
    return columns, rows[:, columns].astype(np.float32)


def _weights(old: int, new: int) -> Float64:
    """What each old voxel gives to each new one, `(new, old)`; rows sum to 1."""
    centres = (np.arange(new)[:, None] + 0.5) * old / new - 0.5
    reach = max(old / new, 1.0)
    centres = np.clip(centres, 0, old - 1) if reach == 1 else centres
    weights = np.maximum(1 - np.abs(np.arange(old) - centres) / reach, 0)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True), np.float64)
