"""What a user can say about an object: small frozen values, in voxel indices."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from .errors import PromptError, PromptOutside
from .region import Region, index3
from .types import Index
from .voxels import Voxels


@dataclass(frozen=True)
class Click:
    """One voxel that is inside (or outside) the object.

    Args:
        at: Its index.
        inside: Whether it belongs to the object.
        axis: For 2D methods, the axis across which the slice was shown; by default
            that of coarsest spacing.
    """

    at: Index
    inside: bool = True
    axis: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _index(self.at, "a click"))
        _check_axis(self.axis)

    @property
    def region(self) -> Region:
        """The voxel, as a region."""
        return Region(self.at, index3(i + 1 for i in self.at))


@dataclass(frozen=True)
class Scribble:
    """A stroke of voxels that are all inside (or all outside) the object.

    Args:
        voxels: The stroke, at least one voxel; indices are taken too.
        inside: Whether it belongs to the object.
        axis: As in `Click`.

    Examples:
        >>> Scribble([(1, 2, 0), (1, 3, 0)]).region.shape
        (1, 2, 1)
    """

    voxels: Voxels
    inside: bool = True
    axis: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "voxels", _voxels(self.voxels, "a scribble"))
        _check_axis(self.axis)

    @property
    def region(self) -> Region:
        """The smallest region that holds the stroke."""
        return self.voxels.region


@dataclass(frozen=True)
class Box:
    """Half-open box `low <= index < high` that holds the whole object.

    Args:
        low: First voxel.
        high: One past the last voxel, along each axis.
        axis: As in `Click`.
    """

    low: Index
    high: Index
    axis: int | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", _index(self.low, "the low corner of a box"))
        object.__setattr__(self, "high", _index(self.high, "the high corner of a box"))
        if any(a >= b for a, b in zip(self.low, self.high, strict=True)):
            raise PromptError(
                f"box is empty: its low corner {self.low} must be below its high corner "
                f"{self.high} along each axis"
            )
        _check_axis(self.axis)

    @property
    def region(self) -> Region:
        """The box, as a region."""
        return Region(self.low, self.high)


@dataclass(frozen=True)
class Adjust:
    """Make the object larger or smaller.

    Args:
        amount: The fraction of its volume to add; negative to remove; at least -1.
    """

    amount: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "amount", float(self.amount))
        if not (np.isfinite(self.amount) and self.amount >= -1):
            raise PromptError(
                f"an adjustment is a fraction of the volume from -1 up, got {self.amount}"
            )


@dataclass(frozen=True)
class Paint:
    """Voxels set by hand; the session's own, no method is asked.

    Args:
        voxels: At least one voxel; indices are taken too.
        inside: True to paint, False to erase.
    """

    voxels: Voxels
    inside: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "voxels", _voxels(self.voxels, "paint"))

    @property
    def region(self) -> Region:
        """The smallest region that holds the paint."""
        return self.voxels.region


@dataclass(frozen=True)
class Given:
    """A mask to start from: what another program, or another method, has found.

    Args:
        voxels: The mask; may be empty.
    """

    voxels: Voxels

    @property
    def region(self) -> Region:
        """The smallest region that holds the mask."""
        return self.voxels.region


Prompt: TypeAlias = Click | Scribble | Box | Adjust | Paint | Given

KINDS: dict[str, type[Prompt]] = {
    kind.__name__.lower(): kind for kind in (Click, Scribble, Box, Adjust, Paint, Given)
}


def check_inside(prompt: Prompt, shape: Index) -> None:
    """Raise `PromptOutside` unless the image, of this shape, has every voxel of the prompt."""
    if isinstance(prompt, Adjust) or Region.whole(shape).holds(prompt.region):
        return
    where = prompt.region
    last = index3(b - 1 for b in where.high)
    spot = f"{where.low}" if where.size == 1 else f"{where.low} to {last}"
    end = index3(n - 1 for n in shape)
    raise PromptOutside(
        f"{type(prompt).__name__.lower()} at {spot} is outside the image, whose voxels go "
        f"from (0, 0, 0) to {end}"
    )


def named(prompts: Iterable[Prompt]) -> str:
    """The kinds of prompts in words, in order: "click inside, box"."""
    words = []
    for prompt in prompts:
        word = type(prompt).__name__.lower()
        if hasattr(prompt, "inside"):
            word += " inside" if prompt.inside else " outside"
        words.append(word)
    return ", ".join(words)


def to_json(prompt: Prompt) -> dict[str, Any]:
    """The prompt as values that JSON can hold, told apart by "kind"."""
    value: dict[str, Any] = {"kind": type(prompt).__name__.lower()}
    for name, held in vars(prompt).items():
        if isinstance(held, Voxels):
            value |= held.to_json()
        elif held is not None:
            value[name] = [*held] if isinstance(held, tuple) else held
    return value


def from_json(value: Mapping[str, Any]) -> Prompt:
    """The prompt that `to_json` gave.

    Raises:
        PromptError: If the kind is unknown or a field is missing or of the wrong type.
    """
    fields = dict(value)
    kind = KINDS.get(fields.pop("kind", None) or "")
    if kind is None:
        raise PromptError(f"a prompt is of kind {', '.join(KINDS)}, got {value.get('kind')!r}")
    if "bits" in fields:
        parts = {name: fields.pop(name, None) for name in ("low", "high", "bits")}
        fields["voxels"] = Voxels.from_json(parts)
    build: Callable[..., Prompt] = kind
    try:
        return build(**fields)
    except (TypeError, AttributeError) as error:
        raise PromptError(f"a {kind.__name__.lower()} could not be read: {error}") from error


def _index(value: Iterable[Any], what: str) -> Index:
    parts = tuple(value)
    if len(parts) != 3 or any(isinstance(p, bool) or p != int(p) for p in parts):
        raise PromptError(f"{what} is at three whole voxel indices, got {parts}")
    return index3(parts)


def _voxels(value: Any, what: str) -> Voxels:
    voxels = value if isinstance(value, Voxels) else Voxels.of(value)
    if not voxels.bits:
        raise PromptError(f"{what} needs at least one voxel, got none")
    return voxels


def _check_axis(axis: int | None) -> None:
    if axis not in (None, 0, 1, 2):
        raise PromptError(f"an axis is 0, 1 or 2, got {axis}")
