"""Distance to the edge of a mask, in mm: exact, signed, and by the chamfer weights 3, 4, 5.

Borgefors, "Distance transformations in arbitrary dimensions", CVGIP 1984, for the chamfer.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt

from delineate.energy import geodesic, grid
from delineate.types import Float32, Float64, Mask, Spacing

_CHAMFER = {1: 3.0, 2: 4.0, 3: 5.0}


def euclidean_distance(mask: Mask, spacing: Spacing) -> Float64:
    """Distance from each voxel of the mask to the nearest voxel outside it, centre to centre.

    What lies beyond the image is neither inside nor outside.

    Args:
        mask: True inside, (I, J, K).
        spacing: Of I, J and K in mm.

    Returns:
        In mm, (I, J, K): 0 outside, at least one spacing inside; infinite everywhere where the
        mask fills the image; 0 everywhere where it is empty.

    Examples:
        >>> mask = np.array([False, True, True]).reshape(3, 1, 1)
        >>> euclidean_distance(mask, (2.0, 1.0, 1.0)).ravel()
        array([0., 2., 4.])
    """
    if mask.all():
        return np.full(mask.shape, np.inf)
    distance: Float64 = distance_transform_edt(mask, sampling=spacing)
    return distance


def signed_distance(mask: Mask, spacing: Spacing) -> Float64:
    """Distance to the nearest voxel of the other side: negative inside, positive outside.

    Args:
        mask: True inside, (I, J, K).
        spacing: Of I, J and K in mm.

    Returns:
        In mm, (I, J, K), never 0; infinite everywhere where the mask is empty, minus infinite
        where it fills the image.

    Examples:
        >>> mask = np.array([False, True, True]).reshape(3, 1, 1)
        >>> signed_distance(mask, (2.0, 1.0, 1.0)).ravel()
        array([ 2., -2., -4.])
    """
    outside = euclidean_distance(~mask, spacing)
    inside = euclidean_distance(mask, spacing)
    return np.where(mask, -inside, outside)


def chamfer_distance(mask: Mask, connectivity: int = 26) -> Float32:
    """Distance in voxels from each voxel of the mask to the nearest voxel outside it, by steps.

    A step to a face, edge or corner neighbour is 1, 4/3 or 5/3 long. Unlike the Euclidean distance
    it ignores spacing, as the simulated user of Sakinis et al., "Interactive segmentation of
    medical images through fully convolutional neural networks", 2019, does.

    Args:
        mask: True inside, (I, J, K).
        connectivity: See `grid.offsets`; 6 allows only steps of 1.

    Returns:
        In voxels, (I, J, K): 0 outside, at least 1 inside; infinite everywhere where the mask
        fills the image; 0 everywhere where it is empty.

    Examples:
        >>> mask = np.ones((3, 3, 1), dtype=bool)
        >>> mask[0, 0] = False
        >>> float(chamfer_distance(mask)[2, 1, 0] * 3)
        7.0
    """
    start = np.where(mask, np.float32(np.inf), np.float32(0.0))
    lengths = {
        step: np.full(
            mask[grid.pair(mask.shape, step)[0]].shape, np.float32(_CHAMFER[sum(map(abs, step))])
        )
        for step in grid.offsets(connectivity, mask.shape)
    }
    return geodesic.shortest_distance(start, lengths) / np.float32(3.0)
