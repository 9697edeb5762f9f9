"""One open session: who waits for it, what runs in it, who watches."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from ..errors import Cancelled, DelineateError, SessionError
from ..history import Snapshot
from ..journal import Journal
from ..methods.base import Observe
from ..patch import Patch
from ..region import Region
from ..session import Session, Update
from . import frames
from .failures import Refused
from .grid import PageGrid
from .journalled import Journalled
from .state import Settled, as_object, step_row

Work = Callable[[Session, Observe], Update | None]
_OFTEN = 0.1


class Seat:
    """One open session. Work on it comes one at a time and never on the event loop.

    Args:
        id: Its name in the journal.
        owner: Whose it is.
        session: The session, which asks through `journalled`.
        journalled: Its asker.
        journal: Where it is kept.
        pool: Threads to work in.
        waiting: How many requests may wait.
    """

    def __init__(
        self,
        id: str,
        owner: str,
        session: Session,
        journalled: Journalled,
        journal: Journal,
        pool: Executor,
        waiting: int,
    ) -> None:
        self.id, self.owner, self.session = id, owner, session
        self.grid = PageGrid(session.volume.geometry)
        self.used = time.monotonic()
        self.gone: DelineateError | None = None
        self.guests = 0
        self.shown = Settled.of(session)
        self.watchers: set[asyncio.Queue[Any]] = set()
        self._journalled, self._journal, self._pool = journalled, journal, pool
        self._most, self._waiting = waiting, 0
        self._lock = asyncio.Lock()
        self._stop = threading.Event()
        self._running: str | None = None
        self._trial = 0
        self._loop = asyncio.get_running_loop()

    @property
    def busy(self) -> bool:
        """Whether a request or a page is at it, or something still runs."""
        return self._lock.locked() or self.guests > 0

    async def run(
        self, action: Mapping[str, Any], work: Work, step: str = "", window: str = ""
    ) -> bytes:
        """Do one step and answer with what has changed.

        Args:
            action: For the journal, should the step ask a method.
            work: Does it; raises if it cannot, and then nothing has changed.
            step: What to show while it runs.
            window: Which window of the browser asked, for the others to know that it was not they.

        Raises:
            Refused: If too many wait already.
        """
        async with await self._turn():
            self._trial += 1
            self._stop.clear()
            self._running = step
            self.tell(self.running())
            try:
                frame, done = await self._loop.run_in_executor(self._pool, self._step, action, work)
            finally:
                self._running = None
                self.shown = Settled.of(self.session)
                self.tell({"kind": "idle"})
        self.tell({"kind": "changed", "done": done, "window": window})
        return frame

    async def read(self, work: Callable[[], Any]) -> Any:
        """Look at the session between steps, off the event loop."""
        async with await self._turn():
            return await self._loop.run_in_executor(self._pool, work)

    def running(self) -> dict[str, Any] | None:
        """What runs, as those who watch are told of it."""
        if self._running is None:
            return None
        return {"kind": "busy", "step": self._running, "waiting": self._waiting}

    async def look(self, work: Callable[[Settled], Any]) -> Any:
        """Look at the session as it was after the last step, whatever runs; off the event loop."""
        if self.gone:
            raise self.gone
        self.used = time.monotonic()
        return await self._loop.run_in_executor(self._pool, work, self.shown)

    async def preview(self, number: int, work: Callable[[Session, Observe], Any]) -> bytes | None:
        """An object as it would be; None if something newer came in between.

        Args:
            number: For the page to know which it asked for.
            work: Calls `Session.preview`.
        """
        self._trial += 1
        mine = self._trial

        def superseded(fraction: float, patch: Patch | None = None) -> None:
            if mine != self._trial:
                raise Cancelled("a newer preview was asked for")

        async with self._lock:
            if mine != self._trial or self.gone:
                return None
            try:
                return await self._loop.run_in_executor(
                    self._pool, self._tried, number, work, superseded
                )
            except Cancelled:
                return None

    def cancel(self) -> bool:
        """Stop what runs; whether anything did."""
        self._stop.set()
        self._trial += 1
        return self._running is not None

    async def close(self, why: DelineateError) -> None:
        """Stop what runs, and refuse those who wait."""
        self.gone = why
        self.cancel()
        async with self._lock:
            return

    def tell(self, said: Any) -> None:
        """Send to everyone who watches; one who does not keep up misses it."""
        for watcher in self.watchers:
            if not watcher.full():
                watcher.put_nowait(said)

    async def _turn(self) -> "_Turn":
        if self._waiting >= self._most:
            raise Refused(
                429, "Busy", f"{self._waiting} requests wait for this session already; wait for one"
            )
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        if self.gone:
            self._lock.release()
            raise self.gone
        self.used = time.monotonic()
        return _Turn(self._lock)

    def _step(self, action: Mapping[str, Any], work: Work) -> tuple[bytes, int]:
        began = time.perf_counter()
        history = self.session.history
        before, steps, done, learned = history.now, [*history.steps], history.done, history.learned
        next_id = self.session.next_id
        self._journalled.begin(self.id, action)
        try:
            update = work(self.session, self._observer())
        except BaseException as error:
            history.steps[:], history.done, history.learned = steps, done, learned
            self.session.next_id = next_id
            outcome = "cancelled" if isinstance(error, Cancelled) else "failed"
            said = str(error) if isinstance(error, DelineateError) else type(error).__name__
            self._journalled.end(outcome, said)
            raise
        inside = self._journalled.seconds
        try:
            ask = self._journalled.take()
            self._journal.answered(self.id, ask, self.session, time.perf_counter() - began)
        except BaseException:
            self.gone = SessionError("the last step could not be kept; reload the page")
            raise
        header = self._header(update, before, steps)
        seconds = time.perf_counter() - began
        if header["update"]:
            header["update"] |= {"seconds": seconds, "outside": seconds - inside}
        region = update.region if update else Region((0, 0, 0), (0, 0, 0))
        values = frames.labels(self.session.history.now.objects, region)
        return frames.frame(header, region, values, self.grid), self.session.history.done

    def _header(self, update: Update | None, before: Snapshot, steps: list[Any]) -> dict[str, Any]:
        history = self.session.history
        after = history.now
        changed = [
            item for n, item in sorted(after.objects.items()) if before.objects.get(n) is not item
        ]
        last = len(history.steps)
        added = last and (len(steps) < last or steps[last - 1] is not history.steps[-1])
        said: dict[str, Any] = {}
        if update is not None:
            said = {
                "step": update.step, "ids": [*update.ids], "objects": [*update.objects],
                "notes": [*update.notes],
            }  # fmt: skip
        return {
            "kind": "update",
            "update": said,
            "objects": [as_object(item, self.session.volume, self.grid) for item in changed],
            "removed": sorted(set(before.objects) - set(after.objects)),
            "history": {
                "done": history.done,
                "count": last,
                "added": step_row(last, history.steps[-1]) if added else None,
            },
            "next_id": self.session.next_id,
            "saved": False,
        }

    def _tried(
        self, number: int, work: Callable[[Session, Observe], Any], observe: Observe
    ) -> bytes:
        item = work(self.session, observe)
        old = self.session.history.now.objects.get(item.number)
        region = item.mask.region.union(old.mask.region) if old else item.mask.region
        values = frames.labels(self.session.history.now.objects, region)
        values[values == item.number] = 0
        values[item.mask.on(region)] = item.number
        header = {"kind": "preview", "number": number, "object": item.number}
        return frames.frame(header, region, values, self.grid)

    def _observer(self) -> Observe:
        """Hears of progress in a thread, and passes it on now and then."""
        last = 0.0

        def observe(fraction: float, patch: Patch | None = None) -> None:
            nonlocal last
            if self._stop.is_set():
                raise Cancelled("the computation was stopped; nothing has changed")
            now = time.monotonic()
            if now - last < _OFTEN or not self.watchers:
                return
            last = now
            self._soon({"kind": "progress", "fraction": round(float(fraction), 3)})
            if patch is not None and patch.probability.size:
                self._soon(self._partial(patch))

        return observe

    def _partial(self, patch: Patch) -> bytes:
        number = self._journalled.object
        values = frames.labels(self.session.history.now.objects, patch.region)
        mask = patch.probability > 0.5
        values[(values == number) & ~mask] = 0
        values[mask & (values == 0)] = number
        header = {"kind": "partial", "object": number}
        return frames.frame(header, patch.region, values, self.grid)

    def _soon(self, said: Any) -> None:
        self._loop.call_soon_threadsafe(self.tell, said)


class _Turn:
    """A turn that was waited for; ends with the block."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock

    async def __aenter__(self) -> None:
        return None

    async def __aexit__(self, *_: object) -> None:
        self._lock.release()
