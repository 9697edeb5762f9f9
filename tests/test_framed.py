"""What a box alone is taken to say."""

import math

import numpy as np
import pytest

from delineate.marks import seeds
from delineate.methods.framed import assume, ellipsoid, half_extent_mm, missing_side
from delineate.prompts import Box, Click, Given
from delineate.region import Region
from delineate.voxels import Voxels

WHOLE = Region.whole((20, 16, 1))
FRAME = Box((2, 2, 0), (17, 13, 1))


def known(*prompts, middle=0.4, region=WHOLE):
    return assume(seeds(prompts, region, (1.0, 1.0, 1.0)), prompts, region, middle)


def test_the_ellipsoid_touches_the_faces_and_not_the_corners():
    mask = ellipsoid(Region((1, 1, 1), (10, 8, 6)), Region.whole((12, 10, 8)), 1.0)
    assert Region.around(mask) == Region((1, 1, 1), (10, 8, 6))
    assert mask.sum() == pytest.approx(math.pi / 6 * 9 * 7 * 5, rel=0.1)
    small = ellipsoid(Region((1, 1, 1), (10, 8, 6)), Region.whole((12, 10, 8)), 0.0)
    np.testing.assert_array_equal(np.argwhere(small), [(5, 4, 3)])


def test_an_even_box_has_a_middle_too():
    mask = ellipsoid(Region((0, 0, 0), (2, 2, 1)), Region.whole((2, 2, 1)), 0.0)
    assert mask.all()


def test_the_middle_is_inside_until_a_mark_contradicts_it():
    alone = known(FRAME)
    assert (alone == 1).sum() == ellipsoid(FRAME.region, WHOLE, 0.4).sum()
    np.testing.assert_array_equal(alone == -1, seeds((FRAME,), WHOLE, (1.0,) * 3) == -1)
    doubted = known(FRAME, Click((11, 7, 0), inside=False))
    assert doubted[11, 7, 0] == -1
    assert 0 < (doubted == 1).sum() < (alone == 1).sum()
    assert doubted[10, 7, 0] == 0
    assert doubted[8, 7, 0] == 1
    settled = known(FRAME, Click((11, 7, 0), inside=False), Click((4, 4, 0)))
    doubted[4, 4, 0] = 1
    np.testing.assert_array_equal(settled, doubted)
    agreed = known(FRAME, Click((4, 4, 0)))
    assert (agreed == 1).sum() == (alone == 1).sum() + 1


@pytest.mark.parametrize("more", [(), (Click((4, 4, 0)),)])
def test_what_a_contradiction_opens_is_an_ellipsoid_of_half_the_size(more):
    marks = [(8, 6, 0), (10, 8, 0)]
    found = known(FRAME, *(Click(at, inside=False) for at in marks), *more) == 1
    expected = ellipsoid(FRAME.region, WHOLE, 0.4)
    half = [max(0.4 * n / 4, 0.5) for n in FRAME.region.shape]
    for voxel in np.argwhere(expected):
        away = [np.sum(((voxel - at) / half) ** 2) for at in marks]
        expected[tuple(voxel)] = min(away) > 1
    for click in more:
        expected[click.at] = True
    np.testing.assert_array_equal(found, expected)


def test_a_box_that_fills_the_image_leaves_its_corners_outside():
    full = known(Box((0, 0, 0), (20, 16, 1)))
    assert full[0, 0, 0] == full[19, 15, 0] == -1
    assert full[10, 0, 0] == full[0, 8, 0] == 0
    marked = known(Box((0, 0, 0), (20, 16, 1)), Click((0, 8, 0), inside=False))
    assert (marked == -1).sum() == 1


def test_nothing_is_assumed_without_a_box_or_with_a_given_mask():
    half = np.zeros(WHOLE.shape, bool)
    half[3:10, 3:12] = True
    assert not known(FRAME, Given(Voxels.from_mask(half)))[9:11, 7].any()
    np.testing.assert_array_equal(np.argwhere(known(Click((4, 4, 0)))), [(4, 4, 0)])


def test_which_side_is_missing():
    assert "inside" in missing_side(np.array([[[-1, 0]]], np.int8))
    assert "outside" in missing_side(np.array([[[1, 0]]], np.int8))
    assert missing_side(np.array([[[1, -1]]], np.int8)) is None


def test_half_the_size_of_what_was_framed():
    assert half_extent_mm((Box((0, 0, 0), (8, 2, 1)),), (1.0, 1.0, 9.0)) == pytest.approx(2.0)
    given = Given(Voxels.of([(0, 0, 0), (1, 1, 1)]))
    assert half_extent_mm((given,), (1.0, 2.0, 4.0)) == pytest.approx(2.0)
    assert half_extent_mm((Click((0, 0, 0)),), (1.0, 1.0, 1.0)) == math.inf
