"""HighRes3DNet as MONAI has it: residual blocks at full resolution, ever more dilated.

Li et al., "On the Compactness, Efficiency, and Representation of 3D Convolutional Networks: Brain
Parcellation as a Pretext Task", IPMI 2017; PC-Net is compared with it in Wang et al., IEEE TMI
2018, table IV.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from .classifier import classifier, start
from .study import monai_network

STAGES = (1, 2, 4)
"""Dilations of the residual blocks, and their channels as multiples of the width."""


@dataclass(frozen=True, kw_only=True)
class HighRes3DNetSizes:
    """Sizes of a HighRes3DNet. The defaults are the paper's.

    It has 808,866 parameters, 5,362 of them in the classifier; at width 12 455,354 and 3,062.

    Attributes:
        channels: Of the image.
        classes: Of the answer.
        width: Channels of the first convolution and of the first residual blocks; the features
            have four times as many, the classifier's hidden layer five times.
        repeats: Residual blocks of a stage, of two convolutions each.
        dropout: Before each of the classifier's layers, in training only.
    """

    dims: ClassVar[int] = 3

    channels: int = 1
    classes: int = 2
    width: int = 16
    repeats: int = 3
    dropout: float = 0.3

    @property
    def receptive_field(self) -> int:
        """Voxels along each axis that an answer depends on: 87 as in the paper."""
        return 1 + 2 * (1 + 2 * self.repeats * sum(STAGES))


class HighRes3DNet(nn.Module):
    """MONAI's `HighResNet` up to its last residual block, and a classifier as the paper's.

    Differs from the paper: the classifier, whose sizes are the paper's, has no batch
    normalisation, so that it can be tuned; there is dropout before its first layer too.

    Raises:
        MissingExtra: If MONAI is not installed.
    """

    def __init__(self, sizes: HighRes3DNetSizes | None = None) -> None:
        super().__init__()
        self.sizes = sizes = sizes or HighRes3DNetSizes()
        stages = [
            {"n_features": sizes.width * times, "kernels": (3, 3), "repeat": sizes.repeats}
            for times in STAGES
        ]
        last = {"n_features": 1, "kernel_size": 1}
        whole = monai_network("HighResNet")(
            spatial_dims=3,
            in_channels=sizes.channels,
            layer_params=({"n_features": sizes.width, "kernel_size": 3}, *stages, last, last),
        )
        self.blocks = whole.blocks[:-2]  # what is left out is the classifier
        self.classifier = classifier(
            3, sizes.width * STAGES[-1], 5 * sizes.width, sizes.classes, sizes.dropout
        )
        start(self)

    def features(self, image: Tensor) -> Tensor:
        """What the classifier reads, `(N, 4 x width, I, J, K)`, of images `(N, C, I, J, K)`."""
        found: Tensor = self.blocks(image)
        return found

    def forward(self, image: Tensor) -> Tensor:
        """Logits `(N, classes, I, J, K)` of images `(N, C, I, J, K)`."""
        logits: Tensor = self.classifier(self.features(image))
        return logits
