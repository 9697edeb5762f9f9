"""The imperfect user: how far off, how often wrong, how often late."""

import numpy as np
import pytest

from delineate.errors import MethodError
from delineate.prompts import Box, Click, Scribble
from delineate.users import find
from delineate.users.imperfect import Imperfect, nearest

ISOTROPIC = (1.0, 1.0, 1.0)
DRAWS = 1000


def within(count: int, share: float, draws: int = DRAWS) -> bool:
    """Five standard deviations of a binomial count."""
    return abs(count - draws * share) < 5 * np.sqrt(draws * share * (1 - share))


@pytest.fixture
def square() -> np.ndarray:
    truth = np.zeros((60, 60, 1), bool)
    truth[20:41, 30:51] = True
    return truth


def test_clicks_are_three_pixels_off(square: np.ndarray) -> None:
    rng = np.random.default_rng(0)
    user = Imperfect(user=find("click"), wrong_side=0)
    at = np.array([user.start(square, (0.2, 0.2, 5.0), rng)[0].at for _ in range(DRAWS)])
    assert (at[:, 2] == 0).all()
    np.testing.assert_allclose(at[:, :2].mean(axis=0), [30, 40], atol=0.4)
    np.testing.assert_allclose(at[:, :2].std(axis=0), 3, rtol=0.08)


def test_clicks_in_a_volume_are_three_millimetres_off() -> None:
    truth = np.zeros((50, 30, 11), bool)
    truth[22:27, 12:17, 4:7] = True
    spacing = (0.5, 1.0, 3.0)
    rng = np.random.default_rng(0)
    user = Imperfect(user=find("click"), wrong_side=0)
    (centre,) = find("click").start(truth, spacing, rng)
    at = np.array([user.start(truth, spacing, rng)[0].at for _ in range(500)])
    off = (at - np.array(centre.at)) * spacing
    np.testing.assert_allclose(off.std(axis=0), 3, rtol=0.2)


def test_one_mark_in_twenty_is_on_the_wrong_side_and_keeps_its_sign(square: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    user = Imperfect(user=find("click"), jitter_pixels=0)
    said = [user.start(square, ISOTROPIC, rng)[0] for _ in range(DRAWS)]
    assert all(click.inside for click in said)
    assert within(sum(not square[click.at] for click in said), 0.05)
    empty = np.zeros_like(square)
    said = [user.correct(empty, square, ISOTROPIC, rng)[0] for _ in range(50)]
    assert not any(click.inside for click in said)


def test_an_outside_mark_on_the_wrong_side_is_inside(square: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    user = Imperfect(user=find("click"), jitter_pixels=0, wrong_side=1)
    too_much = square.copy()
    too_much[5:18, 30:51] = True
    (click,) = user.correct(square, too_much, ISOTROPIC, rng)
    assert not click.inside and click.at == (20, 40, 0)


def test_who_is_late_says_nothing_of_a_right_mask(square: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    user = Imperfect(user=find("click"), late=1)
    assert user.correct(square, square, ISOTROPIC, rng, stale=~square) == ()


def test_a_stroke_on_the_wrong_side_has_its_middle_there(square: np.ndarray) -> None:
    rng = np.random.default_rng(1)
    user = Imperfect(user=find("scribble"), jitter_pixels=0, wrong_side=1)
    (right,) = find("scribble").start(square, ISOTROPIC, rng)
    (wrong,) = user.start(square, ISOTROPIC, rng)
    assert isinstance(wrong, Scribble) and wrong.inside
    assert wrong.region.shape == right.region.shape and len(wrong.voxels) == len(right.voxels)
    assert not square[tuple(wrong.voxels.indices().T)].all()
    assert square[tuple(right.voxels.indices().T)].all()


def test_one_round_in_ten_is_for_the_stale_mask(square: np.ndarray) -> None:
    stale, mask = square.copy(), square.copy()
    stale[20:26] = False
    mask[35:41] = False
    rng = np.random.default_rng(2)
    user = Imperfect(user=find("click"), jitter_pixels=0, wrong_side=0)
    at = [user.correct(square, mask, ISOTROPIC, rng, stale=stale)[0].at for _ in range(DRAWS)]
    late = sum(not stale[a] for a in at)
    assert within(late, 0.10) and late + sum(not mask[a] for a in at) == DRAWS
    at = [user.correct(square, mask, ISOTROPIC, rng)[0].at for _ in range(100)]
    at += [user.correct(square, mask, ISOTROPIC, rng, stale=square)[0].at for _ in range(100)]
    assert not any(mask[a] for a in at)


def test_marks_stop_at_the_edge_of_the_image() -> None:
    truth = np.zeros((12, 12, 1), bool)
    truth[:, 0:3] = True
    rng = np.random.default_rng(3)
    user = Imperfect(user=find("scribble"), jitter_pixels=20, wrong_side=0)
    (stroke,) = find("scribble").start(truth, ISOTROPIC, rng)
    for _ in range(50):
        (moved,) = user.start(truth, ISOTROPIC, rng)
        assert len(moved.voxels) == len(stroke.voxels)
        assert moved.region.clip(truth.shape) == moved.region


def test_each_side_of_a_box_moves(square: np.ndarray) -> None:
    rng = np.random.default_rng(4)
    plain = find("box")
    user = Imperfect(user=plain)
    steps = []
    for seed in range(400):
        (box,) = plain.start(square, ISOTROPIC, np.random.default_rng(seed))
        (moved,) = user.start(square, ISOTROPIC, np.random.default_rng(seed))
        steps.append([*np.subtract(moved.low, box.low), *np.subtract(moved.high, box.high)])
    off = np.array(steps)
    assert not off[:, [2, 5]].any()
    np.testing.assert_allclose(off[:, [0, 1, 3, 4]].std(axis=0), 3, rtol=0.15)
    tiny = np.zeros((3, 3, 1), bool)
    tiny[1, 1] = True
    for _ in range(50):
        (box,) = Imperfect(user=plain, jitter_pixels=9).start(tiny, ISOTROPIC, rng)
        assert isinstance(box, Box) and box.region.clip(tiny.shape) == box.region


def test_both_marks_of_a_start_are_off(square: np.ndarray) -> None:
    rng = np.random.default_rng(5)
    plain = find("click").start(square, ISOTROPIC, rng, both_sides=True)
    said = find("imperfect-click").start(square, ISOTROPIC, rng, both_sides=True)
    assert [click.inside for click in said] == [True, False]
    assert all(a != b for a, b in zip(plain, said, strict=True))


@pytest.mark.parametrize("spacing", [ISOTROPIC, (1.0, 2.5, 4.0)])
def test_the_nearest_is_that_of_all(spacing) -> None:
    rng = np.random.default_rng(6)
    for share in (0.0005, 0.01, 0.2):
        where = rng.random((30, 25, 12)) < share
        where[3, 4, 5] = True
        for _ in range(20):
            at = tuple(int(rng.integers(n)) for n in where.shape)
            away = ((np.argwhere(where) - np.array(at)) * spacing) ** 2
            found = (np.subtract(nearest(where, at, spacing), at) * spacing) ** 2
            assert where[nearest(where, at, spacing)]
            assert found.sum() == pytest.approx(away.sum(axis=1).min())
    assert nearest(np.zeros((4, 4, 4), bool), (1, 2, 3), spacing) == (1, 2, 3)


def test_where_there_is_no_other_side_the_mark_stays() -> None:
    full = np.ones((9, 9, 1), bool)
    user = Imperfect(user=find("click"), jitter_pixels=0, wrong_side=1)
    assert user.start(full, ISOTROPIC, np.random.default_rng(0)) == (Click((4, 4, 0)),)


@pytest.mark.parametrize("field", ["wrong_side", "late", "jitter_mm", "jitter_pixels"])
def test_fields_out_of_range_are_refused(field: str) -> None:
    with pytest.raises(MethodError, match=f"{field} is -0.1"):
        Imperfect(user=find("click"), **{field: -0.1})
