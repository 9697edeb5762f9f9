"""The same method with other fields, under a name of its own: `bifseg:stage=crf,anew=true`."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import MethodError
from ..methods.base import AnyMethod
from .errors import BenchError

Build: TypeAlias = Callable[[str, Mapping[str, Any]], AnyMethod]
"""Makes a method from its name and fields."""


@dataclass(frozen=True)
class Variant:
    """A method and values of its fields.

    Args:
        name: Of the method.
        fields: Other than the default.
    """

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, label: str) -> "Variant":
        """What a label stands for: `METHOD`, or `METHOD:FIELD=VALUE,FIELD=VALUE`.

        A value is JSON where it can be read so, and text otherwise; no value holds a comma.

        Raises:
            BenchError: If the label is written otherwise.

        Examples:
            >>> Variant.parse("bifseg:stage=crf,anew=true")
            Variant(name='bifseg', fields={'stage': 'crf', 'anew': True})
            >>> Variant.parse("geos").fields
            {}
        """
        name, colon, rest = label.partition(":")
        fields: dict[str, Any] = {}
        for pair in rest.split(",") if colon else ():
            key, equals, text = pair.partition("=")
            if not (name and key and equals):
                raise BenchError(
                    f"a variant is written METHOD:FIELD=VALUE,FIELD=VALUE, got {label!r}"
                )
            if key in fields:
                raise BenchError(f"{label!r} gives the field {key!r} twice; give it once")
            fields[key] = _value(text)
        return cls(name, fields)

    def build(self, build: Build, others: Mapping[str, Mapping[str, Any]]) -> AnyMethod:
        """The method.

        Args:
            build: Makes it.
            others: By method, values of fields that no variant gives itself.

        Raises:
            MethodError: If there is no such method or field, or a value makes no sense.
        """
        fields = {**others.get(self.name, {}), **self.fields}
        try:
            return build(self.name, fields)
        except TypeError as error:
            given = ", ".join(f"{key}={value!r}" for key, value in fields.items())
            raise MethodError(f"{self.name} cannot be made with {given}: {error}") from error


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
