"""All open sessions of a server: who owns them, where their images are, what they take."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..asking import Asker
from ..errors import UnknownSession
from ..journal import Journal, Kept
from ..session import Session
from ..volume import Volume
from .describe import chosen, methods
from .failures import Refused
from .forms import Opening
from .images import Images, same
from .journalled import Journalled
from .lanes import Away, Lanes
from .placing import Image, remove
from .seat import Seat
from .settings import Settings
from .suited import FIRST, suited
from .uploads import Uploads, forget

_THREADS = 32


@dataclass
class Chair:
    """An open session's seat, bytes of its image, the image as JSON, its voxels' file."""

    seat: Seat
    bytes: int
    image: dict[str, Any]
    file: Path | None

    def taken(self) -> int:
        """Bytes of the image and of the history."""
        return self.bytes + self.seat.session.history.held()


class Workbench:
    """The sessions of a server.

    Args:
        settings: Of the server.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.journal = Journal(settings.database)
        self.uploads = Uploads(settings.home / "uploads", settings.limits)
        self.pool = ThreadPoolExecutor(_THREADS, "work")
        self.images = Images(settings, self.uploads)
        self._quick = Lanes(settings.quick, settings.method or FIRST) if settings.quick else None
        self._slow = Lanes(settings.slow, settings.method) if settings.slow else None
        self._chairs: dict[str, Chair] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._resumed: set[str] = set()
        self._methods: asyncio.Future[list[dict[str, Any]]] | None = None

    def close(self) -> None:
        """Let go of everything; the journal has it all."""
        for lanes in (self._quick, self._slow):
            if lanes:
                lanes.close()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self.journal.close()
        self.images.close()

    async def off(self, work: Callable[..., Any], *args: Any) -> Any:
        """Do something off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self.pool, work, *args)

    def kept(self, owner: str, id: str) -> Kept:
        """What the journal says of a session of this owner; of another's it says nothing."""
        kept = self.journal.kept(id)
        if kept.owner != owner:
            raise UnknownSession(f"there is no session {id[:40]!r}")
        return kept

    def methods(self) -> "asyncio.Future[list[dict[str, Any]]]":
        """All methods as JSON, made once: those with networks take seconds to import."""
        if self._methods is None:
            self._methods = asyncio.ensure_future(self.off(methods))
        return self._methods

    @asynccontextmanager
    async def chair(self, owner: str, id: str) -> AsyncIterator[Chair]:
        """An owner's session, opened if it is not, and not closed before the block ends."""
        held = await self._chair(owner, id)
        held.seat.guests += 1
        try:
            yield held
        finally:
            held.seat.guests -= 1

    async def _chair(self, owner: str, id: str) -> Chair:
        kept = await self.off(self.kept, owner, id)
        async with self._opening.setdefault(id, asyncio.Lock()):
            held = self._chairs.get(id)
            if held is not None and held.seat.gone:
                self._leave(id)
                held = None
            if held is None:
                await self._room(0)
                volume, file = await self.off(self.images.read, owner, kept.image)
                held = await self._sit(kept, volume, file)
        return held

    async def open(self, owner: str, asked: Opening) -> tuple[str, bool]:
        """A session on an image; the name of it, and whether it is new."""
        where = self.images.where(owner, asked)
        place = where["path"] or ""
        mine = await self.off(self.journal.list, owner)
        if asked.resume and asked.upload is None:
            old = next((k for k in mine if same(k.image, where)), None)
            if old is not None:
                self._resumed.add(old.id)
                return old.id, False
        if len(mine) >= self.settings.limits.sessions:
            raise Refused(
                429, "Busy", f"there are {len(mine)} sessions, as many as one may have; delete some"
            )
        name = asked.method or self.settings.method
        if asked.fields and not name:
            raise Refused(422, "Invalid", "say which method the fields are of")
        method = await self.off(chosen, name, self._fields(asked)) if name else None
        await self._room(0)
        volume, file = await self.off(self.images.read, owner, where)
        try:
            method = method or await self.off(suited, volume)
            session = Session(volume, method, dims=asked.dims, parts=asked.parts)
            id = await self.off(self.journal.create, owner, session, where, place)
        except BaseException:
            remove(file)
            raise
        title = Path(place or str(volume.source.path if volume.source else "")).name
        await self.off(lambda: self.journal.note(id, title=title))
        if asked.upload:
            self.uploads.keep(owner, asked.upload, id)
        async with self._opening.setdefault(id, asyncio.Lock()):
            if id not in self._chairs:
                await self._sit(await self.off(self.kept, owner, id), volume, file)
        return id, True

    async def delete(self, owner: str, id: str) -> None:
        """Forget a session; what waits for it is told that it is gone."""
        await self.off(self.kept, owner, id)
        async with self._opening.setdefault(id, asyncio.Lock()):
            held = self._chairs.get(id)
            if held is not None:
                await held.seat.close(UnknownSession(f"there is no session {id!r}"))
            self._leave(id)
            await self.off(forget, self.settings.home, self.journal, id)
        self._opening.pop(id, None)
        self._resumed.discard(id)

    async def abandon(self, owner: str, id: str) -> None:
        """Forget a session whose maker has gone, unless it was asked for again, or was before."""
        if id not in self._resumed:
            await self.delete(owner, id)

    def _fields(self, asked: Opening) -> dict[str, Any]:
        if asked.fields or asked.method not in (None, self.settings.method):
            return asked.fields
        return dict(self.settings.fields)

    def _lanes(self, shape: tuple[int, ...]) -> Lanes | None:
        """The processes that work on images of a shape."""
        return self._quick if 1 in shape else self._slow

    async def _sit(self, kept: Kept, volume: Volume, file: Path | None) -> Chair:
        from .state import as_image

        await self._room(volume.data.nbytes)
        lanes = self._lanes(volume.shape) if file else None
        asker = Away(lanes, Image.of(volume, file)) if lanes and file else Asker()
        journalled = Journalled(asker, self.journal)
        try:
            session = await self.off(lambda: self.journal.load(kept.id, volume, asker=journalled))
        except BaseException:
            remove(file)
            raise
        seat = Seat(
            kept.id, kept.owner, session, journalled, self.journal, self.pool,
            self.settings.limits.waiting,
        )  # fmt: skip
        image = await self.off(as_image, volume, kept, seat.grid)
        chair = Chair(seat, volume.data.nbytes, image, file)
        self._chairs[kept.id] = chair
        return chair

    async def _room(self, more: int) -> None:
        """Close what is not in use until there is room.

        Raises:
            Refused: If everything is in use.
        """
        most = self.settings.limits.memory_bytes
        taken = {id: chair.taken() for id, chair in self._chairs.items()}
        idle = sorted(
            (id for id, chair in self._chairs.items() if not chair.seat.busy),
            key=lambda each: self._chairs[each].seat.used,
        )
        while sum(taken.values()) + more > most:
            if not idle:
                raise Refused(
                    413, "TooLarge",
                    f"the open images would take more than {most} bytes of memory; close one, or "
                    "start the server with a larger --memory",
                )  # fmt: skip
            taken.pop(idle[0])
            self._leave(idle.pop(0))

    def _leave(self, id: str) -> None:
        chair = self._chairs.pop(id, None)
        self.journal.release(id)
        if chair:
            remove(chair.file)
