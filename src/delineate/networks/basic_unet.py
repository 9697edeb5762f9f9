"""U-Net in 2D as MONAI has it, the other network that P-Net is compared with.

Ronneberger et al., "U-Net: Convolutional Networks for Biomedical Image Segmentation", MICCAI 2015;
MONAI's `BasicUNet` follows Falk et al., "U-Net: deep learning for cell counting, detection, and
morphometry", Nature Methods 2019.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from .classifier import classifier, start
from .padding import cut, pad_to_multiple
from .study import monai_network

LEVELS = 4
"""How often the image is halved."""


@dataclass(frozen=True, kw_only=True)
class BasicUNetSizes:
    """Sizes of a U-Net. The defaults are the paper's.

    It has 31,110,402 parameters, 4,290 of them in the classifier; at width 32 7,780,994 and 1,122.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of the first convolutions, which double with every halving of the image,
            and of the classifier's hidden layer.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 2

    channels: int = 1
    classes: int = 2
    width: int = 64
    dropout: float = 0.3

    @property
    def receptive_field(self) -> int:
        """Pixels across that an answer depends on at most: 204."""
        across = 1
        for _ in range(LEVELS):
            across = (across + 4) // 2 + 1
        across += 4
        for _ in range(LEVELS):
            across = 2 * across + 4
        return across


class BasicUNet(nn.Module):
    """MONAI's `BasicUNet` up to its last convolution, and a classifier in that one's place.

    Differs from the paper: two 1x1 convolutions end it instead of one, so that they can be tuned;
    convolutions pad by zeros to keep the size; each is followed by batch normalisation; the last
    enlargement keeps its channels, as in MONAI; the dropout is the classifier's alone; an image is
    padded to sides that 16 divides.

    Raises:
        MissingExtra: If MONAI is not installed.
    """

    def __init__(self, sizes: BasicUNetSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or BasicUNetSizes()
        widths = [sizes.width * 2**level for level in range(LEVELS + 1)]
        self.body = monai_network("BasicUNet")(
            spatial_dims=2,
            in_channels=sizes.channels,
            features=(*widths, sizes.width),
            act="relu",
            norm="batch",
            bias=False,
        )
        self.body.final_conv = nn.Identity()
        self.classifier = classifier(2, sizes.width, sizes.width, sizes.classes, sizes.dropout)
        start(self)

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, width, I, J)`, of images `(N, C, I, J)`."""
        return cut(self.body(pad_to_multiple(image, 2**LEVELS)), image.shape[2:])

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J)` of images `(N, C, I, J)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits
