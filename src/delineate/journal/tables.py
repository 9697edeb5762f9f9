"""The tables of the journal, and how a database is opened: durable, and its owner's alone."""

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import MissingExtra, SessionError

try:
    import sqlalchemy as sql
except ImportError as error:
    raise MissingExtra('a journal needs SQLAlchemy: pip install "delineate[serve]"') from error

TABLES = sql.MetaData()


def _table(name: str, *columns: "sql.Column[Any]") -> sql.Table:
    """A table whose rows belong to a session."""
    return sql.Table(
        name, TABLES, sql.Column("session", sql.String(40), primary_key=True), *columns
    )


def _number() -> "sql.Column[Any]":
    return sql.Column("number", sql.Integer, primary_key=True, autoincrement=False)


def _text(name: str) -> "sql.Column[Any]":
    return sql.Column(name, sql.Text, nullable=False)


SESSIONS = _table(
    "sessions",
    sql.Column("owner", sql.String(200), nullable=False, index=True),
    sql.Column("place", sql.String(1000), nullable=False),
    sql.Column("created", sql.Double, nullable=False),
    sql.Column("opened", sql.Double, nullable=False),
    sql.Column("version", sql.Integer, nullable=False),
    _text("image"),
    _text("head"),
    _text("notes"),
)
STEPS = _table("steps", _number(), _text("row"))
OBJECTS = _table("objects", _number(), _text("row"))
PROMPTS = _table("prompts", _number(), _text("row"))
LEARNED = _table("learned", _number(), sql.Column("packed", sql.LargeBinary, nullable=False))
BLOBS = _table(
    "blobs",
    sql.Column("name", sql.String(64), primary_key=True),
    sql.Column("bits", sql.LargeBinary, nullable=False),
)
ASKS = _table(
    "asks",
    _number(),
    sql.Column("time", sql.Double, nullable=False),
    sql.Column("seconds", sql.Double, nullable=False),
    sql.Column("outcome", sql.String(20), nullable=False),
    _text("action"),
    _text("message"),
)
DONE = sql.Table(
    "done",
    TABLES,
    sql.Column("owner", sql.String(200), primary_key=True),
    sql.Column("place", sql.String(1000), primary_key=True),
)


def connect(url: str | os.PathLike[str]) -> sql.Engine:
    """Open a database, and make what tables it lacks.

    Args:
        url: An SQLAlchemy URL, or the path of an SQLite file, made for its owner alone.

    Raises:
        SessionError: If it cannot be opened.
    """
    text = os.fspath(url)
    try:
        if "://" not in text:
            _own(Path(text))
            text = f"sqlite:///{text}"
        engine = sql.create_engine(text, pool_pre_ping=not text.startswith("sqlite"))
        if engine.dialect.name == "sqlite":
            sql.event.listen(engine, "connect", _prepare)
        TABLES.create_all(engine)
    except ImportError as error:
        raise SessionError(
            f"the journal cannot be opened: its database needs a driver, pip install {error.name}"
        ) from error
    except (sql.exc.SQLAlchemyError, OSError) as error:
        said = str(getattr(error, "orig", None) or error).splitlines()[0]
        raise SessionError(f"the journal cannot be opened: {said}") from error
    return engine


@contextmanager
def transaction(engine: sql.Engine) -> Iterator[sql.Connection]:
    """All of it or nothing.

    Raises:
        SessionError: If the database cannot do it, such as on a full disk.
    """
    try:
        with engine.begin() as link:
            yield link
    except sql.exc.SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or type(error).__name__).splitlines()[0]
        raise SessionError(f"the journal could not be written, nothing was done: {said}") from error


def insert(link: sql.Connection, table: sql.Table, rows: list[dict[str, Any]]) -> None:
    """Add rows, perhaps none."""
    if rows:
        link.execute(table.insert(), rows)


def _own(path: Path) -> None:
    """A file, in a folder, that only its owner may read."""
    if not path.parent.exists():
        path.parent.mkdir(mode=0o700, parents=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    path.chmod(0o600)


def _prepare(link: sqlite3.Connection, _: Mapping[str, Any]) -> None:
    """Each commit is on disk when it returns; what is deleted is overwritten."""
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "secure_delete=ON"):
        link.execute(f"PRAGMA {pragma}")
    link.execute("PRAGMA busy_timeout=30000")
