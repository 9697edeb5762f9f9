"""How likely an intensity is inside and outside, learned from what is known of both sides."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..energy import mixture
from ..types import Float32, Int8, Mask, Spacing
from .intensity import Palette

INSIDE, OUTSIDE = 3, 5
"""Gaussians a side, as in the BIFSeg paper's GrabCut."""

OUTLIERS = 0.1
"""The part of each density that is even: no intensity is impossible on either side."""

_SAMPLES = 4000
_ROUNDS = 10
_AROUND = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Learning:
    """How marks teach intensities.

    Args:
        trust: Weight of the marked intensities, at a mark, beside what is assumed; in [0, 1].
        reach_mm: How fast that weight falls with the distance from the nearest mark, as the
            standard deviation of a Gaussian; infinite for not at all.
        spread: Standard deviation added to every Gaussian of the mixtures, in units of the
            image's range.
    """

    trust: float
    reach_mm: float
    spread: float


def likelihoods(
    palette: Palette, certain: Int8, marked: Int8, spacing: Spacing, learning: Learning
) -> tuple[Float32, Float32]:
    """Density of each voxel's intensity inside and outside.

    A Gaussian mixture is fitted to what the user marked, with the voxels next to it, and
    another to what is known otherwise: outside of the box, its middle, the core of a given
    mask. The density of a side is a weighted mean of the two: a few clicks must weigh
    against thousands of voxels, but only near to where they were made.

    Args:
        palette: Of the image.
        certain: +1 inside, -1 outside, 0 unknown, `(I, J, K)`; both sides are present.
        marked: What of it the user marked, `(I, J, K)`.
        spacing: Of I, J, K in mm.
        learning: How.

    Returns:
        Two arrays `(I, J, K)`, at least `OUTLIERS`; an image that fills its range evenly has
        density 1.
    """
    inside, outside = (
        _density(palette, certain * sign, marked * sign, spacing, count, learning)
        for sign, count in ((1, INSIDE), (-1, OUTSIDE))
    )
    return inside, outside


def _density(
    palette: Palette, certain: Int8, marked: Int8, spacing: Spacing, count: int, learning: Learning
) -> Float32:
    """The density of the side that is +1."""
    own = marked == 1
    taught = ndimage.binary_dilation(own, _AROUND) & (certain != -1) if own.any() else own
    assumed = (certain == 1) & ~own
    density = np.zeros(certain.shape, np.float32)
    if taught.any():
        density += _mixture(palette, taught, count, learning.spread)
    if taught.any() and assumed.any():
        away = ndimage.distance_transform_edt(~own, sampling=spacing) / learning.reach_mm
        density *= (weight := (learning.trust * np.exp(-0.5 * away**2)).astype(np.float32))
        density += (1 - weight) * _mixture(palette, assumed, count, learning.spread)
    elif assumed.any():
        density += _mixture(palette, assumed, count, learning.spread)
    return np.float32(OUTLIERS) + np.float32(1 - OUTLIERS) * density


def _mixture(palette: Palette, where: Mask, count: int, spread: float) -> Float32:
    """Density, `(I, J, K)`, of a mixture fitted to the colours of some voxels."""
    samples = palette.samples(palette.counts(where), _SAMPLES)
    model = mixture.fit(samples, count, floor=spread**2, iterations=_ROUNDS)
    return np.exp(model.log_likelihood(palette.colours)).astype(np.float32)[palette.index]
