"""The search for settings, with a method whose best ones are known."""

import csv
import json
from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from delineate.bench.errors import BenchError
from delineate.cli import app
from delineate.errors import MethodError
from delineate.marks import box
from delineate.methods.base import Method
from delineate.patch import Patch
from delineate.prompts import Box, Click, Scribble
from delineate.tune.options import Tuning, combinations, find_training_cases
from delineate.tune.outcome import Measured, conclude, held_out_gain
from delineate.tune.run import tune
from delineate.tune.space import Choice, Range, TuningError, draw, grid, numeric, parse, usual


@dataclass(frozen=True, kw_only=True)
class Threshold(Method):
    """All in the box that is brighter than a level; the truth is at level 100."""

    name, paper, when, dims = "threshold", "", "", frozenset({2})
    reads = frozenset({Box, Click, Scribble})
    level: float = 60.0
    grow: int = 0
    kind: str = "above"
    fails_below: float = 0.0

    def __post_init__(self):
        if self.level > 200:
            raise MethodError(f"level is {self.level}")

    def segment(self, volume, prompts, state, observe=None):
        if self.level < self.fails_below:
            raise MethodError("the level is too low to work with")
        if volume.shape[0] == 33:
            raise MethodError("this image is 33 wide")
        frame = box(prompts)
        image = volume.crop(frame).scalar()
        asked.append(self)
        return Patch(frame.low, (image > self.level).astype(np.float32)), state


asked: list[Threshold] = []


def build(name, fields):
    assert name == "threshold"
    return Threshold(**fields)


def picture(folder, wide=40, **meta):
    """A ramp of rings, 200 in the middle; the truth is what is brighter than 100."""
    folder.mkdir(parents=True)
    i, j = np.ogrid[:32, :wide]
    image = (200 - 12 * np.hypot(i - 16, j - 18)).clip(0, 255)
    image = image.astype(np.uint8)
    Image.fromarray(image).save(folder / "image.png")
    Image.fromarray((image > 100).astype(np.uint8)).save(folder / "label.png")
    usual = {"labels": {"1": "disc"}, "ground_truth": "expert", "dims": 2}
    (folder / "meta.json").write_text(json.dumps(usual | meta))


@pytest.fixture
def cases(tmp_path):
    asked.clear()
    for dataset, names in (("discs", "abc"), ("rings", "de")):
        for number, name in enumerate(names):
            picture(tmp_path / "train" / dataset / name, 40 + number)
    return tmp_path / "train"


def tuning(cases, **change):
    given = {
        "method": "threshold",
        "cases": cases,
        "out": cases.parent / "out",
        "search": {"level": Range(40, 180)},
        "trials": 12,
        "user": "box",
        "rounds": (0,),
        "seed": 6,
    }
    return Tuning(**(given | change))


def test_a_grid_finds_the_best_value_and_says_what_it_gains(cases):
    options = tuning(cases, search={"level": Choice((80, 100, 150))}, points=2)
    outcome = tune(options, build=build)
    assert outcome.best.values == {"level": 100} and outcome.best.score == 1
    assert outcome.default.values == {"level": 60.0}
    assert [trial.values["level"] for trial in outcome.trials][:2] == [100, 80]
    scores = [trial.score for trial in outcome.trials]
    assert scores == sorted(scores, reverse=True) and len(scores) == 4
    assert outcome.gain == pytest.approx(1 - outcome.default.score) == outcome.held_out
    assert outcome.low <= outcome.gain <= outcome.high
    assert (outcome.objects, outcome.cases) == (5, 5)
    held = json.loads((options.out / "best.json").read_text())
    assert held["values"] == {"level": 100} and held["score"] == 1 and held["weights"] == {}
    with (options.out / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["score"]) for row in rows] == scores
    assert float(rows[0]["rings"]) == 1 and rows[0]["failures"] == "0"


def test_random_search_comes_near_and_is_the_same_with_the_same_seed(cases):
    one = tune(tuning(cases), build=build)
    assert abs(one.best.values["level"] - 100) < 12
    assert len(one.trials) == 13
    again = tune(tuning(cases, out=cases.parent / "again"), build=build)
    assert [trial.values for trial in again.trials] == [trial.values for trial in one.trials]
    other = combinations(tuning(cases, seed=1), build)
    assert other != combinations(tuning(cases), build)


def test_it_goes_on_where_it_was_with_more_trials_and_more_objects(cases):
    tune(tuning(cases, trials=3, limit=1), build=build)
    assert len(asked) == 4 * 2
    asked.clear()
    outcome = tune(tuning(cases, trials=5, limit=2), build=build)
    assert len(asked) == 6 * 4 - 4 * 2
    assert combinations(tuning(cases, trials=3), build) == combinations(tuning(cases), build)[:3]
    whole = tune(tuning(cases, trials=5, limit=2, out=cases.parent / "whole"), build=build)
    assert [t.values for t in whole.trials] == [t.values for t in outcome.trials]
    assert [t.score for t in whole.trials] == [t.score for t in outcome.trials]
    with pytest.raises(BenchError, match="holds a run with user 'box', not 'box-click'"):
        tune(tuning(cases, user="box-click"), build=build)


def test_a_trial_that_fails_counts_as_dice_0_and_is_tried_again(cases):
    options = tuning(
        cases, search={"level": Choice((30, 100))}, points=2, fields={"fails_below": 50}
    )
    outcome = tune(options, build=build)
    worst = outcome.trials[-1]
    assert (worst.values["level"], worst.score, worst.failures) == (30, 0, 5)
    assert "level=30" not in (options.out / "tasks.jsonl").read_text()
    with pytest.raises(TuningError, match="its own settings: the level is too low"):
        tune(tuning(cases, fields={"fails_below": 500}, out=cases.parent / "other"), build=build)


def test_an_object_on_which_all_trials_fail_is_left_out_and_told(cases):
    picture(cases / "rings" / "f", 33)
    outcome = tune(tuning(cases), build=build)
    assert outcome.objects == 5
    (note,) = outcome.notes
    assert "objects of rings are left out" in note and "this image is 33 wide" in note


def test_reported_splits_are_refused_and_sets_for_validation_preferred(cases):
    cases.rename(cases.parent / "dev")
    for folder in (cases.parent / "dev", cases.parent / "dev" / "discs"):
        with pytest.raises(TuningError, match="is the dev split, on which results are reported"):
            tune(tuning(folder), build=build)
    assert not asked
    (cases.parent / "dev").rename(cases)
    (cases / "rings").rename(cases / "wbc")
    assert {case.dataset for case in find_training_cases(tuning(cases))} == {"wbc"}
    named = find_training_cases(tuning(cases, datasets=("discs",)))
    assert {case.dataset for case in named} == {"discs"}


def test_what_the_method_refuses_is_not_tried(cases):
    search = {"level": Choice((100, 300))}
    assert combinations(tuning(cases, search=search, points=2), build) == [{"level": 100}]
    drawn = combinations(tuning(cases, search=search, trials=9), build)
    assert drawn == [{"level": 100}] * 9
    assert len(tune(tuning(cases, search=search, trials=9), build=build).trials) == 2
    with pytest.raises(TuningError, match="refuses every combination"):
        combinations(tuning(cases, search={"level": Choice((300,))}), build)


def test_ranges_are_where_they_say():
    rng = np.random.default_rng(0)
    search = {"a": Range(0.1, 10, log=True), "b": Range(2, 5, whole=True), "c": Choice("xyz")}
    drawn = [draw(search, rng) for _ in range(400)]
    assert all(0.1 <= one["a"] <= 10 for one in drawn)
    assert abs(np.mean([one["a"] < 1 for one in drawn]) - 0.5) < 0.08
    assert {one["b"] for one in drawn} == {2, 3, 4, 5} and {one["c"] for one in drawn} == {*"xyz"}
    assert grid({"a": Range(0.1, 10, log=True), "c": Choice((1, 2))}, 3) == [
        {"a": a, "c": c} for a in (0.1, 1.0, 10.0) for c in (1, 2)
    ]
    assert Range(1, 2, whole=True).points(5) == (1, 2)
    assert Range(1.23456, 9).at(0) == 1.23456


def test_searches_are_read_as_they_are_written():
    method = Threshold()
    assert numeric(method) == ("level", "grow", "fails_below")
    for text in ("level=0.3:30:log", "level=40:180", "level=1,2.5", "kind=above,below"):
        name, axis = parse(text, method)
        assert f"{name}={axis}" == text
    assert parse("grow=1:4", method)[1] == Range(1, 4, whole=True)
    for text, said in (
        ("level", "is written field=low:high"),
        ("size=1:2", "has no field 'size'"),
        ("kind=1:2", "is no number"),
        ("level=1:2:3", "is written low:high"),
        ("level=2:1", "to a greater one, got 2:1"),
        ("level=0:1:log", "above 0"),
    ):
        with pytest.raises(TuningError, match=said):
            parse(text, method)
    with pytest.raises(TuningError, match="its numeric fields are: level, grow"):
        usual(method, 2)


def test_usual_ranges_are_of_fields_that_bifseg_takes():
    from delineate.methods.bifseg import BIFSeg

    for dims in (2, 3):
        search = usual(BIFSeg(), dims)
        assert len(search) == 9 and all(name in numeric(BIFSeg()) for name in search)
        for name, axis in search.items():
            assert axis.low <= getattr(BIFSeg(), name) <= axis.high, name
        for share in (0.0, 1.0):
            BIFSeg(**{name: axis.at(share) for name, axis in search.items()})


def test_the_score_is_the_mean_of_rounds_of_the_mean_of_data_sets():
    dice = np.array([[[0.2, 0.4], [0.4, 0.6], [0.9, 1.0]], [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]])
    zeros = np.zeros((2, 3))
    measured = Measured(dice, zeros > 0, zeros, ("a", "a", "b"), ("a/1", "a/2", "b/1"))
    outcome = conclude(measured, [{}, {"x": 1}], (0, 3))
    default = outcome.default
    assert default.rounds == pytest.approx({0: (0.3 + 0.9) / 2, 3: (0.5 + 1.0) / 2})
    assert default.score == pytest.approx((0.6 + 0.75) / 2)
    assert default.datasets == pytest.approx({"a": 0.4, "b": 0.95})
    assert outcome.best is default and outcome.gain == 0


def test_choosing_the_luckiest_of_many_gains_nothing_on_other_cases():
    rng = np.random.default_rng(0)
    cases = [f"case {number}" for number in range(60)]
    gains, chosen = [], []
    for _ in range(20):
        scores = rng.normal(0.5, 0.1, (30, 60))
        gains.append(held_out_gain(scores, ["a"] * 60, cases))
        chosen.append(scores.mean(axis=1).max() - scores[0].mean())
    assert abs(np.mean(gains)) < 0.012 < np.mean(chosen)
    better = np.vstack([np.full(60, 0.5), np.full(60, 0.7)])
    assert held_out_gain(better, ["a"] * 60, cases) == pytest.approx(0.2)
    assert np.isnan(held_out_gain(better[:, :1], ["a"], ["one"]))


def test_choices_that_make_no_sense_are_refused(cases):
    for change, said in (
        ({"search": {}}, "no field is searched"),
        ({"fields": {"level": 3}}, "level is searched and set to 3"),
        ({"rounds": ()}, "name one or more"),
        ({"points": 1}, "needs 2 or more"),
        ({"trials": 0}, "both are at least 1"),
    ):
        with pytest.raises(TuningError, match=said):
            tuning(cases, **change)
    with pytest.raises(MethodError, match="works in 2D, not in 3D"):
        tune(tuning(cases, dims=3), build=build)
    with pytest.raises(MethodError, match="has no field 'size' to search"):
        tune(tuning(cases, search={"size": Range(0, 1)}), build=build)


def test_the_command_prints_a_table_and_names_its_files(cases):
    words = ["tune", "graphcut", str(cases), "--out", str(cases.parent / "out")]
    words += ["--search", "sigma=0.05,0.5", "--grid", "--user", "box", "--rounds", "0"]
    done = CliRunner().invoke(app, [*words, "--limit", "1"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "best less default, on 2 objects of 2 cases" in done.output
    assert (cases.parent / "out" / "best.json").exists()
    again = json.loads((cases.parent / "out" / "best.json").read_text())
    assert "--search=sigma=0.05,0.5" in again["environment"]["command"]
    for more, said in (
        (["--rounds", "x"], "rounds are written 0,1,3"),
        (["--write"], "graphcut has none; leave it out"),
    ):
        with pytest.raises(TuningError, match=said):
            CliRunner().invoke(app, [*words, *more], catch_exceptions=False)
