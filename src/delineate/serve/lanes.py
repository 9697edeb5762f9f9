"""Processes in which methods work, so that a slow one holds up nobody else.

Pictures and slices have lanes of their own beside those of volumes. A process that dies, or
that does not stop when it is asked to, costs its computation and nothing else.
"""

import multiprocessing
import queue
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from ..asking import Answer, Asker
from ..errors import Cancelled, MethodError
from ..history import Snapshot
from ..methods.base import AnyMethod, Observe, State
from ..patch import Patch
from ..volume import Volume
from .placing import Image
from .worker import work

PATIENCE = 5.0
_BEAT = 0.05


class Fault(RuntimeError):
    """A method broke in its process.

    Args:
        kind: The error's type.
        where: The frames it passed, one a line.
    """

    def __init__(self, kind: str, where: str) -> None:
        super().__init__(kind)
        self.where = where


@dataclass
class _Lane:
    """A process and the line to it."""

    process: Any
    line: Connection

    def end(self) -> None:
        """End it now."""
        self.process.kill()
        self.process.join()


class Lanes:
    """A number of processes of one kind.

    Args:
        count: How many.
        first: A method that they import when they begin, so that its first mark does not wait.
    """

    def __init__(self, count: int, first: str = "") -> None:
        self._first = first
        self._context = multiprocessing.get_context("spawn")
        self._free: queue.LifoQueue[_Lane] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._all: list[_Lane] = []
        self._closed = False
        for _ in range(count):
            self._free.put(self._begin())

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            self._closed = True
        for lane in self._all:
            lane.end()
            lane.line.close()

    def ask(self, image: Image, asked: tuple[Any, ...], observe: Observe | None) -> Answer:
        """As `asking.ask`, in another process.

        Args:
            image: The image.
            asked: A snapshot, the object's number, what was learned or None, `parts`.
            observe: Called here, twenty times a second even if nothing new is known; it may
                raise `Cancelled`.

        Raises:
            MethodError: If the process ended without an answer.
            Fault: If the method broke.
        """
        lane = self._wait(observe)
        ready = False
        try:
            lane.line.send((image, asked))
            answer = _listen(lane, observe)
            ready = True
        except (EOFError, OSError) as error:
            raise MethodError(
                "the computation ended without an answer, perhaps for want of memory; mark a "
                "smaller part, or choose another method"
            ) from error
        finally:
            if not ready:
                lane.end()
            self._free.put(lane if ready else self._begin(lane))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _wait(self, observe: Observe | None) -> _Lane:
        while True:
            try:
                lane = self._free.get(timeout=_BEAT)
            except queue.Empty:
                if observe:
                    observe(0.0, None)
            else:
                return lane if lane.process.is_alive() else self._begin(lane)

    def _begin(self, instead: _Lane | None = None) -> _Lane:
        if self._closed:
            raise MethodError("the server is ending; ask again when it is back")
        here, there = self._context.Pipe()
        process = self._context.Process(target=work, args=(there, self._first), daemon=True)
        process.start()
        there.close()
        lane = _Lane(process, here)
        with self._lock:
            if instead is not None:
                instead.line.close()
                self._all.remove(instead)
            self._all.append(lane)
        return lane


class Away(Asker):
    """Has the methods of one session work in a lane.

    Args:
        lanes: Where.
        image: The session's image.
    """

    def __init__(self, lanes: Lanes, image: Image) -> None:
        self._lanes, self._image = lanes, image

    def start(self, method: AnyMethod, volume: Volume) -> State:
        """Nothing here: the lane begins by itself."""
        return State()

    def ask(
        self,
        volume: Volume,
        snapshot: Snapshot,
        number: int,
        state: State,
        parts: str,
        observe: Observe | None = None,
    ) -> Answer:
        """As `Asker.ask`."""
        return self._lanes.ask(self._image, (snapshot, number, state.learned, parts), observe)


def _listen(lane: _Lane, observe: Observe | None) -> Answer | Exception:
    """Pass on what the process says until it is ready again: its answer, or why there is none.

    It is told to stop where `observe` says so. One that does not stop is left as it is, and the
    `Cancelled` is raised.
    """
    stopped: Cancelled | None = None
    deadline = 0.0
    fraction = 0.0
    patch: Patch | None = None
    while True:
        while not lane.line.poll(_BEAT):
            if stopped is not None and time.monotonic() > deadline:
                raise stopped
            if stopped is None:
                stopped = _heard(observe, fraction, None)
                deadline = _stop(lane, stopped, deadline)
        kind, value = lane.line.recv()
        if kind == "progress":
            fraction, patch = value
            if stopped is None:
                stopped = _heard(observe, fraction, patch)
                deadline = _stop(lane, stopped, deadline)
        elif stopped is not None:
            return stopped
        else:
            said: Answer | Exception = value if kind != "fault" else Fault(*value)
            return said


def _heard(observe: Observe | None, fraction: float, patch: Patch | None) -> Cancelled | None:
    try:
        if observe:
            observe(fraction, patch)
    except Cancelled as stop:
        return stop
    return None


def _stop(lane: _Lane, stopped: Cancelled | None, deadline: float) -> float:
    if stopped is None:
        return deadline
    lane.line.send("stop")
    return time.monotonic() + PATIENCE
