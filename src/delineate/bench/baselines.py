"""What a method must beat: the user's first box filled, and the ellipse inscribed in it.

They look at no image, and hear nothing after the box: their row is the same in every
round.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .. import methods
from ..errors import PromptsMissing
from ..marks import box
from ..methods.base import AnyMethod, Method, Observe, State
from ..patch import Patch
from ..prompts import Box, Prompt
from ..region import Region
from ..types import Mask
from ..users import User
from ..volume import Volume


@dataclass(frozen=True, kw_only=True)
class FilledBox(Method):
    """Every voxel of the box."""

    name: ClassVar[str] = "filled box"
    paper: ClassVar[str] = ""
    when: ClassVar[str] = "to compare with"
    reads: ClassVar[frozenset[type]] = frozenset({Box})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """Fill the last box."""
        frame = box(prompts)
        if frame is None:
            raise PromptsMissing(f"the baseline {self.name!r} needs a box")
        return Patch(frame.low, self._shape(frame).astype(np.float32)), state

    def _shape(self, frame: Region) -> Mask:
        return np.ones(frame.shape, bool)


@dataclass(frozen=True, kw_only=True)
class InscribedEllipse(FilledBox):
    """Every voxel whose centre is in the ellipse (in 3D the ellipsoid) that touches the box."""

    name: ClassVar[str] = "inscribed ellipse"

    def _shape(self, frame: Region) -> Mask:
        return ellipse(frame.shape)


BASELINES: dict[str, type[Method]] = {kind.name: kind for kind in (FilledBox, InscribedEllipse)}


def ellipse(shape: tuple[int, int, int]) -> Mask:
    """Voxels whose centre is in the ellipsoid inscribed in a grid of this shape.

    Examples:
        >>> ellipse((4, 6, 1))[..., 0].astype(int)
        array([[0, 1, 1, 1, 1, 0],
               [1, 1, 1, 1, 1, 1],
               [1, 1, 1, 1, 1, 1],
               [0, 1, 1, 1, 1, 0]])
    """
    steps = np.ogrid[tuple(slice(n) for n in shape)]
    squared = sum(((2 * step + 1) / n - 1) ** 2 for step, n in zip(steps, shape, strict=True))
    return np.asarray(squared <= 1)


def build(name: str, fields: Mapping[str, Any]) -> AnyMethod:
    """A registered method or a baseline, by its name."""
    if name in BASELINES:
        return BASELINES[name]()
    return methods.build(name, dict(fields))


def starts_with_box(user: User) -> bool:
    """Whether the user's first prompts hold a box."""
    truth = np.zeros((24, 24, 1), bool)
    truth[8:16, 8:16] = True
    said = user.start(truth, (1.0, 1.0, 1.0), np.random.default_rng(0))
    return any(isinstance(prompt, Box) for prompt in said)
