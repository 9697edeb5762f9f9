"""Networks that P-Net and PC-Net are compared with: what an answer depends on, sizes, any image;
trained by the same loop, and good for BIFSeg."""

import copy
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from delineate import Box, Session, Volume
from delineate.errors import MissingExtra
from delineate.methods.bifseg import BIFSeg
from delineate.methods.tuning import Classifier
from delineate.models import load
from delineate.models.architectures import architecture, build, from_json, to_json
from delineate.networks.basic_unet import BasicUNetSizes
from delineate.networks.deepmedic import DeepMedicSizes
from delineate.networks.fcn import FCNSizes
from delineate.networks.highres3dnet import HighRes3DNetSizes
from delineate.synth.recipe import Recipe
from delineate.train.data import Data
from delineate.train.loop import train
from delineate.train.machine import Run
from delineate.train.recipe import with_settings
from delineate.train.recipes import find

SMALL = {
    "fcn": FCNSizes(width=2, top=4),
    "unet-basic": BasicUNetSizes(width=2),
    "deepmedic": DeepMedicSizes(width=3),
    "highres3dnet": HighRes3DNetSizes(width=2),
}
MONAI = ("unet-basic", "highres3dnet")


def made(sizes) -> nn.Module:
    """A network; skips the test where it needs MONAI and that is absent."""
    if architecture(sizes) in MONAI:
        pytest.importorskip("monai")
    torch.manual_seed(0)
    return build(sizes).eval()


def random(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(1))


def every_path_open(net: nn.Module) -> nn.Module:
    """Positive weights, and means for maxima, which depend on the same voxels."""
    for value in net.parameters():
        nn.init.constant_(value, 1 / value[0].numel() if value.ndim > 1 else 0.1)
    for owner in list(net.modules()):
        for name, part in owner.named_children():
            if isinstance(part, nn.MaxPool2d):
                setattr(owner, name, nn.AvgPool2d(2))
    return net.double()


def across(net: nn.Module, shape: tuple[int, ...], at: tuple[int, ...]) -> int:
    """Voxels from the first to the last along the first axis on which the answer at a voxel
    depends."""
    image = torch.ones(1, 1, *shape, dtype=torch.float64, requires_grad=True)
    net(image)[(0, 0, *at)].backward()
    where = image.grad[0, 0].abs().flatten(1).sum(dim=1).nonzero()
    assert where.min() > 0 and where.max() < shape[0] - 1, "the image is too small to tell"
    return int(where.max() - where.min() + 1)


@pytest.mark.parametrize(("scored", "widest"), [(2, 468), (1, 132), (0, 52)])
def test_fcn_sees_468_pixels_and_fewer_by_what_is_less_coarse(scored, widest):
    net = every_path_open(made(FCNSizes(width=1, top=1)))
    for n, score in enumerate(net.scores):
        score.requires_grad_(False).weight.mul_(n == scored)
    shape = (1024, 32) if scored == 2 else (384, 32)
    phases = range(0, 32, 4) if scored == 2 else range(0, 16, 2)
    found = {across(net, shape, (shape[0] // 2 + n, 16)) for n in phases}
    assert max(found) == widest
    assert scored < 2 or net.sizes.receptive_field == widest


def test_unet_sees_204_pixels():
    net = every_path_open(made(BasicUNetSizes(width=1)))
    found = {across(net, (384, 16), (192 + n, 8)) for n in range(16)}
    assert max(found) == net.sizes.receptive_field == 204


def test_deepmedic_sees_51_voxels_and_17_by_its_first_path():
    net = every_path_open(made(SMALL["deepmedic"]))
    assert net.sizes.receptive_field == 51
    assert {across(net, (66, 9, 9), (at, 4, 4)) for at in (31, 32, 33)} == {51}
    assert across(net.near, (21, 5, 5), (10, 2, 2)) == 17


def test_highres3dnet_sees_87_voxels():
    net = every_path_open(made(HighRes3DNetSizes(width=1)))
    assert net.sizes.receptive_field == 87
    for turned in ((0, 1, 2), (1, 0, 2), (2, 1, 0)):
        image = torch.ones(1, 1, 95, 3, 3, dtype=torch.float64, requires_grad=True)
        order = (0, 1, *(axis + 2 for axis in turned))
        net(image.permute(order)).permute(order)[0, 0, 47, 1, 1].backward()
        where = image.grad[0, 0].abs().sum(dim=(1, 2)).nonzero()
        assert (where.min().item(), where.max().item()) == (4, 90)


def count(net: nn.Module) -> int:
    return sum(value.numel() for value in net.parameters())


@pytest.mark.parametrize(
    ("sizes", "everything", "classifier"),
    [
        (FCNSizes(), 134_575_170, 4_290),
        (FCNSizes(width=32, top=1024), 17_621_538, 1_122),
        (BasicUNetSizes(), 31_110_402, 4_290),
        (BasicUNetSizes(width=32), 7_780_994, 1_122),
        (DeepMedicSizes(), 657_542, 22_952),
        (DeepMedicSizes(width=15), 165_497, 5_852),
        (HighRes3DNetSizes(), 808_866, 5_362),
        (HighRes3DNetSizes(width=12), 455_354, 3_062),
    ],
)
def test_parameters_are_as_many_as_stated(sizes, everything, classifier):
    with torch.device("meta"):
        net = made(sizes)
    assert (count(net), count(net.classifier)) == (everything, classifier)
    assert f"{everything:,}" in type(sizes).__doc__ and f"{classifier:,}" in type(sizes).__doc__


def test_parameters_by_hand():
    with torch.device("meta"):
        fcn, deepmedic = made(FCNSizes()), made(DeepMedicSizes())
    # VGG-16 has 14,714,688 before its dense layers, with three colours.
    assert count(fcn.blocks) == 14_714_688 - 2 * 9 * 64
    assert deepmedic.sizes.widths == (30, 30, 40, 40, 40, 40, 50, 50)
    three = 30 + 30 * 30 + 30 * 40 + 3 * 40 * 40 + 40 * 50 + 50 * 50
    normalised = 3 * (2 * 30 + 4 * 40 + 2 * 50)
    assert count(deepmedic.near) == count(deepmedic.far) == 27 * three + normalised


@pytest.mark.parametrize("name", SMALL)
def test_the_classifier_on_stored_features_is_the_net_and_can_be_tuned(name):
    net = made(SMALL[name])
    image = random(1, 1, *(11, 9, 10)[: net.sizes.dims])
    features = net.features(image)
    assert torch.equal(net.classifier(features), net(image))
    rows = features[0].flatten(1).T.contiguous()
    object_ = Classifier.of(net.classifier).probability(rows)
    assert torch.allclose(object_, net(image).softmax(dim=1)[0, 1].flatten(), atol=1e-6)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("side", [1, 8, 17, 33])
def test_an_image_of_any_size_is_answered_at_that_size(name, side):
    net = made(SMALL[name])
    shape = (side, 8, 9)[: net.sizes.dims]
    assert net(random(2, 1, *shape)).shape == (2, 2, *shape)


@pytest.mark.parametrize(("name", "of"), [("fcn", 32), ("unet-basic", 16)])
def test_what_is_padded_is_cut_off_again(name, of):
    net = made(SMALL[name])
    image = random(1, 1, 40, 24)
    whole = torch.zeros(1, 1, -(-40 // of) * of, -(-24 // of) * of)
    whole[:, :, :40, :24] = image
    assert torch.equal(net(image), net(whole)[:, :, :40, :24])


@pytest.mark.parametrize("name", SMALL)
def test_dropout_is_off_outside_of_training_and_not_in_the_features(name):
    net = made(SMALL[name])
    image = random(2, 1, *(32, 32, 8)[: net.sizes.dims])
    shares = [part.p for part in net.classifier if isinstance(part, nn.Dropout)]
    assert shares == [net.sizes.dropout] * 2 == [0.3] * 2
    net.train()
    assert torch.equal(net.features(image), net.features(image))
    assert not torch.equal(net(image), net(image))
    net.eval()
    assert torch.equal(net(image), net(image))


def test_gradients_of_fcn_in_bf16_are_those_in_fp32_on_a_map_of_one_pixel():
    net = made(FCNSizes(width=16, top=256))
    found = []
    for half in (False, True):
        net.zero_grad()
        for _ in range(4):
            dirt = [torch.full((2**18,), float("nan")) for _ in range(8)]  # memory to be found in
            del dirt
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                net(random(2, 1, 32, 32)).float().square().mean().backward()
        found.append(net.top[1].weight.grad.clone())
    exact, near = (gradient[:, :, 3, 3] for gradient in found)
    assert (near - exact).norm() < 0.1 * exact.norm()
    for gradient in found:  # no other weight meets anything but zeros
        gradient[:, :, 3, 3] = 0
        assert torch.equal(gradient, torch.zeros_like(gradient))


def test_deepmedic_answers_as_blocks_do_whose_convolutions_do_not_pad():
    net = made(SMALL["deepmedic"])
    for layer in net.modules():
        if isinstance(layer, nn.BatchNorm3d):
            layer.running_mean.uniform_(-0.1, 0.1)
    image = random(1, 1, 57, 54, 60)
    features = net.features(image)
    blocks = copy.deepcopy(net)
    for layer in [*blocks.near.modules(), *blocks.far.modules()]:
        if isinstance(layer, nn.Conv3d):
            layer.padding = (0, 0, 0)
    for at in ((28, 25, 30), (26, 28, 31)):
        near = image[(..., *(slice(n - 8, n + 9) for n in at))]
        far = image[(..., *(slice(3 * (n // 3 - 8), 3 * (n // 3 + 9)) for n in at))]
        means = far.unfold(2, 3, 3).unfold(3, 3, 3).unfold(4, 3, 3).mean(dim=(5, 6, 7))
        joined = net.join(torch.cat([blocks.near(near), blocks.far(means)], dim=1))
        assert joined.shape[2:] == (1, 1, 1)
        assert torch.allclose(joined[0, :, 0, 0, 0], features[(0, slice(None), *at)], atol=1e-5)


def test_without_monai_the_line_to_type_is_said(monkeypatch):
    for name in ("monai", "monai.networks"):
        monkeypatch.setitem(sys.modules, name, None)
    for name in MONAI:
        with pytest.raises(MissingExtra, match=r'pip install "delineate\[study\]"'):
            build(SMALL[name])
    build(SMALL["fcn"])


@pytest.mark.parametrize("name", SMALL)
def test_sizes_come_back_from_json(name):
    sizes = SMALL[name]
    assert architecture(sizes) == name
    assert from_json(name, to_json(sizes)) == sizes


@pytest.mark.parametrize("name", SMALL)
def test_recipes_differ_from_those_they_are_compared_with_in_the_network_alone(name):
    recipe, other = find(name), find("pnet" if SMALL[name].dims == 2 else "pcnet")
    assert replace(recipe, name=other.name, network=other.network) == other
    assert recipe.network.dropout == other.network.dropout


@pytest.mark.parametrize("name", SMALL)
def test_trained_by_the_same_loop_and_given_to_bifseg(name, tmp_path):
    dims = made(SMALL[name]).sizes.dims
    settings = {"size": [32, 32, 12][:dims], "batch": 2, "steps": 2, "real": []}
    recipe = replace(
        with_settings(find(name), settings),
        network=SMALL[name],
        synth=Recipe(extent=(36, 40), extent_3d=(36, 40)).only("blobs"),
    )
    run = Run(accelerator="cpu", threads=1, workers=0, log_every=1, validate_every=0)
    held = train(recipe, Data(), tmp_path, run)
    assert held.step == 2 and held.recipe["name"] == name
    path = tmp_path / "weights" / f"{name}.safetensors"
    net, info = load(path)
    assert info.architecture == name and type(net) is type(build(SMALL[name]))

    values = np.zeros((24, 20, 10 if dims == 3 else 1), np.float32)
    values[6:18, 5:15, 3 : 7 if dims == 3 else 1] = 1
    values[6:18, 5:15, 0 if dims == 2 else 5] = 1
    values += np.random.default_rng(0).normal(0, 0.1, values.shape).astype(np.float32)
    for stage in ("initial", "full"):
        method = BIFSeg(weights=str(path), stage=stage, rounds=1, steps=2)
        session = Session(Volume.from_array(values), method)
        session.add(Box((4, 3, 0), (20, 17, values.shape[2])), object=1)
        assert session.mask(1).shape == values.shape
