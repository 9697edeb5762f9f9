"""`delineate serve` and `delineate sessions`: what they refuse, list and purge."""

import json

import numpy as np
import pytest
from typer.testing import CliRunner

from delineate.cli import app
from delineate.errors import DelineateError, SessionError
from delineate.journal import Journal
from delineate.methods import build
from delineate.session import Session
from delineate.volume import Volume


@pytest.fixture
def home(tmp_path):
    place = tmp_path / "home"
    place.mkdir(mode=0o700)
    journal = Journal(place / "journal.db")
    session = Session(Volume.from_array(np.zeros((4, 4))), build("graphcut"))
    for owner, title in (("ann", "a.nii"), ("bob", "b.nii"), ("ann", "c.nii")):
        id = journal.create(owner, session, {"path": title, "upload": None}, title)
        journal.note(id, title=title)
    journal.close()
    return place


def run(*words):
    done = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(done.exception, DelineateError):
        raise done.exception
    return done.stdout


def test_sessions_are_listed_and_purged(home):
    rows = json.loads(run("sessions", "list", "--home", home, "--json"))
    assert [(row["owner"], row["title"]) for row in rows] == [
        ("ann", "c.nii"), ("bob", "b.nii"), ("ann", "a.nii")
    ]  # fmt: skip
    assert run("sessions", "list", "--home", home, "--user", "bob").split()[-1] == "b.nii"
    with pytest.raises(SessionError, match="no session nosuch"):
        run("sessions", "purge", "nosuch", "--home", home)
    with pytest.raises(SessionError, match="say which"):
        run("sessions", "purge", "--home", home)
    assert run("sessions", "purge", rows[0]["id"], "--home", home) == "purged 1 of 3 sessions\n"
    assert run("sessions", "purge", "--older-than", 1, "--home", home) == "purged 0 of 2 sessions\n"
    assert (
        run("sessions", "purge", "--all", "--user", "bob", "--home", home)
        == "purged 1 of 1 sessions\n"
    )
    (row,) = json.loads(run("sessions", "list", "--home", home, "--json"))
    assert row["title"] == "a.nii"


def test_what_serve_refuses(tmp_path):
    with pytest.raises(SessionError, match="no folder"):
        run("serve", tmp_path / "nosuch", "--home", tmp_path / "h")
    with pytest.raises(DelineateError, match="no method"):
        run("serve", "--method", "nosuch", "--home", tmp_path / "h")
    with pytest.raises(SessionError, match="cannot listen"):
        run("serve", "--host", "203.0.113.7", "--home", tmp_path / "h", "--no-browser")
    own = ("--port", 0, "--no-browser", "--home", tmp_path / "h")
    with pytest.raises(SessionError, match="cannot be opened: unable to open"):
        run("serve", "--journal", f"sqlite:///{tmp_path}/nosuch/j.db", *own)
    with pytest.raises(SessionError, match="needs a driver, pip install psycopg"):
        run("serve", "--journal", "postgresql+psycopg://me@localhost/j", *own)
