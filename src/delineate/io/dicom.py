"""DICOM: slices stacked by their position in the patient, voxels read by SimpleITK (GDCM).

Rescale slope and intercept are applied, slice by slice. Gantry tilt gives a sheared affine.
"""

import re
import struct
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, UnreadableImage
from ..types import Array, Float32, Float64
from ..volume import RGB
from .itk import channels_first, placed, read_image
from .series import Slice, chosen, slices
from .stored import SLAB, Stored, grid

_UNEVEN = 0.02
_SLACK_MM = 1e-3
_POSITION = re.compile(rb"\x20\x00\x32\x00(?:DS(..)|(..)\0\0)", re.DOTALL)


def load_folder(path: Path, series: str | int | None) -> Stored:
    """Read one series of a folder."""
    return _load(chosen(path, series))


def load_file(path: Path) -> Stored:
    """Read one file: a slice, or a multi-frame image."""
    found = list(slices([path]))
    if not found:
        raise UnreadableImage("this DICOM file holds no image")
    return _load(found)


def _load(group: list[Slice]) -> Stored:
    if any(one.frames > 1 for one in group):
        return _frames(group)
    _check_alike(group)
    stacks = _stacked(group)
    affine = _affine([stack[0] for stack in stacks])
    voxels = _voxels(stacks)
    colour = len(voxels) == 3 and len(stacks[0]) == 1
    return Stored(
        voxels,
        grid(voxels.shape[1:], affine),
        "dicom",
        {"series": group[0].series},
        RGB if colour else (),
        files=tuple(str(one.path.absolute()) for one in group),
    )


def _voxels(stacks: list[list[Slice]]) -> Float32:
    """`(C, I, J, K)`, some slices at a time, since a rescaled one takes 4 or 8 bytes a voxel."""
    columns, rows = stacks[0][0].size
    channels = sum(len(_pixels(one.path)) for one in stacks[0])
    out = np.empty((channels, columns, rows, len(stacks)), np.float32)
    for start in range(0, len(stacks), SLAB):
        part = stacks[start : start + SLAB]
        slab = [np.concatenate([_pixels(one.path) for one in stack]) for stack in part]
        with np.errstate(over="ignore"):
            out[..., start : start + len(part)] = np.stack(slab).transpose(1, 3, 2, 0)
    return out


def _pixels(path: Path) -> Array:
    """One slice, `(C, J, I)`."""
    found: Array = channels_first(read_image(path, "GDCMImageIO"))[..., 0]
    return found.transpose(0, 2, 1)


def _check_alike(group: list[Slice]) -> None:
    first = group[0]
    for one in group[1:]:
        if one.size != first.size:
            wrong = f"{one.size} pixels instead of {first.size}"
        elif not np.allclose(one.spacing, first.spacing, rtol=1e-4):
            wrong = f"spacing {one.spacing} mm instead of {first.spacing} mm"
        elif len(one.orientation) != 6 or len(one.position) != 3:
            wrong = "no position or orientation in the patient"
        elif not np.allclose(one.orientation, first.orientation, atol=1e-3):
            wrong = f"orientation {one.orientation} instead of {first.orientation}"
        else:
            continue
        raise ImageError(
            f"the {len(group)} files of series {first.series} are not one volume: "
            f"{one.path.name} has {wrong}"
        )


def _stacked(group: list[Slice]) -> list[list[Slice]]:
    """The files at each position, along the normal; several are channels, by instance number."""
    if len(group) == 1:
        return [group]
    normal = np.cross(group[0].orientation[:3], group[0].orientation[3:])
    height = {one.path: float(normal @ np.array(one.position)) for one in group}
    ordered = sorted(group, key=lambda one: (height[one.path], one.number))
    stacks = [[ordered[0]]]
    for one in ordered[1:]:
        same = height[one.path] - height[stacks[-1][0].path] <= _SLACK_MM
        if same:
            stacks[-1].append(one)
        else:
            stacks.append([one])
    counts = sorted({len(stack) for stack in stacks})
    if len(counts) > 1:
        raise ImageError(
            f"some positions of series {group[0].series} have {counts[0]} and others {counts[-1]} "
            "images; each position should have as many, one for each channel"
        )
    return [sorted(stack, key=lambda one: one.number) for stack in stacks]


def _affine(stack: list[Slice]) -> Float64:
    """From voxels to LPS, (4, 4), of slices in order."""
    first = stack[0]
    affine = np.eye(4)
    rows, columns = first.spacing if len(first.spacing) == 2 else (1.0, 1.0)
    if len(first.orientation) == 6:
        affine[:3, :2] = np.reshape(first.orientation, (2, 3)).T
    affine[:3, 2] = np.cross(affine[:3, 0], affine[:3, 1]) * (first.thickness or 1.0)
    affine[:3, :2] *= columns, rows
    if len(first.position) == 3:
        affine[:3, 3] = first.position
    if len(stack) > 1:
        affine[:3, 2] = _step(np.array([one.position for one in stack]))
    return affine


def _step(positions: Float64) -> Float64:
    """From one slice to the next, in mm.

    Raises:
        ImageError: If they are not evenly spaced.
    """
    apart = np.linalg.norm(np.diff(positions, axis=0), axis=1)
    usual = float(np.median(apart))
    step: Float64 = (positions[-1] - positions[0]) / (len(positions) - 1)
    line = positions[0] + np.arange(len(positions))[:, None] * step
    off = np.linalg.norm(positions - line, axis=1).max()
    if max(off, np.abs(apart - usual).max()) <= _UNEVEN * usual + _SLACK_MM:
        return step
    worst = int(np.argmax(np.abs(apart - usual)))
    raise ImageError(
        f"the slices are not evenly spaced: {apart[worst]:.4g} mm between slices {worst + 1} and "
        f"{worst + 2} of {len(positions)}, {usual:.4g} mm between most; a slice may be missing"
    )


def _frames(group: list[Slice]) -> Stored:
    """A multi-frame image, whose grid GDCM knows only if the frames are in order."""
    if len(group) > 1:
        raise ImageError(
            f"series {group[0].series} has {len(group)} files of which some hold several frames; "
            "give one of those files instead of the folder"
        )
    path = group[0].path
    image = read_image(path, "GDCMImageIO")
    voxels, geometry = channels_first(image), placed(image)
    positions = _frame_positions(path)
    if len(positions) != group[0].frames:
        raise ImageError(
            f"{len(positions)} of {group[0].frames} frames say where in the patient they lie; "
            "a film is not a volume"
        )
    line = np.zeros((len(positions), 3))
    line[:, 2] = np.arange(len(positions))
    off = np.abs(geometry.to_world(line) - positions * (-1, -1, 1)).max()
    if off > _UNEVEN * geometry.spacing[2] + _SLACK_MM:
        raise ImageError(
            "the frames do not follow each other at even distances; convert the image to NIfTI"
        )
    components = image.GetNumberOfComponentsPerPixel()
    header = {"series": group[0].series}
    files = (str(path.absolute()),)
    return Stored(voxels, geometry, "dicom", header, RGB if components == 3 else (), files=files)


def _frame_positions(path: Path) -> Float64:
    """Every Image Position (Patient) of a file, `(N, 3)` mm LPS, from its raw bytes.

    GDCM does not hand out the sequences in which a multi-frame file keeps them.
    """
    content = path.read_bytes()
    found: list[Any] = []
    for match in _POSITION.finditer(content):
        (length,) = struct.unpack("<H", match[1] or match[2])
        parts = content[match.end() : match.end() + length].strip(b" \0").split(b"\\")
        if len(parts) == 3:
            found.append([float(part) for part in parts])
    return np.array(found, np.float64).reshape(-1, 3)
