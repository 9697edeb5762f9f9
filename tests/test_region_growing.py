"""Region growing against a plain breadth first search."""

from collections import deque
from itertools import product

import numpy as np
import pytest
from skimage.segmentation import flood

from delineate.energy.region_growing import grow
from delineate.errors import GeometryMismatch, MethodError


def breadth_first(image, seeds, threshold, connectivity, forbidden):
    """One voxel after the other, as the paper has it."""
    flat = {4: 1, 6: 1, 8: 3, 26: 3}[connectivity]
    steps = [s for s in product((-1, 0, 1), repeat=3) if 0 < sum(map(abs, s)) <= flat]
    grown = seeds & ~forbidden
    queue = deque(map(tuple, np.argwhere(grown)))
    while queue:
        here = queue.popleft()
        for step in steps:
            there = tuple(a + b for a, b in zip(here, step, strict=True))
            if not all(0 <= a < n for a, n in zip(there, seeds.shape, strict=True)):
                continue
            change = np.linalg.norm(image[(slice(None), *there)] - image[(slice(None), *here)])
            if change < threshold and not grown[there] and not forbidden[there]:
                grown[there] = True
                queue.append(there)
    return grown


@pytest.mark.parametrize(
    ("shape", "connectivity"),
    [
        ((14, 11, 1), 4),
        ((14, 11, 1), 8),
        ((1, 11, 12), 4),
        ((7, 8, 6), 6),
        ((7, 8, 6), 26),
        ((9, 1, 1), 6),
        ((1, 1, 1), 26),
    ],
)
@pytest.mark.parametrize("threshold", [0, 1, 3, 5, np.inf])
@pytest.mark.parametrize("channels", [1, 2])
def test_agrees_with_breadth_first_search(shape, connectivity, threshold, channels) -> None:
    """Whole numbers, so that ties with the threshold are exact."""
    rng = np.random.default_rng(int(sum(shape)) + connectivity)
    for _ in range(3):
        image = rng.integers(0, 10, (channels, *shape)).astype(np.float32)
        seeds = rng.random(shape) < 0.03
        forbidden = rng.random(shape) < 0.1
        ours = grow(image, seeds, threshold, connectivity=connectivity, forbidden=forbidden)
        expected = breadth_first(image, seeds, threshold, connectivity, forbidden)
        np.testing.assert_array_equal(ours, expected)


def test_it_drifts_along_a_slope_where_flood_fill_stops() -> None:
    slope = np.arange(10.0).reshape(1, 10, 1, 1)
    seed = np.zeros((10, 1, 1), bool)
    seed[0] = True
    assert grow(slope, seed, 1.5).sum() == 10
    assert flood(slope[0, :, 0, 0], 0, tolerance=1.5).sum() == 2


def test_a_difference_of_the_threshold_stops_it() -> None:
    line = np.array([0.0, 1.0, 3.0]).reshape(1, 3, 1, 1)
    seed = np.array([1, 0, 0], bool).reshape(3, 1, 1)
    assert grow(line, seed, 2).sum() == 2
    assert grow(line, seed, 2.0001).sum() == 3


def test_unsigned_intensities_do_not_wrap_around() -> None:
    line = np.array([5, 4, 250], np.uint8).reshape(1, 3, 1, 1)
    seed = np.array([1, 0, 0], bool).reshape(3, 1, 1)
    np.testing.assert_array_equal(grow(line, seed, 3).ravel(), [1, 1, 0])


def test_radius_is_in_mm_and_includes_its_end() -> None:
    flat = np.zeros((1, 9, 9, 3))
    seed = np.zeros((9, 9, 3), bool)
    seed[4, 4, 1] = True
    grown = grow(flat, seed, 1, radius_mm=4.0, spacing=(1.0, 2.0, 5.0))
    i, j, k = np.indices(seed.shape)
    expected = np.hypot(i - 4, 2.0 * (j - 4)) <= 4
    np.testing.assert_array_equal(grown, expected & (k == 1))
    assert grow(flat, seed, 1, radius_mm=0).sum() == 1


def test_the_way_may_not_leave_the_radius() -> None:
    """Both ends of a horseshoe are near, the way between them is not."""
    image = np.full((1, 20, 3, 1), 9.0)
    image[0, :, 0] = image[0, :, 2] = image[0, -1] = 0
    seed = np.zeros((20, 3, 1), bool)
    seed[0, 0] = True
    assert grow(image, seed, 1)[0, 2]
    assert not grow(image, seed, 1, radius_mm=4)[0, 2]


def test_degenerate() -> None:
    image = np.zeros((1, 4, 4, 1))
    none = np.zeros((4, 4, 1), bool)
    assert not grow(image, none, 1).any()
    assert grow(image, ~none, 0).all()
    assert not grow(image, ~none, 1, forbidden=~none).any()
    seed = none.copy()
    seed[1, 1] = True
    assert grow(image, seed, 0).sum() == 1
    grown = grow(image, seed, 1)
    assert grown.all() and seed.sum() == 1


def test_refusals() -> None:
    image, seeds = np.zeros((1, 4, 4, 2)), np.zeros((4, 4, 2), bool)
    with pytest.raises(MethodError, match="threshold is -1"):
        grow(image, seeds, -1)
    with pytest.raises(MethodError, match="threshold is nan"):
        grow(image, seeds, np.nan)
    with pytest.raises(MethodError, match="radius is -2 mm"):
        grow(image, seeds, 1, radius_mm=-2)
    with pytest.raises(MethodError, match="connectivity"):
        grow(image, seeds, 1, connectivity=8)
    with pytest.raises(GeometryMismatch, match="seeds has shape"):
        grow(image, seeds[1:], 1)
    with pytest.raises(GeometryMismatch, match="forbidden has shape"):
        grow(image, seeds, 1, forbidden=seeds[1:])
