"""Prompts drawn into arrays, on cases small enough to check by eye."""

import numpy as np

from delineate.marks import box, effective, given, joint_seeds, said, seeds
from delineate.prompts import Adjust, Box, Click, Given, Paint, Scribble
from delineate.region import Region
from delineate.voxels import Voxels

LINE = Region((0, 0, 0), (9, 1, 1))
MM = (1.0, 1.0, 1.0)


def row(array) -> list[int]:
    return array[:, 0, 0].tolist()


def test_later_marks_win():
    prompts = (Scribble([(1, 0, 0), (2, 0, 0)]), Click((2, 0, 0), inside=False))
    assert row(said(prompts, LINE)) == [0, 1, -1, 0, 0, 0, 0, 0, 0]
    assert row(said(prompts[::-1], LINE)) == [0, 1, 1, 0, 0, 0, 0, 0, 0]


def test_a_mask_given_later_knew_the_marks():
    prompts = (Click((1, 0, 0)), Given(Voxels.of([(5, 0, 0)])), Paint([(2, 0, 0)]))
    assert row(said(prompts, LINE)) == [0, 0, 1, 0, 0, 0, 0, 0, 0]


def test_marks_are_drawn_into_a_part_of_the_image():
    prompts = (Click((1, 0, 0)), Scribble([(4, 0, 0), (8, 0, 0)], inside=False))
    assert row(said(prompts, Region((4, 0, 0), (7, 1, 1)))) == [-1, 0, 0]


def test_the_last_box_holds_the_object():
    prompts = (Box((0, 0, 0), (2, 1, 1)), Box((3, 0, 0), (6, 1, 1)), Click((4, 0, 0)))
    assert row(seeds(prompts, LINE, MM)) == [-1, -1, -1, 0, 1, 0, -1, -1, -1]
    assert box(prompts) == Region((3, 0, 0), (6, 1, 1))
    assert box((Click((4, 0, 0)),)) is None


def test_an_inside_mark_after_the_box_stretches_it():
    frame = Box((3, 0, 0), (5, 1, 1))
    assert box((frame, Click((6, 0, 0)))) == Region((3, 0, 0), (7, 1, 1))
    assert box((Click((6, 0, 0)), frame)) == frame.region
    assert box((frame, Click((6, 0, 0), inside=False))) == frame.region


def test_a_given_mask_is_certain_but_at_its_rim():
    start = Given(Voxels.of([(i, 0, 0) for i in range(2, 7)]))
    # Depth from the surface between voxels: 1 at both ends of the mask, -1 beside it.
    assert row(seeds((start,), LINE, MM)) == [-1, 0, 0, 1, 1, 1, 0, 0, -1]


def test_a_thin_given_mask_keeps_its_middle():
    assert row(seeds((Given(Voxels.of([(4, 0, 0)])),), LINE, MM))[4] == 1


def test_a_correction_opens_what_it_contradicts():
    start = Given(Voxels.of([(i, 0, 0) for i in range(2, 7)]))
    agrees = row(seeds((start, Click((4, 0, 0))), LINE, MM))
    assert agrees == [-1, 0, 0, 1, 1, 1, 0, 0, -1]
    # The click lies 3 deep: 1.5 * 3 + 2 = 6.5 mm around it are open.
    contradicts = row(seeds((start, Click((4, 0, 0), inside=False)), LINE, MM))
    assert contradicts == [0, 0, 0, 0, -1, 0, 0, 0, 0]
    # One deep at the end: 1.5 + 2 = 3.5 mm.
    near = row(seeds((start, Click((6, 0, 0), inside=False)), LINE, MM))
    assert near == [-1, 0, 0, 0, 0, 0, -1, 0, 0]


def test_how_far_a_correction_reaches():
    start = Given(Voxels.of([(i, 0, 0) for i in range(3, 13)]))
    line = Region((0, 0, 0), (16, 1, 1))
    # At the end of the mask, 1 deep, 3.5 mm are open: from voxel 9 on.
    said = row(seeds((start, Click((12, 0, 0), inside=False)), line, MM))
    assert said == [-1, -1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, -1, 0, 0, 0]


def test_a_mark_before_the_given_mask_corrects_nothing():
    start = Given(Voxels.of([(i, 0, 0) for i in range(2, 7)]))
    assert row(seeds((Click((4, 0, 0), inside=False), start), LINE, MM))[4] == 1


def test_distances_of_a_given_mask_are_in_mm():
    start = Given(Voxels.of([(i, 0, 0) for i in range(2, 7)]))
    # At 3 mm a voxel the rim is 1.5 * 3 mm wide: the same voxels as before.
    assert row(seeds((start,), LINE, (3.0, 1.0, 1.0))) == [-1, 0, 0, 1, 1, 1, 0, 0, -1]


def test_what_one_object_claims_is_outside_for_the_others():
    prompts = {1: (Click((1, 0, 0)), Click((5, 0, 0), inside=False)), 2: (Click((7, 0, 0)),)}
    maps = joint_seeds(prompts, LINE, MM)
    assert row(maps[1]) == [0, 1, 0, 0, 0, -1, 0, -1, 0]
    assert row(maps[2]) == [0, -1, 0, 0, 0, 0, 0, 1, 0]


def test_only_the_last_adjustment_counts_and_only_at_the_end():
    click, less, more = Click((0, 0, 0)), Adjust(-0.5), Adjust(0.5)
    assert effective((click, less, more)) == (click, more)
    assert effective((less, click)) == (click,)
    assert effective(()) == ()
    assert given((click,)) is None
    assert np.array_equal(said((less,), LINE), np.zeros((9, 1, 1), np.int8))
