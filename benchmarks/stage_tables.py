"""What each stage of BIFSeg is worth: tables I to VI of the paper."""

import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from pages import interval, markdown, number, signed
from played import Played, compare, compare_cases, dice, groups, in_group, mean, of

from delineate.bench.weights import ORDER, UNSEEN

CHANCE = 0.05


def accuracy(items: Sequence[Played], methods: Sequence[str], at: int) -> str:
    """Dice of each data set and method as in the paper's tables, and the means of data sets.

    Args:
        items: Finished by all methods.
        methods: The columns.
        at: The round.
    """
    rows = []
    for group in groups(items):
        own = [in_group(items, group, method) for method in methods]
        name, seen, apart = group
        shown = f"{seen}, apart" if apart else seen
        rows.append([name, shown, str(len(own[0])), *_cells(own, at)])
    for seen in ORDER:
        own = [of(items, method, seen) for method in methods]
        if own[0]:
            means = [mean(part, dice(part, at)) for part in own]
            rows.append(
                [
                    "**mean of data sets**",
                    seen,
                    str(len(own[0])),
                    *(interval(*values, scale=100, digits=1) for values in means),
                ]
            )
    return markdown(("Dice, %", "class", "objects", *methods), rows)


def _cells(columns: Sequence[Sequence[Played]], at: int) -> list[str]:
    """Mean and deviation of each column; the best one bold, with * where it beats all others."""
    values = [100 * np.array(dice(column, at)) for column in columns]
    best = int(np.argmax([own.mean() for own in values]))
    cells = [_deviation(own, 1) for own in values]
    tests = [compare(columns[best], column, at).t_test for column in columns]
    # A test of too few pairs has nan, which is below nothing.
    sure = len(tests) > 1 and all(p < CHANCE for n, p in enumerate(tests) if n != best)
    cells[best] = f"**{cells[best]}**" + (r" \*" if sure else "")
    return cells


def _deviation(values: np.ndarray, digits: int) -> str:
    if len(values) < 2:
        return number(float(values.mean()) if len(values) else math.nan, digits)
    return f"{number(float(values.mean()), digits)} ± {number(float(values.std(ddof=1)), digits)}"


def seconds(items: Sequence[Played], methods: Sequence[str], at: int) -> str:
    """Machine time of one round, over all objects."""
    rows = []
    for name, measure in (("mean", np.mean), ("median", np.median)):
        own = [_times(items, method, at) for method in methods]
        rows.append([name, *(number(float(measure(t)) if t.size else math.nan, 2) for t in own)])
    return markdown(("seconds", *methods), rows)


def _times(items: Sequence[Played], method: str, at: int) -> np.ndarray:
    found = np.array([one.seconds[at] for one in items if one.method == method])
    return found[np.isfinite(found)]


def tests(items: Sequence[Played], pairs: Sequence[tuple[str, str]], at: int) -> str:
    """Paired t-tests on the objects of unseen classes, a pair an object and a pair a case."""
    rows = []
    for a, b in pairs:
        one, other = of(items, a, UNSEEN), of(items, b, UNSEEN)
        objects, cases = compare(one, other, at), compare_cases(one, other, at)
        rows.append(
            [
                f"{a} − {b}",
                str(objects.pairs),
                signed(objects.difference, objects.low, objects.high),
                _chance(objects.t_test),
                str(cases.pairs),
                signed(cases.difference, cases.low, cases.high),
                _chance(cases.t_test),
            ]
        )
    head = ("Dice, unseen", "objects", "difference", "p", "cases", "difference", "p")
    return markdown(head, rows)


def _chance(p: float) -> str:
    return "–" if math.isnan(p) else ("<0.001" if p < 0.001 else f"{p:.3f}")


def order(items: Sequence[Played], methods: Sequence[str], at: int) -> str:
    """One sentence: whether the methods stand on unseen classes as in the paper, the best first."""
    means = {
        name: mean(own, dice(own, at))[0] for name in methods if (own := of(items, name, UNSEEN))
    }
    if len(means) < len(methods):
        return "No object of an unseen class was measured."
    found = sorted(methods, key=lambda name: -means[name])
    said = " > ".join(f"{name} {means[name]:.3f}" for name in found)
    if all(means[a] > means[b] for a, b in pairwise(methods)):
        return f"On unseen classes the paper's order holds: {said}."
    return f"On unseen classes the paper's order, {' > '.join(methods)}, does not hold: {said}."
