"""Where settings are sought: a range or a list of values for each field of a method."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from itertools import product
from typing import Any, TypeAlias

import numpy as np

from ..errors import DelineateError
from ..methods.base import AnyMethod


class TuningError(DelineateError, ValueError):
    """A search that makes no sense, or on cases that are not for it."""


@dataclass(frozen=True)
class Range:
    """Numbers from `low` to `high`, both included, of three significant digits.

    Args:
        low: The least one.
        high: The greatest one.
        log: Whether equal ratios are equal steps, instead of equal differences.
        whole: Whether only whole numbers count.

    Examples:
        >>> Range(0.3, 30, log=True).at(0.5)
        3.0
        >>> Range(1, 5, whole=True).points(3)
        (1, 3, 5)
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high or (self.log and self.low <= 0):
            least = "above 0 to" if self.log else "to"
            raise TuningError(f"a range goes from a number {least} a greater one, got {self}")

    def __str__(self) -> str:
        return f"{self.low:g}:{self.high:g}" + (":log" if self.log else "")

    def at(self, share: float) -> float | int:
        """The number that lies so far from low (0) to high (1)."""
        value: float
        if self.log:
            value = self.low * float(self.high / self.low) ** share
        else:
            value = self.low + (self.high - self.low) * share
        if self.whole:
            return round(value)
        return float(min(max(float(f"{value:.3g}"), self.low), self.high))

    def points(self, count: int) -> tuple[float | int, ...]:
        """So many numbers in equal steps, fewer where they are the same."""
        return tuple(dict.fromkeys(self.at(float(share)) for share in np.linspace(0, 1, count)))


@dataclass(frozen=True)
class Choice:
    """Some values, each as likely.

    Args:
        values: At least one; whatever the field takes.
    """

    values: tuple[Any, ...]

    def __str__(self) -> str:
        return ",".join(written(value) for value in self.values)

    def at(self, share: float) -> Any:
        """The value that lies so far from the first (0) to the last (1)."""
        return self.values[min(int(share * len(self.values)), len(self.values) - 1)]

    def points(self, count: int) -> tuple[Any, ...]:
        """All of them, whatever the count."""
        return self.values


Axis: TypeAlias = Range | Choice
Values: TypeAlias = dict[str, Any]

_BIFSEG: Mapping[str, Range] = {
    "lambda": Range(0.3, 30.0, log=True),
    "sigma": Range(0.03, 1.0, log=True),
    "t0": Range(0.0, 0.45),
    "t1": Range(0.55, 1.0),
    "epsilon": Range(0.05, 2.0, log=True),
    "omega": Range(1.0, 30.0, log=True),
    "beside": Range(1.0, 20.0, log=True),
    "reach": Range(0.02, 0.5, log=True),
}
"""Around the paper's 3 and 10, 0.1, 0.2, 0.7 and 0.6, 0.2, 5, and what is ours; `_2d` or `_3d`
follows the name."""

USUAL: Mapping[str, Mapping[int, Mapping[str, Axis]]] = {
    "bifseg": {
        dims: {f"{name}_{dims}d": axis for name, axis in _BIFSEG.items()}
        | {"rate": Range(1e-3, 0.1, log=True)}
        for dims in (2, 3)
    },
}
"""Where the settings of a method are sought unless the user says it, in 2D and in 3D."""


def usual(method: AnyMethod, dims: int) -> Mapping[str, Axis]:
    """The ranges of a method that are sought through unless the user says it.

    Raises:
        TuningError: If none are known.
    """
    found = USUAL.get(method.name, {}).get(dims)
    if found is None:
        able = ", ".join(numeric(method)) or "none"
        raise TuningError(
            f"no ranges are known for {method.name} in {dims}D; name fields to search, as "
            f"field=low:high; its numeric fields are: {able}"
        )
    return found


def numeric(method: AnyMethod) -> tuple[str, ...]:
    """The fields of a method that hold numbers."""
    names = [field.name for field in fields(method)]
    return tuple(name for name in names if type(getattr(method, name)) in (int, float))


def parse(text: str, method: AnyMethod) -> tuple[str, Axis]:
    """A field and its axis from "field=low:high", "field=low:high:log" or "field=a,b,c".

    Raises:
        TuningError: If it is written otherwise, or the method has no such (numeric) field.
    """
    name, equals, said = text.partition("=")
    if not equals or not said:
        raise TuningError(f"a search is written field=low:high[:log] or field=a,b,c, got {text!r}")
    if name not in [field.name for field in fields(method)]:
        raise TuningError(f"{method.name} has no field {name!r} to search")
    if ":" not in said:
        return name, Choice(tuple(_value(part) for part in said.split(",")))
    if name not in numeric(method):
        raise TuningError(f"{name} of {method.name} is no number; list its values, as {name}=a,b")
    ends = said.removesuffix(":log").split(":")
    try:
        low, high = (float(end) for end in ends)
    except ValueError as error:
        raise TuningError(f"a range is written low:high[:log], got {said!r}") from error
    return name, Range(low, high, said.endswith(":log"), type(getattr(method, name)) is int)


def grid(search: Mapping[str, Axis], points: int) -> list[Values]:
    """Every combination; ranges give `points` numbers each."""
    steps = [axis.points(points) for axis in search.values()]
    return [dict(zip(search, values, strict=True)) for values in product(*steps)]


def draw(search: Mapping[str, Axis], rng: np.random.Generator) -> Values:
    """One combination."""
    return {name: axis.at(float(rng.random())) for name, axis in search.items()}


def written(value: Any) -> str:
    """A value as `parse` and the labels of variants read it."""
    return value if isinstance(value, str) else json.dumps(value)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
