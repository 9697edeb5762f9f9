"""A slice of an image with outlines on it, as a picture to look at."""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from .errors import ImageError
from .region import Region
from .types import Array, Mask, UInt8
from .volume import RGB, Volume
from .voxels import Voxels

SIZE = 640


def best_slice(voxels: Voxels, axis: int) -> int:
    """The slice across `axis` in which a set of voxels is largest; 0 for an empty set."""
    if not len(voxels):
        return 0
    others = tuple(a for a in range(3) if a != axis)
    return int(voxels.region.low[axis] + np.argmax(voxels.mask().sum(axis=others)))


def overlay(
    volume: Volume,
    objects: Sequence[tuple[str, Voxels]],
    axis: int | None = None,
    at: int | None = None,
    channel: int = 0,
) -> UInt8:
    """One slice with the outline of each object.

    Shown as radiologists do: left of the patient on the right, front or head up;
    pixels are spacing-true.

    Args:
        volume: The image.
        objects: Of each the colour, "#rrggbb", and the voxels to outline.
        axis: Across which to cut; by default that of coarsest spacing.
        at: Which slice; by default the one with most of the first object.
        channel: Which channel to show, unless they are red, green and blue.

    Returns:
        `(rows, columns, 3)` uint8, at least 640 on its longer side.

    Raises:
        ImageError: If there is no such slice or channel.
    """
    axis = volume.geometry.slice_axis if axis is None else axis
    first = objects[0][1] if objects else Voxels.of([])
    at = best_slice(first, axis) if at is None else at
    if not 0 <= at < volume.shape[axis]:
        raise ImageError(f"there is no slice {at} across axis {axis} of {volume.shape} voxels")
    last = len(volume.data) - 1
    if not 0 <= channel <= last:
        raise ImageError(f"there is no channel {channel}, the channels are 0 to {last}")
    low, high = [0, 0, 0], [*volume.shape]
    low[axis], high[axis] = at, at + 1
    region = Region((low[0], low[1], low[2]), (high[0], high[1], high[2]))
    plane = volume.crop(region)
    colours = plane.data if volume.channels == RGB else plane.data[[channel] * 3]
    grey = _turned(np.squeeze(_windowed(colours), axis + 1), volume, axis)
    scale = _scale(grey.shape[1:], volume, axis)
    picture = np.moveaxis(_enlarged(grey, scale), 0, -1)
    for colour, voxels in objects:
        mask = np.squeeze(voxels.on(region), axis)[None]
        shown = _enlarged(_turned(mask.astype(np.float32), volume, axis), scale)[0] > 0.5
        picture[_outline(shown)] = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return picture.astype(np.uint8)


def save_picture(picture: UInt8, path: str | os.PathLike[str]) -> Path:
    """Write a picture, `(rows, columns, 3)` uint8, as PNG or what the suffix says."""
    Image.fromarray(picture).save(path)
    return Path(path)


def _windowed(data: Array) -> Array:
    low, high = np.percentile(data, (0.5, 99.5))
    scaled: Array = np.clip((data - low) / max(float(high - low), 1e-6), 0, 1) * 255
    return scaled


def _axes(volume: Volume, axis: int) -> tuple[int, int]:
    """The axes that run down and across the view: head or front up, else as they come."""
    letters = volume.geometry.orientation
    first, second = (a for a in range(3) if a != axis)
    for up in ("SI", "AP"):
        if letters[first] in up:
            return first, second
        if letters[second] in up:
            return second, first
    return first, second


def _turned(planes: Array, volume: Volume, axis: int) -> Array:
    """Planes `(C, first axis, second axis)` as rows and columns of a radiologist's view."""
    rows, columns = _axes(volume, axis)
    letters = volume.geometry.orientation
    turned = planes if rows < columns else planes.transpose(0, 2, 1)
    turned = turned[:, ::-1] if letters[rows] in "AS" else turned
    return turned[:, :, ::-1] if letters[columns] in "RA" else turned


def _scale(shape: tuple[int, ...], volume: Volume, axis: int) -> tuple[int, int]:
    """New rows and columns: spacing-true, at least `SIZE` on the longer side."""
    rows, columns = _axes(volume, axis)
    size = np.multiply(shape, (volume.spacing[rows], volume.spacing[columns]))
    longest = max(SIZE, *shape)
    tall, wide = np.maximum(1, np.round(size / size.max() * longest)).astype(int)
    return int(tall), int(wide)


def _enlarged(planes: Array, shape: tuple[int, int]) -> Array:
    rows = np.minimum(np.arange(shape[0]) * planes.shape[1] // shape[0], planes.shape[1] - 1)
    columns = np.minimum(np.arange(shape[1]) * planes.shape[2] // shape[1], planes.shape[2] - 1)
    return np.ascontiguousarray(planes[:, rows][:, :, columns])


def _outline(mask: Mask) -> Mask:
    """The pixels of a mask that touch what is not the mask, two wide."""
    inner = np.pad(mask, 2)
    eroded = mask.copy()
    for rows, columns in ((0, 2), (4, 2), (2, 0), (2, 4), (1, 2), (3, 2), (2, 1), (2, 3)):
        tall, wide = mask.shape
        eroded &= inner[rows : rows + tall, columns : columns + wide]
    rim: Mask = mask & ~eroded
    return rim
