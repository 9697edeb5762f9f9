"""`delineate bench`: methods, simulated users and labelled images in; tables and a report out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from .. import users
from ..errors import MethodError
from ..methods.base import AnyMethod
from ..prompts import Given
from . import baselines
from .cases import find_cases
from .environment import environment, version
from .errors import BenchError
from .extras import NEEDED, need
from .options import Options
from .report import write_report
from .rounds import COLUMNS
from .store import Store, write_table, write_text
from .summary import Summary, summarise
from .tasks import Task, plan
from .variants import Build, Variant
from .weights import weights_of
from .workers import do

__all__ = ["BenchError", "Options", "Progress", "run", "silent"]

Progress: TypeAlias = Callable[[int, int, str], None]
"""Called with tasks done, all tasks (0 while they are still being listed), and what is next."""


def silent(done: int, total: int, current: str) -> None:
    """The progress of a caller who does not care."""


def run(options: Options, progress: Progress = silent, build: Build = baselines.build) -> Path:
    """Measure methods on labelled images with a simulated user.

    Writes into `options.out`: `rounds.csv` (one row a round), `summary.csv`, `tests.csv`,
    `environment.json` and `report.html`. A run that was stopped goes on where it was when
    it is started again with the same options. The same options give the same rows, times
    and memory aside, for any number of jobs.

    Args:
        options: What to do.
        progress: Called after every task.
        build: Makes a method from its name and fields.

    Returns:
        The path of the report.

    Raises:
        BenchError: If the options make no sense, there is nothing to measure, or the
            folder holds another run.
        MethodError: If a method is unknown or cannot do what is asked.
        MissingExtra: If a package of the extra `bench` is missing.
    """
    for module in NEEDED:
        need(module)
    measured, methods = _measured(options, build), _methods(options)
    weights = _weights(measured, options.dims)
    cases = find_cases(
        options.cases,
        datasets=options.datasets,
        limit=options.limit,
        seed=options.seed,
        dims=options.dims,
        truth=options.truth,
    )
    store = Store(options, version(), weights)
    tasks = plan(cases, methods, options, lambda case: progress(0, 0, case))
    if not tasks:
        raise BenchError(f"no object in {len(cases)} cases is large enough to be measured")
    _work(tasks, store, options, progress, build)
    return _finish(tasks, store, options)


def _measured(options: Options, build: Build) -> dict[str, AnyMethod]:
    """Every method of a run by its label, that which makes the first result last.

    Raises:
        MethodError: If one is unknown or cannot do what is asked.
    """
    variants = {label: Variant.parse(label) for label in options.methods}
    made = {label: one.build(build, options.fields) for label, one in variants.items()}
    for label, method in made.items():
        if options.passes_mask and Given not in method.reads:
            raise MethodError(
                f"{label} cannot go on from a mask, so it has no rounds after the start "
                f"{options.start}; leave it out or start from none"
            )
    if options.first:
        made[options.start] = options.first.build(build, options.fields)
    for label, method in made.items():
        if options.dims not in method.dims:
            able = " and ".join(f"{d}D" for d in sorted(method.dims))
            raise MethodError(f"{label} works in {able}, not in {options.dims}D")
    return made


def _weights(measured: dict[str, AnyMethod], dims: int) -> dict[str, str]:
    """The weights of the methods that have any, by label."""
    found = {label: weights_of(method, dims) for label, method in measured.items()}
    return {label: str(weights) for label, weights in found.items() if weights}


def _methods(options: Options) -> tuple[str, ...]:
    """The methods to measure, with the baselines where the user draws a box."""
    boxed = baselines.starts_with_box(users.find(options.user))
    extra = baselines.BASELINES if boxed and options.start != "corrupted" else {}
    return tuple(dict.fromkeys((*options.methods, *extra)))


def _work(
    tasks: tuple[Task, ...], store: Store, options: Options, progress: Progress, build: Build
) -> None:
    done = set(store.results())
    left = [task for task in tasks if task.key not in done]
    finished = len(tasks) - len(left)
    progress(finished, len(tasks), left[0].key if left else "")
    for result in do(left, options, build):
        store.append(result)
        finished += 1
        progress(finished, len(tasks), result.key)


def _finish(tasks: tuple[Task, ...], store: Store, options: Options) -> Path:
    """Write the tables and the report from what the store holds."""
    results = store.results()
    ordered = [results[task.key] for task in tasks]
    folder = options.out
    write_table(folder / "rounds.csv", COLUMNS, (row for r in ordered for row in r.rows))
    made = environment(options)
    write_text(folder / "environment.json", json.dumps(made, indent=1) + "\n")
    summary: Summary = summarise(tasks, ordered, options.rounds)
    write_table(folder / "summary.csv", summary.columns, summary.rows)
    write_table(folder / "tests.csv", summary.test_columns, summary.tests)
    return write_report(folder / "report.html", summary, tasks, results, options, made)
