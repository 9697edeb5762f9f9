"""Does tasks in this process or in several, and gives their results as they come.

Each task runs on one thread whatever the number of processes: sums over several threads
depend on their number in the last digits, and so could a mask.
"""

import multiprocessing
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from .errors import BenchError
from .extras import need
from .options import Options
from .rounds import Result, run_task
from .tasks import Task
from .variants import Build

WAITING = 3
"""Tasks handed out per process, so that none is idle and few are lost when stopped."""


def do(tasks: Sequence[Task], options: Options, build: Build) -> Iterator[Result]:
    """Results in the order in which they are done.

    Args:
        tasks: What is left to do.
        options: Of the run; `jobs` processes work, this one alone if it is 1.
        build: Makes a method from its name and fields; importable by other processes.

    Raises:
        BenchError: If a process has died, as for want of memory.
    """
    if options.jobs == 1 or len(tasks) < 2:
        for task in tasks:
            yield _do(task, options, build)
        return
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(options.jobs, len(tasks)), mp_context=spawn) as pool:
        try:
            yield from _hand_out(pool, tasks, options, build)
        except BrokenProcessPool as error:
            raise BenchError(
                "a process has died, perhaps for want of memory; the same command goes on where "
                f"this run was, and with fewer jobs than {options.jobs} it needs less"
            ) from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _hand_out(
    pool: ProcessPoolExecutor, tasks: Sequence[Task], options: Options, build: Build
) -> Iterator[Result]:
    left = iter(tasks)
    running: set[Future[Result]] = set()
    while True:
        for task in left:
            running.add(pool.submit(_do, task, options, build))
            if len(running) >= WAITING * options.jobs:
                break
        if not running:
            return
        done, running = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


def _do(task: Task, options: Options, build: Build) -> Result:
    with need("threadpoolctl").threadpool_limits(1):
        if "torch" in sys.modules:
            import torch

            torch.set_num_threads(1)
        return run_task(task, options, build)
