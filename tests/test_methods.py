"""What every method must do, whatever is inside it."""

import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

from delineate.errors import Cancelled, PromptNotRead, PromptsMissing, SeveralImages, TooLarge
from delineate.methods import build, list_methods
from delineate.methods.base import JointMethod, Method
from delineate.prompts import KINDS, Adjust, Box, Click, Given, Paint, Scribble
from delineate.region import Region
from delineate.session import Session
from delineate.volume import Volume
from delineate.voxels import Voxels

QUICK = {"bifseg": {"rounds": 2, "steps": 5}}
METHODS = {name: kind(**QUICK.get(name, {})) for name, kind in list_methods().items()}
NOT_EXACT = {"slicseg": 0.9, "bifseg": 0.95}
"""Dice that a flipped image must keep where a method draws random numbers or has a network."""

pytestmark = pytest.mark.usefixtures("handmade_weights")

every_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
BIBLIOGRAPHY = Path(__file__).parents[1] / "references.bib"


def ball(dims, spacing=(1.0, 1.0, 1.0), channels=1):
    """A bright ball of radius 5.5 mm in whole numbers of noise, and its mask."""
    shape = (21, 19, 1 if dims == 2 else 21 if spacing[2] == 1 else 11)
    centre = np.reshape([10, 9, shape[2] // 2], (3, 1, 1, 1))
    steps = (np.indices(shape) - centre) * np.reshape(spacing, (3, 1, 1, 1))
    truth = (steps**2).sum(axis=0) <= 5.5**2
    noise = np.random.default_rng(0).normal(0, 6, (channels, *shape))
    data = np.rint(40 + 100 * truth + noise).astype(np.float32)
    data = data[0] if channels == 1 else data
    volume = Volume.from_array(data, spacing, channel_axis=0 if channels > 1 else None)
    return volume, truth


def said(method, truth):
    """A box, a click and a stroke on each side: of these, what the method reads."""
    inside = Region.around(truth)
    middle = tuple((a + b - 1) // 2 for a, b in zip(inside.low, inside.high, strict=True))
    i, j, k = middle
    frame = inside.grow(2).clip(truth.shape)
    prompts = [
        Box(frame.low, frame.high),
        Click(middle),
        Click((1, 1, k), inside=False),
        Scribble([(i, j + d, k) for d in range(-3, 4)]),
        Scribble([(1, d, k) for d in range(2, 17)], inside=False),
    ]
    return tuple(prompt for prompt in prompts if type(prompt) in method.reads)


@every_method
def test_people_know_it_by_a_title_of_its_own(method):
    assert method.title not in ("", method.name)
    assert [other.title for other in METHODS.values()].count(method.title) == 1


def answer(method, volume, prompts, state=None, observe=None):
    """What the method itself says of one object, as a probability on the whole image."""
    state = state or method.start(volume)
    if isinstance(method, JointMethod):
        patches, state = method.segment(volume, {1: tuple(prompts)}, state, observe)
        patch = patches[1]
    else:
        patch, state = method.segment(volume, tuple(prompts), state, observe)
    return patch.full(volume.shape), state


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def flipped(prompt, axis, shape):
    """The prompt on the image stored the other way along one axis."""
    last = shape[axis] - 1
    if isinstance(prompt, Click):
        at = tuple(last - i if a == axis else i for a, i in enumerate(prompt.at))
        return dataclasses.replace(prompt, at=at)
    if isinstance(prompt, Box):
        low, high = list(prompt.low), list(prompt.high)
        low[axis], high[axis] = last + 1 - prompt.high[axis], last + 1 - prompt.low[axis]
        return Box(low, high)
    indices = prompt.voxels.indices()
    indices[:, axis] = last - indices[:, axis]
    return dataclasses.replace(prompt, voxels=Voxels.of(indices))


@every_method
@pytest.mark.parametrize("spacing", [(1, 1, 1), (1, 1, 2.5), (0.1, 0.1, 0.1)])
def test_finds_a_bright_ball(method, spacing):
    for dims in method.dims:
        scale = spacing[0]
        volume, truth = ball(dims, tuple(s / scale for s in spacing))
        volume = Volume.from_array(volume.data[0], spacing)
        probability, _ = answer(method, volume, said(method, truth))
        assert dice(probability > 0.5, truth) > 0.94


@every_method
def test_needs_no_box_where_both_sides_are_marked(method):
    for dims in method.dims:
        volume, truth = ball(dims)
        marks = [p for p in said(method, truth) if not isinstance(p, Box)]
        probability, _ = answer(method, volume, marks)
        assert dice(probability > 0.5, truth) > 0.9


@every_method
def test_is_the_same_twice(method):
    for dims in method.dims:
        volume, truth = ball(dims)
        first, second = (answer(method, volume, said(method, truth))[0] for _ in range(2))
        np.testing.assert_array_equal(first, second)


@every_method
def test_a_kept_state_changes_no_answer(method):
    volume, truth = ball(max(method.dims))
    prompts = said(method, truth)
    _, state = answer(method, volume, prompts[:-1])
    if state.learned:
        pytest.skip("what this method has learned may change its answer")
    kept, _ = answer(method, volume, prompts, state)
    fresh, _ = answer(method, volume, prompts)
    np.testing.assert_array_equal(kept, fresh)


@every_method
def test_a_state_of_another_part_of_the_image_changes_no_answer(method):
    if Box not in method.reads:
        pytest.skip("reads no box, which is what makes it work on a part")
    volume, _ = ball(max(method.dims))
    wide = volume.pad((40, 0, 0), (40, 0, 0), 40)
    depth = volume.shape[2]
    here, there = (Box((i, 2, 0), (i + 16, 17, depth)) for i in (42, 46))
    _, state = answer(method, wide, [here])
    if state.learned:
        pytest.skip("what this method has learned may change its answer")
    fresh, _ = answer(method, wide, [there])
    np.testing.assert_array_equal(answer(method, wide, [there], state)[0], fresh)


@every_method
@pytest.mark.parametrize("axis", range(3))
def test_flipping_the_image_flips_the_mask(method, axis):
    for dims in method.dims:
        volume, truth = ball(dims, (1, 1, 2.5))
        prompts = said(method, truth)
        mirrored = volume.flip(axis)
        turned = [flipped(prompt, axis, volume.shape) for prompt in prompts]
        expected = np.flip(answer(method, volume, prompts)[0] > 0.5, axis)
        found = answer(method, mirrored, turned)[0] > 0.5
        if method.name in NOT_EXACT:
            assert dice(found, expected) >= NOT_EXACT[method.name]
        else:
            np.testing.assert_array_equal(found, expected)


@every_method
def test_units_of_intensity_do_not_matter(method):
    volume, truth = ball(max(method.dims))
    other = Volume(volume.data * 4 + 1024, volume.geometry)
    prompts = said(method, truth)
    expected = answer(method, volume, prompts)[0] > 0.5
    np.testing.assert_array_equal(answer(method, other, prompts)[0] > 0.5, expected)


@every_method
def test_the_users_marks_are_final(method):
    for dims in method.dims:
        volume, truth = ball(dims)
        i, j, k = 10, 9, volume.shape[2] // 2
        kind = Click if Click in method.reads else Scribble
        at = (lambda *p: p) if kind is Click else (lambda *p: [p])
        wrong = [kind(at(i, j + 2, k), inside=False), kind(at(2, 2, k), inside=True)]
        probability, _ = answer(method, volume, (*said(method, truth), *wrong))
        assert probability[i, j, k] > 0.5
        assert probability[i, j + 2, k] <= 0.5
        assert probability[2, 2, k] > 0.5


@every_method
def test_leaves_image_and_state_alone(method):
    volume, truth = ball(max(method.dims))
    assert not volume.data.flags.writeable
    before = volume.data.copy()
    prompts = said(method, truth)
    _, state = answer(method, volume, prompts[:-1])
    kept = pickle.dumps(state)
    answer(method, volume, prompts, state)
    assert pickle.dumps(state) == kept
    np.testing.assert_array_equal(volume.data, before)


@every_method
def test_says_where_it_comes_from(method):
    assert f"{{{method.paper}," in BIBLIOGRAPHY.read_text(encoding="utf-8")
    assert "References:" in type(method).__doc__
    assert method.when
    assert "\n" not in method.when


@every_method
def test_rebuilds_from_its_own_fields(method):
    values = {f.name: getattr(method, f.name) for f in dataclasses.fields(method)}
    assert build(method.name, values) == method
    assert isinstance(method, Method | JointMethod)


@every_method
def test_reads_what_it_declares_and_nothing_else(method):
    volume, truth = ball(max(method.dims))
    one = {
        **{type(prompt): prompt for prompt in said(method, truth)},
        Paint: Paint([(10, 9, volume.shape[2] // 2)]),
        Given: Given(Voxels.from_mask(truth)),
        Adjust: Adjust(0.1),
        **{kind: kind((3, 3, 0)) for kind in (Click,) if Click not in method.reads},
        **{kind: kind([(3, 3, 0)]) for kind in (Scribble,) if Scribble not in method.reads},
        **{kind: kind((3, 3, 0), (9, 9, 1)) for kind in (Box,) if Box not in method.reads},
    }
    assert set(one) == set(KINDS.values())
    for kind, prompt in one.items():
        session = Session(volume, method)
        if kind in method.reads:
            answer(method, volume, (*said(method, truth), prompt))
        elif kind not in (Paint, Given):
            with pytest.raises(PromptNotRead, match=kind.__name__):
                session.add(prompt)


@every_method
@pytest.mark.parametrize("inside", [True, False])
def test_says_which_side_is_missing(method, inside):
    volume, truth = ball(max(method.dims))
    sided = [p for p in said(method, truth) if getattr(p, "inside", None) is inside]
    if not method.both_sides and inside:
        answer(method, volume, sided)
        return
    with pytest.raises(PromptsMissing) as error:
        answer(method, volume, sided)
    sentence = str(error.value)
    assert sentence and "\n" not in sentence
    assert ("outside" if inside else "inside") in sentence


@every_method
def test_reports_progress_and_can_be_cancelled(method):
    volume, truth = ball(max(method.dims))
    prompts = said(method, truth)
    session = Session(volume, method)
    session.add(*prompts[:-1])
    before, steps = session.mask(), len(session.history.steps)
    seen = []

    def stop(fraction, patch=None):
        seen.append(fraction)
        raise Cancelled("stop")

    with pytest.raises(Cancelled):
        session.add(prompts[-1], observe=stop)
    assert len(seen) == 1
    assert len(session.history.steps) == steps
    np.testing.assert_array_equal(session.mask(), before)
    session.add(prompts[-1], observe=lambda fraction, patch=None: seen.append(fraction))
    assert len(seen) > 1
    assert seen[1:] == sorted(seen[1:])
    assert min(seen) >= 0
    assert max(seen) <= 1


@every_method
@pytest.mark.parametrize("channels", [2, 3])
def test_several_channels_or_an_error_that_lists_them(method, channels):
    for dims in method.dims:
        volume, truth = ball(dims, channels=channels)
        if not reads_channels(method, volume, truth):
            with pytest.raises(SeveralImages, match=r"0 \("):
                answer(method, volume, said(method, truth))
            assert not volume.channels
            continue
        probability, _ = answer(method, volume, said(method, truth))
        assert dice(probability > 0.5, truth) > 0.9


def reads_channels(method, volume, truth):
    try:
        answer(method, volume, said(method, truth))
    except SeveralImages:
        return False
    return True


@every_method
def test_a_constant_image(method):
    for dims in method.dims:
        volume, truth = ball(dims)
        flat = Volume(np.full_like(volume.data, 7), volume.geometry)
        probability, _ = answer(method, flat, said(method, truth))
        assert probability[10, 9, volume.shape[2] // 2] > 0.5
        assert probability[1, 1, volume.shape[2] // 2] <= 0.5


@every_method
def test_a_box_of_one_voxel(method):
    if Box not in method.reads:
        pytest.skip("reads no box")
    for dims in method.dims:
        volume, _ = ball(dims)
        k = volume.shape[2] // 2
        probability, _ = answer(method, volume, [Box((10, 9, k), (11, 10, k + 1))])
        assert set(map(tuple, np.argwhere(probability > 0.5))) <= {(10, 9, k)}


@every_method
@pytest.mark.parametrize("shape", [(1, 30, 1), (30, 1, 1), (1, 1, 30), (2, 30, 1)])
def test_images_one_voxel_wide(method, shape):
    if 2 not in method.dims:
        pytest.skip("works on volumes only")
    axis = int(np.argmax(shape))
    along = np.indices(shape)[axis]
    truth = (along >= 10) & (along < 20)
    volume = Volume.from_array((truth * 100.0).astype(np.float32))
    at = lambda n: tuple(n if a == axis else 0 for a in range(3))  # noqa: E731
    kind = (
        (lambda p, inside: Click(p, inside))
        if Click in method.reads
        else (lambda p, inside: Scribble([p], inside))
    )
    probability, _ = answer(
        method, volume, [kind(at(14), True), kind(at(2), False), kind(at(28), False)]
    )
    assert probability[at(14)] > 0.5
    assert probability[at(2)] <= 0.5


@every_method
def test_a_large_volume_is_cropped_and_the_user_told(method):
    if not hasattr(method, "limit"):
        pytest.skip("works on images of any size")
    volume, truth = ball(max(method.dims))
    padded = volume.pad((30, 30, 0), (30, 30, 0), 40)
    near = dataclasses.replace(method, limit=volume.data[0].size)
    middle = tuple(int(i) for i in np.argwhere(truth)[truth.sum() // 2] + (30, 30, 0))
    kind = (
        (lambda p, inside: Click(p, inside))
        if Click in method.reads
        else (lambda p, inside: Scribble([p], inside))
    )
    marks = [kind(middle, True), kind((middle[0], middle[1] - 8, middle[2]), False)]
    probability, state = answer(near, padded, marks)
    assert state.notes and "voxels" in state.notes[0]
    found = Region.around(probability > 0.5)
    assert found.size and found.grow(0).size <= near.limit
    assert not answer(dataclasses.replace(method, limit=padded.data.size), padded, marks)[1].notes
    with pytest.raises(TooLarge, match="limit"):
        answer(dataclasses.replace(method, limit=3), padded, marks)


@every_method
def test_a_given_mask_is_kept_and_repaired_where_a_click_contradicts_it(method):
    if Given not in method.reads or Click not in method.reads:
        pytest.skip("does not start from a mask and repair it by clicks")
    for dims in method.dims:
        volume, truth = ball(dims)
        k = volume.shape[2] // 2
        start = truth.copy()
        start[1:5, 1:5, max(0, k - 1) : k + 2] = True
        given = Given(Voxels.from_mask(start))
        kept, _ = answer(method, volume, [given, Click((10, 9, k))])
        assert dice(kept > 0.5, start) > 0.8
        repaired, _ = answer(method, volume, [given, Click((3, 3, k), inside=False)])
        assert dice(repaired > 0.5, truth) > 0.95
