"""Weights made by hand: networks small enough to know what they find, bright and smooth things.

The first block splits the image into what is above its mean and what is below, the second blurs
both, the classifier says that the object is where the blurred image is bright.
"""

from pathlib import Path

import torch

from delineate.models import Info, save
from delineate.models.architectures import architecture, build, to_json
from delineate.networks.guidance import Guidance
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.planes import PlanesSizes
from delineate.networks.pnet import PNetSizes
from delineate.networks.unet import UNetSizes

SIZES = {
    "pnet": PNetSizes(width=4, layers=(1, 1), dilations=(1, 1)),
    "pcnet": PCNetSizes(width=4, compressed=2, layers=(1, 1), dilations=(1, 1)),
    "planes": PlanesSizes(width=4, layers=(1, 1), dilations=(1, 1)),
}
SIDE = 24


def write(folder: Path) -> Path:
    """Weights by the names of the shipped ones and their manifest, in a folder."""
    for dims in (2, 3):
        clicked = UNetSizes(channels=Guidance().channels, dims=dims, width=4, levels=1)
        info = Info(name=f"click-{dims}d", architecture=architecture(clicked),
                    sizes=to_json(clicked), size=(32, 32, 16)[:dims],
                    recipe={"clicks": {"guidance": Guidance().to_json()}})  # fmt: skip
        save(folder, info, _clicked(clicked))
    for name, sizes in SIZES.items():
        dims = 2 if name == "pnet" else 3
        info = Info(name=name, architecture=architecture(sizes), sizes=to_json(sizes),
                    size=(SIDE,) * dims)  # fmt: skip
        save(folder, info, _state(sizes))
    return folder


def _state(sizes):
    whole = build(sizes)
    net = getattr(whole, "flat", whole)
    dims = 3 if hasattr(net, "compressions") else 2
    middle = (1,) * dims
    with torch.no_grad():
        for part in net.parameters():
            part.zero_()
        split, blur = net.blocks[0][0], net.blocks[1][0]
        split.weight[(0, 0, *middle)], split.weight[(1, 0, *middle)] = 1.0, -1.0
        for channel in (0, 1):
            blur.weight[channel, channel] = 0.3 / 3**dims
            blur.weight[(channel, channel, *middle)] += 0.7
        hidden, output = net.classifier[1], net.classifier[4]
        if dims == 2:
            features = torch.eye(8)
        else:
            features = torch.zeros(4, 8)
            for n, compression in enumerate(net.compressions):
                compression.weight[0, 0], compression.weight[1, 1] = 1.0, 1.0
                features[2 * n, 4 * n] = features[2 * n + 1, 4 * n + 1] = 1.0
        rows = torch.zeros(4, 8)
        rows[0, 0], rows[1, 1] = 1.0, 1.0
        rows[2, 4], rows[2, 5], rows[3, 4], rows[3, 5] = 1.0, -1.0, -1.0, 1.0
        hidden.weight[:] = (rows @ features.T).reshape(hidden.weight.shape)
        hidden.bias[:] = 0.05
        output.weight[:] = torch.tensor([[0.0, 0.1, -1.0, 1.0], [0.1, 0.0, 1.0, -1.0]]).reshape(
            output.weight.shape
        )
        output.bias[:] = torch.tensor([1.1, -1.1])
    return whole.state_dict()


def _clicked(sizes):
    """A U-Net that hands on what is above the mean and below, and finds the first of them."""
    net = build(sizes)
    middle = (1,) * sizes.dims
    with torch.no_grad():
        for name, part in net.named_parameters():
            norm = name.endswith("weight") and part.ndim == 1
            part.fill_(1.0 if norm else 0.0)
        for block, rows in (
            (net.down[0], ((0, 1.0), (0, -1.0))),
            (net.up[0], ((0, 1.0), (1, 1.0))),
        ):
            for n, (channel, sign) in enumerate(rows):
                block[0].weight[(n, channel, *middle)] = sign
                block[3].weight[(n, n, *middle)] = 1.0
        hidden, output = net.classifier[1], net.classifier[4]
        for n, towards in enumerate((6.0, -6.0)):
            hidden.weight[n, n] = 1.0
            output.weight[1, n] = towards
        output.bias[1] = -2.0
    return net.state_dict()
