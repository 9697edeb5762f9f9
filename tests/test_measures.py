"""Sizes of shapes whose sizes are known."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from delineate import measures


def ball(shape, radius, spacing):
    at = np.stack(np.indices(shape), axis=-1) - (np.array(shape) - 1) / 2
    return np.linalg.norm(at * np.array(spacing), axis=-1) <= radius


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 1.0, 2.0)])
def test_the_surface_of_a_ball(spacing):
    shape = tuple(int(44 / step) for step in spacing)
    found = measures.surface_mm2(ball(shape, 18, spacing), spacing)
    assert found == pytest.approx(4 * np.pi * 18**2, rel=0.03)


def test_the_surface_does_not_care_where_it_lies():
    mask = ball((12, 12, 12), 4.4, (1, 1, 1))
    moved = np.pad(mask, ((3, 0), (0, 5), (1, 1)))
    found = measures.surface_mm2(mask, (1, 1, 1))
    assert measures.surface_mm2(moved, (1, 1, 1)) == pytest.approx(found)
    assert measures.surface_mm2(np.zeros((3, 3, 3), bool), (1, 1, 1)) == 0


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_longest_diameter_by_brute_force(axis):
    random = np.random.default_rng(axis)
    mask = random.random((6, 5, 7)) > 0.8
    spacing = (1.0, 1.5, 0.4)
    found = measures.diameters(mask, axis, spacing)
    steps = [step for a, step in enumerate(spacing) if a != axis]
    best = 0.0
    for plane in np.moveaxis(mask, axis, 0):
        corners = [(i + a, j + b) for i, j in np.argwhere(plane) for a in (0, 1) for b in (0, 1)]
        if corners:
            best = max(best, pdist(np.array(corners) * steps).max())
    assert found.longest_mm == pytest.approx(best)
    assert np.moveaxis(mask, axis, 0)[found.slice].any()


def test_a_rectangle_by_hand():
    mask = np.zeros((10, 10, 3), bool)
    mask[2:8, 3:5, 1] = True
    found = measures.diameters(mask, 2, (1.0, 2.0, 5.0))
    assert found.slice == 1
    assert found.longest_mm == pytest.approx(np.hypot(6, 4))
    assert found.perpendicular_mm == pytest.approx(2 * 6 * 4 / np.hypot(6, 4))
    one = measures.diameters(mask[2:3, 3:4, 1:2], 2, (1.0, 1.0, 1.0))
    assert one.longest_mm == pytest.approx(2**0.5)
    assert measures.diameters(np.zeros((2, 2, 2), bool), 2, (1, 1, 1)).slice == -1


def test_intensities_by_numpy():
    values = np.random.default_rng(0).normal(size=101).astype(np.float32)
    found = measures.intensities(values)
    assert found["p50"] == np.sort(values)[50]
    assert found["mean"] == pytest.approx(values.astype(float).mean())
    assert found["sd"] == pytest.approx(values.astype(float).std())
    assert (found["min"], found["max"]) == (values.min(), values.max())
    assert all(np.isnan(v) for v in measures.intensities(values[:0]).values())
