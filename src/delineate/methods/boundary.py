"""What a boundary costs: less where the image jumps, in units of its own contrast.

Rother, Kolmogorov and Blake, "GrabCut", ACM Transactions on Graphics 2004, equations 4 and 5.
"""

import math
from collections.abc import Mapping

import numpy as np

from ..energy import grid
from ..types import Float32, Index, Spacing

_PLANE = 1 + math.sqrt(2)
"""What a straight cut costs a pixel with 8 neighbours in the plane, without contrast."""


def boundary_weights(
    image: Float32, spacing: Spacing, sigma: float, neighbours: int = 26
) -> Mapping[Index, Float32]:
    """Contrast weights that mean the same on every image and in 2D and 3D.

    The papers' weights of 8 neighbours in the plane stay as they are. In a volume a voxel
    has more neighbours, so that all weights are scaled: a flat cut across the axis of
    finest spacing costs a voxel face what it costs a pixel in the plane.

    Args:
        image: `(C, I, J, K)`.
        spacing: Of I, J, K in mm.
        sigma: The intensity step that counts as an edge, in units of the root mean square
            difference between neighbours; 1 is GrabCut's beta.
        neighbours: See `grid.offsets`.

    Returns:
        As `grid.contrast_weights`.
    """
    own = math.sqrt(grid.mean_squared_difference(image, neighbours)) or 1.0
    weights = grid.contrast_weights(image, spacing, sigma * own, neighbours)
    if not weights:
        return weights
    straight = [step for step in weights if sum(map(abs, step)) == 1]
    finest = min(straight, key=lambda step: grid.step_mm(step, spacing))
    axis = next(a for a in range(3) if finest[a])
    unit = grid.step_mm(finest, spacing)
    flat = sum(unit / grid.step_mm(step, spacing) for step in weights if step[axis])
    scale = np.float32(_PLANE / flat)
    return {step: weight * scale for step, weight in weights.items()}
