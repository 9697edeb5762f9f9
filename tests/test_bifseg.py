"""BIFSeg with a network of two features made by hand: the image, and the image blurred."""

import copy
import dataclasses
import itertools

import numpy as np
import pytest
import torch
from torch import nn

from delineate.energy import geodesic, grid, maxflow
from delineate.errors import Cancelled, MethodError, PromptsMissing
from delineate.methods import bifseg, features, viewed
from delineate.methods.bifseg import STAGES, BIFSeg
from delineate.methods.crop import Crop
from delineate.methods.refining import (
    Problem,
    Rates,
    equal_weights,
    not_lost,
    refined,
    spanning_cut,
)
from delineate.methods.tuning import Classifier
from delineate.models import Info
from delineate.networks.pcnet import PCNet, PCNetSizes
from delineate.networks.pnet import PNet, PNetSizes
from delineate.prompts import Box, Click, Given, Scribble
from delineate.session import Session
from delineate.storage import pack_learned, unpack_learned
from delineate.volume import Volume
from delineate.voxels import Voxels

SMALL = {
    "shorter_2d": 24, "longest_2d": 48, "longest_3d": 24, "anew": False,
    "margin_voxels": 5, "spans_2d": 0, "spans_3d": 0, "beside_2d": 0, "beside_3d": 0,
    "planes_3d": "", "kept": 0,
}  # fmt: skip
"""A small grid, and what the paper has; what is ours has tests of its own."""


class Stub(nn.Module):
    """Bright and smooth is the object; counts how often it is asked."""

    def __init__(self, dims):
        super().__init__()
        layer = nn.Conv2d if dims == 2 else nn.Conv3d
        self.blur = (nn.AvgPool2d if dims == 2 else nn.AvgPool3d)(3, 1, 1, count_include_pad=False)
        self.classifier = nn.Sequential(nn.Dropout(0.5), layer(2, 4, 1), nn.ReLU(), layer(4, 2, 1))
        hidden, output = self.classifier[1], self.classifier[3]
        with torch.no_grad():
            hidden.weight[:] = torch.tensor(
                [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]]
            ).reshape(hidden.weight.shape)
            hidden.bias[:] = 0.05
            output.weight[:] = torch.tensor([[0.0, 0.1, -1.0, 1.0], [0.1, 0.0, 1.0, -1.0]]).reshape(
                output.weight.shape
            )
            output.bias[:] = torch.tensor([0.6, -0.6])
        self.asked = 0

    def features(self, image):
        self.asked += 1
        return torch.cat([image, self.blur(image)], dim=1)


@pytest.fixture(autouse=True)
def nets(monkeypatch):
    """What the names of weights stand for."""
    found = {"pnet": Stub(2).eval(), "pcnet": Stub(3).eval()}
    cards = {
        name: Info(name=name, architecture=name, sizes={}, size=size, sha256=f"hash of {name}")
        for name, size in (("pnet", (24, 24)), ("pcnet", (24, 24, 24)))
    }
    monkeypatch.setattr(viewed, "load", lambda name: (found[name], cards[name]))
    monkeypatch.setenv(features.VARIABLE, "float32")
    return found


def ball(dims=2, noise=12, spacing=(1.0, 1.0, 1.0)):
    shape = (24, 24, 1 if dims == 2 else 16)
    centre = np.reshape([11, 12, shape[2] // 2], (3, 1, 1, 1))
    away = (np.indices(shape) - centre) * np.reshape(spacing, (3, 1, 1, 1))
    truth = (away**2).sum(axis=0) <= 36
    drawn = np.random.default_rng(1).normal(0, noise, shape)
    return Volume.from_array((50 + 60 * truth + drawn).astype(np.float32), spacing), truth


def framed(dims=2):
    return Box((3, 4, 0), (20, 21, 1 if dims == 2 else 16))


def strokes(dims=2):
    k = 0 if dims == 2 else 8
    return (
        Scribble([(11, j, k) for j in range(8, 16)]),
        Scribble([(4, j, k) for j in range(6, 18)], inside=False),
    )


def answer(method, volume, prompts, state=None, observe=None):
    patch, state = method.segment(volume, tuple(prompts), state or method.start(volume), observe)
    return patch.full(volume.shape), state


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def plain(module, volume, signs, method, full):
    """The algorithm written down once more, with autograd and one loop, on an image not resized."""
    module = copy.deepcopy(module)
    image = volume.data[0]
    image = (image - image.mean()) / image.std()
    x = torch.from_numpy(image[None, None, ..., 0])
    weights = grid.contrast_weights(image[None], (1.0, 1.0, 1.0), method.sigma_2d, 8)
    weights = {step: method.lambda_2d * weight for step, weight in weights.items()}
    optimiser = torch.optim.SGD(module.classifier.parameters(), lr=method.rate)

    def probability():
        with torch.no_grad():
            return module.classifier(module.features(x)).softmax(dim=1)[0, 1].numpy()[..., None]

    def cut():
        p = probability()
        return maxflow.minimum_cut(-np.log(p), -np.log(1 - p), weights, signs)

    for _ in range(method.rounds):
        p, mask = probability(), cut()
        w = np.ones(p.shape, np.float32)
        if full:
            w[(p > method.t0_2d) & (p < method.t1_2d)] = 0
            for sign in (1, -1):
                far = geodesic.geodesic_distance(signs == sign, image[None], (0.0,) * 3, 1.0, 8)
                w[(far < method.epsilon_2d) & (mask != (sign == 1))] = 0
            w[signs != 0] = method.omega_2d
        labels = torch.from_numpy(mask[None, ..., 0]).long()
        w = torch.from_numpy(w[None, ..., 0])
        for _ in range(method.steps):
            optimiser.zero_grad()
            logits = module.classifier(module.features(x))
            each = nn.functional.cross_entropy(logits, labels, reduction="none")
            ((w * each).sum() / w.sum()).backward()
            optimiser.step()
    return Classifier.of(module.classifier), cut()


@pytest.mark.parametrize("stage", ["uniform", "full"])
@pytest.mark.parametrize("marked", [False, True])
def test_tuning_is_the_plain_algorithm(nets, stage, marked):
    volume, _ = ball(noise=2)
    method = BIFSeg(**SMALL | {"margin_voxels": 0}, stage=stage, rate=0.3)
    against = Scribble([(8, j, 0) for j in range(10, 14)], inside=False)
    prompts = (Box((0, 0, 0), (24, 24, 1)), *((*strokes(), against) if marked else ()))
    found, state = answer(method, volume, prompts)
    signs = np.zeros(volume.shape, np.int8)
    for stroke in prompts[1:]:
        signs[stroke.voxels.on(framed_whole(volume))] = 1 if stroke.inside else -1
    classifier, mask = plain(nets["pnet"], volume, signs, method, stage == "full")
    for name, part in classifier.to_arrays().items():
        np.testing.assert_allclose(state.learned[name], part, rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(found > 0.5, mask)
    assert (
        np.abs(
            state.learned["output"] - Classifier.of(nets["pnet"].classifier).output.numpy()
        ).max()
        > 0.05
    )


def framed_whole(volume):
    return Box((0, 0, 0), volume.shape).region


def test_the_initial_stage_is_the_network_alone(nets):
    volume, _ = ball()
    found, state = answer(
        BIFSeg(**SMALL | {"margin_voxels": 0}, stage="initial"),
        volume,
        [Box((0, 0, 0), (24, 24, 1))],
    )
    image = (volume.data[0] - volume.data[0].mean()) / volume.data[0].std()
    with torch.no_grad():
        x = torch.from_numpy(image[None, None, ..., 0])
        net = nets["pnet"]
        expected = net.classifier(net.features(x)).softmax(dim=1)[0, 1].numpy()
    np.testing.assert_allclose(found[..., 0], expected, atol=1e-5)
    assert not state.learned


@pytest.mark.parametrize("dims", [2, 3])
def test_the_papers_rows_are_stages_and_differ_as_they_should(dims):
    volume, truth = ball(dims, noise=40)
    rows = {}
    for stage in STAGES:
        method = BIFSeg(
            **SMALL, stage=stage, rate=0.3, sigma_2d=1, sigma_3d=1, lambda_2d=0.5, lambda_3d=0.5
        )
        rows[stage] = answer(method, volume, [framed(dims), *strokes(dims)])
    masks = {stage: found > 0.5 for stage, (found, _) in rows.items()}
    assert dice(masks["crf"], truth) > dice(masks["initial"], truth)
    assert dice(masks["full"], truth) >= dice(masks["crf"], truth) - 0.02
    assert not rows["initial"][1].learned
    assert not rows["crf"][1].learned
    uniform, full = (rows[stage][1].learned["hidden"] for stage in ("uniform", "full"))
    assert np.abs(uniform - full).max() > 1e-3


def test_marks_bind_the_cut_however_sure_the_network_is():
    """Equation 6, as it was meant."""
    certain = np.zeros((5, 1, 1), np.int8)
    certain[1], certain[3] = 1, -1
    probability = np.array([0, 0, 0, 1, 1], np.float32).reshape(5, 1, 1)
    none = {(1, 0, 0): np.zeros((4, 1, 1), np.float32)}
    cut = Problem(torch.zeros(5, 1), none, certain).cut(probability)
    assert cut.ravel().tolist() == [False, True, False, False, True]


def test_the_cut_adds_what_marks_say_of_the_voxels_beside_them():
    """With no boundary each voxel is where its log odds are: the network's and the marks'."""
    none = {(1, 0, 0): np.zeros((4, 1, 1), np.float32)}
    probability = np.array([0.3, 0.3, 0.6, 0.6, 0.6], np.float32).reshape(5, 1, 1)
    beside = np.array([0.8, 0.9, 0.0, -0.4, -0.5], np.float32).reshape(5, 1, 1)
    certain = np.zeros((5, 1, 1), np.int8)
    cut = Problem(torch.zeros(5, 1), none, certain, beside).cut(probability)
    assert cut.ravel().tolist() == [False, True, True, True, False]


@pytest.mark.parametrize("dims", [2, 3])
def test_a_mark_is_heard_beside_where_it_lies(dims):
    """Each voxel decides for itself: the stroke alone, or what looks like it and is near too."""
    volume, truth = ball(dims, noise=1)
    stroke = Scribble([(4, j, 0 if dims == 2 else 8) for j in range(6, 18)])
    marked = stroke.voxels.on(framed_whole(volume))
    found = {}
    for weight in (0, 20):
        own = {"beside_2d": weight, "beside_3d": weight, "lambda_2d": 0, "lambda_3d": 0}
        patch, _ = answer(BIFSeg(**SMALL | own, stage="crf"), volume, [framed(dims), stroke])
        found[weight] = (patch > 0.5) & ~truth & ~marked
    assert found[20].sum() > found[0].sum() + 10
    np.testing.assert_array_equal(found[20][18:], found[0][18:])


@pytest.mark.parametrize("dims", [2, 3])
def test_a_network_that_doubts_is_believed_more_until_its_answer_spans_the_box(nets, dims):
    volume, truth = ball(dims, noise=2)
    alone, _ = answer(BIFSeg(**SMALL, stage="initial"), volume, [framed(dims)])
    highest = float(np.log(alone.max()) - np.log1p(-alone.max()))
    with torch.no_grad():
        nets["pnet" if dims == 2 else "pcnet"].classifier[3].bias[1] -= highest + 1
    found = {
        spans: answer(
            BIFSeg(**SMALL | {"spans_2d": spans, "spans_3d": spans}, stage="crf"),
            volume,
            [framed(dims)],
        )[0]
        for spans in (0, 0.6)
    }
    assert dice(found[0] > 0.5, truth) < 0.5
    assert dice(found[0.6] > 0.5, truth) > 0.85


def test_marks_and_the_outside_of_the_box_bind_the_grid(monkeypatch):
    """On a grid five times coarser, where the voxel in the middle of a cell is not the mark."""
    found = []
    monkeypatch.setattr(bifseg, "Problem", lambda *parts: found.append(parts) or Problem(*parts))
    volume = Volume.from_array(np.random.default_rng(0).random((120, 120)))
    click = Click((60, 60, 0), inside=False)
    answer(
        BIFSeg(**SMALL | {"margin_voxels": 10}), volume, [Box((10, 10, 0), (110, 110, 1)), click]
    )
    expected = np.full((24, 24, 1), -1)
    expected[2:22, 2:22] = 0
    expected[12, 12] = -1
    np.testing.assert_array_equal(found[0][2], expected)


def test_answers_are_brought_back_to_the_image_only_when_someone_looks(monkeypatch):
    asked = []
    back = Crop.back
    monkeypatch.setattr(Crop, "back", lambda *parts: asked.append(1) or back(*parts))
    answer(BIFSeg(**SMALL), ball()[0], [framed()])
    assert len(asked) == 1


def test_every_round_lowers_the_energy_of_a_toy():
    """Two clusters of intensities and a start that is nearly blind: equation 1 falls."""
    rng = np.random.default_rng(0)
    truth = np.zeros((12, 12, 1), bool)
    truth[3:9, 3:9] = True
    image = (np.where(truth, 1.0, -1.0) + rng.normal(0, 0.2, truth.shape)).astype(np.float32)
    rows = torch.from_numpy(image.reshape(-1, 1))
    start = Classifier(
        torch.tensor([[1.0], [-1.0]]),
        torch.zeros(2),
        torch.tensor([[0.0, 0.2], [0.2, 0.0]]),
        torch.zeros(2),
    )
    weights = grid.contrast_weights(image[None], (1.0, 1.0, 1.0), 0.5, 8)
    problem = Problem(rows, weights, np.zeros(truth.shape, np.int8))

    def energy(rounds):
        rates = Rates(rounds, 20, 0.1)
        tuned = refined(problem, start, rates, equal_weights, lambda fraction, mask: None)
        p = problem.probability(tuned)
        mask = problem.cut(p)
        return maxflow.cut_energy(mask, -np.log(p), -np.log1p(-p), weights), mask

    found = [energy(rounds) for rounds in range(5)]
    values = [value for value, _ in found]
    assert all(after < before for before, after in itertools.pairwise(values))
    assert values[-1] < 0.6 * values[0]
    np.testing.assert_array_equal(found[-1][1], truth)


@pytest.mark.parametrize("dims", [2, 3])
def test_finds_a_ball_and_leaves_the_network_alone(nets, dims):
    volume, truth = ball(dims)
    net = nets["pnet" if dims == 2 else "pcnet"]
    before = copy.deepcopy(net.state_dict())
    found, _ = answer(BIFSeg(**SMALL), volume, [framed(dims)])
    assert dice(found > 0.5, truth) > 0.9
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())
    assert not net.training


def test_features_are_computed_once_for_a_box(nets):
    volume, _ = ball()
    session = Session(volume, BIFSeg(**SMALL | {"margin_voxels": 2}))
    session.add(framed())
    session.add(strokes()[0])
    session.add(strokes()[1])
    assert nets["pnet"].asked == 1
    session.add(Click((23, 12, 0)))
    assert nets["pnet"].asked == 2


def test_undo_brings_back_what_was_learnt_bit_for_bit():
    volume, _ = ball(noise=60)
    session = Session(volume, BIFSeg(**SMALL, rate=0.3))
    session.add(framed())
    first, kept = session.probability(), session.history.learned[1]
    session.add(strokes()[0])
    second, learned = session.probability(), session.history.learned[2]
    assert (second != first).any()
    session.undo()
    np.testing.assert_array_equal(session.probability(), first)
    session.add(strokes()[1])
    session.undo()
    session.add(strokes()[0])
    np.testing.assert_array_equal(session.probability(), second)
    again = session.history.learned[2]
    assert {n: np.array_equal(again[n], learned[n]) for n in learned} == dict.fromkeys(
        learned, True
    )
    assert session.history.learned[1] is kept


def test_what_was_learnt_survives_a_file_bit_for_bit():
    volume, _ = ball(noise=60)
    method = BIFSeg(**SMALL, rate=0.3)
    _, state = answer(method, volume, [framed()])
    learned = unpack_learned(pack_learned(state.learned))
    prompts = (framed(), *strokes())
    one, one_state = answer(method, volume, prompts, state)
    two, two_state = answer(
        method, volume, prompts, dataclasses.replace(state, image=None, learned=learned)
    )
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one_state.learned["hidden"], two_state.learned["hidden"])


def test_a_later_mark_goes_on_from_what_was_tuned_unless_asked_to_start_anew():
    volume, _ = ball(noise=60)
    hidden = {}
    for anew in (False, True):
        method = BIFSeg(**SMALL | {"anew": anew}, rate=0.3)
        _, state = answer(method, volume, [framed()])
        _, state = answer(method, volume, [framed(), *strokes()], state)
        _, fresh = answer(method, volume, [framed(), *strokes()])
        hidden[anew] = state.learned["hidden"], fresh.learned["hidden"]
    np.testing.assert_array_equal(*hidden[True])
    np.testing.assert_array_equal(hidden[True][1], hidden[False][1])
    assert np.abs(hidden[False][0] - hidden[False][1]).max() > 1e-3


def test_another_box_starts_from_the_network():
    volume, _ = ball()
    method = BIFSeg(**SMALL, rate=0.3)
    other = Box((2, 2, 0), (22, 22, 1))
    _, state = answer(method, volume, [framed()])
    _, state = answer(method, volume, [framed(), other], state)
    _, fresh = answer(method, volume, [framed(), other])
    np.testing.assert_array_equal(state.learned["hidden"], fresh.learned["hidden"])


def test_every_round_is_shown_and_may_be_the_last():
    volume, _ = ball()
    session = Session(volume, BIFSeg(**SMALL))
    seen = []
    session.add(framed(), observe=lambda fraction, patch=None: seen.append((fraction, patch)))
    fractions = [fraction for fraction, _ in seen]
    shown = [patch for _, patch in seen if patch is not None]
    assert fractions == sorted(fractions)
    assert len(shown) == 4 + 1
    assert len(seen) == 1 + 4 * 21 + 1
    assert all(patch.probability.shape == shown[0].probability.shape for patch in shown)
    before, learned = session.mask(), dict(session.history.learned)
    for last in range(5):
        left = [last]

        def stop(fraction, patch=None, left=left):
            left[0] -= patch is not None
            if left[0] < 0:
                raise Cancelled("stop")

        with pytest.raises(Cancelled):
            session.add(*strokes(), observe=stop)
        np.testing.assert_array_equal(session.mask(), before)
        assert session.history.learned == learned


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("stage", STAGES)
def test_a_box_of_one_voxel_holds_one_voxel_at_most(dims, stage):
    volume, _ = ball(dims)
    k = 0 if dims == 2 else 8
    for margin in (0, 5):
        method = BIFSeg(**SMALL | {"margin_voxels": margin}, stage=stage)
        found, _ = answer(method, volume, [Box((11, 12, k), (12, 13, k + 1))])
        assert set(map(tuple, np.argwhere(found > 0.5))) <= {(11, 12, k)}


@pytest.mark.parametrize("dims", [2, 3])
def test_a_box_without_contrast_ends_no_session(dims):
    volume, _ = ball(dims)
    flat = Volume(np.full_like(volume.data, 7), volume.geometry)
    session = Session(flat, BIFSeg(**SMALL))
    session.add(framed(dims))
    assert not session.mask()[:3].any()
    session.add(*strokes(dims))
    for stroke in strokes(dims):
        marked = stroke.voxels.on(framed_whole(flat))
        assert (session.mask()[marked] == stroke.inside).all()


def test_the_last_of_marks_that_contradict_each_other_counts():
    volume, _ = ball()
    stroke, _ = strokes()
    against = dataclasses.replace(stroke, inside=False)
    marked = stroke.voxels.on(framed_whole(volume))
    for said, inside in (((stroke, against), False), ((against, stroke), True)):
        found, _ = answer(BIFSeg(**SMALL), volume, [framed(), *said])
        assert ((found > 0.5)[marked] == inside).all()


def test_an_inside_mark_beyond_the_box_stretches_it_and_an_outside_mark_changes_nothing():
    volume, _ = ball()
    method = BIFSeg(**SMALL)
    beyond = [Click((23, 12, 0)), Click((23, 12, 0), inside=False)]
    stretched, _ = answer(method, volume, [framed(), beyond[0]])
    assert stretched[23, 12, 0] == 1
    plain, _ = answer(method, volume, [framed()])
    far = Box((8, 8, 0), (15, 15, 1))
    same, _ = answer(dataclasses.replace(method, margin_voxels=1), volume, [far, beyond[1]])
    alone, _ = answer(dataclasses.replace(method, margin_voxels=1), volume, [far])
    np.testing.assert_array_equal(same, alone)
    assert plain[20:].max() == 0


def test_without_a_box_both_sides_are_needed():
    volume, truth = ball()
    around = [
        Click((11, 12, 0)),
        *(Click(at, inside=False) for at in ((3, 4, 0), (20, 4, 0), (3, 20, 0), (20, 20, 0))),
    ]
    found, _ = answer(BIFSeg(**SMALL), volume, around)
    assert dice(found > 0.5, truth) > 0.9
    with pytest.raises(PromptsMissing, match="draw a box"):
        answer(BIFSeg(**SMALL), volume, around[:1])
    session = Session(volume, BIFSeg(**SMALL))
    assert "draw a box" in session.add(around[0]).notes[0]
    session.add(framed())
    assert dice(session.mask(), truth) > 0.9


def test_a_given_mask_is_kept_where_nothing_contradicts_it():
    volume, truth = ball()
    start = truth.copy()
    start[8:14, 10:14] = False
    found, _ = answer(BIFSeg(**SMALL), volume, [Given(Voxels.from_mask(start))])
    assert dice(found > 0.5, truth) > 0.6
    assert not found[0].any()


@pytest.mark.parametrize("dims", [2, 3])
def test_a_large_box_is_only_resized(dims):
    shape = (600, 400, 1) if dims == 2 else (160, 150, 140)
    truth = np.zeros(shape, np.float32)
    truth[tuple(slice(n // 4, n - n // 4) if n > 1 else slice(None) for n in shape)] = 1
    found, state = answer(BIFSeg(**SMALL), Volume.from_array(truth), [Box((0, 0, 0), shape)])
    assert max(state.image.crop.shape) <= 48
    assert dice(found > 0.5, truth > 0.5) > 0.8


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("dims", [2, 3])
def test_flipping_the_image_flips_the_mask(dims, axis):
    """Within a Dice of 0.99, as sums are taken in another order: no more is claimed."""
    volume, _ = ball(dims)
    found, _ = answer(BIFSeg(**SMALL), volume, [framed(dims), *strokes(dims)])
    last = volume.shape[axis] - 1

    def turned(prompt):
        if isinstance(prompt, Box):
            low, high = list(prompt.low), list(prompt.high)
            low[axis], high[axis] = last + 1 - prompt.high[axis], last + 1 - prompt.low[axis]
            return Box(low, high)
        at = prompt.voxels.indices()
        at[:, axis] = last - at[:, axis]
        return Scribble(at, prompt.inside)

    prompts = [turned(prompt) for prompt in (framed(dims), *strokes(dims))]
    mirrored, _ = answer(BIFSeg(**SMALL), volume.flip(axis), prompts)
    assert dice(np.flip(mirrored, axis) > 0.5, found > 0.5) > 0.99


@pytest.mark.parametrize("dims", [2, 3])
def test_half_precision_gives_the_same_mask(monkeypatch, nets, dims):
    """Within a Dice of 0.98, with the paper's networks and weights drawn at random."""
    torch.manual_seed(0)
    net = PNet(PNetSizes(width=8)) if dims == 2 else PCNet(PCNetSizes(width=8, compressed=4))
    nets["pnet" if dims == 2 else "pcnet"] = net.eval()
    volume, _ = ball(dims)
    masks = {}
    for precision in ("float32", "bfloat16"):
        monkeypatch.setenv(features.VARIABLE, precision)
        found, state = answer(BIFSeg(**SMALL), volume, [framed(dims), *strokes(dims)])
        assert state.image.features.dtype == getattr(torch, precision)
        masks[precision] = found > 0.5
    assert dice(*masks.values()) > 0.98


def test_precision_is_said_by_the_environment(monkeypatch):
    monkeypatch.delenv(features.VARIABLE)
    assert features.precision() in ("float32", "bfloat16")
    monkeypatch.setenv(features.VARIABLE, "half")
    with pytest.raises(MethodError, match="half"):
        features.precision()


def test_slices_of_a_volume_are_pictures_of_their_own(nets):
    volume, truth = ball(3)
    session = Session(volume, BIFSeg(**SMALL), dims=2)
    session.add(Box((3, 4, 7), (20, 21, 9)))
    assert dice(session.mask()[:, :, 7:9], truth[:, :, 7:9]) > 0.9
    assert not session.mask()[:, :, :7].any()
    assert nets["pcnet"].asked == 0
    kept = session.history.learned[1]
    assert "2/7/hidden" in kept
    assert "2/8/box" in kept
    assert unpack_learned(pack_learned(kept))["2/8/box"] == kept["2/8/box"]


def test_the_third_axis_of_a_volume_is_that_of_coarsest_spacing():
    volume, truth = ball(3, spacing=(2.0, 1.0, 1.0))
    found, state = answer(BIFSeg(**SMALL), volume, [Box((6, 4, 0), (17, 21, 16))])
    assert state.image.crop.order == (1, 2, 0)
    assert dice(found > 0.5, truth) > 0.75


def test_refuses_a_network_of_other_dimensions(nets):
    volume, _ = ball(3)
    with pytest.raises(MethodError, match="network in 2D; the image is 3D"):
        answer(BIFSeg(weights="pnet"), volume, [framed(3)])


@pytest.mark.parametrize(
    "wrong",
    [
        {"stage": "all"},
        {"rounds": 0},
        {"rate": 0.0},
        {"sigma_3d": 0},
        {"t1_2d": 0.1},
        {"omega_2d": 0.5},
    ],
)
def test_refuses_fields_out_of_range(wrong):
    with pytest.raises(MethodError, match=next(iter(wrong))):
        BIFSeg(**wrong)


def test_tuning_that_loses_the_object_is_left_out():
    """Tuned to nothing at all, the answer is that of the classifier before; else the tuned one."""
    seen = np.zeros((12, 12, 1), np.float32)
    seen[2:10, 2:10] = 1.0
    box = np.zeros(seen.shape, bool)
    box[1:11, 1:11] = True
    rows = torch.from_numpy(seen.reshape(-1, 1))
    problem = Problem(rows, {}, np.zeros(seen.shape, np.int8))

    def classifier(weight, bias):
        parts = ([[1.0]], [0.0], [[0.0], [weight]], [0.0, bias])
        return Classifier(*(torch.tensor(part) for part in parts))

    found, lost, smaller = classifier(8.0, -4.0), classifier(0.0, -4.0), classifier(9.0, -4.0)
    assert not_lost(problem, found, lost, box, 0.5) is found
    assert not_lost(problem, found, lost, box, 0.0) is lost
    assert not_lost(problem, found, smaller, box, 0.5) is smaller
    assert not_lost(problem, lost, found, box, 0.5) is found
    assert not_lost(problem, found, lost, np.zeros_like(box), 0.5) is lost


def test_a_session_is_not_left_without_an_answer(nets, monkeypatch):
    volume, _ = ball()
    gone = Classifier.of(nets["pnet"].classifier).biased(-50.0)
    monkeypatch.setattr(bifseg, "refined", lambda *parts: gone)
    for kept, expected in ((0.5, True), (0.0, False)):
        session = Session(volume, BIFSeg(**{**SMALL, "kept": kept}))
        session.add(Box((3, 4, 0), (20, 21, 1)))
        assert session.mask().any() == expected


@pytest.mark.parametrize(("spans", "halved"), [(0.0, 0), (0.6, 4)])
@pytest.mark.parametrize("marks", [(), strokes()])
def test_no_cut_is_made_twice(monkeypatch, marks, spans, halved):
    """One for each round, of which the first shows that it spans the box, and one to answer.

    Where it does not, four more halve what is sought, and the one that spans is the first round's.
    """
    asked, minimum_cut = [], maxflow.minimum_cut
    monkeypatch.setattr(
        maxflow, "minimum_cut", lambda *parts: asked.append(parts[0]) or minimum_cut(*parts)
    )
    method = BIFSeg(**SMALL | {"kept": 0.5, "spans_2d": spans}, rate=0.3)
    answer(method, ball(noise=60)[0], [framed(), *marks])
    assert len(asked) == method.rounds + 1 + halved
    for one, other in itertools.combinations(asked, 2):
        assert not np.array_equal(one, other)


def test_what_is_remembered_of_a_classifier_is_its_own_and_cannot_be_written_to():
    rows = torch.tensor([[-1.0], [1.0], [2.0]])
    problem = Problem(rows, {}, np.zeros((3, 1, 1), np.int8))
    one = Classifier(
        *(torch.tensor(part) for part in ([[1.0]], [0.0], [[0.0], [2.0]], [0.0, -3.0]))
    )
    for each, expected in ((one, [0, 0, 1]), (one.biased(2.0), [0, 1, 1]), (one, [0, 0, 1])):
        assert problem.labels(each).ravel().tolist() == expected
        np.testing.assert_array_equal(problem.labels(each), problem.probability(each) > 0.5)
    for found in (problem.labels(one), problem.probability(one)):
        with pytest.raises(ValueError, match="read-only"):
            found[0] = 1


def test_the_cut_spans_the_box_too():
    """A boundary that costs more than a doubtful object is worth leaves nothing of it."""
    seen = np.full((12, 12, 1), -2.0, np.float32)
    seen[2:10, 2:10] = 0.4
    box = np.zeros(seen.shape, bool)
    box[1:11, 1:11] = True
    rows = torch.from_numpy(seen.reshape(-1, 1))
    parts = ([[1.0], [-1.0]], [0.0, 0.0], [[0.0, 0.0], [1.0, -1.0]], [0.0, 0.0])
    flat = Classifier(*(torch.tensor(part) for part in parts))
    boundary = grid.contrast_weights(seen[None], (1.0, 1.0, 1.0), 10.0, 4)
    costs, unsaid = {step: 2 * w for step, w in boundary.items()}, np.zeros_like(box, np.int8)
    problem = Problem(rows, costs, unsaid)
    assert not problem.cut(problem.probability(flat)).any()

    def raised(problem, classifier, least):
        found = spanning_cut(problem, classifier, box, 0.6, least)
        return float(found.output_bias[1] - classifier.output_bias[1])

    more = raised(problem, flat, 0.0)
    assert 0.0 < more <= 4.0
    assert problem.cut(problem.probability(flat.biased(more)))[3:9, 3:9].all()
    assert not problem.cut(problem.probability(flat.biased(more - 0.25))).any()
    free = Problem(rows, {}, unsaid)
    assert raised(free, flat, 0.5) == 0.5
    assert raised(problem, flat.biased(-50.0), 0.5) == 4.5


def test_a_strict_boundary_does_not_take_the_object_away():
    volume, truth = ball(noise=30)
    strict = {**SMALL, "spans_2d": 0.6, "stage": "crf", "lambda_2d": 6.0, "sigma_2d": 10.0}
    found = {}
    for kept in (0.0, 0.5):
        session = Session(volume, BIFSeg(**{**strict, "kept": kept}))
        session.add(Box((3, 4, 0), (20, 21, 1)))
        found[kept] = session.mask()
    assert not found[0.0].any()
    assert dice(found[0.5], truth) > 0.5
