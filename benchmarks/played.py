"""Objects as methods and simulated users have played them: rows of `rounds.csv`, put together."""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pages import read_table

from delineate.bench.statistics import PairedTest, bootstrap_interval, mean_of_means, paired_test
from delineate.bench.targets import MEMBRANES, UNION, VESSELS
from delineate.bench.weights import ORDER, UNSEEN
from delineate.types import Float64

Key = tuple[str, str, str, str]

MORE = ("prompts", "hd_mm", "mad_mm")


@dataclass(frozen=True)
class Played:
    """One object with one method, over all rounds.

    Attributes:
        key: Data set, case, object and slice: the same for every method.
        method: Its name in the tables.
        seen: "unseen", "seen elsewhere" or "seen" by the networks it is compared with.
        dice: After each round, `(rounds + 1,)`; nan where the method has failed.
        seconds: Of the method in each round; nan where it was not asked.
        user: Seconds of the user so far, by the model of `delineate.users`.
        more: Other columns of `rounds.csv` by name: prompts, distances in mm.
    """

    key: Key
    method: str
    seen: str
    dice: Float64
    seconds: Float64
    user: Float64
    more: Mapping[str, Float64] = field(default_factory=dict)

    @property
    def apart(self) -> bool:
        """Whether it is no part of any mean over data sets, as in `delineate.bench.targets`."""
        dataset, _, name, _ = self.key
        if dataset == MEMBRANES:
            return re.fullmatch(r"cell \d+", name) is None
        return dataset == VESSELS or (dataset, name) == (UNION, "union")

    @property
    def group(self) -> str:
        """The data set, and what of it is reported apart."""
        dataset, _, name, _ = self.key
        return f"{dataset}, {name}" if self.apart and dataset != VESSELS else dataset


def read_played(folders: Iterable[Path], names: Mapping[str, str]) -> list[Played]:
    """What lies in folders of finished runs, of methods that have a name.

    Args:
        folders: Of the same methods, on different data sets.
        names: In the tables, by the method's label.
    """
    rows: dict[tuple[Key, str], list[dict[str, str]]] = {}
    seen: dict[Key, str] = {}
    for row in (row for folder in folders for row in read_table(folder / "rounds.csv")):
        key = (row["dataset"], row["case"], row["object"], row["slice"])
        if row["class"]:
            seen[key] = max(seen.get(key, UNSEEN), row["class"], key=ORDER.index)
        if row["method"] in names:
            rows.setdefault((key, names[row["method"]]), []).append(row)
    return [
        Played(
            key, method, seen.get(key, UNSEEN),
            *(_column(own, name) for name in ("dice", "seconds", "user_seconds")),
            {name: _column(own, name) for name in MORE if name in own[0]},
        )
        for (key, method), own in rows.items()
    ]  # fmt: skip


def _column(rows: list[dict[str, str]], name: str) -> Float64:
    return np.array([float(row[name] or "nan") for row in rows])


def finished(items: Sequence[Played]) -> tuple[list[Played], int]:
    """The objects that every method has finished, and the number of the others."""
    failed = {one.key for one in items if not np.isfinite(one.dice).all()}
    return [one for one in items if one.key not in failed], len(failed)


def of(items: Sequence[Played], method: str, seen: str | None = None) -> list[Played]:
    """A method's objects in the means, all or those of a class, in the order of their keys."""
    own = (one for one in items if one.method == method and not one.apart)
    return sorted((one for one in own if seen in (None, one.seen)), key=lambda one: one.key)


def groups(items: Sequence[Played]) -> list[tuple[str, str, bool]]:
    """Data sets by name and class, unseen ones first, those that are reported apart last."""
    found = {(one.group, one.seen, one.apart) for one in items}
    return sorted(found, key=lambda group: (group[2], ORDER.index(group[1]), group[0]))


def in_group(items: Sequence[Played], group: tuple[str, str, bool], method: str) -> list[Played]:
    own = [one for one in items if (one.group, one.seen, one.apart) == group]
    return sorted((one for one in own if one.method == method), key=lambda one: one.key)


def mean(items: Sequence[Played], values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of the data sets' means with its 95 % bootstrap interval over cases; nan of nothing."""
    if not items:
        return math.nan, math.nan, math.nan
    names = [one.key[0] for one in items]
    cases = ["/".join(one.key[:2]) for one in items]
    return mean_of_means(values, names), *bootstrap_interval(values, names, cases=cases)


def dice(items: Sequence[Played], at: int) -> list[float]:
    return [float(one.dice[at]) for one in items]


def compare(one: Sequence[Played], other: Sequence[Played], at: int) -> PairedTest:
    """The paired test of two methods on the same objects, each object a pair."""
    assert [a.key for a in one] == [b.key for b in other]
    return paired_test(dice(one, at), dice(other, at))


def compare_cases(one: Sequence[Played], other: Sequence[Played], at: int) -> PairedTest:
    """The same, a case being a pair: the mean of its objects, which are alike."""
    assert [a.key for a in one] == [b.key for b in other]
    return paired_test(_by_case(one, at), _by_case(other, at))


def _by_case(items: Sequence[Played], at: int) -> list[float]:
    found: dict[tuple[str, str], list[float]] = {}
    for one in items:
        found.setdefault(one.key[:2], []).append(float(one.dice[at]))
    return [float(np.mean(values)) for values in found.values()]


def until(one: Played, threshold: float) -> int | None:
    """The first round in which the user would have stopped; None for never."""
    reached = np.flatnonzero(one.dice >= threshold)
    return int(reached[0]) if reached.size else None


def spread(repeats: Sequence[Sequence[Played]], at: int) -> dict[Key, tuple[float, float]]:
    """For each object mean and standard deviation of Dice over repeats of a method.

    Args:
        repeats: The same objects with other marks; at least two.
        at: The round.
    """
    values: dict[Key, list[float]] = {}
    for items in repeats:
        for one in items:
            values.setdefault(one.key, []).append(float(one.dice[at]))
    whole = {key: dices for key, dices in values.items() if len(dices) == len(repeats)}
    return {
        key: (float(np.mean(dices)), float(np.std(dices, ddof=1))) for key, dices in whole.items()
    }


def renamed(items: Iterable[Played], method: str) -> list[Played]:
    return [replace(one, method=method) for one in items]
