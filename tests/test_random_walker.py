"""The random walker as a method: boundary values of each object, shared work, sums."""

import numpy as np
import pytest
from skimage.segmentation import random_walker

from delineate.errors import Cancelled, MethodError, PromptsMissing
from delineate.methods import random_walker as module
from delineate.methods.base import State
from delineate.methods.random_walker import RandomWalker
from delineate.prompts import Box, Click, Scribble
from delineate.volume import Volume


def walk(volume, prompts, observe=None, **fields):
    patches, state = RandomWalker(**fields).segment(volume, prompts, State(), observe)
    return {n: patch.full(volume.shape) for n, patch in patches.items()}, state


def noise(shape=(24, 20)):
    return Volume.from_array(np.rint(np.random.default_rng(1).normal(0, 30, shape)))


def test_without_contrast_it_is_the_harmonic_function() -> None:
    line = Volume.from_array(np.zeros((1, 9)))
    said = {1: (Click((0, 8, 0)), Click((0, 0, 0), inside=False))}
    (found,) = walk(line, said)[0].values()
    np.testing.assert_allclose(found.ravel(), np.arange(9) / 8, atol=2e-3)


def test_agrees_with_scikit_image_at_the_same_contrast() -> None:
    volume = noise()
    ends = (3, 4, 0), (20, 15, 0)
    found = walk(volume, {1: (Click(ends[0]), Click(ends[1], inside=False))}, beta=0.7)[0][1]
    image = volume.data[0, ..., 0].astype(float)
    squares = [np.diff(image, axis=a) ** 2 for a in (0, 1)]
    mean = sum(s.sum() for s in squares) / sum(s.size for s in squares)
    labels = np.zeros(image.shape, int)
    labels[ends[0][:2]], labels[ends[1][:2]] = 1, 2
    beta = 0.7 * 10 * image.std() / mean
    theirs = random_walker(image, labels, beta=beta, mode="bf", return_full_prob=True)[0]
    np.testing.assert_allclose(found[..., 0], theirs, atol=3e-3)


def test_objects_that_agree_on_marks_share_one_run(monkeypatch) -> None:
    runs = []
    whole = module.random_walk
    monkeypatch.setattr(
        module, "random_walk", lambda *a, **k: runs.append(a[1].max()) or whole(*a, **k)
    )
    clicks = {1: (Click((3, 3, 0)),), 2: (Click((20, 3, 0)),), 3: (Click((12, 16, 0)),)}
    found, _ = walk(noise(), clicks)
    assert runs == [2]
    np.testing.assert_allclose(sum(found.values()), 1, atol=3e-3)
    runs.clear()
    walk(noise(), clicks | {1: (*clicks[1], Click((8, 8, 0), inside=False))})
    assert sorted(runs) == [1, 2]


def test_joint_answers_are_one_against_the_rest() -> None:
    volume = noise()
    joint, _ = walk(volume, {1: (Click((3, 3, 0)),), 2: (Scribble([(20, 3, 0), (20, 9, 0)]),)})
    outside = Scribble([(20, 3, 0), (20, 9, 0)], inside=False)
    alone, _ = walk(volume, {1: (Click((3, 3, 0)), outside)})
    np.testing.assert_allclose(joint[1], alone[1], atol=3e-3)


def test_an_outside_mark_says_not_this_one_and_claims_for_no_other() -> None:
    line = Volume.from_array(np.zeros((1, 9)))
    said = {1: (Click((0, 0, 0)),), 2: (Click((0, 8, 0)),)}
    before, _ = walk(line, said)
    after, _ = walk(line, said | {1: (Click((0, 0, 0)), Click((0, 2, 0), inside=False))})
    assert after[1][0, 2, 0] == 0
    np.testing.assert_array_equal(after[2], before[2])


def test_probabilities_never_exceed_one_together() -> None:
    line = Volume.from_array(np.zeros((1, 9)))
    said = {1: (Click((0, 3, 0)), Click((0, 0, 0), inside=False)), 2: (Click((0, 3, 0)),)}
    said[2] = (*said[2], Click((0, 8, 0), inside=False))
    found, _ = walk(line, said)
    assert found[1][0, 3, 0] == found[2][0, 3, 0] == 0.5
    assert (sum(found.values()) <= 1 + 1e-6).all()


def test_an_object_with_one_side_waits_while_others_are_answered() -> None:
    found, state = walk(
        noise(), {1: (Box((2, 2, 0), (9, 9, 1)),), 2: (Click((3, 3, 0), inside=False),)}
    )
    assert found[1].any() and not found[2].any()
    assert any("object 2" in note for note in state.notes)
    with pytest.raises(PromptsMissing, match="outside"):
        walk(noise(), {1: (Click((3, 3, 0)),)})


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1)])
def test_a_mirrored_image_gives_the_mirrored_probability_to_the_last_bit(axes) -> None:
    volume = noise((40, 33))
    marks = [((3, 3, 0), True), ((30, 20, 0), False), ((9, 30, 0), False)]

    def mirrored(at):
        return tuple(
            n - 1 - i if a in axes else i
            for a, (i, n) in enumerate(zip(at, volume.shape, strict=True))
        )

    turned = Volume.from_array(np.flip(volume.data[0, ..., 0], axes))
    straight, _ = walk(volume, {1: tuple(Click(at, side) for at, side in marks)})
    other, _ = walk(turned, {1: tuple(Click(mirrored(at), side) for at, side in marks)})
    np.testing.assert_array_equal(other[1], np.flip(straight[1], axes))


def test_a_tie_is_outside() -> None:
    even = Volume.from_array(np.zeros((31, 31)))
    found, _ = walk(even, {1: (Click((5, 15, 0)), Click((25, 15, 0), inside=False))})
    np.testing.assert_array_equal(found[1][15], 0.5)


def test_observer_sees_progress_and_may_stop() -> None:
    said = {1: (Click((3, 3, 0)), Click((20, 15, 0), inside=False))}
    seen = []
    walk(noise(), said, lambda fraction, patch: seen.append(fraction))
    assert len(seen) > 1 and seen == sorted(seen) and seen[-1] <= 1

    def stop(fraction, patch):
        if fraction > 0:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        walk(noise(), said, stop)


def test_refusals() -> None:
    for name in ("beta", "middle", "margin_mm"):
        with pytest.raises(MethodError, match=f"{name} is -1"):
            RandomWalker(**{name: -1})
    with pytest.raises(MethodError, match="limit is 0"):
        RandomWalker(limit=0)
