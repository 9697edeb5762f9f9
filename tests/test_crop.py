"""Crops on grids worked out by hand, and resizing against torch's."""

import numpy as np
import pytest
import torch

from delineate.errors import PromptsMissing
from delineate.geometry import Geometry
from delineate.methods.crop import Crop, _resized, framed_region
from delineate.prompts import Box, Click, Given
from delineate.region import Region, index3
from delineate.volume import Volume
from delineate.voxels import Voxels


def crop(shape, spacing=(1.0, 1.0, 1.0), region=None, shorter=96, longest=384):
    region = region or Region.whole(shape)
    return Crop.of(region, Geometry.of_spacing(shape, spacing), shorter, longest)


@pytest.mark.parametrize(
    ("shape", "spacing", "longest", "order", "grid"),
    [
        ((48, 72, 1), (1, 1, 1), 384, (0, 1, 2), (96, 144, 1)),
        ((48, 72, 1), (2, 1, 1), 384, (0, 1, 2), (128, 96, 1)),
        ((10, 1, 1), (1, 1, 1), 384, (0, 1, 2), (384, 38, 1)),
        ((1, 48, 48), (1, 1, 1), 384, (1, 2, 0), (96, 96, 1)),
        ((40, 20, 10), (1, 1, 1), 80, (0, 1, 2), (80, 40, 20)),
        ((40, 20, 10), (1, 1, 8), 80, (0, 1, 2), (40, 20, 80)),
        ((10, 40, 20), (3, 1, 1), 80, (1, 2, 0), (80, 40, 60)),
        ((512, 512, 2), (1, 1, 1), 80, (0, 1, 2), (80, 80, 1)),
    ],
)
def test_the_grid_keeps_the_form_in_mm(shape, spacing, longest, order, grid):
    found = crop(shape, tuple(map(float, spacing)), longest=longest)
    assert found.order == order
    assert found.shape == grid


def test_an_image_has_mean_0_and_deviation_1_in_its_crop_alone():
    image = np.random.default_rng(0).normal(500, 30, (20, 20, 1)).astype(np.float32)
    image[:5] = 1e4
    region = Region((6, 4, 0), (18, 16, 1))
    found = crop((20, 20, 1), region=region).image(image[region.slices])
    assert found.shape == (96, 96, 1)
    assert found.mean() == pytest.approx(0, abs=1e-5)
    assert found.std() == pytest.approx(1, abs=1e-5)


def test_units_do_not_matter_to_the_last_bit():
    image = np.random.default_rng(0).integers(0, 900, (20, 31, 1)).astype(np.float32)
    one = crop(image.shape)
    np.testing.assert_array_equal(one.image(image), one.image(4 * image + 1024))


def test_a_constant_crop_is_zero():
    assert not crop((9, 9, 1)).image(np.full((9, 9, 1), 0.1, np.float32)).any()


def test_enlarging_is_torchs_linear_interpolation():
    array = np.random.default_rng(0).random((7, 5, 3)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(array)[None, None], (16, 11, 8), mode="trilinear", align_corners=False
    )
    np.testing.assert_allclose(_resized(array, (16, 11, 8)), expected[0, 0], atol=1e-5)


def test_shrinking_is_torchs_with_antialiasing():
    array = np.random.default_rng(0).random((40, 33, 1)).astype(np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(array[..., 0])[None, None],
        (12, 17),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    np.testing.assert_allclose(_resized(array, (12, 17, 1))[..., 0], expected[0, 0], atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "spacing"),
    [((30, 41, 1), (1, 1, 1)), ((1, 30, 41), (1, 1, 1)), ((12, 30, 41), (3, 1, 1))],
)
def test_there_and_back_again(shape, spacing):
    along = np.indices(shape)
    ramp = (along / np.reshape(shape, (3, 1, 1, 1))).sum(axis=0).astype(np.float32) / 3
    one = crop(shape, tuple(map(float, spacing)), longest=384 if 1 in shape else 80)
    on_grid = _resized(ramp.transpose(one.order), one.shape)
    inner = tuple(slice(1, -1) if n > 1 else slice(None) for n in shape)
    np.testing.assert_allclose(one.back(on_grid)[inner], ramp[inner], atol=0.01)


def test_no_mark_is_lost_on_a_coarser_grid():
    signs = np.zeros((500, 400, 1), np.int8)
    signs[3, 7], signs[250, 399], signs[499, 0] = 1, -1, 1
    found = crop(signs.shape, shorter=50).marked(signs)
    assert found.shape == (62, 50, 1)
    assert (found[0, 0, 0], found[31, 49, 0], found[61, 0, 0]) == (1, -1, 1)
    assert np.count_nonzero(found) == 3


def test_a_mark_fills_its_voxel_on_a_finer_grid():
    signs = np.zeros((12, 12, 1), np.int8)
    signs[3, 5] = -1
    found = crop(signs.shape).marked(signs)
    expected = np.zeros((96, 96, 1), np.int8)
    expected[24:32, 40:48] = -1
    np.testing.assert_array_equal(found, expected)


def test_the_majority_counts_where_marks_fall_together():
    signs = np.zeros((400, 400, 1), np.int8)
    signs[0:2, 0] = 1
    signs[2, 0] = -1
    assert crop(signs.shape, shorter=100).marked(signs)[0, 0, 0] == 1


def test_the_region_is_the_box_and_a_margin():
    volume = Volume.from_array(np.zeros((40, 40)))
    one = Box((2, 10, 0), (12, 20, 1))
    assert framed_region([one], volume, 5) == Region((0, 5, 0), (17, 25, 1))
    stretched = framed_region([one, Click((30, 12, 0))], volume, 5)
    assert stretched == Region((0, 5, 0), (36, 25, 1))
    assert framed_region([one, Click((30, 12, 0), inside=False)], volume, 5).high == (17, 25, 1)


def test_without_a_box_the_marks_span_the_region():
    volume = Volume.from_array(np.zeros((40, 40)))
    both = [Click((20, 20, 0)), Click((10, 22, 0), inside=False)]
    assert framed_region(both, volume, 2) == Region((8, 18, 0), (23, 25, 1))
    start = Given(Voxels.of([(5, 5, 0), (9, 8, 0)]))
    assert framed_region([start], volume, 2) == Region((3, 3, 0), (12, 11, 1))
    for click, side in zip(both, ("outside", "inside"), strict=True):
        with pytest.raises(PromptsMissing, match=f"{side} .* draw a box"):
            framed_region([click], volume, 2)
    with pytest.raises(PromptsMissing, match="draw a box"):
        framed_region([Given(Voxels.of([]))], volume, 2)


@pytest.mark.parametrize("seed", range(12))
def test_what_was_found_is_the_part_of_the_way_back_that_holds_something(seed):
    rng = np.random.default_rng(seed)
    order = index3(rng.permutation(3))
    grid, voxels = (index3(rng.integers(1, 30, 3)) for _ in range(2))
    region = Region((3, 4, 5), index3(n + low for n, low in zip(voxels, (3, 4, 5), strict=True)))
    crop = Crop(region, order, grid, (1.0, 1.0, 1.0))
    drawn = np.where(rng.random(grid) < 0.02, rng.random(grid), 0).astype(np.float32)
    drawn[index3(n // 2 for n in grid)] = 1
    part, found = crop.found(drawn, 1 / 512)
    whole = crop.back(drawn)
    assert region.holds(part)
    np.testing.assert_allclose(found, whole[part.within(region)], atol=1e-6)
    whole[part.within(region)] = 0
    assert whole.max(initial=0) <= 1 / 512
    nothing, empty = crop.found(drawn * 0, 1 / 512)
    assert not nothing.size and not empty.size
