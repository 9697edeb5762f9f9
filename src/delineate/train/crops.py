"""Crops to boxes around objects of real images, as `synth.stream.draw` makes them of synthetic."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..synth.fields import log_uniform, resize
from ..synth.recipe import Recipe
from ..synth.stream import Batch, box_with_margin, visibility
from ..types import Array, Float32, Float64, Mask
from .errors import TrainingError
from .packed import Packed

TRIES = 100
GAMMA = 0.3
"""Standard deviation of the logarithm of a power that grey values are raised to."""


@dataclass(frozen=True)
class Object:
    """Where an object is.

    Attributes:
        item: Number of the image.
        label: In it.
        at: Slice across the image's axis; None: the whole volume.
    """

    item: int
    label: int
    at: int | None


class Crops:
    """The objects of one data set.

    Args:
        items: Its images.
        dims: 2 takes slices, 3 whole volumes and no pictures.
        smallest: Pixels or voxels that an object has at least.

    Raises:
        TrainingError: If there is no object.
    """

    def __init__(self, items: Sequence[Packed], dims: int, smallest: int) -> None:
        self.items = tuple(items)
        found = [_objects(n, one, dims, smallest) for n, one in enumerate(self.items)]
        self.objects = tuple(own for own in found if own)
        if not self.objects:
            names = sorted({one.dataset for one in items})
            raise TrainingError(f"{names} has no object of {smallest} voxels in {dims}D")

    def draw(self, rng: np.random.Generator, size: tuple[int, ...], recipe: Recipe) -> Batch:
        """A crop `(1, *size)` of mean 0 and deviation 1, and the object in it.

        Images are equally likely, so are the objects in one. Crops are mirrored and turned, their
        grey values bent, inverted and made noisy as often as the recipe says; objects that are
        fainter than it allows are left out.
        """
        for _ in range(TRIES):
            own = self.objects[int(rng.integers(len(self.objects)))]
            image, mask, widths = self.cut(rng, own[int(rng.integers(len(own)))], recipe)
            image, mask, widths = _turned(rng, image, mask, widths)
            image, mask = _fit(rng, image, mask, widths, size, recipe)
            filled = recipe.fraction[0] <= mask.mean() <= recipe.fraction[1]
            if filled and visibility(image, mask) >= recipe.visibility:
                return normalised(_spoilt(rng, image, recipe))[None], mask
        raise TrainingError(
            f"{TRIES} crops of {self.items[0].dataset} had no object that fills {recipe.fraction} "
            f"of them with visibility {recipe.visibility}"
        )

    def cut(
        self, rng: np.random.Generator, one: Object, recipe: Recipe
    ) -> tuple[Float32, Mask, Float64]:
        """An object in its box with a random margin, `(I, J)` of a slice or `(I, J, K)` with K
        across slices, and how wide its pixels or voxels are in mm."""
        item = self.items[one.item]
        image, mask = self._seen(one)
        low, high = box_with_margin(rng, mask, recipe)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        image, mask = np.moveaxis(image[box], item.axis, 2), np.moveaxis(mask[box], item.axis, 2)
        widths = np.array([*np.delete(item.spacing, item.axis), item.spacing[item.axis]])
        if one.at is None:
            return image, mask, widths
        return image[..., 0], mask[..., 0], widths[:2]

    def whole(self, rng: np.random.Generator, recipe: Recipe) -> tuple[Float32, Mask, float]:
        """An image, an object of it and the thickness of a slice, in pixels.

        `(I, J)`, or `(I, J, K)` with K across slices; mirrored, turned and spoilt as in `draw`.
        """
        own = self.objects[int(rng.integers(len(self.objects)))]
        one = own[int(rng.integers(len(own)))]
        item = self.items[one.item]
        image, mask = self._seen(one)
        image, mask = np.moveaxis(image, item.axis, 2), np.moveaxis(mask, item.axis, 2)
        dims = 3 if one.at is None else 2
        if dims == 2:
            image, mask = image[..., 0], mask[..., 0]
        image, mask, _ = _turned(rng, image, mask, np.ones(dims))
        steps = [s for axis, s in enumerate(item.spacing) if axis != item.axis]
        thickness = item.spacing[item.axis] / min(steps)
        return _spoilt(rng, image, recipe), mask, thickness if dims == 3 else 1.0

    def _seen(self, one: Object) -> tuple[Float32, Mask]:
        """The volume of an object, or the slice of it, one voxel thick."""
        item = self.items[one.item]
        image, mask = item.image, item.labels == one.label
        if one.at is not None:
            image = np.take(image, [one.at], item.axis)
            mask = np.take(mask, [one.at], item.axis)
        return image, mask


def normalised(image: Float32) -> Float32:
    """Mean 0 and deviation 1; 0 everywhere if it is constant."""
    image = image - np.float32(image.mean(dtype=np.float64))
    deviation = float(image.std(dtype=np.float64))
    return np.asarray(image / np.float32(deviation if deviation > 1e-6 else 1), np.float32)


def _objects(number: int, item: Packed, dims: int, smallest: int) -> tuple[Object, ...]:
    if dims == 3 and min(item.labels.shape) == 1:
        return ()
    if dims == 3:
        return tuple(Object(number, label, None) for label in _large(item.labels, smallest))
    slices = np.moveaxis(item.labels, item.axis, 0)
    return tuple(
        Object(number, label, at)
        for at, labels in enumerate(slices)
        for label in _large(labels, smallest)
    )


def _large(labels: Array, smallest: int) -> list[int]:
    """Labels of enough voxels."""
    sizes = np.bincount(labels.ravel())
    return [label for label in np.flatnonzero(sizes >= smallest).tolist() if label != 0]


def _turned(
    rng: np.random.Generator, image: Float32, mask: Mask, widths: Float64
) -> tuple[Float32, Mask, Float64]:
    """Mirrored along any axis, the first two swapped or not."""
    dims = image.ndim
    axes = tuple(axis for axis in range(dims) if rng.random() < 0.5)
    order = [1, 0, 2][:dims] if rng.random() < 0.5 else list(range(dims))
    image, mask = np.flip(image, axes).transpose(order), np.flip(mask, axes).transpose(order)
    return image, mask, widths[order]


def _fit(
    rng: np.random.Generator,
    image: Float32,
    mask: Mask,
    widths: Float64,
    size: tuple[int, ...],
    recipe: Recipe,
) -> tuple[Float32, Mask]:
    """Stretched to the size, or in its own form made to cover it and cut where it is longer."""
    target = np.array(size)
    if rng.random() >= recipe.stretch:
        sides = np.array(image.shape) * widths / target
        target = np.rint(target * np.minimum(sides / sides.min(), 1 / recipe.window_share))
    shape = tuple(int(length) for length in target)
    first = [int(rng.integers(0, a - b + 1)) for a, b in zip(shape, size, strict=True)]
    window = tuple(slice(a, a + b) for a, b in zip(first, size, strict=True))
    inside = resize(mask.astype(np.float32), shape)[window] >= 0.5
    return np.ascontiguousarray(resize(image, shape)[window]), np.ascontiguousarray(inside)


def _spoilt(rng: np.random.Generator, image: Float32, recipe: Recipe) -> Float32:
    """Grey values from 0 to 1, bent, inverted, with noise."""
    low, high = float(image.min()), float(image.max())
    image = (image - np.float32(low)) / np.float32(max(high - low, 1e-6))
    if rng.random() < recipe.gamma:
        image = image ** np.float32(np.exp(rng.normal(0, GAMMA)))
    if rng.random() < recipe.invert:
        image = 1 - image
    if rng.random() < recipe.gaussian / 2:
        deviation = np.float32(log_uniform(rng, *recipe.noise) / 2)
        image = image + deviation * rng.standard_normal(image.shape, dtype=np.float32)
    return image
