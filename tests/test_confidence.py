"""The weight map of equation 12, by hand on a strip of nine voxels."""

import numpy as np
import pytest

from delineate.methods.confidence import Scribbled


def strip(*values, kind=np.float32):
    return np.array(values, kind).reshape(-1, 1, 1)


IMAGE = strip(0.0, 0.1, 0.15, 0.3, 1.0, 1.0, 1.1, 1.19, 2.0)
MARKS = strip(1, 0, 0, 0, 0, -1, 0, 0, 0, kind=np.int8)


def test_near_is_how_far_the_intensity_climbs_and_falls():
    near = Scribbled.on(IMAGE, MARKS, 0.2, 6)
    assert near.near_inside.ravel().tolist() == [1, 1, 1, 0, 0, 0, 0, 0, 0]
    assert near.near_outside.ravel().tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 0]


def test_near_is_less_than_epsilon_however_long_the_way():
    seed = np.eye(1, 40, dtype=np.int8).reshape(-1, 1, 1)
    near = Scribbled.on(strip(*[0.0] * 38, 0.125, 0.25), seed, 0.25, 6)
    assert near.near_inside.ravel().tolist() == [1] * 39 + [0]


def test_a_hill_on_the_way_counts_both_ways():
    near = Scribbled.on(strip(0.0, 0.15, 0.0), strip(1, 0, 0, kind=np.int8), 0.2, 6)
    assert near.near_inside.ravel().tolist() == [1, 1, 0]


@pytest.mark.parametrize(
    ("mask", "probability", "expected"),
    [
        # all sure, cut outside but for the mark: near the inside mark it is not trusted
        ([1, 0, 0, 0, 0, 0, 0, 0, 0], [0.1] * 9, [5, 0, 0, 1, 1, 5, 1, 1, 1]),
        # all sure, cut inside: near the outside mark it is not trusted
        ([1] * 9, [0.9] * 9, [5, 1, 1, 1, 0, 5, 0, 0, 1]),
        # the network's own doubt, between t0 and t1 without their ends; marks keep their weight
        (
            [1, 1, 1, 0, 0, 0, 0, 0, 0],
            [0.5, 0.2, 0.21, 0.3, 0.69, 0.5, 0.7, 0.71, 0.0],
            [5, 1, 0, 0, 0, 5, 1, 1, 1],
        ),
    ],
)
def test_weights_by_hand(mask, probability, expected):
    scribbled = Scribbled.on(IMAGE, MARKS, 0.2, 6)
    found = scribbled.weights(
        strip(*probability), strip(*mask, kind=bool), low=0.2, high=0.7, omega=5.0
    )
    assert found.ravel().tolist() == expected


def test_without_marks_only_doubt_counts():
    scribbled = Scribbled.on(IMAGE, np.zeros_like(MARKS), 0.2, 6)
    found = scribbled.weights(strip(*[0.1] * 4, *[0.5] * 5), IMAGE > 0.5, 0.2, 0.7, 5.0)
    assert found.ravel().tolist() == [1] * 4 + [0] * 5
