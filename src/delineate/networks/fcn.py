"""FCN-8s: VGG-16 without its dense layers, whose scores at three scales are added up.

Long, Shelhamer & Darrell, "Fully Convolutional Networks for Semantic Segmentation", CVPR 2015,
section 4; P-Net is compared with it in Wang et al., IEEE TMI 2018, table I.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from .classifier import classifier, start
from .padding import cut, pad_to_multiple

LAYERS = (2, 2, 3, 3, 3)
"""Convolutions of VGG-16 before each halving."""

WIDER = (1, 2, 4, 8, 8)
"""Their channels, as multiples of the width."""


@dataclass(frozen=True, kw_only=True)
class FCNSizes:
    """Sizes of an FCN. The defaults are the paper's.

    It has 134,575,170 parameters, 4,290 of them in the classifier; at width 32 with a top of
    1024 channels 17,621,538 and 1,122.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of the first convolutions, of the scores and of the classifier's hidden
            layer.
        top: Channels of the two layers that were dense in VGG-16.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 2

    channels: int = 1
    classes: int = 2
    width: int = 64
    top: int = 4096
    dropout: float = 0.3

    @property
    def receptive_field(self) -> int:
        """Pixels across that an answer depends on at most: 468."""
        across = 3 + 6  # neighbours that three enlargements mix, 7x7
        for layers in reversed(LAYERS):
            across = 2 * across + 2 * layers
        return across


class FCN(nn.Module):
    """Features at an eighth of the resolution, enlarged, and a classifier on them.

    Differs from the paper: what is scored and added up at strides 8, 16 and 32 are `width`
    channels instead of classes, so that a classifier that can be tuned follows at full resolution;
    all enlargements are bilinear, none is learnt; convolutions pad by zeros to keep the size,
    where the paper pads the image by 100; nothing is learnt before on photographs; the dropout is
    the classifier's alone; an image is padded to sides that 32 divides.

    Examples:
        >>> import torch
        >>> net = FCN(FCNSizes(width=2, top=4)).eval()
        >>> net(torch.zeros(1, 1, 8, 40)).shape
        torch.Size([1, 2, 8, 40])
    """

    def __init__(self, sizes: FCNSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or FCNSizes()
        widths = [sizes.width * times for times in WIDER]
        self.blocks = nn.ModuleList(
            _block(before, width, layers)
            for before, width, layers in zip(
                [sizes.channels, *widths[:-1]], widths, LAYERS, strict=True
            )
        )
        self.top = nn.Sequential(
            # Zeros of its own: in bf16 oneDNN leaves the gradient of weights that meet padding
            # alone as it finds it in memory, on maps of 1 or 2 pixels across.
            nn.ZeroPad2d(3),
            nn.Conv2d(widths[-1], sizes.top, 7),
            nn.ReLU(),
            nn.Conv2d(sizes.top, sizes.top, 1),
            nn.ReLU(),
        )
        self.scores = nn.ModuleList(
            nn.Conv2d(before, sizes.width, 1) for before in (widths[2], widths[3], sizes.top)
        )
        self.classifier = classifier(2, sizes.width, sizes.width, sizes.classes, sizes.dropout)
        start(self)

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, width, I, J)`, of images `(N, C, I, J)`."""
        shape = image.shape[2:]
        image = pad_to_multiple(image, 2 ** len(LAYERS))
        found = []
        for block in self.blocks:
            image = block(image)  # (N, WIDER[n] x width, I / 2 ** (n + 1), J / 2 ** (n + 1))
            found.append(image)
        at_8, at_16, at_32 = self.scores
        scores = at_32(self.top(image))  # (N, width, I / 32, J / 32)
        scores = at_16(found[3]) + _enlarged(scores, 2)
        scores = at_8(found[2]) + _enlarged(scores, 2)
        return cut(_enlarged(scores, 8), shape)

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J)` of images `(N, C, I, J)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def _block(before: int, width: int, layers: int) -> nn.Sequential:
    """Convolutions 3x3, each with a ReLU, and a halving."""
    parts: list[nn.Module] = []
    for n in range(layers):
        parts += [nn.Conv2d(before if n == 0 else width, width, 3, padding=1), nn.ReLU()]
    return nn.Sequential(*parts, nn.MaxPool2d(2))


def _enlarged(scores: Tensor, times: int) -> Tensor:
    return functional.interpolate(scores, scale_factor=times, mode="bilinear")
