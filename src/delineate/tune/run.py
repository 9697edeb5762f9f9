"""A search from the first case to the best combination: a run of the benchmark over trials.

Every trial meets the same user on the same objects, the default first. All trials of one object
come before the next object, so that an image is read once. Features are not shared between trials:
they take about a tenth of BIFSeg's time for one answer, and each session computes them once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ..bench import baselines
from ..bench.cases import Case
from ..bench.draws import generator
from ..bench.environment import environment, version
from ..bench.options import Options
from ..bench.rounds import Result
from ..bench.run import Progress, silent
from ..bench.store import Store, write_table, write_text
from ..bench.tasks import Task, plan
from ..bench.variants import Build, Variant
from ..bench.weights import Weights, weights_of
from ..bench.workers import do
from .options import Tuning, check_method, combinations, find_training_cases
from .outcome import Measured, Outcome, conclude
from .space import TuningError, Values, written

BEST, TRIALS = "best.json", "trials.csv"

PROBES = 3
"""If the default fails on so many objects and on no fewer, the search stops."""


def tune(options: Tuning, progress: Progress = silent, build: Build = baselines.build) -> Outcome:
    """Search a method's fields for those with which a simulated user gets the best masks.

    Writes `trials.csv` and `best.json` into `options.out`. A search that was stopped goes on when
    it is started again; there may then be more trials, other ranges or more objects.

    Args:
        options: What to do.
        progress: Called after every object of every trial.
        build: Makes a method from its name and fields; importable by other processes.

    Raises:
        TuningError: If the cases are not for tuning, or the default fails on the first objects.
        BenchError: If there is nothing to measure, or the folder holds another search.
        MethodError: If there is no such method, field or weights.
    """
    method = check_method(options, build)
    tried: list[Values] = [{}, *combinations(options, build)]
    weights = weights_of(method, options.dims)
    cases = find_training_cases(options)
    bench = replace(options.bench(), datasets=tuple(sorted({case.dataset for case in cases})))
    store = Store(bench, version(), {options.method: str(weights)} if weights else {})
    objects = _objects(cases, bench, options, progress)
    labels = list(dict.fromkeys(_label(options.method, values) for values in tried))
    tasks = [replace(one, method=label) for one in objects for label in labels]
    results = _work(tasks, bench, store, progress, build)
    objects, unread = _answered(objects, labels, results)
    measured = _measured(objects, labels, results, options.rounds)
    default = {name: getattr(method, name) for name in options.search}
    values = [{**default, **Variant.parse(label).fields} for label in labels]
    outcome = conclude(
        measured, values, options.rounds, options.seed, _notes(weights, cases) + unread
    )
    _write(outcome, options, bench, weights)
    return outcome


def _label(method: str, values: Values) -> str:
    """The name of a trial: that of the default is the method's own."""
    pairs = (f"{name}={written(values[name])}" for name in sorted(values))
    return f"{method}:{','.join(pairs)}" if values else method


def _objects(
    cases: Sequence[Case], bench: Options, options: Tuning, progress: Progress
) -> list[Task]:
    """The objects to tune on, so many of each data set.

    Raises:
        TuningError: If a case cannot be read, or no object is large enough.
    """
    found = plan(cases, [""], bench, lambda case: progress(0, 0, case))
    for task in found:
        if task.error:
            raise TuningError(f"{task.case.folder} cannot be tuned on: {task.error}")
    kept = [task for task in found if task.target.headline]
    if not kept:
        raise TuningError(f"no object in {len(cases)} cases is large enough to be measured")
    chosen: set[int] = set()
    for dataset in sorted({task.case.dataset for task in kept}):
        own = [n for n, task in enumerate(kept) if task.case.dataset == dataset]
        order = generator(options.seed, "objects", dataset).permutation(len(own))
        chosen |= {own[n] for n in order[: options.limit]}
    return [kept[n] for n in sorted(chosen)]


def _work(
    tasks: Sequence[Task], bench: Options, store: Store, progress: Progress, build: Build
) -> dict[str, Result]:
    """Results by key: those of the journal and new ones; failures are not kept in it."""
    results = store.results()
    left = [task for task in tasks if task.key not in results]
    defaults = [task.key for task in tasks if task.method in bench.methods]
    finished = len(tasks) - len(left)
    progress(finished, len(tasks), "")
    for result in do(left, bench, build):
        results[result.key] = result
        if not _error(result):
            store.append(replace(result, last={}))
        known = [results[key] for key in defaults if key in results]
        if len(known) >= min(PROBES, len(defaults)) and all(_error(one) for one in known):
            raise TuningError(f"the method fails with its own settings: {_error(known[0])}")
        finished += 1
        progress(finished, len(tasks), result.key)
    return results


def _answered(
    objects: Sequence[Task], labels: Sequence[str], results: Mapping[str, Result]
) -> tuple[list[Task], list[str]]:
    """The objects on which some trial has an answer; of the others a sentence a data set."""
    kept, left_out = [], {}
    for one in objects:
        errors = [_error(results[replace(one, method=label).key]) for label in labels]
        if all(errors):
            left_out[one.case.dataset] = errors[0]
        else:
            kept.append(one)
    return kept, [
        f"objects of {dataset} are left out, as every trial fails on them: {error}"
        for dataset, error in left_out.items()
    ]


def _error(result: Result) -> str:
    return next((str(row["error"]) for row in result.rows if row["error"]), "")


def _measured(
    objects: Sequence[Task],
    labels: Sequence[str],
    results: Mapping[str, Result],
    rounds: Sequence[int],
) -> Measured:
    of = [[results[replace(one, method=label).key] for one in objects] for label in labels]
    dice = np.array([[[r.rows[n]["dice"] for n in rounds] for r in row] for row in of], float)
    seconds = [[_median([row["seconds"] for row in r.rows]) for r in row] for row in of]
    return Measured(
        dice=np.nan_to_num(dice, nan=0.0),
        failed=np.array([[bool(_error(r)) for r in row] for row in of]),
        seconds=np.array(seconds),
        groups=tuple(one.target.group for one in objects),
        cases=tuple(f"{one.case.dataset}/{one.case.name}" for one in objects),
    )


def _median(values: Sequence[float]) -> float:
    known = [value for value in values if np.isfinite(value)]
    return float(np.median(known)) if known else float("nan")


def _notes(weights: Weights | None, cases: Sequence[Case]) -> list[str]:
    both = sorted({case.dataset for case in cases} & weights.learnt) if weights else []
    if not both:
        return []
    return [
        f"the weights learnt from {', '.join(both)}, so that the network does better here than on "
        "images it has not seen, and the values may not fit those"
    ]


def _write(outcome: Outcome, options: Tuning, bench: Options, weights: Weights | None) -> None:
    searched = tuple(options.search)
    sets = sorted(outcome.default.datasets)
    columns = (
        *searched, "score", *(f"round {n}" for n in options.rounds), *sets, "failures", "seconds",
    )  # fmt: skip
    rows = [
        {**one.values, "score": one.score, **one.datasets, "failures": one.failures}
        | {"seconds": one.seconds}
        | {f"round {number}": dice for number, dice in one.rounds.items()}
        for one in outcome.trials
    ]
    write_table(options.out / TRIALS, columns, rows)
    made = {
        "method": options.method,
        "dims": options.dims,
        "weights": {"name": weights.name, "sha256": weights.sha256} if weights else {},
        **outcome.to_json(),
        "environment": environment(bench) | {"command": options.command()},
    }
    write_text(options.out / BEST, json.dumps(made, indent=1) + "\n")
