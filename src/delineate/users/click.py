"""Users who click where most is wrong, deep inside.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III-D.
"""

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..prompts import Click, Prompt, Scribble
from ..types import Array, Float64, Int64, Mask, Spacing
from .area import Area
from .base import check_shapes
from .marking import Marker


@dataclass(frozen=True, kw_only=True)
class _Clicker(Marker):
    """One click a round, in what is missing or, if that is the larger, in what is too much."""

    paper: ClassVar[str] = "sakinis2019interactive"

    @abc.abstractmethod
    def choose(self, area: Area, spacing: Spacing, rng: np.random.Generator) -> Int64:
        """Index in the area's array of the voxel to click."""

    def mark(
        self, area: Area, inside: bool, spacing: Spacing, rng: np.random.Generator
    ) -> Click | Scribble:
        """A click in the area."""
        return Click(area.place(self.choose(area, spacing, rng)), inside)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """One click, inside unless more voxels are too much than are missing."""
        check_shapes(truth, mask)
        missing, excess = np.count_nonzero(truth & ~mask), np.count_nonzero(mask & ~truth)
        if not missing and not excess:
            return ()
        inside = bool(missing >= excess)
        area = Area.of(truth & ~mask if inside else mask & ~truth)
        return (self.mark(area, inside, spacing, rng),)


@dataclass(frozen=True, kw_only=True)
class Clicker(_Clicker):
    """Clicks the deepest voxel of all that is wrong on the larger side: no chance involved.

    Of several deepest voxels it takes the one nearest to their centre, then the first.
    """

    name: ClassVar[str] = "click"

    def choose(self, area: Area, spacing: Spacing, rng: np.random.Generator) -> Int64:
        """The deepest voxel."""
        return area.deepest(spacing)


@dataclass(frozen=True, kw_only=True)
class RandomClicker(_Clicker):
    """Clicks a voxel with probability in proportion to exp(depth) - 1, as in the paper.

    The depth is the chamfer distance in steps of the finest spacing, which in a picture are
    pixels. Unlike the paper's, it also counts from the image's edge, so that an object which
    fills the image has a depth.
    """

    name: ClassVar[str] = "click-random"

    def choose(self, area: Area, spacing: Spacing, rng: np.random.Generator) -> Int64:
        """A voxel by its probability, which is below 1e-9 for all 40 steps less deep together."""
        depth = area.depth(spacing)
        likely = np.flatnonzero(depth > max(0.0, float(depth.max()) - 40))
        total = np.cumsum(probabilities(depth.ravel()[likely]))
        drawn = np.searchsorted(total, rng.random() * total[-1], side="right")
        return np.array(np.unravel_index(likely[min(int(drawn), len(likely) - 1)], depth.shape))


def probabilities(depths: Array) -> Float64:
    """The probability of each voxel to be clicked, in proportion to exp(depth) - 1.

    The exponential of a large organ's depth is no number (exp(710) is not), so it is taken
    relative to the deepest voxel.

    Args:
        depths: Positive, at least one.

    Returns:
        Of the same shape; sums to 1.

    Examples:
        >>> probabilities(np.array([np.log(2), np.log(4)])).round(3)
        array([0.25, 0.75])
        >>> probabilities(np.array([5000.0, 5000.0]))
        array([0.5, 0.5])
    """
    depths = np.asarray(depths, np.float64)
    logarithm = depths + np.log1p(-np.exp(-depths))
    weight = np.exp(logarithm - logarithm.max())
    share: Float64 = weight / weight.sum()
    return share
