"""Interactive segmentation of medical images. Research use, not a medical device.

An image is a `Volume`; a user speaks in prompts (`Box`, `Click`, `Scribble`, ...); a
method turns both into the probability of each object; a `Session` is a user and a
method at work on one image. Importing this module is light: each name is loaded when
it is first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import DelineateError
    from .geometry import Geometry
    from .io import list_series, read, read_labels, write
    from .methods import build, list_methods
    from .patch import Patch
    from .prompts import Adjust, Box, Click, Given, Paint, Scribble
    from .region import Region
    from .repeat import replay
    from .session import Session
    from .shortcut import segment
    from .storage import load, save
    from .volume import Volume
    from .voxels import Voxels

__all__ = [
    "Adjust",
    "Box",
    "Click",
    "DelineateError",
    "Geometry",
    "Given",
    "Paint",
    "Patch",
    "Region",
    "Scribble",
    "Session",
    "Volume",
    "Voxels",
    "build",
    "list_methods",
    "list_series",
    "load",
    "read",
    "read_labels",
    "replay",
    "save",
    "segment",
    "write",
]

_WHERE = {
    "errors": ("DelineateError",),
    "geometry": ("Geometry",),
    "io": ("list_series", "read", "read_labels", "write"),
    "methods": ("build", "list_methods"),
    "patch": ("Patch",),
    "prompts": ("Adjust", "Box", "Click", "Given", "Paint", "Scribble"),
    "region": ("Region",),
    "repeat": ("replay",),
    "session": ("Session",),
    "shortcut": ("segment",),
    "storage": ("load", "save"),
    "volume": ("Volume",),
    "voxels": ("Voxels",),
}
_MODULE = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _MODULE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_MODULE[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__
