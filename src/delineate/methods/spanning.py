"""A box says that the object reaches nearly to its sides.

Lempitsky et al., "Image segmentation with a bounding box prior", ICCV 2009, who demand it of the
labelling; here the network is believed the more the less its answer fills the box.
"""

import numpy as np
from scipy import ndimage

from ..types import Float32, Mask

SHARES = {2: 0.6, 3: 0.7}
"""In pictures and in volumes, of a box's sides, on average: a box with up to 10 voxels of margin
is spanned about that far, if the object is not tiny. Found on training cases."""

_MOST = 3.0
_STEP = 0.25
_OTHERS = ((1, 2), (0, 2), (0, 1))


def log_odds(probability: Float32, box: Mask, share: float) -> float:
    """Log odds to add to all of a network's, so that its largest part spans the box.

    A network that is unsure answers with too little, or with nothing, where the object fills
    little of the box.

    Args:
        probability: Of the object, `(I, J, K)`.
        box: The box on that grid; one that lies between its voxels asks for nothing.
        share: Of the box's sides, on average, that the largest part is as long as.

    Returns:
        The least multiple of 1/4 that does; 3, a probability of 0.05, where that does not
        suffice.

    Examples:
        >>> box = np.ones((1, 8, 1), bool)
        >>> seen = np.array([0, 0.3, 0.3, 0.9, 0.9, 0.3, 0.3, 0.0], np.float32)[None, :, None]
        >>> log_odds(seen, box, 0.25), log_odds(seen, box, 0.7)
        (0.0, 1.0)
    """
    if not box.any():
        return 0.0
    for odds in np.arange(0, _MOST, _STEP).tolist():
        if spanned(probability > 1 / (1 + np.exp(odds)), box) >= share:
            return float(odds)
    return _MOST


def spanned(mask: Mask, box: Mask) -> float:
    """How long a mask's largest part in a box is, over the box's sides, their mean.

    Args:
        mask: `(I, J, K)`.
        box: Likewise, not empty.
    """
    sides = _lengths(box)
    parts, count = ndimage.label(mask & box)
    if count == 0:
        return 0.0
    lengths = _lengths(parts == 1 + np.bincount(parts.ravel())[1:].argmax())
    shares = [n / side for n, side in zip(lengths, sides, strict=True) if side > 1]
    return float(np.mean(shares)) if shares else 1.0


def _lengths(mask: Mask) -> list[int]:
    """From the first to the last voxel along each axis."""
    return [int(np.ptp(np.flatnonzero(mask.any(axis=others)))) + 1 for others in _OTHERS]
