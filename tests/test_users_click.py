"""The click users: chamfer depth, Sakinis' probability, the deepest voxel."""

import math

import numpy as np
import pytest
from skimage.graph import MCP_Geometric

from delineate.prompts import Click
from delineate.users import find
from delineate.users.area import Area
from delineate.users.chamfer import depth
from delineate.users.click import probabilities

ISOTROPIC = (1.0, 1.0, 1.0)


def slow_depth(mask: np.ndarray, spacing, axes) -> np.ndarray:
    """Shortest way over the whole grid from everything that is outside."""
    width = [(1, 1) if axis in axes else (0, 0) for axis in range(3)]
    padded = np.pad(mask, width)
    sampling = [s if axis in axes else 1e9 for axis, s in enumerate(spacing)]
    search = MCP_Geometric(np.ones(padded.shape), sampling=sampling)
    reached, _ = search.find_costs(np.argwhere(~padded))
    inner = tuple(slice(a, -a or None) for a, _ in width)
    return reached[inner] / min(spacing[axis] for axis in axes)


@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        ((17, 13, 1), (0, 1)),
        ((160, 140, 1), (0, 1)),
        ((9, 11, 8), (0, 1, 2)),
        ((9, 11, 8), (1, 2)),
        ((1, 20, 1), (1,)),
    ],
)
@pytest.mark.parametrize("spacing", [ISOTROPIC, (1.5, 0.7, 3.0)])
def test_depth_is_the_shortest_way_out(shape, axes, spacing) -> None:
    rng = np.random.default_rng(5)
    for share in (0.0, 0.03, 0.3, 1.0):
        mask = rng.random(shape) >= share
        got = depth(mask, spacing, axes)
        if axes == (1, 2):
            planes = [slow_depth(mask[n : n + 1], spacing, axes) for n in range(shape[0])]
            want = np.concatenate(planes)
        else:
            want = slow_depth(mask, spacing, axes)
        np.testing.assert_allclose(got, want, rtol=1e-5)
        assert got.dtype == np.float32


def test_depth_by_hand() -> None:
    mask = np.ones((3, 4, 1), bool)
    mask[0, 0] = False
    root = math.sqrt(2)
    want = [[0, 1, 1, 1], [1, root, 2, 1], [1, 1, 1, 1]]
    np.testing.assert_allclose(depth(mask, ISOTROPIC, (0, 1))[..., 0], want, rtol=1e-6)
    thick = np.ones((5, 5, 3), bool)
    assert depth(thick, (1.0, 1.0, 10.0))[2, 2, 1] == 3
    assert depth(thick, (1.0, 1.0, 1.0))[2, 2, 1] == 2
    assert depth(thick[:1, :1, :1], ISOTROPIC, ()) == 1


def test_probabilities_are_the_papers() -> None:
    depths = np.array([1, 1, math.sqrt(2), 2, 3.5])
    weights = [math.exp(d) - 1 for d in depths]
    want = [w / sum(weights) for w in weights]
    np.testing.assert_allclose(probabilities(depths), want, rtol=1e-12)


def test_clicks_fall_as_often_as_the_formula_says() -> None:
    truth = np.zeros((9, 8, 1), bool)
    truth[1:6, 1:6] = truth[7, 6:8] = True
    mask = np.zeros_like(truth)
    mask[5, 5] = mask[8, 0] = True
    wrong = truth & ~mask
    weights = np.exp(slow_depth(wrong, ISOTROPIC, (0, 1))) - 1
    want = weights / weights.sum()
    rng = np.random.default_rng(7)
    draws = 3000
    counts = np.zeros(truth.shape)
    for _ in range(draws):
        (click,) = find("click-random").correct(truth, mask, ISOTROPIC, rng)
        assert click.inside
        counts[click.at] += 1
    assert not counts[~wrong].any()
    deviation = np.sqrt(draws * want * (1 - want))
    assert (np.abs(counts - draws * want) <= 5 * deviation).all()


def test_large_objects_do_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        assert probabilities(np.array([1.0, 5000.0, 5000.0])).tolist() == [0, 0.5, 0.5]
        full = np.ones((1500, 1500, 1), bool)
        rng = np.random.default_rng(0)
        (click,) = find("click-random").start(full, ISOTROPIC, rng)
    assert max(abs(click.at[0] - 749.5), abs(click.at[1] - 749.5)) < 40
    assert find("click").start(full, ISOTROPIC, rng) == (Click((749, 749, 0)),)


@pytest.mark.parametrize(
    ("boxes", "want"),
    [
        ([((2, 2, 0), (7, 7, 1))], (4, 4, 0)),
        ([((2, 2, 0), (5, 9, 1))], (3, 5, 0)),
        ([((0, 0, 0), (3, 3, 1)), ((6, 6, 0), (9, 9, 1))], (1, 1, 0)),
        ([((0, 0, 0), (3, 3, 1)), ((5, 4, 0), (10, 9, 1))], (7, 6, 0)),
    ],
)
def test_the_deepest_voxel_by_hand(boxes, want) -> None:
    truth = np.zeros((12, 12, 1), bool)
    for low, high in boxes:
        truth[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    rng = np.random.default_rng(0)
    assert find("click").start(truth, ISOTROPIC, rng) == (Click(want),)


def test_the_deepest_voxel_counts_millimetres() -> None:
    truth = np.zeros((20, 20, 9), bool)
    truth[2:7, 2:7, 2:7] = True
    truth[10:17, 10:17, 3:6] = True
    rng = np.random.default_rng(0)
    assert find("click").start(truth, ISOTROPIC, rng)[0].at == (4, 4, 4)
    assert find("click").start(truth, (1.0, 1.0, 5.0), rng)[0].at == (13, 13, 4)


@pytest.mark.parametrize("name", ["click", "click-random", "box-click"])
def test_the_larger_error_decides_the_side(name: str) -> None:
    truth, mask = np.zeros((2, 20, 20, 1), bool)
    truth[2:8, 2:8] = True
    mask[2:8, 4:10] = True
    rng = np.random.default_rng(0)
    (tie,) = find(name).correct(truth, mask, ISOTROPIC, rng)
    assert tie.inside and truth[tie.at] and not mask[tie.at]
    mask[15, 15] = True
    (click,) = find(name).correct(truth, mask, ISOTROPIC, rng)
    assert not click.inside and mask[click.at] and not truth[click.at]


def test_depth_of_an_area_is_of_its_slice_alone() -> None:
    block = Area.of(np.ones((7, 7, 3), bool))
    assert block.depth(ISOTROPIC).max() == 2
    assert block.slice(2, 1).depth(ISOTROPIC).max() == 4
