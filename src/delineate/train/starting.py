"""Where a network begins: as it is built, or from weights that were learnt before."""

from pathlib import Path

from torch import nn

from ..errors import MethodError
from ..models import Info, load
from ..networks.pcnet import PCNet
from ..networks.pnet import PNet
from .errors import TrainingError


def started(net: nn.Module, weights: str | Path) -> Info:
    """Give a network the weights of one like it; a PC-Net may begin as a P-Net.

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
        if isinstance(net, PCNet) and isinstance(other, PNet):
            net.inflate(other)
        elif type(net) is type(other):
            net.load_state_dict(other.state_dict())
        else:
            raise TrainingError(
                f"{type(net).__name__} cannot start from {info.architecture}; name weights of its "
                "own kind, or of a P-Net for a PC-Net"
            )
    except (MethodError, RuntimeError) as error:
        text = " ".join(str(error).split())
        raise TrainingError(f"training cannot start from {str(weights)!r}: {text}") from error
    return info
