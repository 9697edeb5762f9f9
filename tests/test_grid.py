"""The grid as a graph, against neighbours counted one by one."""

import itertools
import math

import numpy as np
import pytest

from delineate.energy import grid
from delineate.errors import MethodError


def listed_pairs(connectivity, shape):
    """Every unordered pair of neighbours, the slow way."""
    voxels = list(itertools.product(*map(range, shape)))
    most = 1 if connectivity in (4, 6) else 3
    return {
        (a, b)
        for a, b in itertools.combinations(voxels, 2)
        if max(abs(x - y) for x, y in zip(a, b, strict=True)) == 1
        and sum(abs(x - y) for x, y in zip(a, b, strict=True)) <= most
    }


@pytest.mark.parametrize(
    ("connectivity", "shape"),
    [
        (6, (3, 4, 2)),
        (26, (3, 4, 2)),
        (4, (3, 4, 1)),
        (8, (3, 4, 1)),
        (8, (1, 3, 4)),
        (26, (3, 1, 4)),
        (6, (5, 1, 1)),
        (26, (1, 1, 1)),
    ],
)
def test_each_pair_of_neighbours_once(connectivity, shape):
    index = np.stack(np.indices(shape), axis=-1)
    found = []
    for step in grid.offsets(connectivity, shape):
        low, high = grid.pair(shape, step)
        ends = zip(index[low].reshape(-1, 3), index[high].reshape(-1, 3), strict=True)
        for a, b in ends:
            assert tuple(b - a) == step
            found.append((tuple(a.tolist()), tuple(b.tolist())))
    assert len(found) == len(set(found))
    assert set(found) == listed_pairs(connectivity, shape)


@pytest.mark.parametrize("connectivity", [0, 5, 18])
def test_other_connectivities_are_refused(connectivity):
    with pytest.raises(MethodError, match=f"connectivity is {connectivity}: it must be"):
        grid.offsets(connectivity, (3, 3, 3))


def test_planar_connectivity_is_refused_on_a_volume():
    with pytest.raises(MethodError, match="must be 6 or 26"):
        grid.offsets(4, (3, 3, 3))


def test_weights_by_hand_with_two_channels_and_spacing():
    image = np.zeros((2, 2, 2, 1))
    image[:, 1, 1, 0] = 3, 4
    weights = grid.contrast_weights(image, (1.0, 2.0, 7.0), sigma=5.0, connectivity=8)
    alike, apart = 1.0, math.exp(-25 / 50)
    diagonal = math.sqrt(5)
    np.testing.assert_allclose(weights[1, 0, 0].ravel(), [alike, apart], rtol=1e-6)
    np.testing.assert_allclose(weights[0, 1, 0].ravel(), [alike / 2, apart / 2], rtol=1e-6)
    np.testing.assert_allclose(weights[1, 1, 0].ravel(), [apart / diagonal], rtol=1e-6)
    np.testing.assert_allclose(weights[1, -1, 0].ravel(), [alike / diagonal], rtol=1e-6)


def test_weights_do_not_depend_on_the_unit_of_length():
    image = np.random.default_rng(0).random((1, 4, 5, 3))
    fine = grid.contrast_weights(image, (0.25, 0.25, 1.0), 0.3, 26)
    coarse = grid.contrast_weights(image, (1.0, 1.0, 4.0), 0.3, 26)
    for step in fine:
        np.testing.assert_array_equal(fine[step], coarse[step])


def test_unsigned_images_do_not_wrap_around():
    image = np.array([0, 200], np.uint8).reshape(1, 2, 1, 1)
    assert grid.squared_difference(image, (1, 0, 0)).item() == 40000


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_weights_and_mean_of_a_flipped_image_are_flipped(axis):
    image = np.random.default_rng(1).standard_normal((2, 5, 6, 4)).astype(np.float32)
    flipped = np.flip(image, axis + 1)
    assert grid.mean_squared_difference(image, 26) == grid.mean_squared_difference(flipped, 26)
    before = grid.contrast_weights(image, (1.0, 1.5, 3.0), 1.0, 26)
    after = grid.contrast_weights(flipped, (1.0, 1.5, 3.0), 1.0, 26)
    for step, weight in before.items():
        mirrored = tuple(-d if a == axis else d for a, d in enumerate(step))
        if mirrored < (0, 0, 0):
            mirrored = tuple(-d for d in mirrored)
        np.testing.assert_array_equal(np.flip(after[mirrored], axis), weight)


def test_mean_squared_difference_by_hand():
    image = np.array([0.0, 1.0, 3.0]).reshape(1, 3, 1, 1)
    assert grid.mean_squared_difference(image, 4) == pytest.approx(2.5, rel=1e-7)
    assert grid.mean_squared_difference(np.ones((1, 3, 3, 1)), 8) == 0.0
    assert grid.mean_squared_difference(np.ones((1, 1, 1, 1)), 8) == 0.0


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf])
def test_sigma_must_be_positive(sigma):
    with pytest.raises(MethodError, match="sigma is"):
        grid.contrast_weights(np.zeros((1, 2, 2, 1)), (1.0, 1.0, 1.0), sigma, 4)
