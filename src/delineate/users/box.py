"""Users who begin with a box around the object.

Wang et al., "Interactive medical image segmentation using deep learning with image-specific fine
tuning", 2018, section III-A: the bounding box, widened by 0 to 10 voxels at random.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np

from ..errors import MethodError
from ..prompts import Box, Prompt
from ..region import Region, index3
from ..types import Mask, Spacing
from .base import User, check_object, check_shapes
from .click import Clicker
from .scribble import Scribbler


@dataclass(frozen=True, kw_only=True)
class Boxer(User):
    """Draws a box, and nothing after it.

    Each of its sides is 0 to `margin_voxels` voxels away from the object, each number as
    likely, as far as the image goes: along an axis of one voxel there is no margin, and a box
    that reaches all edges of the image marks no outside.
    """

    name: ClassVar[str] = "box"
    paper: ClassVar[str] = "wang2018interactive"
    margin_voxels: int = 10

    def __post_init__(self) -> None:
        if self.margin_voxels < 0:
            raise MethodError(f"margin_voxels is {self.margin_voxels}: it must be at least 0")

    def start(
        self, truth: Mask, spacing: Spacing, rng: np.random.Generator, both_sides: bool = False
    ) -> tuple[Prompt, ...]:
        """The box, with or without `both_sides`: what is outside it is background."""
        check_object(truth)
        margins = rng.integers(0, self.margin_voxels, size=(2, 3), endpoint=True)
        tight = Region.around(truth)
        low, high = np.array(tight.low) - margins[0], np.array(tight.high) + margins[1]
        region = Region(index3(low), index3(high)).clip(index3(truth.shape))
        return (Box(region.low, region.high),)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """Nothing."""
        check_shapes(truth, mask)
        return ()


@dataclass(frozen=True, kw_only=True)
class BoxClicker(Boxer):
    """Draws a box, then clicks as `Clicker` does."""

    name: ClassVar[str] = "box-click"
    then: Clicker = field(default_factory=Clicker)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """The click."""
        return self.then.correct(truth, mask, spacing, rng)


@dataclass(frozen=True, kw_only=True)
class BoxScribbler(Boxer):
    """Draws a box, then strokes as `Scribbler` does."""

    name: ClassVar[str] = "box-scribble"
    then: Scribbler = field(default_factory=Scribbler)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """The strokes."""
        return self.then.correct(truth, mask, spacing, rng)
