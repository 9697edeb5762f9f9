"""Curves in numbers: means and intervals for each method and round, and tests between methods.

The headline is over objects whose like no measured network has learnt; the others have means of
their own.

An object on which a method failed has no Dice. It is left out of that method's means and
counted in `failures`; compare methods only where that is 0, or look at the paired tests,
which take the cases that both have finished.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations

import numpy as np

from ..types import Float64
from .curves import HEADLINE, Curve, ObjectKey, find_curves
from .rounds import Result, Row
from .statistics import (
    area_under_curve,
    bootstrap_interval,
    holm,
    mean_of_means,
    paired_test,
    rounds_to,
)
from .tasks import Task

THRESHOLDS = (0.80, 0.85, 0.90)
MEANS = ("iou", "hd_mm", "hd95_mm", "assd_mm", "mad_mm")
COLUMNS = (
    "method", "dataset", "headline", "round", "cases", "objects", "failures",
    "dice", "dice_low", "dice_high", *MEANS, "no_distance",
    "seconds_median", "seconds_95th", "peak_mb_highest", "user_seconds_median",
    "area", "area_low", "area_high", *(f"rounds_to_{t:.2f}" for t in THRESHOLDS),
)  # fmt: skip
"""Of `summary.csv`: `objects` counts those in the mean, slices one by one; `no_distance` counts
those left out of the means of distances, since a mask was empty; times are of rounds in which
the method was asked; `area` under the Dice curve and `rounds_to` are of all rounds, and so the
same in every row of a method and data set."""

CASES, OBJECTS = "cases", "objects"
TEST_COLUMNS = (
    "dataset", "measure", "a", "b", "over", "pairs", "difference", "low", "high",
    "t_test", "t_test_holm", "wilcoxon", "wilcoxon_holm",
)  # fmt: skip
"""Of `tests.csv`: `a` minus `b`. Over the headline's data sets together one value a case, the
mean of its objects; in each data set one value an object. Objects of one case are alike, so that
p values over objects are too small. Holm's correction is for one data set and measure."""


@dataclass(frozen=True)
class Summary:
    """What a run has shown.

    Args:
        methods: In the order asked for, baselines last.
        groups: The headline's data sets, then those reported apart.
        curves: All of them.
        rows: Of `summary.csv`.
        tests: Of `tests.csv`.
    """

    methods: tuple[str, ...]
    groups: tuple[str, ...]
    curves: tuple[Curve, ...]
    rows: tuple[Row, ...]
    tests: tuple[Row, ...]
    columns: tuple[str, ...] = COLUMNS
    test_columns: tuple[str, ...] = TEST_COLUMNS

    def row(self, method: str, group: str, round: int) -> Row:
        """One row of `summary.csv`."""
        (found,) = (
            row
            for row in self.rows
            if (row["method"], row["dataset"], row["round"]) == (method, group, round)
        )
        return found


def summarise(tasks: Sequence[Task], results: Sequence[Result], rounds: int) -> Summary:
    """All numbers of a run.

    Args:
        tasks: In order.
        results: Of each task.
        rounds: The last round.
    """
    curves = find_curves(tasks, results, rounds)
    methods = tuple(dict.fromkeys(curve.method for curve in curves))
    groups = tuple(dict.fromkeys(c.group for c in sorted(curves, key=lambda c: not c.headline)))
    means = sorted(dict.fromkeys(c.mean for c in curves if c.mean), key=lambda m: m != HEADLINE)
    rows: list[Row] = []
    for method in methods:
        own = [curve for curve in curves if curve.method == method]
        parts = {mean: [curve for curve in own if curve.mean == mean] for mean in means}
        parts |= {group: [curve for curve in own if curve.group == group] for group in groups}
        for name, part in parts.items():
            if part:
                rows += _over_rounds(method, name, part, rounds)
    tests = _tests(methods, HEADLINE, [curve for curve in curves if curve.headline])
    for group in groups:
        tests += _tests(methods, group, [curve for curve in curves if curve.group == group])
    return Summary(methods, groups, tuple(curves), tuple(rows), tuple(tests))


def _over_rounds(method: str, name: str, curves: list[Curve], rounds: int) -> list[Row]:
    whole = [curve for curve in curves if curve.whole]
    areas = [area_under_curve(curve.dice) for curve in whole]
    area, low, high = _mean(whole, areas)
    all_rounds: Row = {"area": area, "area_low": low, "area_high": high}
    for limit in THRESHOLDS:
        needed = [rounds_to(curve.dice, limit, rounds) for curve in whole]
        all_rounds[f"rounds_to_{limit:.2f}"] = _mean(whole, needed, interval=False)[0]
    named: Row = {"method": method, "dataset": name, "headline": int(curves[0].headline)}
    return [named | _at(curves, number) | all_rounds for number in range(rounds + 1)]


def _at(curves: list[Curve], number: int) -> Row:
    good = [curve for curve in curves if np.isfinite(curve.dice[number])]
    dice, low, high = _mean(good, [curve.dice[number] for curve in good])
    near = [curve for curve in good if np.isfinite(curve.values["hd_mm"][number])]
    row: Row = {
        "round": number,
        "cases": len({curve.case for curve in good}),
        "objects": len(good),
        "failures": len(curves) - len(good),
        "dice": dice,
        "dice_low": low,
        "dice_high": high,
        "no_distance": len(good) - len(near),
    }
    for name in MEANS:
        counted = good if name == "iou" else near
        values = [curve.values[name][number] for curve in counted]
        row[name] = _mean(counted, values, interval=False)[0]
    seconds = _finite(curve.values["seconds"][number] for curve in curves)
    peaks = _finite(curve.values["peak_mb"][number] for curve in curves)
    user = _finite(curve.values["user_seconds"][number] for curve in good)
    return row | {
        "seconds_median": float(np.median(seconds)) if seconds.size else np.nan,
        "seconds_95th": float(np.percentile(seconds, 95)) if seconds.size else np.nan,
        "peak_mb_highest": float(peaks.max()) if peaks.size else np.nan,
        "user_seconds_median": float(np.median(user)) if user.size else np.nan,
    }


def _mean(
    curves: Sequence[Curve], values: Sequence[float], interval: bool = True
) -> tuple[float, float, float]:
    """The mean of the data sets' means, with its interval; nan without a value."""
    if not values:
        return np.nan, np.nan, np.nan
    groups = [curve.group for curve in curves]
    mean = mean_of_means(values, groups)
    if not interval:
        return mean, np.nan, np.nan
    return mean, *bootstrap_interval(values, groups, cases=[curve.case for curve in curves])


def _finite(values: Iterable[float]) -> Float64:
    array = np.array(list(values), np.float64)
    return array[np.isfinite(array)]


def _tests(methods: Sequence[str], name: str, curves: list[Curve]) -> list[Row]:
    """The tests of every pair of methods on a data set, or on those of the headline."""
    whole = [curve for curve in curves if curve.whole]
    measures: dict[str, Callable[[Curve], float]] = {
        "dice at the last round": lambda curve: float(curve.dice[-1]),
        "area under the curve": lambda curve: area_under_curve(curve.dice),
    }
    over = CASES if name == HEADLINE else OBJECTS
    rows = []
    for measure, of in measures.items():
        values = {
            method: {curve.object: of(curve) for curve in whole if curve.method == method}
            for method in methods
        }
        named = {"dataset": name, "measure": measure, "over": over}
        rows += [named | row for row in _pairs(values, _by_case if over == CASES else _by_object)]
    return rows


def _pairs(
    values: Mapping[str, Mapping[ObjectKey, float]],
    listed: Callable[[Mapping[ObjectKey, float], Sequence[ObjectKey]], list[float]],
) -> list[Row]:
    """The tests of every pair of methods by one measure: one family for Holm's correction."""
    rows: list[Row] = []
    for a, b in combinations(values, 2):
        both = sorted(values[a].keys() & values[b].keys())
        test = paired_test(listed(values[a], both), listed(values[b], both))
        rows.append({"a": a, "b": b} | asdict(test))
    for name in ("t_test", "wilcoxon"):
        corrected = holm([row[name] for row in rows])
        for row, value in zip(rows, corrected, strict=True):
            row[f"{name}_holm"] = float(value)
    return rows


def _by_object(values: Mapping[ObjectKey, float], objects: Sequence[ObjectKey]) -> list[float]:
    return [values[key] for key in objects]


def _by_case(values: Mapping[ObjectKey, float], objects: Sequence[ObjectKey]) -> list[float]:
    """For each case the mean over its objects."""
    found: dict[str, list[float]] = {}
    for key in objects:
        found.setdefault(key[0], []).append(values[key])
    return [float(np.mean(of)) for of in found.values()]
