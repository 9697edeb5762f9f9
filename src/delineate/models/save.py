"""Weights into a folder: safetensors in bfloat16, a card, a line of the manifest."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from ..errors import MethodError
from .card import Info, card
from .load import SUFFIX, sha256
from .manifest import read_manifest, write_manifest


def save(folder: Path, info: Info, state: Mapping[str, Tensor]) -> Info:
    """Write weights as bfloat16, with a card, and put them into the folder's manifest.

    The file's header holds `info` too, so the file can be loaded alone.

    Args:
        folder: Made if it is not there; weights of the same name are replaced.
        info: Its `sha256` and `parameters` are filled in.
        state: Of the network, as its `state_dict`.

    Raises:
        MethodError: If the name cannot be one of a file.

    Returns:
        The info as it stands in the manifest.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]+", info.name):
        raise MethodError(
            f'weights are named {info.name!r}; a name has letters, digits, "-" and "_" only'
        )
    folder.mkdir(parents=True, exist_ok=True)
    half = {n: v.detach().to("cpu", torch.bfloat16).contiguous() for n, v in state.items()}
    count = sum(value.numel() for value in half.values())
    plain = json.loads(json.dumps({**info.to_json(), "parameters": count, "sha256": ""}))
    info = Info.from_json(plain)
    path = folder / f"{info.name}{SUFFIX}"
    save_file(half, path, metadata={"delineate": json.dumps(info.to_json(), sort_keys=True)})
    path.chmod(0o644)
    info = replace(info, sha256=sha256(path))
    (folder / f"{info.name}.md").write_text(card(info), encoding="utf-8")
    write_manifest({**read_manifest(folder), info.name: info}, folder)
    return info
