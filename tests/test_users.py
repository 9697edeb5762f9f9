"""What every simulated user must keep, the box, and the time they take."""

import itertools
import pickle

import numpy as np
import pytest

from delineate.errors import GeometryMismatch, ImageError, MethodError
from delineate.prompts import Adjust, Box, Click, Given, Paint, Scribble, check_inside
from delineate.region import Region
from delineate.types import Mask, Spacing
from delineate.users import USERS, find, seconds
from delineate.users.area import Area
from delineate.users.box import Boxer
from delineate.users.surroundings import surroundings
from delineate.voxels import Voxels

PLAIN = ["click", "click-random", "scribble", "box", "box-click", "box-scribble"]


def ball(shape: tuple[int, int, int], centre: tuple[float, ...], radius: float) -> Mask:
    i, j, k = np.ogrid[: shape[0], : shape[1], : shape[2]]
    away = (i - centre[0]) ** 2 + (j - centre[1]) ** 2 + (k - centre[2]) ** 2
    return np.asarray(away < radius**2)


def scene(dims: int) -> tuple[Mask, Mask, Spacing]:
    if dims == 2:
        shape = (40, 30, 1)
        return ball(shape, (20, 14, 0), 8), ball(shape, (24, 12, 0), 7), (1.0, 1.0, 1.0)
    shape = (30, 26, 12)
    return ball(shape, (15, 12, 6), 5), ball(shape, (18, 12, 5), 5), (1.0, 1.0, 4.0)


def test_the_names_are_these() -> None:
    assert list(USERS) == PLAIN + [f"imperfect-{name}" for name in PLAIN]
    assert all(find(name).name == name for name in USERS)
    assert all(user.paper for user in USERS.values())


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(MethodError, match=r"no user 'mouse'; there are: click, .*imperfect-box"):
        find("mouse")


@pytest.mark.parametrize("name", USERS)
def test_a_user_survives_a_pickle(name: str) -> None:
    again = pickle.loads(pickle.dumps(find(name)))
    assert again == find(name) and again.name == name


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", USERS)
def test_the_same_seed_gives_the_same_prompts_inside_the_image(name: str, dims: int) -> None:
    truth, mask, spacing = scene(dims)
    stale = np.zeros_like(truth)
    for array in (truth, mask, stale):
        array.flags.writeable = False
    runs = []
    for _ in range(2):
        rng = np.random.default_rng(3)
        user = find(name)
        said = [user.start(truth, spacing, rng, both_sides=True)]
        said += [user.correct(truth, mask, spacing, rng, stale=stale) for _ in range(8)]
        runs.append(said)
    assert runs[0] == runs[1]
    for prompt in itertools.chain(*runs[0]):
        check_inside(prompt, truth.shape)


@pytest.mark.parametrize("name", USERS)
def test_nothing_is_said_of_a_right_mask(name: str) -> None:
    truth, stale, spacing = scene(2)
    rng = np.random.default_rng(0)
    assert find(name).correct(truth, truth.copy(), spacing, rng, stale=stale) == ()
    empty = np.zeros_like(truth)
    assert find(name).correct(empty, empty, spacing, rng) == ()


@pytest.mark.parametrize("name", ["box", "imperfect-box"])
def test_the_box_user_never_corrects(name: str) -> None:
    truth, mask, spacing = scene(2)
    rng = np.random.default_rng(0)
    assert all(find(name).correct(truth, mask, spacing, rng, stale=mask) == () for _ in range(50))


@pytest.mark.parametrize("name", USERS)
def test_what_makes_no_sense_is_refused(name: str) -> None:
    truth, mask, spacing = scene(2)
    rng = np.random.default_rng(0)
    with pytest.raises(ImageError, match="no voxel"):
        find(name).start(np.zeros_like(truth), spacing, rng)
    with pytest.raises(GeometryMismatch, match=r"\(40, 29, 1\).*\(40, 30, 1\)"):
        find(name).correct(truth, mask[:, 1:], spacing, rng)


@pytest.mark.parametrize(("name", "kind"), [("click", Click), ("scribble", Scribble)])
@pytest.mark.parametrize("dims", [2, 3])
def test_both_sides_are_marked_on_one_slice(name: str, kind: type, dims: int) -> None:
    truth, _, spacing = scene(dims)
    inside, outside = find(name).start(truth, spacing, np.random.default_rng(0), both_sides=True)
    assert isinstance(inside, kind) and inside.inside
    assert isinstance(outside, kind) and not outside.inside
    assert truth[tuple(voxels(inside).T)].all()
    assert not truth[tuple(voxels(outside).T)].any()
    slices = {*voxels(inside)[:, 2].tolist(), *voxels(outside)[:, 2].tolist()}
    assert len(slices) == 1
    assert find(name).start(truth, spacing, np.random.default_rng(0)) == (inside,)


def test_a_box_marks_the_outside_already() -> None:
    truth, _, spacing = scene(2)
    for name in ("box", "box-click", "box-scribble"):
        rng = np.random.default_rng(0)
        (only,) = find(name).start(truth, spacing, rng, both_sides=True)
        assert isinstance(only, Box)


@pytest.mark.parametrize("name", ["click", "click-random", "scribble", "imperfect-click"])
@pytest.mark.parametrize("shape", [(9, 7, 1), (9, 7, 5), (1, 1, 1)])
def test_an_object_that_fills_the_image_has_no_background(name: str, shape) -> None:
    truth = np.ones(shape, bool)
    said = find(name).start(truth, (1.0, 1.0, 2.0), np.random.default_rng(0), both_sides=True)
    assert [prompt.inside for prompt in said] == [True]


def test_the_background_of_a_slice_is_looked_for_nearby_then_further() -> None:
    disc = ball((60, 60, 1), (30, 30, 0), 12.5)
    ring = surroundings(disc, (1.0, 1.0, 1.0), 2, 0)
    across = 2 * np.sqrt(disc.sum() / np.pi)
    away = np.hypot(*(np.argwhere(ring.mask)[:, :2] + ring.low[:2] - 30).T) - 12.5
    assert 0.14 * across - 1 < away.min() and away.max() < 0.28 * across + 1
    far = np.ones((30, 30, 1), bool)
    far[0, 0] = False
    assert surroundings(far, (1.0, 1.0, 1.0), 2, 0).size == 1
    full_slice = np.ones((8, 8, 3), bool)
    full_slice[:, :, 2] = False
    found = surroundings(full_slice, (1.0, 1.0, 5.0), 2, 0)
    assert found.low[2] == 2 and found.size == 64


@pytest.mark.parametrize("name", USERS)
@pytest.mark.parametrize("shape", [(9, 7, 1), (9, 7, 5), (1, 1, 1)])
def test_one_voxel_is_found(name: str, shape) -> None:
    truth = np.zeros(shape, bool)
    at = tuple(n // 2 for n in shape)
    truth[at] = True
    empty = np.zeros_like(truth)
    rng = np.random.default_rng(0)
    find(name).start(truth, (1.0, 1.0, 2.0), rng, both_sides=True)
    for mask, inside in ((empty, True), (truth, False)):
        said = find(name).correct(truth if inside else empty, mask, (1.0, 1.0, 2.0), rng)
        if name in ("click", "scribble", "box-click", "box-scribble", "click-random"):
            (mark,) = said
            assert mark.inside is inside and mark.region == Region(at, tuple(a + 1 for a in at))


def test_margins_are_each_from_zero_to_ten_and_as_likely() -> None:
    truth = np.zeros((60, 70, 1), bool)
    truth[20:30, 25:40] = True
    rng = np.random.default_rng(1)
    draws = 2200
    boxes = [find("box").start(truth, (1.0, 1.0, 1.0), rng)[0] for _ in range(draws)]
    low, high = np.array([b.low for b in boxes]), np.array([b.high for b in boxes])
    assert (low[:, 2] == 0).all() and (high[:, 2] == 1).all()
    for margins in (20 - low[:, 0], 25 - low[:, 1], high[:, 0] - 30, high[:, 1] - 40):
        counts = np.bincount(margins, minlength=11)
        assert len(counts) == 11
        assert np.abs(counts - draws / 11).max() < 5 * np.sqrt(draws / 11)
    together = np.corrcoef(np.stack([low[:, 0], low[:, 1], high[:, 0], high[:, 1]]))
    assert np.abs(together - np.eye(4)).max() < 0.1


def test_the_box_stays_in_the_image() -> None:
    truth = np.ones((12, 12, 6), bool)
    truth[0] = False
    rng = np.random.default_rng(0)
    for _ in range(20):
        (box,) = find("box").start(truth, (1.0, 1.0, 1.0), rng)
        assert box.low in ((0, 0, 0), (1, 0, 0)) and box.high == (12, 12, 6)
    (tight,) = Boxer(margin_voxels=0).start(truth, (1.0, 1.0, 1.0), rng)
    assert tight == Box((1, 0, 0), (12, 12, 6))
    with pytest.raises(MethodError, match="-1"):
        Boxer(margin_voxels=-1)


def test_seconds_add_up() -> None:
    stroke = Scribble([(0, n, 0) for n in range(25)])
    assert seconds([]) == 0
    assert seconds([Box((0, 0, 0), (1, 1, 1))]) == 7
    assert seconds([Click((0, 0, 0)), stroke]) == pytest.approx(2.4 + 2.4 + 0.5)
    assert seconds([Paint(stroke.voxels), Adjust(0.5)]) == pytest.approx(2.4 + 0.5 + 3)
    assert seconds([Given(Voxels.of([(0, 0, 0)]))]) == 0


def test_areas_are_cut_to_their_largest() -> None:
    mask = np.zeros((10, 10, 4), bool)
    mask[0:2, 0:2, 0] = True
    mask[5:8, 5:8, 1:4] = True
    mask[8, 8, 2] = mask[4, 4, 0] = True
    part = Area.of(mask).largest_part()
    assert (part.low, part.size) == ((4, 4, 0), 29)
    cut = part.largest_slice(2)
    assert (cut.low, cut.size, cut.axes) == ((5, 5, 2), 10, (0, 1))


def voxels(prompt: Click | Scribble) -> np.ndarray:
    if isinstance(prompt, Click):
        return np.array([prompt.at])
    return prompt.voxels.indices()
