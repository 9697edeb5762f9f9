"""The classifier's gradient against autograd, its descent against torch's own optimiser."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from delineate.errors import MethodError
from delineate.methods import tuning
from delineate.methods.tuning import Classifier, cross_entropy
from delineate.networks.pcnet import PCNet, PCNetSizes
from delineate.networks.pnet import PNet, PNetSizes

NAMES = ("hidden", "hidden_bias", "output", "output_bias")


def problem(seed=0, rows=50, channels=6, width=4):
    """A module of two 1x1 layers, features, labels and weights, some of them 0."""
    drawn = torch.Generator().manual_seed(seed)
    module = nn.Sequential(
        nn.Dropout(0.5), nn.Conv2d(channels, width, 1), nn.ReLU(), nn.Conv2d(width, 2, 1)
    ).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=drawn))
    features = torch.randn(rows, channels, generator=drawn)
    labels = (torch.rand(rows, generator=drawn) > 0.4).float()
    weights = torch.tensor([0.0, 1.0, 5.0])[torch.randint(0, 3, (rows,), generator=drawn)]
    return module, features, labels, weights


def loss(module, features, labels, weights):
    logits = module(features.T[None, :, :, None])[0, :, :, 0].T
    each = nn.functional.cross_entropy(logits, labels.long(), reduction="none")
    return (weights * each).sum() / weights.sum()


@pytest.mark.parametrize("rows", [7, 8192])
@pytest.mark.parametrize("seed", range(3))
def test_the_gradient_is_that_of_autograd(monkeypatch, seed, rows):
    monkeypatch.setattr(tuning, "_ROWS", rows)
    module, *data = problem(seed)
    value = loss(module, *data)
    value.backward()
    own = Classifier.of(module)
    reached, found = own.slope(*data)
    for part, parameter in zip(found, module.parameters(), strict=True):
        expected = parameter.grad.reshape(part.shape)
        torch.testing.assert_close(part, expected, rtol=1e-4, atol=1e-6)
    assert reached == pytest.approx(float(value.detach()), rel=1e-4)
    assert cross_entropy(own, *data) == pytest.approx(float(value.detach()), rel=1e-4)


def test_steps_are_those_of_torchs_optimiser_and_voxels_of_weight_zero_change_nothing():
    module, *data = problem()
    start = Classifier.of(module)
    before = [p.clone() for p in module.parameters()]
    seen = []
    tuned = start.tuned(*data, steps=20, rate=1e-2, tick=seen.append)
    assert all(map(torch.equal, module.parameters(), before))
    assert all(torch.equal(getattr(start, n), getattr(Classifier.of(module), n)) for n in NAMES)
    optimiser = torch.optim.SGD(module.parameters(), lr=1e-2)
    for _ in range(20):
        optimiser.zero_grad()
        loss(module, *data).backward()
        optimiser.step()
    expected = Classifier.of(module)
    for name in NAMES:
        torch.testing.assert_close(
            getattr(tuned, name), getattr(expected, name), rtol=1e-4, atol=1e-6
        )
    assert seen == list(range(20))


def test_a_step_that_is_too_long_is_halved_until_the_loss_falls():
    module, *data = problem()
    start = Classifier.of(module)
    before = cross_entropy(start, *data)
    wild = [p - 1e3 * d for p, d in zip(parts(start), start.slope(*data)[1], strict=True)]
    assert cross_entropy(Classifier(*wild), *data) > before
    losses = [
        cross_entropy(start.tuned(*data, steps=steps, rate=1e3), *data) for steps in range(30)
    ]
    assert losses[0] == losses[1] == before
    assert all(later <= one for one, later in pairwise(losses))
    assert losses[-1] < 0.9 * before


@pytest.mark.parametrize("kind", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("rate", [1e-2, 1e3])
def test_the_last_step_is_made_as_any_other(kind, rate):
    """A plain loop that takes the whole slope at every step gives the same bits."""
    module, features, labels, weights = problem(rows=600)
    data = features.to(kind)[weights > 0], labels[weights > 0], weights[weights > 0]
    for steps in range(1, 8):
        now, own = Classifier.of(module), rate
        loss, down = now.slope(*data)
        assert now.loss(*data) == loss
        for _ in range(steps):
            after = Classifier(*(p - own * d for p, d in zip(parts(now), down, strict=True)))
            reached, further = after.slope(*data)
            now, loss, down, own = (
                (after, reached, further, own) if reached <= loss else (now, loss, down, own / 2)
            )
        tuned = Classifier.of(module).tuned(features.to(kind), labels, weights, steps, rate)
        assert all(map(torch.equal, parts(tuned), parts(now)))


@pytest.mark.skipif(not tuning._FUSES, reason="this processor's library has no such product")
@pytest.mark.parametrize("rows", [97, 16384])
def test_a_product_that_ends_with_the_relu_gives_the_same_bits(monkeypatch, rows):
    drawn = torch.Generator().manual_seed(1)
    features, hidden = torch.randn(rows, 80, generator=drawn), torch.randn(32, 80, generator=drawn)
    bias, output = torch.randn(32, generator=drawn), torch.randn(2, 32, generator=drawn)
    own, half = Classifier(hidden, bias, output, torch.zeros(2)), features.bfloat16()
    labels, weights = (features[:, 0] > 0).float(), features[:, 1].abs()
    for kept, fused in ((features, False), (half, True)):
        assert tuning._Layers.of(own, kept).fused == fused
    found = own.probability(half), *own.slope(half, labels, weights)[1]
    monkeypatch.setattr(tuning, "_FUSES", False)
    expected = own.probability(half), *own.slope(half, labels, weights)[1]
    assert all(map(torch.equal, found, expected))


def parts(classifier):
    return [getattr(classifier, name) for name in NAMES]


def test_voxels_of_weight_zero_are_not_even_looked_at():
    module, features, labels, weights = problem()
    features[weights == 0] = torch.nan
    tuned = Classifier.of(module).tuned(features, labels, weights, 5, 1e-2)
    assert torch.isfinite(tuned.hidden).all()


def test_without_weights_nothing_is_learnt():
    module, features, labels, weights = problem()
    start = Classifier.of(module)
    assert start.tuned(features, labels, 0 * weights, 20, 1e-2) is start


def test_the_probability_is_the_networks():
    module, features, _, _ = problem()
    expected = module(features.T[None, :, :, None]).softmax(dim=1)[0, 1, :, 0]
    torch.testing.assert_close(Classifier.of(module).probability(features), expected)


@pytest.mark.parametrize(
    "net", [PNet(PNetSizes(width=4)), PCNet(PCNetSizes(width=4, compressed=2))]
)
def test_takes_the_classifiers_of_the_papers_networks(net):
    net = net.eval()
    image = torch.randn(1, 1, 12, 10, *([4] if isinstance(net, PCNet) else []))
    with torch.no_grad():
        features = net.features(image)[0].flatten(1).T
        expected = net(image).softmax(dim=1)[0, 1].flatten()
    torch.testing.assert_close(Classifier.of(net.classifier).probability(features), expected)


def test_half_precision_descends_alike():
    module, features, labels, weights = problem(rows=2000)
    start = Classifier.of(module)
    exact = start.tuned(features, labels, weights, 20, 1e-2)
    half = start.tuned(features.bfloat16(), labels, weights, 20, 1e-2)
    moved = torch.linalg.norm(exact.hidden - start.hidden)
    assert torch.linalg.norm(half.hidden - exact.hidden) < 0.05 * moved
    assert half.hidden.dtype == torch.float32


def test_arrays_there_and_back_are_the_same_bits_and_no_view():
    module, *_ = problem()
    start = Classifier.of(module)
    arrays = start.to_arrays()
    assert all(isinstance(array, np.ndarray) for array in arrays.values())
    again = Classifier.from_arrays(arrays, torch.device("cpu"))
    assert all(torch.equal(getattr(again, n), getattr(start, n)) for n in NAMES)
    arrays["hidden"][:] = 0
    assert again.hidden.any()
    assert start.hidden.any()


@pytest.mark.parametrize(
    "module",
    [
        nn.Conv2d(6, 2, 1),
        nn.Sequential(nn.Conv2d(6, 4, 1), nn.ReLU(), nn.Conv2d(4, 3, 1)),
        nn.Sequential(nn.Conv2d(6, 4, 3), nn.ReLU(), nn.Conv2d(4, 2, 1)),
    ],
)
def test_refuses_another_kind_of_classifier(module):
    with pytest.raises(MethodError, match="two layers"):
        Classifier.of(module)
