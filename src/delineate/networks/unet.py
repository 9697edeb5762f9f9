"""U-Net with batch normalisation: a way down, a way up, and what was seen on the way joined in.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III-A; in 3D after Çiçek et al., "3D U-Net", MICCAI 2016.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import MethodError
from .classifier import classifier, start


@dataclass(frozen=True, kw_only=True)
class UNetSizes:
    """Sizes of a U-Net. The defaults are the paper's.

    It has 31,041,858 parameters, 4,290 of them in the classifier; at width 16 1,942,866 and 306.

    Attributes:
        channels: Of the image and its guidance maps together.
        classes: Of the answer.
        dims: 2 for pictures, 3 for volumes.
        width: Channels of the first level; each level down has twice as many.
        widest: Most channels of a level.
        levels: How many times the image is halved.
        flat: How many of the first levels look at and halve each slice by itself, for volumes of
            thick slices; 0 treats the three axes alike.
        dropout: Before each of the classifier's layers, in training only.
    """

    channels: int = 3
    classes: int = 2
    dims: int = 2
    width: int = 64
    widest: int = 1024
    levels: int = 4
    flat: int = 0
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if self.dims not in (2, 3):
            raise MethodError(f"dims is {self.dims}: a U-Net works in 2 or 3 dimensions")
        for name in ("channels", "width", "widest", "levels"):
            if getattr(self, name) < 1:
                raise MethodError(f"{name} is {getattr(self, name)}: it must be at least 1")
        if not 0 <= self.flat <= (self.levels if self.dims == 3 else 0):
            raise MethodError(
                f"flat is {self.flat}: a U-Net in {self.dims}D has from 0 to "
                f"{self.levels if self.dims == 3 else 0} flat levels"
            )

    @property
    def multiple(self) -> tuple[int, ...]:
        """What each side of the input is padded to a multiple of."""
        side = 2**self.levels
        return (side, side) if self.dims == 2 else (side, side, 2 ** (self.levels - self.flat))


class UNet(nn.Module):
    """Features at full resolution, and a classifier that can be tuned on one image.

    Differs from the paper: the last layer is two, 1x1 from width to width to classes with a ReLU
    between them, so that it can be tuned as in BIFSeg; and an image of any size is taken, padded
    with zeros on both sides to a multiple of 2^levels and cut back.

    Examples:
        >>> net = UNet(UNetSizes(width=4, levels=2)).eval()
        >>> net(torch.zeros(1, 3, 17, 22)).shape
        torch.Size([1, 2, 17, 22])
    """

    def __init__(self, sizes: UNetSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or UNetSizes()
        widths = [min(sizes.width * 2**n, sizes.widest) for n in range(sizes.levels + 1)]
        flat = [n < sizes.flat for n in range(sizes.levels + 1)]
        self.down = nn.ModuleList(
            _block(sizes.dims, before, width, thin)
            for before, width, thin in zip([sizes.channels, *widths], widths, flat, strict=False)
        )
        self.enlarge = nn.ModuleList(
            _enlarge(sizes.dims, widths[n + 1], widths[n], flat[n]) for n in range(sizes.levels)
        )
        self.up = nn.ModuleList(
            _block(sizes.dims, 2 * widths[n], widths[n], flat[n]) for n in range(sizes.levels)
        )
        self.classifier = classifier(
            sizes.dims, sizes.width, sizes.width, sizes.classes, sizes.dropout
        )
        start(self)

    @torch.no_grad()
    def inflate(self, flat: "UNet") -> None:
        """Begin as a U-Net of pictures in every slice, which the slices beside it do not change.

        Carreira & Zisserman, "Quo vadis, action recognition?", CVPR 2017, but for the slices
        beside, which begin with nothing. Where slices are halved too, two become one and back.

        Args:
            flat: Of as many channels, levels and classes, and as wide.

        Raises:
            MethodError: If it is another one.
        """
        if replace(flat.sizes, dims=3, flat=self.sizes.flat) != self.sizes:
            raise MethodError(f"a U-Net of {self.sizes} cannot begin as one of {flat.sizes}")
        held = flat.state_dict()
        for name, own in self.state_dict().items():
            if own.ndim < 5:
                own.copy_(held[name])
            elif name.startswith("enlarge"):
                own.copy_(held[name][..., None].expand_as(own))
            else:
                own.zero_()
                own[..., own.shape[4] // 2] = held[name]

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, width, I, J[, K])`, of `(N, C, I, J[, K])`."""
        inner, image = _padded(image, self.sizes.multiple)
        found = [self.down[0](image)]
        for n, block in enumerate(self.down[1:]):
            found.append(block(self._halved(found[-1], n)))  # (N, 2^n width, I / 2^n, ...)
        image = found.pop()
        for n in reversed(range(self.sizes.levels)):
            joined = torch.cat([found.pop(), self.enlarge[n](image)], dim=1)
            image = self.up[n](joined)  # (N, 2^n width, I / 2^n, ...)
        return image[inner]

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J[, K])` of images and maps `(N, C, I, J[, K])`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits

    def _halved(self, image: Tensor, level: int) -> Tensor:
        if self.sizes.dims == 2:
            return functional.max_pool2d(image, 2)
        return functional.max_pool3d(image, (2, 2, 1) if level < self.sizes.flat else 2)


def _block(dims: int, before: int, width: int, flat: bool) -> nn.Sequential:
    """Two convolutions 3x3(x3), or 3x3x1 where flat, each normalised and with a ReLU."""
    parts: list[nn.Module] = []
    for channels in (before, width):
        if dims == 2:
            parts += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        else:
            size, margin = ((3, 3, 1), (1, 1, 0)) if flat else ((3, 3, 3), (1, 1, 1))
            conv = nn.Conv3d(channels, width, size, padding=margin, bias=False)
            parts += [conv, nn.BatchNorm3d(width)]
        parts.append(nn.ReLU())
    return nn.Sequential(*parts)


def _enlarge(dims: int, before: int, width: int, flat: bool) -> nn.Module:
    """A transposed convolution that doubles every side, or those in the slice alone."""
    if dims == 2:
        return nn.ConvTranspose2d(before, width, 2, stride=2)
    size = (2, 2, 1) if flat else (2, 2, 2)
    return nn.ConvTranspose3d(before, width, size, stride=size)


def _padded(image: Tensor, multiple: tuple[int, ...]) -> tuple[tuple[slice, ...], Tensor]:
    """Where the image lies in a larger one with zeros around it, and that one."""
    widths, inner = [], [slice(None), slice(None)]
    for side, step in zip(image.shape[2:], multiple, strict=True):
        lack = -side % step
        widths.append((lack // 2, lack - lack // 2))
        inner.append(slice(lack // 2, lack // 2 + side))
    if any(before + after for before, after in widths):
        flat = [n for pair in reversed(widths) for n in pair]
        image = functional.pad(image, flat)
    return tuple(inner), image
