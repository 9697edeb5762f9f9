"""U-Net: sizes of all kinds, what an answer depends on, features apart from the classifier."""

import pytest
import torch
from torch import nn

from delineate.errors import MethodError
from delineate.networks.unet import UNet, UNetSizes

SMALL = UNetSizes(width=4, levels=2)
THICK = UNetSizes(dims=3, width=3, levels=2, flat=1)


def drawn(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def count(net: nn.Module) -> int:
    return sum(value.numel() for value in net.parameters())


@pytest.mark.parametrize(
    ("width", "everything", "classifier"), [(64, 31_041_858, 4_290), (16, 1_942_866, 306)]
)
def test_parameters_are_as_many_as_stated(width, everything, classifier):
    net = UNet(UNetSizes(width=width))
    assert (count(net), count(net.classifier)) == (everything, classifier)
    assert f"{everything:,}" in UNetSizes.__doc__ and f"{classifier:,}" in UNetSizes.__doc__


def test_parameters_by_hand():
    """Each block: two convolutions without bias, two norms of two numbers a channel."""
    a, b, c = 4, 8, 16
    down = 9 * (3 * a + a * a + a * b + b * b + b * c + c * c) + 4 * (a + b + c)
    enlarged = 4 * (c * b + b * a) + b + a
    up = 9 * (2 * b * b + b * b + 2 * a * a + a * a) + 4 * (b + a)
    last = a * a + a + a * 2 + 2
    assert count(UNet(SMALL)) == down + enlarged + up + last


@pytest.mark.parametrize("shape", [(16, 16), (17, 22), (1, 30), (3, 1), (1, 1)])
def test_pictures_of_any_size(shape):
    net = UNet(SMALL).eval()
    image = drawn(2, 3, *shape)
    assert net(image).shape == (2, 2, *shape)
    assert net.features(image).shape == (2, 4, *shape)


@pytest.mark.parametrize("sizes", [THICK, UNetSizes(dims=3, width=3, levels=2)])
@pytest.mark.parametrize("shape", [(8, 8, 4), (9, 11, 5), (1, 1, 7), (5, 6, 1)])
def test_volumes_of_any_size(sizes, shape):
    net = UNet(sizes).eval()
    assert net(drawn(1, 3, *shape)).shape == (1, 2, *shape)


def test_padding_is_zeros_around_the_image_and_cut_off_again():
    net = UNet(SMALL).eval()
    image = drawn(1, 3, 17, 22)
    around = torch.zeros(1, 3, 20, 24)
    around[:, :, 1:18, 1:23] = image
    torch.testing.assert_close(net(image), net(around)[:, :, 1:18, 1:23])


@pytest.mark.parametrize(("sizes", "shape"), [(SMALL, (24, 20)), (THICK, (12, 14, 5))])
def test_the_classifier_on_stored_features_is_the_net(sizes, shape):
    net = UNet(sizes).eval()
    image = drawn(1, 3, *shape)
    assert torch.equal(net.classifier(net.features(image)), net(image))


def depends_on(net, slice_):
    """Slices whose answer changes when one slice of the image does."""
    image = drawn(1, 3, 16, 16, 12)
    other = image.clone()
    other[..., slice_] += 1
    changed = (net(image) != net(other)).amax(dim=(0, 1, 2, 3))
    return changed.nonzero().flatten().tolist()


def test_flat_levels_look_at_each_slice_alone():
    """Only the two convolutions at the bottom, not halved across slices, look at others."""
    flat = UNet(UNetSizes(dims=3, width=3, levels=1, flat=1)).eval()
    assert depends_on(flat, 6) == [4, 5, 6, 7, 8]
    deep = UNet(UNetSizes(dims=3, width=3, levels=1)).eval()
    assert set(depends_on(deep, 6)) > {4, 5, 6, 7, 8}


def test_a_step_of_training_reaches_every_weight():
    net = UNet(SMALL)
    net(drawn(2, 3, 16, 16)).square().mean().backward()
    assert all(value.grad is not None and value.grad.abs().max() > 0 for value in net.parameters())


def test_signals_neither_vanish_nor_explode_at_the_start():
    torch.manual_seed(0)
    features = UNet(UNetSizes(width=8)).train().features(drawn(2, 3, 48, 48))
    assert 0.1 < features.square().mean().sqrt() < 10


def test_dropout_is_off_outside_of_training_and_not_in_the_features():
    net = UNet(UNetSizes(width=4, levels=1, dropout=0.5)).eval()
    image = drawn(1, 3, 8, 8)
    assert torch.equal(net(image), net(image))
    net.classifier.train()
    assert torch.equal(net.features(image), net.features(image))
    assert not torch.equal(net(image), net(image))


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"dims": 4}, "dims is 4"),
        ({"width": 0}, "width is 0"),
        ({"levels": 0}, "levels is 0"),
        ({"flat": 1}, "flat is 1: a U-Net in 2D has from 0 to 0"),
        ({"flat": 5, "dims": 3}, "flat is 5: a U-Net in 3D has from 0 to 4"),
    ],
)
def test_sizes_that_make_no_sense_are_refused(fields, text):
    with pytest.raises(MethodError, match=text):
        UNetSizes(**fields)
