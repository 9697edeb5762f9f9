"""Training samples without end: crops to the box of an object, made by several processes.

A sample depends on the seed and its number alone, not on how many processes there are, so a run
that was stopped goes on with the very samples it would have had.
"""

import multiprocessing
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from ..types import Array, Float32, Mask
from .fields import log_uniform, resize
from .recipe import Recipe, RecipeError
from .sample import Sample, sample

AHEAD = 3
"""Batches in the making per process."""

TRIES = 200
"""Crops made before giving up; nine in ten are good with the default recipe."""

Batch = tuple[Float32, Mask]


def draw(
    seed: int | Sequence[int],
    recipe: Recipe,
    size: tuple[int, ...] = (96, 96),
    label_maps: Sequence[Array] = (),
) -> Batch:
    """A crop around an object, as a network is given it, and the object.

    The object's box is widened by a random margin on each side (Wang et al., IEEE TMI 2018), the
    crop resized so that it fills the network's input, and normalised by its own mean and standard
    deviation. A crop that is longer than wide is stretched, or keeps its form as far as
    `recipe.window_share` of the longer side is seen.

    Args:
        seed: One number or several; the same ones give the same sample.
        recipe: What images are made of.
        size: `(H, W)` for pictures, `(D, H, W)` in the order I, J, K for volumes.
        label_maps: As for `sample`.

    Raises:
        RecipeError: If the size makes no sense or no such object could be made.

    Returns:
        Image `(1, *size)` of mean 0 and deviation 1 (0 where it is constant), mask `(*size,)`.

    Examples:
        >>> image, mask = draw(3, Recipe(), (96, 96))
        >>> image.shape, mask.shape
        ((1, 96, 96), (96, 96))
    """
    if len(size) not in (2, 3) or min(size) < 8:
        raise RecipeError(f"size is {size}; it must be two or three numbers of at least 8")
    rng = np.random.default_rng(seed)
    for _ in range(TRIES):
        made = sample(rng, native_shape(rng, recipe, len(size)), recipe, label_maps)
        low, high = box_with_margin(rng, made.mask, recipe)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        image, mask = _fit(rng, made, box, recipe, size)
        filled = recipe.fraction[0] <= mask.mean() <= recipe.fraction[1]
        if filled and (not recipe.visibility or visibility(image, mask) >= recipe.visibility):
            image -= image.mean(dtype=np.float64).astype(np.float32)
            deviation = float(image.std(dtype=np.float64))
            image /= np.float32(deviation if deviation > 1e-6 else 1)
            return image[None], mask
    raise RecipeError(
        f"{TRIES} crops had no object that fills {recipe.fraction} of them with visibility "
        f"{recipe.visibility}; allow a wider range or a lower visibility"
    )


def visibility(image: Float32, mask: Mask) -> float:
    """How far intensities inside a mask differ from those outside: 0 not at all, 1 fully.

    Total variation between two histograms of eight bins, equally filled by both together, of the
    image at half its size. Where one side is empty at that size it is 0.
    """
    half = tuple(n // 2 for n in image.shape)
    values, inside = resize(image, half).ravel(), resize(mask, half).ravel() >= 0.5
    number = np.count_nonzero(inside)
    if number in (0, inside.size):
        return 0.0
    edges = np.quantile(values, np.arange(1, 8) / 8)
    bins = np.searchsorted(edges, values)
    within = np.bincount(bins[inside], minlength=8) / number
    outside = np.bincount(bins[~inside], minlength=8) / (inside.size - number)
    return float(np.abs(within - outside).sum() / 2)


def box_with_margin(rng: np.random.Generator, mask: Mask, recipe: Recipe) -> tuple[Array, Array]:
    """Lowest and one past highest voxel of an object, each side moved out by a random margin.

    Voxels, `(3,)` each, uniform in `recipe.margin` with both ends, cut at the image's border.
    """
    where = np.argwhere(mask)
    least, most = recipe.margin
    low = where.min(axis=0) - rng.integers(least, most + 1, 3)
    high = where.max(axis=0) + 1 + rng.integers(least, most + 1, 3)
    return np.maximum(low, 0), np.minimum(high, mask.shape)


def batch(
    seed: int,
    number: int,
    recipe: Recipe,
    size: tuple[int, ...] = (96, 96),
    length: int = 16,
    label_maps: Sequence[Array] = (),
) -> Batch:
    """The `number`-th batch of a stream: images `(N, 1, *size)` and masks `(N, *size)`."""
    draws = [draw((seed, number * length + n), recipe, size, label_maps) for n in range(length)]
    return np.stack([image for image, _ in draws]), np.stack([mask for _, mask in draws])


def stream(
    seed: int,
    recipe: Recipe,
    workers: int,
    size: tuple[int, ...] = (96, 96),
    length: int = 16,
    start: int = 0,
    label_maps: Sequence[Array] = (),
) -> Iterator[Batch]:
    """Batches in order, without end, made ahead by other processes.

    Processes are spawned (on every system alike), so a script that calls this guards its own start
    with `if __name__ == "__main__"`. Set `OMP_NUM_THREADS=1` before: each process uses one core.

    Args:
        seed: Of the whole stream.
        recipe: What images are made of.
        workers: Processes; 0 makes the batches in this one.
        size: Of a sample.
        length: Samples in a batch.
        start: Number of the first batch; to go on after a stop.
        label_maps: As for `sample`; sent to each process once.
    """
    if workers == 0:
        while True:
            yield batch(seed, start, recipe, size, length, label_maps)
            start += 1
    work = _Work(seed, recipe, size, length, tuple(label_maps))
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, initializer=_begin, initargs=(work,))
    try:
        waiting: deque[Future[Batch]] = deque()
        while True:
            while len(waiting) < AHEAD * workers:
                waiting.append(pool.submit(_make, start))
                start += 1
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@dataclass(frozen=True)
class _Work:
    """What a process has to know once."""

    seed: int
    recipe: Recipe
    size: tuple[int, ...]
    length: int
    label_maps: tuple[Array, ...]


_work: list[_Work] = []


def _begin(work: _Work) -> None:
    _work[:] = [work]


def _make(number: int) -> Batch:
    (work,) = _work
    return batch(work.seed, number, work.recipe, work.size, work.length, work.label_maps)


def native_shape(rng: np.random.Generator, recipe: Recipe, axes: int) -> tuple[int, int, int]:
    """Of the image that is cropped: sides up to a third apart, volumes with fewer slices too."""
    extent = log_uniform(rng, *(recipe.extent if axes == 2 else recipe.extent_3d))
    sides = [max(round(extent * log_uniform(rng, 0.85, 1.18)), 8) for _ in range(2)]
    depth = 1 if axes == 2 else max(round(extent * log_uniform(rng, 0.25, 1.1)), 6)
    return sides[0], sides[1], depth


def _fit(
    rng: np.random.Generator,
    made: Sample,
    box: tuple[slice, ...],
    recipe: Recipe,
    size: tuple[int, ...],
) -> tuple[Float32, Mask]:
    """The crop and the object in it, resized to cover `size` and cut where it is longer."""
    image, mask = made.image[0][box], made.mask[box].astype(np.float32)
    if len(size) == 2:
        image, mask = image[:, :, 0], mask[:, :, 0]
    target = np.array(size)
    if rng.random() >= recipe.stretch:
        widths = np.array([1.0, 1.0, made.thickness])[: len(size)]
        sides = np.array(image.shape) * widths / target
        longer = np.minimum(sides / sides.min(), 1 / recipe.window_share)
        target = np.rint(target * longer).astype(int)
    image, mask = (resize(part, tuple(target)) for part in (image, mask))
    first = [int(rng.integers(0, a - b + 1)) for a, b in zip(target, size, strict=True)]
    window = tuple(slice(a, a + b) for a, b in zip(first, size, strict=True))
    return np.ascontiguousarray(image[window]), np.ascontiguousarray(mask[window]) >= 0.5
