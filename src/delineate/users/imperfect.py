"""A user who is a little off, sometimes on the wrong side, sometimes late.

Robot users flatter methods: they never miss. This one wraps any of them.
"""

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from ..errors import MethodError
from ..prompts import Box, Click, Prompt, Scribble
from ..region import Region, index3
from ..types import Float64, Index, Mask, Spacing
from ..voxels import Voxels
from .base import User, check_shapes


@dataclass(frozen=True, kw_only=True)
class Imperfect(User):
    """Says what another user would, with three faults; the sign it means it keeps.

    A mark lands off its place, as a whole and never out of the image, by a normal deviate
    along each axis; so does each side of a box. A mark on the wrong side is then moved on to
    the nearest voxel across the object's edge, as seen from its middle voxel. A late round is
    drawn for the mask of the round before, unless that needed no correction.

    Args:
        user: Who is imitated; `name` is its name after "imperfect-".
        jitter_pixels: Standard deviation in a picture, in pixels.
        jitter_mm: Standard deviation in a volume, in mm.
        wrong_side: Probability of a mark to be moved to the wrong side.
        late: Probability of a round to be drawn for the stale mask.
    """

    name: ClassVar[str] = "imperfect"
    paper: ClassVar[str] = ""
    user: User
    jitter_pixels: float = 3.0
    jitter_mm: float = 3.0
    wrong_side: float = 0.05
    late: float = 0.10

    def __post_init__(self) -> None:
        for field in ("wrong_side", "late"):
            if not 0 <= getattr(self, field) <= 1:
                raise MethodError(f"{field} is {getattr(self, field)}: it must be from 0 to 1")
        for field in ("jitter_pixels", "jitter_mm"):
            if not 0 <= getattr(self, field) < np.inf:
                raise MethodError(f"{field} is {getattr(self, field)}: it must be at least 0")
        object.__setattr__(self, "name", f"imperfect-{self.user.name}")
        object.__setattr__(self, "paper", self.user.paper)

    def start(
        self, truth: Mask, spacing: Spacing, rng: np.random.Generator, both_sides: bool = False
    ) -> tuple[Prompt, ...]:
        """The other user's first prompts, off their places."""
        said = self.user.start(truth, spacing, rng, both_sides)
        return tuple(self._blunder(prompt, truth, spacing, rng) for prompt in said)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """The other user's marks on this mask or on the stale one, off their places.

        Without a stale mask the user is never late; nothing is said where `mask` is right.
        """
        check_shapes(truth, mask)
        said: tuple[Prompt, ...] = ()
        if np.array_equal(truth, mask):
            return said
        if rng.random() < self.late and stale is not None:
            said = self.user.correct(truth, stale, spacing, rng)
        said = said or self.user.correct(truth, mask, spacing, rng)
        return tuple(self._blunder(prompt, truth, spacing, rng) for prompt in said)

    def _blunder(
        self, prompt: Prompt, truth: Mask, spacing: Spacing, rng: np.random.Generator
    ) -> Prompt:
        if isinstance(prompt, Box):
            return self._box(prompt, truth, spacing, rng)
        assert isinstance(prompt, Click | Scribble)
        moved = _moved(prompt, self._jitter(truth, spacing, rng), truth)
        if rng.random() < self.wrong_side:
            middle = _middle(moved)
            there = nearest(truth != moved.inside, middle, spacing)
            moved = _moved(moved, np.array(there) - np.array(middle), truth)
        return moved

    def _box(self, box: Box, truth: Mask, spacing: Spacing, rng: np.random.Generator) -> Box:
        """Each side moved; at least one voxel of each extent stays."""
        shape = np.array(truth.shape)
        low = np.array(box.low) + self._jitter(truth, spacing, rng)
        high = np.array(box.high) + self._jitter(truth, spacing, rng)
        low = np.clip(low, 0, shape - 1)
        high = np.clip(high, low + 1, shape)
        return replace(box, low=index3(low), high=index3(high))

    def _jitter(self, truth: Mask, spacing: Spacing, rng: np.random.Generator) -> Float64:
        """Whole voxels along each axis; none along an axis of one voxel."""
        volume = min(truth.shape) > 1
        deviation = self.jitter_mm / np.array(spacing) if volume else self.jitter_pixels
        steps: Float64 = np.round(rng.normal(size=3) * deviation)
        return steps


def nearest(where: Mask, at: Index, spacing: Spacing) -> Index:
    """The true voxel nearest to one voxel, in mm; that voxel itself where there is none.

    Looks in a window that doubles until nothing outside it could be nearer.
    """
    grid = Region.whole(index3(where.shape))
    spot = Region(at, index3(i + 1 for i in at))
    reach = 4 * min(spacing)
    while True:
        window = spot.grow_mm(reach, spacing).intersect(grid)
        found = np.argwhere(where[window.slices]) + np.array(window.low)
        away = (((found - np.array(at)) * spacing) ** 2).sum(axis=1)
        if away.size and away.min() <= reach**2:
            return index3(found[np.argmin(away)])
        if window == grid:
            return index3(found[np.argmin(away)]) if away.size else at
        reach *= 2


def _moved(mark: Click | Scribble, steps: Float64, truth: Mask) -> Click | Scribble:
    """The mark moved by so many voxels, as far as the image goes."""
    room_below, room_above = -np.array(mark.region.low), truth.shape - np.array(mark.region.high)
    by = index3(np.clip(steps, room_below, room_above))
    region = mark.region.shift(by)
    if isinstance(mark, Click):
        return replace(mark, at=region.low)
    return replace(mark, voxels=Voxels(region, mark.voxels.bits))


def _middle(mark: Click | Scribble) -> Index:
    """The voxel of a mark nearest to the mean of all; a click's own."""
    if isinstance(mark, Click):
        return mark.at
    at = mark.voxels.indices()
    return index3(at[np.argmin(((at - at.mean(axis=0)) ** 2).sum(axis=1))])
