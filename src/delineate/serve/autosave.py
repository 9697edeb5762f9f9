"""Masks beside the image: once, or after each step where the user asked for that."""

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import DelineateError
from . import exporting
from .failures import Refused
from .forms import Export
from .places import check_writable, inside
from .seat import Seat
from .state import saved_mark
from .workbench import Workbench

LOG = logging.getLogger("delineate.serve")
DELAY = 1.0


@dataclass(eq=False)
class _Due:
    """What is to be written: when `hurry` is set, or a moment later."""

    bench: Workbench
    seat: Seat
    hurry: asyncio.Event
    task: asyncio.Task[None] | None = None
    begun: bool = False


_all: set[_Due] = set()


def autosave(bench: Workbench, seat: Seat) -> None:
    """After a step: write a moment later, unless another step comes first."""
    for old in _all:
        if old.seat is seat and not old.begun and old.task:
            old.task.cancel()
    due = _Due(bench, seat, asyncio.Event())
    due.task = asyncio.create_task(_later(due))
    due.task.add_done_callback(lambda _: _all.discard(due))
    _all.add(due)


async def finish(bench: Workbench) -> None:
    """Write now what is due, before the server ends."""
    mine = [due for due in _all if due.bench is bench]
    for due in mine:
        due.hurry.set()
    await asyncio.gather(*(due.task for due in mine if due.task), return_exceptions=True)


async def _later(due: _Due) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(due.hurry.wait(), DELAY)
    due.begun = True
    bench, seat = due.bench, due.seat
    try:
        kept = await bench.off(bench.kept, seat.owner, seat.id)
        asked = kept.notes.get("autosave")
        if asked:
            async with bench.chair(seat.owner, seat.id) as chair:
                await write_beside(bench, chair.seat, Export(**asked))
    except DelineateError as error:
        _failed(seat, str(error))
    except Exception as error:
        LOG.error("autosave failed: %s", type(error).__name__)
        _failed(seat, "the masks could not be written beside the image; export them instead")


def _failed(seat: Seat, message: str) -> None:
    seat.tell({"kind": "error", "number": 0, "error": {"kind": "Autosave", "message": message}})


async def write_beside(bench: Workbench, seat: Seat, asked: Export) -> list[str]:
    """Write masks beside the image; the names of the files.

    Raises:
        Refused: If this server does not write there, or a file of another's is in the way.
    """
    folder = check_writable(bench.settings)
    kept = await bench.off(bench.kept, seat.owner, seat.id)
    path = kept.image.get("path")
    if not path:
        raise Refused(409, "SessionError", "the image was uploaded; download the masks instead")
    place = inside(folder, path)
    image = place if place != folder else folder / "image"

    def work() -> list[str]:
        with exporting.work_folder(bench.settings.home) as name:
            made = exporting.files(
                seat.session, asked, kept.notes.get("title", "image"), seat.grid,
                kept.notes.get("seconds", {}), Path(name),
            )  # fmt: skip
            own = kept.notes.get("written", [])
            written = exporting.beside(made, image, own)
        names = sorted({*own, *written})
        bench.journal.note(seat.id, written=names, saved=saved_mark(seat.session.history))
        return written

    written: list[str] = await seat.read(work)
    seat.tell({"kind": "saved"})
    return written
