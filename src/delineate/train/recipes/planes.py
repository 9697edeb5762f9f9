"""P-Net in slices of volumes, in whatever direction."""

from ...networks.planes import PlanesSizes
from ..rates import AdamW
from ..recipe import Training
from .pcnet import REAL


def planes() -> Training:
    """AdamW and a cosine, from the shipped P-Net; three slices of each volume, mostly synthetic."""
    return Training(
        name="planes",
        network=PlanesSizes(),
        size=(64, 64, 64),
        slab=3,
        scattered=True,
        start="pnet",
        batch=16,
        steps=3000,
        optimiser=AdamW(rate=1e-3, warm_up=50),
        real=REAL,
        average=0.995,
    )
