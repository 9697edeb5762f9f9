"""What a network sees of a crop, computed once and kept: the rows that its classifier reads."""

import os
from typing import Any, Literal, Protocol, TypeAlias, cast

import torch
from torch import Tensor, nn

from ..errors import MethodError
from ..models import Info
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


def ran_with(info: Info, precision: str, device: torch.device) -> dict[str, Any]:
    """What else than image, prompts and fields an answer depends on; see `State.ran_with`."""
    return {
        "weights": info.name,
        "sha256": info.sha256,
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
    weight = next(network.classifier.parameters())
    flat = weight.ndim == 4
    crop = (image[..., 0] if flat else image)[None]
    x = torch.from_numpy(as_read(getattr(network, "sizes", None), crop))[None]
    layout = torch.channels_last if flat else torch.channels_last_3d
    x = x.to(weight.device, memory_format=layout)
    half = precision() == "bfloat16"
    with torch.no_grad(), torch.autocast(weight.device.type, torch.bfloat16, enabled=half):
        found = network.features(x)[0]
    rows = found.flatten(1).T.to(torch.bfloat16 if half else torch.float32)
    return rows.contiguous()
