"""The minimum cut against every labelling of small grids, and the two solvers on larger ones."""

import importlib.util
import itertools

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from delineate.energy import grid, maxflow, push_relabel
from delineate.energy.maxflow import cut_energy, minimum_cut
from delineate.errors import GeometryMismatch, MethodError, MissingExtra

needs_pymaxflow = pytest.mark.skipif(
    importlib.util.find_spec("maxflow") is None, reason="PyMaxflow is an extra"
)
solvers = pytest.mark.parametrize(
    "solver", ["ortools", pytest.param("pymaxflow", marks=needs_pymaxflow)]
)
DOT = (1, 1, 1)


def random_problem(seed, shape, connectivity, top):
    """Whole costs from 0 to top, so that a small top makes many ties; a third may be marked."""
    random = np.random.default_rng(seed)
    inside, outside = random.integers(0, top + 1, (2, *shape)).astype(np.float32)
    weights = {}
    for step in grid.offsets(connectivity, shape):
        low, _ = grid.pair(shape, step)
        weights[step] = random.integers(0, top + 1, np.empty(shape)[low].shape).astype(np.float32)
    marks = random.choice(np.array([-1, 0, 0, 0, 0, 1], np.int8), shape)
    return inside, outside, weights, marks if seed % 2 else np.zeros(shape, np.int8)


def by_brute_force(inside, outside, weights, marks):
    """Least energy, and the voxels that every mask of least energy holds."""
    masks = np.array(list(itertools.product((False, True), repeat=inside.size)))
    energy = np.where(masks, inside.ravel(), outside.ravel()).sum(1)
    index = np.arange(inside.size).reshape(inside.shape)
    for step, weight in weights.items():
        low, high = grid.pair(inside.shape, step)
        apart = masks[:, index[low].ravel()] != masks[:, index[high].ravel()]
        energy = energy + apart @ weight.ravel()
    allowed = (masks | (marks.ravel() != 1)).all(1) & (~masks | (marks.ravel() != -1)).all(1)
    least = energy[allowed].min()
    best = masks[allowed & (energy == least)]
    return least, best.all(0).reshape(inside.shape)


@solvers
@pytest.mark.parametrize(
    ("shape", "connectivity"), [((3, 2, 2), 6), ((2, 3, 2), 26), ((4, 3, 1), 4), ((3, 1, 4), 8)]
)
@pytest.mark.parametrize("top", [1, 2, 100])
def test_every_labelling_of_a_small_grid(solver, shape, connectivity, top):
    for seed in range(8):
        problem = random_problem(seed, shape, connectivity, top)
        inside, outside, weights, marks = problem
        mask = minimum_cut(inside, outside, weights, marks, solver=solver)
        least, smallest = by_brute_force(*problem)
        assert cut_energy(mask, inside, outside, weights) == least
        np.testing.assert_array_equal(mask, smallest)


def test_every_labelling_of_a_larger_grid():
    inside, outside, weights, marks = random_problem(5, (3, 3, 2), 6, 9)
    least, smallest = by_brute_force(inside, outside, weights, marks)
    mask = minimum_cut(inside, outside, weights, marks, solver="ortools")
    np.testing.assert_array_equal(mask, smallest)
    assert cut_energy(mask, inside, outside, weights) == least


@needs_pymaxflow
@pytest.mark.parametrize("top", [1, 3, 1000])
@pytest.mark.parametrize(
    ("shape", "connectivity"), [((12, 11, 9), 6), ((9, 8, 7), 26), ((40, 30, 1), 4)]
)
def test_solvers_agree_on_random_costs(shape, connectivity, top):
    for seed in range(4):
        inside, outside, weights, marks = random_problem(seed, shape, connectivity, top)
        marks[np.random.default_rng(seed).random(shape) < 0.9] = 0
        masks = [minimum_cut(inside, outside, weights, marks, s) for s in ("ortools", "pymaxflow")]
        np.testing.assert_array_equal(*masks)


@needs_pymaxflow
@pytest.mark.parametrize("strength", [0.2, 2.0, 20.0])
def test_solvers_agree_on_a_photograph(strength):
    from skimage.data import camera

    image = camera()[::4, ::4, None].astype(np.float32)
    inside, outside = (image - 60) ** 2 / 2000, (image - 150) ** 2 / 2000
    weights = grid.contrast_weights(image[None], (1.0, 1.0, 1.0), 10.0, 8)
    weights = {step: np.float32(strength) * weight for step, weight in weights.items()}
    marks = np.zeros(image.shape, np.int8)
    marks[60:64, 60:64], marks[:5, :5] = 1, -1
    masks = [minimum_cut(inside, outside, weights, marks, s) for s in ("ortools", "pymaxflow")]
    np.testing.assert_array_equal(*masks)
    assert 0 < masks[0].sum() < masks[0].size


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_flipped_image_gives_the_flipped_cut(axis):
    noise = np.random.default_rng(2).standard_normal((10, 9, 8))
    image = gaussian_filter(noise, 1).astype(np.float32)

    def cut(image):
        weights = grid.contrast_weights(image[None], (1.0, 1.0, 2.0), 0.2, 6)
        return minimum_cut(np.exp(-image), np.exp(image), weights, solver="ortools")

    mask = cut(image)
    assert 0 < mask.sum() < mask.size
    np.testing.assert_array_equal(np.flip(cut(np.flip(image, axis)), axis), mask)


@solvers
def test_marks_outweigh_any_cost(solver):
    inside = np.full((4, 1, 1), 1e30)
    outside = np.zeros((4, 1, 1))
    weights = {(1, 0, 0): np.full((3, 1, 1), 7.0)}
    marks = np.array([1, 0, 0, -1], np.int8).reshape(4, 1, 1)
    mask = minimum_cut(inside, outside, weights, marks, solver=solver)
    np.testing.assert_array_equal(mask.ravel(), [True, False, False, False])


@solvers
def test_infinite_costs_decide(solver):
    inside = np.array([np.inf, 0.0, 0.0]).reshape(3, 1, 1)
    outside = np.array([0.0, 1.0, np.inf]).reshape(3, 1, 1)
    mask = minimum_cut(inside, outside, {(1, 0, 0): np.ones((2, 1, 1))}, solver=solver)
    np.testing.assert_array_equal(mask.ravel(), [False, True, True])


@solvers
def test_an_infinite_cost_outweighs_all_links_in_float32(solver):
    shape = (3, 3, 3)
    inside, outside = np.full(shape, np.inf, np.float32), np.zeros(shape, np.float32)
    inside[1, 1, 1], outside[1, 1, 1] = 0, np.inf
    random = np.random.default_rng(0)
    for _ in range(20):
        weights = {
            step: random.random(inside[grid.pair(shape, step)[0]].shape, np.float32)
            for step in grid.offsets(26, shape)
        }
        mask = minimum_cut(inside, outside, weights, None, solver)
        assert mask[1, 1, 1]
        assert mask.sum() == 1


def test_a_voxel_is_decided_by_what_can_leave_it_not_by_what_can_arrive():
    step = (1, 0, 0)
    residual = push_relabel._Residual(
        forward={step: np.zeros((1, 1, 1), np.int32)},
        backward={step: np.full((1, 1, 1), 10, np.int32)},
        excess=np.array([-7, 5], np.int32).reshape(2, 1, 1),
        side=np.zeros((2, 1, 1), np.int8),
    )
    assert (push_relabel._decided(residual) == 0).all()
    residual.excess[:] = np.array([5, -7]).reshape(2, 1, 1)
    np.testing.assert_array_equal(push_relabel._decided(residual).ravel(), [1, -1])


@solvers
def test_all_marked_none_marked_and_undecided(solver):
    zero = np.zeros((3, 3, 3))
    weights = {step: np.ones(np.empty((3, 3, 3))[grid.pair((3, 3, 3), step)[0]].shape)
               for step in grid.offsets(26, (3, 3, 3))}  # fmt: skip
    marks = np.random.default_rng(0).choice(np.array([-1, 1], np.int8), (3, 3, 3))
    np.testing.assert_array_equal(minimum_cut(zero, zero, weights, marks, solver), marks > 0)
    assert not minimum_cut(zero, zero, weights, None, solver).any()
    assert minimum_cut(zero, zero + 1, weights, None, solver).all()
    assert not minimum_cut(zero + 1, zero, weights, None, solver).any()


@solvers
def test_one_voxel_and_weights_of_zero(solver):
    assert minimum_cut(np.zeros(DOT), np.ones(DOT), {}, None, solver).all()
    assert not minimum_cut(np.ones(DOT), np.ones(DOT), {}, None, solver).any()
    inside = np.array([0.0, 1.0, 1e-9]).reshape(3, 1, 1)
    outside = np.array([1e-9, 1.0, 0.0]).reshape(3, 1, 1)
    mask = minimum_cut(inside, outside, {(1, 0, 0): np.zeros((2, 1, 1))}, None, solver)
    np.testing.assert_array_equal(mask.ravel(), [True, False, False])


@solvers
def test_weights_at_the_end_of_float32(solver):
    inside = np.array([0.0, 1.0, 1.0], np.float32).reshape(3, 1, 1)
    weights = {(1, 0, 0): np.full((2, 1, 1), 1e-42, np.float32)}
    mask = minimum_cut(inside, 1 - inside, weights, None, solver)
    np.testing.assert_array_equal(mask.ravel(), [True, False, False])


@solvers
@pytest.mark.parametrize("size", [1e-30, 1.0, 1e30])
def test_the_unit_of_energy_does_not_matter(solver, size):
    inside, outside, weights, marks = random_problem(3, (5, 4, 3), 26, 50)
    expected = minimum_cut(inside, outside, weights, marks, "ortools")
    scaled = {step: weight.astype(np.float64) * size for step, weight in weights.items()}
    outside, inside = (array.astype(np.float64) * size for array in (outside, inside))
    np.testing.assert_array_equal(minimum_cut(inside, outside, scaled, marks, solver), expected)


def test_inputs_are_left_alone():
    problem = random_problem(1, (4, 4, 4), 6, 5)
    inside, outside, weights, marks = problem
    before = inside.copy(), outside.copy(), {s: w.copy() for s, w in weights.items()}, marks.copy()
    minimum_cut(*problem, solver="ortools")
    for now, then in zip(problem, before, strict=True):
        np.testing.assert_equal(now, then)


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_unusable_weights_are_refused(bad):
    weights = {(1, 0, 0): np.array([bad]).reshape(1, 1, 1)}
    with pytest.raises(MethodError, match="a weight at step"):
        minimum_cut(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), weights)


def test_unusable_costs_and_shapes_are_refused():
    for inside in (np.full(DOT, np.nan), np.full(DOT, np.inf)):
        with pytest.raises(MethodError, match=r"\(0, 0, 0\) differ by NaN"):
            minimum_cut(inside, np.full(DOT, np.inf), {})
    with pytest.raises(GeometryMismatch, match="unary_outside has shape"):
        minimum_cut(np.zeros(DOT), np.zeros((2, 1, 1)), {})
    with pytest.raises(GeometryMismatch, match="the weights at step"):
        minimum_cut(np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), {(1, 0, 0): np.zeros((2, 1, 1))})
    with pytest.raises(MethodError, match="solver is 'best'"):
        minimum_cut(np.zeros(DOT), np.zeros(DOT), {}, None, "best")


def test_without_pymaxflow(monkeypatch):
    monkeypatch.setattr(maxflow.importlib.util, "find_spec", lambda name: None)
    assert minimum_cut(np.zeros(DOT), np.ones(DOT), {}).all()
    with pytest.raises(MissingExtra, match="pip install"):
        minimum_cut(np.zeros(DOT), np.ones(DOT), {}, None, "pymaxflow")


def test_the_cut_is_that_of_another_solver():
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, maximum_flow

    for seed in range(5):
        inside, outside, weights, _ = random_problem(seed, (7, 6, 5), 26, 50)
        name = np.arange(inside.size).reshape(inside.shape)
        rows, columns, capacities = [], [], []
        for step, weight in weights.items():
            low, high = grid.pair(inside.shape, step)
            for tail, head in ((low, high), (high, low)):
                rows.append(name[tail].ravel())
                columns.append(name[head].ravel())
                capacities.append(weight.ravel())
        source, sink = inside.size, inside.size + 1
        rows += [np.full(inside.size, source), name.ravel()]
        columns += [name.ravel(), np.full(inside.size, sink)]
        capacities += [outside.ravel(), inside.ravel()]
        parts = [np.concatenate(part).astype(np.int32) for part in (capacities, rows, columns)]
        shape = (inside.size + 2,) * 2
        network = coo_array((parts[0], (parts[1], parts[2])), shape=shape).tocsr()
        flow = maximum_flow(network, source, sink).flow
        reached = breadth_first_order(network - flow, source, return_predecessors=False)
        expected = np.isin(name, reached)
        np.testing.assert_array_equal(
            minimum_cut(inside, outside, weights, solver="ortools"), expected
        )
