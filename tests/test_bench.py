"""Whole runs of the benchmark on a small folder of cases, with stub methods."""

import csv
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image

import bench_stubs
from delineate.bench.cases import find_cases, read_case
from delineate.bench.run import BenchError, Options, run
from delineate.bench.targets import find_targets
from delineate.errors import MethodError, MissingExtra, UnreadableImage
from delineate.models import Info, save
from delineate.models.architectures import build as build_network
from delineate.models.load import sha256
from delineate.networks.pnet import PNetSizes
from delineate.voxels import Voxels

COLUMNS = [
    "dataset", "case", "object", "slice", "class", "method", "weights", "user", "seed", "round",
    "prompts", "marked_voxels", "user_seconds", "dice", "iou", "hd_mm", "hd95_mm", "assd_mm",
    "mad_mm", "seconds", "peak_mb", "error",
]  # fmt: skip
TIMES = ("seconds", "peak_mb")


def picture(folder, wide, truth=None, **meta):
    """A bright disc and a small bright square; the truth of the disc is a little to one side."""
    folder.mkdir(parents=True)
    rows, columns = np.ogrid[:32, :wide]
    image = np.full((32, wide), 40, np.uint8)
    image[(rows - 16) ** 2 + (columns - 20) ** 2 < 64] = 200
    if truth is None:
        truth = np.zeros((32, wide), np.uint8)
        truth[(rows - 16) ** 2 + (columns - 18) ** 2 < 64] = 1
        truth[0:5, 0:5] = 2
    Image.fromarray(image).save(folder / "image.png")
    Image.fromarray(truth).save(folder / "label.png")
    describe(folder, dims=2, **meta)


def volume(folder, **meta):
    """A bright ball, 3 mm between slices; labels 1 and 2 are its halves."""
    folder.mkdir(parents=True)
    i, j, k = np.ogrid[:24, :22, :7]
    far = np.sqrt((i - 12) ** 2 + (j - 11) ** 2 + (3 * (k - 3)) ** 2)
    labels = np.where(far < 8, np.where(i < 12, 1, 2), 0).astype(np.uint8)
    affine = np.diag([1.0, 1.0, 3.0, 1.0])
    image = (100 * (far < 9)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(image, affine), folder / "image.nii.gz")
    nibabel.save(nibabel.Nifti1Image(labels, affine), folder / "label.nii.gz")
    describe(folder, dims=3, **meta)


def describe(folder, **meta):
    usual = {"labels": {"1": "disc", "2": "square"}, "ground_truth": "expert", "dims": 2}
    (folder / "meta.json").write_text(json.dumps(usual | meta))


@pytest.fixture(autouse=True)
def no_report(request, monkeypatch):
    """Plots take a second; they are drawn only where the report is looked at."""
    if "report" not in request.node.name:
        monkeypatch.setattr("delineate.bench.run.write_report", lambda path, *_: path)


@pytest.fixture
def cases(tmp_path):
    root = tmp_path / "cases"
    picture(root / "discs" / "a", 40)
    picture(root / "discs" / "b", 44)
    picture(root / "discs" / "c", 48)
    volume(root / "hippocampus" / "ball", labels={"1": "front", "2": "back"})
    picture(root / "robots" / "r", 40, ground_truth="model (a network)")
    cells = np.zeros((32, 40), np.uint8)
    for number in range(8):
        cells[16 * (number // 4) : 16 * (number // 4) + 6, 10 * (number % 4) :][:, :6] = number + 1
    names = {str(number): "cell" for number in range(1, 9)}
    picture(root / "cells" / "x", 40, cells, labels=names, instance_labels=True)
    return root


def measure(cases, out="out", build=bench_stubs.build, progress=None, **change):
    given = {
        "cases": cases,
        "methods": ("level",),
        "user": "box-click",
        "out": cases.parent / out,
        "rounds": 2,
        "datasets": ("discs",),
    }
    options = Options(**(given | change))
    report = run(options, progress or (lambda *_: None), build)
    assert report == options.out / "report.html"
    return table(options.out / "rounds.csv")


def table(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def weights(folder, data):
    """A small P-Net's file that says what it learnt from."""
    torch.manual_seed(0)
    sizes = PNetSizes(width=2)
    info = Info(
        name="little", architecture="pnet", sizes=asdict(sizes), size=(96, 96), data=data,
        seed=len(data),
    )  # fmt: skip
    save(folder, info, build_network(sizes).state_dict())
    return folder / "little.safetensors"


def timeless(rows):
    return [{name: value for name, value in row.items() if name not in TIMES} for row in rows]


def first_prompts(out):
    lines = [json.loads(line) for line in (out / "tasks.jsonl").read_text().splitlines()]
    return {line["key"]: line["last"][""]["prompts"][0] for line in lines}


def test_one_row_a_round_in_the_stated_columns(cases):
    rows = measure(cases)
    assert list(rows[0]) == COLUMNS
    keys = [(row["case"], row["method"], int(row["round"])) for row in rows]
    methods = ("level", "filled box", "inscribed ellipse")
    assert keys == [(c, m, n) for c in "abc" for m in methods for n in range(3)]
    assert {row["object"] for row in rows} == {"disc"}, "the square has 25 pixels, too few"
    assert {(row["class"], row["weights"], row["slice"]) for row in rows} == {("", "", "")}
    level = [row for row in rows if row["method"] == "level" and row["case"] == "a"]
    assert [row["prompts"] for row in level] == ["1", "2", "3"]
    assert [row["marked_voxels"] for row in level] == ["0", "1", "2"]
    assert float(level[2]["dice"]) > float(level[0]["dice"]) > 0.8
    assert all(row["seconds"] and row["peak_mb"] and not row["error"] for row in level)


def test_filled_box_has_the_dice_of_the_users_box(cases):
    rows = measure(cases)
    boxes = first_prompts(cases.parent / "out")
    for case in find_cases(cases, datasets=["discs"]):
        truth = read_case(case)[1] == 1
        box = boxes[f"discs/{case.name}/disc/filled box"]
        assert box == boxes[f"discs/{case.name}/disc/level"], "every method meets the same user"
        size = np.prod(np.subtract(box["high"], box["low"]))
        own = [r for r in rows if (r["case"], r["method"]) == (case.name, "filled box")]
        assert [float(row["dice"]) for row in own] == [2 * truth.sum() / (size + truth.sum())] * 3
        assert [row["prompts"] for row in own] == ["1"] * 3
        assert [bool(row["seconds"]) for row in own] == [True, False, False]


def test_no_baselines_without_a_box(cases):
    assert {row["method"] for row in measure(cases, user="click")} == {"level"}


def test_same_seed_and_any_jobs_same_rows_and_another_seed_other_boxes(cases):
    methods = ("level", "fragile")
    one = measure(cases, "one", methods=methods, user="imperfect-box-scribble")
    two = measure(cases, "two", methods=methods, user="imperfect-box-scribble", jobs=2)
    assert timeless(one) == timeless(two)
    assert any(row["error"] for row in one)
    other = measure(cases, "other", methods=methods, user="imperfect-box-scribble", seed=1)
    folder = cases.parent
    assert first_prompts(folder / "one") == first_prompts(folder / "two")
    assert first_prompts(folder / "one") != first_prompts(folder / "other")
    assert len(other) == len(one)


def test_a_case_that_fails_says_why_and_the_run_goes_on(cases):
    (cases / "discs" / "c" / "label.png").write_bytes(b"no picture")
    rows = measure(cases, methods=("fragile",))
    own = {c: [r for r in rows if (r["case"], r["method"]) == (c, "fragile")] for c in "abc"}
    assert [row["error"] for row in own["b"]] == ["", *["RuntimeError: 44 is too wide"] * 2]
    assert [row["dice"] == "" for row in own["b"]] == [False, True, True]
    assert all(row["dice"] and not row["error"] for row in own["a"])
    assert all("label.png" in row["error"] and row["dice"] == "" for row in own["c"])
    assert {row["object"] for row in own["c"]} == {""} and len(own["c"]) == 3
    summary = table(cases.parent / "out" / "summary.csv")
    last = [r for r in summary if r["method"] == "fragile" and r["round"] == "2" and r["headline"]]
    assert [(row["objects"], row["failures"]) for row in last] == [("1", "2")] * 2


def test_goes_on_after_a_kill(cases):
    whole = measure(cases, "whole")
    script = (
        "import bench_stubs; from pathlib import Path; from delineate.bench.run import *\n"
        f"run(Options(cases=Path({str(cases)!r}), methods=('level',), user='box-click', rounds=2, "
        f"out=Path({str(cases.parent / 'out')!r}), datasets=('discs',)), "
        "build=bench_stubs.build_deadly)"
    )
    tests = str(Path(__file__).parent)
    killed = subprocess.run([sys.executable, "-c", script], cwd=tests, check=False)
    assert killed.returncode == 9
    kept = (cases.parent / "out" / "tasks.jsonl").read_text()
    assert len(kept.splitlines()) == 3 and not (cases.parent / "out" / "rounds.csv").exists()
    seen = []
    rows = measure(cases, progress=lambda *step: seen.append(step))
    assert timeless(rows) == timeless(whole)
    assert (cases.parent / "out" / "tasks.jsonl").read_text().startswith(kept)
    assert [step[:2] for step in seen if step[1]] == [(n, 9) for n in range(3, 10)]


def test_a_process_that_died_is_one_sentence(cases):
    with pytest.raises(BenchError, match="a process has died, perhaps for want of memory"):
        measure(cases, build=bench_stubs.build_deadly, jobs=2)


def test_refuses_a_folder_with_other_options_and_takes_other_jobs(cases):
    measure(cases)
    with pytest.raises(BenchError, match="holds a run with rounds 2, not 3; give the same options"):
        measure(cases, rounds=3)
    assert len(measure(cases, jobs=2)) == 27, "nothing is left to do, so no process is started"


def test_limit_is_drawn_with_the_seed_and_sorted(cases):
    found = {
        tuple(case.name for case in find_cases(cases, datasets=["discs"], limit=2, seed=seed))
        for seed in range(12)
    }
    assert found == {("a", "b"), ("a", "c"), ("b", "c")}
    again = [find_cases(cases, limit=1, seed=5) for _ in range(2)]
    assert again[0] == again[1] and len(again[0]) == 3


def test_cases_may_be_all_data_sets_or_one_or_one_case(cases):
    every = find_cases(cases)
    assert [case.dataset for case in every] == ["cells", *["discs"] * 3, "hippocampus"]
    assert find_cases(cases / "discs") == find_cases(cases, datasets=["discs"])
    assert find_cases(cases / "discs" / "b") == find_cases(cases / "discs")[1:2]
    assert [case.name for case in find_cases(cases, dims=3)] == ["ball"]
    assert "r" in [case.name for case in find_cases(cases, truth="all")]


def test_what_is_no_folder_of_cases_is_refused(cases, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(BenchError, match="has no data set lungs; it has: cells, discs, hippocam"):
        find_cases(cases, datasets=["lungs"])
    with pytest.raises(BenchError, match=r"none of the 1 cases in .* is left: 2D, expert truth"):
        find_cases(cases / "robots")
    with pytest.raises(BenchError, match="is not a folder of cases"):
        find_cases(tmp_path / "nothing")
    with pytest.raises(BenchError, match="holds no case"):
        find_cases(tmp_path / "empty")
    (cases / "discs" / "a" / "meta.json").write_text("{}")
    with pytest.raises(UnreadableImage, match="is not a description of a case"):
        find_cases(cases)


def test_instances_are_drawn_with_the_seed_and_sorted(cases):
    (case,) = find_cases(cases, datasets=["cells"])
    drawn = [[int(t.name) for t in find_targets(case, 5, seed)] for seed in range(6)]
    assert all(len(set(ids)) == 5 and ids == sorted(ids) for ids in drawn)
    assert len(set(map(tuple, drawn))) > 1 and drawn[0] == [
        int(target.name) for target in find_targets(case, 5, 0)
    ]
    assert len(find_targets(case, 100, 0)) == 8


def test_what_is_reported_apart(cases):
    volume(cases / "drive" / "v")
    membranes = cases / "isbi_em" / "s"
    picture(membranes, 40)
    cells = np.zeros((32, 40), np.uint16)
    cells[0:10, 0:10], cells[20:30, 20:30], cells[15, 15] = 300, 7, 9
    Image.fromarray(cells).save(membranes / "instances.png")
    found = {
        (case.dataset, target.name): (target.group, target.headline)
        for case in find_cases(
            cases, datasets=["drive", "isbi_em", "hippocampus", "robots"], truth="all"
        )
        for target in find_targets(case, 5, 0)
    }
    assert found == {
        ("drive", "disc"): ("drive", False),
        ("drive", "square"): ("drive", False),
        ("hippocampus", "front"): ("hippocampus", True),
        ("hippocampus", "back"): ("hippocampus", True),
        ("hippocampus", "union"): ("hippocampus, union", False),
        ("isbi_em", "disc"): ("isbi_em, membranes", False),
        ("isbi_em", "cell 7"): ("isbi_em", True),
        ("isbi_em", "cell 300"): ("isbi_em", True),
        ("robots", "disc"): ("robots, truth by a model", False),
    }


def test_volume_is_measured_on_the_largest_slice_of_each_object(cases):
    rows = measure(cases, datasets=("hippocampus",), user="click")
    assert {(row["object"], row["slice"]) for row in rows} == {
        ("front", "3"), ("back", "3"), ("union", "3")
    }  # fmt: skip


def test_every_slice_and_the_assembled_volume(cases):
    rows = measure(cases, datasets=("hippocampus",), slices="all", user="click")
    own = [row for row in rows if row["object"] == "union" and row["round"] == "2"]
    assert [row["slice"] for row in own] == ["1", "2", "3", "4", "5", "volume"]
    *parts, together = own
    for name in ("prompts", "marked_voxels"):
        assert int(together[name]) == sum(int(part[name]) for part in parts)
    line = (cases.parent / "out" / "tasks.jsonl").read_text().splitlines()
    (last,) = (v["last"] for v in map(json.loads, line) if v["key"].endswith("union/level"))
    (case,) = find_cases(cases, datasets=["hippocampus"])
    truth = read_case(case)[1] > 0
    shared = size = 0
    for at, state in last.items():
        voxels = Voxels.from_json(state["mask"])
        shared += sum(truth[i, j, int(at)] for i, j, _ in voxels.indices())
        size += len(voxels)
    assert float(together["dice"]) == pytest.approx(2 * shared / (size + truth.sum()))
    summary = table(cases.parent / "out" / "summary.csv")
    found = {row["dataset"]: (row["headline"], row["objects"]) for row in summary}
    slices = str(sum(row["round"] == "0" and row["slice"] != "volume" for row in rows) - 5)
    assert found["hippocampus, slices as volumes"] == ("0", "2")
    assert found["mean of data sets"] == found["hippocampus"] == ("1", slices)


def test_an_object_must_be_large_enough_on_its_slice(cases):
    folder = cases / "hippocampus" / "ball"
    labels = nibabel.load(folder / "label.nii.gz")
    thin = np.asarray(labels.dataobj).copy()
    thin[0:4, 0:4] = 3
    nibabel.save(nibabel.Nifti1Image(thin, labels.affine), folder / "label.nii.gz")
    rows = measure(cases, datasets=("hippocampus",), user="click")
    assert {row["object"] for row in rows} == {"front", "back", "union"}
    rows = measure(cases, "whole", datasets=("hippocampus",), user="click", dims=3)
    assert {row["object"] for row in rows} == {"front", "back", "union", "label 3"}


def test_whole_volumes_leave_pictures_out(cases):
    rows = measure(cases, datasets=(), dims=3, user="box")
    assert {(row["dataset"], row["slice"]) for row in rows} == {("hippocampus", "")}
    assert {row["object"] for row in rows} == {"front", "back", "union"}


def test_start_from_another_method_and_from_a_corrupted_truth(cases):
    rows = measure(cases, start="method:filled box")
    by = {(row["method"], row["case"], row["round"]): row for row in rows}
    assert by["level", "a", "0"]["dice"] == by["filled box", "a", "0"]["dice"]
    assert by["level", "a", "1"]["dice"] != by["filled box", "a", "1"]["dice"]
    rows = measure(cases, "corrupted", start="corrupted")
    assert {row["method"] for row in rows} == {"level"}
    assert [row["prompts"] for row in rows[:3]] == ["0", "1", "2"]
    assert rows[0]["user_seconds"] == "0.0" and 0.4 < float(rows[0]["dice"]) < 1


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"methods": ("flat",), "dims": 3, "datasets": ()}, MethodError, "in 2D, not in 3D"),
        ({"methods": ("flat",), "start": "corrupted"}, MethodError, "cannot go on from a mask"),
        ({"methods": ("nothing",)}, MethodError, "there is no method 'nothing'"),
        ({"user": "nobody"}, MethodError, "there is no user 'nobody'"),
        ({"fields": {"level": {"reach": 1}}, "start": "method:nothing"}, MethodError, "no method"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_any_work(cases, change, error, says):
    with pytest.raises(error, match=says):
        measure(cases, **change)
    assert not (cases.parent / "out").exists()


def test_fields_reach_the_method(cases):
    wide = measure(cases, "wide", fields={"level": {"reach": 6}})
    assert timeless(wide) != timeless(measure(cases, "usual"))


def test_variants_are_methods_of_their_own(cases):
    wide = measure(cases, "set", fields={"level": {"reach": 6}})
    labels = ("level", "level:reach=6", 'level:reach=6,note="x"')
    rows = measure(cases, methods=labels, fields={"level": {"note": "y"}})
    by = {label: [r for r in timeless(rows) if r["method"] == label] for label in labels}
    assert [len(own) for own in by.values()] == [9, 9, 9]
    expected = [row for row in timeless(wide) if row["method"] == "level"]
    for label in labels[1:]:
        assert [row | {"method": "level"} for row in by[label]] == expected
    assert [row | {"method": "level"} for row in by["level"]] != expected
    tests = table(cases.parent / "out" / "tests.csv")
    assert {(t["dataset"], t["over"]) for t in tests} == {
        ("mean of data sets", "cases"), ("discs", "objects")
    }  # fmt: skip
    pair = [t for t in tests if {t["a"], t["b"]} == set(labels[1:])]
    assert len(pair) == 4 and {(t["difference"], t["t_test"]) for t in pair} == {("0.0", "1.0")}


def test_rows_name_the_weights_and_say_what_is_new_to_them(cases):
    picture(cases / "dsb2018" / "n", 40, labels={"1": "nucleus", "2": "other"})
    picture(cases / "wbc" / "w", 40, labels={"1": "nucleus", "2": "cytoplasm"})
    truth = np.full((32, 40), 2, np.uint8)
    truth[8:24, 10:26] = 1
    Image.fromarray(truth).save(cases / "wbc" / "w" / "label.png")
    path = weights(cases.parent / "weights", data={"synthetic": 0.9, "dsb2018": 0.1})
    sets = ("discs", "dsb2018", "wbc")
    label = f"trained:weights={path}"
    rows = measure(cases, methods=(label, "level"), datasets=sets, user="click")
    found = {(r["dataset"], r["object"], r["class"]) for r in rows if r["method"] == label}
    assert found == {
        ("discs", "disc", "unseen"),
        ("dsb2018", "nucleus", "seen"),
        ("wbc", "nucleus", "seen elsewhere"),
        ("wbc", "cytoplasm", "unseen"),
    }
    digest = sha256(path)
    assert {r["weights"] for r in rows if r["method"] == label} == {f"little {digest[:12]}"}
    assert {(r["class"], r["weights"]) for r in rows if r["method"] == "level"} == {("", "")}
    summary = table(cases.parent / "out" / "summary.csv")
    for method in (label, "level"):
        own = {r["dataset"]: r for r in summary if r["method"] == method and r["round"] == "0"}
        assert {name: (row["headline"], row["objects"]) for name, row in own.items()} == {
            "mean of data sets": ("1", "4"),
            "mean of data sets, seen elsewhere": ("0", "1"),
            "mean of data sets, seen": ("0", "1"),
            "discs": ("1", "3"),
            "wbc": ("1", "1"),
            "wbc, seen elsewhere": ("0", "1"),
            "dsb2018, seen": ("0", "1"),
        }


def test_other_weights_under_the_same_name_do_not_go_on_with_a_run(cases):
    path = weights(cases.parent / "weights", data={})
    label = f"trained:weights={path}"
    measure(cases, methods=(label,), user="click")
    weights(cases.parent / "weights", data={"synthetic": 1.0})
    with pytest.raises(BenchError, match="holds a run with weights "):
        measure(cases, methods=(label,), user="click")


def test_weights_for_other_dimensions_are_refused(cases):
    path = weights(cases.parent / "weights", data={})
    with pytest.raises(MethodError, match="are for 2D, and 3D is to be measured; name others"):
        measure(cases, methods=(f"trained:weights={path}",), dims=3, datasets=(), user="click")


def test_marks_made_on_another_result_without_its_mask(cases):
    given = measure(cases, "given", start="method:filled box")
    alone = measure(cases, "alone", start="marks:filled box")
    first, second = (
        [[r for r in rows if r["method"] == "level" and r["round"] == n] for n in "01"]
        for rows in (given, alone)
    )
    assert timeless(first[0]) == timeless(second[0]), "the other's answer is round 0"
    own = json.loads((cases.parent / "alone" / "tasks.jsonl").read_text().splitlines()[0])
    other = json.loads((cases.parent / "given" / "tasks.jsonl").read_text().splitlines()[0])
    assert own["last"][""]["prompts"][:2] == other["last"][""]["prompts"][:2]
    better = zip(second[1], first[1], strict=True)
    assert all(float(a["dice"]) > float(b["dice"]) for a, b in better), "the box's mask is poor"
    with pytest.raises(MethodError, match="flat cannot go on from a mask"):
        measure(cases, "no", methods=("flat",), start="method:level", user="click")
    measure(cases, "yes", methods=("flat",), start="marks:level", user="click")


def test_start_from_the_raw_answer_of_a_network(cases, handmade):
    path = handmade / "pnet.safetensors"
    alone = measure(cases, "alone", methods=(f"bifseg:stage=initial,weights={path}",), rounds=0)
    rows = measure(cases, "on", start=f"network:{path}")
    first = [r["dice"] for r in rows if (r["method"], r["round"]) == ("level", "0")]
    assert first == [r["dice"] for r in alone if r["method"].startswith("bifseg")]
    prompts = json.loads((cases.parent / "on" / "tasks.jsonl").read_text().splitlines()[0])
    assert len(prompts["last"][""]["prompts"]) == 3 and rows[0]["weights"] == ""
    options = json.loads((cases.parent / "on" / "options.json").read_text())
    assert options["weights"] == {f"network:{path}": f"pnet {sha256(path)[:12]}"}
    with pytest.raises(MethodError, match="are for 2D, and 3D is to be measured"):
        measure(cases, "3d", start=f"network:{path}", dims=3, datasets=())
    with pytest.raises(MethodError, match="there are no weights 'nothing'"):
        measure(cases, "none", start="network:nothing")


def test_another_seed_for_the_marks_leaves_the_box(cases):
    given = {"user": "imperfect-box-click", "rounds": 1}
    one, two = (measure(cases, f"m{n}", marks_seed=n, **given) for n in (1, 2))
    usual = measure(cases, "usual", **given)
    assert first_prompts(cases.parent / "m1") == first_prompts(cases.parent / "m2")
    assert first_prompts(cases.parent / "m1") == first_prompts(cases.parent / "usual")
    kept = [
        (cases.parent / name / "tasks.jsonl").read_text().count("click") for name in ("m1", "m2")
    ]
    assert kept[0] and timeless(one) != timeless(two)
    assert timeless(measure(cases, "again", marks_seed=0, **given)) == timeless(usual)


def test_report_is_one_file_and_shows_what_was_measured(cases):
    volume(cases / "discs" / "d")
    measure(cases, methods=("level", "fragile"), user="box-scribble")
    text = (cases.parent / "out" / "report.html").read_text()
    assert text.count("<svg") == 4 and text.count("data:image/png;base64,") == 4
    assert 'src="http' not in text and "<script" not in text and "<link" not in text
    assert "delineate bench" in text and "inscribed ellipse" in text
    made = json.loads((cases.parent / "out" / "environment.json").read_text())
    assert made["command"].startswith("delineate bench ") and made["seed"] == 0
    assert {"date", "delineate", "commit", "python", "packages", "system", "cores"} <= set(made)
    assert "RuntimeError: 44 is too wide" in text and "1 of 20 runs" in text
    tests = table(cases.parent / "out" / "tests.csv")
    headline = [test for test in tests if test["dataset"] == "mean of data sets"]
    assert len(headline) == 2 * 6 and {test["pairs"] for test in headline} <= {"3", "4"}


def test_report_keeps_apart_what_networks_had_learnt_of(cases):
    path = weights(cases.parent / "weights", data={"discs": 1.0})
    rows = measure(cases, methods=(f"trained:weights={path}",), user="click")
    assert {row["class"] for row in rows} == {"seen"}
    text = (cases.parent / "out" / "report.html").read_text()
    assert "<h2>Mean of the data sets&#39; means, seen</h2>" in text.replace("'", "&#39;")
    assert "<svg" not in text, "there is no headline"


def test_missing_extra_is_said_before_any_work(cases, monkeypatch):
    monkeypatch.setattr("delineate.bench.run.NEEDED", ("no_such_package",))
    with pytest.raises(MissingExtra, match=r"pip install"):
        measure(cases)
    assert not (cases.parent / "out").exists()
