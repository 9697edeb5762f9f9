"""Sessions in a database, by default an SQLite file in WAL mode.

A prompt is written when it is asked, before a method sees it; what came of it is written
before it is answered. Loading reads masks and computes nothing.
"""

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql

from ..errors import SessionError, UnknownSession
from ..session import Session
from ..volume import Volume, fingerprint
from .tables import ASKS, DONE, SESSIONS, TABLES, connect, transaction
from .written import Written, rebuilt


@dataclass(frozen=True)
class Kept:
    """What the journal says of a session without loading it.

    Args:
        id: Its name in the journal.
        owner: Whose it is.
        place: The image's place in a work list, or "".
        created: Seconds since 1970, UTC.
        opened: When it was last loaded or changed.
        image: Where its image is, as `create` was told, and its "sha256".
        objects: How many it has.
        steps: How many it has, those undone too.
        notes: What was kept beside it.
    """

    id: str
    owner: str
    place: str
    created: float
    opened: float
    image: Mapping[str, Any]
    objects: int
    steps: int
    notes: Mapping[str, Any]


class Journal:
    """Sessions in a database.

    Calls on one session must not overlap; those on different ones may. A session that another
    process has gone on with is noticed, and this one's step is refused.

    Args:
        url: An SQLAlchemy URL, or the path of an SQLite file, which only its owner may read.

    Raises:
        SessionError: If the database cannot be opened; by any call, if it cannot be written.
    """

    def __init__(self, url: str | os.PathLike[str]) -> None:
        self._engine = connect(url)
        self._open: dict[str, Written] = {}

    def close(self) -> None:
        """Let go of the database."""
        self._open.clear()
        self._engine.dispose()

    def create(
        self, owner: str, session: Session, image: Mapping[str, Any], place: str = ""
    ) -> str:
        """Keep a new session.

        Args:
            owner: Whose it is.
            session: As it is; it may have steps already.
            image: Where its image is, as JSON can hold it.
            place: The image's place in a work list.

        Returns:
            The name by which the journal knows it; it cannot be guessed.
        """
        id, now = secrets.token_urlsafe(16), time.time()
        said = {**image, "sha256": fingerprint(session.volume)}
        row = {"session": id, "owner": owner, "place": place, "created": now, "opened": now,
               "version": 0, "image": json.dumps(said), "head": "{}", "notes": "{}"}  # fmt: skip
        with transaction(self._engine) as link:
            link.execute(SESSIONS.insert(), row)
            written = Written(id).sync(link, session)
        self._open[id] = written
        return id

    def asked(self, id: str, action: Mapping[str, Any]) -> int:
        """Write what is asked for, before it is computed; returns its number."""
        with transaction(self._engine) as link:
            written = self._open[id].ask(link, action)
        self._open[id] = written
        return written.asks

    def answered(self, id: str, ask: int | None, session: Session, seconds: float = 0.0) -> None:
        """Write what came of it, all or nothing: steps, masks, what is undone.

        Args:
            id: As `create` gave it.
            ask: What `asked` returned; None for what needs no computation, such as undo.
            session: As it is now.
            seconds: How long it took.
        """
        with transaction(self._engine) as link:
            if ask is not None:
                _settle(link, id, ask, outcome="done", seconds=seconds)
            written = self._open[id].sync(link, session)
        written.rows.blobs.clear()
        self._open[id] = written

    def failed(self, id: str, ask: int, outcome: str, message: str = "") -> None:
        """Write that nothing came of it ("failed", "cancelled"), and why."""
        with transaction(self._engine) as link:
            _settle(link, id, ask, outcome=outcome, message=message)

    def load(self, id: str, volume: Volume, **more: Any) -> Session:
        """The session as it was last answered: the same bits, nothing computed.

        Args:
            id: As `create` gave it.
            volume: Its image.
            more: As `Session` takes them: clock, asker.

        Raises:
            UnknownSession: If there is none of this name.
            SessionError: If the image is not the one it was made on, or rows are damaged.
        """
        with transaction(self._engine) as link:
            row = _row(link, id)
            if fingerprint(volume) != json.loads(row.image)["sha256"]:
                raise SessionError(
                    "the image has changed since this session was made on it: its voxels or its "
                    "place in the patient are others; put the old file back, or begin anew"
                )
            mine = SESSIONS.update().where(SESSIONS.c.session == id)
            link.execute(mine.values(opened=time.time()))
            session, written = rebuilt(link, row, volume, more)
        self._open[id] = written
        return session

    def release(self, id: str) -> None:
        """Forget what is known of an open session; `load` opens it again."""
        self._open.pop(id, None)

    def interrupted(self, id: str, forget: bool = False) -> list[dict[str, Any]]:
        """What was asked and never answered because the process died; or forget it.

        What this process works on is not meant.
        """
        mine = (ASKS.c.session == id) & (ASKS.c.outcome == "asked")
        if id in self._open:
            mine &= ASKS.c.number <= self._open[id].past
        with transaction(self._engine) as link:
            rows = link.execute(sql.select(ASKS).where(mine).order_by(ASKS.c.number)).all()
            if forget:
                link.execute(ASKS.update().where(mine).values(outcome="interrupted"))
        return [{"time": row.time, **json.loads(row.action)} for row in rows]

    def kept(self, id: str) -> Kept:
        """What is said of one session. Raises `UnknownSession` if there is none."""
        with transaction(self._engine) as link:
            return _as_kept(_row(link, id))

    def list(self, owner: str | None = None) -> list[Kept]:
        """The sessions of an owner, or of all, the last opened first."""
        query = sql.select(SESSIONS).order_by(SESSIONS.c.opened.desc())
        if owner is not None:
            query = query.where(SESSIONS.c.owner == owner)
        with transaction(self._engine) as link:
            return [_as_kept(row) for row in link.execute(query)]

    def note(self, id: str, **notes: Any) -> None:
        """Keep values beside a session, such as the page's view; None forgets one."""
        self.amend(id, lambda _: notes)

    def amend(
        self, id: str, change: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    ) -> dict[str, Any]:
        """Keep values that follow from those that are kept; two at once lose neither's.

        Args:
            id: As `create` gave it.
            change: From what is kept to the values to keep; None forgets one. It may be called
                again if another came first.

        Returns:
            All that is kept now.
        """
        while True:
            with transaction(self._engine) as link:
                old = _row(link, id).notes
                held = json.loads(old)
                merged = {**held, **change(held)}
                left = {name: value for name, value in merged.items() if value is not None}
                mine = SESSIONS.update().where(SESSIONS.c.session == id, SESSIONS.c.notes == old)
                if link.execute(mine.values(notes=json.dumps(left))).rowcount == 1:
                    return left

    def purge(self, id: str) -> None:
        """Delete a session for good."""
        self.release(id)
        with transaction(self._engine) as link:
            _row(link, id)
            for table in TABLES.tables.values():
                if "session" in table.c:
                    link.execute(table.delete().where(table.c.session == id))

    def mark(self, owner: str, place: str, done: bool) -> None:
        """Write that an image of the owner's work list is done, or is not after all."""
        mine = (DONE.c.owner == owner) & (DONE.c.place == place)
        with transaction(self._engine) as link:
            link.execute(DONE.delete().where(mine))
            if done:
                link.execute(DONE.insert(), {"owner": owner, "place": place})

    def marked(self, owner: str) -> set[str]:
        """The places of an owner's work list that are done."""
        query = sql.select(DONE.c.place).where(DONE.c.owner == owner)
        with transaction(self._engine) as link:
            return set(link.execute(query).scalars())


def _row(link: sql.Connection, id: str) -> Any:
    row = link.execute(sql.select(SESSIONS).where(SESSIONS.c.session == id)).first()
    if row is None:
        raise UnknownSession(f"there is no session {id[:40]!r}")
    return row


def _as_kept(row: Any) -> Kept:
    head = json.loads(row.head)
    return Kept(
        row.session, row.owner, row.place, row.created, row.opened, json.loads(row.image),
        head.get("objects", 0), head.get("steps", 0), json.loads(row.notes),
    )  # fmt: skip


def _settle(link: sql.Connection, id: str, ask: int, **values: Any) -> None:
    mine = ASKS.update().where(ASKS.c.session == id, ASKS.c.number == ask)
    link.execute(mine.values(**values))
