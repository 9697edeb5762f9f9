"""Means, intervals and tests: by hand, by a plain loop, by scipy."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from delineate.bench.statistics import (
    area_under_curve,
    bootstrap_interval,
    holm,
    mean_of_means,
    paired_test,
    rounds_to,
)


def rows(seed=0, sizes=(12, 5), objects=3):
    """Values that differ between cases and little inside one; the case names repeat per group."""
    random = np.random.default_rng(seed)
    values, groups, cases = [], [], []
    for group, size in zip("ba", sizes, strict=True):
        for case in range(size):
            centre = random.uniform(0.3, 0.9)
            for _ in range(random.integers(1, objects + 1)):
                values.append(centre + random.normal(0, 0.01))
                groups.append(group)
                cases.append(f"case{case}")
    return np.array(values), np.array(groups), np.array(cases)


def plain_bootstrap_means(values, groups, cases, resamples, seed):
    random = np.random.default_rng(seed)
    means = []
    for _ in range(resamples):
        parts = []
        for group in np.unique(groups):
            names = np.unique(cases[groups == group])
            drawn = random.choice(names, len(names))
            inside = [values[(groups == group) & (cases == name)] for name in drawn]
            parts.append(np.concatenate(inside).mean())
        means.append(np.mean(parts))
    return np.array(means)


def test_every_data_set_counts_the_same():
    assert mean_of_means([0.9, 0.7, 0.4], ["x", "x", "y"]) == pytest.approx((0.8 + 0.4) / 2)
    assert mean_of_means([0.4, 0.9, 0.7], [7, 1, 1]) == pytest.approx(0.6)
    assert mean_of_means([0.3], ["x"]) == 0.3


def test_bootstrap_agrees_with_the_plain_loop():
    values, groups, cases = rows()
    plain = plain_bootstrap_means(values, groups, cases, 2000, seed=5)
    low, high = bootstrap_interval(values, groups, cases=cases, seed=1, resamples=20_000)
    expected = np.quantile(plain, [0.025, 0.975])
    assert [low, high] == pytest.approx(expected, abs=0.1 * np.ptp(expected))
    assert low < mean_of_means(values, groups) < high


def test_bootstrap_of_two_cases_is_the_distribution_by_hand():
    # Means 0, 1/2, 1/2, 1 with a quarter each; the second data set is always 1.
    values, groups = [0.0, 1.0, 1.0], ["x", "x", "y"]
    assert bootstrap_interval(values, groups, level=0.95) == (0.5, 1.0)
    assert bootstrap_interval(values, groups, level=0.4) == (0.75, 0.75)


def test_cases_of_unlike_size_bring_all_their_values():
    # Draws: xx -> 0, yy -> 1, xy -> 1/4, for x has three values and y one.
    values, cases = [0.0, 0.0, 0.0, 1.0], ["x", "x", "x", "y"]
    assert bootstrap_interval(values, ["d"] * 4, cases=cases, level=0.4) == (0.25, 0.25)


def test_objects_of_one_case_are_drawn_together():
    values, groups, cases = rows(objects=8)
    together = bootstrap_interval(values, groups, cases=cases)
    apart = bootstrap_interval(values, groups)
    assert together[1] - together[0] > 1.3 * (apart[1] - apart[0])


def test_one_name_in_two_data_sets_is_two_cases():
    values, groups, cases = rows()
    named = np.char.add(groups, cases)
    assert bootstrap_interval(values, groups, cases=named) == bootstrap_interval(
        values, groups, cases=cases
    )


def test_bootstrap_repeats_and_does_not_mind_the_order_of_rows():
    values, groups, cases = rows()
    order = np.random.default_rng(3).permutation(values.size)
    once = bootstrap_interval(values, groups, cases=cases, seed=4)
    assert once == bootstrap_interval(values, groups, cases=cases, seed=4)
    assert once != bootstrap_interval(values, groups, cases=cases, seed=5)
    mixed = bootstrap_interval(values[order], groups[order], cases=cases[order], seed=4)
    assert mixed == pytest.approx(once, abs=1e-12)


def test_bootstrap_covers_the_true_mean_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    groups = np.repeat(["x", "y"], 30)
    hits = 0
    for seed in range(200):
        low, high = bootstrap_interval(
            random.normal(0.7, 0.1, 60), groups, resamples=500, seed=seed
        )
        hits += low <= 0.7 <= high
    assert 178 <= hits <= 199


def test_no_interval_without_two_cases_somewhere():
    assert np.isnan(bootstrap_interval([0.4, 0.6], ["x", "y"])).all()
    assert np.isnan(bootstrap_interval([0.4, 0.6], ["x", "x"], cases=["c", "c"])).all()
    assert bootstrap_interval([0.5, 0.5], ["x", "x"]) == (0.5, 0.5)


@pytest.mark.parametrize(
    ("curve", "area"),
    [
        ([1, 1, 1], 1),
        ([0, 0], 0),
        ([0, 1], 0.5),
        ([0.2, 0.6, 0.8], ((0.2 + 0.6) / 2 + (0.6 + 0.8) / 2) / 2),
        ([0.3], 0.3),
    ],
)
def test_area_under_curve_by_hand(curve, area):
    assert area_under_curve(curve) == pytest.approx(area)


def test_area_under_curve_is_the_trapezoid_rule():
    curve = np.random.default_rng(0).random(11)
    assert area_under_curve(curve) == pytest.approx(np.trapezoid(curve, np.linspace(0, 1, 11)))


@pytest.mark.parametrize(
    ("threshold", "first"), [(0.5, 0), (0.8, 1), (0.85, 3), (0.9, 3), (0.91, 6), (0.0, 0)]
)
def test_rounds_to_by_hand(threshold, first):
    assert rounds_to([0.5, 0.8, 0.7, 0.9], threshold, rounds=5) == first


def test_rounds_to_refuses_more_rounds_than_there_were():
    with pytest.raises(ValueError, match="at most 2"):
        rounds_to([0.1, 0.2, 0.3, 0.4], 0.8, rounds=2)


@pytest.mark.parametrize("count", [2, 3, 6, 13, 14, 30, 60])
@pytest.mark.parametrize("decimals", [1, 12])
def test_paired_test_is_scipys(count, decimals):
    random = np.random.default_rng(count)
    a = random.normal(0.8, 0.1, count).round(decimals)
    b = (a + random.normal(0.05, 0.1, count)).round(decimals)
    a[0], b[0] = 0.5, 0.75
    result, expected = paired_test(a, b), stats.ttest_rel(a, b)
    interval = expected.confidence_interval(0.95)
    assert result.pairs == count
    assert result.difference == pytest.approx(np.mean(a - b))
    assert result.t_test == pytest.approx(expected.pvalue)
    assert [result.low, result.high] == pytest.approx([interval.low, interval.high])
    assert result.wilcoxon == pytest.approx(stats.wilcoxon(a, b).pvalue)


def test_paired_test_by_hand():
    # Differences 1, 2, 3: mean 2, standard error 1/sqrt(3), t = 2 sqrt(3) with 2 degrees of
    # freedom, whose p is 1 - t / sqrt(2 + t^2); Wilcoxon: 2 of the 8 signings are as extreme.
    result = paired_test([2.0, 4.0, 6.0], [1.0, 2.0, 3.0])
    t = 2 * math.sqrt(3)
    assert result.t_test == pytest.approx(1 - t / math.sqrt(2 + t**2))
    assert result.low == pytest.approx(2 - 4.302652729911275 / math.sqrt(3))
    assert result.wilcoxon == pytest.approx(2 / 8)


def test_paired_test_turns_its_sign_with_its_arguments():
    a, b = np.random.default_rng(1).random((2, 9))
    forth, back = paired_test(a, b), paired_test(b, a)
    assert (forth.difference, forth.low) == pytest.approx((-back.difference, -back.high))
    assert (forth.t_test, forth.wilcoxon) == pytest.approx((back.t_test, back.wilcoxon))


def test_paired_test_with_too_little_to_say():
    none, one = paired_test([], []), paired_test([0.9], [0.7])
    assert (none.pairs, one.pairs) == (0, 1)
    assert math.isnan(none.difference) and one.difference == pytest.approx(0.2)
    for result in (none, one):
        assert np.isnan([result.low, result.high, result.t_test, result.wilcoxon]).all()


def test_paired_test_of_methods_that_do_the_same():
    result = paired_test([0.9, 0.5, 0.1], [0.9, 0.5, 0.1])
    assert (result.difference, result.low, result.high) == (0, 0, 0)
    assert (result.t_test, result.wilcoxon) == (1, 1)


def test_paired_test_of_one_difference_throughout():
    result = paired_test([0.75, 0.5, 0.25], [0.5, 0.25, 0.0])
    assert (result.difference, result.low, result.high) == (0.25, 0.25, 0.25)
    assert (result.t_test, result.wilcoxon) == (0, pytest.approx(0.25))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.02]) == pytest.approx([0.02])
    assert holm([0.6, 0.7]) == pytest.approx([1.0, 1.0])
    assert holm([]).size == 0


def test_holm_leaves_out_tests_that_could_not_be_made():
    corrected = holm([math.nan, 0.02, 0.03])
    assert math.isnan(corrected[0])
    assert corrected[1:] == pytest.approx([0.04, 0.04])


def test_holm_rejects_what_its_steps_reject():
    for p in itertools.product([0.005, 0.01, 0.02, 0.03, 0.2], repeat=4):
        rejected = [False] * 4
        for step, place in enumerate(np.argsort(p, kind="stable")):
            if p[place] > 0.05 / (4 - step):
                break
            rejected[place] = True
        assert ((holm(p) <= 0.05) == rejected).all()


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: mean_of_means([], []), "N >= 1"),
        (lambda: mean_of_means([0.1, math.nan], ["x", "x"]), "1 of 2 values"),
        (lambda: mean_of_means([0.1, 0.2], ["x"]), r"groups has shape \(1,\)"),
        (lambda: mean_of_means([[0.1]], [["x"]]), r"\(1, 1\)"),
        (lambda: bootstrap_interval([0.1], ["x"], cases=["c", "d"]), r"cases has shape \(2,\)"),
        (lambda: bootstrap_interval([0.1], ["x"], level=95), "level is 95"),
        (lambda: bootstrap_interval([0.1], ["x"], resamples=0), "0 resamples"),
        (lambda: area_under_curve([]), "N >= 1"),
        (lambda: area_under_curve([0.5, 1.5]), "1.5"),
        (lambda: rounds_to([0.5, math.nan], 0.8, 1), "1 of 2 values"),
        (lambda: paired_test([0.1], [0.1, 0.2]), "a has 1 values and b 2"),
        (lambda: paired_test([math.inf, 0.1], [0.1, 0.2]), "not finite"),
        (lambda: holm([0.1, 1.1]), "1.1"),
    ],
)
def test_refuses_with_what_was_wrong(call, says):
    with pytest.raises(ValueError, match=says):
        call()
