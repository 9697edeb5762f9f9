"""Where a network begins: with weights of its own kind, or a PC-Net with those of a P-Net."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from delineate.models import Info, save
from delineate.models.architectures import architecture, build, to_json
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.pnet import PNetSizes
from delineate.networks.position import positions
from delineate.networks.unet import UNetSizes
from delineate.train.errors import TrainingError
from delineate.train.starting import started

FLAT = PNetSizes(width=4, layers=(1, 2), dilations=(1, 2))
DEEP = PCNetSizes(width=4, compressed=2, layers=(1, 2), dilations=(1, 2), deep=1)


def saved(folder, sizes):
    """A network of random weights that bfloat16 can hold, and their file."""
    torch.manual_seed(3)
    net = build(sizes)
    state = {name: value.bfloat16().float() for name, value in net.state_dict().items()}
    net.load_state_dict(state)
    info = Info(
        name="other", architecture=architecture(sizes), sizes=to_json(sizes), size=(8, 8),
        data={"wbc": 1.0}, seen=("wbc: nucleus",),
    )  # fmt: skip
    save(folder, info, state)
    return net, folder / "other.safetensors"


def test_weights_of_its_own_kind_are_taken_whole(tmp_path):
    other, file = saved(tmp_path, FLAT)
    net = build(FLAT)
    started(net, file)
    for name, value in other.state_dict().items():
        assert torch.equal(net.state_dict()[name], value)


def by_slice(flat, volume):
    """A network in 2D on each slice of `(1, 1, I, J, K)`."""
    slices = flat.eval()(volume.permute(0, 4, 1, 2, 3).flatten(0, 1))
    return slices.permute(1, 2, 3, 0)[None]


def test_a_pcnet_begins_as_the_pnet_in_every_slice(tmp_path):
    flat, file = saved(tmp_path, FLAT)
    deep = build(replace(DEEP, compressed=4, placed=True))
    started(deep, file)
    volume = torch.randn(1, 1, 9, 11, 5)
    placed = torch.cat([volume, torch.from_numpy(positions((9, 11, 5)))[None]], dim=1)
    with torch.no_grad():
        assert torch.allclose(deep.eval()(placed), by_slice(flat, volume), atol=1e-5)


@pytest.mark.parametrize("thin", [0, 1, 2])
def test_a_unet_begins_as_one_in_2d_in_slices_that_are_alike(tmp_path, thin):
    flat, file = saved(tmp_path, UNetSizes(channels=2, width=4, levels=2))
    deep = build(UNetSizes(channels=2, dims=3, width=4, levels=2, flat=thin))
    started(deep, file)
    volume = torch.randn(1, 2, 12, 8, 1).repeat(1, 1, 1, 1, 8)
    with torch.no_grad():
        assert torch.allclose(deep.eval()(volume), by_slice(flat, volume), atol=1e-5)


def test_a_unet_of_flat_levels_begins_as_one_in_2d_in_every_slice(tmp_path):
    flat, file = saved(tmp_path, UNetSizes(channels=2, width=4, levels=2))
    deep = build(UNetSizes(channels=2, dims=3, width=4, levels=2, flat=2))
    started(deep, file)
    volume = torch.randn(1, 2, 12, 8, 5)
    with torch.no_grad():
        assert torch.allclose(deep.eval()(volume), by_slice(flat, volume), atol=1e-5)


def test_a_unet_cannot_begin_as_a_wider_one(tmp_path):
    _, file = saved(tmp_path, UNetSizes(channels=2, width=8, levels=2))
    with pytest.raises(TrainingError, match="cannot begin as one of"):
        started(build(UNetSizes(channels=2, dims=3, width=4, levels=2)), file)


def test_fewer_compressed_channels_keep_what_weighs_most_in_the_classifier(tmp_path):
    flat, file = saved(tmp_path, FLAT)
    deep = build(DEEP)
    started(deep, file)
    hidden = deep.classifier[1].weight.flatten(1).detach().chunk(2, dim=1)
    for compression, part, wanted in zip(
        deep.compressions, hidden, flat.classifier[1].weight.flatten(1).chunk(2, dim=1), strict=True
    ):
        kept = part @ compression.weight.flatten(1).detach()
        lost = np.linalg.svd((wanted - kept).detach().numpy(), compute_uv=False)
        strengths = np.linalg.svd(wanted.detach().numpy(), compute_uv=False)
        assert lost[0] == pytest.approx(strengths[2], rel=1e-4)


def test_positions_begin_with_nothing(tmp_path):
    other, file = saved(tmp_path, DEEP)
    net = build(replace(DEEP, placed=True))
    started(net, file)
    volume = torch.randn(1, 1, 9, 11, 5)
    with torch.no_grad():
        placed = torch.cat([volume, torch.from_numpy(positions((9, 11, 5)))[None]], dim=1)
        assert torch.allclose(net.eval()(placed), other.eval()(volume), atol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "other", "text"),
    [
        (FLAT, PNetSizes(width=5, layers=(1, 2), dilations=(1, 2)), "size mismatch"),
        (DEEP, PNetSizes(width=5, layers=(1, 2), dilations=(1, 2)), "take a P-Net of the same"),
        (FLAT, DEEP, "PNet cannot start from pcnet"),
    ],
)
def test_weights_that_do_not_fit_are_refused(tmp_path, sizes, other, text):
    _, file = saved(tmp_path, other)
    with pytest.raises(TrainingError, match=text):
        started(build(sizes), file)
    with pytest.raises(TrainingError, match="there are no weights 'nowhere'"):
        started(build(sizes), "nowhere")
