"""P-Net: a 2D network that keeps full resolution by dilated convolutions.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section III-A.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ..errors import MethodError


@dataclass(frozen=True, kw_only=True)
class PNetSizes:
    """Sizes of a P-Net. The defaults are the paper's.

    It has 464,450 parameters, 20,674 of them in the classifier; at width 32 116,514 and 5,218.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of each convolution, and of the classifier's hidden layer.
        layers: Convolutions in each block.
        dilations: Of each block's convolutions, in pixels.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 2

    channels: int = 1
    classes: int = 2
    width: int = 64
    layers: tuple[int, ...] = (2, 2, 3, 3, 3)
    dilations: tuple[int, ...] = (1, 2, 4, 8, 16)
    dropout: float = 0.3

    def __post_init__(self) -> None:
        if len(self.layers) != len(self.dilations):
            raise MethodError(
                f"{len(self.layers)} blocks have {len(self.dilations)} dilations; one each"
            )

    @property
    def receptive_field(self) -> int:
        """Pixels across that an answer depends on: 181 as in the paper."""
        return 1 + 2 * sum(n * d for n, d in zip(self.layers, self.dilations, strict=True))


class PNet(nn.Module):
    """Features of five blocks, and a classifier of its own that can be tuned on one image.

    Differs from the paper where that is silent: the classifier is 1x1, blocks x width to width to
    classes, dropout is 0.3, and weights start as He et al. (2015) have it.

    Examples:
        >>> net = PNet(PNetSizes(width=4)).eval()
        >>> net(torch.zeros(1, 1, 32, 40)).shape
        torch.Size([1, 2, 32, 40])
    """

    def __init__(self, sizes: PNetSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or PNetSizes()
        inputs = [sizes.channels] + [sizes.width] * (len(sizes.layers) - 1)
        self.blocks = nn.ModuleList(
            _block(before, sizes.width, layers, dilation)
            for before, layers, dilation in zip(inputs, sizes.layers, sizes.dilations, strict=True)
        )
        self.classifier = nn.Sequential(
            nn.Dropout(sizes.dropout),
            nn.Conv2d(sizes.width * len(sizes.layers), sizes.width, 1),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
            nn.Conv2d(sizes.width, sizes.classes, 1),
        )

        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, blocks x width, I, J)`, of images `(N, C, I, J)`."""
        found = []
        for block in self.blocks:
            image = block(image)  # (N, width, I, J)
            found.append(image)
        return torch.cat(found, dim=1)

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J)` of images `(N, C, I, J)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def _block(before: int, width: int, layers: int, dilation: int) -> nn.Sequential:
    """Convolutions 3x3 at one dilation, each with a ReLU; the image keeps its size."""
    parts: list[nn.Module] = []
    for n in range(layers):
        channels = before if n == 0 else width
        parts += [nn.Conv2d(channels, width, 3, padding=dilation, dilation=dilation), nn.ReLU()]
    return nn.Sequential(*parts)
