"""A session in one file: every step, every mask, and what methods had learned.

A zip archive: `session.json` says what there is, `blobs/` holds bits of voxel sets
and levels by their SHA-256, `learned/` what methods had learned, as safetensors.
Loading reads masks and computes nothing.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from .errors import DelineateError, SessionError
from .history import History, Snapshot, Step
from .levels import Levels
from .methods import build
from .objects import Object, Placed
from .prompts import from_json, to_json
from .region import Region
from .session import Session
from .volume import Volume, fingerprint
from .voxels import Voxels

FORMAT = 1


@dataclass
class _Archive:
    """What is written: tables of values that steps share, and blobs by their hash."""

    prompts: list[dict[str, Any]] = field(default_factory=list)
    objects: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    _seen: dict[Any, int] = field(default_factory=dict)

    def blob(self, bits: bytes) -> str:
        name = hashlib.sha256(bits).hexdigest()
        self.blobs[name] = bits
        return name

    def voxels(self, held: Voxels | Levels) -> dict[str, Any]:
        region = held.region
        return {"low": [*region.low], "high": [*region.high], "blob": self.blob(held.bits)}

    def placed(self, placed: Placed) -> int:
        if placed not in self._seen:
            prompt = to_json(placed.prompt)
            if "bits" in prompt:
                del prompt["bits"]
                prompt["blob"] = self.blob(placed.prompt.voxels.bits)  # type: ignore[union-attr]
            self._seen[placed] = len(self.prompts)
            self.prompts.append({"id": placed.id, "time": placed.time, "prompt": prompt})
        return self._seen[placed]

    def object(self, item: Object) -> int:
        if item not in self._seen:
            row = {name: getattr(item, name) for name in _PLAIN}
            row["prompts"] = [self.placed(placed) for placed in item.prompts]
            row |= {name: self.voxels(getattr(item, name)) for name in ("claim", "levels", "mask")}
            self._seen[item] = len(self.objects)
            self.objects.append(row)
        return self._seen[item]

    def snapshot(self, snapshot: Snapshot) -> dict[str, Any]:
        method = {"name": snapshot.method.name, "fields": asdict(snapshot.method)}
        items = [self.object(item) for item in snapshot.objects.values()]
        return {"method": method, "dims": snapshot.dims, "objects": items}


_PLAIN = ("number", "name", "colour", "locked", "edited")


def save(session: Session, path: str | os.PathLike[str]) -> Path:
    """Write a session to one file, whole or not at all.

    Args:
        session: What to keep: all its steps, the undone ones too.
        path: The file; an older one is replaced.

    Returns:
        The path.
    """
    archive, history = _Archive(), session.history
    steps = [
        {
            "name": step.name,
            "action": dict(step.action),
            "time": step.time,
            "asked": step.asked,
            "fresh": step.fresh,
            "learns": step.learns,
            "after": archive.snapshot(step.after),
        }
        for step in history.steps
    ]
    source = session.volume.source
    head = {
        "format": FORMAT,
        "delineate": version("delineate"),
        "numpy": np.__version__,
        "image": {
            "path": source.path if source else None,
            "read": source.header.get("read") if source else None,
            "sha256": fingerprint(session.volume),
            "shape": [*session.volume.shape],
            "affine": session.volume.geometry.affine.tolist(),
        },
        "parts": session.parts,
        "next_id": session.next_id,
        "start": archive.snapshot(history.start),
        "steps": steps,
        "done": history.done,
        "learned": [*history.learned],
        "prompts": archive.prompts,
        "objects": archive.objects,
    }
    target = Path(path)
    partial = target.with_name(target.name + ".part")
    with zipfile.ZipFile(partial, "w") as out:
        out.writestr("session.json", json.dumps(head, indent=1), zipfile.ZIP_DEFLATED)
        for name, bits in archive.blobs.items():
            out.writestr(f"blobs/{name}", bits)
        for done, learned in history.learned.items():
            out.writestr(f"learned/{done}.safetensors", pack_learned(learned))
    partial.replace(target)
    return target


def load(path: str | os.PathLike[str], volume: Volume | None = None) -> Session:
    """Read a session back: the same masks, bit for bit, and the same history.

    Args:
        path: The file that `save` wrote.
        volume: The image; by default it is read from where it was.

    Raises:
        SessionError: If the file is not a session, is damaged, or the image is not
            the one it was made on.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            head = json.loads(archive.read("session.json"))
            if head.get("format") != FORMAT:
                raise SessionError(
                    f"{path} has session format {head.get('format')}, this version reads {FORMAT}"
                )
            image = volume if volume is not None else _image(head["image"], path)
            _check_image(image, head["image"], path)
            return _rebuilt(archive, head, image)
    except DelineateError:
        raise
    except FileNotFoundError as error:
        raise SessionError(f"there is no session file {path}") from error
    except (OSError, KeyError, IndexError, TypeError, ValueError, SafetensorError) as error:
        raise SessionError(f"{path} is not a session file, or it is damaged: {error}") from error
    except zipfile.BadZipFile as error:
        raise SessionError(f"{path} is not a session file, or it is damaged: {error}") from error


def pack_learned(learned: Mapping[str, Any]) -> bytes:
    """Arrays and JSON values as one safetensors file; never pickle."""
    arrays = {n: np.asarray(v, order="C") for n, v in learned.items() if isinstance(v, np.ndarray)}
    rest = {n: v for n, v in learned.items() if n not in arrays}
    packed: bytes = save_arrays(arrays, {"values": json.dumps(rest)})
    return packed


def unpack_learned(packed: bytes) -> dict[str, Any]:
    """What `pack_learned` was given."""
    size = int.from_bytes(packed[:8], "little")
    said = json.loads(packed[8 : 8 + size]).get("__metadata__", {})
    return {**load_arrays(packed), **json.loads(said.get("values", "{}"))}


def _image(said: Mapping[str, Any], path: str | os.PathLike[str]) -> Volume:
    if said["read"] is None:
        raise SessionError(f"the image of {path} was not read from a file; give it as `volume`")
    from .io import read

    return read(**said["read"])


def _check_image(volume: Volume, said: Mapping[str, Any], path: str | os.PathLike[str]) -> None:
    if fingerprint(volume) != said["sha256"]:
        raise SessionError(
            f"{path} was made on another image than {said['path'] or 'this one'}: its voxels or "
            f"its place in the patient have changed since (it had {tuple(said['shape'])} voxels)"
        )


def _rebuilt(archive: zipfile.ZipFile, head: Mapping[str, Any], volume: Volume) -> Session:
    blobs: dict[str, bytes] = {}

    def bits(name: str) -> bytes:
        if name not in blobs:
            blobs[name] = archive.read(f"blobs/{name}")
            if hashlib.sha256(blobs[name]).hexdigest() != name:
                raise SessionError(f"the session file is damaged: blob {name} does not match")
        return blobs[name]

    def voxels(row: Mapping[str, Any]) -> Voxels:
        return Voxels(Region(row["low"], row["high"]), bits(row["blob"]))

    def placed(row: Mapping[str, Any]) -> Placed:
        said = dict(row["prompt"])
        if "blob" in said:
            said |= voxels(said).to_json()
            del said["blob"]
        return Placed(row["id"], from_json(said), row["time"])

    def item(row: Mapping[str, Any]) -> Object:
        levels = Levels(
            Region(row["levels"]["low"], row["levels"]["high"]), bits(row["levels"]["blob"])
        )
        plain = {name: row[name] for name in _PLAIN}
        said = tuple(prompts[n] for n in row["prompts"])
        return Object(
            **plain, prompts=said, levels=levels,
            claim=voxels(row["claim"]), mask=voxels(row["mask"]),
        )  # fmt: skip

    def snapshot(row: Mapping[str, Any]) -> Snapshot:
        method = build(row["method"]["name"], row["method"]["fields"])
        held = [objects[n] for n in row["objects"]]
        return Snapshot(method, row["dims"], {one.number: one for one in held})

    prompts = [placed(row) for row in head["prompts"]]
    objects = [item(row) for row in head["objects"]]
    steps = [Step(**{**row, "after": snapshot(row["after"])}) for row in head["steps"]]
    learned: dict[int, Mapping[str, Any]] = {
        done: unpack_learned(archive.read(f"learned/{done}.safetensors"))
        for done in head["learned"]
    }
    start = snapshot(head["start"])
    session = Session(volume, start.method, dims=start.dims, parts=head["parts"])
    session.history = History(start, steps, head["done"], learned)
    session.next_id = head["next_id"]
    return session
