"""A session in one file: every step, every mask, and what methods had learned.

A zip archive: `session.json` says what there is, `blobs/` holds bits of voxel sets
and levels by their SHA-256, `learned/` what methods had learned, as safetensors.
Loading reads masks and computes nothing.
"""

import json
import os
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from .errors import DelineateError, SessionError
from .history import History
from .rows import Rows, Values
from .session import Session
from .volume import Volume, fingerprint

FORMAT = 1


def save(session: Session, path: str | os.PathLike[str]) -> Path:
    """Write a session to one file, whole or not at all.

    Args:
        session: What to keep: all its steps, the undone ones too.
        path: The file; an older one is replaced.

    Returns:
        The path.
    """
    archive, history = Rows(), session.history
    steps = [archive.step(step) for step in history.steps]
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
    def fetch(name: str) -> bytes:
        return archive.read(f"blobs/{name}")

    values = Values(head["prompts"], head["objects"], fetch)
    learned: dict[int, Mapping[str, Any]] = {
        done: unpack_learned(archive.read(f"learned/{done}.safetensors"))
        for done in head["learned"]
    }
    start = values.snapshot(head["start"])
    session = Session(volume, start.method, dims=start.dims, parts=head["parts"])
    steps = [values.step(row) for row in head["steps"]]
    session.history = History(start, steps, head["done"], learned)
    session.next_id = head["next_id"]
    return session
