"""Geodesic distance against Dijkstra with a heap, and scikit-image where its metric is ours."""

import heapq
import itertools

import numpy as np
import pytest
from skimage.graph import MCP_Geometric

from delineate.energy import grid
from delineate.energy.geodesic import (
    generalised_geodesic_distance,
    geodesic_distance,
    shortest_distance,
)
from delineate.errors import GeometryMismatch, MethodError

SPACING = (0.8, 1.0, 2.5)


def dijkstra(start, lengths):
    """Shortest distances one voxel at a time, summed in float32 as the sweeps do."""
    neighbours = {voxel: [] for voxel in itertools.product(*map(range, start.shape))}
    index = np.stack(np.indices(start.shape), axis=-1)
    for step, length in lengths.items():
        low, high = grid.pair(start.shape, step)
        ends = index[low].reshape(-1, 3).tolist(), index[high].reshape(-1, 3).tolist()
        for a, b, weight in zip(*ends, np.asarray(length, np.float32).ravel(), strict=True):
            neighbours[tuple(a)].append((tuple(b), weight))
            neighbours[tuple(b)].append((tuple(a), weight))
    distance = np.array(start, np.float32)
    heap = [(float(d), voxel) for voxel, d in np.ndenumerate(distance) if np.isfinite(d)]
    heapq.heapify(heap)
    while heap:
        reached, voxel = heapq.heappop(heap)
        if reached > distance[voxel]:
            continue
        for other, weight in neighbours[voxel]:
            if (new := np.float32(reached) + weight) < distance[other]:
                distance[other] = new
                heapq.heappush(heap, (float(new), other))
    return distance


def edge_lengths(image, spacing, gamma, connectivity):
    """The metric, written out for each pair."""
    lengths = {}
    for step in grid.offsets(connectivity, image.shape[1:]):
        low, high = grid.pair(image.shape[1:], step)
        contrast = ((image[:, *high] - image[:, *low]) ** 2).sum(0)
        mm = sum((d * s) ** 2 for d, s in zip(step, spacing, strict=True))
        lengths[step] = np.sqrt(mm + gamma**2 * contrast)
    return lengths


def problem(shape, seed=0, channels=1, seeds=2):
    random = np.random.default_rng(seed)
    image = random.random((channels, *shape)).astype(np.float32)
    mask = np.zeros(shape, bool)
    mask.flat[random.choice(mask.size, seeds, replace=False)] = True
    return image, mask


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize(
    "shape", [(7, 6, 5), (19, 17, 1), (1, 12, 13), (9, 1, 4), (12, 1, 1), (2, 2, 2), (1, 1, 1)]
)
def test_dijkstra_gives_the_same_to_the_last_bit(shape, connectivity):
    for seed in range(5):
        start = np.full(shape, np.inf, np.float32)
        random = np.random.default_rng(seed)
        start.flat[random.integers(start.size, size=2)] = random.random(2)
        lengths = {
            step: random.random(start[grid.pair(shape, step)[0]].shape, dtype=np.float32) ** 6
            for step in grid.offsets(connectivity, shape)
        }
        np.testing.assert_array_equal(shortest_distance(start, lengths), dijkstra(start, lengths))


@pytest.mark.parametrize("connectivity", [6, 26])
@pytest.mark.parametrize("gamma", [0.0, 3.0, 100.0])
def test_metric_with_spacing_and_channels(connectivity, gamma):
    image, seeds = problem((6, 7, 5), channels=2)
    distance = geodesic_distance(seeds, image, SPACING, gamma, connectivity)
    start = np.where(seeds, 0.0, np.inf)
    expected = dijkstra(start, edge_lengths(image, SPACING, gamma, connectivity))
    np.testing.assert_allclose(distance, expected, rtol=1e-5)
    assert (distance[seeds] == 0).all()


def test_soft_seeds():
    image, _ = problem((6, 5, 4))
    start = 3 * np.random.default_rng(4).random((6, 5, 4))
    distance = generalised_geodesic_distance(start, image, SPACING, 2.0)
    expected = dijkstra(start, edge_lengths(image, SPACING, 2.0, 26))
    np.testing.assert_allclose(distance, expected, rtol=1e-5)
    assert (distance <= start.astype(np.float32)).all()
    assert (distance < start.astype(np.float32)).any()


@pytest.mark.parametrize("shape", [(40, 30, 1), (12, 11, 10)])
def test_scikit_image_on_a_flat_image(shape):
    _, seeds = problem(shape, seeds=3)
    sampling = SPACING if shape[2] > 1 else SPACING[:2]
    path = MCP_Geometric(np.ones(shape).squeeze(), sampling=sampling)
    expected, _ = path.find_costs(np.argwhere(seeds.squeeze()))
    distance = geodesic_distance(seeds, np.ones((1, *shape)), SPACING, gamma=50.0)
    np.testing.assert_allclose(distance.squeeze(), expected, rtol=1e-5)


def test_a_wall_with_a_gap():
    shape = (5, 5, 1)
    lengths = {
        step: np.ones(np.empty(shape)[grid.pair(shape, step)[0]].shape)
        for step in grid.offsets(4, shape)
    }
    lengths[1, 0, 0][2, :4] = np.inf
    start = np.full(shape, np.inf)
    start[0, 0] = 0
    distance = shortest_distance(start, lengths)
    assert distance[2, 0, 0] == 2
    assert distance[3, 0, 0] == 11
    lengths[1, 0, 0][2, 4] = np.inf
    assert np.isinf(shortest_distance(start, lengths)[3:]).all()


@pytest.mark.parametrize("rounds", [1, 2, None])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_flipped_input_gives_the_flipped_distance_exactly(axis, rounds):
    image, seeds = problem((9, 10, 8), seed=1)

    def distance(image, seeds):
        return geodesic_distance(seeds, image, SPACING, 30.0, rounds=rounds)

    flipped = distance(np.flip(image, axis + 1), np.flip(seeds, axis))
    np.testing.assert_array_equal(np.flip(flipped, axis), distance(image, seeds))


def test_rounds_come_down_to_the_exact_distance():
    image, seeds = problem((24, 24, 1), seeds=1)
    exact = geodesic_distance(seeds, image, SPACING, 50.0)
    limited = [geodesic_distance(seeds, image, SPACING, 50.0, rounds=r) for r in (1, 2, 3, 50)]
    assert (limited[0] > exact).any()
    for more, fewer in itertools.pairwise(limited):
        assert (fewer <= more).all()
    np.testing.assert_array_equal(limited[-1], exact)


def test_one_round_is_enough_on_a_line():
    start = np.full((1, 9, 1), np.inf)
    start[0, 4] = 0
    distance = shortest_distance(start, {(0, 1, 0): np.ones((1, 8, 1))}, rounds=1)
    np.testing.assert_array_equal(distance.ravel(), [4, 3, 2, 1, 0, 1, 2, 3, 4])


def test_no_seeds_all_seeds_and_inputs_left_alone():
    image, _ = problem((4, 4, 4))
    assert np.isinf(geodesic_distance(np.zeros((4, 4, 4), bool), image, SPACING, 1.0)).all()
    assert (geodesic_distance(np.ones((4, 4, 4), bool), image, SPACING, 1.0) == 0).all()
    start = np.full((4, 4, 4), np.inf, np.float32)
    start[0] = 0
    before = start.copy()
    generalised_geodesic_distance(start, image, SPACING, 1.0)
    np.testing.assert_array_equal(start, before)


def test_refused():
    image, seeds = problem((3, 3, 3))
    with pytest.raises(GeometryMismatch, match="the seeds have shape"):
        geodesic_distance(seeds[:2], image, SPACING, 1.0)
    for gamma in (-1.0, np.nan, np.inf):
        with pytest.raises(MethodError, match="gamma is"):
            geodesic_distance(seeds, image, SPACING, gamma)
    with pytest.raises(MethodError, match="rounds is 0"):
        geodesic_distance(seeds, image, SPACING, 1.0, rounds=0)
