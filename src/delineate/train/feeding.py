"""Batches in order, made ahead by other processes that end when this one does."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager

from .mixture import Arrays, Mixture

AHEAD = 4
"""Batches in the making per process."""

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")

_mixture: list[Mixture] = []


def batches(mixture: Mixture, workers: int, start: int = 0, stride: int = 1) -> Iterator[Arrays]:
    """Batches `start`, `start + stride`, ... of a mixture, without end.

    Processes are spawned (on every system alike), so a script that trains guards its own start
    with `if __name__ == "__main__"`.

    Args:
        mixture: What batches are made of.
        workers: Processes; 0 makes the batches in this one.
        start: Number of the first batch; to go on after a stop.
        stride: Number of devices, each of which takes every so manieth batch.
    """
    if workers == 0:
        while True:
            yield mixture.batch(start)
            start += stride
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, spawn, initializer=_begin, initargs=(mixture,))
    waiting: deque[Future[Arrays]] = deque()
    try:
        while True:
            with _one_thread():
                while len(waiting) < AHEAD * workers:
                    waiting.append(pool.submit(_make, start))
                    start += stride
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin(mixture: Mixture) -> None:
    _mixture[:] = [mixture]
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A training that was killed cannot end its processes, so they watch it."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _make(number: int) -> Arrays:
    (mixture,) = _mixture
    return mixture.batch(number)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Processes started here compute on one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
