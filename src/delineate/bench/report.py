"""`report.html`: one file with all tables, plots and pictures inside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from . import pictures, plots
from .curves import HEADLINE
from .extras import need
from .options import Options
from .rounds import Result
from .store import write_text
from .summary import THRESHOLDS, Summary
from .targets import SMALLEST
from .tasks import Task

TEMPLATE = "report.html.jinja"
SHOWN_ROUNDS = (0, 1, 3, 5, 10)


@dataclass(frozen=True)
class Table:
    """Text in rows.

    Args:
        head: Of the columns.
        rows: Cells.
        rule: The row above which a line is drawn, or -1.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    rule: int = -1


def write_report(
    path: Path,
    summary: Summary,
    tasks: Sequence[Task],
    results: Mapping[str, Result],
    options: Options,
    made: Mapping[str, Any],
) -> Path:
    """Write the report.

    Args:
        path: Of the file.
        summary: The numbers.
        tasks: All of them.
        results: By key of the task.
        options: Of the run.
        made: What `environment` gave.

    Returns:
        `path`.
    """
    failed = [curve for curve in summary.curves if not curve.whole]
    values = {
        "options": options,
        "methods": options.methods,
        "cases": len({(task.case.dataset, task.case.name) for task in tasks}),
        "objects": len({(t.case.dataset, t.case.name, t.target.name) for t in tasks}),
        "truth": "experts'" if options.truth == "expert" else "experts' and models'",
        "failures": len(failed),
        "played": len(summary.curves),
        "means": _means(summary, options.rounds),
        "trained": any(row["class"] for result in results.values() for row in result.rows),
        "plots": _plots(summary, options.rounds),
        "datasets": _datasets(summary, options.rounds),
        "tests": _tests(summary),
        "pictures": _pictures(summary, results),
        "errors": Table(
            ("case", "object", "method", "why"),
            [(c.case, c.task.target.name, c.method, c.error) for c in failed],
        ),
        "key": {
            "truth": pictures.TRUTH,
            "result": pictures.RESULT,
            "inside": pictures.INSIDE,
            "outside": pictures.OUTSIDE,
            "box": pictures.BOX,
        },
        "smallest": SMALLEST,
        "environment": made,
        "made": [(n, v) for n, v in made.items() if n not in ("command", "options", "peak_mb")],
    }
    jinja2 = need("jinja2")
    engine = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    template = engine.from_string(Path(__file__).with_name(TEMPLATE).read_text(encoding="utf-8"))
    write_text(path, template.render(values))
    return path


def _means(summary: Summary, rounds: int) -> list[tuple[str, Table]]:
    """The headline, and the means over what networks had learnt of before."""
    means = dict.fromkeys(curve.mean for curve in summary.curves if curve.mean)
    names = sorted(means, key=lambda name: name != HEADLINE)
    return [(name.removeprefix(HEADLINE), _mean(summary, name, rounds)) for name in names]


def _mean(summary: Summary, name: str, rounds: int) -> Table:
    shown = sorted({number for number in SHOWN_ROUNDS if number < rounds} | {rounds})
    head = [
        "method", *(f"Dice, round {n}" for n in shown), "area",
        *(f"rounds to {t:.2f}" for t in THRESHOLDS), "HD95 mm", "seconds", "failures",
    ]  # fmt: skip
    rows = []
    for method in summary.methods:
        own = {r["round"]: r for r in summary.rows if (r["method"], r["dataset"]) == (method, name)}
        if not own:
            continue
        last = own[rounds]
        rows.append(
            [
                method,
                *(_interval(own[n], "dice") for n in shown),
                _interval(last, "area"),
                *(_number(last[f"rounds_to_{t:.2f}"], 1) for t in THRESHOLDS),
                _number(last["hd95_mm"], 1),
                _seconds(summary, method, name),
                str(last["failures"]),
            ]
        )
    return Table(head, rows)


def _datasets(summary: Summary, rounds: int) -> Table:
    rows, inside = [], 0
    for group in summary.groups:
        found = [r for r in summary.rows if (r["dataset"], r["round"]) == (group, rounds)]
        inside += found[0]["headline"]
        dice = {row["method"]: _number(row["dice"]) for row in found}
        most = max(found, key=lambda row: row["objects"])
        counts = [str(most["cases"]), str(most["objects"])]
        rows.append([group, *counts, *(dice.get(method, "") for method in summary.methods)])
    return Table(("data set", "cases", "objects", *summary.methods), rows, inside)


def _tests(summary: Summary) -> Table:
    rows = [
        (
            f"{test['a']} − {test['b']}",
            test["measure"],
            str(test["pairs"]),
            f"{test['difference']:+.3f}",
            f"{_number(test['low'])} to {_number(test['high'])}",
            _probability(test["t_test_holm"]),
            _probability(test["wilcoxon_holm"]),
        )
        for test in summary.tests
        if test["dataset"] == HEADLINE
    ]
    return Table(
        ("methods", "measure", "cases", "difference", "95 % interval", "p, t-test", "p, Wilcoxon"),
        rows,
    )


def _plots(summary: Summary, rounds: int) -> list[tuple[str, str]]:
    if not any(row["dataset"] == HEADLINE for row in summary.rows):
        return []
    return [
        ("Dice after each round; bands are 95 % intervals.", plots.dice_per_round(summary, rounds)),
        ("Dice of every object at the last round.", plots.dice_boxes(summary)),
        ("Time of the method in each round.", plots.seconds_per_round(summary, rounds)),
        ("Dice over the user's time.", plots.dice_per_user_time(summary, rounds)),
    ]


def _pictures(summary: Summary, results: Mapping[str, Result]) -> list[tuple[str, str]]:
    shown = {method: pictures.telling(summary.curves, method) for method in summary.methods}
    return [(method, pictures.picture(of, results)) for method, of in shown.items() if of]


def _seconds(summary: Summary, method: str, name: str) -> str:
    own = [curve for curve in summary.curves if (curve.method, curve.mean) == (method, name)]
    spent = [curve.values["seconds"] for curve in own]
    seconds = np.concatenate(spent)
    seconds = seconds[np.isfinite(seconds)]
    if not seconds.size:
        return ""
    return f"{_short(np.median(seconds))} ({_short(np.percentile(seconds, 95))})"


def _interval(row: Mapping[str, Any], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    if np.isnan(low):
        return _number(row[name])
    return f"{_number(row[name])} ({_number(low)}–{_number(high)})"


def _number(value: float, digits: int = 3) -> str:
    return "" if np.isnan(value) else f"{value:.{digits}f}"


def _short(value: float) -> str:
    return f"{value:.2g}" if value < 100 else f"{value:.0f}"


def _probability(value: float) -> str:
    if np.isnan(value):
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"
