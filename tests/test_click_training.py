"""Training by clicks: the clicker is the benchmark's, every state is common, runs go on exactly."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from delineate.models import load
from delineate.networks.guidance import Guidance
from delineate.networks.window import around, grid_shape
from delineate.synth.recipe import Recipe
from delineate.train import packing
from delineate.train.checkpoint import read_checkpoint, write_checkpoint
from delineate.train.click_validation import clicked, seen, validate_clicks
from delineate.train.clicking import click_on, is_looped
from delineate.train.clicks import STATES, Clicks
from delineate.train.data import Data, load_data
from delineate.train.errors import TrainingError
from delineate.train.journal import read_journal
from delineate.train.loop import train
from delineate.train.losses import loss, soft_dice
from delineate.train.machine import Run
from delineate.train.packed import Packed, read_packed
from delineate.train.recipe import from_json, with_settings
from delineate.train.recipes import find
from delineate.train.states import corrected, draw_state, next_click
from delineate.train.windows import View, cut, draw_ratio, fitted
from delineate.users import find as find_user

MAPS = {name: n for n, name in enumerate(Guidance().names)}
BLOBS = Recipe(extent=(24, 40)).only("blobs")
TINY = replace(
    with_settings(
        find("click-2d"),
        {
            "network.width": 4,
            "network.levels": 2,
            "size": [24, 24],
            "batch": 4,
            "steps": 12,
            "optimiser.rate": 0.02,
            "optimiser.warm_up": 2,
            "real": [],
            "clicks.looped": 0.5,
            "clicks.most": 3,
        },
    ),
    synth=BLOBS,
)
RUN = Run(accelerator="cpu", precision="fp32", threads=1, workers=0, log_every=4, validate_every=0)


def disc(shape=(40, 40), middle=(18, 22), radius=8):
    steps = np.indices(shape) - np.reshape(middle, (-1, *[1] * len(shape)))
    return (steps**2).sum(axis=0) <= radius**2


def view(mask, thickness=1.0):
    noise = np.random.default_rng(0).normal(0, 0.1, mask.shape)
    return View((mask + noise).astype(np.float32), mask, thickness)


@pytest.mark.parametrize("mask", [disc(), disc((24, 24, 9), (11, 12, 4), 6)])
def test_the_clicker_is_that_of_the_benchmark(mask):
    shown = np.roll(mask, 3, axis=0)
    spacing = (1.0, 1.0, 2.5)[: mask.ndim]
    deep = (lambda part: part) if mask.ndim == 3 else (lambda part: part[..., None])
    space = (1.0, 1.0, 2.5 if mask.ndim == 3 else 1.0)
    for name, deepest in (("click", 1.0), ("click-random", 0.0)):
        ours = next_click(np.random.default_rng(4), mask, shown, spacing, Clicks(deepest=deepest))
        rng = np.random.default_rng(4)
        rng.random()
        (theirs,) = find_user(name).correct(deep(mask), deep(shown), space, rng)
        assert ours == theirs
    assert next_click(np.random.default_rng(0), mask, mask, spacing, Clicks()) is None


def test_later_clicks_are_less_likely_in_a_line():
    clicks = Clicks(most=5, forgotten=0.0)
    asked = []

    def predict(inputs):
        asked.append(len(inputs))
        return np.zeros(inputs[:, 0].shape, np.float32)

    rng = np.random.default_rng(0)
    mask, count, repeats = disc((20, 20), (9, 9), 5), 50, 8
    for _ in range(repeats):
        inputs = np.zeros((count, 5, 20, 20), np.float32)
        click_on(rng, inputs, np.stack([mask] * count), np.ones(count), clicks, predict)
    shares = np.reshape(asked, (repeats, 4)).sum(axis=0) / (count * repeats)
    expected = np.array([0.8, 0.6, 0.4, 0.2])
    assert (np.abs(shares - expected) < 4 * np.sqrt(expected * (1 - expected) / 400)).all()


def test_a_click_follows_on_what_the_network_answers():
    mask = disc((20, 20), (9, 9), 5)
    answer = np.zeros((20, 20), np.float32)
    answer[15:19, 3:19] = 0.9
    inputs = np.zeros((1, 5, 20, 20), np.float32)
    clicks = Clicks(most=1000, deepest=1.0, forgotten=0.0)
    rng = np.random.default_rng(1)
    calls = []

    def predict(given):
        calls.append(given.copy())
        if len(calls) == 3:
            raise StopIteration
        return answer[None]

    with pytest.raises(StopIteration):
        click_on(rng, inputs, mask[None], np.ones(1), clicks, predict)
    click = corrected(find_user("click"), mask, answer > 0.5, (1.0, 1.0), rng)
    assert click.inside and calls[0].sum() == 0
    assert calls[1][0, 1 + MAPS["inside"]][click.at[:2]] == 1
    np.testing.assert_array_equal(calls[1][0, 1 + MAPS["previous"]], answer > 0.5)
    assert not calls[1][0, 1 + MAPS["outside"]].any()


def test_one_click_is_the_papers_training_without_a_loop():
    def never(inputs):
        raise AssertionError("the network is not asked")

    inputs = np.zeros((2, 5, 9, 9), np.float32)
    masks = np.stack([disc((9, 9), (4, 4), 2)] * 2)
    click_on(np.random.default_rng(0), inputs, masks, np.ones(2), Clicks(most=1), never)
    assert not inputs.any()


def only(state, **fields):
    return Clicks(**{**dict.fromkeys(STATES, 0.0), state: 1.0, **fields})


@pytest.mark.parametrize("looped", [False, True])
@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("flat", [True, False])
def test_what_is_said_in_each_state(state, looped, flat):
    mask = disc() if flat else disc((24, 24, 9), (11, 12, 4), 5)
    shown = view(mask, 1.0 if flat else 2.0)
    rng = np.random.default_rng(2)
    for _ in range(12):
        asked = draw_state(rng, shown, only(state), looped)
        said = {name: asked.maps[n] for name, n in MAPS.items()}
        clicks = [np.argwhere(said[name] == 1) for name in ("inside", "outside")]
        assert asked.mask.any() == (state != "absent")
        assert said["box"].any() == (state in ("framed", "repaired"))
        if state in ("framed", "repaired"):
            assert (said["box"][mask] == 1).all()
        if state != "absent":
            assert all(mask[tuple(at)] for at in clicks[0])
            assert not any(mask[tuple(at)] for at in clicks[1])
        alone = state in ("first", "framed", "absent") or (looped and state != "given")
        if alone:
            assert not said["previous"].any()
        counts = {"framed": (0, 0), "absent": (0, 3)}
        if state in counts or state == "first" or (looped and state in ("several", "repaired")):
            inside = int(state == "first" or (looped and state == "several"))
            assert len(clicks[0]) == inside
            assert len(clicks[1]) <= counts.get(state, (0, 0))[1]
        if state == "given":
            assert said["previous"].any() and len(clicks[0]) + len(clicks[1]) <= 3
    assert len(np.concatenate(clicks)) >= (
        state != "framed" and not (looped and state == "repaired")
    )


def test_every_state_is_as_common_as_it_says():
    mask = disc()
    rng = np.random.default_rng(5)
    drawn, kinds = 400, []
    for _ in range(drawn):
        asked = draw_state(rng, view(mask), Clicks(), looped=True)
        box = bool(asked.maps[MAPS["box"]].any())
        kinds.append((bool(asked.mask.any()), box, bool(asked.maps[MAPS["previous"]].any())))
    total = sum(Clicks().weights)
    for kind, names in (
        ((True, True, False), ("framed", "repaired")),
        ((True, False, False), ("first", "several")),
        ((True, False, True), ("given",)),
        ((False, False, False), ("absent",)),
    ):
        share = sum(getattr(Clicks(), name) for name in names) / total
        got = kinds.count(kind) / drawn
        assert abs(got - share) < 4 * np.sqrt(share * (1 - share) / drawn)


def test_first_clicks_are_deep_or_anywhere():
    mask = disc(radius=9)
    depth = {}
    for name, anywhere in (("deep", 0.0), ("anywhere", 1.0)):
        rng = np.random.default_rng(0)
        state = only("first", anywhere=anywhere)
        at = [
            np.argwhere(draw_state(rng, view(mask), state, False).maps[0] == 1)[0]
            for _ in range(80)
        ]
        depth[name] = np.linalg.norm(np.array(at) - (18, 22), axis=1).mean()
    assert depth["deep"] < 2.5
    assert depth["anywhere"] == pytest.approx(6, abs=1)


@pytest.mark.parametrize("shape", [(60, 80), (60, 50, 14)])
def test_windows_hold_the_object_and_keep_its_form(shape):
    middle = (20, 30, 6)[: len(shape)]
    mask = disc(shape, middle, 5)
    spacing = (1.0, 1.0, 3.0)[: len(shape)]
    where = np.argwhere(mask)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    rng = np.random.default_rng(0)
    for _ in range(30):
        ratio = float(np.exp(rng.uniform(0.1, 2)))
        ends = around(low, high, spacing, ratio, rng.uniform(-1, 1, len(shape)), shape)
        for (a, b), first, last, length in zip(ends, low, high, shape, strict=True):
            assert 0 <= a <= first + 1 and last - 1 <= b <= length
        sides = [b - a for a, b in ends]
        assert sides[0] == min(max(round(11 * ratio), 16), 60)
        assert sides[1] == min(max(round(11 * ratio), 16), shape[1])
        grid, steps = grid_shape(tuple(sides), spacing, 48)
        assert max(grid[:2]) == 48
        assert steps[0] == pytest.approx(steps[1], rel=0.05)
        if len(shape) == 3:
            assert steps[2] >= 0.95 * max(steps[0], 3.0)


def test_a_view_is_normalised_and_the_rest_of_the_grid_is_empty():
    mask = disc((20, 40), (10, 20), 6)
    image = (5 + 3 * mask).astype(np.float32)
    made = fitted(np.random.default_rng(0), image, mask, 1.0, (32, 32))
    rows = np.flatnonzero(made.image.any(axis=1))
    assert len(rows) == 16
    inner = made.image[rows[0] : rows[-1] + 1]
    assert inner.mean() == pytest.approx(0, abs=1e-5) and inner.std() == pytest.approx(1, abs=1e-4)
    assert made.mask.sum() == pytest.approx(mask.sum() * 0.64, rel=0.1)
    middle = fitted(None, image, mask, 1.0, (32, 32))
    assert np.flatnonzero(middle.image.any(axis=1))[[0, -1]].tolist() == [8, 23]


def test_a_volume_with_more_slices_than_the_grid_shows_some_of_the_object():
    mask = np.zeros((16, 16, 40), bool)
    mask[5:11, 5:11, 30:36] = True
    for seed in range(20):
        made = fitted(np.random.default_rng(seed), mask.astype(np.float32), mask, 1.0, (16, 16, 8))
        assert made.mask.shape == (16, 16, 8) and made.mask.any()
        assert made.spacing == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("shares", "least", "most"),
    [
        ({"wide": 0.0, "narrow": 0.0}, 1.15, 4.0),
        ({"wide": 1.0, "narrow": 0.0}, 4.0, 12.0),
        ({"wide": 0.0, "narrow": 1.0}, 0.25, 1.15),
    ],
)
def test_windows_are_as_wide_as_the_shares_say(shares, least, most):
    rng = np.random.default_rng(0)
    drawn = np.array([draw_ratio(rng, Clicks(**shares)) for _ in range(400)])
    assert least <= drawn.min() < 1.1 * least and 0.9 * most < drawn.max() <= most
    assert np.median(drawn) == pytest.approx(np.sqrt(least * most), rel=0.1)


def test_narrow_windows_lie_in_the_object_and_some_show_nothing_else():
    mask = disc((200, 200), (100, 100), 60)
    rng = np.random.default_rng(0)
    views = [cut(rng, mask.astype(np.float32), mask, 1.0, (64, 64), 0.3) for _ in range(60)]
    assert any(v.mask.all() for v in views)
    assert not all(v.mask.all() for v in views)
    assert np.mean([v.mask.mean() for v in views]) > 0.6


def test_a_batch_holds_windows_that_the_object_fills():
    recipe = with_settings(find("click-2d"), {"size": [32, 32], "batch": 32, "real": []})
    _, masks, _ = Data().mixture(with_settings(recipe, {"clicks.narrow": 0.7})).batch(0)
    filled = masks.reshape(len(masks), -1).all(axis=1)
    assert 0 < filled.mean() < 1
    _, masks, _ = Data().mixture(with_settings(recipe, {"clicks.narrow": 0.0})).batch(0)
    assert not masks.reshape(len(masks), -1).all(axis=1).any()


def test_batches_depend_on_the_seed_and_number_alone():
    one, other = Data().mixture(TINY), Data().mixture(TINY)
    one.batch(0)
    for ours, theirs in zip(one.batch(3), other.batch(3), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    inputs, masks, thickness = one.batch(3)
    assert inputs.shape == (4, 5, 24, 24) and inputs.dtype == np.float32
    assert masks.shape == (4, 24, 24) and masks.dtype == bool
    assert thickness.tolist() == [1, 1, 1, 1]


def test_volumes_make_batches_too():
    recipe = with_settings(
        find("click-3d"),
        {"size": [24, 24, 12], "batch": 3, "real": [], "synth.extent_3d": [32, 40]},
    )
    inputs, masks, thickness = Data().mixture(recipe).batch(0)
    assert inputs.shape == (3, 5, 24, 24, 12) and masks.shape == (3, 24, 24, 12)
    assert (thickness >= 0.9).all()


def discs(dataset, count=4, shape=(60, 64)):
    made = []
    for n in range(count):
        mask = disc(shape, (25, 30), 6 + n)
        noise = np.random.default_rng(n).normal(0, 0.1, shape)
        image = (mask + noise).astype(np.float32)[..., None]
        made.append(Packed(dataset, str(n), image, mask[..., None].astype(np.int16), 2, ("disc",)))
    return tuple(made)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    out = tmp_path_factory.mktemp("whole")
    return train(TINY, Data(), out, RUN), out


def test_a_training_that_is_interrupted_goes_on_to_the_same_bits(whole, tmp_path):
    assert {is_looped(TINY.seed, n, TINY.clicks) for n in range(12)} == {True, False}

    def stop(step, values):
        if step == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(TINY, Data(), tmp_path, replace(RUN, checkpoint_minutes=0.0), observe=stop)
    again = train(TINY, Data(), tmp_path, RUN, resume=True)
    held = whole[0]
    assert again.step == 12
    for one, other in ((again.net, held.net), (again.average, held.average)):
        assert all(torch.equal(one[name], other[name]) for name in other)


def test_checkpoints_from_before_there_was_a_field_go_on(whole, tmp_path):
    held = read_checkpoint(whole[1] / "last.pt")
    recipe = {name: value for name, value in held.recipe.items() if name not in ("entropy", "slab")}
    write_checkpoint(tmp_path / "last.pt", replace(held, recipe=recipe))
    assert train(TINY, Data(), tmp_path, RUN, resume=True).step == 12
    with pytest.raises(TrainingError, match=r"another entropy, 1\.0"):
        train(replace(TINY, entropy=0.5), Data(), tmp_path, RUN, resume=True)


def test_weights_say_how_clicks_were_taught(whole):
    _, info = load(whole[1] / "weights" / "click-2d.safetensors")
    assert info.architecture == "unet"
    assert Guidance.from_json(info.recipe["clicks"]["guidance"]) == TINY.clicks.guidance
    card = (whole[1] / "weights" / "click-2d.md").read_text(encoding="utf-8")
    assert "clicked on" in card and "box" not in card.split("##")[0].split("|")[0]


def test_validation_clicks_as_the_benchmark_does_and_is_noted(tmp_path):
    easy = replace(TINY, real=(("discs", 1.0),), steps=60, clicks=replace(TINY.clicks, wide=0.0))
    data = Data(real={"discs": discs("discs")}, validation=discs("held", 2))
    held = train(easy, data, tmp_path, replace(RUN, validate_every=60, log_every=10))
    lines = read_journal(tmp_path / "log.jsonl")
    losses = [line["loss"] for line in lines if "loss" in line]
    assert losses[-1] < 0.7 * losses[0]
    (dice,) = [line["dice"] for line in lines if "dice" in line]
    assert list(dice) == ["held", "1 click", "2 clicks", "5 clicks", "10 clicks", "mean"]
    assert dice["mean"] == pytest.approx(np.mean([dice[name] for name in list(dice)[1:5]]))
    assert held.scores == dice and dice["mean"] > 0.5


def test_dice_after_clicks_with_networks_whose_answer_is_known():
    mask = disc((24, 24), (11, 12), 7)
    views = [view(mask), view(disc((24, 24), (10, 9), 4))]

    def drawn_around_clicks(inputs):
        return (inputs[:, 1] > 0.05) & (inputs[:, 2] < 0.05)

    scores = clicked(drawn_around_clicks, views, Clicks())
    assert scores.shape == (2, 4)
    assert (np.diff(scores[0]) >= 0).all() and 0 < scores[0, 0] < scores[0, 2] < 0.8
    assert clicked(lambda x: np.zeros_like(x[:, 0]), views, Clicks()).max() == 0
    assert validate_clicks(drawn_around_clicks, (), (24, 24), Clicks()) == {}


def test_windows_to_validate_on_are_packed():
    """Of a volume whose first axis goes across slices, which are four times as thick."""
    mask = np.zeros((10, 50, 60), np.int16)
    mask[3:7, 20:30, 30:36] = 1
    image = mask.astype(np.float32)
    item = Packed("thick", "0", image, mask, 0, ("block",), (4.0, 1.0, 1.0))
    (window,) = packing._crops([item], 3, windows=True)
    assert window.image.shape == (9, 22, 22) and window.labels.sum() == mask.sum()
    assert window.spacing == (4.0, 1.0, 1.0)
    where = np.argwhere(window.labels)
    assert where.min(axis=0).tolist() == [3, 6, 8]
    slices = packing._crops([item], 2, windows=True)
    assert {one.image.shape for one in slices} == {(1, 22, 22)} and len(slices) == 3
    many = packing._crops([replace(item, case=str(n)) for n in range(20)], 3, windows=True)
    assert len(many) == packing.MOST_WINDOWS
    seen_at = seen(window, (44, 44, 12))
    assert seen_at.thickness == pytest.approx(8, rel=0.05)
    assert seen_at.mask.sum() == pytest.approx(mask.sum() * 4, rel=0.1)


def test_packed_spacing_is_kept_and_old_files_are_read(tmp_path):
    from delineate.train.packed import write_packed

    one = replace(discs("x", 1)[0], spacing=(1.0, 2.0, 3.0))
    write_packed(tmp_path / "a.npz", [one])
    assert read_packed(tmp_path / "a.npz")[0].spacing == (1.0, 2.0, 3.0)
    with np.load(tmp_path / "a.npz") as held:
        arrays = dict(held)
    index = json.loads(str(arrays["index"]))
    del index[0]["spacing"]
    np.savez(tmp_path / "old.npz", **{**arrays, "index": np.array(json.dumps(index))})
    assert read_packed(tmp_path / "old.npz")[0].spacing == (1.0, 1.0, 1.0)


def test_the_papers_loss_by_hand():
    logits = torch.zeros(1, 2, 2)
    logits[0, 1] = torch.log(torch.tensor([4.0, 4.0]))
    mask = torch.tensor([[True, False]])
    p = 0.8
    expected = 1 - (2 * p + 1) / (2 * p * p + 1 + 1)
    assert loss(logits, mask, 1.0, entropy=0.0, squared=True).item() == pytest.approx(expected)
    assert soft_dice(torch.tensor([[p, p]]), mask, squared=True).item() == pytest.approx(
        1 - expected
    )
    both = loss(logits, mask, 1.0, entropy=2.0, squared=True).item()
    entropy = -(np.log(p) + np.log(1 - p)) / 2
    assert both == pytest.approx(expected + 2 * entropy)


def test_the_papers_recipe_is_the_papers():
    paper = find("click-paper")
    assert paper.network.channels == 3 and paper.network.width == 64
    assert paper.clicks.looped == 1 and paper.clicks.share("first") == 1
    assert {paper.optimiser.rate_at(n, 1250) for n in (0, 600, 1249)} == {1e-4}
    assert paper.optimiser.weight_decay == 0 == paper.entropy and paper.squared


@pytest.mark.parametrize("name", ["click-2d", "click-3d", "click-paper"])
def test_recipes_come_back_from_json(name):
    changed = with_settings(find(name), {"clicks.most": 2, "clicks.guidance.sigma": 3.0})
    assert changed.clicks.most == 2 and changed.clicks.guidance.sigma == 3
    assert from_json(find(name), json.loads(json.dumps(changed.to_json()))) == changed


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"clicks.looped": 1.5}, "looped is 1.5"),
        ({"clicks.most": 0}, "most is 0"),
        ({"clicks.reach": [3.0, 2.0]}, "narrowest is 0.25, reach"),
        ({"clicks.wide": 0.6, "clicks.narrow": 0.5}, "together they are at most 1"),
        ({"clicks.first": -1.0}, "states have weights"),
        ({"clicks.guidance.box": "none"}, "boxes are taught"),
        ({"network.channels": 3}, "takes 3 channels; an image and the maps of its clicks are 5"),
        ({"size": [8, 8, 8]}, "cannot be trained on crops"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings, text):
    with pytest.raises(TrainingError, match=text):
        with_settings(find("click-2d"), settings)


def test_windows_without_a_visible_object_are_refused():
    blank = replace(discs("x", 1)[0], image=np.zeros((60, 64, 1), np.float32))
    mixture = Data(real={"x": (blank,)}).mixture(replace(TINY, real=(("x", 1.0),)))
    with pytest.raises(TrainingError, match="100 windows had no object"):
        mixture.batch(0)
    assert load_data(None, TINY, None) == Data()
    assert cut(None, blank.image[..., 0], blank.labels[..., 0] > 0, 1.0, (24, 24), 2.0).mask.any()
