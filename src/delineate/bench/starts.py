"""What round 0 is: the user's first prompts, another method's result, or a corrupted truth."""

from dataclasses import dataclass

import numpy as np

from ..methods.base import AnyMethod
from ..prompts import Given, Prompt
from ..types import Mask, Spacing
from ..users import User
from ..voxels import Voxels
from .corruption import corrupt


@dataclass(frozen=True)
class Start:
    """How a session begins; without arguments the user speaks and the measured method answers.

    Args:
        first: Another method that answers first.
        passed: Whether the measured one goes on from its mask; or it hears the same prompts
            alone, of which all but the first are what the user says of that mask.
        corrupted: The measured method goes on from the truth with errors put in, and the
            user has said nothing yet.
    """

    first: AnyMethod | None = None
    passed: bool = True
    corrupted: bool = False

    def prompts(
        self,
        truth: Mask,
        spacing: Spacing,
        method: AnyMethod,
        user: User,
        rng: np.random.Generator,
    ) -> tuple[Prompt, ...]:
        """The prompts of round 0 for the measured method, or for the one that answers first."""
        if self.corrupted:
            return (Given(Voxels.from_mask(corrupt(truth, spacing, rng))),)
        return tuple(user.start(truth, spacing, rng, (self.first or method).both_sides))
