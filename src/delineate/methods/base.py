"""The one contract every method keeps."""

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, TypeAlias, runtime_checkable

from ..patch import Patch
from ..prompts import Prompt
from ..volume import Volume

Observe: TypeAlias = Callable[[float, Patch | None], None]


@dataclass(frozen=True, eq=False)
class State:
    """What a method knows of an image: passed in, passed back, never changed in place.

    Args:
        image: Work that depends on the image, such as features or a graph. Shared
            between steps and droppable: `start` makes it anew, so whatever in it
            depends on prompts must carry what it was made for.
        learned: What tuning on this image changed: arrays and values that JSON can
            hold. Undo restores it, a session file keeps it.
        notes: Sentences for the user on this answer, such as where it was cropped.
        ran_with: What this answer may hang on beside image, prompts and fields, as values
            that JSON can hold: hash of weights, precision, device, threads.
    """

    image: Any = None
    learned: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    ran_with: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class _Contract(abc.ABC):
    """What every method says of itself. Its fields are its hyper-parameters.

    A method is a value: it never changes, so sessions may share it. Whatever it
    learns or caches about an image lives in the state that it returns.

    Attributes:
        name: As on the command line: "random_walker".
        title: As people call it: "Random walker"; made from the name where a class has none.
        paper: Its key in `references.bib`.
        when: One line on when to use it.
        reads: The kinds of prompt it understands.
        dims: {2} for pictures and single slices, {3} for volumes, or both.
        both_sides: Whether it can start only when inside and outside are marked (a
            box marks its outside).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    when: ClassVar[str]
    reads: ClassVar[frozenset[type]]
    dims: ClassVar[frozenset[int]]
    both_sides: ClassVar[bool] = False

    def __init_subclass__(cls, **more: Any) -> None:
        super().__init_subclass__(**more)
        if "name" in vars(cls) and "title" not in vars(cls):
            cls.title = cls.name.replace("_", " ").capitalize()

    def start(self, volume: Volume) -> State:
        """Do the work that needs the image alone; called once per image."""
        return State()


@dataclass(frozen=True, kw_only=True)
class Method(_Contract):
    """Turns an image and a user's prompts into the probability of one object."""

    @abc.abstractmethod
    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """Segment from all prompts so far.

        Args:
            volume: The image given to `start`.
            prompts: Every prompt on this object that the method reads, oldest first;
                at least one.
            state: What `start` or the last `segment` returned; left unchanged.
            observe: Called with the fraction done and perhaps a first answer, at
                least every half second outside single library calls. It may raise
                `Cancelled`.

        Returns:
            The probability of the object inside a patch, zero elsewhere, and the
            next state.

        Raises:
            PromptsMissing: If more prompts are needed before there is an answer.
            TooLarge: If the work would not fit into memory.
        """


@dataclass(frozen=True, kw_only=True)
class JointMethod(_Contract):
    """Segments all objects of an image in one run; the background is implied.

    An outside mark on object k means *not k*: it asserts no other label.
    """

    @abc.abstractmethod
    def segment(
        self,
        volume: Volume,
        prompts: Mapping[int, tuple[Prompt, ...]],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[dict[int, Patch], State]:
        """Segment every object from all prompts so far.

        Args:
            volume: The image given to `start`.
            prompts: For each object number, from 1 up, its prompts, oldest first.
            state: As in `Method`; one for all objects.
            observe: As in `Method`.

        Returns:
            A patch for each object asked for, and the next state.

        Raises:
            PromptsMissing, TooLarge: As in `Method`.
        """


AnyMethod: TypeAlias = Method | JointMethod


@runtime_checkable
class Trained(Protocol):
    """A method with networks."""

    def networks(self, dims: int) -> tuple[str, ...]:
        """Its weights, by name or file, for a picture (2) or a volume (3); the main ones first."""


def quiet(fraction: float, patch: Patch | None = None) -> None:
    """The observer of a caller who does not care."""
