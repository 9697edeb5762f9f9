"""Random shapes as depths: positive inside, zero on the border, in voxels as far as possible."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..types import Array, Float32, Float64, Mask
from .fields import log_uniform, smooth_field

Window = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Grid:
    """Where voxels are, in units of a voxel's width in the slice.

    Attributes:
        points: `(3, I, J, K)`, warped.
        spacing: `(3,)`, of which the first two are 1.
        warp: Largest distance between a voxel and its point.
    """

    points: Float32
    spacing: Float64
    warp: float

    @property
    def shape(self) -> tuple[int, int, int]:
        """`(I, J, K)`."""
        return self.points.shape[1:]

    @property
    def flat(self) -> bool:
        """A picture: one slice."""
        return self.shape[2] == 1

    @property
    def extent(self) -> float:
        """The shorter side."""
        sides = np.array(self.shape) * self.spacing
        return float(sides[:2].min() if self.flat else sides.min())

    def window(self, centre: Array, reach: float) -> tuple[Window, "Grid"]:
        """The part that lies within a distance of a voxel, and its grid."""
        size = (reach + self.warp) / self.spacing
        low = np.maximum(np.floor(centre - size), 0).astype(int)
        high = np.minimum(np.ceil(centre + size).astype(int) + 1, self.shape)
        box: Window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))  # type: ignore[assignment]
        return box, Grid(self.points[:, *box], self.spacing, self.warp)

    def field(self, rng: np.random.Generator, step: float) -> Float32:
        """A smooth random field `(I, J, K)` whose knots are `step` apart."""
        return smooth_field(rng, self.shape, tuple(step / self.spacing))


def make_grid(
    rng: np.random.Generator, shape: tuple[int, int, int], thickness: float, warped: bool
) -> Grid:
    """A grid that is bent by a smooth random displacement, or straight."""
    spacing = np.array([1.0, 1.0, thickness])
    straight = Grid(np.empty((3, *shape), np.float32), spacing, 0.0)
    points = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).astype(np.float32)
    points *= spacing.astype(np.float32)[:, None, None, None]
    if not warped:
        return Grid(points, spacing, 0.0)
    step = straight.extent * rng.uniform(0.25, 0.7)
    strength = step * rng.uniform(0.03, 0.22)
    shift = [strength * straight.field(rng, step) for _ in range(2 if shape[2] == 1 else 3)]
    for points_axis, shift_axis in zip(points, shift, strict=False):
        points_axis += shift_axis
    return Grid(points, spacing, float(np.abs(shift).max()))


def blob(
    rng: np.random.Generator, grid: Grid, centre: Array, radius: float, wobble: float
) -> Float32:
    """Depth in a stretched ball, a box with round corners or a diamond, with a wavy border.

    Args:
        rng: Source of form and direction.
        grid: Where to know the depth.
        centre: A point, `(3,)`.
        radius: Mean radius in voxels.
        wobble: Height of waves over the radius; at 0.5 and more, parts come off.
    """
    axes = 2 if grid.flat else 3
    stretch = np.exp(rng.normal(0, 0.28, axes)).clip(0.45, 2.2)
    radii = radius * stretch / np.prod(stretch) ** (1 / axes)
    turn = _turn(rng, axes) / radii[:, None]
    power = 2.0 if rng.random() < 0.75 else rng.uniform(1.4, 4.0)
    relative = [p - np.float32(c) for p, c in zip(grid.points[:axes], centre, strict=False)]
    total = np.zeros(grid.shape, np.float32)
    for row in turn.astype(np.float32):
        along = sum(weight * part for weight, part in zip(row, relative, strict=True))
        total += np.square(along) if power == 2 else np.abs(along) ** np.float32(power)
    depth = 1 - total ** np.float32(1 / power)
    if wobble > 0:
        depth += np.float32(wobble) * grid.field(rng, radius * rng.uniform(0.35, 1.1))
    return np.float32(radius) * depth


def _turn(rng: np.random.Generator, axes: int) -> Float64:
    """A random rotation in two axes or three."""
    if axes == 3:
        return np.linalg.qr(rng.normal(size=(3, 3)))[0]
    angle = rng.uniform(0, np.pi)
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def lobes(rng: np.random.Generator, grid: Grid, centre: Array, radius: float) -> Float32:
    """Depth in the smooth union of two to five blobs, each on the border of an earlier one."""
    axes = 2 if grid.flat else 3
    number = int(rng.integers(2, 6))
    size = radius / number**0.5
    soft = np.float32(size * log_uniform(rng, 0.03, 0.3))
    centres = [np.asarray(centre, float)]
    total = np.zeros(grid.shape, np.float32)
    for _ in range(number):
        one = blob(rng, grid, centres[-1], size * rng.uniform(0.75, 1.25), 0.05)
        total += np.exp(np.minimum(one / soft, 60))
        step = np.zeros(3)
        step[:axes] = rng.normal(size=axes)
        start = centres[rng.integers(len(centres))]
        centres.append(start + step / np.linalg.norm(step) * size * rng.uniform(0.8, 1.5))
    return soft * np.log(np.maximum(total, 1e-30))


def largest_part(mask: Mask) -> Mask:
    """The largest part of a mask whose voxels touch, by corners too."""
    parts, number = ndimage.label(mask, np.ones((3,) * mask.ndim))
    if number < 2:
        return mask
    part: Mask = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    return part
