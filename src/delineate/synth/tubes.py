"""Tubes and branching trees: vessels, ducts, bowels, nerves and roots."""

import numpy as np

from ..types import Float32, Float64
from .fields import log_uniform
from .shapes import Grid

BRANCHES = 14
"""Most branches of a tree."""

THINNEST = 0.9
"""Least radius in voxels: thinner tubes would fall apart on the grid."""


def tube(rng: np.random.Generator, grid: Grid, centre: Float64, radius: float) -> Float32:
    """Depth in one winding tube that starts near a point and is about 2 to 6 radii long.

    Args:
        rng: Source of its course and width.
        grid: Where to know the depth.
        centre: A point, `(3,)`.
        radius: Of the object as a whole; the tube's own is a fraction of it.
    """
    width = max(radius * log_uniform(rng, 0.08, 0.4), THINNEST)
    length = radius * rng.uniform(2, 6)
    line = _walk(rng, grid, centre, _direction(rng, grid), length, width)
    taper = np.linspace(1, rng.uniform(0.5, 1.3), len(line))
    beads = 1 + rng.uniform(0, 0.25) * np.sin(np.linspace(0, rng.uniform(0, 25), len(line)))
    return _stamp(grid, line, np.maximum(width * taper * beads, THINNEST))


def tree(rng: np.random.Generator, grid: Grid, centre: Float64, radius: float) -> Float32:
    """Depth in a tree whose branches fork and become thinner (Murray's law on average)."""
    width = max(radius * log_uniform(rng, 0.06, 0.22), THINNEST)
    towards = _direction(rng, grid)
    buds = [(centre - towards * radius, towards, radius * rng.uniform(0.7, 1.4), width)]
    lines: list[Float64] = []
    widths: list[Float64] = []
    while buds and len(lines) < BRANCHES:
        start, towards, length, width = buds.pop(0)
        line = _walk(rng, grid, start, towards, length, width)
        lines.append(line)
        widths.append(np.full(len(line), max(width, THINNEST)))
        if length < 4:
            continue
        heading = line[-1] - line[max(len(line) - 6, 0)]
        heading /= np.linalg.norm(heading) or 1
        for _ in range(2):
            bent = heading + _direction(rng, grid) * rng.uniform(0.3, 0.9)
            buds.append(
                (line[-1], bent / np.linalg.norm(bent), length * rng.uniform(0.5, 0.9), width * 0.8)
            )
    return _stamp(grid, np.concatenate(lines), np.concatenate(widths))


def _direction(rng: np.random.Generator, grid: Grid) -> Float64:
    step = rng.normal(size=3)
    if grid.flat:
        step[2] = 0
    return step / np.linalg.norm(step)


def _walk(
    rng: np.random.Generator,
    grid: Grid,
    start: Float64,
    towards: Float64,
    length: float,
    width: float,
) -> Float64:
    """Points `(N, 3)` along a smooth random course, at most 0.6 voxels or half a width apart."""
    step = max(0.6, width * 0.4)
    number = max(int(length / step), 2)
    bend = rng.normal(size=(number, 3)) * log_uniform(rng, 0.05, 0.35)
    bend = np.cumsum(bend, axis=0) * min(step / width, 1)
    if grid.flat:
        bend[:, 2] = 0
    headings = towards + bend
    headings /= np.linalg.norm(headings, axis=1, keepdims=True)
    return np.concatenate([start[None], start + np.cumsum(headings * step, axis=0)])


def _stamp(grid: Grid, line: Float64, widths: Float64) -> Float32:
    """Depth in the union of balls: the largest radius less distance, over all the line's points."""
    shape = np.array(grid.shape)
    reach = np.ceil((widths.max() + 1.5) / grid.spacing).astype(int)
    reach[shape == 1] = 0
    sides = [np.arange(-n, n + 1) for n in reach]
    offsets = np.stack(np.meshgrid(*sides, indexing="ij"), axis=-1).reshape(-1, 3)
    nearest = np.rint(line / grid.spacing).astype(int)
    voxels = nearest[:, None] + offsets
    within = ((voxels >= 0) & (voxels < shape)).all(axis=2)
    apart = (voxels * grid.spacing - line[:, None]).astype(np.float32)
    depth = widths.astype(np.float32)[:, None] - np.sqrt(np.square(apart).sum(axis=2))
    total = np.full(int(shape.prod()), -2.0, np.float32)
    flat = (voxels[..., 0] * shape[1] + voxels[..., 1]) * shape[2] + voxels[..., 2]
    np.maximum.at(total, flat[within], depth[within])
    return total.reshape(grid.shape)
