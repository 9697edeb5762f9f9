"""Fronts against sweeps, which reach the same sums in another order."""

import numpy as np
import pytest

from delineate.energy import geodesic, grid
from delineate.energy.fronts import settled


def problem(shape, connectivity, seed):
    random = np.random.default_rng(seed)
    start = np.full(shape, np.inf, np.float32)
    start.flat[random.integers(start.size, size=2)] = random.random(2)
    lengths = {
        step: random.random(start[grid.pair(shape, step)[0]].shape, dtype=np.float32) ** 6
        for step in grid.offsets(connectivity, shape)
    }
    return start, lengths


def swept(start, lengths):
    """Sweeps alone, until nothing changes."""
    return geodesic.shortest_distance(start, lengths, rounds=1000)


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("shape", [(7, 6, 5), (19, 17, 1), (1, 12, 13), (12, 1, 1), (1, 1, 1)])
def test_sweeps_give_the_same_to_the_last_bit(shape, connectivity):
    for seed in range(5):
        start, lengths = problem(shape, connectivity, seed)
        expected = swept(start, lengths)
        np.testing.assert_array_equal(settled(start, np.isfinite(start), lengths), expected)


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_taking_over_from_sweeps(limit):
    start, lengths = problem((30, 30, 1), 26, limit)
    before = geodesic.shortest_distance(start, lengths, rounds=limit)
    changed = before != start
    np.testing.assert_array_equal(settled(before, changed, lengths), swept(start, lengths))


def test_sweeps_without_a_limit_hand_over_while_few_voxels_change(monkeypatch):
    asked = []

    def watched(distance, changed, lengths):
        asked.append(np.count_nonzero(changed))
        return settled(distance, changed, lengths)

    monkeypatch.setattr(geodesic.fronts, "settled", watched)
    start, lengths = problem((40, 40, 1), 26, 0)
    distance = geodesic.shortest_distance(start, lengths)
    assert len(asked) == 1
    assert 0 < asked[0] < 160
    np.testing.assert_array_equal(distance, swept(start, lengths))
    assert len(asked) == 1


def test_nothing_changed_nothing_to_do():
    start, lengths = problem((5, 5, 5), 6, 0)
    before = start.copy()
    np.testing.assert_array_equal(settled(start, np.zeros(start.shape, bool), lengths), before)
    settled(start, np.isfinite(start), lengths)
    np.testing.assert_array_equal(start, before)


def test_what_no_way_leads_to_stays_infinite():
    lengths = {(1, 0, 0): np.array([1.0, np.inf, 1.0], np.float32).reshape(3, 1, 1)}
    start = np.array([0, np.inf, np.inf, np.inf], np.float32).reshape(4, 1, 1)
    np.testing.assert_array_equal(
        settled(start, start == 0, lengths).ravel(), [0.0, 1.0, np.inf, np.inf]
    )
