"""Anatomy painted on label maps: each structure gets an intensity of its own, drawn at random.

Billot et al., "SynthSeg: Segmentation of brain MRI scans of any contrast and resolution without
retraining", Medical Image Analysis 2023. Here a part of the map is seen from any side and at any
size, and neighbouring structures may be one object.
"""

import numpy as np
from scipy.spatial.transform import Rotation

from ..types import Array, Float64
from .fields import log_uniform
from .recipe import Recipe, RecipeError
from .scene import Scene
from .shapes import Grid

PROBES = 256
"""Voxels looked at to find a structure to centre on, so that large maps need no search."""

FINEST = 0.6
"""Least voxels of the map per voxel of the image: closer, its voxels' corners would be seen."""


def paint_anatomy(rng: np.random.Generator, grid: Grid, label_map: Array, recipe: Recipe) -> Scene:
    """A scene in which structures of a label map are objects.

    Args:
        rng: Source of view, size, intensities and which structures are joined.
        grid: Of the scene.
        label_map: `(A, B, C)` integers, 0 is background.
        recipe: For `camouflage` and `contrast`.
    """
    if label_map.ndim != 3 or not np.issubdtype(label_map.dtype, np.integer):
        raise RecipeError(
            f"a label map has shape {label_map.shape} and type {label_map.dtype}; "
            "it must be integers with three axes"
        )
    names = _look(rng, grid, label_map)
    present = np.flatnonzero(np.bincount(names.ravel()))
    table = np.zeros(present[-1] + 1, np.int16)
    table[present] = np.arange(len(present))
    regions = table[names]
    means: list[float] = []
    used = {"anatomy"}
    for _ in present:
        means.append(float(rng.random()))
        if len(means) > 2 and rng.random() < recipe.camouflage:
            used.add("camouflage")
            means[-1] = means[rng.integers(len(means) - 1)] + float(rng.normal(0, 0.03))
    labels = regions if present[0] == 0 else regions + 1
    if rng.random() < 0.4:
        labels = _join(rng, labels)
    return Scene(
        regions, labels.astype(np.int16), means, used=used, counter=[int(labels.max(initial=0))]
    )


def _look(rng: np.random.Generator, grid: Grid, label_map: Array) -> Array:
    """The map's label at each voxel of the grid, seen from a random side; 0 outside of the map."""
    size = log_uniform(rng, 0.2, 1.1) * min(label_map.shape) / grid.extent
    turn = _turn(rng) * max(size, FINEST)
    middle = np.array(grid.shape) / 2 * grid.spacing
    centre = _centre(rng, label_map)
    points = grid.points.reshape(3, -1) - middle.astype(np.float32)[:, None]
    found = np.rint(turn.astype(np.float32) @ points + centre.astype(np.float32)[:, None])
    found = found.astype(np.int32)
    limits = np.array(label_map.shape)[:, None]
    outside = ((found < 0) | (found >= limits)).any(axis=0)
    names = label_map[tuple(np.clip(found, 0, limits - 1))].astype(np.int64)
    names[outside] = 0
    return np.asarray(names.reshape(grid.shape))


def _turn(rng: np.random.Generator) -> Float64:
    """Along any axis of the map, either way, and up to about 30 degrees off."""
    axes = np.eye(3)[rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)[:, None]
    return np.asarray(axes @ Rotation.from_rotvec(rng.normal(0, 0.2, 3)).as_matrix())


def _centre(rng: np.random.Generator, label_map: Array) -> Float64:
    """A voxel of a structure; small structures are as likely as large ones, if they are found."""
    probes = rng.integers(0, np.array(label_map.shape), (PROBES, 3))
    names = label_map[tuple(probes.T)]
    structures = np.unique(names[names != 0])
    if not len(structures):
        return np.array(label_map.shape) / 2
    return np.asarray(probes[rng.choice(np.flatnonzero(names == rng.choice(structures)))], float)


def _join(rng: np.random.Generator, labels: Array) -> Array:
    """One structure and up to six of its neighbours become one object."""
    present = np.unique(labels[labels > 0])
    if not len(present):
        return labels
    own = rng.choice(present)
    near = np.zeros(labels.shape, bool)
    for axis in range(labels.ndim):
        for step in (-1, 1):
            near |= np.roll(labels == own, step, axis)
    neighbours = np.unique(labels[near & (labels > 0)])
    chosen = rng.permutation(neighbours)[: rng.integers(1, 7)]
    return np.where(np.isin(labels, chosen), own, labels)
