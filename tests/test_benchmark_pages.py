"""What the scripts in `benchmarks/` make of finished runs, on numbers checked by hand."""

import csv
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import goal_tables
import pages
import stage_tables
from bifseg import PAGE, PARTS
from bifseg_runs import Bench, find_study, goals, supervised, unsupervised
from played import (
    Played,
    compare,
    compare_cases,
    finished,
    groups,
    mean,
    of,
    read_played,
    spread,
    until,
)

from delineate.bench.variants import Variant


def played(dataset, case, method, dices, seen="unseen", name="o", user=None):
    times = np.arange(1.0, len(dices) + 1)
    user = times if user is None else np.array(user)
    return Played((dataset, case, name, ""), method, seen, np.array(dices), times, user)


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_reads_rows_and_gives_every_method_the_networks_class(tmp_path):
    rows = [
        ("a", "net", "unseen", 0.5), ("a", "other", "seen elsewhere", 0.6), ("a", "plain", "", 0.7),
        ("b", "net", "unseen", ""), ("b", "other", "unseen", 0.2), ("b", "plain", "", 0.3),
        ("b", "unnamed", "", 0.1),
    ]  # fmt: skip
    head = (
        "dataset", "case", "object", "slice", "class", "method", "dice", "seconds", "user_seconds"
    )  # fmt: skip
    with (tmp_path / "rounds.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        for case, method, seen, dice in rows:
            for at in range(2):
                writer.writerow(("d", case, "o", "", seen, method, dice, at + 1, 7))
    items = read_played([tmp_path], {"net": "N", "other": "O", "plain": "P"})
    assert {(one.key[1], one.method): one.seen for one in items} == {
        **{("a", method): "seen elsewhere" for method in "NOP"},
        **{("b", method): "unseen" for method in "NOP"},
    }
    assert items[0].seconds.tolist() == [1, 2] and items[0].dice.tolist() == [0.5, 0.5]
    whole, failed = finished(items)
    assert failed == 1 and {one.key[1] for one in whole} == {"a"}


def test_what_is_apart_counts_in_no_mean():
    items = [
        played("acdc", "1", "m", [0.4]),
        played("drive", "1", "m", [0.9], name="vessel"),
        played("isbi_em", "1", "m", [0.9], name="cell membrane"),
        played("isbi_em", "1", "m", [0.6], name="cell 12"),
        played("hippocampus", "1", "m", [0.9], name="union"),
        played("wbc", "1", "m", [0.8], seen="seen"),
    ]
    assert [one.key[:2] for one in of(items, "m", "unseen")] == [("acdc", "1"), ("isbi_em", "1")]
    assert mean(of(items, "m", "unseen"), [0.4, 0.6])[0] == pytest.approx(0.5)
    assert groups(items) == [
        ("acdc", "unseen", False),
        ("isbi_em", "unseen", False),
        ("wbc", "seen", False),
        ("drive", "unseen", True),
        ("hippocampus, union", "unseen", True),
        ("isbi_em, cell membrane", "unseen", True),
    ]


def test_tests_are_over_objects_and_over_cases():
    values = {"m": (0.9, 0.5, 0.4), "n": (0.8, 0.6, 0.1)}
    places = [("1", "x"), ("1", "y"), ("2", "x")]
    one, other = (
        [played("d", case, m, [v], name=name) for (case, name), v in zip(places, own, strict=True)]
        for m, own in values.items()
    )
    objects, cases = compare(one, other, 0), compare_cases(one, other, 0)
    assert objects.t_test == pytest.approx(stats.ttest_rel(values["m"], values["n"]).pvalue)
    assert (cases.pairs, cases.difference) == (2, pytest.approx((0.0 + 0.3) / 2))
    table = cells(stage_tables.tests([*one, *other], [("m", "n")], 0))
    assert table[2][:2] == ["m − n", "3"] and table[2][4] == "2"


def test_best_is_bold_and_starred_only_where_it_beats_all_others():
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.01, 12)
    items = [
        played("d", str(n), method, [base + noise[n] * scale])
        for n in range(12)
        for method, base, scale in (("a", 0.5, 1), ("b", 0.7, 2), ("c", 0.6, 1))
    ]
    row = cells(stage_tables.accuracy(items, ["a", "b", "c"], 0))[2]
    assert row[:3] == ["d", "unseen", "12"]
    assert row[4].startswith("**7") and row[4].endswith(r"** \*") and "*" not in row[3] + row[5]
    alike = [*items, *(played("d", str(n), "e", [0.7 - noise[n]]) for n in range(12))]
    row = cells(stage_tables.accuracy(alike, ["a", "b", "e"], 0))[2]
    assert sum("**" in cell for cell in row) == 1 and r"\*" not in "".join(row)


def test_order_of_the_paper_holds_only_without_ties():
    items = [played("d", "1", m, [v]) for m, v in (("a", 0.9), ("b", 0.8), ("c", 0.8))]
    assert "holds: a 0.900 > b 0.800" in stage_tables.order(items, ("a", "b"), 0)
    assert "does not hold" in stage_tables.order(items, ("b", "a"), 0)
    assert "does not hold" in stage_tables.order(items, ("b", "c"), 0)
    known = [played("d", "1", "a", [0.9], seen="seen")]
    assert stage_tables.order(known, ("a",), 0) == "No object of an unseen class was measured."


def test_users_stop_at_the_first_round_that_is_good_enough():
    first = played("d", "1", "m", [0.5, 0.86, 0.8, 0.95], user=[7, 10, 13, 16])
    never = played("d", "2", "m", [0.5, 0.6, 0.7, 0.8], user=[7, 11, 15, 19])
    assert [until(first, t) for t in (0.5, 0.86, 0.9, 0.99)] == [0, 1, 3, None]
    row = cells(goal_tables.acceptance([first, never], ["m"], 0.85))[2]
    assert row[:2] == ["m", "50 %"] and row[2].startswith("14.5 ")
    assert row[3] == f"{((1 + 2) + (1 + 2 + 3 + 4)) / 2:.1f}" and row[4] == "2.0"
    assert row[5].startswith("0.830 ")


def test_goals_say_what_is_reached():
    items = [
        *(played("d", "1", "box", [0.5] * 4), played("d", "1", "initial", [0.75] * 4)),
        played("d", "1", "full", [0.77, 0.86, 0.9, 0.9]),
    ]
    wanted = {"box alone": (0.76, 0.82), "gain": (0.01, None)}
    wanted |= {"one round of scribbles": (0.86, 0.90), "three rounds": (0.91, 0.93)}
    table = cells(goal_tables.goals(items, "initial", "full", ["box"], wanted))
    found = {row[0]: (row[1], row[4]) for row in table[2:]}
    assert {len(row) for row in table} == {8} and table[3][-1] == "0.750"
    assert found == {
        "box": ("**0.500**", "–"),
        "box alone": ("**0.750**", "no"),
        "unsupervised tuning": ("**0.770**", "–"),
        "its gain over the box alone": ("**+0.020**", "yes"),
        "one round of scribbles": ("**0.860**", "yes"),
        "three rounds": ("**0.900**", "no"),
    }


def test_spread_is_the_deviation_of_an_object_over_repeats():
    runs = [[played("d", "1", "m", [0, v]), played("d", "2", "m", [0, 0.5])] for v in (0.6, 0.8)]
    runs[1].pop()
    assert spread(runs, 1) == {
        ("d", "1", "o", ""): (pytest.approx(0.7), pytest.approx(0.02**0.5))
    }  # fmt: skip


def test_every_part_has_its_place_on_the_page_and_leaves_the_rest(tmp_path):
    text = PAGE.read_text(encoding="utf-8")
    assert all(text.count(f"<!-- {part} -->") == 1 for part in PARTS)
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    pages.put(page, "curves", r"new \1 text")
    assert "<!-- curves -->\nnew \\1 text\n<!-- end curves -->" in page.read_text(encoding="utf-8")
    assert page.read_text(encoding="utf-8").startswith(text[: text.index("<!-- curves -->")])


def test_stages_of_the_tables_start_from_the_network_and_hear_the_same_marks():
    bench = Bench(Path("cases"), Path("out"), 2, weights="w")
    assert unsupervised(bench).methods["w = 1"] == "bifseg:stage=uniform,kept=0,weights=w"
    asked = supervised(bench)
    assert asked.start == "marks:bifseg:stage=initial,weights=w" and asked.rounds == 1
    for name, label in asked.methods.items():
        fields = Variant.parse(label).fields
        assert fields.get("anew", True) == (name != "unsupervised, then supervised")
        assert fields["kept"] == 0
    assert goals(Bench(Path("cases"), Path("out"), 2)).methods["full"] == "bifseg"


def test_study_weights_are_found_the_best_first(tmp_path):
    for name in ("fcn/weights/fcn", "fcn/weights/fcn-best", "unet/unet-basic"):
        path = tmp_path / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = find_study(tmp_path, {"fcn": "FCN", "unet-basic": "U-Net", "pnet": "P-Net"})
    assert {name: path.name for name, path in found.items()} == {
        "FCN": "fcn-best.safetensors", "U-Net": "unet-basic.safetensors"
    }  # fmt: skip
    assert find_study(None, {"fcn": "FCN"}) == {}
