"""Windows: what a click-guided network is shown around an object, on a grid of its own.

The method cuts its windows by the same two functions, `around` and `grid_shape`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..networks.window import around, grid_shape, window_at
from ..synth.fields import log_uniform, resize
from ..types import Float32, Int64, Mask
from ..users.area import Area
from .clicks import Clicks
from .crops import normalised


@dataclass(frozen=True, eq=False)
class View:
    """An image and the object in it, on a network's grid.

    Attributes:
        image: `(*size)`, of mean 0 and deviation 1 in the window, 0 beside it.
        mask: `(*size)`.
        thickness: Of a slice, in pixels of it; 1 for pictures.
    """

    image: Float32
    mask: Mask
    thickness: float

    @property
    def spacing(self) -> tuple[float, ...]:
        """Of the grid, along its axes."""
        return (1.0,) * self.image.ndim if self.image.ndim == 2 else (1.0, 1.0, self.thickness)


def draw_ratio(rng: np.random.Generator, clicks: Clicks) -> float:
    """How many longest sides of an object a window is wide, as chance has it."""
    chance = rng.random()
    if chance < clicks.wide:
        return log_uniform(rng, clicks.reach[1], clicks.widest)
    if chance < clicks.wide + clicks.narrow:
        return log_uniform(rng, clicks.narrowest, clicks.reach[0])
    return log_uniform(rng, *clicks.reach)


def cut(
    rng: np.random.Generator | None,
    image: Float32,
    mask: Mask,
    thickness: float,
    size: tuple[int, ...],
    ratio: float,
) -> View:
    """The window of one width, `ratio` longest sides of the object; in the middle without `rng`.

    Else it lies anywhere where it holds the object or, if it is narrower than that, around the
    deepest voxel of the object, as around a click, or around any other.

    Args:
        rng: Source of where.
        image: `(I, J)` or `(I, J, K)`.
        mask: The object, of the same shape, at least one voxel.
        thickness: Of a slice, where a pixel is 1 wide.
        size: Of the view.
        ratio: How wide.
    """
    spacing = (1.0, 1.0, thickness)[: image.ndim]
    where = np.argwhere(mask)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    shift = rng.uniform(-1, 1, image.ndim) if rng is not None else np.zeros(image.ndim)
    ends = around(low, high, spacing, ratio, shift, image.shape)
    if rng is not None and ratio < 1:
        middle = _deepest(mask, spacing) if rng.random() < 0.5 else rng.choice(where)
        ends = window_at(middle + 0.5, np.array([b - a for a, b in ends]), image.shape)
    window = tuple(slice(a, b) for a, b in ends)
    return fitted(rng, image[window], mask[window], thickness, size)


def fitted(
    rng: np.random.Generator | None,
    image: Float32,
    mask: Mask,
    thickness: float,
    size: tuple[int, ...],
) -> View:
    """A window on the grid of a network: its longer side fills the slice, its form is kept.

    Of a volume with more slices than the grid has, those around some voxel of the object are
    shown; else the window lies somewhere in the grid. Both are in the middle without `rng`.
    """
    spacing = (1.0, 1.0, thickness)[: image.ndim]
    shape, steps = grid_shape(image.shape, spacing, max(size[:2]))
    inside = resize(mask.astype(np.float32), shape) >= 0.5
    seen = normalised(resize(image, shape))
    if image.ndim == 3 and shape[2] > size[2]:
        first = _slab(rng, inside, size[2])
        shown = np.s_[..., first : first + size[2]]
        seen, inside = seen[shown], inside[shown]
    out, object_ = np.zeros(size, np.float32), np.zeros(size, bool)
    place = tuple(_place(rng, a, b) for a, b in zip(seen.shape, size, strict=True))
    out[place], object_[place] = seen, inside
    return View(out, object_, steps[-1] / steps[0] if image.ndim == 3 else 1.0)


def _deepest(mask: Mask, spacing: Sequence[float]) -> Int64:
    """The voxel of an object that is farthest from all others."""
    area = Area.of(mask if mask.ndim == 3 else mask[..., None])
    i, j, k = (*spacing, 1.0)[:3]
    at = area.place(area.deepest((i, j, k)))
    return np.array(at[: mask.ndim], np.int64)


def _slab(rng: np.random.Generator | None, inside: Mask, count: int) -> int:
    """The first of so many slices that show the object."""
    held = np.flatnonzero(inside.any(axis=(0, 1)))
    most = inside.shape[2] - count
    if rng is None or not held.size:
        middle = int(held.mean()) if held.size else inside.shape[2] // 2
        return int(np.clip(middle - count // 2, 0, most))
    return int(np.clip(int(rng.choice(held)) - int(rng.integers(count)), 0, most))


def _place(rng: np.random.Generator | None, length: int, room: int) -> slice:
    spare = room - length
    first = spare // 2 if rng is None else int(rng.integers(0, spare + 1))
    return slice(first, first + length)
