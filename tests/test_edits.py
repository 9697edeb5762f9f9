"""After-edits against answers by hand and by brute force."""

import itertools

import numpy as np
import pytest

from delineate import edits
from delineate.errors import PromptError

SPACING = (1.0, 1.5, 2.5)


def ball(shape, centre, radius, spacing=(1.0, 1.0, 1.0)):
    at = np.stack(np.indices(shape), axis=-1) - np.array(centre)
    return np.linalg.norm(at * np.array(spacing), axis=-1) <= radius


def test_the_largest_part_connects_by_corners():
    mask = np.zeros((6, 6, 3), bool)
    mask[0, 0, 0] = mask[1, 1, 1] = mask[2, 2, 2] = True
    mask[5, 4:6, 0] = True
    kept = edits.largest_part(mask)
    assert kept.sum() == 3 and kept[0, 0, 0] and kept[2, 2, 2]
    assert not edits.largest_part(np.zeros((3, 3, 3), bool)).any()
    assert edits.largest_part(mask) is not mask


def test_holes_in_a_volume_and_in_slices():
    mask = np.zeros((5, 5, 3), bool)
    mask[1:4, 1:4] = True
    mask[2, 2, :] = False
    assert edits.fill_holes(mask).sum() == mask.sum(), "a tunnel is no hole in 3D"
    assert edits.fill_holes(mask, axis=2).sum() == 27
    mask[2, 2, 0] = mask[2, 2, 2] = True
    assert edits.fill_holes(mask).sum() == 27


@pytest.mark.parametrize("radius", [0.0, 1.0, 1.6, 3.0])
def test_grow_and_shrink_by_brute_force(radius):
    mask = np.random.default_rng(0).random((7, 6, 5)) > 0.85
    places = np.array(list(itertools.product(*map(range, mask.shape))))
    apart = np.linalg.norm((places[:, None] - places[None]) * SPACING, axis=2)
    near = (apart <= radius + 1e-9) @ mask.ravel()
    np.testing.assert_array_equal(edits.grow(mask, radius, SPACING), near.reshape(mask.shape))
    dense = ~mask
    lost = (apart <= radius + 1e-9) @ (~dense).ravel()
    expected = dense & ~lost.reshape(mask.shape)
    np.testing.assert_array_equal(edits.shrink(dense, radius, SPACING), expected)


def test_smoothing_keeps_faces_and_takes_spikes():
    mask = np.zeros((20, 20, 12), bool)
    mask[:10] = True
    np.testing.assert_array_equal(edits.smooth(mask, 2.0, SPACING), mask)
    spiked = mask.copy()
    spiked[10:14, 10, 6] = True
    assert edits.smooth(spiked, 2.0, SPACING).sum() < spiked.sum()
    assert not edits.smooth(spiked, 2.0, SPACING)[12:].any()
    flat = ball((30, 30, 1), (15, 15, 0), 8)
    assert abs(int(edits.smooth(flat, 1.0, SPACING).sum()) - int(flat.sum())) < 15


def test_between_two_discs_lies_a_disc_between():
    mask = np.zeros((41, 41, 9), bool)
    mask[..., 0] = ball((41, 41, 1), (20, 20, 0), 6)[..., 0]
    mask[..., 8] = ball((41, 41, 1), (20, 20, 0), 14)[..., 0]
    for axis in range(3):
        turned = np.moveaxis(mask, 2, axis)
        full = np.moveaxis(edits.between_slices(turned, axis, (1, 1, 1)), axis, 2)
        expected = ball((41, 41, 1), (20, 20, 0), 10)[..., 0]
        assert np.count_nonzero(full[..., 4] ^ expected) <= 16, "of 317"
        np.testing.assert_array_equal(full[..., [0, 8]], mask[..., [0, 8]])
    lone = np.zeros((5, 5, 5), bool)
    lone[2, 2, 2] = True
    np.testing.assert_array_equal(edits.between_slices(lone, 2, SPACING), lone)


def test_a_threshold_brush_by_hand():
    image = np.arange(8.0, dtype=np.float32).reshape(2, 2, 2)
    brush = np.ones((2, 2, 2), bool)
    brush[0, 1, 1] = False
    assert np.flatnonzero(edits.within(brush, image, 2, 5)).tolist() == [2, 4, 5]
    with pytest.raises(PromptError, match="from low to high"):
        edits.within(brush, image, 5, 2)


@pytest.mark.parametrize("edit", [edits.grow, edits.shrink, edits.smooth])
def test_the_degenerate(edit):
    for value in (False, True):
        mask = np.full((3, 3, 3), value)
        np.testing.assert_array_equal(edit(mask, 1.0, SPACING), mask)
    for wrong in (-1.0, float("nan"), float("inf")):
        with pytest.raises(PromptError, match="radius"):
            edit(np.ones((3, 3, 3), bool), wrong, SPACING)
