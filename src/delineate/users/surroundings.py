"""Where people first mark the background: a ring around the object, on one slice.

How far out comes from people: their background strokes around the hearts of ACDC (training cases)
are a median of 0.18 diameters away (`benchmarks/human_scribbles.py`).
"""

import numpy as np
from scipy import ndimage

from ..region import Region, index3
from ..types import Mask, Spacing
from .area import Area

NEAR, FAR = 0.14, 0.28


def surroundings(truth: Mask, spacing: Spacing, axis: int, at: int) -> Area:
    """Background near the object on one slice.

    A ring from 0.14 to 0.28 times the diameter of the disc that has the object's area on this
    slice, but at least from 1 to 3 pixels away. Where the image has nothing of it, all of the
    slice's background; where the object fills the slice, all background of the volume.

    Args:
        truth: The object, (I, J, K).
        spacing: Of I, J and K in mm.
        axis: The axis across which slices are seen.
        at: The slice, in which the object has at least one voxel.

    Returns:
        Empty if the object fills the image.
    """
    plane = [a for a in range(3) if a != axis]
    low = index3(at if a == axis else 0 for a in range(3))
    high = index3(at + 1 if a == axis else n for a, n in enumerate(truth.shape))
    flat = Region(low, high)
    area = np.count_nonzero(truth[flat.slices]) * spacing[plane[0]] * spacing[plane[1]]
    across = 2 * np.sqrt(area / np.pi)
    pixel = max(spacing[a] for a in plane)
    near, far = max(NEAR * across, pixel), max(FAR * across, 3 * pixel)
    around = Region.around(truth[flat.slices], low).grow_mm(far, spacing).intersect(flat)
    away = ndimage.distance_transform_edt(~truth[around.slices], sampling=spacing)
    axes = tuple(a for a in plane if truth.shape[a] > 1)
    ring = Area(around.low, (away >= near) & (away <= far), axes)
    if ring.size:
        return ring.tight()
    background = Area.of(~truth)
    if background.size == 0:
        return background
    here = ~truth[flat.slices]
    return Area(low, here, axes).tight() if here.any() else background
