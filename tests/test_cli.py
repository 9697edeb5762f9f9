"""The command line: what it writes, and one sentence with exit status 2 for what is wrong."""

import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from delineate import cli, load, read, read_labels
from delineate.volume import Volume


@pytest.fixture
def call(monkeypatch, capsys):
    """Run the command line in this process: exit status, standard output, standard error."""

    def run(*words):
        monkeypatch.setattr(sys, "argv", ["delineate", *map(str, words)])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code or 0
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture
def picture(tmp_path):
    """A bright square in a PNG, columns 12 to 27 and rows 10 to 29."""
    image = np.random.default_rng(0).integers(0, 10, (40, 50)).astype(np.uint8)
    image[10:30, 12:28] += 200
    path = tmp_path / "square.png"
    Image.fromarray(image).save(path)
    return path


@pytest.fixture
def scan(tmp_path):
    """A bright block in an oblique NIfTI, 2 mm slices."""
    import nibabel

    image = np.random.default_rng(0).normal(0, 5, (30, 30, 12)).astype(np.float32)
    image[8:20, 10:22, 3:9] += 100
    turn = np.array([[0.8, -0.6, 0, 5], [0.6, 0.8, 0, -7], [0, 0, 2, 11], [0, 0, 0, 1]])
    path = tmp_path / "scan.nii.gz"
    nibabel.save(nibabel.Nifti1Image(image, turn), path)
    return path


def block(shape, low, high):
    mask = np.zeros(shape, bool)
    mask[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return mask


def test_a_picture_and_a_box(call, picture, tmp_path):
    out = tmp_path / "mask.png"
    status, told, _ = call("segment", picture, "-o", out, "-m", "grabcut", "--box", "5,5:40,36")
    assert status == 0
    mask = np.asarray(Image.open(out)) > 0
    np.testing.assert_array_equal(mask, block((40, 50), (10, 12), (30, 28)))
    assert "320 voxels" in told


def test_a_volume_with_everything_written(call, scan, tmp_path):
    out, kept, shown = tmp_path / "m.nii.gz", tmp_path / "s.delineate", tmp_path / "o.png"
    status, told, _ = call(
        "segment", scan, "-o", out, "-m", "random_walker", "--click", "14,16,6",
        "--click-outside", "2,2,2", "--name", "cyst", "--session", kept, "--overlay", shown,
        "--set", "beta=200", "--json",
    )  # fmt: skip
    assert status == 0
    report = json.loads(told)
    expected = block((30, 30, 12), (8, 10, 3), (20, 22, 9))
    mask = read(out)
    np.testing.assert_array_equal(mask.scalar() > 0, expected)
    np.testing.assert_allclose(mask.geometry.affine, read(scan).geometry.affine)
    assert report["voxels"] == expected.sum()
    assert report["millilitres"] == pytest.approx(expected.sum() * 2 / 1000)
    assert read_labels(out)[0].name == "cyst"
    session = load(kept)
    assert session.method.beta == 200
    np.testing.assert_array_equal(session.mask(), expected)
    with Image.open(shown) as picture:
        assert max(picture.size) >= 640
    status, told, _ = call("replay", kept)
    assert status == 0
    assert told.count("same bits") == 2


def test_replay_finds_a_method_that_answers_otherwise(call, scan, tmp_path, monkeypatch):
    kept = tmp_path / "s.delineate"
    call("segment", scan, "-o", tmp_path / "m.nii.gz", "--box", "4,6,1:24,26,11", "--session", kept)
    from delineate.methods.graphcut import GraphCut
    from delineate.patch import Patch

    monkeypatch.setattr(GraphCut, "segment", lambda self, v, p, s, observe=None: (Patch.empty(), s))
    status, told, _ = call("replay", kept, "--json")
    assert status == 1
    assert json.loads(told)[-1]["dice"] == 0


def test_places_in_millimetres(call, scan, tmp_path):
    volume = read(scan)
    inside, outside = volume.geometry.to_world([(14, 16, 6), (2, 2, 2)])
    out = tmp_path / "m.nii.gz"
    status, _, _ = call(
        "segment", scan, "-o", out, "-m", "random_walker", "--world",
        "--click", ",".join(map(str, inside)), "--click-outside", ",".join(map(str, outside)),
    )  # fmt: skip
    assert status == 0
    assert read(out).scalar()[14, 16, 6] == 1
    assert read(out).scalar()[2, 2, 2] == 0


def test_scribbles_from_a_picture_and_a_mask_to_start_from(call, picture, tmp_path):
    said = np.zeros((40, 50), np.uint8)
    said[20, 15:25], said[2, 2:45] = 1, 2
    Image.fromarray(said).save(tmp_path / "said.png")
    out = tmp_path / "mask.png"
    status, _, _ = call(
        "segment", picture, "-o", out, "-m", "geos", "--scribble-from", tmp_path / "said.png"
    )
    assert status == 0
    assert (np.asarray(Image.open(out)) > 0).sum() == 320
    again = tmp_path / "again.png"
    status, _, _ = call(
        "segment", picture, "-o", again, "-m", "geos", "--start-from", out, "--click", "5,5"
    )
    assert status == 0
    assert np.asarray(Image.open(again))[5, 5] > 0


def test_several_images_with_prompts_of_their_own(call, picture, tmp_path):
    other = tmp_path / "other.png"
    Image.open(picture).transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(other)
    boxes = {
        "square.png": [{"kind": "box", "low": [5, 5, 0], "high": [40, 36, 1]}],
        "other.png": [{"kind": "box", "low": [15, 5, 0], "high": [45, 36, 1]}],
    }
    (tmp_path / "boxes.json").write_text(json.dumps(boxes))
    status, told, _ = call(
        "segment", picture, other, "-o", tmp_path / "out", "-m", "grabcut",
        "--prompts", tmp_path / "boxes.json",
    )  # fmt: skip
    assert status == 0, told
    one = np.asarray(Image.open(tmp_path / "out" / "square_mask.png")) > 0
    two = np.asarray(Image.open(tmp_path / "out" / "other_mask.png")) > 0
    assert one.sum() == 320
    np.testing.assert_array_equal(one, two[:, ::-1])


def test_methods_and_doctor_as_json(call):
    status, told, _ = call("methods", "--json")
    rows = {row["name"]: row for row in json.loads(told)}
    assert status == 0
    assert {"graphcut", "grabcut", "random_walker", "geos", "growcut", "slicseg"} <= set(rows)
    assert "region_growing" in rows
    assert all(row["when"] and row["reads"] and row["dims"] for row in rows.values())
    assert call("methods")[0] == 0
    status, told, _ = call("doctor", "--json")
    assert status == 0
    assert json.loads(told)[0]["name"] == "delineate"
    assert call("doctor")[0] == 0


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--box", "5,5:40,99"], "is outside the image"),
        (["--box", "5,5"], "a box is written low:high"),
        (["--box", "a,b:c,d"], "a place is written i,j"),
        (["--click", "1.5,2"], "voxel indices are whole numbers"),
        (["--click", "99,2"], "click at (99, 2, 0) is outside the image"),
        ([], "nothing is marked"),
        (["--click", "5,5", "-m", "magic"], "there is no method 'magic'"),
        (["--click", "5,5", "--set", "beta"], "a setting is written field=value"),
        (["--click", "5,5", "--set", "wings=2"], "has no field 'wings'"),
        (["--prompts", "none.json"], "none.json could not be read as prompts"),
        (["--scribble-from", "none.png"], "none.png"),
    ],
)
def test_what_is_wrong_gets_one_sentence(call, picture, tmp_path, words, message):
    status, told, error = call("segment", picture, "-o", tmp_path / "mask.png", *words)
    assert status == 2
    assert message in error
    assert error.count("\n") == 1
    assert "Traceback" not in told + error
    assert not (tmp_path / "mask.png").exists()


def test_the_input_is_never_overwritten(call, picture):
    before = picture.read_bytes()
    status, _, error = call("segment", picture, "-o", picture, "--box", "5,5:40,36")
    assert status == 2
    assert "is the image itself" in error
    assert picture.read_bytes() == before


def test_a_session_on_several_files_finds_them_again(call, scan, tmp_path):
    other = tmp_path / "other.nii.gz"
    shutil.copy(scan, other)
    kept = tmp_path / "s.delineate"
    status, _, _ = call(
        "segment", scan, other, "--channels", "-o", tmp_path / "m.nii.gz", "-m", "geos",
        "--click", "14,16,6", "--click-outside", "2,2,2", "--session", kept,
    )  # fmt: skip
    assert status == 0
    assert len(load(kept).volume.data) == 2
    assert call("replay", kept)[0] == 0


def test_channels_that_do_not_match(call, scan, tmp_path):
    import nibabel

    other = tmp_path / "other.nii.gz"
    nibabel.save(nibabel.Nifti1Image(np.zeros((30, 30, 9), np.float32), np.eye(4)), other)
    status, _, error = call(
        "segment", scan, other, "--channels", "-o", tmp_path / "m.nii.gz", "--click", "1,1,1"
    )
    assert status == 2
    assert "(30, 30, 9)" in error


def test_as_a_program(picture, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "delineate", "segment", str(picture), "-o", "x.png"],
        capture_output=True, text=True, cwd=tmp_path, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr.startswith("error: nothing is marked")
    done = subprocess.run(
        [sys.executable, "-m", "delineate", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("delineate 0.")


def test_the_demo_writes_what_it_says(tmp_path):
    from delineate.demo import demo

    lines = demo(tmp_path / "demo")
    for name in ("ventricles.nii.gz", "ventricles.png", "head.delineate"):
        assert (tmp_path / "demo" / name).exists()
        assert any(name in line for line in lines)
    mask = read(tmp_path / "demo" / "ventricles.nii.gz")
    scan: Volume = read(tmp_path / "demo" / "head.nii.gz")
    millilitres = mask.scalar().sum() * np.prod(scan.spacing) / 1000
    assert 15 < millilitres < 30
    bright = scan.data[0][mask.scalar() > 0].mean()
    assert bright > scan.data[0][scan.data[0] > 50].mean() * 1.2


def test_the_samples_are_a_picture_a_volume_and_a_series_that_stay(tmp_path):
    from delineate.samples import write_samples

    picture, volume, series = write_samples(tmp_path)
    first = {path: path.read_bytes() for path in series.iterdir()}
    scan, slices = read(volume), read(series)
    assert read(picture).shape == (550, 660, 1)
    assert scan.shape == (128, 96, 24)
    for at in ((0, 0, 0), (40, 30, 7), (127, 95, 23)):
        world = scan.geometry.affine @ [*at, 1]
        there = np.rint(np.linalg.solve(slices.geometry.affine, world)).astype(int)[:3]
        assert np.allclose(slices.geometry.affine @ [*there, 1], world, atol=1e-3)
        assert slices.data[0][tuple(there)] == scan.data[0][at]
    write_samples(tmp_path)
    assert {path: path.read_bytes() for path in series.iterdir()} == first
    (again,) = {p.name for p in write_samples(tmp_path / "other")[2:]}
    for path in (tmp_path / "other" / again).iterdir():
        assert path.read_bytes() == first[series / path.name], "the same bytes each time"


def test_the_demo_prepares_images_and_stops(call, tmp_path):
    status, out, _ = call("demo", tmp_path / "demo", "--images-only")
    assert status == 0
    found = sorted(path.name for path in (tmp_path / "demo").iterdir())
    assert found == ["cell.png", "head.nii.gz", "head_dicom"]
    assert out.splitlines()[-1] == f"sample {tmp_path / 'demo' / 'head_dicom'}"


def test_the_demo_without_a_built_page_says_what_is_missing(call, tmp_path, monkeypatch):
    from delineate.serve.settings import Settings

    monkeypatch.setattr(Settings, "static", tmp_path)
    status, _, err = call("demo", tmp_path / "demo")
    assert status == 2
    assert err.startswith("error: the page of the workbench is not built: install Node 20 or")
    assert err.count("\n") == 1
