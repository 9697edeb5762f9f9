"""Looks at the machine and the installation: what is here, what is missing, what to type."""

import importlib.util
import os
import platform
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, metadata, version

from packaging.requirements import Requirement

LEAST_MEMORY_GB = 3.0
_CORE = ("numpy", "scipy", "scikit-image", "SimpleITK", "nibabel", "torch", "pyamg", "ortools")


@dataclass(frozen=True)
class Finding:
    """One thing looked at.

    Args:
        name: What it is.
        value: What was found.
        fine: False where something is missing or too small.
        advice: The line to type, or what to do; empty where nothing need be done.
    """

    name: str
    value: str
    fine: bool = True
    advice: str = ""


def examine() -> list[Finding]:
    """Everything worth knowing before a first segmentation or a report of a problem."""
    return [
        Finding("delineate", version("delineate")),
        Finding("python", f"{platform.python_version()} on {platform.platform(terse=True)}"),
        *(_package(name) for name in _CORE),
        *_compute(),
        *_memory(),
        *_extras(),
        *_weights(),
    ]


def _package(name: str) -> Finding:
    try:
        return Finding(name, version(name))
    except PackageNotFoundError:
        return Finding(name, "missing", False, f"pip install {name}")


def _compute() -> list[Finding]:
    if importlib.util.find_spec("torch") is None:
        return []
    import torch

    cores, threads = os.cpu_count() or 1, torch.get_num_threads()
    device = "cpu"
    if torch.cuda.is_available():
        device = f"cuda ({torch.cuda.get_device_name()})"
    elif torch.backends.mps.is_available():
        device = "mps"
    native = bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return [
        Finding("threads", f"{threads} of {cores} cores; OMP_NUM_THREADS sets how many"),
        Finding("device", device),
        Finding("cpu", torch.backends.cpu.get_cpu_capability()),
        Finding("bf16", "in hardware" if native else "emulated; float32 is as fast"),
    ]


def _weights() -> list[Finding]:
    """One finding for each weight of the package: whether its file is the one that was shipped."""
    if importlib.util.find_spec("torch") is None:
        return []
    from .errors import MethodError
    from .models import list_models, load

    found = []
    for info in list_models():
        value = f"{info.architecture}, {info.parameters:,} parameters, SHA-256 {info.sha256[:12]}"
        try:
            load(info.name)
            found.append(Finding(f"weights {info.name}", f"{value} checks out"))
        except MethodError as error:
            found.append(Finding(f"weights {info.name}", value, False, str(error)))
    none = "none ship with this version; methods with a network need a file: --set weights=FILE"
    return found or [Finding("weights", none)]


def _memory() -> list[Finding]:
    import psutil

    free = psutil.virtual_memory().available / 2**30
    enough = free >= LEAST_MEMORY_GB
    advice = "" if enough else f"close other programs: a large CT needs {LEAST_MEMORY_GB:.0f} GiB"
    return [Finding("free memory", f"{free:.1f} GiB", enough, advice)]


def _extras() -> list[Finding]:
    """One finding for each extra of the package, from its own metadata."""
    about = metadata("delineate")
    needs: dict[str, list[str]] = {}
    for line in about.get_all("Requires-Dist") or []:
        need = Requirement(line)
        for extra in about.get_all("Provides-Extra") or []:
            if need.marker and need.marker.evaluate({"extra": extra}) and need.name != "delineate":
                needs.setdefault(extra, []).append(need.name)
    found = []
    for extra, names in sorted(needs.items()):
        missing = [name for name in names if not _installed(name)]
        value = f"missing {', '.join(missing)}" if missing else "installed"
        advice = f'pip install "delineate[{extra}]"' if missing else ""
        found.append(Finding(f"extra {extra}", value, not missing, advice))
    return found


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
