"""A P-Net in slices of three directions, and what it adds to PC-Net in BIFSeg."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from delineate import models
from delineate.bench.weights import weights_of
from delineate.errors import MethodError
from delineate.methods.bifseg import BIFSeg
from delineate.methods.click_fcn import ClickFCN
from delineate.methods.features import odds, precision
from delineate.methods.tuning import Classifier
from delineate.methods.viewed import Networks
from delineate.models import Info, save
from delineate.models.architectures import architecture, build, to_json
from delineate.networks.planes import PlanesSizes, shares_of
from delineate.networks.pnet import PNet
from delineate.networks.position import as_read, positions
from delineate.synth.recipe import Recipe
from delineate.train.errors import TrainingError
from delineate.train.mixture import Mixture
from delineate.train.recipes import find
from delineate.train.starting import started

SMALL = PlanesSizes(width=4, layers=(1, 2), dilations=(1, 2), dropout=0.0)
BLOBS = Recipe().only("blobs", "gaussian")


@pytest.fixture
def net():
    torch.manual_seed(1)
    return build(SMALL).eval()


def slice_by_slice(net, image, axis):
    """Logits `(2, I, J, K)` of `(I, J, K)`, one slice after the other."""
    out = np.zeros((2, *image.shape), np.float32)
    places = np.moveaxis(positions(image.shape), 1 + axis, 1)
    others = [n for n in range(3) if n != axis]
    for at in range(image.shape[axis]):
        maps = [places[n][at] for n in (*others, axis)]
        x = np.stack([np.take(image, at, axis), *maps])
        with torch.no_grad():
            answer = net.flat(torch.from_numpy(x)[None])[0].numpy()
        index = [slice(None)] * 4
        index[1 + axis] = at
        out[tuple(index)] = answer
    return out


def test_the_answer_is_the_mean_of_slices_across_each_axis(net):
    image = np.random.default_rng(0).normal(size=(9, 12, 7)).astype(np.float32)
    alone = [slice_by_slice(net, image, axis) for axis in range(3)]
    x = torch.from_numpy(as_read(SMALL, image[None]))[None]
    with torch.no_grad():
        np.testing.assert_allclose(net(x)[0], np.mean(alone, axis=0), atol=1e-5)
        weighted = (0.5 * alone[0] + alone[2]) / 1.5
        np.testing.assert_allclose(net(x, (0.5, 0, 1))[0], weighted, atol=1e-5)
        np.testing.assert_allclose(net.train()(x)[0], alone[2], atol=1e-5)


def test_directions_count_as_their_voxels_are_square():
    assert shares_of((1, 1, 1)) == (1, 1, 1)
    assert shares_of((2.0, 1.0, 4.0)) == (0.25, 0.5, 0.5)


def test_it_begins_as_a_pnet_that_does_not_read_positions(tmp_path, net):
    flat = PNet(replace(SMALL.flat, channels=1))
    state = {name: value.bfloat16().float() for name, value in flat.state_dict().items()}
    flat.load_state_dict(state)
    info = Info(name="flat", architecture=architecture(flat.sizes), sizes=to_json(flat.sizes),
                size=(8, 8))  # fmt: skip
    save(tmp_path, info, state)
    started(net, tmp_path / "flat.safetensors")
    image = torch.randn(1, 1, 6, 7, 5)
    placed = torch.cat([image, torch.rand(1, 3, 6, 7, 5)], dim=1)
    with torch.no_grad():
        found = net.train()(placed)[0, :, :, :, 2]
        assert torch.allclose(found, flat.eval()(image[..., 2])[0], atol=1e-5)


def test_scattered_slices_are_anywhere_along_any_axis():
    whole = Mixture(3, (16, 16, 16), 4, BLOBS)
    some = Mixture(3, (16, 16, 16), 4, BLOBS, slab=3, scattered=True, sizes=SMALL)
    axes, places = set(), set()
    for n in range(30):
        (image, mask), (all_of_it, object_) = some.sample(n), whole.sample(n)
        assert image.shape == (4, 16, 16, 3) and mask.shape == (16, 16, 3)
        for k in range(3):
            here = [
                (axis, at)
                for axis in range(3)
                for at in range(16)
                if np.array_equal(np.take(all_of_it[0], at, axis), image[0, ..., k])
                and np.array_equal(np.take(object_, at, axis), mask[..., k])
            ]
            assert len(here) == 1
            (axis, at) = here[0]
            assert np.allclose(image[3, ..., k], abs(at - 7.5) / 8)
            axes.add(axis)
            places.add(at)
    assert axes == {0, 1, 2} and len(places) > 12


@pytest.mark.parametrize("change", [{"slab": 0}, {"size": (64, 64, 48)}])
def test_scattered_slices_are_of_cubes(change):
    with pytest.raises(TrainingError, match="of a slab of a cube"):
        replace(find("planes"), **change)


def test_a_classifier_with_more_odds_answers_with_the_mean_of_both():
    rng = torch.Generator().manual_seed(0)
    shapes = ((5, 6), (5,), (2, 5), (2,))
    parts = [0.5 * torch.randn(*shape, generator=rng) for shape in shapes]
    own = Classifier(*parts)
    rows, more = torch.randn(40, 6, generator=rng), torch.randn(40, 1, generator=rng)
    alone = torch.logit(own.probability(rows).double())
    both = own.with_odds().probability(torch.cat([rows, more], dim=1)).double()
    assert torch.allclose(torch.logit(both), (alone + more[:, 0]) / 2, atol=1e-4)


def test_bifseg_hears_it_in_volumes(handmade_weights):
    names = BIFSeg().networks(3)
    assert names == ("pcnet", "planes") and BIFSeg().networks(2) == ("pnet",)
    assert BIFSeg(planes_3d="").networks(3) == ("pcnet",)
    assert BIFSeg(weights="pcnet").networks(3) == ("pcnet",)
    assert ClickFCN().networks(2) == ("click-2d",)
    both, one = Networks.load(names, 3), Networks.load(names[:1], 3)
    image = np.random.default_rng(2).normal(size=(10, 9, 8)).astype(np.float32)
    rows, classifier = both.see(image, (1.0, 1.0, 2.0))
    plain, alone = one.see(image, (1.0, 1.0, 2.0))
    assert torch.equal(rows[:, :-1], plain)
    with torch.no_grad():
        expected = odds(both.beside, image, (1.0, 1.0, 2.0))
    mean = (torch.logit(alone.probability(plain).double()) + expected.double()) / 2
    found = torch.logit(classifier.probability(rows).double())
    kind = 1e-4 if rows.dtype == torch.float32 else 0.1
    assert torch.allclose(found, mean, atol=kind, rtol=kind)
    assert both.ran_with["weights"] == "pcnet + planes"
    assert len(both.ran_with["sha256"].split(" + ")) == 2


def test_weights_in_the_wrong_place_are_one_sentence(handmade_weights):
    with pytest.raises(MethodError, match="'pnet' are of a network in 2D; the image is 3D"):
        Networks.load(("pcnet", "pnet"), 3)
    with pytest.raises(MethodError, match="'click-3d' are not of a network in slices"):
        Networks.load(("pcnet", "click-3d"), 3)


def test_slices_that_were_interpolated_count_less(net):
    image = np.random.default_rng(3).normal(size=(8, 9, 7)).astype(np.float32)
    alone = [slice_by_slice(net, image, axis) for axis in range(3)]
    mean = (alone[0] + alone[1] + 4 * alone[2]) / 6
    with torch.no_grad():
        found = odds(net, image, (1.0, 1.0, 4.0)).numpy()
    loose = 1e-4 if precision() == "float32" else 0.05
    np.testing.assert_allclose(found, (mean[1] - mean[0]).ravel(), atol=loose)


def test_the_benchmark_knows_what_both_have_learnt_from(monkeypatch):
    found = weights_of(BIFSeg(), 3)
    assert found.name == "pcnet + planes" and "sts_ct" in found.learnt
    assert len(str(found)) == len("pcnet + planes") + 1 + 12 + 3 + 12
    learnt = {"pcnet": {"wbc": 1.0}, "planes": {"acdc": 1.0}}

    def load(name):
        return None, Info(name=name, architecture="", sizes={}, size=(8, 8, 8), data=learnt[name])

    monkeypatch.setattr(models, "load", load)
    assert weights_of(BIFSeg(), 3).learnt == {"wbc", "acdc"}
