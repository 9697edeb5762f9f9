"""GeoS against Dijkstra's algorithm and the paper's filter, step by step."""

import heapq
import itertools

import numpy as np
import pytest

from delineate.errors import MethodError
from delineate.methods.geos import GeoS
from delineate.prompts import Box, Click
from delineate.volume import Volume

PLAIN = GeoS(nu=0.0, theta=0.0, rounds=None, neighbours_3d=26)


def dijkstra(start, image, spacing, gamma):
    """Shortest ways from prices, one voxel after another; all neighbours."""
    best = {p: start[p] for p in np.ndindex(start.shape)}
    queue = [(price, p) for p, price in best.items() if np.isfinite(price)]
    heapq.heapify(queue)
    steps = [s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)]
    while queue:
        price, p = heapq.heappop(queue)
        if price > best[p]:
            continue
        for step in steps:
            q = tuple(np.add(p, step))
            if q not in best:
                continue
            jump = image[:, *q] - image[:, *p]
            way = price + np.sqrt(
                np.sum((np.array(step) * spacing) ** 2) + gamma**2 * np.sum(jump**2)
            )
            if way < best[q]:
                best[q] = way
                heapq.heappush(queue, (way, q))
    return np.array([best[p] for p in np.ndindex(start.shape)]).reshape(start.shape)


def answer(method, volume, *prompts):
    return method.segment(volume, prompts, method.start(volume))[0].full(volume.shape)


@pytest.mark.parametrize("shape", [(7, 6, 1), (4, 4, 3)])
@pytest.mark.parametrize("seed", range(2))
def test_the_probability_compares_two_distances(shape, seed):
    image = np.random.default_rng(seed).random((2, *shape))
    volume = Volume.from_array(image, (2.0, 4.0, 3.0), channel_axis=0)
    first, last = (0, 0, 0), tuple(n - 1 for n in shape)
    found = answer(PLAIN, volume, Click(first), Click(last, inside=False))
    scaled = np.stack([c / np.ptp(np.percentile(c, (1, 99), method="nearest")) for c in image])
    voxels = np.array((2.0, 4.0, 3.0)) / 2
    distances = []
    for seed_at in (first, last):
        start = np.full(shape, np.inf)
        start[seed_at] = 0
        distances.append(dijkstra(start, scaled, voxels, PLAIN.gamma))
    own, rest = distances
    np.testing.assert_allclose(found, rest / (own + rest), atol=1e-4)


def test_a_step_in_the_image_is_as_long_as_gamma_says():
    volume = Volume.from_array(np.array([0.0, 0.0, 8.0, 8.0, 8.0]).reshape(5, 1))
    method = GeoS(nu=0.0, theta=0.0, gamma=np.sqrt(8.0))
    found = answer(method, volume, Click((0, 0, 0)), Click((4, 0, 0), inside=False)).ravel()
    own, rest = np.array([0, 1, 4, 5, 6]), np.array([6, 5, 2, 1, 0])
    np.testing.assert_allclose(found, rest / (own + rest), rtol=1e-6)


@pytest.mark.parametrize(("theta", "kept"), [(0.0, True), (2.0, False)])
def test_the_filter_removes_what_is_thinner_than_theta(theta, kept):
    values = np.zeros((40, 40))
    values[5:20, 5:20] = 100  # the object
    values[30, 28:34] = 100  # a scratch that looks like it
    volume = Volume.from_array(values)
    method = GeoS(theta=theta, gamma=1.0, nu=10.0)
    found = answer(method, volume, Click((12, 12, 0)), Click((35, 5, 0), inside=False)) > 0.5
    assert found[7:18, 7:18].all()
    assert found[30, 30, 0] == kept
    assert not found[22:28].any()


def test_swapping_the_sides_swaps_the_probabilities():
    values = np.random.default_rng(0).random((12, 11))
    volume = Volume.from_array(values)
    method = GeoS(nu=0.0)
    one = answer(method, volume, Click((2, 2, 0)), Click((9, 8, 0), inside=False))
    other = answer(method, volume, Click((9, 8, 0)), Click((2, 2, 0), inside=False))
    np.testing.assert_allclose(one, 1 - other, atol=1e-6)


def test_intensities_reach_where_no_mark_is_near():
    values = np.zeros((30, 30))
    values[3:10, 3:10], values[20:27, 20:27] = 100, 100
    volume = Volume.from_array(values)
    marks = Click((6, 6, 0)), Click((15, 15, 0), inside=False)
    assert not (answer(GeoS(nu=0.0), volume, *marks) > 0.5)[23, 23, 0]
    assert (answer(GeoS(nu=200.0), volume, *marks) > 0.5)[23, 23, 0]


def test_where_intensities_say_nothing_the_nearer_mark_decides():
    volume = Volume.from_array(np.zeros((9, 1)))
    marks = Click((0, 0, 0)), Click((8, 0, 0), inside=False)
    found = answer(GeoS(nu=50.0, theta=0.0), volume, *marks).ravel()
    np.testing.assert_array_equal(found > 0.5, np.arange(9) < 4)


def test_a_box_is_enough():
    values = np.zeros((20, 20))
    values[6:12, 5:13] = 100
    found = answer(GeoS(), Volume.from_array(values), Box((3, 3, 0), (15, 15, 1))) > 0.5
    np.testing.assert_array_equal(found, values[..., None] == 100)


@pytest.mark.parametrize(
    "wrong",
    [{"gamma": -1.0}, {"nu": -1.0}, {"theta": float("inf")}, {"rounds": 0}, {"neighbours_3d": 18}],
)
def test_refuses_fields_out_of_range(wrong):
    with pytest.raises(MethodError, match=next(iter(wrong))):
        GeoS(**wrong)
