"""A session as rows of plain values and blobs by their hash, and back again.

Steps share objects and objects share prompts, so each is one row that others name by its
number. The session file and the journal keep the same rows.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from .errors import SessionError
from .history import Snapshot, Step
from .levels import Levels
from .methods import build
from .objects import Object, Placed
from .prompts import from_json, to_json
from .region import Region
from .voxels import Voxels

_PLAIN = ("number", "name", "colour", "locked", "edited")


@dataclass
class Rows:
    """Tables of values that steps share, and blobs by their hash; they only grow."""

    prompts: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    _seen: dict[Any, int] = field(default_factory=dict)

    def step(self, step: Step) -> dict[str, Any]:
        """The row of a step."""
        return {
            "name": step.name,
            "action": dict(step.action),
            "time": step.time,
            "asked": step.asked,
            "fresh": step.fresh,
            "learns": step.learns,
            "ran_with": dict(step.ran_with),
            "after": self.snapshot(step.after),
        }

    def snapshot(self, snapshot: Snapshot) -> dict[str, Any]:
        """The row of a session at one moment."""
        method = {"name": snapshot.method.name, "fields": asdict(snapshot.method)}
        items = [self._object(item) for item in snapshot.objects.values()]
        return {"method": method, "dims": snapshot.dims, "objects": items}

    def remember(self, values: Sequence[Any]) -> None:
        """Take these placed prompts or objects for the rows that they were read from."""
        self._seen.update((value, number) for number, value in enumerate(values))

    def _blob(self, bits: bytes) -> str:
        name = hashlib.sha256(bits).hexdigest()
        self.blobs[name] = bits
        return name

    def _voxels(self, held: Voxels | Levels) -> dict[str, Any]:
        region = held.region
        return {"low": [*region.low], "high": [*region.high], "blob": self._blob(held.bits)}

    def _placed(self, placed: Placed) -> int:
        if placed not in self._seen:
            prompt = to_json(placed.prompt)
            if "bits" in prompt:
                del prompt["bits"]
                prompt["blob"] = self._blob(placed.prompt.voxels.bits)  # type: ignore[union-attr]
            self._seen[placed] = len(self.prompts)
            self.prompts.append({"id": placed.id, "time": placed.time, "prompt": prompt})
        return self._seen[placed]

    def _object(self, item: Object) -> int:
        if item not in self._seen:
            row = {name: getattr(item, name) for name in _PLAIN}
            row["prompts"] = [self._placed(placed) for placed in item.prompts]
            row |= {name: self._voxels(getattr(item, name)) for name in ("claim", "levels", "mask")}
            self._seen[item] = len(self.objects)
            self.objects.append(row)
        return self._seen[item]


class Values:
    """The values that rows were made of.

    Args:
        prompts: Rows of placed prompts, by number.
        objects: Rows of objects, by number.
        fetch: Gives a blob by its name.

    Raises:
        SessionError: If a blob is not what its name says.
    """

    def __init__(
        self,
        prompts: Sequence[Mapping[str, Any]],
        objects: Sequence[Mapping[str, Any]],
        fetch: Callable[[str], bytes],
    ) -> None:
        self._fetch = fetch
        self.blobs: dict[str, bytes] = {}
        self.prompts = [self._placed(row) for row in prompts]
        self.objects = [self._object(row) for row in objects]

    def step(self, row: Mapping[str, Any]) -> Step:
        """The step of a row."""
        return Step(**{**row, "after": self.snapshot(row["after"])})

    def snapshot(self, row: Mapping[str, Any]) -> Snapshot:
        """The session of a row at one moment."""
        method = build(row["method"]["name"], row["method"]["fields"])
        held = [self.objects[number] for number in row["objects"]]
        return Snapshot(method, row["dims"], {one.number: one for one in held})

    def _bits(self, name: str) -> bytes:
        if name not in self.blobs:
            bits = self._fetch(name)
            if hashlib.sha256(bits).hexdigest() != name:
                raise SessionError(f"the session is damaged: blob {name} does not match")
            self.blobs[name] = bits
        return self.blobs[name]

    def _voxels(self, row: Mapping[str, Any]) -> Voxels:
        return Voxels(Region(row["low"], row["high"]), self._bits(row["blob"]))

    def _placed(self, row: Mapping[str, Any]) -> Placed:
        said = dict(row["prompt"])
        if "blob" in said:
            said |= self._voxels(said).to_json()
            del said["blob"]
        return Placed(row["id"], from_json(said), row["time"])

    def _object(self, row: Mapping[str, Any]) -> Object:
        where = Region(row["levels"]["low"], row["levels"]["high"])
        return Object(
            **{name: row[name] for name in _PLAIN},
            prompts=tuple(self.prompts[number] for number in row["prompts"]),
            levels=Levels(where, self._bits(row["levels"]["blob"])),
            claim=self._voxels(row["claim"]),
            mask=self._voxels(row["mask"]),
        )
