"""From many scores to one number: means over data sets, their intervals, tests between methods.

Bootstrap: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13 (percentile
interval). Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 1979.

Every data set counts the same, however many cases it has. Values are finite: a distance that is nan
because a mask was empty is left out, and counted, by the caller, who alone can show the count.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from delineate.types import Array, Float64


@dataclass(frozen=True, kw_only=True)
class PairedTest:
    """Two methods on the same cases; what each field is where there is too little to say.

    Attributes:
        pairs: number of cases.
        difference: mean of a - b; nan without any pair.
        low, high: 95 % interval of the mean difference from the t distribution; nan below 2 pairs.
        t_test: two-sided p of the paired t-test; nan below 2 pairs, 1 where all differences are 0,
            0 where they are one other number throughout.
        wilcoxon: two-sided p of the Wilcoxon signed-rank test, pairs without a difference left out;
            nan below 2 pairs, 1 where all differences are 0.
    """

    pairs: int
    difference: float
    low: float
    high: float
    t_test: float
    wilcoxon: float


def mean_of_means(values: ArrayLike, groups: ArrayLike) -> float:
    """Mean of the data sets' means.

    Args:
        values: `(N,)`, finite.
        groups: `(N,)`, the data set of each value.

    Raises:
        ValueError: no values, values that are not finite, or lengths that differ.

    Examples:
        >>> mean_of_means([0.75, 0.25, 1.0], ["liver", "liver", "spleen"])
        0.75
    """
    array = _finite(values)
    _, index = _labels(groups, array, "groups")
    return float(np.mean(np.bincount(index, array) / np.bincount(index)))


def bootstrap_interval(
    values: ArrayLike,
    groups: ArrayLike,
    *,
    cases: ArrayLike | None = None,
    level: float = 0.95,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of `mean_of_means`.

    The data sets are fixed. Inside each one as many cases as it has are drawn with replacement, and
    a case brings all its values: the objects and slices of one patient are alike, and drawing them
    one by one would make the interval too narrow. The interval says how far the number would move
    with other cases of the same data sets, not with other data sets. A data set of one case adds no
    width; with fewer than about ten cases a data set the interval is too narrow.

    Args:
        values: `(N,)`, finite.
        groups: `(N,)`, the data set of each value.
        cases: `(N,)`, the case of each value; the same name in two data sets is two cases. Without
            it each value is a case of its own.
        level: share of the resampled means inside the interval, between 0 and 1.
        resamples: how often to draw.
        seed: of the draw. With `cases` the order of the rows changes the result by rounding only.

    Returns:
        Low and high end; both nan where no data set has two cases.

    Raises:
        ValueError: as `mean_of_means`; a level outside (0, 1); fewer than 1 resample.
    """
    if not 0 < level < 1:
        raise ValueError(f"the level is {level}; it must lie between 0 and 1, as 0.95")
    if resamples < 1:
        raise ValueError(f"{resamples} resamples were asked for; at least 1 is needed")
    array = _finite(values)
    names, group = _labels(groups, array, "groups")
    case = np.arange(array.size) if cases is None else _labels(cases, array, "cases")[1]
    random = np.random.default_rng(seed)
    means = np.zeros(resamples)
    widest = 0
    for chosen in (group == index for index in range(len(names))):
        _, inverse = np.unique(case[chosen], return_inverse=True)
        totals, counts = np.bincount(inverse, array[chosen]), np.bincount(inverse)
        drawn = random.integers(counts.size, size=(resamples, counts.size))
        means += totals[drawn].sum(axis=1) / counts[drawn].sum(axis=1) / len(names)
        widest = max(widest, counts.size)
    if widest < 2:
        return math.nan, math.nan
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def area_under_curve(dice_per_round: ArrayLike) -> float:
    """Area under Dice over rounds 0 to N by the trapezoid rule, divided by N, in [0, 1].

    1 is a perfect mask from round 0 on. A single round gives its Dice.

    Args:
        dice_per_round: `(N + 1,)`, in [0, 1], round 0 first.

    Raises:
        ValueError: no rounds, or a Dice that is not a number in [0, 1].

    Examples:
        >>> area_under_curve([0.0, 1.0, 1.0])
        0.75
    """
    dice = _rounds(dice_per_round)
    return float((dice[:-1] + dice[1:]).mean() / 2) if dice.size > 1 else float(dice[0])


def rounds_to(dice_per_round: ArrayLike, threshold: float, rounds: int) -> int:
    """First round whose Dice reaches the threshold; never is `rounds + 1`.

    A later fall below the threshold does not matter: the user would have stopped there.

    Args:
        dice_per_round: `(N + 1,)`, in [0, 1], round 0 first, with N at most `rounds`.
        threshold: Dice to reach; equal counts.
        rounds: the last round that was allowed.

    Raises:
        ValueError: as `area_under_curve`; more rounds than allowed.

    Examples:
        >>> rounds_to([0.5, 0.8, 0.9], 0.8, rounds=2), rounds_to([0.5, 0.8, 0.9], 0.95, rounds=2)
        (1, 3)
    """
    dice = _rounds(dice_per_round)
    if dice.size > rounds + 1:
        raise ValueError(f"there are rounds 0 to {dice.size - 1}; at most {rounds} were allowed")
    reached = np.flatnonzero(dice >= threshold)
    return int(reached[0]) if reached.size else rounds + 1


def paired_test(a: ArrayLike, b: ArrayLike) -> PairedTest:
    """Does `a` differ from `b` on the same cases? Paired t-test and Wilcoxon signed-rank test.

    The tests take the pairs as independent: give one value a case (the mean of its objects), not
    one an object. With several comparisons correct the p values with `holm`.

    Args:
        a, b: `(N,)`, finite; the same place is the same case.

    Raises:
        ValueError: values that are not finite, or lengths that differ.
    """
    first, second = _finite(a, least=0), _finite(b, least=0)
    if first.size != second.size:
        raise ValueError(f"a has {first.size} values and b {second.size}; they must be pairs")
    difference = first - second
    pairs = difference.size
    mean = float(difference.mean()) if pairs else math.nan
    low = high = t_test = wilcoxon = math.nan
    if pairs >= 2:
        error = float(difference.std(ddof=1)) / math.sqrt(pairs)
        half = float(stats.t.ppf(0.975, pairs - 1)) * error
        low, high = mean - half, mean + half
        t_test = wilcoxon = 1.0
    if pairs >= 2 and difference.any():
        t_test = float(2 * stats.t.sf(abs(mean) / error, pairs - 1)) if error else 0.0
        wilcoxon = float(stats.wilcoxon(difference).pvalue)
    return PairedTest(
        pairs=pairs, difference=mean, low=low, high=high, t_test=t_test, wilcoxon=wilcoxon
    )


def holm(p_values: ArrayLike) -> Float64:
    """Holm's correction of p values that were computed together, in the order given.

    Args:
        p_values: `(N,)`, in [0, 1]; nan (a test that could not be made) stays nan and is not
            counted.

    Returns:
        `(N,)`, in [0, 1]: below 0.05 is significant at 5 % over the whole family.

    Raises:
        ValueError: a p value outside [0, 1].

    Examples:
        >>> holm([0.01, 0.04, 0.03])
        array([0.03, 0.06, 0.06])
    """
    p = np.array(p_values, dtype=np.float64).ravel()
    if np.any((p < 0) | (p > 1)):
        raise ValueError(f"the p values are {p.tolist()}; each must lie in [0, 1] or be nan")
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    steps = p[order] * np.arange(order.size, 0, -1)
    p[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return p


def _finite(values: ArrayLike, least: int = 1) -> Float64:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1 or array.size < least:
        raise ValueError(
            f"the values have shape {array.shape}; they must be (N,) with N >= {least}"
        )
    wrong = int(np.count_nonzero(~np.isfinite(array)))
    if wrong:
        raise ValueError(
            f"{wrong} of {array.size} values are not finite; leave them out and count them"
        )
    return array


def _labels(labels: ArrayLike, values: Float64, name: str) -> tuple[Array, Array]:
    array = np.asarray(labels)
    if array.shape != values.shape:
        raise ValueError(
            f"{name} has shape {array.shape}; it must be that of the values, {values.shape}"
        )
    unique, index = np.unique(array, return_inverse=True)
    return unique, index


def _rounds(dice_per_round: ArrayLike) -> Float64:
    dice = _finite(dice_per_round)
    if dice.min() < 0 or dice.max() > 1:
        raise ValueError(f"Dice runs from {dice.min()} to {dice.max()}; it must lie in [0, 1]")
    return dice
