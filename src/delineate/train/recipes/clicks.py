"""The click-guided U-Net: as this project trains it in 2D and in 3D, and with the paper's scheme.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III and table I.
"""

from ...networks.guidance import Guidance
from ...networks.unet import UNetSizes
from ...synth.recipe import Recipe
from ..clicks import Clicks
from ..rates import AdamW
from ..recipe import Training
from .pcnet import REAL as REAL_3D
from .pnet import REAL as REAL_2D


def click_2d() -> Training:
    """A lean U-Net on windows of 112²; in a third of batches clicks follow on its answers."""
    return Training(
        name="click-2d",
        network=UNetSizes(channels=Guidance().channels, width=16),
        size=(112, 112),
        batch=16,
        steps=6000,
        optimiser=AdamW(rate=2e-3, warm_up=200),
        synth=Recipe(extent=(64, 200), radius=(0.05, 0.45)),
        clicks=Clicks(),
        real=REAL_2D,
    )


def click_3d() -> Training:
    """A lean U-Net whose first level looks at slices, on windows of 48 x 48 x 24.

    With `start="click-2d"` it begins as that network in every slice.
    """
    return Training(
        name="click-3d",
        network=UNetSizes(channels=Guidance().channels, dims=3, width=16, flat=1),
        size=(48, 48, 24),
        batch=4,
        steps=4500,
        optimiser=AdamW(rate=2e-3, warm_up=150),
        synth=Recipe(extent_3d=(40, 88), radius=(0.08, 0.45)),
        clicks=Clicks(widest=8.0),
        real=REAL_3D,
    )


def click_paper() -> Training:
    """The paper's network, channels, clicks, loss and optimiser, at a quarter of its side.

    `clicks.most` is its K: 1, 2, 5, 10 or 15. 20,000 samples.
    """
    clicks = Clicks(
        guidance=Guidance(previous=False, box="none"),
        looped=1.0, first=1.0, several=0.0, framed=0.0, repaired=0.0, given=0.0, absent=0.0,
        forgotten=0.0, deepest=0.0, anywhere=0.0, narrow=0.0,
    )  # fmt: skip
    return Training(
        name="click-paper",
        network=UNetSizes(),
        size=(128, 128),
        batch=16,
        steps=1250,
        optimiser=AdamW(rate=1e-4, warm_up=0, last=1.0, weight_decay=0.0, clip=0.0),
        synth=Recipe(extent=(64, 200), radius=(0.05, 0.45)),
        clicks=clicks,
        real=REAL_2D,
        entropy=0.0,
        squared=True,
        average=0.0,
        seed=4242,
    )
