"""What BIFSeg reaches, how fast, and how much it varies: goals, acceptance, spread.

The paper's figures 9 and 13, and what its figure 8 shows.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from pages import interval, markdown, number, signed
from played import Played, dice, groups, in_group, mean, of, spread, until

from delineate.bench.weights import ELSEWHERE, ORDER, SEEN, UNSEEN

ROUNDS_OF_GOALS = (("one round of scribbles", 1), ("three rounds", 3))


def goals(
    items: Sequence[Played],
    initial: str,
    full: str,
    baselines: Sequence[str],
    wanted: Mapping[str, tuple[float, float | None]],
) -> str:
    """What was reached of each goal, on unseen classes and on the others.

    The last column is over all that was not learnt from, whether its class was or not.
    """
    start, tuned = of(items, initial, UNSEEN), of(items, full, UNSEEN)
    rows = [_goal(items, name, 0, name) for name in baselines]
    rows += [_goal(items, "box alone", 0, initial, wanted.get("box alone"))]
    gain = [b - a for a, b in zip(dice(start, 0), dice(tuned, 0), strict=True)]
    rows += [_goal(items, "unsupervised tuning", 0, full)]
    low, high = wanted["gain"]
    rows.append(
        ["its gain over the box alone", f"**{signed(*mean(tuned, gain))}**", f"{low:+.2f}",
         "–" if high is None else f"{high:+.2f}", reached(mean(tuned, gain)[0], low), "", "", ""]
    )  # fmt: skip
    rows += [_goal(items, name, at, full, wanted.get(name)) for name, at in ROUNDS_OF_GOALS]
    head = (UNSEEN, "goal", "stretch", "reached", ELSEWHERE, SEEN, f"{UNSEEN} or {ELSEWHERE}")
    return markdown(("Dice", *head), rows)


def _goal(
    items: Sequence[Played],
    name: str,
    at: int,
    method: str,
    wanted: tuple[float, float | None] | None = None,
) -> list[str]:
    means = {seen: mean(own := of(items, method, seen), dice(own, at)) for seen in ORDER}
    new = [one for one in of(items, method) if one.seen != SEEN]
    goal, stretch = wanted or (math.nan, None)
    return [
        name,
        f"**{interval(*means[UNSEEN])}**",
        number(goal),
        number(math.nan if stretch is None else stretch),
        reached(means[UNSEEN][0], goal),
        interval(*means[ELSEWHERE]),
        interval(*means[SEEN]),
        interval(*mean(new, dice(new, at))),
    ]


def reached(value: float, goal: float) -> str:
    return "–" if math.isnan(goal) or math.isnan(value) else ("yes" if value >= goal else "no")


def by_dataset(items: Sequence[Played], columns: Sequence[tuple[str, str, int]]) -> str:
    """Dice of each data set with intervals.

    Args:
        items: Finished by all methods.
        columns: Name, method and round.
    """
    rows = []
    for group in groups(items):
        name, seen, apart = group
        own = [in_group(items, group, method) for _, method, _ in columns]
        cells = [
            interval(*mean(part, dice(part, at)))
            for part, (_, _, at) in zip(own, columns, strict=True)
        ]
        rows.append([name, f"{seen}, apart" if apart else seen, str(len(own[0])), *cells])
    return markdown(("data set", "class", "objects", *(name for name, _, _ in columns)), rows)


def acceptance(items: Sequence[Played], methods: Sequence[str], threshold: float) -> str:
    """How long users and machines need until a Dice, on unseen classes.

    Times are of all objects: where the Dice is never reached, that of the last round.
    """
    rows = []
    for method in methods:
        own = of(items, method, UNSEEN)
        ends = [until(one, threshold) for one in own]
        last = [
            len(one.dice) - 1 if end is None else end for one, end in zip(own, ends, strict=True)
        ]
        user = [float(one.user[end]) for one, end in zip(own, last, strict=True)]
        machine = [
            float(np.nansum(one.seconds[: end + 1])) for one, end in zip(own, last, strict=True)
        ]
        final = [float(one.dice[end]) for one, end in zip(own, last, strict=True)]
        rows.append(
            [
                method,
                f"{100 * mean(own, [float(end is not None) for end in ends])[0]:.0f} %",
                interval(*mean(own, user), digits=1),
                number(mean(own, machine)[0], 1),
                number(mean(own, [float(end) for end in last])[0], 1),
                interval(*mean(own, final)),
            ]
        )
    head = ("method", "reached", "user, s", "machine, s", "rounds", "Dice then")
    return markdown((f"until Dice {threshold:.2f}: {head[0]}", *head[1:]), rows)


def variation(repeats: Mapping[str, Sequence[Sequence[Played]]], at: int) -> str:
    """How much Dice varies with the marks, on unseen classes: deviation over repeats."""
    rows = []
    for method, runs in repeats.items():
        found = spread([of(run, method, UNSEEN) for run in runs], at)
        deviations = np.array([deviation for _, deviation in found.values()])
        if not deviations.size:
            continue
        rows.append(
            [
                method,
                str(len(found)),
                number(float(np.mean([middle for middle, _ in found.values()])), 3),
                number(float(deviations.mean()), 3),
                number(float(np.median(deviations)), 3),
                number(float(np.percentile(deviations, 95)), 3),
            ]
        )
    head = ("method", "objects", "Dice", "deviation, mean", "median", "95th percentile")
    return markdown(head, rows)
