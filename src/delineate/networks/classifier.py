"""Two 1x1 convolutions that a network ends in, which can be tuned on one image.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section III-A; weights start as in He et al., "Delving Deep into
Rectifiers", ICCV 2015.
"""

from torch import nn


def classifier(dims: int, before: int, hidden: int, classes: int, dropout: float) -> nn.Sequential:
    """From features to logits, as P-Net has it: convolution, ReLU, convolution.

    Args:
        dims: 2 for `(N, C, I, J)`, 3 for `(N, C, I, J, K)`.
        before: Channels of the features.
        hidden: Channels between the two.
        classes: Of the answer.
        dropout: Before each of the two, in training only; in [0, 1).

    Examples:
        >>> classifier(2, 8, 4, 2, dropout=0.1)[1].weight.shape
        torch.Size([4, 8, 1, 1])
    """
    kind: type[nn.Conv2d | nn.Conv3d] = nn.Conv2d if dims == 2 else nn.Conv3d
    return nn.Sequential(
        nn.Dropout(dropout),
        kind(before, hidden, 1),
        nn.ReLU(),
        nn.Dropout(dropout),
        kind(hidden, classes, 1),
    )


def start(net: nn.Module) -> None:
    """Draw the weights of all convolutions for ReLUs to follow; biases are 0."""
    for module in net.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
