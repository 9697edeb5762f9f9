"""Weights by name or from a file, checked and kept."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ..errors import MethodError
from .architectures import build, from_json
from .card import Info
from .manifest import FOLDER, read_manifest

SUFFIX = ".safetensors"


def list_models(folder: Path = FOLDER) -> tuple[Info, ...]:
    """The weights that come with the package, or lie in another folder, sorted by name."""
    found = read_manifest(folder)
    return tuple(found[name] for name in sorted(found))


def load(weights: str | Path, folder: Path = FOLDER) -> tuple[nn.Module, Info]:
    """A trained network and what is known of it.

    The network is kept and shared: it is in evaluation mode, in float32, on the CPU, its
    parameters need no gradient, and nobody may change it; tuning works on a copy.

    Args:
        weights: A name of the manifest, or a `.safetensors` file that `save` wrote.
        folder: Of the manifest.

    Raises:
        MethodError: If there are no such weights, the file is not the one in the manifest (by its
            SHA-256), or it does not fit the network that it says it is of.
    """
    text = str(weights)
    if text.endswith(SUFFIX):
        path, expected = Path(text), None
    else:
        known = read_manifest(folder)
        if text not in known:
            names = ", ".join(sorted(known)) or "none"
            raise MethodError(
                f"there are no weights {text!r}; there are: {names}; "
                f"a file of your own ends in {SUFFIX}"
            )
        path, expected = folder / f"{text}{SUFFIX}", known[text]
    if not path.is_file():
        raise MethodError(f"{path} is not there; install the package again or name another file")
    digest = _digest(path)
    if expected is not None and digest != expected.sha256:
        raise MethodError(
            f"{path} has SHA-256 {digest[:12]}..., the manifest says {expected.sha256[:12]}...; "
            "it is damaged or another file: install the package again"
        )
    net, info = _read(path.absolute(), digest)
    return net, expected or info


def sha256(path: Path) -> str:
    """Of a file's bytes, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _digest(path: Path) -> str:
    """The SHA-256 of a file, read again only where its time or length has changed."""
    held = path.stat()
    return _digest_of(path.absolute(), held.st_mtime_ns, held.st_size)


@lru_cache(maxsize=32)
def _digest_of(path: Path, changed: int, length: int) -> str:
    return sha256(path)


@lru_cache(maxsize=8)
def _read(path: Path, digest: str) -> tuple[nn.Module, Info]:
    """The network in a file whose bytes have this SHA-256."""
    header, tensors = _open(path)
    try:
        info = Info.from_json({**json.loads(header["delineate"]), "sha256": digest})
    except (KeyError, TypeError, ValueError) as error:
        raise MethodError(
            f"{path} does not say which network it is of; write it with delineate.models.save"
        ) from error
    net = build(from_json(info.architecture, info.sizes))
    _fit(net, tensors, path, info)
    return net.eval().requires_grad_(False), info


def _open(path: Path) -> tuple[Mapping[str, Any], dict[str, Tensor]]:
    try:
        with safe_open(path, framework="pt") as file:
            names = list(file.keys())
            return file.metadata() or {}, {name: file.get_tensor(name) for name in names}
    except (OSError, SafetensorError) as error:
        raise MethodError(f"{path} cannot be read as safetensors: {error}") from error


def _fit(net: nn.Module, tensors: dict[str, Tensor], path: Path, info: Info) -> None:
    """Put tensors into the network, if each has its place and its shape."""
    wanted = {name: tuple(value.shape) for name, value in net.state_dict().items()}
    held = {name: tuple(value.shape) for name, value in tensors.items()}
    wrong = sorted(n for n in wanted.keys() | held.keys() if wanted.get(n) != held.get(n))
    if wrong:
        name = wrong[0]
        raise MethodError(
            f"{path} does not fit {info.architecture}: {name} is {held.get(name, 'missing')}, "
            f"the network has {wanted.get(name, 'no such part')}"
        )
    net.load_state_dict({name: value.to(torch.float32) for name, value in tensors.items()})
