"""What a click-guided method makes of clicks and images that are hardly any use."""

import numpy as np
import pytest

from click_stubs import answer, at, ball, dice, nets
from delineate.errors import PromptOutside, SeveralImages
from delineate.methods.click_fcn import ClickFCN
from delineate.prompts import Click, Scribble
from delineate.session import Session
from delineate.volume import Volume

__all__ = ["nets"]


@pytest.mark.parametrize("spot", [(-1, 3, 0), (32, 3, 0), (3, 30, 0), (3, 3, 1), (3, 3, -1)])
def test_a_click_outside_of_the_image_is_refused_and_changes_nothing(spot):
    session = Session(ball()[0], ClickFCN())
    session.add(Click(at(2)))
    before = session.mask()
    for call in (session.add, session.preview):
        with pytest.raises(PromptOutside, match="outside the image"):
            call(Click(spot))
    with pytest.raises(PromptOutside):
        session.replace(1, Click(spot))
    np.testing.assert_array_equal(session.mask(), before)
    assert len(session.history.steps) == 1


@pytest.mark.parametrize("dims", [2, 3])
def test_the_same_click_twice_says_nothing_new(dims):
    session = Session(ball(dims, noise=5)[0], ClickFCN())
    session.add(Click(at(dims)))
    once = session.mask()
    session.add(Click(at(dims)))
    assert dice(session.mask(), once) > 0.99
    session.add(Click(at(dims)), Click(at(dims)))
    assert dice(session.mask(), once) > 0.99


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("honour", [True, False])
def test_of_marks_that_contradict_each_other_in_a_voxel_the_last_counts(dims, honour):
    session = Session(ball(dims)[0], ClickFCN(honour=honour))
    spot = at(dims)
    for inside in (True, False, True, False):
        session.add(Click(spot, inside=inside))
        assert session.mask()[spot] == inside
    session.add(Scribble([spot], inside=True), Click(spot, inside=False))
    assert not session.mask()[spot]


@pytest.mark.parametrize("value", [0.0, 7.0, -1000.0, 1e30])
@pytest.mark.parametrize("shape", [(40, 40, 1), (20, 20, 12)])
def test_a_constant_image(shape, value):
    volume = Volume.from_array(np.full(shape, value, np.float32))
    spot = tuple(n // 2 for n in shape)
    found, _ = answer(ClickFCN(), volume, [Click(spot), Click((0, 0, 0), inside=False)])
    assert np.isfinite(found).all() and found[spot] > 0.5 > found[0, 0, 0]


@pytest.mark.parametrize(
    "shape", [(1, 1, 30), (30, 1, 1), (1, 30, 1), (1, 2, 30), (3, 1, 1), (1, 3, 1), (1, 1, 1)]
)
def test_images_one_voxel_wide(shape):
    volume = Volume.from_array(np.arange(np.prod(shape), dtype=np.float32).reshape(shape))
    spot = tuple(n // 2 for n in shape)
    found, _ = answer(ClickFCN(), volume, [Click(spot)])
    assert found.shape == shape and found[spot] > 0.5


@pytest.mark.parametrize("shape", [(9, 9, 2), (3, 3, 3), (3, 4, 5), (40, 30, 3)])
def test_small_and_thin_volumes(shape):
    volume = Volume.from_array(np.random.default_rng(0).random(shape), (1.0, 1.0, 6.0))
    found, _ = answer(ClickFCN(), volume, [Click((1, 1, 1)), Click((2, 2, 0), inside=False)])
    assert found[1, 1, 1] > 0.5 > found[2, 2, 0]


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("dims", [2, 3])
def test_what_voxels_are_stored_as_does_not_matter(dims, kind):
    volume, truth = ball(dims)
    scale = 100 if kind == "uint16" else 1
    data = np.rint(volume.data[0] * scale).astype(kind)
    if kind == "int16":
        data -= 1000
    found, _ = answer(ClickFCN(), Volume.from_array(data), [Click(at(dims))])
    plain, _ = answer(ClickFCN(), volume, [Click(at(dims))])
    np.testing.assert_array_equal(found > 0.5, plain > 0.5)
    assert dice(found > 0.5, truth) > 0.85


def test_colours_are_read_as_luminance_and_other_channels_need_a_choice():
    volume, _ = ball()
    grey = volume.data[0][..., 0]
    colours = Volume.from_array(np.stack([grey] * 3)[..., None], channel_axis=0)
    colours = Volume(colours.data, colours.geometry, ("red", "green", "blue"))
    plain, _ = answer(ClickFCN(), volume, [Click(at(2))])
    found, _ = answer(ClickFCN(), colours, [Click(at(2))])
    np.testing.assert_array_equal(found > 0.5, plain > 0.5)
    several = Volume.from_array(np.stack([grey * 0, grey])[..., None], channel_axis=0)
    with pytest.raises(SeveralImages, match="channel"):
        answer(ClickFCN(), several, [Click(at(2))])
    with pytest.raises(SeveralImages):
        answer(ClickFCN(channel=2), several, [Click(at(2))])
    found, _ = answer(ClickFCN(channel=1), several, [Click(at(2))])
    np.testing.assert_array_equal(found > 0.5, plain > 0.5)
