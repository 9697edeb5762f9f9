"""Weights as an ONNX file, for programs without PyTorch, checked against the network itself."""

import importlib
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import MethodError, MissingExtra
from ..networks.position import as_read
from ..types import Float32
from .card import Info
from .load import load

NEEDED = ("onnx", "onnxruntime", "onnxscript")

CLOSE = 1e-4
"""Most that a probability of the file may differ from the network's."""

INPUT, OUTPUT = "inputs", "probability"


class _Probability(nn.Module):
    """A network with the softmax behind it."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        """Of each class, `(N, classes, I, J[, K])`."""
        found: Tensor = self.network(inputs).softmax(dim=1)
        return found


def export_onnx(weights: str | Path, path: Path, seed: int = 0) -> float:
    """Write a network to an ONNX file and compare both on noise, in float32.

    Its input `inputs` is `(1, C, I, J[, K])`: the image, of mean 0 and deviation 1, and, for a
    network that reads clicks, its guidance maps. Its output `probability` is `(1, classes, I, J[,
    K])`. Sides may be any multiple of what the network halves them to; a network that does not
    say so takes the size it was trained on alone. The metadata `delineate` is the card as JSON.

    Args:
        weights: A name or a file, see `load`.
        path: Of the new file.
        seed: Of the noise.

    Raises:
        MissingExtra: If a package of the extra `onnx` is missing.
        MethodError: If the file answers otherwise than the network; it is not left behind.

    Returns:
        The largest difference between two probabilities, over two sizes where it takes several.
    """
    runtime = need()
    network, info = load(weights)
    whole = _Probability(network).eval()
    multiple = getattr(getattr(network, "sizes", None), "multiple", None)
    first = tuple(-(-n // m) * m for n, m in zip(info.size, multiple or info.size, strict=True))
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(path.name + ".part")
    _write(whole, _noise(network, info, first, seed), multiple, info, beside)
    shapes = [first]
    if multiple:
        shapes.append(tuple(n + m for n, m in zip(first, multiple, strict=True)))
    session = runtime.InferenceSession(beside.read_bytes(), providers=["CPUExecutionProvider"])
    worst = 0.0
    for shape in shapes:
        inputs = _noise(network, info, shape, seed + 1)
        with torch.no_grad():
            expected = whole(torch.from_numpy(inputs)).numpy()
        (found,) = session.run([OUTPUT], {INPUT: inputs})
        worst = max(worst, float(np.abs(found - expected).max()))
    if not worst <= CLOSE:
        beside.unlink()
        raise MethodError(
            f"the ONNX file of {info.name!r} differs from the network by {worst:.1e}; at most "
            f"{CLOSE:.0e} is allowed, so it was not written"
        )
    beside.replace(path)
    return worst


def need() -> Any:
    """ONNX Runtime, where all that an export needs is installed.

    Raises:
        MissingExtra: If something is not.
    """
    for name in NEEDED:
        try:
            found = importlib.import_module(name)
        except ImportError as error:
            raise MissingExtra(
                f"the export to ONNX needs {name}, which is not installed: "
                'pip install "delineate[onnx]"'
            ) from error
        if name == "onnxruntime":
            runtime = found
    return runtime


def _noise(network: nn.Module, info: Info, shape: tuple[int, ...], seed: int) -> Float32:
    """`(1, C, *shape)` as the network reads it."""
    sizes = getattr(network, "sizes", None)
    count = int(info.sizes.get("channels", 1))
    drawn = np.random.default_rng(seed).standard_normal((count, *shape), dtype=np.float32)
    return np.ascontiguousarray(as_read(sizes, drawn)[None], np.float32)


def _write(
    network: nn.Module,
    example: Float32,
    multiple: tuple[int, ...] | None,
    info: Info,
    path: Path,
) -> None:
    shapes = None
    if multiple:
        sides = {n + 2: m * torch.export.Dim(f"side_{n}", min=1) for n, m in enumerate(multiple)}
        shapes = {INPUT: sides}
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the exporter, about its own parts
        program = torch.onnx.export(
            network, (torch.from_numpy(example),), None, dynamo=True, verbose=False,
            input_names=[INPUT], output_names=[OUTPUT], dynamic_shapes=shapes,
        )  # fmt: skip
    assert program is not None
    program.model.metadata_props["delineate"] = json.dumps(info.to_json(), sort_keys=True)
    program.save(path)
