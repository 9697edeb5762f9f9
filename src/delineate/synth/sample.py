"""One synthetic image: a scene, its intensities, its faults, and the object to find."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..types import Array, Float32, Mask
from .anatomy import paint_anatomy
from .artefacts import cone
from .degrade import degrade
from .recipe import Recipe, RecipeError
from .scene import Scene, compose, split_parts
from .shapes import Grid, make_grid
from .textures import intensities

TRIES = 50
SUBSLICES = 3


@dataclass(frozen=True)
class Sample:
    """A synthetic image and what is in it.

    Attributes:
        image: `(1, I, J, K)` float32, mostly in [0, 1].
        labels: `(I, J, K)` int16, objects from 1 on, 0 where there is none.
        target: Label of the object to find.
        thickness: Of a slice, where a pixel is 1 wide.
        components: Names of the recipe's components that took part.
    """

    image: Float32
    labels: NDArray[np.int16]
    target: int
    thickness: float
    components: frozenset[str]

    @property
    def mask(self) -> Mask:
        """The object to find, `(I, J, K)`."""
        return np.asarray(self.labels == self.target)


def sample(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    recipe: Recipe,
    label_maps: Sequence[Array] = (),
) -> Sample:
    """An image made from nothing.

    Args:
        rng: Source of everything; the same state gives the same image on the same machine.
        shape: `(I, J, K)`, at least 8 x 8; K = 1 is a picture.
        recipe: What it is made of.
        label_maps: Integer arrays `(A, B, C)` to paint anatomy on; none: no anatomy.

    Raises:
        RecipeError: If the shape is too small, or no object of `recipe.smallest` voxels was made.

    Examples:
        >>> one = sample(np.random.default_rng(0), (64, 64, 1), Recipe())
        >>> one.image.shape, one.labels.shape, bool(one.mask.any())
        ((1, 64, 64, 1), (64, 64, 1), True)
    """
    if len(shape) != 3 or min(shape[:2]) < 8 or shape[2] < 1:
        raise RecipeError(f"shape is {shape}; it must be (I, J, K) of at least 8 x 8 x 1")
    for _ in range(TRIES):
        made = _attempt(rng, shape, recipe, label_maps)
        if made is not None:
            return made
    raise RecipeError(
        f"{TRIES} images of {shape} had no object of {recipe.smallest} voxels; "
        "allow smaller objects, or make the image or its objects larger"
    )


def _attempt(
    rng: np.random.Generator,
    shape: tuple[int, int, int],
    recipe: Recipe,
    label_maps: Sequence[Array],
) -> Sample | None:
    """An image, or None if it has no object that is large enough."""
    thickness = _thickness(rng, shape, recipe)
    sub = SUBSLICES if thickness > 1 else 1
    fine = (shape[0], shape[1], shape[2] * sub)
    warped = rng.random() < recipe.warp
    grid = make_grid(rng, fine, thickness / sub, warped)
    if label_maps and rng.random() < recipe.anatomy:
        scene = paint_anatomy(rng, grid, label_maps[int(rng.integers(len(label_maps)))], recipe)
    else:
        scene = compose(rng, grid, recipe)
    scene.used.update(["warp"] * warped + ["thick"] * (sub > 1))
    seen = cone(rng, grid) if rng.random() < recipe.cone else None
    if seen is not None:
        scene.used.add("cone")
        np.multiply(scene.labels, seen, out=scene.labels)
    target = _choose(rng, scene, grid, recipe.smallest * sub, recipe.truncated)
    if target is None:
        return None
    split_parts(scene, target)
    labels = np.ascontiguousarray(scene.labels[:, :, sub // 2 :: sub])
    if np.count_nonzero(labels == target) < recipe.smallest:
        return None
    image = intensities(rng, scene, grid, recipe)
    image = image.reshape(*shape, sub).mean(axis=3, dtype=np.float32)
    coarse = Grid(grid.points[..., sub // 2 :: sub], np.array([1, 1, thickness]), grid.warp)
    image, faults = degrade(rng, image, coarse, recipe)
    if seen is not None:
        image = image * seen
    return Sample(image[None], labels, target, thickness, frozenset(scene.used | faults))


def _choose(
    rng: np.random.Generator, scene: Scene, grid: Grid, smallest: int, truncated: float
) -> int | None:
    """An object, as likely as the root of its voxels; less so if the image's border cuts it."""
    sizes = np.bincount(scene.labels.ravel()).astype(float)
    cut = [np.take(scene.labels, [0, -1], axis).ravel() for axis in range(2 if grid.flat else 3)]
    weights = np.sqrt(sizes)
    weights[np.unique(np.concatenate(cut))] *= truncated
    weights[sizes < smallest] = 0
    weights[0] = 0
    if not weights.any():
        return None
    return int(rng.choice(len(weights), p=weights / weights.sum()))


def _thickness(rng: np.random.Generator, shape: tuple[int, int, int], recipe: Recipe) -> float:
    """Of slices: 1, or 1.5 to 6, more often thinner than thicker."""
    if shape[2] == 1 or rng.random() >= recipe.thick:
        return 1.0
    return float(rng.uniform(1.5, max(6 * rng.random(), 1.6)))
