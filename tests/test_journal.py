"""The journal gives back the same bits, knows what was never answered, and computes nothing."""

import os
import stat
import threading
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from delineate import methods
from delineate.errors import OpenElsewhere, SessionError, UnknownSession
from delineate.journal import Journal
from delineate.journal.tables import OBJECTS, TABLES, connect
from delineate.objects import Object
from delineate.prompts import Box, Click, Given, Paint, Scribble, to_json
from delineate.session import Session
from delineate.volume import Volume
from delineate.voxels import Voxels
from stubs import Bright, Copy, Learner, Nearest

POSTGRES = "DELINEATE_POSTGRES"


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    kinds = (Bright, Copy, Learner, Nearest)
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in kinds)
    monkeypatch.setattr(methods, "BUILT_IN", known)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    """Where a journal is: a file, or a database with no tables yet."""
    if request.param == "sqlite":
        yield tmp_path / "own" / "journal.db"
        return
    url = os.environ.get(POSTGRES)
    if not url:
        pytest.skip(f"{POSTGRES} names no database, such as postgresql+pg8000://me@localhost/test")
    engine = connect(url)
    TABLES.drop_all(engine)
    yield url
    TABLES.drop_all(engine)
    engine.dispose()


@pytest.fixture
def journal(place):
    opened = Journal(place)
    yield opened
    opened.close()


@pytest.fixture
def file(tmp_path):
    """A journal that is a file."""
    opened = Journal(tmp_path / "own" / "journal.db")
    yield opened
    opened.close()


def beside(journal):
    """The same journal, as another process has it."""
    url = journal._engine.url
    own = url.get_backend_name() == "sqlite"
    return Journal(url.database if own else url.render_as_string(hide_password=False))


def again(journal, id, volume):
    """What another process would load."""
    other = beside(journal)
    try:
        return other.load(id, volume)
    finally:
        other.close()


def same(one, other):
    """Whether two sessions agree in every step, mask, name and history."""
    assert one.history.steps == other.history.steps
    assert one.history.done == other.history.done
    assert one.next_id == other.next_id
    np.testing.assert_array_equal(one.labels(), other.labels())
    assert {n: {k: v.tolist() for k, v in x.items()} for n, x in one.history.learned.items()} == {
        n: {k: v.tolist() for k, v in x.items()} for n, x in other.history.learned.items()
    }


def old(number, *voxels):
    """An object as another program has left it."""
    return replace(Object.fresh(number), name=f"old {number}", mask=Voxels.of(voxels))


STEPS = (
    lambda s: s.add(Box((5, 5, 2), (10, 15, 8)), object=1),
    lambda s: s.add(Click((12, 12, 5)), object=2),
    lambda s: s.describe(2, name="tumour", colour="#00ff00", locked=True),
    lambda s: s.undo(),
    lambda s: s.undo(),
    lambda s: s.redo(),
    lambda s: s.use(Learner()),
    lambda s: s.add(Scribble([(0, 0, 0), (0, 1, 0)]), object=2),
    lambda s: s.add(Click((0, 5, 0), inside=False), object=2),
    lambda s: s.add(Click((0, 6, 0), inside=False), object=2),
    lambda s: s.undo(),
    lambda s: s.replace(2, Click((12, 12, 6))),
    lambda s: s.use(Nearest(), dims=3),
    lambda s: s.add(Click((3, 3, 3)), object=3),
    lambda s: s.add(Given(Voxels.of([(7, 7, 7)])), Paint([(7, 7, 8)]), object=4),
    lambda s: s.remove(2),
    lambda s: s.delete(3),
    lambda s: s.undo(),
    lambda s: s.insert(old(5, (7, 7, 7), (7, 7, 9)), old(6, (7, 7, 9)), name="open old.nii"),
    lambda s: s.undo(),
    lambda s: s.redo(),
)


def test_after_every_step_another_process_reads_the_same(journal, block):
    session = Session(block, Bright(level=0.25))
    id = journal.create("ann", session, {"path": "a.nii"})
    for step in STEPS:
        ask = journal.asked(id, {"do": "step"})
        step(session)
        journal.answered(id, ask, session)
        same(again(journal, id, block), session)


def test_going_on_from_what_was_read(journal, block):
    session = Session(block, Bright(level=0.25))
    id = journal.create("ann", session, {})
    for step in STEPS:
        session = journal.load(id, block)
        ask = journal.asked(id, {"do": "step"})
        step(session)
        journal.answered(id, ask, session)
        same(again(journal, id, block), session)
    with journal._engine.connect() as link:
        kept = link.execute(select(OBJECTS.c.row)).scalars().all()
    rows, kinds = len(kept), len(set(kept))
    assert rows == kinds, "an object that was read is not written a second time"


def test_loading_asks_no_method(journal, block, monkeypatch):
    session = Session(block, Bright())
    session.add(Box((5, 5, 2), (10, 15, 8)))
    id = journal.create("ann", session, {})

    def asked(*_):
        raise AssertionError("a method was asked")

    monkeypatch.setattr(Bright, "segment", asked)
    monkeypatch.setattr(Bright, "start", asked)
    assert again(journal, id, block).mask().sum() == 5 * 10 * 6


def test_what_was_asked_and_not_answered_is_known_and_not_repeated(journal, block):
    session = Session(block, Bright())
    id = journal.create("ann", session, {})
    click = {"do": "add", "object": 1, "prompts": [to_json(Click((6, 6, 3)))]}
    journal.asked(id, click)
    assert not again(journal, id, block).objects
    assert journal.interrupted(id) == [], "it may still be answered"
    journal.load(id, block)
    (row,) = journal.interrupted(id)
    assert {name: row[name] for name in click} == click
    assert journal.interrupted(id, forget=True) == [row]
    assert journal.interrupted(id) == []
    ask = journal.asked(id, click)
    journal.failed(id, ask, "failed", "out of memory")
    assert journal.interrupted(id) == []


def test_another_image_is_refused(journal, block):
    id = journal.create("ann", Session(block, Bright()), {})
    changed = block.data.copy()
    changed[0, 0, 0, 0] = 9
    with pytest.raises(SessionError, match="image has changed"):
        journal.load(id, Volume(changed, block.geometry))
    with pytest.raises(SessionError, match="image has changed"):
        journal.load(id, Volume(block.data, block.geometry.flip(0)))


def test_two_processes_on_one_session_do_not_mix(journal, block):
    session = Session(block, Bright())
    id = journal.create("ann", session, {})
    other = beside(journal)
    theirs = other.load(id, block)
    ask = other.asked(id, {})
    theirs.add(Click((6, 6, 3)))
    other.answered(id, ask, theirs)
    with pytest.raises(OpenElsewhere, match="another server"):
        journal.asked(id, {})
    same(journal.load(id, block), theirs)
    journal.asked(id, {})
    other.close()


def test_a_transaction_that_fails_leaves_the_last_answer(journal, block, monkeypatch):
    session = Session(block, Bright())
    id = journal.create("ann", session, {})
    ask = journal.asked(id, {})
    session.add(Click((6, 6, 3)))
    import delineate.journal.written as written

    monkeypatch.setattr(written, "pack_learned", None)
    monkeypatch.setattr(written.json, "dumps", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        journal.answered(id, ask, session)
    monkeypatch.undo()
    monkeypatch.setattr(methods, "BUILT_IN", (EntryPoint("bright", "stubs:Bright", ""),))
    assert not again(journal, id, block).objects
    journal.answered(id, ask, session)
    same(again(journal, id, block), session)


def test_notes_owners_and_work(journal, block):
    mine = journal.create("ann", Session(block, Bright()), {"path": "a.nii"}, "a.nii")
    yours = journal.create("bob", Session(block, Bright()), {"path": "b.nii"})
    journal.note(mine, view={"slice": 4}, seconds={"1": 2.5})
    journal.note(mine, seconds=None, status="done")
    kept = journal.kept(mine)
    assert kept.notes == {"view": {"slice": 4}, "status": "done"}
    assert (kept.owner, kept.place, kept.image["path"]) == ("ann", "a.nii", "a.nii")
    assert [one.id for one in journal.list("ann")] == [mine]
    assert {one.id for one in journal.list()} == {mine, yours}
    journal.purge(mine)
    with pytest.raises(UnknownSession, match="no session"):
        journal.kept(mine)
    assert [one.id for one in journal.list()] == [yours]
    journal.mark("ann", "a.nii", True)
    journal.mark("ann", "a.nii", True)
    assert (journal.marked("ann"), journal.marked("bob")) == ({"a.nii"}, set())
    journal.mark("ann", "a.nii", False)
    assert journal.marked("ann") == set()


def test_notes_that_are_added_to_at_once_lose_nothing(journal, block):
    id = journal.create("ann", Session(block, Bright()), {})

    def count():
        for _ in range(20):
            journal.amend(id, lambda notes: {"n": notes.get("n", 0) + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert journal.kept(id).notes == {"n": 80}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_only_the_owner_may_read(file, block):
    file.create("ann", Session(block, Bright()), {})
    folder = Path(file._engine.url.database).parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for each in folder.iterdir():
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each


def test_a_journal_that_cannot_be_opened_gets_a_sentence(tmp_path):
    path = tmp_path / "not.db"
    path.write_bytes(b"this is no database" * 100)
    with pytest.raises(SessionError, match="cannot be opened"):
        Journal(path)
    with pytest.raises(SessionError, match="cannot be opened"):
        Journal("nosuchdatabase://here")


def test_every_commit_is_on_disk(file):
    with file._engine.connect() as link:
        assert link.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert link.exec_driver_sql("PRAGMA synchronous").scalar() == 2
