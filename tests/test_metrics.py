"""Overlap and surface distances: by hand in mm, by brute force, by scipy's distance transform."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import ndimage

from delineate.bench import metrics
from delineate.bench.metrics import (
    assd,
    dice,
    hausdorff,
    hausdorff_percentile,
    iou,
    mad,
    score,
    surface_distances,
)

SPACING = (0.7, 1.3, 4.0)


def empty(shape=(7, 6, 5)):
    return np.zeros(shape, bool)


def voxels(*indices, shape=(7, 6, 5)):
    mask = empty(shape)
    for index in indices:
        mask[index] = True
    return mask


def random_pair(seed, shape=(7, 6, 5), share=0.6):
    random = np.random.default_rng(seed)
    return random.random(shape) < share, random.random(shape) < share


def plain_surface(mask):
    """Voxel by voxel, from the words of the definition."""
    found = []
    axes = [axis for axis in range(3) if mask.shape[axis] > 1]
    for index in np.argwhere(mask):
        for axis in axes:
            for step in (-1, 1):
                neighbour = index.copy()
                neighbour[axis] += step
                beyond = not 0 <= neighbour[axis] < mask.shape[axis]
                if beyond or not mask[tuple(neighbour)]:
                    found.append(tuple(index))
    return sorted(set(found))


def plain_distances(prediction, truth, spacing):
    points = np.array(plain_surface(prediction)) * spacing
    others = np.array(plain_surface(truth)) * spacing
    pairs = np.sqrt(((points[:, None] - others[None]) ** 2).sum(axis=-1))
    return pairs.min(axis=1), pairs.min(axis=0)


def close(scores):
    return pytest.approx(dataclasses.astuple(scores), abs=1e-12)


@pytest.mark.parametrize(
    ("at", "millimetres"),
    [
        ((4, 2, 2), 3 * 0.7),
        ((1, 4, 2), 2 * 1.3),
        ((1, 2, 3), 4.0),
        ((4, 4, 3), math.sqrt(2.1**2 + 2.6**2 + 4.0**2)),
    ],
)
def test_two_voxels_are_as_far_apart_as_their_centres_in_mm(at, millimetres):
    scores = score(voxels(at), voxels((1, 2, 2)), SPACING)
    assert scores.dice == scores.iou == 0
    assert [scores.hd_mm, scores.hd95_mm, scores.assd_mm, scores.mad_mm] == pytest.approx(
        [millimetres] * 4
    )


def test_overlap_by_hand():
    prediction = voxels((0, 0, 0), (1, 0, 0), (2, 0, 0))
    truth = voxels((1, 0, 0), (2, 0, 0), (3, 0, 0), (4, 0, 0), (5, 0, 0))
    assert dice(prediction, truth) == 2 * 2 / (3 + 5)
    assert iou(prediction, truth) == 2 / 6


def test_distances_by_hand_where_the_surfaces_differ_in_size():
    prediction = voxels((0, 0, 0))
    truth = voxels((0, 0, 0), (0, 3, 0), (0, 0, 1))
    there, back = surface_distances(prediction, truth, SPACING)
    assert there.tolist() == [0.0]
    assert back.tolist() == pytest.approx([0.0, 4.0, 3.9])
    assert hausdorff(prediction, truth, SPACING) == pytest.approx(4.0)
    assert hausdorff_percentile(prediction, truth, SPACING) == pytest.approx(3.9 + 0.9 * 0.1)
    assert assd(prediction, truth, SPACING) == pytest.approx(7.9 / 4)
    assert mad(prediction, truth, SPACING) == pytest.approx((0 + 7.9 / 3) / 2)


def test_the_percentile_is_taken_in_each_direction_and_the_larger_returned():
    prediction = empty((40, 40, 1))
    prediction[:, 5] = True
    truth = voxels((0, 5, 0), shape=prediction.shape)
    pooled = np.percentile([*range(40), 0], 50)
    assert hausdorff_percentile(prediction, truth, (1, 1, 1), 50) == np.percentile(range(40), 50)
    assert hausdorff_percentile(prediction, truth, (1, 1, 1), 50) != pooled
    assert hausdorff_percentile(prediction, truth, (1, 1, 1), 0) == 0
    assert hausdorff_percentile(prediction, truth, (1, 1, 1), 100) == 39


def test_a_cuboid_has_all_but_its_core_as_surface():
    mask = empty()
    mask[1:6, 1:5, 1:4] = True
    there, _ = surface_distances(mask, mask, SPACING)
    assert there.size == 5 * 4 * 3 - 3 * 2 * 1


def test_beyond_the_image_is_outside():
    full = np.ones((7, 6, 5), bool)
    there, _ = surface_distances(full, full, SPACING)
    assert there.size == 7 * 6 * 5 - 5 * 4 * 3


def test_the_surface_of_a_picture_is_its_outline():
    picture = empty((9, 9, 1))
    picture[2:7, 2:7] = True
    there, _ = surface_distances(picture, picture, SPACING)
    assert there.size == 16
    inner = empty((9, 9, 1))
    inner[4, 4] = True
    assert hausdorff(inner, picture, (0.5, 2.0, 9.0)) == pytest.approx(math.hypot(1.0, 4.0))


@pytest.mark.parametrize("axis", range(3))
def test_a_picture_may_be_thin_along_any_axis(axis):
    flat, other = random_pair(3, (6, 7, 1))
    turned = score(np.moveaxis(flat, 2, axis), np.moveaxis(other, 2, axis), (1.5, 1.5, 1.5))
    assert dataclasses.astuple(turned) == close(score(flat, other, (1.5, 1.5, 1.5)))


@pytest.mark.parametrize("place", range(3))
def test_one_slice_of_a_thicker_volume_is_all_surface(place):
    volume = empty((9, 9, 3))
    volume[2:7, 2:7, place] = True
    there, _ = surface_distances(volume, volume, SPACING)
    assert there.size == 25


def test_the_only_voxel_of_an_image_is_surface():
    one = np.ones((1, 1, 1), bool)
    assert surface_distances(one, one, SPACING)[0].tolist() == [0.0]
    assert dataclasses.astuple(score(one, one, SPACING)) == (1, 1, 0, 0, 0, 0)
    assert math.isnan(score(one, empty((1, 1, 1)), SPACING).hd_mm)


@pytest.mark.parametrize("shape", [(7, 6, 5), (11, 9, 1), (8, 1, 6), (10, 1, 1), (2, 2, 2)])
@pytest.mark.parametrize("share", [0.1, 0.6, 0.9])
def test_agrees_with_every_pair_of_surface_voxels(shape, share):
    for seed in range(5):
        prediction, truth = random_pair(seed, shape, share)
        prediction.flat[seed] = truth.flat[0] = True
        there, back = plain_distances(prediction, truth, SPACING)
        found = surface_distances(prediction, truth, SPACING)
        np.testing.assert_allclose(found[0], there, atol=1e-12)
        np.testing.assert_allclose(found[1], back, atol=1e-12)
        scores = score(prediction, truth, SPACING)
        both = np.concatenate([there, back])
        assert scores.hd_mm == pytest.approx(both.max())
        assert scores.hd95_mm == pytest.approx(
            max(np.percentile(there, 95), np.percentile(back, 95))
        )
        assert scores.assd_mm == pytest.approx(both.mean())
        assert scores.mad_mm == pytest.approx((there.mean() + back.mean()) / 2)


def test_agrees_with_the_distance_transform_on_balls():
    index = np.indices((40, 44, 20))
    prediction = ((index - np.reshape([18, 20, 9], (3, 1, 1, 1))) ** 2).sum(axis=0) <= 64
    truth = ((index - np.reshape([21, 22, 11], (3, 1, 1, 1))) ** 2).sum(axis=0) <= 36
    outline = prediction & ~ndimage.binary_erosion(prediction)
    other = truth & ~ndimage.binary_erosion(truth)
    there = ndimage.distance_transform_edt(~other, sampling=SPACING)[outline]
    back = ndimage.distance_transform_edt(~outline, sampling=SPACING)[other]
    found = surface_distances(prediction, truth, SPACING)
    np.testing.assert_allclose(found[0], there, atol=1e-9)
    np.testing.assert_allclose(found[1], back, atol=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_score_is_the_single_measures(seed):
    pair = random_pair(seed, share=0.2)
    assert dataclasses.astuple(score(*pair, SPACING)) == close(
        metrics.Scores(
            dice=dice(*pair),
            iou=iou(*pair),
            hd_mm=hausdorff(*pair, SPACING),
            hd95_mm=hausdorff_percentile(*pair, SPACING),
            assd_mm=assd(*pair, SPACING),
            mad_mm=mad(*pair, SPACING),
        )
    )


@pytest.mark.parametrize("shape", [(7, 6, 5), (9, 8, 1)])
def test_symmetric_and_perfect_on_itself(shape):
    prediction, truth = random_pair(11, shape, 0.3)
    forth, back = score(prediction, truth, SPACING), score(truth, prediction, SPACING)
    assert dataclasses.astuple(forth) == close(back)
    assert dataclasses.astuple(score(truth, truth, SPACING)) == (1, 1, 0, 0, 0, 0)


@pytest.mark.parametrize("offset", [(0, 0, 0), (3, 1, 2), (9, 8, 6)])
def test_place_in_the_image_and_size_of_the_image_do_not_matter(offset):
    prediction, truth = random_pair(5, (5, 4, 3), 0.5)
    wide, wide_truth = empty((14, 12, 9)), empty((14, 12, 9))
    place = tuple(slice(low, low + size) for low, size in zip(offset, (5, 4, 3), strict=True))
    wide[place], wide_truth[place] = prediction, truth
    assert dataclasses.astuple(score(wide, wide_truth, SPACING)) == close(
        score(prediction, truth, SPACING)
    )


def test_distances_scale_with_the_spacing_and_overlap_does_not():
    pair = random_pair(8, share=0.2)
    once, twice = score(*pair, (0.5, 1, 2)), score(*pair, (1, 2, 4))
    assert (once.dice, once.iou) == (twice.dice, twice.iou)
    assert twice.hd95_mm == pytest.approx(2 * once.hd95_mm)
    assert twice.mad_mm == pytest.approx(2 * once.mad_mm)


@pytest.mark.parametrize("shape", [(7, 6, 5), (7, 6, 1)])
def test_two_empty_masks_are_the_same(shape):
    assert dataclasses.astuple(score(empty(shape), empty(shape), SPACING)) == (1, 1, 0, 0, 0, 0)
    assert dice(empty(shape), empty(shape)) == iou(empty(shape), empty(shape)) == 1
    assert hausdorff(empty(shape), empty(shape), SPACING) == 0


def test_one_empty_mask_has_no_distance():
    for pair in [(empty(), voxels((1, 1, 1))), (voxels((1, 1, 1)), empty())]:
        scores = score(*pair, SPACING)
        assert scores.dice == scores.iou == 0
        assert np.isnan([scores.hd_mm, scores.hd95_mm, scores.assd_mm, scores.mad_mm]).all()
        for measure in (hausdorff, hausdorff_percentile, assd, mad):
            assert math.isnan(measure(*pair, SPACING))


def test_inputs_stay_as_they_were():
    prediction, truth = random_pair(2)
    before = prediction.copy(), truth.copy()
    prediction.flags.writeable = truth.flags.writeable = False
    score(prediction, truth, SPACING)
    assert (prediction == before[0]).all() and (truth == before[1]).all()


@pytest.mark.parametrize(
    ("prediction", "truth", "spacing", "says"),
    [
        (empty((3, 3)), empty((3, 3)), SPACING, r"\(3, 3\)"),
        (empty().astype(np.uint8), empty(), SPACING, "prediction has .* uint8"),
        (empty(), empty().astype(float), SPACING, "truth has .* float64"),
        (empty(), empty((7, 6, 4)), SPACING, r"\(7, 6, 5\) and the truth \(7, 6, 4\)"),
        (empty(), empty(), (1.0, 1.0), "spacing"),
        (empty(), empty(), (1.0, 0.0, 1.0), "spacing"),
        (empty(), empty(), (1.0, math.nan, 1.0), "spacing"),
    ],
)
def test_refuses_what_it_would_have_to_guess(prediction, truth, spacing, says):
    with pytest.raises(ValueError, match=says):
        score(prediction, truth, spacing)


@pytest.mark.parametrize("percentile", [-1, 101, math.nan])
def test_refuses_percentiles_that_are_none(percentile):
    with pytest.raises(ValueError, match="percentile"):
        hausdorff_percentile(empty(), empty(), SPACING, percentile)
