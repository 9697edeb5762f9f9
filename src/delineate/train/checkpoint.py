"""All that a training needs to go on, in one file that is either whole or the one before."""

import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from .errors import TrainingError


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A training after some steps.

    Samples and dropout depend on the seed and the step alone, so there is no generator's state.

    Attributes:
        recipe: As JSON.
        step: Steps done.
        net: The network's state.
        average: The running average of it.
        optimiser: Its state.
        precision: Of Fabric; another one would make other weights.
        devices: Likewise.
        seconds: Of training so far.
        hardware: In words.
        scores: Of the latest validation.
        best: Mean Dice of the best one, -1 before the first.
        data: Sources and shares.
        seen: Classes of real objects.
        earlier: Steps, samples and hours of the weights that it started from, and of theirs.
    """

    recipe: dict[str, Any]
    step: int
    net: dict[str, Tensor]
    average: dict[str, Tensor]
    optimiser: dict[str, Any]
    precision: str
    devices: int
    seconds: float
    hardware: str
    scores: dict[str, float]
    best: float
    data: dict[str, float]
    seen: list[str]
    earlier: tuple[int, int, float] = (0, 0, 0.0)


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file at once, so that a kill leaves the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    torch.save(vars(checkpoint), beside)
    beside.replace(path)


def read_checkpoint(path: Path) -> Checkpoint:
    """The checkpoint in a file.

    Raises:
        TrainingError: If there is none.
    """
    if not path.is_file():
        raise TrainingError(f"{path} is not there: there is no training to go on with")
    try:
        return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))
    except (OSError, RuntimeError, TypeError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{path} is not a checkpoint of a training: {error}") from error
