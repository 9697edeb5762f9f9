"""One line for a notebook."""

import numpy as np
import pytest

from delineate import Click, Volume, segment
from delineate.errors import ImageError, MethodError, PromptError


def block() -> np.ndarray:
    image = np.random.default_rng(0).normal(0, 0.02, (40, 40))
    image[10:30, 12:28] += 1
    return image


def test_a_picture_and_a_box():
    mask = segment(block(), box=((5, 5), (35, 35)))
    expected = np.zeros((40, 40), bool)
    expected[10:30, 12:28] = True
    np.testing.assert_array_equal(mask, expected)


def test_a_volume_a_click_on_each_side_and_a_field():
    image = np.repeat(block()[..., None], 6, axis=2)
    mask = segment(
        image, spacing=(1, 1, 3), inside=[(20, 20, 3)], outside=[(2, 2, 3)],
        method="random_walker", beta=200.0,
    )  # fmt: skip
    assert mask.shape == image.shape
    assert (mask == (image > 0.5)).mean() > 0.99


def test_colours_and_other_prompts():
    colours = np.stack([block(), block(), np.zeros((40, 40))])
    mask = segment(colours, channel_axis=0, box=((5, 5), (35, 35)), prompts=[Click((6, 6, 0))])
    assert mask.shape == (40, 40)
    assert mask[6, 6]


def test_a_volume_gives_a_volume():
    volume = Volume.from_array(block())
    assert segment(volume, box=((5, 5, 0), (35, 35, 1))).shape == (40, 40, 1)


def test_nonsense_gets_a_sentence():
    with pytest.raises(PromptError, match=r"2 indices, got \(1, 2, 3\)"):
        segment(block(), inside=[(1, 2, 3)])
    with pytest.raises(MethodError, match="there is no method 'magic'; there are:"):
        segment(block(), box=((5, 5), (35, 35)), method="magic")
    with pytest.raises(MethodError, match="graphcut has no field 'speed'"):
        segment(block(), box=((5, 5), (35, 35)), speed=11)
    with pytest.raises(ImageError, match="NaN or infinite"):
        segment(np.full((5, 5), np.nan), box=((1, 1), (3, 3)))
    with pytest.raises(ImageError, match="name the axis of channels"):
        segment(np.zeros((3, 4, 5, 6)), box=((1, 1), (3, 3)))
