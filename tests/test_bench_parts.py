"""The parts of the benchmark on small arrays: protocol, starts, baselines, store, numbers."""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage, stats

from delineate.bench import baselines, extras
from delineate.bench.cases import Case
from delineate.bench.corruption import corrupt
from delineate.bench.curves import find_curves
from delineate.bench.draws import generator
from delineate.bench.memory import Peak
from delineate.bench.metrics import dice
from delineate.bench.options import BenchError, Options
from delineate.bench.protocol import Round, play
from delineate.bench.rounds import COLUMNS, Result, _assemble, _play
from delineate.bench.starts import Start
from delineate.bench.store import Store
from delineate.bench.summary import HEADLINE, summarise
from delineate.bench.targets import Target
from delineate.bench.tasks import Task
from delineate.bench.variants import Variant
from delineate.bench.views import View
from delineate.bench.weights import seen, weights_of
from delineate.errors import MethodError, MissingExtra
from delineate.methods.base import Method
from delineate.patch import Patch
from delineate.prompts import Box, Click, Given
from delineate.region import Region
from delineate.volume import Volume
from delineate.voxels import Voxels

SHAPE = (20, 16, 1)
TRUTH = np.zeros(SHAPE, bool)
TRUTH[5:15, 5:11] = True
VOLUME = Volume.from_array(TRUTH[..., 0].astype(np.float32))


@dataclass
class Scripted:
    """A user who says what was written down, and remembers what it was shown."""

    first: tuple = (Box((4, 4, 0), (16, 12, 1)),)
    later: tuple = ((Click((5, 5, 0)),), (Click((6, 5, 0)),), (Click((7, 5, 0)),))

    def __post_init__(self):
        self.shown = []

    def start(self, truth, spacing, rng, both_sides=False):
        self.both_sides = both_sides
        return self.first

    def correct(self, truth, mask, spacing, rng, *, stale=None):
        self.shown.append((mask, stale))
        number = len(self.shown) - 1
        return self.later[number] if number < len(self.later) else ()


@dataclass(frozen=True, kw_only=True)
class Marks(Method):
    """Nothing but what was marked, and a given mask."""

    name = "marks"
    paper = when = ""
    reads = frozenset({Box, Click, Given})
    dims = frozenset({2, 3})

    def segment(self, volume, prompts, state, observe=None):
        out = np.zeros(volume.shape, np.float32)
        for prompt in prompts:
            if isinstance(prompt, Given):
                out[prompt.voxels.on(Region.whole(volume.shape))] = 1
            elif isinstance(prompt, Click):
                out[prompt.at] = 1
        return Patch((0, 0, 0), out), state


class Perfect(Marks):
    name = "perfect"
    both_sides = True

    def segment(self, volume, prompts, state, observe=None):
        return Patch((0, 0, 0), (volume.data[0] > 0).astype(np.float32)), state


class Half(Marks):
    name = "half"

    def segment(self, volume, prompts, state, observe=None):
        patch, state = super().segment(volume, prompts, state)
        half = patch.probability.copy()
        half[10:] = 0
        return Patch((0, 0, 0), half), state


class Failing(Marks):
    name = "failing"

    def segment(self, volume, prompts, state, observe=None):
        if len(prompts) > 2:
            raise MemoryError("no\nmore")
        return super().segment(volume, prompts, state)


def played(method, user=None, rounds=4, start=None, truth=TRUTH, volume=VOLUME):
    def random(number):
        return generator(0, number)

    return play(volume, truth, method, user or Scripted(), start or Start(), rounds, random)


def mask_of(state, shape=SHAPE):
    return state.mask.on(Region.whole(shape))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"methods": ()}, "no method"),
        ({"dims": 4}, "dims is 2 or 3, got 4"),
        ({"slices": "some"}, "slices is largest or all, got 'some'"),
        ({"truth": "some"}, "truth is expert or all"),
        ({"rounds": -1}, "rounds is -1; it must be at least 0"),
        ({"limit": 0}, "limit is 0; it must be at least 1"),
        ({"jobs": 0}, "jobs is 0; it must be at least 1"),
        ({"objects": 0}, "objects is 0; it must be at least 1"),
        ({"start": "network:"}, "network:NAME, marks:NAME or corrupted, got 'network:'"),
        ({"start": "method:"}, "start is none, method:NAME, network:NAME, marks:NAME or corr"),
        ({"start": "other:m"}, "start is none, method:NAME"),
        ({"start": "marks:m:x"}, "a variant is written METHOD:FIELD=VALUE,FIELD=VALUE, got 'm:x'"),
        ({"methods": ("a:",)}, "a variant is written METHOD:FIELD=VALUE,FIELD=VALUE, got 'a:'"),
        ({"methods": (":x=1",)}, "got ':x=1'"),
        ({"methods": ("a:x=1,x=2",)}, "'a:x=1,x=2' gives the field 'x' twice; give it once"),
        ({"fields": {"b": {}}}, "fields are given for 'b', which is not measured"),
    ],
)
def test_options_refuse_what_makes_no_sense(change, says):
    good = {"cases": Path("c"), "methods": ("a",), "user": "box", "out": Path("o")}
    Options(**good)
    with pytest.raises(BenchError, match=says):
        Options(**(good | change))


def test_command_asks_for_the_same():
    given = options(
        Path("run"), dims=3, limit=2, truth="all", datasets=("d",), fields={"a": {"x": 0.5}}
    )
    assert given.command() == (
        "delineate bench run/cases --method a --user box --dims 3 --rounds 10 --dataset d "
        "--limit 2 --truth all --set a.x=0.5 --objects 5 --seed 0 --jobs 1 --out run/out"
    )


def test_draws_depend_on_seed_and_purpose_alone():
    assert generator(1, "a", 2).random() == generator(1, "a", 2).random()
    others = [generator(2, "a", 2), generator(1, "a", 3), generator(1, "a2"), generator(1, 2, "a")]
    assert len({other.random() for other in [*others, generator(1, "a", 2)]}) == 5


def test_baselines_against_numbers_by_hand():
    # Box 12 x 8 = 96 voxels around 10 x 6 = 60: 2 * 60 / (60 + 96).
    (state,) = played(baselines.FilledBox(), rounds=0)
    assert mask_of(state).sum() == 96
    assert dice(mask_of(state), TRUTH) == pytest.approx(120 / 156)
    (state,) = played(baselines.InscribedEllipse(), rounds=0)
    # Half axes 6 and 4; at x = 5.5, 4.5, ... the half height 4 * sqrt(1 - (x / 6)^2) is 1.6,
    # 2.6, 3.2, 3.6, 3.9, 4.0: twice 2, 3, 3, 4, 4, 4 centres at 0.5, 1.5, ... from the middle.
    found = mask_of(state).sum(axis=(1, 2))
    assert found[4:16].tolist() == [4, 6, 6, 8, 8, 8, 8, 8, 8, 6, 6, 4]


def test_ellipsoid_is_symmetric_and_has_its_volume():
    solid = baselines.ellipse((20, 30, 10))
    assert all(np.array_equal(solid, np.flip(solid, axis)) for axis in range(3))
    assert solid.sum() == pytest.approx(4 / 3 * np.pi * 10 * 15 * 5, rel=0.03)


def test_each_round_is_the_session_after_one_more_correction():
    user = Scripted()
    states = played(Marks(), user, rounds=2)
    assert [mask_of(state).sum() for state in states] == [0, 1, 2]
    assert [len(state.prompts) for state in states] == [1, 2, 3]
    assert [state.marked_voxels for state in states] == [0, 1, 2]
    assert all(np.isfinite(state.seconds) and state.peak_mb >= 0 for state in states)
    assert states[0].user_seconds < states[1].user_seconds < states[2].user_seconds
    (first, before_first), (second, before_second) = user.shown
    assert before_first is None and not first.any()
    assert np.array_equal(before_second, first) and second.sum() == 1
    assert user.both_sides is False


def test_last_state_is_carried_on_when_the_user_has_nothing_to_say():
    states = played(Marks(), rounds=6)
    assert [mask_of(state).sum() for state in states] == [0, 1, 2, 3, 3, 3, 3]
    assert [len(state.prompts) for state in states] == [1, 2, 3, 4, 4, 4, 4]
    assert [np.isnan(state.seconds) for state in states] == [False] * 4 + [True] * 3
    assert states[-1].user_seconds == states[3].user_seconds


def test_perfect_mask_ends_the_corrections():
    user = Scripted()
    states = played(Perfect(), user, rounds=3)
    assert user.shown == [] and user.both_sides is True
    assert len(states) == 4 and np.array_equal(mask_of(states[-1]), TRUTH)


def test_failure_is_one_sentence_from_that_round_on():
    states = played(Failing(), rounds=4)
    assert [state.mask is None for state in states] == [False, False, True, True, True]
    assert {state.error for state in states[2:]} == {"MemoryError: no more"}
    assert states[1].error == "" and np.isnan(states[2].seconds)


def test_another_method_answers_first_and_its_mask_is_kept():
    part = Scripted(later=((Click((0, 0, 0)),),))
    wrong = TRUTH.copy()
    wrong[5:7] = False
    states = played(Half(), part, rounds=1, start=Start(first=Perfect()), truth=wrong)
    assert part.both_sides is True
    assert np.array_equal(mask_of(states[0]), TRUTH)
    assert mask_of(states[1]).sum() == 31 and len(states[1].prompts) == 2


def test_corrupted_start_is_no_prompt_of_the_user():
    states = played(Marks(), rounds=1, start=Start(corrupted=True))
    expected = corrupt(TRUTH, VOLUME.spacing, generator(0, 0))
    assert np.array_equal(mask_of(states[0]), expected) and 0.3 < dice(expected, TRUTH) < 1
    assert states[0].prompts == () and states[0].user_seconds == 0
    assert len(states[1].prompts) == 1


@pytest.mark.parametrize("shape", [(48, 48, 1), (1, 48, 48), (32, 32, 12)])
def test_corruption_is_seeded_moderate_and_leaves_its_input_alone(shape):
    spacing = (1.0, 1.0, 2.5)
    middle = [n // 2 for n in shape]
    steps = np.ogrid[tuple(slice(n) for n in shape)]
    parts = zip(steps, middle, spacing, strict=True)
    truth = sum(((step - m) * s) ** 2 for step, m, s in parts) <= 11**2
    kept = truth.copy()
    found = [corrupt(truth, spacing, generator(seed)) for seed in range(8)]
    assert np.array_equal(found[0], corrupt(truth, spacing, generator(0)))
    assert np.array_equal(truth, kept)
    scores = [dice(mask, truth) for mask in found]
    assert min(scores) > 0.5 and max(scores) < 0.97
    assert all((mask & ~truth).any() and (truth & ~mask).any() for mask in found)
    assert len({mask.tobytes() for mask in found}) == 8
    ring = ndimage.binary_dilation(truth, np.ones([min(n, 3) for n in shape])) & ~truth
    assert np.mean([mask[ring].mean() for mask in found]) > 0.18, "balls alone give 0.06 to 0.13"


def test_corruption_of_what_fills_the_image():
    full = np.ones((24, 24, 8), bool)
    shares = [corrupt(full, (1.0, 1.0, 3.0), generator(seed)).mean() for seed in range(8)]
    assert min(shares) > 0.5 and max(shares) < 0.98


def test_corruption_where_only_thick_slices_end_the_object():
    truth = np.zeros((24, 24, 8), bool)
    truth[..., :6] = True
    found = corrupt(truth, (1.0, 1.0, 4.0), generator(0))
    assert 0.5 < dice(found, truth) < 0.98


def test_corruption_of_next_to_nothing():
    empty = np.zeros(SHAPE, bool)
    assert not corrupt(empty, (1.0, 1.0, 1.0), generator(0)).any()
    full = np.ones((3, 3, 1), bool)
    assert corrupt(full, (1.0, 1.0, 1.0), generator(0)).shape == full.shape
    assert corrupt(full[:1, :1], (1.0, 1.0, 1.0), generator(0)).shape == (1, 1, 1)


def test_peak_sees_memory_that_is_touched():
    with Peak() as peak:
        data = np.ones(20_000_000)
        end = time.monotonic() + 60
        while peak.megabytes < 100 and time.monotonic() < end:
            time.sleep(0.005)
        seen = peak.megabytes
        del data
    assert seen > 100, "it is there until a sample was taken, however busy the machine is"
    assert peak.megabytes >= seen


def test_missing_extra_says_the_line_to_type():
    with pytest.raises(MissingExtra, match=r'pip install "delineate\[bench\]"'):
        extras.need("no_such_package.part")


def test_slices_together_are_their_union_and_the_sum_of_their_times():
    views = [
        View(str(at), Region((0, 0, at), (4, 4, at + 1)), None, np.ones((4, 4, 1), bool))
        for at in (1, 3)
    ]
    one = Voxels.of([(0, 0, 0), (1, 0, 0)])
    first = Round(one, (Click((0, 0, 0)),), 1.0, 5.0)
    second = Round(Voxels.of([(2, 2, 0)]), (Click((2, 2, 0)),), 2.0, 7.0)
    idle = replace(second, seconds=np.nan, peak_mb=np.nan)
    failed = Round(None, error="why")
    together = _assemble(views, [(first, first, first), (second, idle, failed)])
    assert together[0].mask == Voxels.of([(0, 0, 1), (1, 0, 1), (2, 2, 3)])
    assert [(state.seconds, state.peak_mb) for state in together[:2]] == [(3.0, 7.0), (1.0, 5.0)]
    assert together[0].marked_voxels == 2
    assert together[2].mask is None and together[2].error == "why"
    nothing = Round(Voxels.of([]))
    assert _assemble(views, [(nothing,), (nothing,)])[0].mask == Voxels.of([])
    assert _assemble(views, [(nothing,), (second,)])[0].mask == Voxels.of([(2, 2, 3)])


def result(task, dice_values, error=""):
    rows = []
    for number, value in enumerate(dice_values):
        row = dict.fromkeys(COLUMNS, 1.0) | {
            "slice": "",
            "class": "",
            "round": number,
            "error": error,
        }
        rows.append(row | {"dice": value, "seconds": number + 0.5})
    return Result(task.key, tuple(rows), {"": {"mask": None, "prompts": []}})


def task(dataset, case, method, name="o", headline=True):
    target = Target(name, (1,), "label", dataset, headline)
    return Task(Case(dataset, case, Path(), True), target, method)


def test_summary_by_hand():
    dices = {
        task("a", "1", "m"): [0.2, 0.8],
        task("a", "2", "m"): [0.4, 1.0],
        task("b", "1", "m"): [0.9, 0.5],
        task("c", "1", "m", headline=False): [0.0, 0.0],
        task("a", "1", "n"): [0.1, 0.7],
        task("a", "2", "n"): [0.3, np.nan],
        task("b", "1", "n"): [0.5, 0.5],
    }
    results = [result(t, v, "why" if np.isnan(v[1]) else "") for t, v in dices.items()]
    summary = summarise(list(dices), results, 1)
    assert summary.methods == ("m", "n") and summary.groups == ("a", "b", "c")
    first, last = (summary.row("m", HEADLINE, number) for number in (0, 1))
    assert first["dice"] == pytest.approx((0.3 + 0.9) / 2)
    assert last["dice"] == pytest.approx((0.9 + 0.5) / 2)
    assert last["dice_low"] < last["dice"] < last["dice_high"]
    assert (last["cases"], last["objects"], last["failures"]) == (3, 3, 0)
    # Areas 0.5, 0.7 and 0.7; Dice 0.80 is reached in rounds 1, 1, 0; 0.90 in 2 (never), 1, 0.
    assert last["area"] == pytest.approx(((0.5 + 0.7) / 2 + 0.7) / 2)
    assert last["rounds_to_0.80"] == (1 + 0) / 2 and last["rounds_to_0.90"] == (1.5 + 0) / 2
    assert last["seconds_median"] == 1.5
    assert summary.row("m", "c", 1)["dice"] == 0 and summary.row("m", "c", 1)["headline"] == 0
    other = summary.row("n", HEADLINE, 1)
    assert (other["objects"], other["failures"]) == (2, 1)
    before = summary.row("n", HEADLINE, 0)
    assert (before["objects"], before["failures"]) == (3, 0)
    assert before["dice"] == pytest.approx((0.2 + 0.5) / 2)
    assert before["area"] == other["area"] == pytest.approx((0.4 + 0.5) / 2)
    assert other["dice"] == pytest.approx((0.7 + 0.5) / 2)
    dice_test, area_test = (t for t in summary.tests if t["dataset"] == HEADLINE)
    # Only the cases that both have finished, a/1 and b/1: 0.8 - 0.7 and 0.5 - 0.5.
    assert (dice_test["a"], dice_test["b"], dice_test["pairs"]) == ("m", "n", 2)
    assert dice_test["difference"] == pytest.approx(0.05)
    assert area_test["difference"] == pytest.approx((0.5 - 0.4 + 0.7 - 0.5) / 2)


def test_objects_that_one_method_failed_on_are_left_out_of_the_pair():
    dices = {
        task("a", "1", "m", "x"): [0.9],
        task("a", "1", "m", "y"): [0.1],
        task("a", "1", "n", "x"): [0.8],
        task("a", "1", "n", "y"): [np.nan],
    }
    summary = summarise(list(dices), [result(t, v) for t, v in dices.items()], 0)
    assert summary.tests[0]["difference"] == pytest.approx(0.1)
    curves = find_curves(list(dices), [result(t, v) for t, v in dices.items()], 0)
    assert [curve.whole for curve in curves] == [True, True, True, False]


def options(folder, **change):
    given = {"cases": folder / "cases", "methods": ("a",), "user": "box", "out": folder / "out"}
    return Options(**(given | change))


def test_objects_known_to_one_network_are_known_to_all_that_are_compared():
    dices = {
        task("a", "1", "m"): ("unseen", 0.9),
        task("a", "1", "n"): ("seen elsewhere", 0.8),
        task("a", "1", "classical"): ("", 0.7),
        task("b", "1", "m"): ("unseen", 0.6),
        task("b", "1", "n"): ("unseen", 0.5),
        task("b", "1", "classical"): ("", 0.4),
        task("c", "1", "n", headline=False): ("seen", 0.3),
    }
    results = []
    for of, (known, value) in dices.items():
        found = result(of, [value])
        results.append(replace(found, rows=tuple(row | {"class": known} for row in found.rows)))
    curves = find_curves(list(dices), results, 0)
    assert [(curve.group, curve.mean) for curve in curves] == [
        *[("a, seen elsewhere", "mean of data sets, seen elsewhere")] * 3,
        *[("b", HEADLINE)] * 3,
        ("c, seen", ""),
    ]
    summary = summarise(list(dices), results, 0)
    assert summary.row("classical", HEADLINE, 0)["dice"] == 0.4
    assert summary.row("classical", f"{HEADLINE}, seen elsewhere", 0)["dice"] == 0.7


def test_tests_within_a_data_set_are_over_objects():
    values = {"m": (0.9, 0.5, 0.4), "n": (0.8, 0.6, 0.1)}
    places = [("1", "x"), ("1", "y"), ("2", "x")]
    dices = {
        task("a", case, method, name): value
        for method, own in values.items()
        for (case, name), value in zip(places, own, strict=True)
    }
    summary = summarise(list(dices), [result(t, [v]) for t, v in dices.items()], 0)
    headline, _, own, _ = summary.tests
    assert (headline["dataset"], headline["over"], headline["pairs"]) == (HEADLINE, "cases", 2)
    assert headline["difference"] == pytest.approx((0.0 + 0.3) / 2)
    assert (own["dataset"], own["over"], own["pairs"]) == ("a", "objects", 3)
    expected = stats.ttest_rel(values["m"], values["n"])
    assert own["difference"] == pytest.approx(0.1)
    assert own["t_test"] == pytest.approx(expected.pvalue)


@pytest.mark.parametrize(
    ("dataset", "label", "learnt", "expected"),
    [
        ("kits19_2d", "kidney", {"curvas"}, "seen elsewhere"),
        ("kits19_2d", "tumour", {"curvas"}, "unseen"),
        ("curvas", "pancreas", {"curvas"}, "seen"),
        ("medscribble", "ACDC target structure", {"acdc"}, "seen elsewhere"),
        ("medscribble", "HipXRay target structure", {"acdc", "curvas"}, "unseen"),
        ("pyradiomics", "tumour", {"brats15"}, "seen elsewhere"),
        ("pyradiomics", "lesion", {"brats15"}, "unseen"),
        ("wbc", "nucleus", {"dsb2018"}, "seen elsewhere"),
        ("wbc", "cytoplasm", {"dsb2018"}, "unseen"),
        ("hippocampus", "anterior hippocampus", {"synthetic", "label_maps"}, "seen elsewhere"),
        ("hippocampus", "anterior hippocampus", {"synthetic", "dsb2018"}, "unseen"),
    ],
)
def test_what_weights_have_seen(dataset, label, learnt, expected):
    case = Case(dataset, "1", Path(), True, ((1, label), (2, "other")))
    known = Task(case, Target("any name", (1,), "label", dataset, True))
    assert seen(known, learnt) == expected


def test_a_union_is_known_if_a_part_of_it_is():
    case = Case("kits19_2d", "1", Path(), True, ((1, "tumour"), (2, "kidney")))
    assert seen(Task(case, Target("both", (1, 2), "label", "kits", True)), {"curvas"}) != "unseen"


def test_untrained_methods_have_no_weights():
    assert weights_of(Marks(), 2) is None


def test_variant_values_are_json_or_text_and_win_over_the_common_ones():
    label = "m:stage=crf,anew=true,rate=1e-3,weights=C:\\a.safetensors,none=null"
    variant = Variant.parse(label)
    assert variant.name == "m" and variant.fields == {
        "stage": "crf", "anew": True, "rate": 1e-3, "weights": "C:\\a.safetensors", "none": None,
    }  # fmt: skip
    made = Variant.parse("m:x=1").build(lambda *of: of, {"m": {"x": 2, "y": 3}, "n": {"z": 4}})
    assert made == ("m", {"x": 1, "y": 3})


def test_a_value_of_another_kind_is_one_sentence():
    with pytest.raises(MethodError, match=r"geos cannot be made with gamma='much': "):
        Variant.parse("geos:gamma=much").build(baselines.build, {})
    with pytest.raises(MethodError, match="geos has no field 'stage'"):
        Variant.parse("geos:stage=crf").build(baselines.build, {})


def test_marks_on_another_answer_are_heard_without_it():
    part = Scripted(later=((Click((0, 0, 0)),),))
    states = played(
        Marks(), part, rounds=1, start=Start(first=Perfect(), passed=False), truth=~TRUTH
    )
    assert np.array_equal(mask_of(states[0]), TRUTH)
    assert np.array_equal(part.shown[0][0], TRUTH), "the user sees the other's answer"
    assert mask_of(states[1]).sum() == 1 and len(states[1].prompts) == 2


def test_store_gives_back_what_was_kept(tmp_path):
    kept = result(task("a", "1", "m"), [0.1, np.nan])
    Store(options(tmp_path), "1").append(kept)
    found = Store(options(tmp_path, jobs=2), "1").results()["a/1/o/m"]
    np.testing.assert_equal(asdict(found), asdict(kept))


def test_store_drops_a_line_that_was_cut_off(tmp_path):
    store = Store(options(tmp_path), "1")
    for case in "12":
        store.append(result(task("a", case, "m"), [0.5]))
    path = tmp_path / "out" / "tasks.jsonl"
    path.write_bytes(path.read_bytes()[:-7])
    assert list(store.results()) == ["a/1/o/m"]
    store.append(result(task("a", "3", "m"), [0.5]))
    assert list(store.results()) == ["a/1/o/m", "a/3/o/m"]
    assert all(json.loads(line) for line in path.read_text().splitlines())


@pytest.mark.parametrize("change", [{"seed": 1}, {"user": "click"}, {"fields": {"a": {"x": 1}}}])
def test_store_refuses_other_options(tmp_path, change):
    Store(options(tmp_path), "1")
    with pytest.raises(BenchError, match=f"holds a run with {next(iter(change))} "):
        Store(options(tmp_path, **change), "1")
    with pytest.raises(BenchError, match="holds a run with version '1', not '2'"):
        Store(options(tmp_path), "2")


def test_random_numbers_differ_by_round_and_slice_and_not_by_method(monkeypatch):
    drawn = {}

    class Drawing(Scripted):
        def start(self, truth, spacing, rng, both_sides=False):
            self.numbers.append(rng.random())
            return self.first

        def correct(self, truth, mask, spacing, rng, *, stale=None):
            self.numbers.append(rng.random())
            return super().correct(truth, mask, spacing, rng, stale=stale)

    for name, at in (("m", "1"), ("n", "1"), ("m", "2")):
        user = Drawing()
        user.numbers = drawn[name, at] = []
        monkeypatch.setattr("delineate.users.find", lambda _, user=user: user)
        view = View(at, Region.whole(SHAPE), VOLUME, TRUTH)
        given = options(Path("here"), rounds=2)
        _play(view, task("a", "1", name), given, Marks(), Start())
    assert drawn["m", "1"] == drawn["n", "1"]
    assert len({*drawn["m", "1"], *drawn["m", "2"]}) == 6
