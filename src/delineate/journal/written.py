"""What of an open session is on disk, and how the rest gets there in one transaction."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import sqlalchemy as sql

from ..errors import OpenElsewhere, SessionError
from ..history import History, Step
from ..rows import Rows, Values
from ..session import Session
from ..storage import pack_learned, unpack_learned
from ..volume import Volume
from .tables import ASKS, BLOBS, LEARNED, OBJECTS, PROMPTS, SESSIONS, STEPS, insert

FORMAT = 1


@dataclass(frozen=True)
class Written:
    """What of a session is on disk.

    Args:
        id: Its name.
        rows: Its rows, those written and perhaps more.
        version: Counts what was written; another process's would differ.
        asks: How often it was asked for something.
        past: How often it had been when this process opened it.
        steps: The steps that are written.
        learned: The learned parts that are written.
        prompts: How many rows of prompts are written.
        objects: How many rows of objects are written.
        blobs: Names of the blobs that are written.
    """

    id: str
    rows: Rows = field(default_factory=Rows)
    version: int = 0
    asks: int = 0
    past: int = 0
    steps: tuple[Step, ...] = ()
    learned: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    prompts: int = 0
    objects: int = 0
    blobs: frozenset[str] = frozenset()

    def ask(self, link: sql.Connection, action: Mapping[str, Any]) -> Self:
        """Write what is asked for."""
        claimed = self._claim(link)
        row = {"session": self.id, "number": self.asks + 1, "time": time.time(), "seconds": 0.0,
               "outcome": "asked", "action": json.dumps(action), "message": ""}  # fmt: skip
        link.execute(ASKS.insert(), row)
        return replace(claimed, asks=self.asks + 1)

    def sync(self, link: sql.Connection, session: Session) -> Self:
        """Write what is not on disk of a session, and take away what it has no more."""
        claimed, history = self._claim(link), session.history
        same = _common(self.steps, history.steps)
        if same < len(self.steps):
            link.execute(STEPS.delete().where(STEPS.c.session == self.id, STEPS.c.number > same))
        steps = [self.rows.step(step) for step in history.steps[same:]]
        start = self.rows.snapshot(history.start)
        blobs = {name: b for name, b in self.rows.blobs.items() if name not in self.blobs}
        self._insert(link, STEPS, steps, same + 1)
        self._insert(link, PROMPTS, self.rows.prompts[self.prompts :], self.prompts)
        self._insert(link, OBJECTS, self.rows.objects[self.objects :], self.objects)
        insert(link, BLOBS, [{"session": self.id, "name": n, "bits": b} for n, b in blobs.items()])
        self._sync_learned(link, history.learned)
        head = {
            "format": FORMAT, "parts": session.parts, "next_id": session.next_id,
            "start": start, "done": history.done, "steps": len(history.steps),
            "objects": len(history.now.objects),
        }  # fmt: skip
        mine = SESSIONS.update().where(SESSIONS.c.session == self.id)
        link.execute(mine.values(head=json.dumps(head)))
        return replace(
            claimed, steps=tuple(history.steps), learned=dict(history.learned),
            prompts=len(self.rows.prompts), objects=len(self.rows.objects),
            blobs=self.blobs | set(blobs),
        )  # fmt: skip

    def _claim(self, link: sql.Connection) -> Self:
        """Go on from the version that this process wrote last."""
        mine = SESSIONS.update().where(
            SESSIONS.c.session == self.id, SESSIONS.c.version == self.version
        )
        found = link.execute(mine.values(version=self.version + 1, opened=time.time()))
        if found.rowcount != 1:
            raise OpenElsewhere("another server has gone on with this session; reload the page")
        return replace(self, version=self.version + 1)

    def _insert(
        self, link: sql.Connection, table: sql.Table, rows: Sequence[Any], first: int
    ) -> None:
        numbered = enumerate(rows, first)
        insert(
            link,
            table,
            [{"session": self.id, "number": n, "row": json.dumps(r)} for n, r in numbered],
        )

    def _sync_learned(self, link: sql.Connection, learned: Mapping[int, Mapping[str, Any]]) -> None:
        gone = [n for n, value in self.learned.items() if learned.get(n) is not value]
        new = [n for n, value in learned.items() if self.learned.get(n) is not value]
        if gone:
            mine = LEARNED.c.session == self.id
            link.execute(LEARNED.delete().where(mine, LEARNED.c.number.in_(gone)))
        packed = [
            {"session": self.id, "number": n, "packed": pack_learned(learned[n])} for n in new
        ]
        insert(link, LEARNED, packed)


def rebuilt(
    link: sql.Connection, row: Any, volume: Volume, more: Mapping[str, Any]
) -> tuple[Session, Written]:
    """A session from its rows, and that they are written.

    Args:
        link: Of a transaction.
        row: Of the session.
        volume: Its image.
        more: As `Session` takes them.

    Raises:
        SessionError: If the rows are damaged or of another version.
    """
    id, head = row.session, json.loads(row.head)
    if head.get("format") != FORMAT:
        raise SessionError(f"the session has format {head.get('format')}, this reads {FORMAT}")
    try:
        return _rebuilt(link, id, row.version, head, volume, more)
    except (KeyError, IndexError, TypeError) as error:
        raise SessionError(f"the session is damaged in the journal: {error!r}") from error


def _rebuilt(
    link: sql.Connection,
    id: str,
    version: int,
    head: Mapping[str, Any],
    volume: Volume,
    more: Mapping[str, Any],
) -> tuple[Session, Written]:
    prompts, objects = _rows(link, PROMPTS, id), _rows(link, OBJECTS, id)
    query = sql.select(BLOBS.c.name, BLOBS.c.bits).where(BLOBS.c.session == id)
    blobs: dict[str, bytes] = {row.name: row.bits for row in link.execute(query)}
    values = Values(prompts, objects, blobs.__getitem__)
    steps = [values.step(row) for row in _rows(link, STEPS, id)]
    query = sql.select(LEARNED.c.number, LEARNED.c.packed).where(LEARNED.c.session == id)
    learned: dict[int, Mapping[str, Any]] = {n: unpack_learned(b) for n, b in link.execute(query)}
    start = values.snapshot(head["start"])
    session = Session(volume, start.method, dims=start.dims, parts=head["parts"], **more)
    session.history = History(start, steps, head["done"], learned)
    session.next_id = head["next_id"]
    count = sql.select(sql.func.max(ASKS.c.number)).where(ASKS.c.session == id)
    rows = Rows(prompts, objects)
    rows.remember(values.prompts)
    rows.remember(values.objects)
    asks = link.execute(count).scalar() or 0
    return session, Written(
        id, rows, version, asks, asks, tuple(steps), dict(learned), len(prompts), len(objects),
        frozenset(blobs),
    )  # fmt: skip


def _rows(link: sql.Connection, table: sql.Table, id: str) -> list[dict[str, Any]]:
    query = sql.select(table.c.row).where(table.c.session == id).order_by(table.c.number)
    return [json.loads(text) for text in link.execute(query).scalars()]


def _common(old: Sequence[Step], new: Sequence[Step]) -> int:
    """How many first steps are the same values."""
    for number, (one, other) in enumerate(zip(old, new, strict=False)):
        if one is not other:
            return number
    return min(len(old), len(new))
