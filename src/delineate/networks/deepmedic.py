"""DeepMedic: one path through the volume as it is, one through a smaller copy of it.

Kamnitsas et al., "Efficient multi-scale 3D CNN with fully connected CRF for accurate brain lesion
segmentation", Medical Image Analysis 2017, section 2; PC-Net is compared with it in Wang et al.,
IEEE TMI 2018, table IV.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from .classifier import classifier, start
from .padding import cut, pad_to_multiple

WIDER = (3, 3, 4, 4, 4, 4, 5, 5)
"""Channels of a path's convolutions, as multiples of a third of the width."""


@dataclass(frozen=True, kw_only=True)
class DeepMedicSizes:
    """Sizes of a DeepMedic. The defaults are the paper's.

    It has 657,542 parameters, 22,952 of them in the classifier; at width 15 165,497 and 5,852.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of the first convolutions; the last ones have 5/3 of it, and five times
            of it the joined features and the classifier's hidden layer.
        smaller: Voxels that make one of the smaller copy, along each axis.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 3

    channels: int = 1
    classes: int = 2
    width: int = 30
    smaller: int = 3
    dropout: float = 0.3

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of a path's convolutions: 30, 30, 40, 40, 40, 40, 50, 50 as in the paper."""
        return tuple(max(round(self.width * times / 3), 1) for times in WIDER)

    @property
    def receptive_field(self) -> int:
        """Voxels along each axis that an answer depends on: 51, and 17 by the first path alone."""
        return self.smaller * (1 + 2 * len(WIDER))


class DeepMedic(nn.Module):
    """Features of two paths, joined, and a classifier of its own that can be tuned on one image.

    Differs from the paper: it answers for the whole image at once, not for blocks of 9x9x9, so
    convolutions pad by zeros to keep the size, where the paper's shrink the block; the smaller
    copy is made of means, as NiftyNet has it, not of every third voxel, and its answers are
    repeated; it has no residual connections, which came later; the first of the three 1x1x1 layers
    belongs to the features, the other two are the classifier and have no normalisation; the
    dropout is the classifier's alone; an image is padded to sides that 3 divides.

    Examples:
        >>> net = DeepMedic(DeepMedicSizes(width=3)).eval()
        >>> net(torch.zeros(1, 1, 16, 20, 5)).shape
        torch.Size([1, 2, 16, 20, 5])
    """

    def __init__(self, sizes: DeepMedicSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or DeepMedicSizes()
        joined = 5 * sizes.width
        self.near = _path(sizes.channels, sizes.widths)
        self.far = _path(sizes.channels, sizes.widths)
        self.shrink = nn.AvgPool3d(sizes.smaller)
        self.enlarge = nn.Upsample(scale_factor=sizes.smaller, mode="nearest")
        self.join = _layer(2 * sizes.widths[-1], joined, 1)
        self.classifier = classifier(3, joined, joined, sizes.classes, sizes.dropout)
        start(self)

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, 5 x width, I, J, K)`, of images `(N, C, I, J, K)`."""
        smaller = self.shrink(pad_to_multiple(image, self.sizes.smaller))
        far = cut(self.enlarge(self.far(smaller)), image.shape[2:])  # (N, 5/3 x width, I, J, K)
        joined: Tensor = self.join(torch.cat([self.near(image), far], dim=1))
        return joined

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J, K)` of images `(N, C, I, J, K)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits


def _path(before: int, widths: tuple[int, ...]) -> nn.Sequential:
    """Eight convolutions 3x3x3; the image keeps its size."""
    return nn.Sequential(
        *(_layer(a, b, 3) for a, b in zip((before, *widths[:-1]), widths, strict=True))
    )


def _layer(before: int, width: int, across: int) -> nn.Sequential:
    """A convolution, batch normalisation and PReLU."""
    return nn.Sequential(
        nn.Conv3d(before, width, across, padding=across // 2, bias=False),
        nn.BatchNorm3d(width),
        nn.PReLU(width),
    )
