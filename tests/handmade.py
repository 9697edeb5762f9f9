"""Weights made by hand: networks small enough to know what they find, bright and smooth things.

The first block splits the image into what is above its mean and what is below, the second blurs
both, the classifier says that the object is where the blurred image is bright.
"""

from pathlib import Path

import torch

from delineate.models import Info, save
from delineate.models.architectures import architecture, build, to_json
from delineate.networks.pcnet import PCNetSizes
from delineate.networks.pnet import PNetSizes

SIZES = {
    "pnet": PNetSizes(width=4, layers=(1, 1), dilations=(1, 1)),
    "pcnet": PCNetSizes(width=4, compressed=2, layers=(1, 1), dilations=(1, 1)),
}
SIDE = 24


def write(folder: Path) -> Path:
    """Weights named "pnet" and "pcnet" and their manifest, in a folder."""
    for name, sizes in SIZES.items():
        dims = 2 if name == "pnet" else 3
        info = Info(name=name, architecture=architecture(sizes), sizes=to_json(sizes),
                    size=(SIDE,) * dims)  # fmt: skip
        save(folder, info, _state(sizes, dims))
    return folder


def _state(sizes, dims):
    net = build(sizes)
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
    return net.state_dict()
