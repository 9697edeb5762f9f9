"""Networks: what an answer depends on, by gradient; sizes; features apart from the classifier."""

import pytest
import torch
from torch import nn

from delineate.networks.pcnet import PCNet, PCNetSizes
from delineate.networks.pnet import PNet, PNetSizes


def every_path_open(net: nn.Module) -> nn.Module:
    """The net with positive weights, so that no ReLU closes and no two paths cancel."""
    for value in net.parameters():
        nn.init.constant_(value, 1 / value[0].numel() if value.ndim > 1 else 0.1)
    return net.eval()


def seen(net: nn.Module, shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """First and last voxel along each axis on which the middle voxel's answer depends."""
    image = torch.ones(1, 1, *shape, dtype=torch.float64, requires_grad=True)
    answer = every_path_open(net).double()(image)
    answer[(0, 0, *(n // 2 for n in shape))].backward()
    where = (image.grad[0, 0] != 0).nonzero()
    low, high = where.min(dim=0).values.tolist(), where.max(dim=0).values.tolist()
    return list(zip(low, high, strict=True))


def test_pnet_sees_181_pixels():
    net = PNet(PNetSizes(width=2))
    assert net.sizes.receptive_field == 181
    assert seen(net, (201, 191)) == [(10, 190), (5, 185)]


def test_pcnet_sees_85_pixels_in_the_slice_and_9_slices():
    net = PCNet(PCNetSizes(width=2, compressed=2))
    assert net.sizes.receptive_field == (85, 85, 9)
    assert seen(net, (91, 87, 13)) == [(3, 87), (1, 85), (2, 10)]


def count(net: nn.Module) -> int:
    return sum(value.numel() for value in net.parameters())


@pytest.mark.parametrize(
    ("net", "everything", "classifier"),
    [
        (PNet(), 464_450, 20_674),
        (PNet(PNetSizes(width=32)), 116_514, 5_218),
        (PCNet(), 676_626, 5_314),
        (PCNet(PCNetSizes(width=32)), 172_466, 2_658),
    ],
)
def test_parameters_are_as_many_as_stated(net, everything, classifier):
    assert (count(net), count(net.classifier)) == (everything, classifier)
    text = type(net.sizes).__doc__
    assert f"{everything:,}" in text and f"{classifier:,}" in text


def test_parameters_of_pnet_by_hand():
    three, first, rest = 3 * 3, 1 * 64, 12 * 64 * 64
    assert count(PNet().blocks) == three * (first + rest) + 13 * 64


NETS = [
    (PNet(PNetSizes(width=4)), (1, 1, 24, 20)),
    (PCNet(PCNetSizes(width=4, compressed=3)), (1, 1, 12, 14, 5)),
]


@pytest.mark.parametrize(("net", "shape"), NETS)
def test_the_classifier_on_stored_features_is_the_net(net, shape):
    net.eval()
    image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    features = net.features(image)
    assert features.shape[1] == (20 if image.ndim == 4 else 15)
    assert torch.equal(net.classifier(features), net(image))
    assert net(image).shape == (1, 2, *shape[2:])


@pytest.mark.parametrize(("net", "shape"), NETS)
def test_dropout_is_off_outside_of_training_and_not_in_the_features(net, shape):
    image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    net.train()
    assert torch.equal(net.features(image), net.features(image))
    assert not torch.equal(net(image), net(image))
    net.eval()
    assert torch.equal(net(image), net(image))


@pytest.mark.parametrize("net", [PNet(), PCNet()])
def test_signals_neither_vanish_nor_explode_at_the_start(net):
    shape = (1, 1, 48, 48) if isinstance(net, PNet) else (1, 1, 24, 24, 8)
    image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for block in net.blocks:
            image = block(image)
    assert 0.1 < image.square().mean().sqrt() < 10


@pytest.mark.parametrize("sizes", [PNetSizes, PCNetSizes])
def test_a_block_without_dilation_is_refused(sizes):
    with pytest.raises(ValueError, match="2 blocks have 3 dilations"):
        sizes(layers=(2, 2), dilations=(1, 2, 4))
