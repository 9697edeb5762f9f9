"""Every method, one file each. To add one: write its file, add its line here.

A method's file is read when the method is asked for: those with networks need torch, and nobody
else should wait for it.
"""

from dataclasses import fields
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from ..errors import MethodError
from .base import AnyMethod

GROUP = "delineate.methods"

BUILT_IN: tuple[EntryPoint, ...] = tuple(
    EntryPoint(name, f"{__name__}.{name}:{kind}", GROUP)
    for name, kind in (
        ("bifseg", "BIFSeg"),
        ("click_fcn", "ClickFCN"),
        ("geos", "GeoS"),
        ("grabcut", "GrabCut"),
        ("graphcut", "GraphCut"),
        ("growcut", "GrowCut"),
        ("random_walker", "RandomWalker"),
        ("region_growing", "RegionGrowing"),
        ("slicseg", "SlicSeg"),
    )
)


def list_methods() -> dict[str, type[AnyMethod]]:
    """All methods by name: those of this package, then what other packages offer.

    A package offers a method by an entry point in the group `delineate.methods`, under the
    method's own name.
    """
    return {name: point.load() for name, point in _offered().items()}


def build(name: str, values: dict[str, Any] | None = None) -> AnyMethod:
    """A method by its name, with some of its fields set.

    Raises:
        MethodError: If there is no such method or field, or a value is out of range.
    """
    offered = _offered()
    if name not in offered:
        raise MethodError(f"there is no method {name!r}; there are: {', '.join(sorted(offered))}")
    method: type[AnyMethod] = offered[name].load()
    names = [field.name for field in fields(method)]
    for given in values or {}:
        if given not in names:
            listed = ", ".join(names) or "none"
            raise MethodError(f"{name} has no field {given!r}; it has: {listed}")
    return method(**(values or {}))


def _offered() -> dict[str, EntryPoint]:
    """Where each method is; a name of this package stays this package's."""
    return {point.name: point for point in (*entry_points(group=GROUP), *BUILT_IN)}
