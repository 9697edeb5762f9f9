"""On what a training runs: device, precision, threads; the one module that needs Fabric."""

import platform
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from ..errors import MissingExtra
from .errors import TrainingError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

PRECISIONS = {"bf16": "bf16-mixed", "fp32": "32-true"}


@dataclass(frozen=True, kw_only=True)
class Run:
    """What may differ between machines and decides no weights, but for rounding.

    Attributes:
        accelerator: As Fabric has it: "auto", "cpu", "cuda".
        devices: Of the accelerator; each takes a batch of its own every step.
        precision: "bf16" (where tensors are also channels-last), "fp32", or "auto": bf16 where the
            processor has instructions for it.
        threads: Of torch on the CPU; 0 leaves them.
        workers: Processes that make samples; 0: none beside this one.
        minutes: Stop after so many, with a checkpoint; 0: go on to the last step.
        checkpoint_minutes: Between two checkpoints.
        validate_every: Steps; 0: never.
        log_every: Steps.
    """

    accelerator: str = "auto"
    devices: int = 1
    precision: str = "auto"
    threads: int = 0
    workers: int = 1
    minutes: float = 0.0
    checkpoint_minutes: float = 5.0
    validate_every: int = 2000
    log_every: int = 50

    def __post_init__(self) -> None:
        if self.precision not in ("auto", *PRECISIONS):
            raise TrainingError(f"precision is {self.precision!r}; it is auto, bf16 or fp32")
        for name in ("devices", "log_every"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be at least 1")
        for name in ("threads", "workers", "minutes", "checkpoint_minutes", "validate_every"):
            if getattr(self, name) < 0:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be 0 or more")


def make_fabric(run: Run, precision: str) -> "Fabric":
    """Fabric for this run, launched.

    Raises:
        MissingExtra: If Fabric is not installed.
    """
    fabric: Fabric = _fabric()(
        accelerator=run.accelerator, devices=run.devices, precision=PRECISIONS[precision]
    )
    fabric.launch()
    return fabric


def choose_precision(run: Run) -> str:
    """The precision asked for; for "auto" bf16 where it is quick, else fp32."""
    if run.precision != "auto":
        return run.precision
    if run.accelerator in ("auto", "cuda", "gpu") and torch.cuda.is_available():
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    held = _capabilities()
    return "bf16" if held.get("avx512_bf16") or held.get("amx_bf16") else "fp32"


def hardware(device: torch.device) -> str:
    """The device in words."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    held = _capabilities()
    name = held.get("cpu_name") or platform.processor() or platform.machine()
    return f"{name}, {torch.get_num_threads()} threads"


def _capabilities() -> dict[str, Any]:
    """What torch knows of the processor; nothing in its older versions."""
    found: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return found


def _fabric() -> Any:
    try:
        from lightning_fabric import Fabric
    except ImportError:
        try:
            from lightning.fabric import Fabric  # type: ignore[import-not-found, no-redef]
        except ImportError as error:
            raise MissingExtra(
                "training needs Lightning Fabric, which is not installed: "
                'pip install "delineate[train]"'
            ) from error
    return Fabric
