"""A 2D method on a volume: which prompt goes to which slice, and what is computed again."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from delineate.errors import PromptsMissing
from delineate.marks import box, seeds
from delineate.methods.base import Method, State, quiet
from delineate.methods.slices import segment_slices
from delineate.patch import Patch
from delineate.prompts import Adjust, Box, Click, Given, Scribble
from delineate.region import Region
from delineate.volume import Volume
from delineate.voxels import Voxels
from stubs import ALL, Bright, Copy, Learner, Nearest, Needy


@dataclass(frozen=True, kw_only=True)
class Recorder(Method):
    """Answers the picture's own marks, and notes what it was asked."""

    name, paper, when, reads, dims = "recorder", "", "", ALL, frozenset({2})
    asked: ClassVar[list] = []

    def segment(self, volume, prompts, state, observe=None):
        self.asked.append((volume.shape, volume.spacing, prompts))
        region = box(prompts) or Region.whole(volume.shape)
        marks = seeds(prompts, region, volume.spacing) == 1
        return Patch(region.low, marks.astype(np.float32)), State(None, {}, ("noted",))


@pytest.fixture(autouse=True)
def _forget():
    Recorder.asked.clear()
    Learner.calls.clear()


VOLUME = Volume.from_array(np.zeros((6, 7, 8)), (1, 1, 2))


def ask(method, prompts, state=None, observe=quiet, volume=VOLUME):
    patches, state = segment_slices(method, volume, prompts, state or State(), observe)
    return {n: p.full(volume.shape) for n, p in patches.items()}, state


def test_a_click_goes_to_its_slice_across_the_coarsest_axis() -> None:
    found, state = ask(Recorder(), {1: (Click((1, 2, 5)),)})
    assert Recorder.asked == [((6, 7, 1), (1, 1, 2), (Click((1, 2, 0)),))]
    np.testing.assert_array_equal(np.argwhere(found[1]), [(1, 2, 5)])
    assert state.notes == ("noted",)


@pytest.mark.parametrize(("axis", "shape"), [(0, (1, 7, 8)), (1, (6, 1, 8)), (2, (6, 7, 1))])
def test_a_prompt_says_its_axis(axis, shape) -> None:
    found, _ = ask(Recorder(), {1: (Click((1, 2, 5), axis=axis),)})
    assert Recorder.asked[0][0] == shape
    np.testing.assert_array_equal(np.argwhere(found[1]), [(1, 2, 5)])


def test_a_scribble_and_a_box_are_cut_into_slices() -> None:
    stroke = Scribble([(1, 1, 3), (2, 2, 3), (3, 3, 5)])
    found, _ = ask(Recorder(), {1: (Box((1, 1, 3), (5, 6, 6)), stroke)})
    assert [prompts for _, _, prompts in Recorder.asked] == [
        (Box((1, 1, 0), (5, 6, 1)), Scribble([(1, 1, 0), (2, 2, 0)])),
        (Box((1, 1, 0), (5, 6, 1)),),
        (Box((1, 1, 0), (5, 6, 1)), Scribble([(3, 3, 0)])),
    ]
    np.testing.assert_array_equal(np.argwhere(found[1]), [(1, 1, 3), (2, 2, 3), (3, 3, 5)])


def test_a_given_mask_starts_each_of_its_slices_and_an_adjustment_reaches_them() -> None:
    mask = np.zeros(VOLUME.shape, bool)
    mask[2:4, 2:5, 1:3] = True
    start = Given(Voxels.from_mask(mask))
    np.testing.assert_array_equal(ask(Copy(), {1: (start,)})[0][1] > 0.5, mask)
    found, _ = ask(Copy(), {1: (start, Adjust(0.2))})
    np.testing.assert_allclose(found[1][mask], 0.8)


def test_answers_of_several_axes_are_united_by_the_larger_probability() -> None:
    image = Volume.from_array(np.ones((6, 7, 8)), (1, 1, 2))
    boxes = Box((1, 1, 4), (3, 3, 5)), Box((2, 1, 4), (3, 5, 7), axis=0)
    found, _ = ask(Bright(probability=0.7), {1: boxes}, volume=image)
    expected = np.zeros(image.shape, np.float32)
    expected[1:3, 1:3, 4] = expected[2, 1:5, 4:7] = 0.7
    np.testing.assert_array_equal(found[1], expected)


def test_only_slices_with_new_prompts_are_asked_again() -> None:
    first = {1: (Click((1, 1, 2)), Click((1, 1, 3)))}
    _, state = ask(Recorder(), first)
    Recorder.asked.clear()
    found, _ = ask(Recorder(), {1: (*first[1], Click((2, 2, 3)))}, state)
    assert [prompts for _, _, prompts in Recorder.asked] == [(Click((1, 1, 0)), Click((2, 2, 0)))]
    np.testing.assert_array_equal(np.argwhere(found[1]), [(1, 1, 2), (1, 1, 3), (2, 2, 3)])


def test_a_slice_whose_prompts_are_gone_is_gone() -> None:
    _, state = ask(Recorder(), {1: (Click((1, 1, 2)), Click((1, 1, 3)))})
    found, _ = ask(Recorder(), {1: (Click((1, 1, 3)),)}, state)
    np.testing.assert_array_equal(np.argwhere(found[1]), [(1, 1, 3)])


def test_each_slice_learns_for_itself() -> None:
    _, state = ask(Learner(), {1: (Click((1, 1, 2)), Click((1, 1, 3)))})
    assert {name: int(n) for name, n in state.learned.items()} == {"2/2/n": 1, "2/3/n": 1}
    said = {1: (Click((1, 1, 2)), Click((1, 1, 3)), Click((2, 2, 3)))}
    _, after = ask(Learner(), said, state)
    assert {name: int(n) for name, n in after.learned.items()} == {"2/2/n": 1, "2/3/n": 2}
    dropped = State(None, state.learned)
    _, again = ask(Learner(), said, dropped)
    assert int(again.learned["2/3/n"]) == 2
    assert {name: int(n) for name, n in state.learned.items()} == {"2/2/n": 1, "2/3/n": 1}


def test_a_slice_that_lacks_a_mark_waits_unless_it_is_the_only_one() -> None:
    both = Click((1, 1, 2)), Click((2, 2, 2), inside=False)
    ask(Needy(), {1: (*both, Click((1, 1, 5)))})
    with pytest.raises(PromptsMissing, match="both sides"):
        ask(Needy(), {1: (Click((1, 1, 5)),)})


def test_a_joint_method_gets_all_objects_of_a_slice() -> None:
    said = {1: (Click((0, 0, 2)),), 2: (Click((5, 0, 2)), Click((5, 0, 4)))}
    found, _ = ask(Nearest(), said)
    assert found[1][1, 0, 2] > 0.5 > found[2][1, 0, 2]
    assert found[2][4, 0, 2] > 0.5
    assert not found[1][..., 4].any()


def test_observer_hears_of_each_slice() -> None:
    seen = []
    ask(Recorder(), {1: (Box((0, 0, 0), (6, 7, 4)),)}, observe=lambda f, p=None: seen.append(f))
    assert seen == [0, 0.25, 0.5, 0.75]
