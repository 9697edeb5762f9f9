"""What the scripts of docs/clicks.md make of finished runs, on numbers checked by hand."""

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))

import click_tables
from click_latency import clicks, scene
from click_runs import OWN, Bench, goals, peers, variants
from click_study_runs import FOLDS, HELD, LEARN, Study
from clicks import PAGE, PARTS
from played import Played

from delineate.bench.variants import Variant
from delineate.methods.click_fcn import ClickFCN


def played(dataset, case, dices, method=OWN, first=1, seen="unseen"):
    made = np.arange(first, first + len(dices), dtype=float)
    nothing = np.ones(len(dices))
    return Played(
        (dataset, case, "o", ""), method, seen, np.array(dices), nothing, nothing,
        {"prompts": made, "hd_mm": nothing, "mad_mm": nothing},
    )  # fmt: skip


def cells(table):
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_dice_is_that_of_so_many_clicks():
    one = played("d", "1", [0.1, 0.5, 0.9, 0.95])
    assert [click_tables.after(one, n) for n in (1, 2, 4, 9)] == [0.1, 0.5, 0.95, 0.95]
    late = played("d", "1", [0.5, 0.9], first=2)
    assert np.isnan(click_tables.after(late, 1)) and click_tables.after(late, 2) == 0.5
    assert click_tables.clicks_to(one, 0.9, 20) == 3
    assert click_tables.clicks_to(one, 0.99, 20) == 20


def test_goals_say_what_is_reached_and_how_much_a_careless_user_loses():
    items = [played("d", "1", [0.7, 0.8]), played("e", "1", [0.5, 0.9])]
    loose = [played("d", "1", [0.6, 0.8]), played("e", "1", [0.5, 0.8])]
    wanted = {1: (0.6, 0.8), 2: (0.9, 0.95)}
    table = cells(click_tables.goals(items, loose, OWN, wanted, (7.0, 5.0), 20))
    assert [row[0] for row in table[2:]] == [
        "Dice after 1", "Dice after 2", "clicks to 0.85, at most 20", "clicks to 0.90, at most 20"
    ]  # fmt: skip
    assert table[2][1] == "**0.600**" and table[2][4] == "yes" and table[2][8] == "-0.050"
    assert table[3][1] == "**0.850**" and table[3][4] == "no"
    assert table[5][1] == "**11.0**" and table[5][4] == "no"
    assert len({len(row) for row in table}) == 1


def test_rounds_that_lose_are_counted():
    items = {"u": [played("d", "1", [0.5, 0.6, 0.57]), played("e", "1", [0.5, 0.49, 0.6])]}
    row = cells(click_tables.lost(items, OWN))[2]
    assert row == ["u", "4", "25.0 %", "25.0 %", "-0.03"]


def test_peers_say_where_it_is_beaten():
    items = [
        *(played("d", "1", [0.5, 0.8, 0.9]), played("e", "1", [0.5, 0.8, 0.9])),
        played("d", "1", [0.6, 0.7, 0.7], "a"), played("e", "1", [0.2, 0.7, 0.7], "a"),
        played("d", "1", [0.7, 0.7, 0.7], "b", 2), played("e", "1", [0.85, 0.7, 0.7], "b", 2),
    ]  # fmt: skip
    text = click_tables.peers(items, OWN, (1, 2))
    assert text.endswith("Not the best on: d after 1 by a (+0.100); e after 2 by b (+0.050).")
    assert cells(text)[2] == ["d", "unseen", "0.50", "**0.60**", "–"]


def test_variants_are_compared_on_the_same_objects():
    items = [
        played("d", str(n), [0.5, dice], method)
        for n in range(3)
        for method, dice in ((OWN, 0.8 + n / 100), ("other", 0.7 + n / 50))
    ]
    table = cells(click_tables.variants(items, OWN))
    assert [row[0] for row in table[2:]] == [OWN, "other"] and table[2][5] == ""
    assert table[3][5].startswith("-0.090 (")


def test_runs_ask_for_the_fields_of_the_method():
    bench = Bench(Path("cases"), Path("out"), 2, weights="w.safetensors")
    for asked in (goals(bench, "click"), peers(bench), variants(bench, {"plain": "p.safetensors"})):
        for name, label in asked.methods.items():
            variant = Variant.parse(label)
            if variant.name == "click_fcn":
                made = ClickFCN(**variant.fields)
                assert made.weights == ("p.safetensors" if name == "plain" else "w.safetensors")
    assert goals(bench, "click").rounds == 19 and goals(bench, "imperfect-click").rounds == 9


def test_every_part_has_its_place_on_the_page():
    text = PAGE.read_text(encoding="utf-8")
    for part in (*PARTS, "latency"):
        assert text.count(f"<!-- {part} -->") == text.count(f"<!-- end {part} -->") == 1


def test_folds_share_no_case_and_hold_all(tmp_path):
    for dataset in ("curvas", "acdc"):
        for n in range(7):
            folder = tmp_path / "data" / "train" / dataset / f"case{n}"
            folder.mkdir(parents=True)
            meta = '{"modality": "CT", "labels": {"1": "organ"}, "ground_truth": "expert"}'
            (folder / "meta.json").write_text(meta)
            (folder / "image.png").touch()
            (folder / "label.png").touch()
    study = Study(tmp_path / "data", tmp_path / "out", samples=30, width=3)
    held = []
    for number in range(FOLDS):
        fold = study.fold(number)
        parts = {
            part: {path.parent.relative_to(fold / part) for path in (fold / part).rglob("*.json")}
            for part in (HELD, LEARN)
        }
        assert len(parts[HELD] | parts[LEARN]) == 14 and not parts[HELD] & parts[LEARN]
        held += parts[HELD]
    assert len(held) == len(set(held)) == 14
    recipe = study.recipe(10)
    assert (recipe.clicks.most, recipe.steps, recipe.network.width) == (10, 2, 3)
    assert recipe.synthetic == pytest.approx(0) and recipe.network.channels == 3


@pytest.mark.parametrize("shape", [(40, 30), (20, 24, 16)])
def test_latency_is_measured_with_clicks_on_the_right_side(shape):
    volume = scene(shape, 0.5)
    bright = volume.data[0] > 50
    for click in clicks(volume, 0.5):
        near = tuple(slice(max(i - 1, 0), i + 2) for i in click.at)
        assert (bright[near].mean() > 0.5) == click.inside
