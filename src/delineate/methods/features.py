"""What a network sees of a crop, computed once and kept: the rows that its classifier reads."""

import os
from collections.abc import Sequence
from typing import Any, Literal, Protocol, TypeAlias, cast

import torch
from torch import Tensor, nn

from ..errors import MethodError
from ..models import Info
from ..networks.planes import Planes, shares_of
from ..networks.position import as_read
from ..types import Float32

Precision: TypeAlias = Literal["float32", "bfloat16"]

VARIABLE = "DELINEATE_PRECISION"


class Tunable(Protocol):
    """A network whose classifier is apart from its features."""

    classifier: nn.Module

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, F, I, J)` or `(N, F, I, J, K)`."""


def precision() -> Precision:
    """In what precision networks run here: what the environment says, else the quicker one.

    `DELINEATE_PRECISION` is `float32`, `bfloat16` or `auto` (as when it is not set): bfloat16
    where the processor can multiply it.

    Raises:
        MethodError: If the variable is something else.
    """
    said = os.environ.get(VARIABLE, "auto")
    if said == "auto":
        return "bfloat16" if torch.cpu._is_avx512_bf16_supported() else "float32"
    if said not in ("float32", "bfloat16"):
        raise MethodError(f"{VARIABLE} is {said!r}: it must be float32, bfloat16 or auto")
    return cast(Precision, said)


def ran_with(infos: Sequence[Info], precision: str, device: torch.device) -> dict[str, Any]:
    """What else than image, prompts and fields an answer depends on; see `State.ran_with`."""
    return {
        "weights": " + ".join(info.name for info in infos),
        "sha256": " + ".join(info.sha256 for info in infos),
        "precision": precision,
        "device": str(device),
        "threads": torch.get_num_threads(),
    }


def feature_rows(network: Tunable, image: Float32) -> Tensor:
    """The features of each voxel of an image.

    Args:
        network: Not changed; it runs where its parameters are.
        image: `(I, J, K)`, of mean 0 and deviation 1; K = 1 for a network in 2D.

    Returns:
        `(I * J * K, F)` in the order of the image's voxels, float32 or bfloat16.
    """
    flat = next(network.classifier.parameters()).ndim == 4
    x = _input(network, (image[..., 0] if flat else image)[None])
    half = precision() == "bfloat16"
    with torch.no_grad(), torch.autocast(x.device.type, torch.bfloat16, enabled=half):
        found = network.features(x)[0]
    rows = found.flatten(1).T.to(torch.bfloat16 if half else torch.float32)
    return rows.contiguous()


def odds(network: Planes, image: Float32, spacing: Sequence[float]) -> Tensor:
    """A network's log odds of the object, `(I * J * K,)` float32.

    Args:
        network: Not changed; it runs where its parameters are.
        image: `(I, J, K)`, of mean 0 and deviation 1.
        spacing: Of I, J and K in the image that was put on this grid.
    """
    x = _input(network, image[None])
    half = precision() == "bfloat16"
    with torch.no_grad(), torch.autocast(x.device.type, torch.bfloat16, enabled=half):
        background, object_ = network(x, shares_of(spacing))[0].float().flatten(1)
    return torch.as_tensor(object_ - background)


def _input(network: Tunable | nn.Module, crop: Float32) -> Tensor:
    """A crop `(C, *shape)` as the network reads it, where it runs."""
    place = next(cast(nn.Module, network).parameters()).device
    x = torch.from_numpy(as_read(getattr(network, "sizes", None), crop))[None]
    layout = torch.channels_last if x.ndim == 4 else torch.channels_last_3d
    return x.to(place, memory_format=layout)
