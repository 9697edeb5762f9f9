"""PC-Net: P-Net in 3D, whose blocks are compressed before they are joined.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section III-A.
"""

from dataclasses import dataclass
from typing import ClassVar, TypeAlias

import torch
from torch import Tensor, nn

from ..errors import MethodError
from .pnet import PNet

_Convolution: TypeAlias = nn.Conv2d | nn.Conv3d


@dataclass(frozen=True, kw_only=True)
class PCNetSizes:
    """Sizes of a PC-Net. The defaults are the paper's.

    It has 676,626 parameters, 5,314 of them in the classifier; at width 32 172,466 and 2,658.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of each convolution, and of the classifier's hidden layer.
        compressed: Channels that each block adds to the features.
        layers: Convolutions in each block.
        dilations: Of each block's convolutions, in voxels in the slice.
        deep: How many of the first blocks see the slices above and below, 3x3x3; others are 3x3x1.
        placed: Whether three more channels say how far a voxel is from the middle of the box, see
            `position.positions`. The paper's network sees nine slices, and so cannot know.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 3

    channels: int = 1
    classes: int = 2
    width: int = 64
    compressed: int = 16
    layers: tuple[int, ...] = (2, 2, 3, 3, 3)
    dilations: tuple[int, ...] = (1, 2, 3, 4, 5)
    deep: int = 2
    placed: bool = False
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if len(self.layers) != len(self.dilations):
            raise MethodError(
                f"{len(self.layers)} blocks have {len(self.dilations)} dilations; one each"
            )

    @property
    def receptive_field(self) -> tuple[int, int, int]:
        """Voxels that an answer depends on along I, J, K: 85, 85, 9 as in the paper."""
        across = 1 + 2 * sum(n * d for n, d in zip(self.layers, self.dilations, strict=True))
        return across, across, 1 + 2 * sum(self.layers[: self.deep])


class PCNet(nn.Module):
    """Compressed features of five blocks, and a classifier that can be tuned on one image.

    Differs from the paper where that is silent: the classifier is 1x1x1, blocks x compressed to
    width to classes, dropout is 0.3, and weights start as He et al. (2015) have it.

    Examples:
        >>> net = PCNet(PCNetSizes(width=4, compressed=2)).eval()
        >>> net(torch.zeros(1, 1, 16, 20, 6)).shape
        torch.Size([1, 2, 16, 20, 6])
    """

    def __init__(self, sizes: PCNetSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or PCNetSizes()
        inputs = [sizes.channels + 3 * sizes.placed] + [sizes.width] * (len(sizes.layers) - 1)
        self.blocks = nn.ModuleList(
            _block(before, sizes.width, layers, dilation, deep=n < sizes.deep)
            for n, (before, layers, dilation) in enumerate(
                zip(inputs, sizes.layers, sizes.dilations, strict=True)
            )
        )
        self.compressions = nn.ModuleList(
            nn.Conv3d(sizes.width, sizes.compressed, 1) for _ in sizes.layers
        )
        self.classifier = nn.Sequential(
            nn.Dropout(sizes.dropout),
            nn.Conv3d(sizes.compressed * len(sizes.layers), sizes.width, 1),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
            nn.Conv3d(sizes.width, sizes.classes, 1),
        )

        for module in self.modules():
            if isinstance(module, nn.Conv3d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    @torch.no_grad()
    def inflate(self, flat: PNet) -> None:
        """Begin as a P-Net in every slice, which the slices beside it do not change.

        Carreira & Zisserman, "Quo vadis, action recognition?", CVPR 2017, but for the slices
        beside, which begin with nothing, as do channels of the input that a P-Net does not read.
        Of a block's features the compression keeps what weighs most in the P-Net's classifier, by
        singular values; all of it where it keeps as many channels as there are.

        Args:
            flat: With blocks of the same widths and layers, and a classifier of as many hidden
                units; its dilations may be others.

        Raises:
            MethodError: If its convolutions have other shapes.
        """
        pairs = list(zip(_convolutions(self.blocks), _convolutions(flat.blocks), strict=False))
        hidden, output = _convolutions(self.classifier)
        flat_hidden, flat_output = _convolutions(flat.classifier)
        for own, other in [*pairs, (output, flat_output)]:
            _fill(own, other)
        parts = flat_hidden.weight.flatten(1).chunk(len(self.compressions), dim=1)
        kept = []
        for compression, part in zip(_convolutions(self.compressions), parts, strict=True):
            left, strengths, right = torch.linalg.svd(part)
            root = strengths[: compression.out_channels].sqrt()
            compression.weight.copy_((root[:, None] * right[: len(root)])[..., None, None, None])
            kept.append(left[:, : len(root)] * root)
        hidden.weight.copy_(torch.cat(kept, dim=1)[..., None, None, None])
        _bias(hidden).copy_(_bias(flat_hidden))

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, blocks x compressed, I, J, K)`, of `(N, C, I, J, K)`.

        C counts the positions too, which come last.
        """
        found = []
        for block, compression in zip(self.blocks, self.compressions, strict=True):
            image = block(image)  # (N, width, I, J, K)
            found.append(compression(image))  # (N, compressed, I, J, K)
        return torch.cat(found, dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J, K)` of images `(N, C, I, J, K)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def _convolutions(blocks: nn.Module) -> list[_Convolution]:
    """All of them, in order."""
    return [layer for layer in blocks.modules() if isinstance(layer, _Convolution)]


def _fill(own: _Convolution, other: _Convolution) -> None:
    """The other's weights in the middle slice, and for the channels that it reads; else 0."""
    held, wanted = other.weight.shape, own.weight.shape[:4]
    if held[0] != wanted[0] or held[1] > wanted[1] or held[2:] != wanted[2:]:
        raise MethodError(
            f"a convolution of {tuple(held)} does not fit into one of "
            f"{tuple(own.weight.shape)}; take a P-Net of the same width"
        )
    own.weight.zero_()
    own.weight[:, : held[1], ..., own.weight.shape[-1] // 2] = other.weight
    _bias(own).copy_(_bias(other))


def _bias(layer: _Convolution) -> Tensor:
    assert layer.bias is not None
    return layer.bias


def _block(before: int, width: int, layers: int, dilation: int, deep: bool) -> nn.Sequential:
    """Convolutions at one dilation in the slice, each with a ReLU; the image keeps its size."""
    parts: list[nn.Module] = []
    for n in range(layers):
        channels = before if n == 0 else width
        parts += [
            nn.Conv3d(
                channels,
                width,
                (3, 3, 3 if deep else 1),
                padding=(dilation, dilation, int(deep)),
                dilation=(dilation, dilation, 1),
            ),
            nn.ReLU(),
        ]
    return nn.Sequential(*parts)
