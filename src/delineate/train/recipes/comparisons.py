"""Networks that P-Net and PC-Net are compared with, trained as these on the same samples.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, tables I and IV.
"""

from dataclasses import replace

from ...networks.basic_unet import BasicUNetSizes
from ...networks.deepmedic import DeepMedicSizes
from ...networks.fcn import FCNSizes
from ...networks.highres3dnet import HighRes3DNetSizes
from ..recipe import Training
from .pcnet import pcnet
from .pnet import pnet


def fcn() -> Training:
    """FCN-8s of half the paper's width; a step takes about as long as P-Net's at width 32."""
    return replace(pnet(), name="fcn", network=FCNSizes(width=32, top=1024, dropout=0.1))


def unet_basic() -> Training:
    """U-Net of half the paper's width; a step takes 1.4 times P-Net's at width 32."""
    return replace(pnet(), name="unet-basic", network=BasicUNetSizes(width=32, dropout=0.1))


def deepmedic() -> Training:
    """DeepMedic of the paper's width; a step takes 1.6 times PC-Net's at width 32."""
    return replace(pcnet(), name="deepmedic", network=DeepMedicSizes(dropout=0.1))


def highres3dnet() -> Training:
    """HighRes3DNet of 3/4 of the paper's width; a step takes 1.8 times PC-Net's at width 32."""
    return replace(pcnet(), name="highres3dnet", network=HighRes3DNetSizes(width=12, dropout=0.1))
