"""What users who mark voxels, by clicks or strokes, share: how they start."""

import abc
from dataclasses import dataclass

import numpy as np

from ..geometry import Geometry
from ..prompts import Click, Prompt, Scribble
from ..region import index3
from ..types import Mask, Spacing
from .area import Area
from .base import User, check_object
from .surroundings import surroundings


@dataclass(frozen=True, kw_only=True)
class Marker(User):
    """A user who starts as if an empty mask were to be corrected."""

    @abc.abstractmethod
    def mark(
        self, area: Area, inside: bool, spacing: Spacing, rng: np.random.Generator
    ) -> Click | Scribble:
        """One mark in an area of at least one voxel."""

    def start(
        self, truth: Mask, spacing: Spacing, rng: np.random.Generator, both_sides: bool = False
    ) -> tuple[Prompt, ...]:
        """The first mark inside, and with `both_sides` one on the background of that slice."""
        check_object(truth)
        first = self.mark(Area.of(truth), True, spacing, rng)
        if not both_sides:
            return (first,)
        axis = Geometry.of_spacing(index3(truth.shape), spacing).slice_axis
        around = surroundings(truth, spacing, axis, first.region.low[axis])
        if not around.size:
            return (first,)
        return first, self.mark(around, False, spacing, rng)
