"""Looks at an image: the first one sees much and little of it sharply, the last one the object.

Each look is a window on a grid of about one size, so that images and objects of any size are
given to a network as those it was trained on; `networks/window.py` cuts both.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..marks import Mark
from ..networks.window import LEAST, around, grid_shape
from ..prompts import Click, Given, Prompt
from ..region import Region, index3
from ..types import Float32, Index, Int64, Mask
from ..volume import Volume
from ..voxels import Voxels
from .crop import Crop

SMALL, LARGE = 0.25, 0.8
"""Shares of a window's longest side that an object may have for a look to be the last one."""

CLOSER = 3.0
"""How many times narrower the next window is where nothing was found."""


@dataclass(frozen=True, eq=False)
class Look:
    """A window and what a network sees of it.

    Attributes:
        crop: Where it is, and its grid.
        image: On the grid, mean 0 and deviation 1.
    """

    crop: Crop
    image: Float32

    @classmethod
    def at(cls, volume: Volume, region: Region, longest: int, channel: int | None) -> "Look":
        """A window of an image on a grid with so many pixels along the longer side of a slice."""
        across = volume.geometry.slice_axis
        order = index3((*(axis for axis in range(3) if axis != across), across))
        sides = index3(region.shape[axis] for axis in order)
        steps = tuple(volume.spacing[axis] for axis in order)
        count = 2 if volume.dims == 2 else 3
        shape, spacing = grid_shape(sides[:count], steps[:count], longest)
        if count == 2:
            shape, spacing = (*shape, 1), (*spacing, steps[2])
        i, j, k = spacing
        crop = Crop(region, order, index3(shape), (i, j, k))
        return cls(crop, crop.image(volume.crop(region).scalar(channel)))

    def marks(self, prompts: Iterable[Prompt]) -> dict[Index, bool]:
        """What is marked on the grid, and whether it is inside.

        Later marks win over earlier ones in one voxel of the grid, and a given mask over all
        before it.
        """
        voxels: list[Int64] = []
        sides: list[bool] = []
        for prompt in prompts:
            if isinstance(prompt, Given):
                voxels, sides = [], []
            elif isinstance(prompt, Mark):
                own = (
                    np.array([prompt.at]) if isinstance(prompt, Click) else prompt.voxels.indices()
                )
                voxels.append(own)
                sides += [prompt.inside] * len(own)
        if not voxels:
            return {}
        there, cells = self._cells(np.concatenate(voxels))
        kept = np.array(sides)[there].tolist()
        return {(i, j, k): side for (i, j, k), side in zip(cells.tolist(), kept, strict=True)}

    def cells(self, voxels: Int64) -> list[Index]:
        """The grid voxels that voxels of the image `(N, 3)` lie in; those beside it left out."""
        return list(dict.fromkeys((i, j, k) for i, j, k in self._cells(voxels)[1].tolist()))

    def box(self, region: Region) -> tuple[tuple[int, int], ...]:
        """A box of the image on the grid, half-open along its axes, rounded."""
        low, sides = np.array(self.crop.region.low), np.array(self.crop.region.shape)
        scale = self._turned / sides
        first = np.rint((np.array(region.low) - low) * scale).astype(int)[list(self.crop.order)]
        last = np.rint((np.array(region.high) - low) * scale).astype(int)[list(self.crop.order)]
        last = np.maximum(last, first + 1)
        return tuple((int(a), int(b)) for a, b in zip(first, last, strict=True))

    def mask(self, voxels: Voxels) -> Mask:
        """A mask of the image on the grid."""
        out = np.zeros(self.crop.shape, bool)
        cells, taken = [], []
        for axis, at in zip(self.crop.order, self.crop.taken(), strict=True):
            low, high = voxels.region.low[axis], voxels.region.high[axis]
            there = np.flatnonzero((at >= low) & (at < high))
            cells.append(there)
            taken.append(at[there] - low)
        out[np.ix_(*cells)] = voxels.mask().transpose(self.crop.order)[np.ix_(*taken)]
        return out

    def _cells(self, voxels: Int64) -> tuple[Mask, Int64]:
        """Which voxels lie in the window, and those voxels' places on the grid."""
        low, sides = np.array(self.crop.region.low), np.array(self.crop.region.shape)
        within = voxels - low
        there = ((within >= 0) & (within < sides)).all(axis=1)
        cells = (within[there] + 0.5) * self._turned / sides
        return there, cells.astype(np.int64)[:, list(self.crop.order)]

    @property
    def _turned(self) -> Int64:
        """Extents of the grid in the order of the image's axes."""
        return np.array([self.crop.shape[self.crop.order.index(axis)] for axis in range(3)])


def next_window(
    look: Look, found: Mask, marks: Mapping[Index, bool], volume: Volume, ratio: float
) -> Region | None:
    """Where to look next after a look has found something; None if that was close enough.

    Args:
        look: The last one.
        found: `(I, J, K)` on its grid. Of several parts those that hold an inside mark count,
            if any does.
        marks: On its grid.
        volume: The image.
        ratio: See `around`.
    """
    here = look.crop.region
    inside = [at for at, side in marks.items() if side]
    part = marked_part(found, inside)
    if part is None:
        if not inside:
            return None
        closer = index3(max(min(n, LEAST), round(n / CLOSER)) for n in here.shape)
        middle = look_back(look, Region.around(_points(found.shape, inside)))
        return _centred(middle, closer, volume, here)
    seen = Region.around(part | _points(found.shape, inside))
    share = max(seen.shape[:2]) / max(found.shape[:2])
    whole = Region.whole(volume.shape)
    cut = is_cut(look, seen, volume)
    if not cut and share >= SMALL and (share <= LARGE or here == whole):
        return None
    target = window_around(look_back(look, seen), volume, ratio)
    return None if target == here else target


def window_around(box: Region, volume: Volume, ratio: float) -> Region:
    """The window around a box in the image; see `networks.window.around`."""
    across = volume.geometry.slice_axis
    order = [*(axis for axis in range(3) if axis != across), across]
    order = order[: volume.dims]
    ends = around(
        np.array([box.low[axis] for axis in order]), np.array([box.high[axis] for axis in order]),
        [volume.spacing[axis] for axis in order], ratio, np.zeros(len(order)),
        tuple(volume.shape[axis] for axis in order),
    )  # fmt: skip
    low, high = [0, 0, 0], list(volume.shape)
    for axis, (first, last) in zip(order, ends, strict=True):
        low[axis], high[axis] = first, last
    return Region(index3(low), index3(high)).union(box).clip(volume.shape)


def look_back(look: Look, seen: Region) -> Region:
    """A box on the grid of a look in the image, rounded outwards."""
    low, high = [0, 0, 0], [0, 0, 0]
    region = look.crop.region
    for n, axis in enumerate(look.crop.order):
        scale = region.shape[axis] / look.crop.shape[n]
        low[axis] = region.low[axis] + int(np.floor(seen.low[n] * scale))
        high[axis] = region.low[axis] + int(np.ceil(seen.high[n] * scale))
    return Region(index3(low), index3(high)).intersect(region)


def marked_part(found: Mask, inside: list[Index]) -> Mask | None:
    """The connected parts that hold a mark; all of it if none does; None where there is none."""
    if not found.any():
        return None
    part, _ = ndimage.label(found, np.ones((3, 3, 3)))
    kept = {int(part[at]) for at in inside} - {0}
    return np.isin(part, sorted(kept)) if kept else None if inside else found


def _points(shape: tuple[int, ...], points: list[Index]) -> Mask:
    out = np.zeros(shape, bool)
    for at in points:
        out[at] = True
    return out


def is_cut(look: Look, seen: Region, volume: Volume) -> bool:
    """Whether a box on the grid reaches a side of the window beyond which the image goes on."""
    window = look.crop.region
    return any(
        (seen.low[n] == 0 and window.low[axis] > 0)
        or (seen.high[n] == look.crop.shape[n] and window.high[axis] < volume.shape[axis])
        for n, axis in enumerate(look.crop.order)
    )


def _centred(middle: Region, shape: Index, volume: Volume, within: Region) -> Region | None:
    """A window of so many voxels around a box, which it holds; None if it is no narrower."""
    low = index3((a + b - n) // 2 for a, b, n in zip(middle.low, middle.high, shape, strict=True))
    high = index3(a + n for a, n in zip(low, shape, strict=True))
    found = Region(low, high).union(middle).clip(volume.shape)
    return found if max(found.shape) < max(within.shape) else None
