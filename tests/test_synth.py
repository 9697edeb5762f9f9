"""Synthetic images: seeded, finite, what they say they are; each component comes and goes."""

import numpy as np
import pytest
from scipy import ndimage

from delineate.synth.recipe import COMPONENTS, SHAPES, Recipe
from delineate.synth.sample import sample

FLAT, DEEP = (64, 56, 1), (32, 36, 12)
PLAIN = Recipe().only("blobs")


def balls() -> np.ndarray:
    """A label map: nested balls and a box, numbered as atlases are, with gaps."""
    i, j, k = np.indices((48, 52, 44))
    distance = np.sqrt((i - 24) ** 2 + (j - 26) ** 2 + (k - 22) ** 2)
    label_map = np.zeros(i.shape, np.int16)
    label_map[distance < 21], label_map[distance < 15], label_map[distance < 8] = 2, 41, 530
    label_map[30:36, 20:30, 10:30] = 17
    return label_map


MAPS = (balls(),)


def made(seed: int, shape=FLAT, recipe=None, maps=MAPS):
    return sample(np.random.default_rng(seed), shape, recipe or Recipe(), maps)


@pytest.mark.parametrize("shape", [FLAT, DEEP])
def test_the_same_seed_gives_the_same_image_and_another_seed_another(shape):
    for seed in range(4):
        one, again, other = made(seed, shape), made(seed, shape), made(seed + 100, shape)
        assert np.array_equal(one.image, again.image) and np.array_equal(one.labels, again.labels)
        assert one.target == again.target and one.components == again.components
        assert not np.array_equal(one.image, other.image)


@pytest.mark.parametrize(("shape", "number"), [(FLAT, 150), (DEEP, 40)])
def test_images_are_finite_and_hold_their_target(shape, number):
    for seed in range(number):
        one = made(seed, shape)
        assert one.image.shape == (1, *shape) and one.image.dtype == np.float32
        assert one.labels.shape == shape and one.labels.dtype == np.int16
        assert np.isfinite(one.image).all()
        assert one.target > 0 and one.mask.sum() >= Recipe().smallest
        assert one.labels.min() >= 0


def test_every_component_takes_part_now_and_then():
    found = set()
    for seed in range(250):
        found |= made(seed, DEEP if seed % 3 == 0 else (48, 48, 1)).components
    assert found == set(COMPONENTS)


@pytest.mark.parametrize("name", COMPONENTS)
def test_a_component_that_is_switched_off_never_takes_part(name):
    recipe = Recipe().without(name)
    shape = (24, 24, 6) if name in ("thick", "unevenness") else (40, 40, 1)
    assert all(name not in made(seed, shape, recipe).components for seed in range(8))


@pytest.mark.parametrize("name", [name for name in COMPONENTS if name not in SHAPES])
def test_a_component_that_is_always_on_is_met_and_no_other(name):
    recipe = Recipe(objects=(4, 6)).only("blobs", name)
    shape = (32, 32, 8) if name in ("thick", "unevenness") else (64, 64, 1)
    used = [made(seed, shape, recipe).components for seed in range(6)]
    assert any(name in one for one in used)
    assert set().union(*used) <= {"blobs", name}


def test_degradations_change_the_image_alone():
    for name in ("blur", "gaussian", "gamma", "streaks", "bias", "window"):
        plain, spoilt = (made(5, FLAT, PLAIN), made(5, FLAT, Recipe().only("blobs", name)))
        assert np.array_equal(plain.labels, spoilt.labels)
        assert not np.array_equal(plain.image, spoilt.image), name


@pytest.mark.parametrize("shape", [FLAT, DEEP])
@pytest.mark.parametrize("kind", ["blobs", "islands", "tubes", "trees"])
def test_a_single_shape_is_one_part(kind, shape):
    recipe = Recipe(objects=(1, 1)).only(kind)
    for seed in range(10):
        mask = made(seed, shape, recipe).mask
        assert ndimage.label(mask, np.ones((3, 3, 3)))[1] == 1
        assert 0 < mask.mean() < 1


@pytest.mark.parametrize("shape", [FLAT, DEEP])
def test_a_target_that_others_cut_keeps_one_part(shape):
    recipe = Recipe(objects=(5, 9), radius=(0.15, 0.4)).only("blobs", "touching")
    for seed in range(60):
        assert ndimage.label(made(seed, shape, recipe).mask, np.ones((3, 3, 3)))[1] == 1


def test_a_ball_without_warp_fills_its_ellipse():
    recipe = Recipe(objects=(1, 1), radius=(0.2, 0.2)).only("blobs")
    areas = [made(seed, (100, 100, 1), recipe).mask.sum() for seed in range(40)]
    assert np.median(areas) == pytest.approx(np.pi * 20**2, rel=0.25)


def test_labels_are_the_regions_of_the_image():
    recipe = Recipe().only("blobs", "lobes", "warp", "background")
    for seed in range(20):
        one = made(seed, FLAT, recipe)
        inside = one.image[0][one.mask]
        assert inside.std() < 1e-6  # one region, one intensity
        around = ndimage.binary_dilation(one.mask, np.ones((3, 3, 1))) & (one.labels == 0)
        if around.any():
            assert np.abs(one.image[0][around] - inside.mean()).mean() > 0.02


def test_means_differ_more_across_objects_than_within_where_there_are_textures_too():
    recipe = Recipe(objects=(3, 6)).only("blobs", "grain")
    across, within = [], []
    for seed in range(40):
        one = made(seed, FLAT, recipe)
        names = [n for n in np.unique(one.labels) if (one.labels == n).sum() > 30]
        values = [one.image[0][one.labels == n] for n in names]
        across.append(np.std([v.mean() for v in values]))
        within.append(np.mean([v.std() for v in values]))
    assert np.mean(across) > 2 * np.mean(within)


def test_partial_volume_makes_values_between_the_two_sides_at_edges_only():
    sharp = made(5, FLAT, Recipe(objects=(1, 1)).only("blobs"))
    soft = made(5, FLAT, Recipe(objects=(1, 1)).only("blobs", "partial_volume"))
    low, high = np.unique(sharp.image)
    between = (soft.image[0] > low + 1e-4) & (soft.image[0] < high - 1e-4)
    box = np.ones((3, 3, 1))
    edge = ndimage.binary_dilation(sharp.mask, box) & ~ndimage.binary_erosion(sharp.mask, box)
    assert len(np.unique(sharp.image)) == 2
    assert between.any() and not (between & ~edge).any()


def test_thick_slices_mix_what_lies_in_them_and_change_faster_from_slice_to_slice():
    thin, thick = (Recipe(objects=(1, 1)).only("blobs", *names) for names in ((), ("thick",)))
    spans = {}
    for name, recipe in (("thin", thin), ("thick", thick)):
        samples = [made(seed, (40, 40, 40), recipe) for seed in range(12)]
        spans[name] = np.median(
            [np.ptp(np.nonzero(s.mask)[2]) / (np.ptp(np.nonzero(s.mask)[0]) + 1) for s in samples]
        )
        levels = [len(np.unique(s.image.round(4))) for s in samples]
        assert max(levels) == 2 if name == "thin" else max(levels) > 2
        assert all((s.thickness > 1) == (name == "thick") for s in samples)
    assert spans["thick"] < 0.7 * spans["thin"]


def test_labels_of_thick_slices_are_those_of_their_middle():
    recipe, shifts = Recipe(objects=(1, 1), radius=(0.3, 0.4)).only("blobs", "thick"), []
    for seed in range(25):
        one = made(seed, (40, 40, 20), recipe)
        values = one.image[0] - one.image[0][one.labels == 0].mean()
        share = values / values[one.mask].mean()
        slices = np.arange(20)
        weights = share.clip(0).sum(axis=(0, 1)), one.mask.sum(axis=(0, 1))
        shifts.append(np.subtract(*(np.average(slices, weights=w) for w in weights)))
    assert abs(np.median(shifts)) < 0.08


def test_objects_that_the_border_cuts_are_chosen_less_often_the_less_they_weigh():
    def cut(truncated):
        recipe = Recipe(objects=(4, 6), truncated=truncated).only("blobs")
        return sum(not inside_the_image(made(seed, FLAT, recipe).mask) for seed in range(60))

    assert cut(0.0) < 0.3 * cut(1.0)


def test_inversion_is_exact():
    plain, turned = made(5, FLAT, PLAIN), made(5, FLAT, Recipe().only("blobs", "invert"))
    np.testing.assert_allclose(turned.image, 1 - plain.image, atol=1e-6)


def test_nothing_is_seen_and_nothing_labelled_outside_of_the_cone():
    for seed in range(10):
        one = made(seed, FLAT, Recipe().only("blobs", "cone"))
        dark = one.image[0] == 0
        assert dark.any() and not (one.mask & dark).any()


def inside_the_image(mask) -> bool:
    return not (mask[[0, -1]].any() or mask[:, [0, -1]].any())


def test_shells_that_the_border_does_not_cut_have_a_hole():
    recipe = Recipe(objects=(1, 1), radius=(0.2, 0.25)).only("blobs", "shells")
    rings = [made(seed, FLAT, recipe).labels[:, :, 0] == 1 for seed in range(80)]
    whole = [ring for ring in rings if inside_the_image(ring)]
    assert len(whole) > 25
    for ring in whole:
        assert (ndimage.binary_fill_holes(ring) & ~ring).any()


@pytest.mark.parametrize("name", ["nested", "inclusions", "rims"])
def test_what_is_inside_lies_inside_and_is_an_object_only_if_nested(name):
    plain = Recipe(objects=(1, 1), radius=(0.25, 0.25)).only("blobs")
    recipe = Recipe(objects=(1, 1), radius=(0.25, 0.25)).only("blobs", name)
    for seed in range(15):
        alone, filled = made(seed, FLAT, plain), made(seed, FLAT, recipe)
        assert len(np.unique(filled.image)) > 2
        assert np.array_equal(filled.labels > 0, alone.labels > 0)
        assert (filled.labels.max() > 1) == (name == "nested")


def test_anatomy_shows_structures_of_the_map_and_nothing_else():
    recipe = Recipe().only("blobs", "anatomy")
    for seed in range(10):
        one = made(seed, FLAT, recipe)
        assert one.components == {"anatomy"}
        assert len(np.unique(one.image)) <= 5  # four structures and background
        assert one.image[0][one.mask].size >= recipe.smallest


def test_outside_of_the_label_map_is_background():
    full = np.ones((20, 20, 20), np.int16)
    shown = [made(seed, FLAT, Recipe().only("blobs", "anatomy"), (full,)) for seed in range(10)]
    assert any((one.labels == 0).any() for one in shown)
    for one in shown:
        assert len(np.unique(one.image)) == len(np.unique(one.labels))


def test_without_label_maps_there_is_no_anatomy():
    assert "anatomy" not in made(0, FLAT, Recipe().only("blobs", "anatomy"), ()).components


def test_what_is_wrong_is_said():
    with pytest.raises(ValueError, match="shape is"):
        made(0, (4, 64, 1))
    with pytest.raises(ValueError, match="had no object of 100000 voxels"):
        made(0, (16, 16, 1), Recipe(smallest=100_000))
    with pytest.raises(ValueError, match=r"grain is 1\.5"):
        Recipe(grain=1.5)
    with pytest.raises(ValueError, match="all shapes have weight 0"):
        Recipe().without(*SHAPES)
    with pytest.raises(ValueError, match=r"no component is named \['circles'\]"):
        Recipe().without("circles")
    with pytest.raises(ValueError, match="contrast is"):
        Recipe(contrast=(0.5, 0.1))
    with pytest.raises(ValueError, match="three axes"):
        made(0, FLAT, Recipe().only("blobs", "anatomy"), (np.zeros((4, 4)),))
