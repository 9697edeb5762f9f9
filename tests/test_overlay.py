"""Pictures a radiologist reads: which side is which, and outlines where the mask is."""

import numpy as np
import pytest
from PIL import Image

from delineate.errors import ImageError
from delineate.overlay import best_slice, overlay, save_picture
from delineate.volume import Volume
from delineate.voxels import Voxels


def bright_at(picture) -> tuple[float, float]:
    """Where the bright part lies, as fractions down and across."""
    rows, columns = np.nonzero(picture[..., 0] > 128)
    return rows.mean() / picture.shape[0], columns.mean() / picture.shape[1]


def test_left_of_the_patient_is_on_the_right_and_front_is_up():
    image = np.zeros((20, 20, 5), np.float32)
    image[2:6, 14:18, 2] = 1  # RAS: low I is left, high J is front
    down, across = bright_at(overlay(Volume.from_array(image), (), axis=2, at=2))
    assert down < 0.3
    assert across > 0.7


@pytest.mark.parametrize("flip", [0, 1, 2])
def test_storage_order_does_not_matter(flip):
    image = np.random.default_rng(0).random((12, 14, 5)).astype(np.float32)
    volume = Volume.from_array(image, (1, 1, 3))
    again = volume.flip(flip).permute((1, 2, 0))
    at = 4 - 3 if flip == 2 else 3
    np.testing.assert_array_equal(overlay(volume, (), 2, 3), overlay(again, (), 1, at))


def test_head_is_up_in_a_sagittal_slice():
    image = np.zeros((5, 20, 20), np.float32)
    image[:, :, 15:] = 1
    down, _ = bright_at(overlay(Volume.from_array(image), (), axis=0, at=2))
    assert down < 0.3


def test_the_front_is_on_the_left_in_a_sagittal_slice():
    image = np.zeros((5, 20, 20), np.float32)
    image[:, 15:] = 1
    _, across = bright_at(overlay(Volume.from_array(image), (), axis=0, at=2))
    assert across < 0.3


def test_pixels_are_spacing_true():
    volume = Volume.from_array(np.random.default_rng(0).random((20, 10, 20)), (1.0, 1.0, 4.0))
    assert overlay(volume, (), axis=1, at=0).shape == (640, 160, 3)


def test_a_picture_is_shown_as_it_is():
    from delineate.geometry import Geometry

    image = np.zeros((20, 20, 1), np.float32)
    image[2:6, 14:18] = 1
    grid = Geometry((20, 20, 1), np.diag([-1.0, -1.0, 1.0, 1.0]))  # as pictures are read
    down, across = bright_at(overlay(Volume(image[None], grid), ()))
    assert down > 0.7
    assert across < 0.3


def test_the_outline_is_on_the_rim_of_the_mask_and_nowhere_else(tmp_path):
    mask = np.zeros((64, 64, 3), bool)
    mask[16:48, 16:48, 1] = True
    volume = Volume.from_array(np.zeros((64, 64, 3), np.float32))
    picture = overlay(volume, [("#ff0000", Voxels.from_mask(mask))], axis=2)
    red = (picture == (255, 0, 0)).all(axis=-1)
    side = 10 * 32
    assert red.sum() == side**2 - (side - 4) ** 2
    path = save_picture(picture, tmp_path / "overlay.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), picture)


def test_the_channel_that_is_asked_for_is_shown():
    dark, bright = np.zeros((2, 4, 4, 1), np.float32)
    bright[0] = 1
    volume = Volume(np.stack([dark, bright]), Volume.from_array(dark).geometry)
    assert not overlay(volume, ()).any()
    assert overlay(volume, (), channel=1).any()
    for channel in (-1, 2):
        with pytest.raises(ImageError, match=f"no channel {channel}, the channels are 0 to 1"):
            overlay(volume, (), channel=channel)


def test_the_slice_with_most_of_the_object():
    found = Voxels.of([(1, 1, 3), (1, 1, 4), (1, 2, 4)])
    assert best_slice(found, 2) == 4
    assert best_slice(Voxels.of([]), 2) == 0
    with pytest.raises(ImageError, match="no slice 9"):
        overlay(Volume.from_array(np.zeros((4, 4, 4))), (), axis=2, at=9)
