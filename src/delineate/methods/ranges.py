"""Ranges of the fields of methods; a value outside is refused in one sentence."""

import math

from ..errors import MethodError


def at_least(least: float, most: float = math.inf, **values: float) -> None:
    """Raise unless every value is a finite number from `least` to `most`, both allowed.

    Raises:
        MethodError: Naming the first field that is not, and its value.

    Examples:
        >>> at_least(0, gamma=50.0)
        >>> at_least(1, iterations=0)
        Traceback (most recent call last):
        delineate.errors.MethodError: iterations is 0: it must be a number of at least 1
    """
    for name, value in values.items():
        if not (math.isfinite(value) and least <= value <= most):
            limit = f"of at least {least}" if most == math.inf else f"from {least} to {most}"
            raise MethodError(f"{name} is {value}: it must be a number {limit}")


def positive(**values: float) -> None:
    """Raise unless every value is a finite number above 0.

    Raises:
        MethodError: Naming the first field that is not, and its value.
    """
    for name, value in values.items():
        if not (math.isfinite(value) and value > 0):
            raise MethodError(f"{name} is {value}: it must be a number above 0")


def check_neighbours(plane: int, volume: int) -> None:
    """Raise unless a pixel and a voxel can have so many neighbours.

    Raises:
        MethodError: If it is not 4 or 8 in the plane, 6 or 26 in a volume.
    """
    for name, value, allowed in (
        ("neighbours_2d", plane, (4, 8)),
        ("neighbours_3d", volume, (6, 26)),
    ):
        if value not in allowed:
            raise MethodError(f"{name} is {value}: it must be {allowed[0]} or {allowed[1]}")
