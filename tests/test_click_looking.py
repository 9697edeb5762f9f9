"""Where the click-guided method looks: windows of several widths, and which answer is agreed on."""

import numpy as np
import pytest

from click_stubs import IMAGE, answer, ball, dice, nets
from delineate.methods import click_fcn
from delineate.methods.click_fcn import ClickFCN
from delineate.methods.looking import Look, next_window, window_around
from delineate.methods.scales import Answer, agreed, narrowing
from delineate.prompts import Click
from delineate.region import Region
from delineate.train.windows import fitted
from delineate.volume import Volume
from delineate.voxels import Voxels

__all__ = ["nets"]


def test_a_small_object_in_a_large_picture_is_looked_at_closely(nets):
    image = np.zeros((700, 500), np.float32)
    i, j = np.mgrid[:700, :500]
    truth = (i - 600) ** 2 + (j - 60) ** 2 <= 12**2
    image[truth] = 1
    volume = Volume.from_array(image)
    found, state = answer(ClickFCN(scales_2d=1), volume, [Click((602, 62, 0))])
    assert dice(found[..., 0] > 0.5, truth) > 0.95
    assert 2 <= len(nets["click-2d"].asked) <= 3
    (low, high) = state.learned["window"]
    assert 40 <= high[0] - low[0] <= 90
    coarse, _ = answer(ClickFCN(looks=1, scales_2d=1, beside=0), volume, [Click((602, 62, 0))])
    assert dice(coarse[..., 0] > 0.5, truth) < 0.8


def test_the_scale_is_that_on_which_most_windows_agree(nets):
    """A network that finds all that is brighter than most of its window."""
    image = np.zeros((512, 512), np.float32)
    image[:, :200] = 3.0
    i, j = np.mgrid[:512, :512]
    truth = (i - 300) ** 2 + (j - 320) ** 2 <= 20**2
    image[truth] = 1.0
    volume, click = Volume.from_array(image), Click((303, 318, 0))
    found, state = answer(ClickFCN(beside=0), volume, [click])
    assert dice(found[..., 0] > 0.5, truth) > 0.9
    (low, high) = state.learned["window"]
    assert 60 <= high[0] - low[0] <= 120
    assert 6 <= len(nets["click-2d"].asked) <= 7
    narrow, _ = answer(ClickFCN(beside=0, scales_2d=1, looks=1), volume, [click])
    assert dice(narrow[..., 0] > 0.5, truth) < 0.5


def test_windows_narrow_around_a_mark():
    volume = Volume.from_array(np.zeros((100, 220), np.float32), (2.0, 1.0, 1.0))
    mark = Region((95, 30, 0), (96, 31, 1))
    found = narrowing(mark, volume, 9)
    assert found[0] == Region.whole(volume.shape)
    for number, window in enumerate(found[1:], 1):
        assert window.holds(mark)
        expected = (min(100, round(110 / 2**number)), round(220 / 2**number), 1)
        assert np.abs(np.subtract(window.shape, expected)).max() <= 1
    assert min(found[-1].shape[:2]) >= 16 > min(found[-1].shape[:2]) / 2
    assert narrowing(Region((96, 31, 0), (97, 32, 1)), volume, 9)[:2] == found[:2]
    assert len(narrowing(mark, volume, 2)) == 2


def test_the_answer_is_agreed_on_that_is_most_like_all_others_where_they_looked():
    rng = np.random.default_rng(0)
    for _ in range(30):
        answers, looked = [], []
        for _ in range(5):
            low = rng.integers(0, 4, 2)
            window = Region((*low.tolist(), 0), (*(low + rng.integers(3, 5, 2)).tolist(), 1))
            mask = np.zeros((8, 7, 1), bool)
            mask[window.slices] = rng.random(window.shape) < rng.uniform(0.2, 1)
            mask[window.low] = True
            answers.append(Answer(window, Voxels.from_mask(mask), bool(rng.random() < 0.4)))
            looked.append((window.slices, mask))
        likeness = [
            sum((m[s] & other[s]).sum() / (m[s] | other[s]).sum() for s, other in looked)
            for _, m in looked
        ]
        allowed = [n for n in range(5) if not answers[n].cut] or list(range(5))
        assert agreed(answers) == max(allowed, key=likeness.__getitem__)


def test_what_fills_narrow_windows_is_large():
    def block(low, high):
        region = Region((low, low, 0), (high, high, 1))
        return region, Voxels.from_mask(np.ones(region.shape, bool), region.low)

    filled = [block(32 - n, 32 + n) for n in (8, 4)]
    answers = [
        Answer(Region.whole((64, 64, 1)), block(6, 60)[1], cut=False),
        Answer(block(16, 48)[0], block(29, 35)[1], cut=False),
        *(Answer(window, mask, cut=True) for window, mask in filled),
    ]
    assert agreed(answers) == 0


def test_an_answer_that_reaches_a_side_of_its_window_is_said_to_be_cut(monkeypatch):
    image = np.zeros((256, 256), np.float32)
    image[120:136, 40:220] = 1
    heard = []
    monkeypatch.setattr(click_fcn, "agreed", lambda answers: heard.extend(answers) or 0)
    answer(ClickFCN(beside=0), Volume.from_array(image), [Click((128, 130, 0))])
    for one in heard:
        (low, high), (first, last) = (
            np.array([part.low[:2], part.high[:2]]) for part in (one.window, one.mask.region)
        )
        reached = ((first == low) & (low > 0)) | ((last == high) & (high < 256))
        assert one.cut == reached.any()
    assert {one.cut for one in heard} == {False, True}


def test_a_volume_is_looked_at_in_narrower_windows_first(nets):
    image = np.zeros((96, 96, 40), np.float32)
    image[40:56, 42:58, 14:26] = 1
    for scales, expected in ((3, 4), (1, 1)):
        nets["click-3d"].asked.clear()
        method = ClickFCN(beside_3d=0, scales_3d=scales)
        _, state = answer(method, Volume.from_array(image), [Click((48, 50, 20))])
        assert len(nets["click-3d"].asked) == expected
        low, high = state.learned["window"]
        assert (high[0] - low[0] == 96) == (scales == 1)


def test_where_nothing_is_found_it_looks_closer(nets):
    image = np.zeros((900, 900), np.float32)
    image[440:460, 440:444] = 1
    method = ClickFCN(scales_2d=1, beside=0)
    answer(method, Volume.from_array(image), [Click((445, 441, 0))])
    sides = [x[IMAGE].shape for x in nets["click-2d"].asked]
    assert len(sides) == 3


def test_an_object_cut_by_the_window_is_looked_at_from_further_away():
    volume = Volume.from_array(np.zeros((100, 100), np.float32))
    here = Region((40, 40, 0), (60, 60, 1))
    look = Look.at(volume, here, 32, None)
    found = np.zeros((32, 32, 1), bool)
    found[:, 10:20] = True
    marks = {(16, 15, 0): True}
    wider = next_window(look, found, marks, volume, 2.0)
    assert wider.holds(here) and max(wider.shape) == 40
    for turned in range(4):
        part = np.zeros((32, 32), bool)
        part[:14, 10:22] = True
        part = np.rot90(part, turned)[..., None]
        spot = tuple(int(i) for i in np.argwhere(part)[20])
        assert next_window(look, part, {spot: True}, volume, 2.0) is not None
    found[:] = False
    found[10:22, 10:22] = True
    assert next_window(look, found, marks, volume, 2.0) is None
    closer = next_window(look, ~found[::-1], {(1, 1, 0): True}, volume, 2.0)
    assert closer is not None
    assert next_window(look, found & False, {(16, 15, 0): False}, volume, 2.0) is None


def test_only_the_part_that_was_clicked_says_where_to_look():
    image = np.zeros((300, 300), np.float32)
    image[20:30, 20:30] = image[200:290, 200:290] = 1
    _, state = answer(ClickFCN(), Volume.from_array(image), [Click((25, 25, 0))])
    assert max(state.learned["window"][1]) < 80


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 3.0)])
def test_it_sees_what_it_was_trained_on(dims, spacing):
    """The same window by way of training and by way of use."""
    volume, truth = ball(dims, spacing, noise=20)
    window = window_around(Region((8, 9, 0), (21, 22, 1 if dims == 2 else 12)), volume, 1.7)
    longest = 32 if dims == 2 else 24
    look = Look.at(volume, window, longest, None)
    image = volume.data[0][window.slices]
    mask = truth[window.slices]
    if dims == 2:
        image, mask = image[..., 0], mask[..., 0]
    size = (longest, longest) if dims == 2 else (longest, longest, look.image.shape[2])
    theirs = fitted(None, image, mask, spacing[2], size)
    ours = look.image[..., 0] if dims == 2 else look.image
    place = tuple(
        slice((b - a) // 2, (b - a) // 2 + a) for a, b in zip(ours.shape, size, strict=True)
    )
    np.testing.assert_allclose(theirs.image[place], ours, atol=1e-4)
    if dims == 3:
        assert theirs.thickness == pytest.approx(look.crop.spacing[2] / look.crop.spacing[0])
