"""Distances to the edge of a mask against all pairs of voxels, and SciPy's and hand-made ones."""

import itertools

import numpy as np
import pytest
from scipy.ndimage import distance_transform_cdt

from delineate.energy.distance import chamfer_distance, euclidean_distance, signed_distance

SPACING = (0.7, 1.0, 3.0)


def nearest_outside(mask, spacing):
    """For each voxel inside, the least distance over all voxels outside."""
    distance = np.zeros(mask.shape)
    outside = np.argwhere(~mask)
    for voxel in np.argwhere(mask):
        distance[tuple(voxel)] = np.linalg.norm((outside - voxel) * spacing, axis=1).min()
    return distance


@pytest.mark.parametrize("shape", [(6, 5, 4), (9, 7, 1)])
def test_euclidean_and_signed_by_all_pairs(shape):
    mask = np.random.default_rng(0).random(shape) < 0.8
    inside, outside = nearest_outside(mask, SPACING), nearest_outside(~mask, SPACING)
    np.testing.assert_allclose(euclidean_distance(mask, SPACING), inside)
    np.testing.assert_allclose(signed_distance(mask, SPACING), outside - inside)


def test_signed_distance_changes_sign_with_the_mask():
    mask = np.random.default_rng(1).random((5, 6, 4)) < 0.5
    np.testing.assert_array_equal(signed_distance(~mask, SPACING), -signed_distance(mask, SPACING))


@pytest.mark.parametrize("shape", [(7, 6, 5), (9, 8, 1), (1, 1, 6)])
def test_chamfer_by_the_closed_form(shape):
    mask = np.ones(shape, bool)
    mask[0, 0, -1] = False
    expected = np.zeros(shape)
    for voxel in itertools.product(*map(range, shape)):
        far = sorted(abs(a - b) for a, b in zip(voxel, (0, 0, shape[2] - 1), strict=True))
        expected[voxel] = (5 * far[0] + 4 * (far[1] - far[0]) + 3 * (far[2] - far[1])) / 3
    np.testing.assert_allclose(chamfer_distance(mask), expected, rtol=1e-6)


def test_chamfer_with_face_steps_is_the_taxicab():
    mask = np.random.default_rng(2).random((8, 7, 6)) < 0.95
    expected = distance_transform_cdt(mask, metric="taxicab")
    np.testing.assert_array_equal(chamfer_distance(mask, connectivity=6), expected)


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 1, 1)])
def test_empty_and_full_masks(shape):
    empty, full = np.zeros(shape, bool), np.ones(shape, bool)
    assert (euclidean_distance(empty, SPACING) == 0).all()
    assert (euclidean_distance(full, SPACING) == np.inf).all()
    assert (signed_distance(empty, SPACING) == np.inf).all()
    assert (signed_distance(full, SPACING) == -np.inf).all()
    assert (chamfer_distance(empty) == 0).all()
    assert (chamfer_distance(full) == np.inf).all()
