"""What a click-guided network reaches: Dice over clicks, rounds that lose, peers, study tables."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from goal_tables import reached
from pages import interval, markdown, number, signed
from played import Played, compare, dice, groups, in_group, mean, of

from delineate.bench.weights import ELSEWHERE, ORDER, SEEN, UNSEEN

COUNTED = (1, 2, 5, 10)
HEADS = tuple(f"{count} click{'s' if count > 1 else ''}" for count in COUNTED)
LOSS = 0.02
"""A round that lowers the Dice by more counts as lost."""


def after(one: Played, clicks: int) -> float:
    """Dice after so many clicks; nan where a method has begun with more."""
    made = one.more["prompts"]
    held = np.flatnonzero(made <= clicks)
    return float(one.dice[held[-1]]) if held.size else math.nan


def over_clicks(items: Sequence[Played], clicks: int) -> list[float]:
    return [after(one, clicks) for one in items]


def clicks_to(one: Played, threshold: float, most: int) -> float:
    """Clicks until a Dice is reached; `most` where it never is, as is usual."""
    reached = np.flatnonzero(one.dice >= threshold)
    return float(one.more["prompts"][reached[0]]) if reached.size else float(most)


def goals(
    items: Sequence[Played],
    others: Sequence[Played],
    method: str,
    wanted: Mapping[int, tuple[float, float]],
    to_90: tuple[float, float] | None,
    most: int,
) -> str:
    """What is reached of each goal; `others` are those of the imperfect user."""
    rows = []
    for count, (goal, stretch) in wanted.items():
        cells = {
            seen: mean(own := of(items, method, seen), over_clicks(own, count)) for seen in ORDER
        }
        own = of(others, method, UNSEEN)
        loose = mean(own, over_clicks(own, count))
        rows.append(
            [
                f"Dice after {count}", f"**{interval(*cells[UNSEEN])}**", number(goal),
                number(stretch), reached(cells[UNSEEN][0], goal), interval(*cells[ELSEWHERE]),
                interval(*cells[SEEN]), interval(*loose), number(loose[0] - cells[UNSEEN][0], 3),
            ]
        )  # fmt: skip
    for threshold in (0.85, 0.90):
        counts = {
            seen: mean(
                own := of(items, method, seen), [clicks_to(one, threshold, most) for one in own]
            )
            for seen in ORDER
        }
        goal, stretch = to_90 if to_90 and threshold == 0.90 else (math.nan, math.nan)
        found = counts[UNSEEN][0]
        rows.append(
            [
                f"clicks to {threshold:.2f}, at most {most}",
                f"**{interval(*counts[UNSEEN], digits=1)}**", number(goal, 0), number(stretch, 0),
                reached(-found, -goal), interval(*counts[ELSEWHERE], digits=1),
                interval(*counts[SEEN], digits=1), "", "",
            ]
        )  # fmt: skip
    head = (UNSEEN, "goal", "stretch", "reached", ELSEWHERE, SEEN, "imperfect user", "difference")
    return markdown(("", *head), rows)


def by_dataset(items: Sequence[Played], method: str, most: int) -> str:
    """Dice of each data set after so many clicks, with intervals."""
    rows = []
    for group in groups(items):
        name, seen, apart = group
        own = in_group(items, group, method)
        cells = [interval(*mean(own, over_clicks(own, count))) for count in COUNTED]
        to_90 = mean(own, [clicks_to(one, 0.90, most) for one in own])
        shown = f"{seen}, apart" if apart else seen
        rows.append([name, shown, str(len(own)), *cells, interval(*to_90, digits=1)])
    return markdown(("data set", "class", "objects", *HEADS, "clicks to 0.90"), rows)


def lost(items: Mapping[str, Sequence[Played]], method: str) -> str:
    """Share of rounds after which the mask is much worse, and by how much at the worst."""
    rows = []
    for user, played in items.items():
        own = of(played, method)
        steps = [np.diff(one.dice) for one in own]
        shares = [float((step < -LOSS).mean()) for step in steps]
        every = np.concatenate(steps) if steps else np.zeros(0)
        rows.append(
            [
                user, str(every.size), f"{100 * float((every < -LOSS).mean()):.1f} %",
                f"{100 * mean(own, shares)[0]:.1f} %", number(float(every.min()), 2),
            ]
        )  # fmt: skip
    head = ("rounds", f"lose more than {LOSS}", "mean of data sets", "worst")
    return markdown(("user", *head), rows)


def worst(items: Sequence[Played], method: str, at: int, count: int) -> str:
    """The objects of the lowest Dice after so many clicks."""
    own = sorted(of(items, method), key=lambda one: after(one, at))[:count]
    rows = [
        [" / ".join(part for part in one.key if part), one.seen,
         *(number(after(one, clicks), 3) for clicks in COUNTED)]
        for one in own
    ]  # fmt: skip
    return markdown(("object", "class", *HEADS), rows)


def peers(items: Sequence[Played], method: str, clicks: Sequence[int]) -> str:
    """This method against others on every data set, and where it is not the best."""
    names = [method, *sorted({one.method for one in items} - {method})]
    parts, beaten = [], []
    for count in clicks:
        rows = []
        for group in groups(items):
            name, seen, apart = group
            values = []
            for other in names:
                own = in_group(items, group, other)
                found = over_clicks(own, count)
                values.append(math.nan if np.isnan(found).any() else mean(own, found)[0])
            best = int(np.nanargmax(values))
            cells = [f"**{number(v)}**" if n == best else number(v) for n, v in enumerate(values)]
            rows.append([name, f"{seen}, apart" if apart else seen, *cells])
            if best:
                margin = values[best] - values[0]
                beaten.append(f"{name} after {count} by {names[best]} ({margin:+.3f})")
        parts.append(markdown((f"Dice after {count}", "class", *names), rows))
    said = "; ".join(beaten)
    parts.append(f"Not the best on: {said}." if said else "It is the best on every data set.")
    return "\n\n".join(parts)


def variants(items: Sequence[Played], base: str) -> str:
    """Each variant after 1, 2, 5 and 10 clicks, against the default on the same objects."""
    names = [base, *dict.fromkeys(one.method for one in items if one.method != base)]
    rows = []
    for name in names:
        own, usual = of(items, name, UNSEEN), of(items, base, UNSEEN)
        cells = [interval(*mean(own, over_clicks(own, count))) for count in COUNTED]
        at = len(own[0].dice) - 1
        test = compare(own, usual, at)
        differs = "" if name == base else signed(test.difference, test.low, test.high)
        seconds = float(np.nanmedian([np.nanmedian(one.seconds) for one in own]))
        rows.append([name, *cells, differs, number(seconds, 3)])
    head = (*HEADS, "difference at the last", "s a click")
    return markdown(("Dice, unseen", *head), rows)


def rounds(items: Sequence[Played], base: str) -> str:
    """Dice after each round of each variant, on unseen classes."""
    names = [base, *dict.fromkeys(one.method for one in items if one.method != base)]
    count = len(items[0].dice)
    rows = []
    for name in names:
        own = of(items, name, UNSEEN)
        rows.append([name, *(interval(*mean(own, dice(own, at))) for at in range(count))])
    return markdown(("Dice, unseen", "box alone", *(f"round {n}" for n in range(1, count))), rows)
