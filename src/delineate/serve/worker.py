"""What a process for methods does: answers what it is asked, and remembers the last few images."""

import pickle
import traceback
from collections import OrderedDict
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from ..asking import Answer, ask
from ..errors import Cancelled, DelineateError, MethodError
from ..history import Snapshot
from ..methods import build
from ..methods.base import Observe, State
from ..patch import Patch
from ..volume import Volume
from .placing import Image


def work(line: Connection, first: str = "") -> None:
    """Answer what is asked on a line, until it is cut; `first` names a method to import before."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if first:
        with suppress(ImportError, DelineateError):  # said when it is asked
            build(first)
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
            line.send(("error", _portable(error)))
        except MemoryError:
            line.send(("error", MethodError("there is not enough memory; mark a smaller part")))
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            where = "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
            line.send(("fault", (type(error).__name__, where)))


def _portable(error: DelineateError) -> DelineateError:
    """An error, or what it says as one of ours if the other process could not rebuild it."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return MethodError(str(error))
    return error


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
        answer = ask(volume, snapshot, number, state, parts, observe)
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
