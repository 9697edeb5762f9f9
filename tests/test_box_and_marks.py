"""What a box says of how far an object reaches, and what marks say of the voxels beside them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from delineate.methods import spanning, vicinity

BOX = np.ones((10, 8, 1), bool)


def seen(values):
    """The same probabilities along every column of a picture."""
    return np.repeat(np.array(values, np.float32)[:, None, None], 8, axis=1)


def test_an_answer_that_spans_the_box_is_left_as_it_is():
    assert spanning.log_odds(seen([0, 0, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0, 0]), BOX, 0.8) == 0


def test_odds_are_raised_by_the_least_multiple_of_a_quarter_that_spans():
    """exp(-1) / (1 + exp(-1)) is 0.27, exp(-0.75) / (1 + exp(-0.75)) is 0.32."""
    probability = seen([0, 0.3, 0.3, 0.3, 0.9, 0.9, 0.3, 0.3, 0.3, 0])
    assert spanning.log_odds(probability, BOX, 0.8) == 1.0
    mean_of_sides = (0.2 + 1.0) / 2
    assert spanning.log_odds(probability, BOX, mean_of_sides) == 0.0
    assert spanning.log_odds(probability, BOX, mean_of_sides + 0.01) == 1.0


def test_what_is_apart_or_outside_of_the_box_does_not_count():
    probability = seen([0.9, 0.9, 0, 0.4, 0.4, 0.4, 0.4, 0.4, 0, 0.9])
    inside = BOX.copy()
    inside[:3], inside[8:] = False, False
    assert spanning.log_odds(probability, inside, 1.0) == 0.5
    scattered = seen([0.9, 0, 0, 0.4, 0.4, 0.4, 0.4, 0, 0, 0.9])
    assert spanning.log_odds(scattered, BOX, 0.7) == 0.5


def test_a_network_that_sees_nothing_is_raised_no_further_than_to_a_twentieth():
    assert spanning.log_odds(seen([0.0] * 10), BOX, 0.5) == 3.0
    assert 1 / (1 + np.exp(3.0)) == pytest.approx(0.05, abs=0.003)


def test_an_axis_of_one_voxel_says_nothing():
    one = np.zeros((1, 1, 1), np.float32)
    assert spanning.log_odds(one + 0.9, np.ones((1, 1, 1), bool), 1.0) == 0.0
    assert spanning.log_odds(one, np.zeros((1, 1, 1), bool), 1.0) == 0.0


def marks_on(shape, inside=(), outside=()):
    signs = np.zeros(shape, np.int8)
    for sign, at in ((1, inside), (-1, outside)):
        for voxel in at:
            signs[voxel] = sign
    return signs


def test_marks_fall_by_e_with_each_reach_through_what_looks_the_same():
    """A quarter of eight voxels is two."""
    shape = (8, 1, 1)
    found = vicinity.log_odds(
        np.zeros(shape, np.float32), marks_on(shape, [(0, 0, 0)]), 6.0, 0.25, 8
    )
    np.testing.assert_allclose(found.ravel(), 6 * np.exp(-np.arange(8) / 2), rtol=1e-5)


def test_a_grid_twice_as_fine_hears_as_much():
    coarse, fine = (
        vicinity.log_odds(np.zeros(shape, np.float32), marks_on(shape, [(0, 0, 0)]), 1.0, 0.2, 8)
        for shape in ((10, 6, 1), (20, 12, 1))
    )
    np.testing.assert_allclose(fine[::2, 0], coarse[:, 0], rtol=1e-5)


def test_an_edge_of_one_standard_deviation_is_seven_times_the_reach():
    image = np.zeros((4, 1, 1), np.float32)
    image[2:] = 1
    found = vicinity.log_odds(image, marks_on(image.shape, [(0, 0, 0)]), 1.0, 0.5, 8).ravel()
    assert found[2] == pytest.approx(np.exp(-(1 / 2 + np.hypot(1 / 2, 7))), rel=1e-5)


def test_marks_of_two_sides_cancel_halfway_and_no_marks_say_nothing():
    shape = (5, 5, 1)
    image = gaussian_filter(np.random.default_rng(0).normal(0, 1, shape), 1).astype(np.float32)
    image += image[::-1]
    both = marks_on(shape, [(0, 2, 0)], [(4, 2, 0)])
    found = vicinity.log_odds(image, both, 3.0, 0.8, 8)
    np.testing.assert_allclose(found, -found[::-1], atol=1e-5)
    assert found[0, 2, 0] == pytest.approx(3.0, abs=0.6)
    assert vicinity.log_odds(image, np.zeros(shape, np.int8), 3.0, 0.8, 8) is None
    assert vicinity.log_odds(image, both, 0.0, 0.8, 8) is None
