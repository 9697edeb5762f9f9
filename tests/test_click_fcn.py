"""The click-guided method with networks made by hand, whose answers are known."""

import dataclasses
import pickle

import numpy as np
import pytest

from click_stubs import (
    BOX,
    IMAGE,
    INSIDE,
    OUTSIDE,
    PREVIOUS,
    answer,
    at,
    ball,
    dice,
    nets,
    wrong_clicks,
)  # fmt: skip
from delineate.errors import Cancelled, MethodError, PromptsMissing, SeveralImages, TooLarge
from delineate.methods.click_fcn import ClickFCN
from delineate.methods.honouring import honoured
from delineate.methods.looking import Look, window_around
from delineate.prompts import Box, Click, Given, Scribble
from delineate.region import Region
from delineate.session import Session
from delineate.storage import pack_learned, unpack_learned
from delineate.volume import Volume
from delineate.voxels import Voxels

__all__ = ["nets"]


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (1.0, 1.0, 2.5), (0.5, 0.5, 0.5)])
@pytest.mark.parametrize("dims", [2, 3])
def test_one_click_gives_a_mask(dims, spacing):
    volume, truth = ball(dims, spacing)
    found, _ = answer(ClickFCN(), volume, [Click(at(dims))])
    assert dice(found > 0.5, truth) > (0.9 if dims == 2 else 0.85)


@pytest.mark.parametrize(("dims", "other"), [(2, "beside_3d"), (3, "beside")])
def test_marks_speak_in_pictures_and_in_volumes_by_fields_of_their_own(dims, other):
    volume, _ = ball(dims, noise=5)
    marks = [Click(at(dims)), Click(at(dims, 3, 3), inside=False)]
    own = "beside" if dims == 2 else "beside_3d"

    def found(**fields):
        return answer(ClickFCN(honour=False, **fields), volume, marks)[0]

    silent = found(beside=0, beside_3d=0)
    np.testing.assert_array_equal(found(**{own: 0, other: 50}), silent)
    assert np.abs(found(**{own: 50, other: 0}) - silent).max() > 0.01


def test_marks_speak_for_what_looks_the_same_beside_them():
    """What is dark, where the network finds what is bright."""
    image = np.ones((32, 32), np.float32)
    image[:, 16:] = 0.0
    volume = Volume.from_array(image + np.random.default_rng(0).normal(0, 0.02, image.shape))
    marks = [
        *(Click((i, 22, 0)) for i in (6, 16, 26)),
        *(Click((i, 8, 0), inside=False) for i in (6, 16, 26)),
    ]
    method = ClickFCN(honour=False, scales_2d=1, looks=1, reach=0.5)
    alone, _ = answer(dataclasses.replace(method, beside=0), volume, marks)
    assert alone[16, 23, 0] < 0.5 < alone[16, 9, 0]
    found, _ = answer(method, volume, marks)
    assert dice(found[..., 0] > 0.5, image == 0) > 0.9


@pytest.mark.parametrize("dims", [2, 3])
def test_what_is_said_is_drawn_where_it_is(nets, dims):
    volume, truth = ball(dims)
    depth = volume.shape[2]
    before = Given(Voxels.from_mask(truth))
    prompts = [
        before,
        Box((4, 5, 0), (26, 27, depth)),
        Click(at(dims)),
        Scribble([at(dims, 6, j) for j in range(8, 12)], inside=False),
    ]
    answer(ClickFCN(), volume, prompts)
    (seen,) = nets[f"click-{dims}d"].asked
    window = window_around(prompts[1].region, volume, 2.0)
    look = Look.at(volume, window, 32 if dims == 2 else 30, None)
    np.testing.assert_allclose(seen[IMAGE].reshape(look.image.shape), look.image)
    maps = seen[1:].reshape(4, *look.crop.shape)
    (cell,) = look.cells(np.array([at(dims)]))
    assert maps[INSIDE - 1][cell] == 1 and (maps[INSIDE - 1] == 1).sum() == 1
    for j in range(8, 12):
        (cell,) = look.cells(np.array([at(dims, 6, j)]))
        assert maps[OUTSIDE - 1][cell] == 1
    inside = maps[BOX - 1] > 0
    middle = look.mask(before.voxels)
    assert inside[middle].all() and 0 < inside.mean() < 1
    np.testing.assert_array_equal(maps[PREVIOUS - 1] > 0, middle)


@pytest.mark.parametrize("dims", [2, 3])
def test_every_click_is_honoured_in_the_raw_probability(dims):
    """By a network that does not read clicks; without the correction none of these is."""
    volume, truth = ball(dims, noise=5)
    rng = np.random.default_rng(0)
    spots = [tuple(int(rng.integers(n)) for n in volume.shape) for _ in range(40)]
    alone = ClickFCN(honour=False, beside=0, beside_3d=0)
    for method, expected in ((ClickFCN(beside=0), 1.0), (alone, 0.0)):
        kept = []
        for spot in spots:
            click = Click(spot, inside=not truth[spot])
            found, _ = answer(method, volume, [Click(at(dims)), click])
            kept.append((found[spot] > 0.5) == click.inside)
        assert np.mean(kept) == expected if expected else np.mean(kept) < 0.2


def test_a_click_moves_the_answer_around_it_and_nowhere_else():
    volume, _ = ball()
    alone, _ = answer(ClickFCN(), volume, [Click(at(2))])
    found, _ = answer(ClickFCN(), volume, wrong_clicks(2)[:2])
    changed = np.argwhere((found > 0.5) != (alone > 0.5))
    away = np.abs(changed - (10, 13, 0)).max(axis=1)
    assert len(changed) > 4 and away.max() <= 6


@pytest.mark.parametrize("dims", [2, 3])
def test_tuning_the_last_layers_follows_clicks_a_network_ignores(dims):
    volume, _ = ball(dims)
    marks = [Click(at(dims)), Scribble([at(dims, 24, j) for j in range(8, 20)])]
    plain = ClickFCN(honour=False, beside=0, beside_3d=0)
    tuned = dataclasses.replace(plain, steps=60, rate=0.5)
    spot = at(dims, 24, 14)
    assert answer(plain, volume, marks)[0][spot] < 0.5
    before, after = answer(plain, volume, marks)[0], answer(tuned, volume, marks)[0]
    assert after[spot] > before[spot]
    assert (after[at(dims)] > 0.5).all()


def test_tuning_leaves_the_network_alone(nets):
    kept = pickle.dumps(nets["click-2d"].classifier.state_dict())
    answer(ClickFCN(steps=5), *(ball()[0], wrong_clicks(2)))
    assert pickle.dumps(nets["click-2d"].classifier.state_dict()) == kept


def test_mirrored_answers_are_averaged(nets):
    volume, _ = ball(noise=8)
    one, _ = answer(ClickFCN(honour=False), volume, [Click(at(2))])
    asked = len(nets["click-2d"].asked)
    mean, _ = answer(ClickFCN(honour=False, mirrored=True), volume, [Click(at(2))])
    assert len(nets["click-2d"].asked) == 5 * asked
    np.testing.assert_allclose(one, mean, atol=1e-5)


def test_honouring_by_hand():
    flat = np.full((11, 11, 1), 0.2, np.float32)
    assert honoured(flat, {(5, 5, 0): False}, (1.0, 1.0, 1.0), 2.0) is flat
    moved = honoured(flat, {(5, 5, 0): True}, (1.0, 1.0, 1.0), 3.0)
    for spot in np.ndindex(*flat.shape):
        squared = (spot[0] - 5) ** 2 + (spot[1] - 5) ** 2
        odds = max(0.85 * (1 - squared / 9), np.log(0.2 / 0.8)) if squared < 9 else np.log(0.25)
        assert moved[spot] == pytest.approx(1 / (1 + np.exp(-odds)), abs=1e-5)
    out = honoured(np.full((11, 11, 1), 1.0, np.float32), {(5, 5, 0): False}, (1, 1, 1), 3.0)
    np.testing.assert_array_equal(out < 0.5, moved > 0.5)
    thick = honoured(np.full((9, 9, 5), 0.2, np.float32), {(4, 4, 2): True}, (1, 1, 4), 3.0)
    assert (thick > 0.5).sum() == (thick[:, :, 2] > 0.5).sum() == 25


def test_marks_beside_each_other_are_both_honoured():
    marks = {(5, 5, 0): True, (5, 6, 0): False, (6, 5, 0): False, (4, 4, 0): True}
    for start in (0.01, 0.5, 0.99):
        found = honoured(np.full((11, 11, 1), start, np.float32), marks, (1, 1, 1), 3.0)
        assert all((found[spot] > 0.5) == inside for spot, inside in marks.items())
        assert all(abs(found[spot] - 0.5) > 0.19 for spot in marks)


def test_a_later_click_is_made_on_the_answer_before(nets):
    volume, _ = ball()
    method = ClickFCN()
    first, state = answer(method, volume, [Click(at(2))])
    answer(method, volume, [Click(at(2)), Click(at(2, 3, 3), inside=False)], state)
    previous = nets["click-2d"].asked[-1][PREVIOUS]
    assert previous.any() and not nets["click-2d"].asked[0][PREVIOUS].any()
    look = Look.at(volume, Region(*map(tuple, state.learned["window"])), 32, None)
    shown = look.mask(Voxels.from_mask(first > 0.5))
    np.testing.assert_array_equal(previous > 0, shown[..., 0])


def test_the_same_prompts_asked_again_give_the_same_answer():
    volume, _ = ball(noise=20)
    method = ClickFCN()
    _, state = answer(method, volume, wrong_clicks(2)[:1])
    two, after = answer(method, volume, wrong_clicks(2)[:2], state)
    learned = unpack_learned(pack_learned(after.learned))
    again, later = answer(
        method,
        volume,
        wrong_clicks(2)[:2],
        dataclasses.replace(method.start(volume), learned=learned),
    )
    np.testing.assert_array_equal(two, again)
    assert later.learned == after.learned


def test_a_kept_image_part_changes_no_answer():
    volume, _ = ball(noise=20)
    method = ClickFCN()
    _, state = answer(method, volume, wrong_clicks(2)[:2])
    kept, _ = answer(method, volume, wrong_clicks(2), state)
    fresh = dataclasses.replace(state, image=None)
    np.testing.assert_array_equal(kept, answer(method, volume, wrong_clicks(2), fresh)[0])


def test_state_and_image_are_left_alone():
    volume, _ = ball()
    method = ClickFCN()
    _, state = answer(method, volume, wrong_clicks(2)[:1])
    kept = pickle.dumps(state)
    answer(method, volume, wrong_clicks(2), state)
    assert pickle.dumps(state) == kept


def test_nothing_outside_of_a_box_but_where_a_mark_stretches_it():
    volume, truth = ball()
    frame = Box((10, 10, 0), (15, 15, 1))
    found, _ = answer(ClickFCN(), volume, [frame])
    assert set(map(tuple, np.argwhere(found > 0.5))) <= set(map(tuple, np.argwhere(truth)))
    assert not found[15:].any() and found[12, 12, 0] > 0.5
    wider, _ = answer(ClickFCN(), volume, [frame, Click((19, 12, 0))])
    assert wider[18, 12, 0] > 0.5
    tiny, _ = answer(ClickFCN(), volume, [Box((14, 15, 0), (15, 16, 1))])
    assert set(map(tuple, np.argwhere(tiny > 0.5))) <= {(14, 15, 0)}


def test_starts_from_a_mask(nets):
    volume, truth = ball()
    given = Given(Voxels.from_mask(np.roll(truth, 3, axis=0)))
    found, _ = answer(ClickFCN(), volume, [given, Click((2, 2, 0), inside=False)])
    assert dice(found > 0.5, truth) > 0.9
    assert nets["click-2d"].asked[0][PREVIOUS].any()
    method = ClickFCN()
    _, state = answer(method, volume, [Click(at(2))])
    answer(method, volume, [Click(at(2)), given, Click((25, 15, 0))], state)
    last = nets["click-2d"].asked[-1]
    assert last[PREVIOUS].any()
    assert last[INSIDE].max() == 1 and (last[INSIDE] == 1).sum() == 1


def test_it_says_what_is_missing():
    volume, _ = ball()
    for prompts in ([Click((3, 3, 0), inside=False)], [Given(Voxels.of([]))]):
        with pytest.raises(PromptsMissing, match="inside the object"):
            answer(ClickFCN(), volume, prompts)
    with pytest.raises(TooLarge, match="most_voxels"):
        answer(ClickFCN(most_voxels=10), volume, [Click(at(2))])
    with pytest.raises(SeveralImages, match=r"0 \("):
        answer(
            ClickFCN(), Volume.from_array(np.zeros((2, 9, 9)), channel_axis=0), [Click((4, 4, 0))]
        )


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"looks": 0}, "looks is 0"),
        ({"context": 0.5}, "context is 0.5"),
        ({"radius": 0}, "radius is 0"),
        ({"steps": -1}, "steps is -1"),
        ({"scales_2d": 0}, "scales_2d is 0"),
        ({"beside": -1}, "beside is -1"),
        ({"reach": 0}, "reach is 0"),
    ],
)
def test_fields_out_of_range_are_refused(fields, text):
    with pytest.raises(MethodError, match=text):
        ClickFCN(**fields)


def test_weights_for_something_else_are_refused():
    volume, _ = ball()
    with pytest.raises(MethodError, match="'pnet' were not taught clicks"):
        answer(ClickFCN(weights="pnet"), volume, [Click(at(2))])
    with pytest.raises(MethodError, match="network in 3D; the image is 2D"):
        answer(ClickFCN(weights="click-3d"), volume, [Click(at(2))])


def test_a_click_beyond_the_window_moves_it():
    image = np.zeros((200, 200), np.float32)
    image[20:30, 20:30] = image[170:180, 170:180] = 1
    session = Session(Volume.from_array(image), ClickFCN())
    session.add(Click((25, 25, 0)))
    assert not session.mask()[175, 175, 0]
    session.add(Click((175, 175, 0)))
    assert session.mask()[172:178, 172:178].all() and session.mask()[22:28, 22:28].all()


def test_undo_brings_back_the_answer_and_what_it_came_from():
    session = Session(ball(noise=20)[0], ClickFCN())
    masks = []
    for click in wrong_clicks(2):
        session.add(click)
        masks.append(session.probability())
    session.undo()
    np.testing.assert_array_equal(session.probability(), masks[1])
    session.add(wrong_clicks(2)[2])
    np.testing.assert_array_equal(session.probability(), masks[2])


def test_previews_share_the_image_and_make_no_step(monkeypatch):
    looked = []
    plain = Look.at
    monkeypatch.setattr(
        Look, "at", classmethod(lambda cls, *parts: looked.append(parts[1]) or plain(*parts))
    )
    session = Session(ball(noise=10)[0], ClickFCN())
    session.add(Click(at(2)))
    count, before = len(looked), session.mask()
    shown = [
        session.preview(Click((9, j, 0), inside=False)).mask.on(Region.whole((32, 30, 1)))
        for j in (13, 15, 17)
    ]
    moved = session.preview(Click(at(2, 15, 15)), replacing=1)
    assert len(moved.mask)
    assert len(looked) == count
    assert not np.array_equal(shown[0], shown[1]) and not shown[0][9, 13, 0]
    np.testing.assert_array_equal(session.mask(), before)
    assert len(session.history.steps) == 1
    session.add(Click((9, 13, 0), inside=False))
    np.testing.assert_array_equal(session.mask(), shown[0])


def test_dragging_the_first_click_looks_at_each_window_once(monkeypatch):
    image = np.zeros((300, 300), np.float32)
    image[50:60, 50:60] = 1
    looked = []
    plain = Look.at
    monkeypatch.setattr(
        Look, "at", classmethod(lambda cls, *parts: looked.append(parts[1]) or plain(*parts))
    )
    session = Session(Volume.from_array(image), ClickFCN())
    session.add(Click((55, 55, 0)))
    masks = [session.preview(Click((54, j, 0)), replacing=1).mask for j in (53, 54, 53, 54)]
    assert masks[0] == masks[2] and masks[1] == masks[3]
    assert len(looked) == len(set(looked)) >= 2
    session.replace(1, Click((54, 54, 0)))
    assert session.object().mask == masks[1]


def test_a_moved_click_is_made_on_the_mask_before_it(nets):
    session = Session(ball(noise=10)[0], ClickFCN())
    first, second, _ = wrong_clicks(2)
    session.add(first)
    before = session.mask()
    (number,) = session.add(second).ids
    session.replace(number, Click((3, 3, 0), inside=False))
    window = Region(*map(tuple, session.history.learned[3]["window"]))
    shown = Look.at(session.volume, window, 32, None).mask(Voxels.from_mask(before))
    previous = nets["click-2d"].asked[-1][PREVIOUS]
    assert previous.any()
    np.testing.assert_array_equal(previous > 0, shown[..., 0])
    session.replace(number, second)
    moved_back = session.probability()
    session.undo()
    session.undo()
    np.testing.assert_array_equal(moved_back, session.probability())
    session.replace(1, Click((14, 14, 0)))
    assert not nets["click-2d"].asked[-1][PREVIOUS].any()


def test_a_click_taken_away_leaves_the_answer_before_it():
    session = Session(ball(noise=10)[0], ClickFCN())
    masks = []
    for click in wrong_clicks(2):
        session.add(click)
        masks.append(session.probability())
    session.remove(3)
    np.testing.assert_array_equal(session.probability(), masks[1])


def test_progress_is_told_and_may_cancel():
    image = np.zeros((300, 300), np.float32)
    image[50:60, 50:60] = 1
    session = Session(Volume.from_array(image), ClickFCN(scales_2d=1))
    seen = []
    session.add(Click((55, 55, 0)), observe=lambda done, patch=None: seen.append((done, patch)))
    done = [fraction for fraction, _ in seen]
    assert done == sorted(done) and done[0] == 0 and done[-1] == 1 and len(done) >= 3
    assert any(patch is not None for _, patch in seen[:-1])
    before = session.mask()

    def stop(fraction, patch=None):
        raise Cancelled("superseded")

    for call in (session.add, session.preview):
        with pytest.raises(Cancelled):
            call(Click((10, 10, 0)), observe=stop)
    np.testing.assert_array_equal(session.mask(), before)
    assert len(session.history.steps) == 1


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_each_slice_of_a_volume_by_itself(axis):
    volume, truth = ball(3)
    session = Session(volume, ClickFCN(), dims=2)
    session.add(Click((14, 15, 8), axis=axis))
    found = session.mask()
    slice_ = [slice(None)] * 3
    slice_[axis] = slice((14, 15, 8)[axis], (14, 15, 8)[axis] + 1)
    assert dice(found[tuple(slice_)], truth[tuple(slice_)]) > 0.85
    found[tuple(slice_)] = False
    assert not found.any()
