"""Guidance maps against a slow plain drawing of every click anew, and by hand."""

import math

import numpy as np
import pytest

from delineate.errors import MethodError
from delineate.networks.guidance import Guidance, Maps

BARE = Guidance(previous=False, box="none")


def slow(shape, spacing, sigma, points):
    """The largest of all Gaussians, cut off at three standard deviations, voxel by voxel."""
    steps = [length / min(spacing) for length in spacing]
    out = np.zeros(shape)
    for at in np.ndindex(*shape):
        for point in points:
            squared = sum(((a - b) * s) ** 2 for a, b, s in zip(at, point, steps, strict=True))
            if squared <= (3 * sigma) ** 2 + 1e-9:
                out[at] = max(out[at], math.exp(-squared / (2 * sigma**2)))
    return out


@pytest.mark.parametrize(
    ("shape", "spacing", "sigma"),
    [
        ((21, 17), (1.0, 1.0), 2.0),
        ((12, 11, 7), (1.0, 1.0, 1.0), 1.5),
        ((13, 9, 8), (2.0, 2.0, 5.0), 2),
    ],
)
def test_marks_that_come_and_go_are_drawn_as_if_all_were_drawn_anew(shape, spacing, sigma):
    guidance = Guidance(sigma=sigma, previous=False, box="none")
    maps = Maps.empty(guidance, shape, spacing)
    rng = np.random.default_rng(3)
    said = [[], []]
    for _ in range(12):
        side = int(rng.integers(2))
        if said[side] and rng.random() < 0.4:
            said[side].pop(int(rng.integers(len(said[side]))))
        for _ in range(int(rng.integers(0, 3))):
            said[side].append(tuple(int(rng.integers(n)) for n in shape))
        before = maps.values.copy()
        after = maps.marked(*said)
        np.testing.assert_array_equal(maps.values, before)
        maps = after
        fresh = Maps.empty(guidance, shape, spacing).marked(*said)
        np.testing.assert_array_equal(maps.values, fresh.values)
        for n in range(2):
            np.testing.assert_allclose(
                maps.values[n], slow(shape, spacing, sigma, said[n]), atol=1e-6
            )


def test_a_click_by_hand():
    maps = Maps.empty(BARE, (9, 9), (1.0, 1.0)).clicked((4, 4), inside=True)
    assert maps.values[0, 4, 4] == 1
    assert maps.values[0, 4, 6] == pytest.approx(math.exp(-4 / 8))
    assert not maps.values[1].any()
    outside = maps.clicked((0, 0), inside=False)
    assert outside.values[1, 0, 0] == 1
    assert outside.values[0] is not maps.values[0]
    np.testing.assert_array_equal(outside.values[0], maps.values[0])


def test_nothing_is_drawn_where_nothing_changed():
    maps = Maps.empty(BARE, (60, 60), (1.0, 1.0)).marked([(5, 5)], [])
    assert maps.marked([(5, 5)], []) is maps
    maps.values[0, 40, 40] = 7
    assert maps.marked([(5, 5), (20, 20)], []).values[0, 40, 40] == 7
    moved = maps.marked([(6, 5)], [])
    assert moved.values[0, 40, 40] == 7
    assert moved.values[0, 6, 5] == 1 > moved.values[0, 5, 5]


def test_clicks_that_contradict_each_other_are_in_both_maps():
    maps = Maps.empty(BARE, (9, 9), (1.0, 1.0)).marked([(4, 4)], [(4, 4)])
    assert maps.values[:, 4, 4].tolist() == [1, 1]


def test_marks_beyond_the_grid_are_seen_as_far_as_they_reach():
    maps = Maps.empty(BARE, (9, 9), (1.0, 1.0)).marked([(-1, 4), (30, 30)], [])
    assert maps.values[0, 0, 4] == pytest.approx(math.exp(-1 / 8))
    assert maps.values[0, 8].max() == 0


def test_two_voxels_of_a_thick_slice_reach_the_next_one_less():
    maps = Maps.empty(BARE, (9, 9, 5), (1.0, 1.0, 3.0)).clicked((4, 4, 2), inside=True)
    assert maps.values[0, 4, 4, 3] == pytest.approx(math.exp(-9 / 8))
    assert maps.values[0, 7, 4, 2] == pytest.approx(math.exp(-9 / 8))
    assert maps.values[0, 4, 4, 4] == pytest.approx(math.exp(-36 / 8), abs=1e-6)


def test_a_box_filled():
    maps = Maps.empty(Guidance(), (6, 8), (1.0, 1.0)).framed(((1, 3), (-2, 20)))
    own = maps.values[2]
    assert own[1:3].all() and own.sum() == 16
    assert not maps.framed(None).values.any()
    np.testing.assert_array_equal(maps.framed(((0, 6), (0, 8))).values[2], 1)


@pytest.mark.parametrize("shape", [(12, 11), (10, 9, 6)])
def test_the_rim_of_a_box_against_every_distance(shape):
    sigma = 1.5
    spacing = (1.0, 1.0, 2.0)[: len(shape)]
    ends = ((3, 8), (2, 7), (1, 5))[: len(shape)]
    drawn = Maps.empty(Guidance(sigma=sigma, box="rim"), shape, spacing).framed(ends).values[2]
    inside = np.zeros(shape, bool)
    inside[tuple(slice(a, b) for a, b in ends)] = True
    core = np.zeros(shape, bool)
    core[tuple(slice(a + 1, b - 1) for a, b in ends)] = True
    rim = np.argwhere(inside & ~core)
    for at in np.ndindex(*shape):
        away = ((rim - at) * spacing) ** 2
        nearest = away.sum(axis=1).min()
        assert drawn[at] == pytest.approx(math.exp(-nearest / (2 * sigma**2)), abs=1e-5)


def test_the_mask_before_is_the_last_map():
    mask = np.eye(5, dtype=bool)
    maps = Maps.empty(Guidance(), (5, 5), (1.0, 1.0))
    np.testing.assert_array_equal(maps.after(mask).values[-1], mask)
    assert not maps.after(mask).after(None).values.any()
    assert Maps.empty(BARE, (5, 5), (1.0, 1.0)).after(mask).values.shape == (2, 5, 5)


def test_maps_are_as_many_as_their_names():
    assert Guidance().channels == 5
    assert BARE.channels == 3
    for guidance in (Guidance(), BARE, Guidance(box="rim", previous=False)):
        maps = Maps.empty(guidance, (4, 4), (1.0, 1.0))
        assert len(maps.values) == guidance.channels - 1 == len(guidance.names)
        assert Guidance.from_json(guidance.to_json()) == guidance


@pytest.mark.parametrize(("fields", "text"), [({"sigma": 0}, "sigma is 0"), ({"box": "x"}, "box")])
def test_what_cannot_be_drawn_is_refused(fields, text):
    with pytest.raises(MethodError, match=text):
        Guidance(**fields)
