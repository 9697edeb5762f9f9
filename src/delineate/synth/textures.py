"""Textures of regions: grain of several scales, stripes, spots, gradients."""

from collections.abc import Callable

import numpy as np

from ..types import Float32
from .fields import log_uniform
from .recipe import TEXTURES, Recipe
from .scene import Scene
from .shapes import Grid


def intensities(rng: np.random.Generator, scene: Scene, grid: Grid, recipe: Recipe) -> Float32:
    """The scene without any fault: each region has its mean, and textures of its own strength.

    Returns:
        `(I, J, K)`, mostly in [0, 1].
    """
    means = np.array(scene.means, np.float32)
    if rng.random() < recipe.extremes:
        scene.used.add("extremes")
        means[rng.integers(len(means))] += rng.choice([-1, 1]) * log_uniform(rng, 1.5, 6)
    image = means[scene.regions]
    for name in TEXTURES:
        if rng.random() >= getattr(recipe, name):
            continue
        scene.used.add(name)
        strength = rng.exponential(0.07, len(means)) * (rng.random(len(means)) < 0.6)
        if not strength.any():
            strength[-1] = 0.07
        image += strength.astype(np.float32).clip(0, 0.3)[scene.regions] * _MAKERS[name](rng, grid)
    return image


def _grain(rng: np.random.Generator, grid: Grid) -> Float32:
    """Noise of one scale or of three, each twice as fine and weaker."""
    step = log_uniform(rng, 1.5, max(grid.extent / 5, 3))
    grain = grid.field(rng, step)
    if rng.random() < 0.5:
        for octave in (1, 2):
            grain = grain + np.float32(0.6**octave) * grid.field(rng, step / 2**octave)
    return grain


def _stripes(rng: np.random.Generator, grid: Grid) -> Float32:
    """Waves across a random direction, bent here and there."""
    wave = rng.normal(size=3)
    wave *= 2 * np.pi / (np.linalg.norm(wave) * log_uniform(rng, 3, 16))
    phase = np.tensordot(wave.astype(np.float32), grid.points, 1)
    bent = rng.uniform(0, 2) * grid.field(rng, grid.extent / 4)
    return np.sin(phase + bent, dtype=np.float32) * np.float32(1.3)


def _spots(rng: np.random.Generator, grid: Grid) -> Float32:
    """Round spots, brighter or darker than the rest."""
    field = grid.field(rng, log_uniform(rng, 1.5, 7))
    spots = 1 / (1 + np.exp(-6 * (field - np.float32(rng.uniform(0.6, 1.6)))))
    return np.asarray(spots * np.float32(rng.choice([-2.5, 2.5])))


def _gradients(rng: np.random.Generator, grid: Grid) -> Float32:
    """Brighter to one side, or to the middle of the image."""
    points = grid.points / np.float32(grid.extent / 2) - 1
    slope = rng.normal(size=3)
    if grid.flat:
        slope[2] = 0
    linear = np.tensordot((slope / np.linalg.norm(slope)).astype(np.float32), points, 1)
    if rng.random() < 0.7:
        return linear * 2
    return np.asarray(2 - 2 * np.square(points[:2]).sum(axis=0))


_MAKERS: dict[str, Callable[[np.random.Generator, Grid], Float32]] = {
    "grain": _grain,
    "stripes": _stripes,
    "spots": _spots,
    "gradients": _gradients,
}
