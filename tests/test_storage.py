"""There and back again: a session file gives the same masks, bit for bit."""

import json
import zipfile
from dataclasses import replace
from importlib.metadata import EntryPoint

import numpy as np
import pytest

import stubs
from delineate import methods
from delineate.errors import NothingToUndo, SessionError
from delineate.objects import Object
from delineate.prompts import Box, Click, Given, Paint, Scribble
from delineate.repeat import replay
from delineate.session import Session
from delineate.storage import load, pack_learned, save, unpack_learned
from delineate.volume import Volume
from delineate.voxels import Voxels
from stubs import Bright, Copy, Learner, Nearest, Stubborn


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    kinds = (Bright, Copy, Learner, Nearest, Stubborn)
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in kinds)
    monkeypatch.setattr(methods, "BUILT_IN", known)


@pytest.fixture
def session(block) -> Session:
    """Two objects, three methods, every kind of step, two steps undone."""
    session = Session(block, Bright(level=0.25))
    session.add(Box((5, 5, 2), (10, 15, 8)), object=1)
    placed = session.add(Click((12, 12, 5)), object=2).ids[0]
    session.describe(2, name="tumour", colour="#00ff00", locked=True)
    session.describe(2, locked=False)
    session.replace(placed, Click((12, 12, 6)))
    session.use(Learner())
    session.add(Scribble([(0, 0, 0), (0, 1, 0)]), object=2)
    session.add(Click((0, 5, 0), inside=False), object=2)
    session.undo()
    session.use(Nearest(), dims=3)
    session.add(Click((3, 3, 3)), object=3)
    session.add(Given(Voxels.of([(7, 7, 7)])), Paint([(7, 7, 8)]), object=4)
    session.remove(placed)
    session.delete(3)
    session.insert(
        replace(Object.fresh(5), name="old", mask=Voxels.of([(7, 7, 7), (9, 9, 7)])),
        replace(Object.fresh(7), colour="#00ff00", mask=Voxels.of([(9, 9, 7), (9, 9, 8)])),
        name="open old.nii",
    )
    session.undo()
    session.undo()
    return session


def rewind(session):
    """The label maps before every done step, first to last, and after the last."""
    seen = [session.labels()]
    while session.history.done:
        session.undo()
        seen.insert(0, session.labels())
    return seen


def test_reads_back_the_same(session, block, tmp_path):
    path = save(session, tmp_path / "case.delineate")
    again = load(path, block)
    assert again.history.steps == session.history.steps
    assert again.history.done == session.history.done
    assert again.next_id == session.next_id
    for number in (1, 2, 3, 4):
        np.testing.assert_array_equal(again.probability(number), session.probability(number))
    again.redo()
    again.redo()
    session.redo()
    session.redo()
    for one, other in zip(rewind(again), rewind(session), strict=True):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(NothingToUndo):
        again.undo()


def test_loading_asks_no_method(session, block, tmp_path, monkeypatch):
    path = save(session, tmp_path / "case.delineate")

    def asked(*_):
        raise AssertionError("a method was asked")

    for kind in (Bright, Learner, Nearest):
        monkeypatch.setattr(kind, "segment", asked)
        monkeypatch.setattr(kind, "start", asked)
    kept = rewind(load(path, block))
    np.testing.assert_array_equal(kept[-1], session.labels())
    assert not kept[0].any()


def test_what_was_learned_comes_back(block, tmp_path):
    session = Session(block, Learner())
    for _ in range(5):
        session.add(Click((0, 0, 0)))
    again = load(save(session, tmp_path / "case.delineate"), block)
    again.add(Click((0, 0, 0)))
    assert again.mask()[6, 0, 0]
    assert again.history.learned[3]["n"] == 3


def test_learned_values_of_every_kind():
    learned = {"w": np.arange(6.0).reshape(2, 3), "f": np.ones(2, np.float32), "lr": 0.5, "on": [1]}
    again = unpack_learned(pack_learned(learned))
    assert again.keys() == learned.keys()
    np.testing.assert_array_equal(again["w"], learned["w"])
    assert again["f"].dtype == np.float32
    assert (again["lr"], again["on"]) == (0.5, [1])


def test_another_image_is_refused(session, block, tmp_path):
    path = save(session, tmp_path / "case.delineate")
    changed = block.data.copy()
    changed[0, 0, 0, 0] = 9
    with pytest.raises(SessionError, match="another image"):
        load(path, Volume(changed, block.geometry))
    moved = Volume(block.data, block.geometry.flip(0))
    with pytest.raises(SessionError, match="another image"):
        load(path, moved)
    with pytest.raises(SessionError, match="give it as `volume`"):
        load(path)


def test_damage_gets_a_sentence(session, block, tmp_path):
    path = save(session, tmp_path / "case.delineate")
    whole = path.read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        with pytest.raises(SessionError, match="not a session file"):
            load(path, block)
    with pytest.raises(SessionError, match="there is no session file"):
        load(tmp_path / "none.delineate", block)


def test_a_blob_that_was_changed_is_found(session, block, tmp_path):
    path = save(session, tmp_path / "case.delineate")
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    name = max((n for n in parts if n.startswith("blobs/")), key=lambda n: len(parts[n]))
    parts[name] = parts[name][:-1] + b"?"
    with zipfile.ZipFile(path, "w") as new:
        for part, content in parts.items():
            new.writestr(part, content)
    with pytest.raises(SessionError, match="damaged"):
        load(path, block)


def test_a_file_of_a_later_format_is_refused(session, block, tmp_path):
    path = save(session, tmp_path / "case.delineate")
    with zipfile.ZipFile(path) as old:
        head = json.loads(old.read("session.json"))
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("session.json", json.dumps(head | {"format": 99}))
    with pytest.raises(SessionError, match="format 99, this version reads 1"):
        load(path, block)


def test_a_failed_save_leaves_the_old_file(session, block, tmp_path, monkeypatch):
    path = save(session, tmp_path / "case.delineate")
    before = path.read_bytes()
    monkeypatch.setattr("delineate.storage.pack_learned", lambda learned: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(session, path)
    assert path.read_bytes() == before


def test_replay_gives_the_same_masks(session, block, tmp_path):
    reports = list(replay(load(save(session, tmp_path / "case.delineate"), block)))
    assert len(reports) == session.history.done
    assert all(report.same and report.dice == 1 and report.passed for report in reports)


def test_replay_names_the_step_that_differs(session, monkeypatch):
    monkeypatch.setattr(stubs.Learner, "segment", stubs.Stubborn.segment)
    reports = list(replay(session))
    wrong = [report.number for report in reports if not report.same]
    first = reports[wrong[0] - 1]
    assert first.name == "scribble inside on tumour"
    assert (first.object, first.passed) == (2, False)
    # Kept: the two marked voxels and the one learned; again: the two marked ones.
    assert first.dice == pytest.approx(2 * 2 / (3 + 2))


def test_replay_gives_prompts_the_same_numbers(block):
    session = Session(block, Bright())
    session.add(Box((5, 5, 2), (10, 15, 8)))
    session.add(Click((0, 0, 1)))
    session.undo()
    (given,) = session.use(Copy()).ids
    session.add(Click((0, 0, 0)))
    session.remove(given)
    lung = replace(Object.fresh(3), name="lung", mask=Voxels.of([(1, 2, 3)]))
    (inserted,) = session.insert(lung, name="open lung.nii").ids
    assert inserted == given + 2
    assert all(report.same for report in replay(session))
