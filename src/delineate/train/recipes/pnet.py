"""P-Net in 2D: as this project trains it, and with the paper's schedule.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section IV-A.
"""

from ...networks.pnet import PNetSizes
from ..rates import AdamW, Sgd
from ..recipe import Training

REAL = (("dsb2018", 0.07), ("sts_ct", 0.05))
"""The real cases that weights which are shipped may learn from."""


def pnet() -> Training:
    """AdamW and a cosine, batches of 16, mostly synthetic images.

    A step wants about 1.1 s on two cores at width 64 and 0.3 s at width 32.
    """
    return Training(
        name="pnet",
        network=PNetSizes(dropout=0.1),
        size=(96, 96),
        batch=16,
        steps=60_000,
        optimiser=AdamW(rate=1e-3, warm_up=1000),
        real=REAL,
    )


def pnet_paper() -> Training:
    """The paper's schedule on our data: SGD, one crop a step, 80,000 steps, cross entropy."""
    return Training(
        name="pnet-paper",
        network=PNetSizes(),
        size=(96, 96),
        batch=1,
        steps=80_000,
        optimiser=Sgd(),
        real=REAL,
        dice=0.0,
    )
