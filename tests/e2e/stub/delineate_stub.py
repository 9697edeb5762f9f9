"""A method as another package would offer it: quick, and simple enough to know its answer."""

import time
from dataclasses import dataclass

import numpy as np

from delineate.errors import MethodError, PromptsMissing
from delineate.methods.base import Method
from delineate.patch import Patch
from delineate.prompts import Adjust, Box, Click, Scribble


@dataclass(frozen=True, kw_only=True)
class Balls(Method):
    """A ball around each inside mark, less one around each outside mark, in the box.

    Args:
        radius: Of a ball, in voxels.
        seconds: How long it pretends to work.
        sure: The probability in a ball.
    """

    name, paper = "balls", "none"
    when = "For tests."
    reads, dims = frozenset({Box, Click, Scribble, Adjust}), frozenset({2, 3})
    radius: float = 5.0
    seconds: float = 0.0
    sure: float = 0.9

    def __post_init__(self):
        if not 0 < self.radius <= 100:
            raise MethodError(f"radius is from above 0 to 100 voxels, got {self.radius}")

    def segment(self, volume, prompts, state, observe=None):
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            if observe:
                observe(1 - (until - time.monotonic()) / self.seconds, None)
            time.sleep(0.05)
        last = prompts[-1]
        scale = (1 + last.amount) ** (1 / 3) if isinstance(last, Adjust) else 1.0
        probability = np.zeros(volume.shape, np.float32)
        grid = np.indices(volume.shape)
        marks = [p for p in prompts if isinstance(p, Click | Scribble)]
        if not any(mark.inside for mark in marks):
            raise PromptsMissing("balls needs an inside mark; click inside the object")
        for inside, value in ((True, self.sure), (False, 0.1)):
            for mark in marks:
                if mark.inside is inside:
                    probability[_near(grid, mark, self.radius * scale)] = value
        for box in [p for p in prompts if isinstance(p, Box)]:
            kept = np.zeros(volume.shape, bool)
            kept[box.region.slices] = True
            probability[~kept] = 0
        return Patch((0, 0, 0), probability), state


def _near(grid, mark, radius):
    region = mark.region
    places = (
        np.argwhere(mark.voxels.mask()) + region.low if isinstance(mark, Scribble) else [mark.at]
    )
    near = np.zeros(grid.shape[1:], bool)
    for place in places:
        away = sum((axis - at) ** 2 for axis, at in zip(grid, place, strict=True))
        near |= away <= radius**2
    return near
