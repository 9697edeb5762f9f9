"""The list of weights in a folder: `manifest.json`."""

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import MethodError
from .card import Info

FOLDER = Path(__file__).parent
"""Where the weights lie that come with the package."""


def read_manifest(folder: Path = FOLDER) -> dict[str, Info]:
    """The weights in a folder by name; none if it has no manifest.

    Raises:
        MethodError: If the manifest cannot be read.
    """
    path = folder / "manifest.json"
    if not path.exists():
        return {}
    held = path.stat()
    return dict(_read(path.absolute(), held.st_mtime_ns, held.st_size))


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, length: int) -> dict[str, Info]:
    """The weights in a manifest that was changed then and is so long; read once."""
    try:
        held: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["weights"]
        return {value["name"]: Info.from_json(value) for value in held}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MethodError(f"{path} is not a manifest of weights: {error!r}") from error


def write_manifest(infos: dict[str, Info], folder: Path) -> None:
    """Replace the manifest of a folder."""
    held = {"weights": [infos[name].to_json() for name in sorted(infos)]}
    text = json.dumps(held, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
