"""Regions, voxel sets, levels and patches: there and back again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from delineate.errors import MethodError, PromptError
from delineate.levels import Levels
from delineate.patch import Patch
from delineate.region import Region
from delineate.voxels import Voxels

masks = hnp.arrays(bool, st.tuples(*[st.integers(1, 6)] * 3))
corners = st.tuples(*[st.integers(-3, 8)] * 3)
regions = st.builds(
    lambda low, size: Region(low, tuple(a + s for a, s in zip(low, size, strict=True))),
    corners,
    st.tuples(*[st.integers(0, 6)] * 3),
)


def members(region: Region) -> set:
    return {tuple(i) for i in np.argwhere(np.ones(region.shape, bool)) + np.array(region.low)}


@given(regions, regions)
def test_regions_as_sets(a, b):
    assert members(a.intersect(b)) == members(a) & members(b)
    assert members(a) | members(b) <= members(a.union(b))
    assert a.holds(b) == (members(b) <= members(a))
    assert a.size == len(members(a))
    assert a.shift((1, 2, 3)).shift((-1, -2, -3)) == a
    assert a.grow(2).grow(-2) == a


def test_region_around_and_margins():
    mask = np.zeros((9, 9, 4), bool)
    mask[2:4, 5, 1] = True
    assert Region.around(mask) == Region((2, 5, 1), (4, 6, 2))
    assert Region.around(mask, (10, 0, 0)) == Region((12, 5, 1), (14, 6, 2))
    assert Region.around(np.zeros((3, 3, 3), bool)).size == 0
    grown = Region((2, 5, 1), (4, 6, 2)).grow_mm(3.0, (1.0, 2.0, 5.0))
    assert grown == Region((-1, 3, 0), (7, 8, 3))
    assert grown.clip((9, 7, 4)) == Region((0, 3, 0), (7, 7, 3))
    assert Region((0, 0, 0), (0, 0, 0)).union(grown) == grown


def test_region_within_another():
    array = np.arange(27).reshape(3, 3, 3)
    whole = Region((5, 5, 5), (8, 8, 8))
    np.testing.assert_array_equal(
        array[Region((6, 5, 7), (7, 8, 8)).within(whole)], array[1:2, :, 2:]
    )


@given(masks, corners)
def test_a_set_of_voxels_there_and_back(mask, low):
    found = Voxels.from_mask(mask, low)
    assert len(found) == mask.sum()
    assert {tuple(i) for i in found.indices()} == {tuple(i) for i in np.argwhere(mask) + low}
    assert Voxels.of(found.indices()) == found
    assert Voxels.from_json(found.to_json()) == found
    where = Region(low, tuple(np.add(low, mask.shape).tolist()))
    np.testing.assert_array_equal(found.on(where), mask)
    np.testing.assert_array_equal(found.on(where.grow(1))[1:-1, 1:-1, 1:-1], mask)


def test_equal_sets_are_equal_values_however_made():
    one = Voxels.of([(1, 2, 3), (4, 5, 6)])
    mask = np.zeros((10, 10, 10), bool)
    mask[1, 2, 3] = mask[4, 5, 6] = True
    assert one == Voxels.from_mask(mask)
    assert one.digest == Voxels.from_mask(mask).digest
    assert one.digest != Voxels.of([(1, 2, 3), (4, 5, 7)]).digest
    assert Voxels.of([]) == Voxels.from_mask(np.zeros((2, 2, 2), bool))


@pytest.mark.parametrize("indices", [[(1, 2)], [(1.5, 2, 3)], [1, 2, 3]])
def test_voxels_are_whole_numbers_in_threes(indices):
    with pytest.raises(PromptError, match="whole indices"):
        Voxels.of(indices)


def test_damaged_text_is_refused():
    good = Voxels.of([(1, 2, 3), (4, 5, 6)]).to_json()
    for bad in (
        good | {"bits": "!!"},
        good | {"bits": good["bits"][:-8]},
        good | {"high": [900, 900, 900]},
        {"low": [0, 0, 0]},
    ):
        with pytest.raises(PromptError):
            Voxels.from_json(bad)


@given(hnp.arrays(np.float32, (3, 4, 2), elements=st.floats(0, 1, width=32)))
def test_levels_keep_the_threshold_and_the_value(probability):
    patch = Patch((2, 3, 4), probability)
    levels = Levels.of(patch)
    np.testing.assert_array_equal(levels.on(patch.region) >= 128, probability > 0.5)
    np.testing.assert_allclose(levels.probability(patch.region), probability, atol=1 / 255)
    again = Levels.pack(levels.on(patch.region), patch.region)
    assert again == levels


@settings(max_examples=20)
@given(st.integers(0, 255))
def test_every_level_is_its_own_probability(level):
    region = Region((0, 0, 0), (1, 1, 1))
    levels = Levels.pack(np.full((1, 1, 1), level, np.uint8), region)
    assert Levels.of(Patch((0, 0, 0), levels.probability(region))) == levels


def test_a_patch_is_zero_outside_itself():
    patch = Patch((1, 1, 0), np.full((2, 2, 1), 0.75, np.float32))
    full = patch.full((4, 4, 2))
    assert full.sum() == 3.0
    assert full[1:3, 1:3, 0].min() == 0.75
    assert patch.mask((4, 4, 2)).sum() == 4
    assert Patch.empty().full((2, 2, 2)).sum() == 0


def test_a_patch_holds_probabilities():
    with pytest.raises(MethodError, match=r"\[0, 1\], got -0.5 to 1"):
        Patch((0, 0, 0), np.array([[[-0.5, 1.0]]], np.float32))
    with pytest.raises(MethodError, match="in"):
        Patch((0, 0, 0), np.full((1, 1, 1), np.nan, np.float32))
    with pytest.raises(MethodError, match="shape"):
        Patch((0, 0, 0), np.zeros((2, 2), np.float32))
