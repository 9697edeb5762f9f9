"""How much more memory a step needs: growth of the process's resident set, sampled."""

import threading
from types import TracebackType
from typing import Self

import psutil

INTERVAL = 0.005


class Peak:
    """Watches this process while a block runs.

    A thread reads the resident set size every 5 ms. It sees memory of every kind, also
    what libraries hold outside Python, at no cost to the work; it misses what comes and
    goes between two samples, and memory that was free but already the process's.

    Examples:
        >>> with Peak() as peak:
        ...     data = bytes(50_000_000)
        >>> peak.megabytes >= 0
        True
    """

    def __init__(self) -> None:
        self._process = psutil.Process()
        self._done = threading.Event()
        self._before = self._highest = 0

    @property
    def megabytes(self) -> float:
        """Growth above the start of the block, in units of 2**20 bytes."""
        return (self._highest - self._before) / 2**20

    def __enter__(self) -> Self:
        self._before = self._highest = self._resident()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        self._thread.join()
        self._highest = max(self._highest, self._resident())

    def _watch(self) -> None:
        while not self._done.wait(INTERVAL):
            self._highest = max(self._highest, self._resident())

    def _resident(self) -> int:
        return int(self._process.memory_info().rss)
