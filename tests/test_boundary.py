"""Boundary weights: the paper's in the plane, the same cost of a flat cut in a volume."""

import numpy as np
import pytest

from delineate.energy import grid
from delineate.methods.boundary import boundary_weights


def flat_cut(weights, shape, axis):
    """What it costs a voxel in the middle of a block to be cut from the next along an axis."""
    half = np.indices(shape)[axis] < shape[axis] // 2
    total = 0.0
    for step, weight in weights.items():
        low, high = grid.pair(shape, step)
        apart = half[low] != half[high]
        total += float(weight[apart].sum())
    return total / (np.prod(shape) / shape[axis])


@pytest.mark.parametrize("neighbours", [6, 26])
def test_a_flat_cut_costs_a_face_the_same_in_a_volume(neighbours):
    plane, volume = (1, 60, 60, 1), (1, 40, 40, 40)
    one = boundary_weights(np.zeros(plane, np.float32), (1, 1, 1), 1.0, 8)
    other = boundary_weights(np.zeros(volume, np.float32), (2, 2, 2), 1.0, neighbours)
    expected = flat_cut(one, plane[1:], 0)
    assert expected == pytest.approx(1 + np.sqrt(2), rel=0.02)
    assert flat_cut(other, volume[1:], 2) == pytest.approx(expected, rel=0.06)


def test_in_the_plane_they_are_the_papers():
    image = np.random.default_rng(0).random((3, 6, 5, 1)).astype(np.float32)
    weights = boundary_weights(image, (1.0, 1.0, 1.0), 1.0, 8)
    squares = [grid.squared_difference(image, s) for s in weights]
    beta = 1 / (2 * np.mean(np.concatenate([s.ravel() for s in squares])))
    for (step, weight), square in zip(weights.items(), squares, strict=True):
        expected = np.exp(-beta * square) / np.linalg.norm(step)
        np.testing.assert_allclose(weight, expected, rtol=1e-4)


def test_one_voxel_has_no_boundary():
    assert not boundary_weights(np.zeros((1, 1, 1, 1), np.float32), (1.0, 1.0, 1.0), 1.0, 26)
