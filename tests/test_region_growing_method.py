"""Region growing as a method: how far marks spread, and what both sides reach."""

import numpy as np
import pytest

from delineate.errors import MethodError, PromptsMissing
from delineate.methods.base import State
from delineate.methods.region_growing import RegionGrowing
from delineate.prompts import Box, Click, Scribble
from delineate.volume import Volume


def mask(image, *prompts, spacing=None, **fields):
    volume = Volume.from_array(np.asarray(image, float), spacing)
    patch, _ = RegionGrowing(median_voxels=0, **fields).segment(volume, prompts, State())
    return patch.mask(volume.shape)[..., 0].astype(int)


def test_one_click_fills_what_differs_little_from_neighbour_to_neighbour() -> None:
    line = [[0, 10, 20, 30, 60, 70, 100]]
    found = mask(line, Click((0, 1, 0)), threshold=0.15, drift=1)
    np.testing.assert_array_equal(found, [[1, 1, 1, 1, 0, 0, 0]])


def test_drift_bounds_a_gentle_slope() -> None:
    line = [[0, 10, 20, 30, 40, 50, 100]]
    found = mask(line, Click((0, 0, 0)), threshold=0.15, drift=0.25)
    np.testing.assert_array_equal(found, [[1, 1, 1, 0, 0, 0, 0]])


def test_what_both_sides_reach_goes_to_the_nearer_mark_and_ties_outside() -> None:
    even = np.zeros((1, 9))
    prompts = Click((0, 0, 0)), Click((0, 8, 0), inside=False)
    np.testing.assert_array_equal(mask(even + 5, *prompts), [[1, 1, 1, 1, 0, 0, 0, 0, 0]])


def test_nearer_is_in_millimetres() -> None:
    plane = np.zeros((5, 5))
    prompts = Click((0, 4, 0)), Click((4, 0, 0), inside=False)
    found = mask(plane, *prompts, spacing=(1.0, 3.0))
    assert found[4, 4] == 1 and found[0, 0] == 0  # 4 mm from the inside mark, 12 from the other


def test_an_outside_mark_is_a_barrier_even_where_its_own_growth_ends() -> None:
    line = [[0.4, 0, 0, 0.4, 0, 0, 1]]
    inside, wall = Scribble([(0, 0, 0), (0, 1, 0)]), Click((0, 3, 0), inside=False)
    found = mask(line, inside, wall, threshold=0.5, drift=0.3)
    np.testing.assert_array_equal(found, [[1, 1, 1, 0, 0, 0, 0]])


def test_nothing_grows_out_of_a_box() -> None:
    found = mask(np.zeros((7, 7)), Box((1, 1, 0), (6, 5, 1)), Click((3, 3, 0)))
    expected = np.zeros((7, 7), int)
    expected[1:6, 1:5] = 1
    np.testing.assert_array_equal(found, expected)


def test_holes_are_filled_but_not_those_with_an_outside_mark() -> None:
    image = np.zeros((7, 9))
    image[3, 2] = image[3, 6] = 9
    found = mask(image, Click((1, 1, 0)), Click((3, 6, 0), inside=False))
    assert found[3, 2] == 1 and found[3, 6] == 0 and found.sum() == 62


def test_a_ring_stays_one_when_its_middle_is_marked_outside() -> None:
    image = np.zeros((21, 21))
    away = np.hypot(*(np.indices(image.shape) - 10))
    image[away < 8] = 9
    image[away < 4.5] = 5
    ring = (away < 8) & (away >= 4.5)
    found = mask(image, Click((10, 16, 0)), Click((1, 1, 0), inside=False))
    assert found[10, 10] == 1
    found = mask(image, Click((10, 16, 0)), Click((10, 10, 0), inside=False))
    assert (found == ring).mean() > 0.97


def test_a_mask_has_no_unit_of_intensity() -> None:
    rng = np.random.default_rng(0)
    image = np.rint(rng.normal(0, 20, (20, 20))) + np.pad(np.full((10, 10), 200), 5)
    first = mask(image, Click((9, 9, 0)))
    np.testing.assert_array_equal(first, mask(image * 8 - 1024, Click((9, 9, 0))))
    assert 60 < first.sum() <= 100


def test_median_keeps_out_single_voxels_and_thick_slices() -> None:
    image = np.zeros((9, 9, 5))
    image[2:7, 2:7, 2] = 1
    image[4, 4, 2] = 0.5
    thick = Volume.from_array(image, (1, 1, 4))
    patch, _ = RegionGrowing().segment(thick, (Click((4, 4, 2)),), State())
    found = patch.mask(thick.shape)
    assert found[..., 2].sum() >= 21 and not found[..., [1, 3]].any()


def test_refusals() -> None:
    with pytest.raises(PromptsMissing, match="inside"):
        mask(np.zeros((3, 3)), Click((0, 0, 0), inside=False))
    for name in ("threshold", "drift", "median_voxels", "margin_mm"):
        with pytest.raises(MethodError, match=f"{name} is -1"):
            RegionGrowing(**{name: -1})
    with pytest.raises(MethodError, match="middle is 2"):
        RegionGrowing(middle=2)
    with pytest.raises(MethodError, match="limit is 0"):
        RegionGrowing(limit=0)
