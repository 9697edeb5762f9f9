"""Steps, undo, several objects: with methods whose answers are known by heart."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from delineate.errors import (
    Cancelled,
    NothingToUndo,
    PromptNotRead,
    PromptOutside,
    SessionError,
    UnknownObject,
    UnknownPrompt,
)
from delineate.objects import Object
from delineate.patch import Patch
from delineate.prompts import Adjust, Box, Click, Given, Paint, Scribble
from delineate.session import Session
from delineate.voxels import Voxels
from stubs import Bright, Copy, Failing, Learner, Nearest, Needy, Slow, Stubborn

HALF = Box((5, 5, 2), (10, 15, 8))
OTHER = Box((8, 5, 2), (15, 15, 8))


def test_a_box_gives_the_mask_in_it(block):
    session = Session(block, Bright())
    update = session.add(HALF)
    expected = np.zeros(block.shape, bool)
    expected[5:10, 5:15, 2:8] = True
    np.testing.assert_array_equal(session.mask(), expected)
    assert update.region == HALF.region
    assert (update.step, update.ids, update.objects) == ("box on object 1", (1,), (1,))
    assert session.probability()[6, 6, 4] == pytest.approx(0.9, abs=1 / 255)
    np.testing.assert_array_equal(session.labels(), expected)


def test_half_is_not_inside_and_a_little_more_is(block):
    for probability, inside in [(0.5, False), (np.nextafter(np.float32(0.5), 1), True)]:
        session = Session(block, Bright(probability=probability))
        session.add(HALF)
        assert session.mask().any() == inside
        assert (session.probability().max() > 0.5) == inside


def test_the_user_overrules_the_method(block):
    session = Session(block, Stubborn())
    session.add(Scribble([(3, 3, 3), (3, 4, 3)]), Click((3, 4, 3), inside=False))
    assert session.mask()[3, 3, 3]
    assert session.mask().sum() == 1
    session.add(Click((3, 4, 3)))
    assert session.mask().sum() == 2


def test_paint_and_erase_ask_no_method(block):
    session = Session(block, Failing())
    session.add(Paint([(1, 1, 1), (1, 2, 1)]))
    session.add(Paint([(1, 2, 1)], inside=False))
    session.add(Paint([(1, 3, 1)]))
    assert session.mask().nonzero()[1].tolist() == [1, 3]


def test_paint_stays_on_top_of_what_the_method_says_later(block):
    session = Session(block, Bright())
    session.add(Paint([(0, 0, 0)]))
    session.add(HALF)
    assert session.mask()[0, 0, 0]
    assert session.mask().sum() == 301


def test_a_given_mask_starts_and_replaces(block):
    mask = block.scalar() > 0.5
    session = Session(block, Stubborn())
    session.add(Click((0, 0, 0)), Given(Voxels.from_mask(mask)))
    np.testing.assert_array_equal(session.mask(), mask)
    update = session.add(Click((0, 0, 1)))
    assert "does not start from a mask" in update.notes[0]
    assert session.mask().sum() == 1
    session.undo()
    np.testing.assert_array_equal(session.mask(), mask)


@pytest.mark.parametrize("method", [Bright(), Nearest()], ids=["one object", "all at once"])
def test_masks_are_inserted_in_one_step_and_no_method_is_asked(block, method, monkeypatch):
    session = Session(block, method)
    session.add(Paint([(0, 0, 0), (0, 1, 0)]), object=2)
    session.describe(2, locked=True)
    session.add(Given(Voxels.of([(1, 0, 0), (1, 1, 0)])), object=3)
    before = session.labels()
    monkeypatch.setattr(type(method), "segment", None)
    first = replace(
        Object.fresh(1), name="lung", colour="#010203",
        mask=Voxels.of([(0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 1, 0)]),
    )  # fmt: skip
    second = replace(Object.fresh(4), name="lobe", mask=Voxels.of([(3, 1, 0), (4, 1, 0)]))
    update = session.insert(first, second, name="open old.nii")
    expected = before.copy()
    expected[1:3, 1, 0], expected[3:5, 1, 0] = 1, 4  # not what is locked; the later has both's
    np.testing.assert_array_equal(session.labels(), expected)
    assert (update.step, update.objects) == ("open old.nii", (1, 3, 4))
    assert session.history.done == 4
    lung = session.object(1)
    assert (lung.name, lung.colour, lung.said) == ("lung", "#010203", (Given(first.mask),))
    assert [lung.prompts[0].id, session.object(4).prompts[0].id] == list(update.ids)
    assert session.next_id == update.ids[-1] + 1
    session.undo()
    np.testing.assert_array_equal(session.labels(), before)
    assert [item.number for item in session.objects] == [2, 3]
    session.redo()
    np.testing.assert_array_equal(session.labels(), expected)


def test_what_cannot_be_inserted(block):
    session = Session(block, Bright())
    session.add(Paint([(0, 0, 0)]), object=2)
    far = replace(Object.fresh(1), mask=Voxels.of([(99, 0, 0)]))
    for items, kind, says in (
        ((), SessionError, "at least one"),
        ((Object.fresh(2),), SessionError, "an object 2 already"),
        ((Object.fresh(1), Object.fresh(1)), SessionError, "an object 1 already"),
        ((Object.fresh(0),), UnknownObject, "from 1 up"),
        ((Object.fresh(1), far), (SessionError, PromptOutside), "."),
    ):
        with pytest.raises(kind, match=says):
            session.insert(*items, name="open")
    assert session.history.done == 1 and session.next_id == 2
    assert [item.number for item in session.objects] == [2]


def test_another_method_goes_on_from_the_mask(block):
    session = Session(block, Bright())
    session.add(HALF)
    before = session.mask()
    assert session.use(Copy()).step == "use Copy"
    np.testing.assert_array_equal(session.mask(), before)
    session.add(Click((0, 0, 0)))
    assert session.mask().sum() == before.sum() + 1
    session.undo()
    session.undo()
    assert session.method == Bright()
    session.redo()
    assert session.method == Copy()


def test_an_adjustment_counts_until_another_prompt_follows(block):
    session = Session(block, Copy())
    session.add(Given(Voxels.from_mask(block.scalar() > 0.5)))
    full = session.mask().sum()
    session.add(Adjust(-0.3))
    assert not session.mask().any()
    session.add(Adjust(-0.05))
    assert session.mask().sum() == full
    session.add(Adjust(-0.3))
    session.add(Click((0, 0, 0)))
    assert session.mask().sum() == full + 1


def test_undo_takes_back_what_the_method_learned(block):
    session = Session(block, Learner())
    session.add(Click((0, 0, 0)))
    session.add(Click((0, 0, 0)))
    second = session.mask()
    session.undo()
    session.add(Click((0, 0, 0)))
    np.testing.assert_array_equal(session.mask(), second)


def test_what_was_learned_long_ago_is_made_again(block):
    session = Session(block, Learner())
    for _ in range(15):
        session.add(Click((0, 0, 0)))
    kept = sorted(session.history.learned)
    assert kept == [10, 12, 13, 14, 15]
    for _ in range(9):
        session.undo()
    Learner.calls.clear()
    session.add(Click((0, 0, 0)))
    assert session.mask()[7, 0, 0]
    assert Learner.calls == [1, 2, 3, 4, 5, 6, 7]


def test_each_object_learns_for_itself(block):
    session = Session(block, Learner())
    session.add(Click((0, 0, 0)))
    session.add(Click((0, 0, 0)))
    session.add(Click((0, 0, 0)), object=2)
    assert session.mask(2)[1, 0, 0]
    session.add(Click((0, 0, 0)))
    assert session.mask(1)[3, 0, 0]


def test_a_moved_click_starts_from_the_image_alone(block):
    session = Session(block, Learner())
    first = session.add(Click((0, 0, 0))).ids[0]
    session.add(Click((0, 0, 1)))
    session.replace(first, Click((0, 1, 0)))
    assert session.mask()[1, 0, 0]
    assert session.mask()[0, 1, 0]
    assert not session.mask()[0, 0, 0]


def test_a_prompt_can_be_removed_out_of_the_middle(block):
    session = Session(block, Stubborn())
    ids = [session.add(Click((i, 0, 0))).ids[0] for i in range(3)]
    session.remove(ids[1])
    assert session.mask()[:, 0, 0].nonzero()[0].tolist() == [0, 2]
    session.undo()
    assert session.mask()[:, 0, 0].nonzero()[0].tolist() == [0, 1, 2]
    session.redo()
    with pytest.raises(UnknownPrompt, match=f"no prompt {ids[1]}"):
        session.remove(ids[1])


def test_preview_is_what_add_would_give_and_leaves_no_trace(block):
    session = Session(block, Bright())
    session.add(HALF)
    before, steps = session.mask(), len(session.history.steps)
    trial = session.preview(Box((5, 5, 2), (7, 15, 8)))
    assert len(session.history.steps) == steps
    np.testing.assert_array_equal(session.mask(), before)
    session.add(Box((5, 5, 2), (7, 15, 8)))
    assert session.object().mask == trial.mask


def test_preview_of_a_moved_prompt(block):
    session = Session(block, Stubborn())
    placed = session.add(Click((0, 0, 0))).ids[0]
    trial = session.preview(Click((4, 4, 4)), replacing=placed)
    assert trial.mask == Voxels.of([(4, 4, 4)])
    assert session.object().mask == Voxels.of([(0, 0, 0)])


@pytest.mark.parametrize("seed", range(10))
def test_undo_all_then_redo_all_is_nothing(block, seed):
    rng = np.random.default_rng(seed)
    session = Session(block, Bright())
    seen = [session.labels()]
    placed = []
    for _ in range(12):
        at = tuple(int(i) for i in rng.integers(0, block.shape))
        number = int(rng.integers(1, 4))
        match rng.integers(6):
            case 0:
                session.add(Box(at, tuple(np.add(at, 1))), object=number)
            case 1:
                session.describe(number, name=f"name {rng.integers(9)}")
            case 2 if placed:
                session.replace(placed[-1], Click(at))
            case 3:
                session.use(Bright(level=float(rng.random())))
            case 4:
                session.add(Paint([at], inside=bool(rng.integers(2))), object=number)
            case _:
                placed += session.add(Click(at, bool(rng.integers(2))), object=number).ids
        seen.append(session.labels())
    for labels in reversed(seen[:-1]):
        session.undo()
        np.testing.assert_array_equal(session.labels(), labels)
    for labels in seen[1:]:
        session.redo()
        np.testing.assert_array_equal(session.labels(), labels)


def test_nothing_to_undo_or_redo(block):
    session = Session(block, Bright())
    with pytest.raises(NothingToUndo, match="undo"):
        session.undo()
    session.add(HALF)
    session.undo()
    session.add(HALF)
    with pytest.raises(NothingToUndo, match="redo"):
        session.redo()


def test_a_failure_changes_nothing(block):
    session = Session(block, Failing())
    session.add(Click((0, 0, 0)))
    before = session.labels()
    with pytest.raises(RuntimeError, match="on purpose"):
        session.add(Click((9, 9, 9)))
    np.testing.assert_array_equal(session.labels(), before)
    assert len(session.object().prompts) == 1
    assert session.history.done == 1


def test_progress_is_seen_and_can_be_stopped(block):
    session = Session(block, Slow())
    seen = []
    session.add(Click((0, 0, 0)), observe=lambda fraction, patch: seen.append(fraction))
    assert seen == pytest.approx(np.arange(10) / 10)

    def stop(fraction, patch):
        if fraction > 0.5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        session.add(Click((9, 9, 9)), observe=stop)
    assert session.history.done == 1
    with pytest.raises(Cancelled):
        session.preview(Click((9, 9, 9)), observe=stop)


def test_where_two_claim_a_voxel_the_more_probable_wins(block):
    session = Session(block, Bright(probability=0.7))
    session.add(HALF, object=1)
    session.use(Bright(probability=0.6))
    session.add(OTHER, object=2)
    assert session.labels()[9, 6, 4] == 1
    assert session.labels()[10, 6, 4] == 2
    session.use(Bright(probability=0.8))
    session.add(OTHER, object=2)
    assert session.labels()[9, 6, 4] == 2


def test_on_a_tie_the_one_edited_last_wins(block):
    session = Session(block, Bright())
    session.add(HALF, object=2)
    session.add(OTHER, object=1)
    assert session.labels()[9, 6, 4] == 1
    session.add(HALF, object=2)
    assert session.labels()[9, 6, 4] == 2


def test_a_mark_wins_over_any_probability(block):
    session = Session(block, Bright(probability=1.0))
    session.add(HALF, object=1)
    session.add(Click((6, 6, 4)), Box((6, 6, 4), (7, 7, 5)), object=2)
    session.add(HALF, object=1)
    assert session.labels()[6, 6, 4] == 2


def test_what_another_object_lets_go_comes_back(block):
    session = Session(block, Bright())
    session.add(HALF, object=1)
    session.add(OTHER, object=2)
    assert session.labels()[9, 6, 4] == 2
    session.add(Click((9, 6, 4), inside=False), object=2)
    assert session.labels()[9, 6, 4] == 1
    session.delete(2)
    assert session.labels()[8, 6, 4] == 1


def test_an_object_made_without_a_word_is_added_in_the_history(block):
    session = Session(block, Bright())
    session.describe(2)
    session.describe(2, name="tumour", locked=True)
    names = [step.name for step in session.history.steps]
    assert names == ["add object 2", "set name, locked of tumour"]


def test_a_locked_object_is_never_overwritten(block):
    session = Session(block, Bright())
    session.add(HALF, object=1)
    session.describe(1, locked=True, name="kidney", colour="#ff0000")
    before = session.mask(1)
    session.add(OTHER, Click((9, 6, 4)), object=2)
    np.testing.assert_array_equal(session.mask(1), before)
    with pytest.raises(SessionError, match="kidney is locked"):
        session.add(Click((0, 0, 0)), object=1)
    with pytest.raises(SessionError, match="kidney is locked"):
        session.delete(1)
    session.undo()
    session.undo()
    assert not session.object(1).locked


def test_undo_touches_the_last_object_only(block):
    session = Session(block, Bright())
    session.add(HALF, object=1)
    first = session.mask(1)
    session.add(Box((15, 15, 8), (20, 20, 10)), Click((16, 16, 9)), object=2)
    update = session.undo()
    assert update.objects == (2,)
    np.testing.assert_array_equal(session.mask(1), first)


def test_a_joint_method_answers_for_all_at_once(block):
    session = Session(block, Nearest())
    session.add(Click((2, 10, 5)), object=1)
    update = session.add(Click((18, 10, 5)), object=2)
    assert update.objects == (1, 2)
    labels = session.labels()
    assert labels[5, 10, 5] == 1
    assert labels[15, 10, 5] == 2


def test_a_joint_method_leaves_locked_and_given_objects_alone(block):
    session = Session(block, Nearest())
    session.add(Given(Voxels.of([(0, 0, 0)])), object=1)
    session.add(Click((18, 10, 5)), object=2)
    assert session.mask(1).sum() == 1
    session.describe(2, locked=True)
    before = session.mask(2)
    session.add(Click((2, 10, 5)), object=3)
    np.testing.assert_array_equal(session.mask(2), before)


def test_a_locked_or_given_object_keeps_its_claim_beside_a_joint_method(block):
    @dataclass(frozen=True, kw_only=True)
    class FromMasks(Nearest):
        reads = Nearest.reads | {Given}

    session = Session(block, FromMasks())
    session.add(Given(Voxels.of([(0, 0, 0)])), object=1)
    session.add(Click((18, 10, 5)), object=2)
    assert session.object(1).claim == Voxels.of([(0, 0, 0)])
    session.describe(2, locked=True)
    before = session.object(2).claim
    session.add(Click((2, 10, 5)), object=3)
    assert session.object(2).claim == before


def test_a_joint_answer_makes_only_the_marked_object_the_last_edited(block):
    @dataclass(frozen=True, kw_only=True)
    class Everywhere(Nearest):
        def segment(self, volume, prompts, state, observe=None):
            sure = np.full(volume.shape, 0.9, np.float32)
            return {number: Patch((0, 0, 0), sure) for number in prompts}, state

    session = Session(block, Everywhere())
    session.add(Click((0, 0, 0)), object=1)
    session.add(Click((1, 0, 0)), object=2)
    assert session.labels()[9, 9, 9] == 2
    session.add(Click((2, 0, 0)), object=1)
    assert session.labels()[9, 9, 9] == 1
    assert session.labels()[1, 0, 0] == 2


def test_a_locked_object_is_not_given_to_the_next_method(block):
    session = Session(block, Bright())
    session.add(HALF, object=1)
    session.describe(1, locked=True)
    assert session.use(Copy()).ids == ()


def test_a_method_that_comes_back_starts_anew(block):
    session = Session(block, Learner())
    session.add(Click((0, 0, 0)))
    session.add(Click((0, 0, 0)))
    session.use(Stubborn())
    session.add(Click((0, 0, 0)))
    session.use(Learner())
    session.add(Click((0, 1, 0)))
    assert session.mask()[1, 0, 0]
    assert not session.mask()[3, 0, 0]


def test_a_method_that_needs_more_keeps_the_prompt_and_says_so(block):
    session = Session(block, Needy())
    update = session.add(Click((6, 6, 4)))
    assert update.notes == ("needy needs a mark on both sides",)
    assert session.mask().sum() == 1
    assert session.add(Click((0, 0, 0), inside=False)).notes == ()
    assert session.mask().sum() == 600


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        (Click((-1, 0, 0)), r"click at \(-1, 0, 0\) is outside the image.*\(19, 19, 9\)"),
        (Click((0, 0, 10)), "outside the image"),
        (Box((0, 0, 0), (20, 21, 10)), "box at"),
        (Scribble([(0, 0, 0), (0, 0, 10)]), "scribble at"),
        (Paint([(20, 0, 0)]), "paint at"),
    ],
)
def test_refuses_a_prompt_outside_the_image(block, prompt, message):
    session = Session(block, Bright())
    with pytest.raises(PromptOutside, match=message):
        session.add(prompt)
    assert session.history.done == 0


def test_says_which_prompts_it_reads(block):
    with pytest.raises(PromptNotRead, match="bright does not read Adjust; it reads Box, Click"):
        Session(block, Bright()).add(Adjust(0.1))


def test_bad_calls_get_a_sentence(block):
    session = Session(block, Bright())
    with pytest.raises(SessionError, match="at least one"):
        session.add()
    with pytest.raises(UnknownObject, match="from 1 up, got 0"):
        session.add(HALF, object=0)
    with pytest.raises(UnknownObject, match="there is no object 3; there are: none yet"):
        session.object(3)
    with pytest.raises(SessionError, match='"all" or "marked"'):
        Session(block, Bright(), parts="some")

    class Flat(Bright):
        dims = frozenset({2})

    with pytest.raises(SessionError, match="bright works in 2D, not in 3D"):
        Session(block, Flat(), dims=3)


def test_marked_parts_only(block):
    session = Session(block, Bright(), parts="marked")
    session.add(Box((0, 0, 0), (20, 20, 10)), Paint([(0, 0, 0)]))
    assert session.mask().sum() == 1
    session.add(Click((6, 6, 4)))
    assert session.mask().sum() == 601


def test_the_image_alone_is_worked_on_once(block, monkeypatch):
    starts = []
    original = Learner.start

    def start(self, volume):
        starts.append(1)
        return original(self, volume)

    monkeypatch.setattr(Learner, "start", start)
    session = Session(block, Learner())
    for number in (1, 2, 1, 3):
        session.add(Click((0, 0, 0)), object=number)
    assert len(starts) == 1


def test_a_moved_click_goes_on_from_what_was_learned_before_it(block):
    session = Session(block, Learner())
    session.add(Click((0, 0, 0)))
    second = session.add(Click((0, 0, 1))).ids[0]
    session.add(Click((0, 0, 2)))
    session.replace(second, Click((0, 1, 0)))
    assert session.mask()[2, 0, 0] and not session.mask()[4, 0, 0]
    session.remove(second)
    assert session.mask()[2, 0, 0]
    session.add(Click((0, 0, 3)))
    assert session.mask()[3, 0, 0]


def test_what_was_learned_from_a_prompt_that_is_gone_is_not_gone_on_from(block):
    session = Session(block, Learner())
    first = session.add(Click((0, 0, 0))).ids[0]
    second = session.add(Click((0, 0, 1))).ids[0]
    session.remove(first)
    session.replace(second, Click((0, 1, 0)))
    assert session.mask()[1, 0, 0] and not session.mask()[3, 0, 0]


def test_what_a_moved_click_went_on_from_is_made_again(block):
    session = Session(block, Learner())
    session.add(Click((0, 0, 0)))
    second = session.add(Click((0, 0, 1))).ids[0]
    session.replace(second, Click((0, 1, 0)))
    for n in range(6):
        session.add(Click((0, 0, n)))
    for _ in range(6):
        session.undo()
    session.history.learned.clear()
    session.add(Click((0, 0, 5)))
    assert session.mask()[3, 0, 0]
