"""Every method, one file each. To add one: write its file, add its line here."""

from dataclasses import fields
from importlib.metadata import entry_points
from typing import Any

from ..errors import MethodError
from .base import AnyMethod
from .geos import GeoS
from .grabcut import GrabCut
from .graphcut import GraphCut
from .growcut import GrowCut
from .random_walker import RandomWalker
from .region_growing import RegionGrowing
from .slicseg import SlicSeg

BUILT_IN: tuple[type[AnyMethod], ...] = (
    GrabCut,
    GraphCut,
    GeoS,
    GrowCut,
    RandomWalker,
    RegionGrowing,
    SlicSeg,
)


def list_methods() -> dict[str, type[AnyMethod]]:
    """All methods by name: those of this package, then what other packages offer.

    A package offers a method by an entry point in the group `delineate.methods`.
    """
    found: dict[str, type[AnyMethod]] = {method.name: method for method in BUILT_IN}
    for point in entry_points(group="delineate.methods"):
        method: type[AnyMethod] = point.load()
        found.setdefault(method.name, method)
    return found


def build(name: str, values: dict[str, Any] | None = None) -> AnyMethod:
    """A method by its name, with some of its fields set.

    Raises:
        MethodError: If there is no such method or field, or a value is out of range.
    """
    known = list_methods()
    if name not in known:
        raise MethodError(f"there is no method {name!r}; there are: {', '.join(sorted(known))}")
    names = [field.name for field in fields(known[name])]
    for given in values or {}:
        if given not in names:
            listed = ", ".join(names) or "none"
            raise MethodError(f"{name} has no field {given!r}; it has: {listed}")
    return known[name](**(values or {}))
