"""BIFSeg in a session: what is recorded, slices of a volume, and input that makes no sense."""

import json
import sys

import numpy as np
import pytest
import torch

from delineate import cli, doctor, load, save
from delineate.errors import (
    ImageError,
    MethodError,
    PromptOutside,
    PromptsMissing,
    SeveralImages,
    TooLarge,
)
from delineate.methods import build, features, slices, viewed
from delineate.methods.base import State
from delineate.methods.bifseg import BIFSeg
from delineate.models import list_models
from delineate.prompts import Box, Click, Given, Scribble
from delineate.repeat import replay
from delineate.session import Session
from delineate.volume import Volume
from delineate.voxels import Voxels
from handmade import SIDE

QUICK = {"rounds": 2, "steps": 5}

pytestmark = pytest.mark.usefixtures("handmade_weights")


@pytest.fixture(autouse=True)
def plain_precision(monkeypatch):
    monkeypatch.setenv(features.VARIABLE, "float32")


@pytest.fixture
def asked(monkeypatch):
    """The shapes of crops whose features were computed."""
    seen, rows = [], viewed.feature_rows
    monkeypatch.setattr(
        viewed, "feature_rows", lambda net, image: seen.append(image.shape) or rows(net, image)
    )
    return seen


def ball(dims=2, noise=12, channels=1):
    shape = (24, 24, 1 if dims == 2 else 12)
    centre = np.reshape([11, 12, shape[2] // 2], (3, 1, 1, 1))
    truth = ((np.indices(shape) - centre) ** 2).sum(axis=0) <= 30
    drawn = np.random.default_rng(1).normal(0, noise, (channels, *shape))
    data = (50 + 60 * truth + drawn).astype(np.float32)
    return Volume.from_array(data, channel_axis=0), truth


def framed(dims=2):
    return Box((3, 4, 0), (20, 21, 1 if dims == 2 else 12))


def middle(dims=2):
    return (11, 12, 0 if dims == 2 else 6)


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


# What is recorded.


def test_a_step_says_what_it_ran_with(handmade, tmp_path):
    volume, _ = ball()
    session = Session(volume, BIFSeg(**QUICK))
    session.add(framed())
    (info,) = (info for info in list_models(handmade) if info.name == "pnet")
    ran_with = session.history.steps[0].ran_with
    assert ran_with == {
        "weights": "pnet",
        "sha256": info.sha256,
        "precision": "float32",
        "device": "cpu",
        "threads": torch.get_num_threads(),
    }
    session.describe(1, name="nucleus")
    assert session.history.steps[1].ran_with == {}
    again = load(save(session, tmp_path / "case.delineate"), volume)
    assert again.history.steps == session.history.steps


def test_replay_says_what_has_changed(monkeypatch):
    volume, _ = ball()
    session = Session(volume, BIFSeg(**QUICK))
    session.add(framed())
    session.add(Click(middle()))
    assert all(report.same and not report.changed for report in replay(session))
    monkeypatch.setenv(features.VARIABLE, "bfloat16")
    reports = list(replay(session))
    assert [report.changed for report in reports] == [{"precision": ("float32", "bfloat16")}] * 2
    assert all(report.dice > 0.98 for report in reports)


def test_the_command_line_says_it_too(monkeypatch, tmp_path, capsys):
    from PIL import Image

    def call(*words):
        monkeypatch.setattr(sys, "argv", ["delineate", *map(str, words)])
        with pytest.raises(SystemExit) as end:
            cli.main()
        assert not end.value.code
        return capsys.readouterr().out

    volume, truth = ball()
    pixels = np.clip(volume.data[0, ..., 0].T, 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "ball.png")
    kept = tmp_path / "case.delineate"
    words = ["segment", tmp_path / "ball.png", "-o", tmp_path / "mask.png", "-m", "bifseg"]
    words += ["--box", "3,4:20,21", "--set", "rounds=2", "--session", kept, "--json"]
    report = json.loads(call(*words))
    assert report["method"] == "bifseg"
    assert report["ran_with"]["precision"] == "float32"
    assert len(report["ran_with"]["sha256"]) == 64
    assert report["voxels"] == pytest.approx(truth.sum(), rel=0.1)
    monkeypatch.setenv(features.VARIABLE, "bfloat16")
    assert "precision was float32, is bfloat16" in call("replay", kept)


# Slices of a volume.


def test_a_later_mark_on_a_slice_goes_on_from_its_own_state(asked):
    volume, _ = ball(3)
    session = Session(volume, BIFSeg(**QUICK, rate=0.3), dims=2)
    session.add(Box((3, 4, 5), (20, 21, 8)))
    first, before = session.history.learned[1], session.probability()
    assert len(asked) == 3
    session.add(Click((11, 12, 6)))
    second = session.history.learned[2]
    assert len(asked) == 3
    picture = Volume(volume.data[..., 6:7], volume.crop(_slice(volume, 6)).geometry)
    prompts = (Box((3, 4, 0), (20, 21, 1)), Click((11, 12, 0)))
    learned = {name.removeprefix("2/6/"): v for name, v in first.items() if name[:4] == "2/6/"}
    _, state = session.method.segment(picture, prompts, State(None, learned))
    np.testing.assert_array_equal(state.learned["hidden"], second["2/6/hidden"])
    assert (first["2/6/hidden"] != second["2/6/hidden"]).any()
    for at in (5, 7):
        assert first[f"2/{at}/hidden"] is second[f"2/{at}/hidden"]
        np.testing.assert_array_equal(session.probability()[..., at], before[..., at])
    session.undo()
    session.add(Click((11, 13, 6)))
    session.undo()
    session.add(Click((11, 12, 6)))
    np.testing.assert_array_equal(session.history.learned[2]["2/6/hidden"], second["2/6/hidden"])
    assert len(asked) == 4  # the one more is the picture asked directly


def _slice(volume, at):
    from delineate.region import Region

    return Region((0, 0, at), (*volume.shape[:2], at + 1))


def test_a_session_read_back_answers_slices_as_before(tmp_path):
    """Slices without a new mark are answered from what was learned, not tuned once more."""
    volume, _ = ball(3, noise=40)
    session = Session(volume, BIFSeg(**QUICK, rate=0.3), dims=2)
    session.add(Box((3, 4, 4), (20, 21, 9)))
    session.add(Click((11, 12, 6)))
    again = load(save(session, tmp_path / "case.delineate"), volume)
    for one in (session, again):
        one.add(Click((11, 14, 7)))
    np.testing.assert_array_equal(again.probability(), session.probability())
    assert all(report.same for report in replay(again))


def test_removing_a_mark_depends_on_no_cache(tmp_path):
    volume, _ = ball(3, noise=40)
    session = Session(volume, BIFSeg(**QUICK, rate=0.3), dims=2)
    session.add(Box((3, 4, 4), (20, 21, 9)))
    session.add(Click((11, 12, 7)), Click((11, 19, 7)))
    (id,) = session.add(Click((11, 12, 6))).ids
    again = load(save(session, tmp_path / "case.delineate"), volume)
    for one in (session, again):
        one.remove(id)
    np.testing.assert_array_equal(again.probability(), session.probability())


def test_features_of_the_latest_slices_alone_are_kept(asked, monkeypatch):
    monkeypatch.setattr(slices, "_READY", 2)
    volume, _ = ball(3)
    session = Session(volume, BIFSeg(**QUICK), dims=2)
    session.add(Box((3, 4, 4), (20, 21, 9)))
    assert len(asked) == 5
    session.add(Click((11, 12, 8)))
    assert len(asked) == 5
    session.add(Click((11, 12, 4)))
    assert len(asked) == 6


# The grid.


def test_the_grid_is_as_fine_as_the_crops_of_training():
    for dims, method in ((2, BIFSeg(**QUICK)), (3, BIFSeg(**QUICK))):
        volume, _ = ball(dims)
        _, state = method.segment(volume, (framed(dims),), State())
        assert max(state.image.crop.shape) >= SIDE
        assert min(state.image.crop.shape[:2]) == SIDE or dims == 3
    _, state = BIFSeg(**QUICK, longest_3d=16, stretch_3d=1).segment(
        ball(3)[0], (framed(3),), State()
    )
    assert max(state.image.crop.shape) == 16


def test_a_long_thin_object_gets_a_longer_grid():
    volume = Volume.from_array(np.random.default_rng(0).random((80, 12, 12)))
    shapes = {}
    for stretch in (1.0, 2.0, 4.0):
        method = BIFSeg(**QUICK, stage="initial", margin_voxels=0, stretch_3d=stretch)
        _, state = method.segment(volume, (Box((0, 0, 0), volume.shape),), State())
        shapes[stretch] = state.image.crop.shape
    assert shapes[1.0] == (24, 4, 4)
    assert shapes[2.0] == (48, 7, 7)
    assert np.prod(shapes[4.0]) == pytest.approx(24**3, rel=0.1)
    with pytest.raises(MethodError, match=r"stretch_3d is 0\.5"):
        BIFSeg(stretch_3d=0.5)


def test_a_box_one_slice_thick_in_a_volume():
    volume, _ = ball(3)
    for margin in (0, 5):
        session = Session(volume, BIFSeg(**QUICK, margin_voxels=margin))
        session.add(Box((3, 4, 6), (20, 21, 7)))
        assert not session.mask()[..., :6].any()
        assert not session.mask()[..., 7:].any()


# Input that makes no sense. The session goes on after each.


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda k: (Box((30, 30, k), (40, 40, k + 1)),), PromptOutside),
        (lambda k: (Box((20, 20, k), (25, 25, k + 1)),), PromptOutside),
        (lambda k: (Box((11, 12, k), (12, 13, k + 1)),), None),
        (lambda k: (Click((11, 12, k)), Click((11, 12, k), inside=False)), None),
        (lambda k: (Scribble([(1, 1, k), (1, 2, k)]), Scribble([(23, 1, k)], inside=False)), None),
        (lambda k: (Given(Voxels.of([])),), None),
    ],
)
def test_a_session_goes_on(dims, wrong, error):
    volume, truth = ball(dims)
    session = Session(volume, BIFSeg(**QUICK))
    session.add(framed(dims))
    before = session.mask()
    said = wrong(middle(dims)[2])
    if error:
        with pytest.raises(error, match="outside the image"):
            session.add(*said)
    else:
        session.add(*said)
        for stroke in (prompt for prompt in said if hasattr(prompt, "inside")):
            at = [stroke.at] if isinstance(stroke, Click) else stroke.voxels.indices()
            last = said[-1] if isinstance(stroke, Click) else stroke
            assert all(session.mask()[tuple(where)] == last.inside for where in at)
        session.undo()
    np.testing.assert_array_equal(session.mask(), before)
    session.add(Click(middle(dims)))
    assert dice(session.mask(), truth) > 0.9


@pytest.mark.parametrize("dims", [2, 3])
def test_a_box_without_contrast(dims):
    volume, _ = ball(dims)
    i, j, k = middle(dims)
    flat = Volume(np.full_like(volume.data, 7), volume.geometry)
    session = Session(flat, BIFSeg(**QUICK))
    session.add(framed(dims))
    session.add(Click((i, j, k)), Click((5, 6, k), inside=False))
    assert session.mask()[i, j, k]
    assert not session.mask()[5, 6, k]
    assert np.isfinite(session.probability()).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_voxels_that_are_no_numbers_are_refused_with_the_image(value):
    data = ball()[0].data.copy()
    data[0, 3, 4, 0] = value
    with pytest.raises(ImageError, match="finite"):
        Volume.from_array(data[0])


def test_colours_become_luminance_and_channels_are_chosen():
    coloured, truth = ball(channels=3)
    session = Session(Volume.from_array(coloured.data[..., 0], channel_axis=0), BIFSeg(**QUICK))
    session.add(framed())
    assert dice(session.mask(), truth) > 0.9
    several, truth = ball(3, channels=2)
    session = Session(several, BIFSeg(**QUICK))
    with pytest.raises(SeveralImages, match=r"0 \(unnamed\), 1 \(unnamed\)"):
        session.add(framed(3))
    session.use(BIFSeg(**QUICK, channel=1))
    session.add(framed(3))
    assert dice(session.mask(), truth) > 0.9


def test_a_box_larger_than_memory_allows_is_worked_on_in_larger_voxels():
    volume, truth = ball(3)
    small = BIFSeg(**QUICK, most_voxels=3000)
    with pytest.raises(TooLarge, match=r"5292 voxels.*most_voxels"):
        small.segment(volume, (framed(3),), State())
    session = Session(volume, small)
    update = session.add(framed(3))
    assert "worked on voxels of 2 x 2 x 2 mm" in update.notes[0]
    assert session.history.steps[0].ran_with["weights"] == "pcnet + planes"
    assert dice(session.mask(), truth) > 0.8
    by_slice = Session(volume, BIFSeg(**QUICK, most_voxels=400), dims=2)
    with pytest.raises(TooLarge, match="draw a smaller box"):
        by_slice.add(framed(3))
    by_slice.add(Box((6, 6, 6), (16, 18, 7)))
    assert by_slice.mask().any()


def test_a_missing_weight_is_one_sentence(handmade, tmp_path):
    volume, _ = ball()
    for name, said in (
        ("pnet9", "there are: click-2d, click-3d, pcnet, planes, pnet"),
        ("x.safetensors", "is not there"),
    ):
        session = Session(volume, build("bifseg", {"weights": name}))
        with pytest.raises(MethodError, match=said) as error:
            session.add(framed())
        assert "\n" not in str(error.value)
        assert not session.history.steps
    with pytest.raises(PromptsMissing):
        BIFSeg().segment(volume, (Click(middle()),), State())


# The weights that ship.


def test_the_doctor_checks_weights(monkeypatch, handmade, tmp_path):
    import shutil

    from delineate import models

    folder = shutil.copytree(handmade, tmp_path / "weights")
    monkeypatch.setattr(models, "list_models", lambda: list_models(folder))
    real = models.load
    monkeypatch.setattr(models, "load", lambda name: real(name, folder))
    found = {f.name: f for f in doctor.examine() if f.name.startswith("weights")}
    assert set(found) == {
        f"weights {name}" for name in ("pnet", "pcnet", "planes", "click-2d", "click-3d")
    }
    assert found["weights pnet"].fine and "checks out" in found["weights pnet"].value
    path = folder / "pnet.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    found = {f.name: f for f in doctor.examine() if f.name.startswith("weights")}
    assert not found["weights pnet"].fine
    assert "install the package again" in found["weights pnet"].advice
    assert found["weights pcnet"].fine
    monkeypatch.setattr(models, "list_models", tuple)
    (none,) = (f for f in doctor.examine() if f.name.startswith("weights"))
    assert "none ship" in none.value


@pytest.mark.parametrize(("name", "dims"), [("pnet", 2), ("pcnet", 3)])
def test_the_weights_that_ship_find_a_ball(monkeypatch, name, dims):
    from delineate import models

    if name not in {info.name for info in list_models()}:
        pytest.skip(f"no weights {name} ship yet")
    monkeypatch.setattr(viewed, "load", models.load)
    volume, truth = ball(dims)
    session = Session(volume, BIFSeg())
    session.add(framed(dims))
    assert dice(session.mask(), truth) > 0.85
