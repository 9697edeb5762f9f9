"""What marks say of the voxels beside them that look the same."""

import numpy as np

from ..energy import geodesic
from ..types import Float32, Int8

_STEP = 60.0
"""Voxels that a way through one standard deviation of intensity is worth."""

_ISOTROPIC = (1.0, 1.0, 1.0)


def log_odds(
    image: Float32, marks: Int8, weight: float, reach: float, neighbours: int
) -> Float32 | None:
    """Log odds of the object that marks add to a network's, `(I, J, K)`; None: nothing.

    `weight` on an inside mark, `-weight` on an outside one; both fall by e with each `reach` of
    geodesic distance, so that a mark speaks for what it lies on and not for what is far or beyond
    an edge.

    Args:
        image: `(I, J, K)`, of standard deviation 1.
        marks: Likewise, 1 inside, -1 outside, 0 nothing said.
        weight: At least 0.
        reach: In voxels, positive.
        neighbours: See `grid.offsets`.
    """
    if weight == 0 or not marks.any():
        return None
    found = np.zeros(marks.shape, np.float32)
    for sign in (1, -1):
        way = geodesic.geodesic_distance(marks == sign, image[None], _ISOTROPIC, _STEP, neighbours)
        found += np.float32(sign * weight) * np.exp(-way / np.float32(reach))
    return found
