"""Text of the command line into prompts and values."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import MethodError, PromptError
from ..prompts import Box, Given, Prompt, Scribble, from_json
from ..types import Index
from ..volume import Volume
from ..voxels import Voxels


def place(text: str, volume: Volume, world: bool, last: int = 0) -> Index:
    """A voxel index from "i,j,k" or, in a picture, "i,j"; from "x,y,z" mm if `world`.

    Raises:
        PromptError: If the text is not two or three numbers.
    """
    try:
        parts = [float(part) for part in text.split(",")]
    except ValueError:
        parts = []
    if len(parts) == 2 and volume.dims == 2 and not world:
        parts.append(last)
    if len(parts) != 3:
        wanted = "x,y,z in mm" if world else ("i,j" if volume.dims == 2 else "i,j,k")
        raise PromptError(f"a place is written {wanted}, got {text!r}")
    if world:
        parts = np.round(volume.geometry.to_index([parts]))[0].tolist()
    if any(part != int(part) for part in parts):
        raise PromptError(f"voxel indices are whole numbers, got {text!r}")
    i, j, k = (int(part) for part in parts)
    return i, j, k


def box(text: str, volume: Volume, world: bool, axis: int | None) -> Box:
    """A box from "low:high", one past the last voxel; with `world` both corners are in it."""
    ends = text.split(":")
    if len(ends) != 2:
        raise PromptError(f"a box is written low:high, as in 10,20,5:40,60,9, got {text!r}")
    low, high = place(ends[0], volume, world), place(ends[1], volume, world, last=1)
    if world:
        low, high = (
            tuple(np.minimum(low, high).tolist()),
            tuple((np.maximum(low, high) + 1).tolist()),
        )
    return Box(low, high, axis)


def scribbles(path: Path, volume: Volume, axis: int | None) -> list[Prompt]:
    """Scribbles from a label image on the same grid: 1 inside, 2 outside."""
    from ..io import read_labels

    found: list[Prompt] = []
    for label in read_labels(path, like=volume):
        if label.number not in (1, 2):
            raise PromptError(
                f"{path} holds the value {label.number}; a scribble image holds 1 for inside and "
                "2 for outside"
            )
        found.append(Scribble(label.voxels, label.number == 1, axis))
    if not found:
        raise PromptError(f"{path} holds no scribble: every voxel is 0")
    return found


def start(path: Path, volume: Volume) -> Given:
    """A mask to start from: every voxel of a label image that is not 0."""
    from ..io import read_labels

    mask = np.zeros(volume.shape, bool)
    for label in read_labels(path, like=volume):
        mask[label.voxels.region.slices] |= label.voxels.mask()
    return Given(Voxels.from_mask(mask))


def from_file(path: Path) -> list[Prompt] | dict[str, list[Prompt]]:
    """Prompts from JSON: a list for every image, or an object of lists by image file name.

    Raises:
        PromptError: If the file is not there or does not hold prompts.
    """
    try:
        held = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise PromptError(f"{path} could not be read as prompts: {error}") from error
    if isinstance(held, list):
        return [from_json(value) for value in held]
    if isinstance(held, dict) and all(isinstance(value, list) for value in held.values()):
        return {name: [from_json(one) for one in value] for name, value in held.items()}
    raise PromptError(f"{path} holds neither a list of prompts nor lists by image file name")


def settings(pairs: list[str]) -> dict[str, Any]:
    """Fields of a method from texts like "sigma=0.1".

    Raises:
        MethodError: If a text has no "=".
    """
    values: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals:
            raise MethodError(f"a setting is written field=value, got {pair!r}")
        try:
            values[name] = json.loads(text)
        except ValueError:
            values[name] = text
    return values
