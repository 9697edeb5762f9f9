"""Processes in which methods work, so that a slow one holds up nobody else.

Pictures and slices have lanes of their own beside those of volumes. A process that dies, or
that does not stop when it is asked to, costs its computation and nothing else.
"""

import multiprocessing
import queue
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

from ..asking import Answer
from ..asking import ask as ask_here
from ..errors import Cancelled, DelineateError, MethodError
from ..geometry import Geometry
from ..history import Snapshot
from ..methods.base import AnyMethod, Observe, State
from ..patch import Patch
from ..session import Asker
from ..volume import Volume

PATIENCE = 5.0
_BEAT = 0.05


@dataclass(frozen=True)
class Image:
    """Where another process finds an image.

    Args:
        key: Of the image, unlike any other's.
        path: Its voxels, as numpy keeps them.
        shape: Of its grid.
        affine: Of its grid.
        channels: Their names.
    """

    key: str
    path: str
    shape: tuple[int, int, int]
    affine: Any
    channels: tuple[str, ...]

    def volume(self) -> Volume:
        """The image; its voxels are read when they are needed."""
        data = np.load(self.path, mmap_mode="r")
        return Volume(data, Geometry(self.shape, self.affine), self.channels)


@dataclass
class _Lane:
    """A process and the line to it."""

    process: Any
    line: Connection
    known: OrderedDict[str, None] = field(default_factory=OrderedDict)


class Lanes:
    """A number of processes of one kind.

    Args:
        count: How many.
    """

    def __init__(self, count: int) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._free: queue.LifoQueue[_Lane] = queue.LifoQueue()
        self._lock = threading.Lock()
        self._all: list[_Lane] = []
        for _ in range(count):
            self._free.put(self._begin())

    def close(self) -> None:
        """End all processes."""
        for lane in self._all:
            lane.process.kill()
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
        """
        lane = self._wait(observe)
        orderly = False
        try:
            lane.line.send((image, asked))
            orderly, answer = True, _listen(lane, observe)
            return answer
        except (EOFError, OSError) as error:
            orderly = False
            raise MethodError(
                "the computation ended without an answer, perhaps for want of memory; mark a "
                "smaller part, or choose another method"
            ) from error
        finally:
            if not orderly:
                lane.process.kill()
                lane.process.join()
            self._free.put(lane if lane.process.is_alive() else self._begin(lane))

    def _wait(self, observe: Observe | None) -> _Lane:
        while True:
            try:
                return self._free.get(timeout=_BEAT)
            except queue.Empty:
                if observe:
                    observe(0.0, None)

    def _begin(self, instead: _Lane | None = None) -> _Lane:
        here, there = self._context.Pipe()
        process = self._context.Process(target=_work, args=(there,), daemon=True)
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


def _listen(lane: _Lane, observe: Observe | None) -> Answer:
    """Pass on what the process says until it answers; tell it to stop, and see that it does."""
    stopped: Cancelled | None = None
    deadline = 0.0
    fraction = 0.0
    patch: Patch | None = None
    while True:
        while not lane.line.poll(_BEAT):
            if stopped is not None and time.monotonic() > deadline:
                lane.process.kill()
                lane.process.join()
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
            raise stopped
        elif kind == "answer":
            answer: Answer = value
            return answer
        else:
            raise value


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


def _work(line: Connection) -> None:
    """What a lane's process does, until the line is cut."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    known = _Known()
    while True:
        try:
            said = line.recv()
        except (EOFError, OSError):
            return
        if said == "stop":
            continue
        image, (snapshot, number, learned, parts) = said

        def observe(fraction: float, patch: Patch | None = None) -> None:
            while line.poll():
                if line.recv() == "stop":
                    raise Cancelled("the computation was stopped; nothing has changed")
            line.send(("progress", (fraction, patch)))

        try:
            line.send(("answer", known.ask(image, snapshot, number, learned, parts, observe)))
        except (EOFError, BrokenPipeError):
            return
        except DelineateError as error:
            line.send(("error", error))
        except MemoryError:
            line.send(("error", MethodError("there is not enough memory; mark a smaller part")))
        except Exception as error:
            line.send(("error", RuntimeError(type(error).__name__)))


class _Known:
    """What a lane remembers of the last few images: their voxels and what methods made of them."""

    images, states = 3, 6

    def __init__(self) -> None:
        self._volumes: OrderedDict[str, Volume] = OrderedDict()
        self._starts: OrderedDict[Any, State] = OrderedDict()
        self._images: OrderedDict[Any, Any] = OrderedDict()

    def ask(
        self,
        image: Image,
        snapshot: Snapshot,
        number: int,
        learned: Any,
        parts: str,
        observe: Observe,
    ) -> Answer:
        """As `asking.ask`, but that the state's image part stays here."""
        volume = _latest(self._volumes, image.key, self.images, image.volume)
        method = snapshot.method
        by_slice = snapshot.dims == 2 and volume.dims == 3
        which = image.key, method, snapshot.dims
        start = _latest(
            self._starts, which, self.states, lambda: State() if by_slice else method.start(volume)
        )
        own = (*which, number)
        held = self._images.get(own, start.image)
        state = State(held, learned or start.learned)
        answer = ask_here(volume, snapshot, number, state, parts, observe)
        if answer.state is None:
            return answer
        self._images[own] = answer.state.image
        while len(self._images) > self.states:
            self._images.popitem(last=False)
        left = State(None, answer.state.learned, answer.state.notes, answer.state.ran_with)
        return Answer(answer.objects, left, answer.notes)


def _latest(held: OrderedDict[Any, Any], key: Any, most: int, make: Any) -> Any:
    """A value that is made once and kept while it is among the last few."""
    if key not in held:
        held[key] = make()
        while len(held) > most:
            held.popitem(last=False)
    held.move_to_end(key)
    return held[key]
