"""Crops and the stream: bounds, margins, order, and the same samples from any number of workers."""

from itertools import islice

import numpy as np
import pytest

from delineate.synth.recipe import Recipe, RecipeError
from delineate.synth.stream import batch, box_with_margin, draw, stream, visibility

RECIPE = Recipe()
SMALL = (32, 32)


@pytest.mark.parametrize(("size", "number"), [((96, 96), 80), ((32, 40), 40), ((24, 28, 20), 15)])
def test_crops_have_the_size_and_the_object_its_share(size, number):
    for seed in range(number):
        image, mask = draw(seed, RECIPE, size)
        assert image.shape == (1, *size) and image.dtype == np.float32
        assert mask.shape == size and mask.dtype == bool
        assert np.isfinite(image).all()
        assert abs(image.mean()) < 1e-3
        assert image.std() == pytest.approx(1, abs=1e-3)
        assert RECIPE.fraction[0] <= mask.mean() <= RECIPE.fraction[1]
        assert visibility(image[0], mask) > RECIPE.visibility - 0.02


def test_the_same_seed_gives_the_same_crop():
    for seed in (7, (7, 3)):
        one, again = draw(seed, RECIPE, SMALL), draw(seed, RECIPE, SMALL)
        assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(draw((7, 3), RECIPE, SMALL)[0], draw((7, 4), RECIPE, SMALL)[0])


def test_margins_are_uniform_from_0_to_10():
    mask = np.zeros((60, 60, 60), bool)
    mask[20:30, 25:31, 29] = True
    rng = np.random.default_rng(0)
    boxes = np.array([box_with_margin(rng, mask, RECIPE) for _ in range(2000)])
    below, above = [20, 25, 29] - boxes[:, 0], boxes[:, 1] - [30, 31, 30]
    for margins in (*below.T, *above.T):
        counts = np.bincount(margins, minlength=11)
        assert len(counts) == 11
        assert counts.min() > 2000 / 11 * 0.7 and counts.max() < 2000 / 11 * 1.3


def test_margins_end_at_the_border_and_are_a_field():
    mask = np.zeros((12, 12, 1), bool)
    mask[1:11, 3:5] = True
    rng = np.random.default_rng(0)
    for _ in range(50):
        low, high = box_with_margin(rng, mask, RECIPE)
        assert (low >= 0).all() and (high <= mask.shape).all()
    low, high = box_with_margin(rng, mask, Recipe(margin=(0, 0)))
    assert low.tolist() == [1, 3, 0] and high.tolist() == [11, 5, 1]


def test_a_stretched_crop_without_margin_touches_all_sides():
    recipe = Recipe(margin=(0, 0), stretch=1.0, extent=(120, 150), fraction=(0.2, 1.0))
    for seed in range(10):
        _, mask = draw(seed, recipe, SMALL)
        sides = mask[:2], mask[-2:], mask[:, :2], mask[:, -2:]
        assert sum(side.any() for side in sides) >= 3


@pytest.mark.parametrize("stretch", [0.0, 1.0])
@pytest.mark.parametrize("size", [SMALL, (24, 28, 20)])
def test_image_and_mask_of_a_crop_lie_on_each_other(size, stretch):
    recipe = Recipe(objects=(1, 1), stretch=stretch).only("blobs")
    for seed in range(12):
        image, mask = draw(seed, recipe, size)
        assert abs(np.corrcoef(image.ravel(), mask.ravel())[0, 1]) > 0.9


def test_visibility_by_hand():
    mask = np.zeros((32, 32), bool)
    mask[:, :16] = True
    rng = np.random.default_rng(0)
    noise = rng.normal(size=mask.shape).astype(np.float32)
    assert visibility(noise, mask) < 0.25
    assert visibility(noise + 20 * mask.astype(np.float32), mask) == pytest.approx(1)
    assert visibility(np.ones_like(noise), mask) == 0
    assert visibility(noise, np.ones_like(mask)) == 0


def test_batches_are_the_stream_from_any_number_of_workers_and_any_start():
    here = list(islice(stream(5, RECIPE, 0, SMALL, 3), 4))
    images, masks = here[2]
    assert images.shape == (3, 1, *SMALL) and masks.shape == (3, *SMALL)
    assert np.array_equal(images[1], draw((5, 7), RECIPE, SMALL)[0])
    assert np.array_equal(batch(5, 2, RECIPE, SMALL, 3)[0], images)
    there = list(islice(stream(5, RECIPE, 2, SMALL, 3, start=1), 3))
    for one, other in zip(here[1:], there, strict=True):
        assert np.array_equal(one[0], other[0]) and np.array_equal(one[1], other[1])


def test_workers_know_the_label_maps():
    label_map = np.zeros((40, 40, 40), np.int16)
    label_map[8:30, 10:32, 9:33] = 4
    recipe = Recipe().only("blobs", "anatomy")
    here, there = (next(stream(0, recipe, n, SMALL, 2, 0, (label_map,))) for n in (0, 1))
    assert np.array_equal(here[0], there[0])
    assert not np.array_equal(here[0], next(stream(0, recipe, 0, SMALL, 2))[0])


def test_a_size_that_makes_no_sense_is_refused():
    for size in ((32,), (4, 32), (8, 8, 8, 8)):
        with pytest.raises(ValueError, match="size is"):
            draw(0, RECIPE, size)


def test_crops_that_cannot_be_made_are_given_up():
    with pytest.raises(RecipeError, match="200 crops had no object"):
        draw(0, Recipe(visibility=1.1, extent=(16, 20), smallest=5).only("blobs"), (8, 8))


def test_it_needs_neither_torch_nor_readers_of_images():
    import subprocess
    import sys

    heavy = "{'torch', 'monai', 'SimpleITK', 'nibabel', 'skimage', 'pandas'}"
    code = f"import sys, delineate.synth.stream; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
