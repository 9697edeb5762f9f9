"""What scanners and microscopes do to an image: blur, noise of several kinds, bias, intensity."""

from collections.abc import Callable

import numpy as np
from scipy import ndimage

from ..types import Array, Float32
from .artefacts import ghosting, shadow, streaks, unevenness, vignette
from .fields import log_uniform, smooth_field
from .recipe import Recipe
from .shapes import Grid

Step = Callable[[np.random.Generator, Float32, Grid, Recipe], Array]


def degrade(
    rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe
) -> tuple[Float32, set[str]]:
    """An image with faults, in the order in which they arise, each with its probability.

    Args:
        rng: Source of all that is random.
        image: `(I, J, K)`, mostly in [0, 1].
        grid: Its grid, at the thickness of its slices.
        recipe: Probabilities.

    Returns:
        The image, and the names of the faults it got.
    """
    used = set()
    for name, step in STEPS.items():
        if rng.random() >= getattr(recipe, name) or (name == "unevenness" and grid.flat):
            continue
        image = step(rng, image, grid, recipe).astype(np.float32, copy=False)
        used.add(name)
    return image, used


def _partial_volume(_: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """A voxel on a border has part of both sides: a tent over the voxel and half its neighbours."""
    for axis in range(2 if grid.flat else 3):
        image = ndimage.correlate1d(image, [0.2, 0.6, 0.2], axis, mode="nearest")
    return image


def _bias(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    field = grid.field(rng, grid.extent * rng.uniform(0.5, 1.2))
    return np.asarray(image * np.exp(np.float32(rng.uniform(0.05, 0.4)) * field))


def _blur(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    width = log_uniform(rng, 0.4, max(grid.extent / 30, 0.8)) / grid.spacing
    width[np.array(grid.shape) == 1] = 0
    return np.asarray(ndimage.gaussian_filter(image, width, mode="nearest", truncate=3))


def _speckle(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Rayleigh noise that multiplies, wider across than along the beam."""
    width = (log_uniform(rng, 1, 2), log_uniform(rng, 1, 4))
    steps = (*(width if rng.random() < 0.5 else width[::-1]), 1.0)
    real, imaginary = (smooth_field(rng, grid.shape, steps) for _ in range(2))
    rayleigh = np.sqrt(np.square(real) + np.square(imaginary)) / np.float32(np.sqrt(np.pi / 2))
    return np.asarray(image * (1 + np.float32(rng.uniform(0.2, 1.0)) * (rayleigh - 1)))


def _poisson(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    peak = np.float32(log_uniform(rng, 12, 400))
    return rng.poisson(np.clip(image, 0, 10) * peak) / peak


def _rician(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    level = np.float32(log_uniform(rng, *recipe.noise))
    real, imaginary = (rng.standard_normal(grid.shape, dtype=np.float32) for _ in range(2))
    return np.asarray(np.sqrt(np.square(image + level * real) + np.square(level * imaginary)))


def _gaussian(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """White, or with a grain of its own as in CT, or in rows."""
    width = 1.0 if rng.random() < 0.5 else rng.uniform(1.0, 2.5)
    across = 1.0 if rng.random() < 0.85 else rng.uniform(1.0, 5.0)
    noise = smooth_field(rng, grid.shape, (width, width * across, 1.0))
    return image + np.float32(log_uniform(rng, *recipe.noise)) * noise


def _gamma(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    low, high = float(image.min()), float(image.max())
    width = max(high - low, 1e-6)
    return np.asarray(
        np.power((image - low) / width, np.float32(np.exp(rng.normal(0, 0.5)))) * width + low
    )


def _invert(_: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    return 1 - image


def _window(rng: np.random.Generator, image: Float32, grid: Grid, recipe: Recipe) -> Array:
    """Cut at a level below and one above, as a window in CT or a saturated camera does."""
    low, high = np.quantile(image.ravel()[::3], [rng.uniform(0, 0.4), rng.uniform(0.75, 1)])
    return np.clip(image, low, max(high, low + 0.02)) if high > low else image


STEPS: dict[str, Step] = {
    "partial_volume": _partial_volume,
    "bias": _bias,
    "blur": _blur,
    "speckle": _speckle,
    "poisson": _poisson,
    "rician": _rician,
    "gaussian": _gaussian,
    "unevenness": unevenness,
    "ghosting": ghosting,
    "streaks": streaks,
    "shadow": shadow,
    "vignette": vignette,
    "gamma": _gamma,
    "invert": _invert,
    "window": _window,
}
"""Faults in the order in which they arise; each takes and returns `(I, J, K)`."""
