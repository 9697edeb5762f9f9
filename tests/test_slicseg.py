"""Slic-Seg: mirrored texture, textures told apart, and how it goes from slice to slice."""

import numpy as np
import pytest

from delineate.energy.texture import texture_features
from delineate.errors import MethodError
from delineate.methods.base import State
from delineate.methods.slicseg import SlicSeg
from delineate.methods.stack import mirrored_features
from delineate.prompts import Click, Scribble
from delineate.volume import Volume


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def cone(slices=7, texture=False):
    """A disc that grows from slice to slice, in slices 1 to `slices` - 2, and its mask."""
    rng = np.random.default_rng(0)
    i, j, k = np.indices((32, 36, slices))
    truth = (np.hypot(i - 15, j - 17) < 7 + k) & (k >= 1) & (k < slices - 1)
    if texture:
        image = np.where(truth, 1, 0.1) * rng.normal(0, 50, truth.shape)
    else:
        image = 80 * truth + rng.normal(0, 10, truth.shape)
    return Volume.from_array(np.rint(image), (1, 1, 3)), truth


def strokes(k):
    inside = Scribble([(15, j, k) for j in range(12, 23)])
    return inside, Scribble([(2, j, k) for j in range(3, 34)], inside=False)


def segment(volume, *prompts, state=None, observe=None, **fields):
    patch, after = SlicSeg(**fields).segment(volume, prompts, state or State(), observe)
    return patch.mask(volume.shape), after


def test_mirrored_features_are_mirrored_to_the_last_bit() -> None:
    picture = np.random.default_rng(0).normal(size=(2, 23, 18)).astype(np.float32)
    straight = mirrored_features(picture)
    assert straight.shape == (23, 18, 64)
    for axes in ((0,), (1,), (0, 1)):
        other = mirrored_features(np.flip(picture, tuple(a + 1 for a in axes)))
        np.testing.assert_array_equal(other, np.flip(straight, axes))


def test_mirrored_features_keep_what_has_no_direction() -> None:
    picture = np.random.default_rng(0).normal(size=(1, 20, 20)).astype(np.float32)
    plain, ours = texture_features(picture), mirrored_features(picture)
    np.testing.assert_allclose(ours[..., :14], plain[..., :14], atol=1e-5)
    assert (ours[..., 14:20] >= 0).all() and (plain[..., 14:20] < 0).any()


def test_tells_textures_of_the_same_brightness_apart() -> None:
    volume, truth = cone(texture=True)
    middle = volume.data[0, ..., 3]
    assert abs(middle[truth[..., 3]].mean() - middle[~truth[..., 3]].mean()) < 10
    found, _ = segment(Volume.from_array(middle), *strokes(0))
    assert dice(found[..., 0], truth[..., 3]) > 0.85


def test_goes_from_one_marked_slice_to_both_ends_and_stops() -> None:
    volume, truth = cone()
    found, _ = segment(volume, *strokes(3))
    assert dice(found, truth) > 0.95
    np.testing.assert_array_equal(found.any(axis=(0, 1)), truth.any(axis=(0, 1)))


def test_an_outside_mark_in_another_slice_is_kept_to_there() -> None:
    volume, _ = cone()
    found, _ = segment(volume, *strokes(3), Click((15, 17, 4), inside=False))
    assert not found[15, 17, 4] and found[15, 17, 3]


def test_slices_lie_across_the_axis_of_the_prompt() -> None:
    volume, _ = cone()
    seen = []
    for axis in (None, 0):
        counted = []
        prompts = Click((15, 17, 3), axis=axis), Click((15, 2, 3), inside=False, axis=axis)
        segment(volume, *prompts, observe=lambda f, p, c=counted: c.append(f))
        seen.append(counted[1])
    np.testing.assert_allclose(seen, [1 / 7, 1 / 32])


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_volume_gives_the_mirrored_mask_to_the_last_voxel(axis) -> None:
    volume, _ = cone()

    def mirrored(prompt):
        at = prompt.voxels.indices()
        at[:, axis] = volume.shape[axis] - 1 - at[:, axis]
        return Scribble(at, prompt.inside)

    straight, _ = segment(volume, *strokes(3))
    turned = Volume.from_array(np.flip(volume.data[0], axis), (1, 1, 3))
    other, _ = segment(turned, *map(mirrored, strokes(3)))
    np.testing.assert_array_equal(other, np.flip(straight, axis))


def test_only_the_part_that_is_marked_stays() -> None:
    image = np.zeros((40, 80))
    image[10:30, 10:30] = image[10:30, 50:70] = 100
    volume = Volume.from_array(image + np.rint(np.random.default_rng(0).normal(0, 5, image.shape)))
    found, _ = segment(
        volume,
        Scribble([(20, j, 0) for j in range(14, 26)]),
        Scribble([(3, j, 0) for j in range(3, 77)], inside=False),
    )
    assert found[20, 20] and not found[:, 45:].any()


def test_kept_texture_and_earlier_answers_change_nothing() -> None:
    volume, _ = cone()
    _, state = segment(volume, *strokes(3))
    more = Click((15, 34, 4), inside=False)
    again, _ = segment(volume, *strokes(3), more, state=state)
    fresh, _ = segment(volume, *strokes(3), more)
    np.testing.assert_array_equal(again, fresh)
    assert not state.learned


def test_another_seed_is_another_forest() -> None:
    volume, _ = cone(texture=True)
    answers = [
        SlicSeg(seed=seed).segment(volume, strokes(3), State())[0].full(volume.shape)
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(answers[0], answers[1])
    assert (answers[0] != answers[2]).any()


def test_refusals() -> None:
    for name in ("smoothness", "brush_voxels", "ends", "middle", "margin_mm", "seed"):
        with pytest.raises(MethodError, match=f"{name} is -1"):
            SlicSeg(**{name: -1})
    for name in ("trust", "sigma", "slope", "limit", "trees", "samples"):
        with pytest.raises(MethodError, match=f"{name} is 0"):
            SlicSeg(**{name: 0})
