"""The networks that weights can be of, and how a network is made from names and numbers."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, TypeAlias

from torch import nn

from ..errors import MethodError
from ..networks.basic_unet import BasicUNet, BasicUNetSizes
from ..networks.deepmedic import DeepMedic, DeepMedicSizes
from ..networks.fcn import FCN, FCNSizes
from ..networks.highres3dnet import HighRes3DNet, HighRes3DNetSizes
from ..networks.pcnet import PCNet, PCNetSizes
from ..networks.planes import Planes, PlanesSizes
from ..networks.pnet import PNet, PNetSizes
from ..networks.unet import UNet, UNetSizes

Sizes: TypeAlias = (
    PNetSizes
    | PCNetSizes
    | PlanesSizes
    | FCNSizes
    | BasicUNetSizes
    | DeepMedicSizes
    | HighRes3DNetSizes
    | UNetSizes
)

_NETWORKS: dict[str, tuple[type[Any], type[Any]]] = {
    "pnet": (PNetSizes, PNet),
    "pcnet": (PCNetSizes, PCNet),
    "planes": (PlanesSizes, Planes),
    "fcn": (FCNSizes, FCN),
    "unet-basic": (BasicUNetSizes, BasicUNet),
    "deepmedic": (DeepMedicSizes, DeepMedic),
    "highres3dnet": (HighRes3DNetSizes, HighRes3DNet),
    "unet": (UNetSizes, UNet),
}


def architecture(sizes: Sizes) -> str:
    """The name of the network that has such sizes."""
    for name, (kind, _) in _NETWORKS.items():
        if type(sizes) is kind:
            return name
    raise MethodError(f"no network has sizes {type(sizes).__name__}; there are {_known()}")


def build(sizes: Sizes) -> nn.Module:
    """A network of these sizes, with weights drawn from torch's generator.

    Raises:
        MissingExtra: If it is made of a package that is not installed.

    Examples:
        >>> type(build(PNetSizes(width=2))).__name__
        'PNet'
    """
    net: nn.Module = _NETWORKS[architecture(sizes)][1](sizes)
    return net


def to_json(sizes: Sizes) -> dict[str, Any]:
    """Sizes as JSON can hold them."""
    return asdict(sizes)


def from_json(name: str, values: Mapping[str, Any]) -> Sizes:
    """Sizes of the network `name`.

    Raises:
        MethodError: If there is no such network, or it has no such sizes.
    """
    if name not in _NETWORKS:
        raise MethodError(f"there is no network {name!r}; there are {_known()}")
    kind = _NETWORKS[name][0]
    unknown = set(values) - {field.name for field in fields(kind)}
    if unknown:
        raise MethodError(f"{name} has no sizes {sorted(unknown)}; these weights are not of it")
    made: Sizes = kind(**{key: tuple(v) if isinstance(v, list) else v for key, v in values.items()})
    return made


def _known() -> str:
    return ", ".join(_NETWORKS)
