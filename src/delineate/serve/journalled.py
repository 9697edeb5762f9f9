"""Validate, journal, compute: an asker that writes what is asked before a method sees it."""

import time
from collections.abc import Mapping
from typing import Any

from ..asking import Answer, Asker
from ..history import Snapshot
from ..journal import Journal
from ..methods.base import AnyMethod, Observe, State
from ..volume import Volume


class Journalled(Asker):
    """Writes what is asked into the journal before a method sees it.

    A session calls its asker once the prompts were found valid: so the order is validate,
    journal, compute.

    Args:
        asker: What has the method work.
        journal: Where it is written.
    """

    def __init__(self, asker: Asker, journal: Journal) -> None:
        self._asker, self._journal = asker, journal
        self._id = ""
        self._action: Mapping[str, Any] | None = None
        self._ask: int | None = None
        self.object = 0
        self.seconds = 0.0

    def begin(self, id: str, action: Mapping[str, Any]) -> None:
        """A step begins; should it ask, this is what was asked."""
        self._id, self._action, self._ask, self.seconds = id, action, None, 0.0

    def take(self) -> int | None:
        """The number under which the step was asked, if it was; the step has ended."""
        ask, self._ask, self._action = self._ask, None, None
        return ask

    def end(self, outcome: str, message: str) -> None:
        """The step came to nothing."""
        ask = self.take()
        if ask is not None:
            self._journal.failed(self._id, ask, outcome, message)

    def start(self, method: AnyMethod, volume: Volume) -> State:
        """As `Asker.start`."""
        self._write()
        began = time.perf_counter()
        try:
            return self._asker.start(method, volume)
        finally:
            self.seconds += time.perf_counter() - began

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
        self._write()
        self.object = number
        began = time.perf_counter()
        try:
            return self._asker.ask(volume, snapshot, number, state, parts, observe)
        finally:
            self.seconds += time.perf_counter() - began

    def _write(self) -> None:
        if self._action is not None and self._ask is None:
            self._ask = self._journal.asked(self._id, self._action)
