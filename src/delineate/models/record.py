"""Settings that were found with weights, kept in their manifest and on their card."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import MethodError
from .card import Info, card
from .load import SUFFIX
from .manifest import FOLDER, read_manifest, write_manifest


def record(
    weights: str | Path, method: str, values: Mapping[str, Any], folder: Path = FOLDER
) -> Info:
    """Keep values of a method's fields with weights; those of other fields of it stay.

    The file of the weights is not touched, so its SHA-256 stays what it was.

    Args:
        weights: A name of the manifest, or a file beside a manifest that lists it.
        method: Its name.
        values: Of its fields, as JSON can hold them.
        folder: Of the manifest, where `weights` is a name.

    Raises:
        MethodError: If the manifest does not list the weights.

    Returns:
        The info as it stands in the manifest.
    """
    info, folder = find_listed(weights, folder)
    own = {**info.tuned.get(method, {}), **values}
    info = replace(info, tuned={**info.tuned, method: own})
    (folder / f"{info.name}.md").write_text(card(info), encoding="utf-8")
    write_manifest({**read_manifest(folder), info.name: info}, folder)
    return info


def find_listed(weights: str | Path, folder: Path = FOLDER) -> tuple[Info, Path]:
    """What the manifest says of weights, and its folder.

    Args:
        weights: As for `record`.
        folder: The same.

    Raises:
        MethodError: If the manifest does not list the weights.
    """
    path = Path(weights)
    if str(weights).endswith(SUFFIX):
        folder = path.parent
    name = path.name.removesuffix(SUFFIX)
    infos = read_manifest(folder)
    if name not in infos:
        names = ", ".join(sorted(infos)) or "none"
        raise MethodError(f"the manifest in {folder} has no weights {name!r}; it has: {names}")
    return infos[name], folder
