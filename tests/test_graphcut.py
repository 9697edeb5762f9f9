"""Graph cut against every labelling of a small image, its energy written down by hand."""

import itertools

import numpy as np
import pytest

from delineate.errors import MethodError
from delineate.methods.base import State
from delineate.methods.graphcut import GraphCut, doubted
from delineate.prompts import Box, Click, Scribble
from delineate.volume import Volume


def labellings(shape):
    for bits in itertools.product((False, True), repeat=int(np.prod(shape))):
        yield np.array(bits).reshape(shape)


def separated(mask, values, neighbours, spacing, sigma, scale):
    """The boundary term, pair by pair."""
    cells = list(itertools.product(*map(range, mask.shape)))
    reach = 1 if neighbours == 6 else 3
    lengths = [s for s, n in zip(spacing, mask.shape, strict=True) if n > 1]
    cost = 0.0
    pairs = [
        (p, q)
        for p, q in itertools.combinations(cells, 2)
        if max(abs(np.subtract(p, q))) == 1 and sum(abs(np.subtract(p, q))) <= reach
    ]
    squares = [(values[p] - values[q]) ** 2 for p, q in pairs]
    mean = np.mean(squares)
    for (p, q), square in zip(pairs, squares, strict=True):
        if mask[p] != mask[q]:
            away = np.linalg.norm(np.subtract(p, q) * spacing) / min(lengths)
            cost += scale * np.exp(-square / (2 * sigma**2 * mean)) / away
    return cost


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("shape", "neighbours", "spacing", "flat"),
    [
        ((4, 3, 1), 26, (1.0, 1.0, 1.0), 1 + np.sqrt(2)),
        ((4, 3, 1), 6, (1.0, 2.0, 1.0), 1.0),
        ((3, 2, 2), 26, (1.0, 1.0, 1.0), 1 + 4 / np.sqrt(2) + 4 / np.sqrt(3)),
    ],
)
def test_no_labelling_has_a_shorter_boundary(seed, shape, neighbours, spacing, flat):
    values = np.random.default_rng(seed).integers(0, 9, shape).astype(float)
    first, last = (0, 0, 0), tuple(n - 1 for n in shape)
    method = GraphCut(
        regional=0.0,
        sigma=0.8,
        neighbours_2d=8 if neighbours == 26 else 4,
        neighbours_3d=neighbours,
    )
    volume = Volume.from_array(values, spacing)
    patch, _ = method.segment(
        volume, (Click(first), Click(last, inside=False)), method.start(volume)
    )
    scale = (1 + np.sqrt(2)) / flat
    best = min(
        separated(mask, values, neighbours, spacing, 0.8, scale)
        for mask in labellings(shape)
        if mask[first] and not mask[last]
    )
    found = separated(patch.probability > 0.5, values, neighbours, spacing, 0.8, scale)
    assert found == pytest.approx(best, rel=1e-5)


def test_the_intensities_of_the_marks_decide_where_no_boundary_is_priced():
    """With sigma near 0 only the likelihood of one Gaussian a side is left."""
    values = np.array([0.0, 30.0, 49.0, 43.0, 100.0, 75.0, 20.0, 60.0, 100.0]).reshape(9, 1, 1)
    volume = Volume.from_array(values)
    method = GraphCut(sigma=1e-3, regional=1.0)
    marks = (Click((8, 0, 0)), Click((0, 0, 0), inside=False))
    patch, _ = method.segment(volume, marks, method.start(volume))
    learned = {  # a mark teaches its neighbours' intensities too, unless they are marked
        1: np.array([60.0, 100.0]) / 100,
        -1: np.array([0.0, 30.0]) / 100,
    }
    x = values.ravel() / 100
    density = {
        side: sum(np.exp(-0.5 * ((x - m) / 0.05) ** 2) / 0.05 / np.sqrt(2 * np.pi) for m in two) / 2
        for side, two in learned.items()
    }
    expected = density[1] > density[-1]
    assert list(expected) == [False, False, True, False, True, True, False, True, True]
    np.testing.assert_array_equal(patch.probability.ravel() > 0.5, expected)


def test_a_box_is_enough_and_nothing_outside_it_is_the_object():
    values = np.zeros((20, 20))
    values[6:12, 5:13] = 100
    values[17:19, 5:13] = 100
    volume = Volume.from_array(values)
    method = GraphCut()
    patch, _ = method.segment(volume, (Box((4, 3, 0), (14, 15, 1)),), method.start(volume))
    mask = patch.mask(volume.shape)
    expected = values[..., None] == 100
    expected[14:] = False
    np.testing.assert_array_equal(mask, expected)


def test_an_object_off_the_centre_of_its_box_is_found_whole_and_alone():
    values = np.random.default_rng(0).integers(0, 10, (50, 40)).astype(float)
    values[12:28, 10:30] += 200
    patch, _ = GraphCut().segment(
        Volume.from_array(values), (Box((5, 5, 0), (40, 36, 1)),), State(), None
    )
    np.testing.assert_array_equal(patch.mask((50, 40, 1))[..., 0], values > 100)


def test_where_most_of_the_middle_looks_strange_it_stays():
    certain = np.array([1, 1, 1, -1, 0], np.int8)
    few, most = np.array([1, 0, 0, 1, 1], bool), np.array([1, 1, 0, 1, 1], bool)
    none = np.zeros(5, np.int8)
    np.testing.assert_array_equal(doubted(certain, none, few), [0, 1, 1, -1, 0])
    np.testing.assert_array_equal(doubted(certain, none, most), certain)
    own = np.array([1, 0, 0, 0, 0], np.int8)
    np.testing.assert_array_equal(doubted(certain, own, few), certain)


def test_outside_marks_in_the_middle_of_a_box_end_what_the_box_implied():
    values = np.zeros((21, 21))
    away = np.hypot(*(np.indices(values.shape) - 10))
    values[(away > 4) & (away < 8)] = 100
    volume = Volume.from_array(values)
    method = GraphCut()
    prompts = (
        Box((1, 1, 0), (20, 20, 1)),
        Scribble([(i, j, 0) for i in (8, 10, 12) for j in (8, 10, 12)], inside=False),
        Scribble([(4, 10, 0), (16, 10, 0)]),
    )
    patch, _ = method.segment(volume, prompts, method.start(volume))
    np.testing.assert_array_equal(patch.mask(volume.shape), values[..., None] == 100)


@pytest.mark.parametrize(
    "wrong",
    [
        {"regional": -1.0},
        {"sigma": 0.0},
        {"trust": 2.0},
        {"reach": float("nan")},
        {"neighbours_3d": 4},
        {"limit": 0},
    ],
)
def test_refuses_fields_out_of_range(wrong):
    with pytest.raises(MethodError, match=next(iter(wrong))):
        GraphCut(**wrong)
