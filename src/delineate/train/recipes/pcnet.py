"""PC-Net in 3D: as this project trains it, and with the paper's schedule.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section IV-A.
"""

from ...networks.pcnet import PCNetSizes
from ..rates import AdamW, Sgd
from ..recipe import Training

REAL = (("sts_ct", 0.05),)
"""The real cases that weights which are shipped may learn from."""


def pcnet() -> Training:
    """AdamW and a cosine, width 32, batches of 4, mostly synthetic images."""
    return Training(
        name="pcnet",
        network=PCNetSizes(width=32, dropout=0.1),
        size=(56, 56, 48),
        batch=4,
        steps=40_000,
        optimiser=AdamW(rate=1e-3, warm_up=1000),
        real=REAL,
    )


def pcnet_paper() -> Training:
    """The paper's schedule on our data: SGD, one crop a step, 80,000 steps, cross entropy."""
    return Training(
        name="pcnet-paper",
        network=PCNetSizes(),
        size=(56, 56, 48),
        batch=1,
        steps=80_000,
        optimiser=Sgd(),
        real=REAL,
        dice=0.0,
    )
