"""Where a network begins: as it is built, or from weights that were learnt before."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import MethodError
from ..models import Info, load
from ..networks.pcnet import PCNet
from ..networks.planes import Planes
from ..networks.pnet import PNet
from ..networks.unet import UNet
from .errors import TrainingError


def started(net: nn.Module, weights: str | Path) -> Info:
    """Give a network the weights of one like it; one in 3D may begin as a P-Net or U-Net in 2D.

    Channels of the input that the other does not read begin with nothing.

    Args:
        net: As it is built; it is changed.
        weights: A name or a file, see `models.load`.

    Raises:
        TrainingError: If there are no such weights, or they do not fit.

    Returns:
        What is known of those weights, whose data are learnt from too.
    """
    try:
        other, info = load(weights)
        if isinstance(net, Planes) and isinstance(other, PNet):
            net = net.flat
        if isinstance(net, UNet) and isinstance(other, UNet) and _deepens(net, other):
            net.inflate(other)
        elif type(net) is type(other):
            net.load_state_dict(_widened(other.state_dict(), net.state_dict()))
        elif isinstance(net, PCNet) and isinstance(other, PNet):
            net.inflate(other)
        else:
            raise TrainingError(
                f"{type(net).__name__} cannot start from {info.architecture}; name weights of its "
                "own kind, or for one in 3D those of its kind, or a P-Net, in 2D"
            )
    except (MethodError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise TrainingError(f"training cannot start from {str(weights)!r}: {text}") from error
    return info


def _deepens(net: UNet, other: UNet) -> bool:
    return net.sizes.dims > other.sizes.dims


def _widened(held: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The first of all weights with further input channels of 0, where there are more of them."""
    state = dict(held)
    first = next(iter(state))
    more = wanted[first].shape[1] - state[first].shape[1] if first in wanted else 0
    if more > 0:
        nothing = state[first].new_zeros(len(state[first]), more, *state[first].shape[2:])
        state[first] = torch.cat([state[first], nothing], dim=1)
    return state
