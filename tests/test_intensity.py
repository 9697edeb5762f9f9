"""Intensities in their own units, and the palette against the plain image."""

import numpy as np
import pytest

from delineate.methods.intensity import Palette, standardised


def test_percentiles_become_zero_and_one():
    data = np.arange(101.0).reshape(1, 101, 1, 1) * 7 + 3
    out = standardised(data).ravel()
    np.testing.assert_allclose(out[[1, 99]], [0, 1])
    np.testing.assert_allclose(np.diff(out), 1 / 98, rtol=1e-4)


def test_no_unit_and_no_single_bright_voxel_matters():
    rng = np.random.default_rng(0)
    data = rng.integers(0, 200, (2, 20, 20, 1)).astype(np.float32)
    expected = standardised(data)
    np.testing.assert_array_equal(standardised(data * 8 - 512), expected)
    data[0, 3, 3] = 30000
    metal = standardised(data)
    metal[0, 3, 3] = expected[0, 3, 3]
    np.testing.assert_allclose(metal, expected, atol=0.05)


def test_a_constant_channel_becomes_zero_and_a_rare_one_keeps_its_range():
    data = np.zeros((2, 30, 30, 1))
    data[0] = 5
    data[1, 4, 4] = -2
    out = standardised(data)
    assert not out[0].any()
    assert out[1].max() == 1
    assert out[1].min() == 0


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_the_palette_is_the_image_rounded(channels):
    rng = np.random.default_rng(channels)
    image = rng.normal(0.5, 0.3, (channels, 6, 5, 4)).astype(np.float32)
    palette = Palette.of(image)
    step = 1 / 256 if channels <= 6 else 4 / 2 ** (60 // channels)
    expected = np.clip(image, -1.5, 2.5 - step)
    np.testing.assert_allclose(
        np.moveaxis(palette.colours[palette.index], -1, 0), expected, atol=step / 2 + 1e-6
    )
    order = np.lexsort(palette.colours.T[::-1])
    np.testing.assert_array_equal(order, np.arange(len(order)))
    assert len(np.unique(palette.colours, axis=0)) == len(palette.colours)


def test_the_palette_does_not_depend_on_the_order_of_voxels():
    image = np.random.default_rng(0).random((3, 9, 8, 1)).astype(np.float32)
    one, other = Palette.of(image), Palette.of(np.flip(image, 1))
    np.testing.assert_array_equal(one.colours, other.colours)
    np.testing.assert_array_equal(one.index, np.flip(other.index, 0))


def test_counts_and_samples():
    image = np.array([0.0, 1.0, 1.0, 0.5, 1.0]).reshape(1, 5, 1, 1).astype(np.float32)
    palette = Palette.of(image)
    counts = palette.counts(np.array([1, 1, 1, 0, 1], bool).reshape(5, 1, 1))
    np.testing.assert_array_equal(counts, [1, 0, 3])
    np.testing.assert_array_equal(palette.samples(counts, 9).ravel(), [0, 1, 1, 1])
    assert palette.samples(1000 * counts, 40).mean() == pytest.approx(0.75)
    assert palette.samples(0 * counts, 9).shape == (0, 1)
