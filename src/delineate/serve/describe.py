"""Methods and tools as the page shows them, made from their classes."""

import inspect
import re
import types
import typing
from dataclasses import MISSING, fields
from functools import cache
from typing import Any

from ..methods import list_methods
from ..methods.base import AnyMethod, JointMethod

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "text"}
_CHOICES = re.compile(r"(\d+) or (\d+)")


@cache
def methods() -> list[dict[str, Any]]:
    """Every method, by name."""
    return [_method(method) for _, method in sorted(list_methods().items())]


def _method(method: type[AnyMethod]) -> dict[str, Any]:
    doc = inspect.cleandoc(method.__doc__ or "")
    about = " ".join(doc.partition("\n\nArgs:")[0].split("\n\n")[0].split())
    help = _arguments(doc)
    hints = typing.get_type_hints(method)
    return {
        "name": method.name,
        "title": method.name.replace("_", " ").capitalize(),
        "when": method.when,
        "about": about,
        "paper": method.paper,
        "reads": sorted(kind.__name__.lower() for kind in method.reads),
        "dims": sorted(method.dims),
        "joint": issubclass(method, JointMethod),
        "both_sides": method.both_sides,
        "fields": [
            _field(field.name, hints[field.name], field.default, help.get(field.name, ""))
            for field in fields(method)
            if field.init
        ],
    }


def _field(name: str, hint: Any, default: Any, help: str) -> dict[str, Any]:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    optional = types.NoneType in kinds
    kind = next(kind for kind in kinds if kind is not types.NoneType)
    choices = [*typing.get_args(kind)] if typing.get_origin(kind) is typing.Literal else None
    match = _CHOICES.match(help) if kind is int else None
    if match:
        choices = sorted(int(value) for value in match.groups())
    return {
        "name": name,
        "type": _TYPES.get(kind, "text"),
        "optional": optional,
        "default": None if default is MISSING else default,
        "help": help,
        "choices": choices,
    }


def _arguments(doc: str) -> dict[str, str]:
    """What a docstring says of each argument."""
    _, _, rest = doc.partition("\nArgs:\n")
    found = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", rest, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in found}
