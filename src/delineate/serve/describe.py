"""Methods and tools as the page shows them, made from their classes."""

import inspect
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from ..errors import MethodError
from ..methods import build, list_methods
from ..methods.base import AnyMethod, JointMethod

_TYPES = {int: "integer", float: "number", bool: "boolean", str: "text"}
_CHOICES = re.compile(r"(\d+) or (\d+)")


def methods() -> list[dict[str, Any]]:
    """Every method, by name."""
    return [_method(method) for _, method in sorted(list_methods().items())]


def chosen(name: str, values: Mapping[str, Any]) -> AnyMethod:
    """The method that a client asks for, its fields of the type that they must have.

    Raises:
        MethodError: If there is no such method or field, or a value is of another type or out of
            range. A value of another type would not be missed before the method works.
    """
    hints = typing.get_type_hints(type(build(name)))
    return build(
        name, {key: _typed(key, value, hints[key]) if key in hints else value
               for key, value in values.items()},
    )  # fmt: skip


def _typed(name: str, value: Any, hint: Any) -> Any:
    kinds = typing.get_args(hint) if isinstance(hint, types.UnionType) else (hint,)
    if value is None and types.NoneType in kinds:
        return None
    kind = next(kind for kind in kinds if kind is not types.NoneType)
    if typing.get_origin(kind) is typing.Literal:
        right = isinstance(value, str) and value in typing.get_args(kind)
        told = " or ".join(repr(one) for one in typing.get_args(kind))
    elif kind is float:
        right = isinstance(value, (int, float)) and not isinstance(value, bool)
        told = "a number"
    elif kind is int:
        right = isinstance(value, int) and not isinstance(value, bool)
        told = "a whole number"
    else:
        right = isinstance(value, kind)
        told = {bool: "true or false", str: "a text"}.get(kind, kind.__name__)
    if not right:
        raise MethodError(f"{name} is {told}, got {value!r:.60}")
    return value


def _method(method: type[AnyMethod]) -> dict[str, Any]:
    doc = inspect.cleandoc(method.__doc__ or "")
    about = " ".join(doc.partition("\n\nArgs:")[0].split("\n\n")[0].split())
    help = _arguments(doc)
    hints = typing.get_type_hints(method)
    return {
        "name": method.name,
        "title": method.title,
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
