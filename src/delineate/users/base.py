"""The one contract every simulated user keeps."""

import abc
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..errors import GeometryMismatch, ImageError
from ..prompts import Prompt
from ..types import Mask, Spacing


@dataclass(frozen=True, kw_only=True)
class User(abc.ABC):
    """Knows the truth and says what a person would of a mask. Its fields are its parameters.

    A user is a value without memory: what it says depends on its arguments alone, and all
    chance comes from `rng`. It changes none of the arrays it is given.

    Attributes:
        name: As on the command line: "box-click".
        paper: Its key in `references.bib`.
    """

    name: ClassVar[str]
    paper: ClassVar[str]

    @abc.abstractmethod
    def start(
        self, truth: Mask, spacing: Spacing, rng: np.random.Generator, both_sides: bool = False
    ) -> tuple[Prompt, ...]:
        """What the user says before there is any answer: a box, a click or a stroke.

        Args:
            truth: The object, (I, J, K), at least one voxel.
            spacing: Of I, J and K in mm.
            rng: The only source of chance.
            both_sides: Mark the background too (see `surroundings`), for a method that needs
                it; a user who draws a box has said where the outside is and adds nothing. Left
                out where the object fills the image.

        Raises:
            ImageError: If the truth has no voxel.
        """

    @abc.abstractmethod
    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """The marks of one round on the mask shown.

        Args:
            truth: The object, (I, J, K); may be empty.
            mask: What the method has answered, of the same shape.
            spacing: Of I, J and K in mm.
            rng: The only source of chance.
            stale: The mask of the round before, to which users who are late may react.

        Returns:
            No prompt when there is nothing to correct, or when this user never corrects.

        Raises:
            GeometryMismatch: If truth and mask have different shapes.
        """


def check_object(truth: Mask) -> None:
    """Raise `ImageError` unless the object has a voxel."""
    if not truth.any():
        raise ImageError(
            "the object has no voxel: a simulated user needs one of at least one voxel to start"
        )


def check_shapes(truth: Mask, mask: Mask) -> None:
    """Raise `GeometryMismatch` unless both masks have one shape."""
    if truth.shape != mask.shape:
        raise GeometryMismatch(
            f"the mask to correct has shape {mask.shape}: the truth has {truth.shape}"
        )
