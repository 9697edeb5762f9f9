"""Artefacts that have a place and a direction: ghosts, streaks, shadows, dark borders, sectors."""

import numpy as np

from ..types import Array, Float32, Mask
from .fields import log_uniform
from .recipe import Recipe
from .shapes import Grid


def ghosting(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Faint copies of the image, moved along one axis, as motion makes them in MR."""
    axis = int(rng.integers(2))
    gap = max(int(grid.shape[axis] * rng.uniform(0.08, 0.4)), 1)
    strength = np.float32(rng.uniform(0.08, 0.3))
    copies = np.roll(image, gap, axis) + np.roll(image, -gap, axis)
    return np.asarray(image + strength * (copies - 2 * image.mean()))


def streaks(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Rays from a point, as from metal or bone in CT, or rows of unequal brightness."""
    strength = np.float32(log_uniform(rng, 0.02, 0.15))
    if rng.random() < 0.4:
        rows = rng.standard_normal((grid.shape[0], 1, 1), dtype=np.float32)
        return image + strength * rows
    _, angle = _polar(grid, rng.uniform(-0.2, 1.2, 2))
    waves = sum(
        np.sin(rng.integers(3, 24) * angle + rng.uniform(0, 2 * np.pi), dtype=np.float32)
        for _ in range(3)
    )
    return np.asarray(image + strength * waves)


def shadow(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """One to three dark wedges away from a point above the image, as behind bone in ultrasound."""
    _, angle = _polar(grid, np.array([-0.3, 0.5]))
    for _ in range(int(rng.integers(1, 4))):
        middle, width = rng.uniform(-0.7, 0.7), rng.uniform(0.04, 0.2)
        dark = np.exp(-np.square((angle - np.float32(middle)) / np.float32(width)))
        image = image * (1 - np.float32(rng.uniform(0.2, 0.75)) * dark)
    return image


def vignette(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Darker away from a point near the middle."""
    distance, _ = _polar(grid, rng.uniform(0.3, 0.7, 2))
    return image * (1 - np.float32(rng.uniform(0.2, 0.7)) * np.square(distance).clip(0, 1))


def unevenness(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Each slice is brighter or darker than its neighbours."""
    return image * np.exp(rng.normal(0, rng.uniform(0.03, 0.15), grid.shape[2])).astype(np.float32)


def cone(rng: np.random.Generator, grid: Grid) -> Mask:
    """What is seen, `(I, J, 1)`: a sector with its tip above the image, or a disc."""
    if rng.random() < 0.4:
        distance, _ = _polar(grid, rng.uniform(0.4, 0.6, 2))
        return np.asarray(distance < rng.uniform(0.75, 1.0))
    distance, angle = _polar(grid, np.array([rng.uniform(-0.3, 0.05), 0.5]))
    near, far = rng.uniform(0, 0.4), rng.uniform(1.7, 2.4)
    return np.asarray(
        (np.abs(angle) < rng.uniform(0.5, 0.9)) & (distance > near) & (distance < far)
    )


def _polar(grid: Grid, centre: Array) -> tuple[Float32, Float32]:
    """Distance from a point (1 is half a side) and angle to the first axis, `(I, J, 1)` each.

    The point is in fractions of the image's sides.
    """
    down, across = (
        ((np.arange(n, dtype=np.float32) + 0.5) / n - np.float32(c)) * 2
        for n, c in zip(grid.shape[:2], centre, strict=True)
    )
    distance = np.hypot(down[:, None], across)[..., None]
    return distance, np.arctan2(across[None], down[:, None])[..., None]
