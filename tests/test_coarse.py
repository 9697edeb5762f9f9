"""Prompts over more voxels than a method can take: the same method on larger voxels."""

from dataclasses import dataclass

import numpy as np
import pytest

from delineate.errors import TooLarge
from delineate.methods import build
from delineate.methods.base import State, quiet
from delineate.methods.coarse import blocks, segment_coarse
from delineate.prompts import Adjust, Box, Click, Paint, Scribble
from delineate.session import Session
from delineate.volume import Volume
from stubs import Bright, Learner, Nearest


@dataclass(frozen=True, kw_only=True)
class Small(Bright):
    """Bright, for images of at most so many voxels; remembers what it was asked."""

    most: int = 1000
    asked = []  # noqa: RUF012

    def segment(self, volume, prompts, state, observe=None):
        if np.prod(volume.shape) > self.most:
            raise TooLarge(f"{volume.shape} is too large")
        self.asked.append((volume, prompts))
        return super().segment(volume, prompts, state, observe)


def image() -> Volume:
    """A bright block of even size at even places in 40 x 40 x 20 voxels of 1 x 1 x 2 mm."""
    values = np.zeros((40, 40, 20), np.float32)
    values[8:24, 12:28, 4:14] = 1
    return Volume.from_array(values, (1.0, 1.0, 2.0))


def test_blocks_are_as_near_to_cubes_as_can_be():
    assert blocks((1.0, 1.0, 2.0), (9, 9, 9), 2) == (2, 2, 1)
    assert blocks((1.0, 1.0, 2.0), (9, 9, 9), 4) == (4, 4, 2)
    assert blocks((0.5, 0.5, 5.0), (9, 9, 9), 6) == (6, 6, 1)
    assert blocks((0.5, 0.5, 0.1), (9, 9, 1), 3) == (3, 3, 1)


def test_a_block_on_block_borders_comes_back_exactly():
    session = Session(image(), Small(most=40 * 40 * 20 // 4))
    update = session.add(Box((0, 0, 0), (40, 40, 20)))
    assert "2 x 2 x 2 mm" in update.notes[0]
    np.testing.assert_array_equal(session.mask(), image().scalar() == 1)


def test_voxels_grow_until_they_are_few_enough():
    session = Session(image(), Small(most=40 * 40 * 20 // 30))
    assert "4 x 4 x 4 mm" in session.add(Box((0, 0, 0), (40, 40, 20))).notes[0]
    with pytest.raises(TooLarge):
        Session(image(), Small(most=10)).add(Box((0, 0, 0), (40, 40, 20)))


def test_what_fits_is_left_as_it_is():
    session = Session(image(), Small(most=10**6))
    assert session.add(Box((0, 0, 0), (40, 40, 20))).notes == ()


def test_prompts_move_with_the_voxels():
    Small.asked.clear()
    prompts = (
        Box((3, 3, 3), (11, 12, 5)),
        Click((5, 5, 4), inside=False),
        Scribble([(4, 4, 3), (5, 4, 3), (6, 4, 3)]),
        Paint([(7, 7, 4)]),
        Adjust(0.5),
    )
    volume = Volume.from_array(np.random.default_rng(0).random((15, 15, 8)))
    segment_coarse(Small(most=15 * 15 * 8 // 6), volume, {1: prompts}, State(), quiet)
    coarse, moved = Small.asked[-1]
    assert coarse.shape == (8, 8, 4)
    np.testing.assert_allclose(coarse.data[0, 1, 2, 3], volume.data[0, 2:4, 4:6, 6:8].mean())
    np.testing.assert_allclose(coarse.data[0, 7, 0, 0], volume.data[0, 14, 0:2, 0:2].mean())
    frame, click, stroke, paint, adjust = moved
    assert frame == Box((1, 1, 1), (6, 6, 3))
    assert click == Click((2, 2, 2), inside=False)
    assert stroke == Scribble([(2, 2, 1), (3, 2, 1)])
    assert paint == Paint([(3, 3, 2)])
    assert adjust == Adjust(0.5)


def test_joint_methods_and_marks_at_full_resolution():
    @dataclass(frozen=True, kw_only=True)
    class SmallNearest(Nearest):
        def segment(self, volume, prompts, state, observe=None):
            if np.prod(volume.shape) > 10_000:
                raise TooLarge("too large")
            return super().segment(volume, prompts, state, observe)

    session = Session(image(), SmallNearest())
    session.add(Click((4, 20, 10)), object=1)
    session.add(Click((36, 20, 10)), Click((39, 30, 10), inside=False), object=2)
    labels = session.labels()
    assert (labels[10, 20, 10], labels[30, 20, 10]) == (1, 2)
    assert labels[36, 20, 10] == 2
    assert labels[39, 30, 10] != 2


def test_what_the_method_learned_goes_on():
    @dataclass(frozen=True, kw_only=True)
    class SmallLearner(Learner):
        def segment(self, volume, prompts, state, observe=None):
            if np.prod(volume.shape) > 10_000:
                raise TooLarge("too large")
            return super().segment(volume, prompts, state, observe)

    session = Session(image(), SmallLearner())
    session.add(Box((0, 0, 0), (40, 40, 20)))
    session.add(Box((0, 0, 0), (40, 40, 20)))
    assert session.history.learned[2]["n"] == 2
    np.testing.assert_array_equal(session.mask().any(axis=(1, 2)).nonzero()[0], [4, 5])


@pytest.mark.parametrize("name", ["graphcut", "geos", "growcut"])
def test_a_real_method_finds_a_ball_on_larger_voxels(name):
    grid = np.indices((48, 48, 48)) - 23.5
    truth = (grid**2).sum(axis=0) <= 16**2
    noise = np.random.default_rng(0).normal(0, 0.1, truth.shape)
    session = Session(Volume.from_array(truth + noise), build(name, {"limit": 20_000}))
    update = session.add(Box((4, 4, 4), (44, 44, 44)))
    (note,) = update.notes
    assert note.startswith("worked on voxels of")
    mask = session.mask()
    assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.95
