"""What a search has found: a score for each trial, and how far the best one is to be believed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bench.draws import generator
from ..bench.statistics import bootstrap_interval, mean_of_means
from ..types import Float64
from .space import Values

FOLDS = 5


@dataclass(frozen=True)
class Trial:
    """One combination.

    Attributes:
        values: Of the fields searched.
        score: Mean over rounds of the mean of the data sets' means of Dice, in [0, 1].
        rounds: The mean of the data sets' means in each round that counts.
        datasets: Each data set's mean.
        failures: Objects on which the method failed: their Dice is 0.
        seconds: Median time of an answer.
    """

    values: Values
    score: float
    rounds: Mapping[int, float]
    datasets: Mapping[str, float]
    failures: int
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """All trials, best first, and the best one beside the default.

    Attributes:
        trials: With the default among them; of two that score alike the earlier comes first.
        default: The method's own values.
        gain: Score of the best less that of the default, on the same objects.
        low: Of its interval of 95 %, by bootstrap over cases; nan where no set has two cases.
        high: The same.
        held_out: The gain on cases that had no part in the choice: each fifth of the cases with
            the trial that is best on the others. `gain` is the luckiest of many, this is not.
        objects: How many.
        cases: How many.
        notes: Sentences for the user.
    """

    trials: tuple[Trial, ...]
    default: Trial
    gain: float
    low: float
    high: float
    held_out: float
    objects: int
    cases: int
    notes: tuple[str, ...] = ()

    @property
    def best(self) -> Trial:
        """The trial with the highest score."""
        return self.trials[0]

    def to_json(self) -> dict[str, Any]:
        """What to keep of it; nan becomes None."""
        numbers = {
            "score": self.best.score,
            "default_score": self.default.score,
            "gain": self.gain,
            "gain_low": self.low,
            "gain_high": self.high,
            "gain_held_out": self.held_out,
        }
        return {
            "values": self.best.values,
            "default": self.default.values,
            **{name: round(v, 5) if np.isfinite(v) else None for name, v in numbers.items()},
            "rounds": {str(number): round(v, 5) for number, v in self.best.rounds.items()},
            "datasets": {name: round(v, 5) for name, v in self.best.datasets.items()},
            "trials": len(self.trials),
            "objects": self.objects,
            "cases": self.cases,
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Measured:
    """Dice of all trials on all objects.

    Attributes:
        dice: `(T, N, R)` in [0, 1], trials by objects by rounds that count; 0 for a failure.
        failed: `(T, N)`.
        seconds: `(T, N)`, median of an object's rounds; nan where there is none.
        groups: `(N,)`, data set of each object.
        cases: `(N,)`, case of each object.
    """

    dice: Float64
    failed: np.ndarray[Any, np.dtype[np.bool_]]
    seconds: Float64
    groups: tuple[str, ...]
    cases: tuple[str, ...]


def conclude(
    measured: Measured,
    values: Sequence[Values],
    rounds: Sequence[int],
    seed: int = 0,
    notes: Sequence[str] = (),
) -> Outcome:
    """The outcome of a search.

    Args:
        measured: Its first trial is the default.
        values: Of each trial.
        rounds: That count.
        seed: Of the bootstrap and of the fifths of the cases.
        notes: Sentences for the user.
    """
    trials = [_trial(measured, n, one, rounds) for n, one in enumerate(values)]
    order = sorted(range(len(trials)), key=lambda n: -trials[n].score)
    own = measured.dice.mean(axis=2)
    difference = own[order[0]] - own[0]
    low, high = bootstrap_interval(
        difference, measured.groups, cases=list(measured.cases), seed=seed
    )
    return Outcome(
        trials=tuple(trials[n] for n in order),
        default=trials[0],
        gain=trials[order[0]].score - trials[0].score,
        low=low,
        high=high,
        held_out=held_out_gain(own, measured.groups, measured.cases, seed),
        objects=len(measured.groups),
        cases=len(set(measured.cases)),
        notes=tuple(notes),
    )


def held_out_gain(
    scores: Float64, groups: Sequence[str], cases: Sequence[str], seed: int = 0
) -> float:
    """Mean of the data sets' means of what choosing gains on cases not chosen by.

    Args:
        scores: `(T, N)`, the first row the default's.
        groups: `(N,)`, data set of each object.
        cases: `(N,)`, case of each object.
        seed: Of how cases are dealt to folds.

    Returns:
        nan with fewer than two cases.

    Examples:
        >>> scores = np.array([[0.5, 0.5, 0.5, 0.5], [0.6, 0.6, 0.6, 0.6]])
        >>> round(held_out_gain(scores, ["a"] * 4, ["1", "2", "3", "4"]), 3)
        0.1
    """
    names = sorted(set(cases))
    if len(names) < 2:
        return float("nan")
    order = generator(seed, "folds").permutation(len(names))
    fold_of = {names[n]: place % FOLDS for place, n in enumerate(order)}
    folds = np.array([fold_of[case] for case in cases])
    group = np.array(groups)
    gains = np.zeros(len(group))
    for fold in range(min(FOLDS, len(names))):
        out = folds == fold
        best = int(np.argmax([mean_of_means(row[~out], group[~out]) for row in scores]))
        gains[out] = scores[best, out] - scores[0, out]
    return mean_of_means(gains, group)


def _trial(measured: Measured, number: int, values: Values, rounds: Sequence[int]) -> Trial:
    dice, group = measured.dice[number], np.array(measured.groups)
    means = {at: mean_of_means(dice[:, n], group) for n, at in enumerate(rounds)}
    each = {str(name): float(dice[group == name].mean()) for name in np.unique(group)}
    seconds = measured.seconds[number]
    timed = seconds[np.isfinite(seconds)]
    return Trial(
        values=values,
        score=float(np.mean(list(means.values()))),
        rounds=means,
        datasets=each,
        failures=int(measured.failed[number].sum()),
        seconds=float(np.median(timed)) if timed.size else float("nan"),
    )
