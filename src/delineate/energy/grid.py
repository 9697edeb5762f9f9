"""The voxel grid as a graph: who is whose neighbour, how far apart, and how alike.

Wang et al., "Interactive medical image segmentation using deep learning with image-specific
fine-tuning" (BIFSeg), IEEE TMI 2018: the pairwise term of equation 2.

An edge is never listed. All edges that go the same way are one dense array: the weight at
`(i, j, k)` belongs to the pair of voxel `(i, j, k)` of `low` and the same one of `high`, where
`low, high = pair(shape, offset)`. A half neighbourhood holds each pair once.
"""

import itertools
import math
from collections.abc import Mapping

import numpy as np

from delineate.errors import MethodError
from delineate.types import Array, Float32, Index, Spacing

Slices = tuple[slice, slice, slice]

_FACES = (4, 6)
_PLANAR = (4, 8)
_CONNECTIVITIES = (4, 6, 8, 26)
_RESOLUTION = 2**24


def offsets(connectivity: int, shape: Index) -> tuple[Index, ...]:
    """Half a neighbourhood: the steps from a voxel to the neighbours that come after it.

    Args:
        connectivity: 6 for the neighbours that share a face, 26 for those that share a corner
            too; 4 and 8 are the same in the plane, for a shape with an axis of extent 1.
        shape: (I, J, K) of the grid. Steps along an axis of extent 1 are left out.

    Returns:
        Steps whose first entry that is not 0 is 1, in ascending order; none for one voxel.

    Raises:
        MethodError: another connectivity, or 4 or 8 where no axis has extent 1.

    Examples:
        >>> offsets(6, (5, 5, 5))
        ((0, 0, 1), (0, 1, 0), (1, 0, 0))
        >>> offsets(8, (5, 5, 1))
        ((0, 1, 0), (1, -1, 0), (1, 0, 0), (1, 1, 0))
    """
    if connectivity not in _CONNECTIVITIES:
        raise MethodError(f"connectivity is {connectivity}: it must be 4, 6, 8 or 26")
    if connectivity in _PLANAR and 1 not in shape:
        raise MethodError(
            f"connectivity is {connectivity} on a volume of shape {shape}: it must be 6 or 26"
        )
    sides = (-1, 0, 1)
    half = [step for step in itertools.product(sides, sides, sides) if step > (0, 0, 0)]
    if connectivity in _FACES:
        half = [step for step in half if sum(map(abs, step)) == 1]
    return tuple(
        step
        for step in half
        if all(extent > 1 or not d for d, extent in zip(step, shape, strict=True))
    )


def pair(shape: Index, offset: Index) -> tuple[Slices, Slices]:
    """The slices that put each voxel beside its neighbour at an offset.

    Args:
        shape: (I, J, K) of the grid.
        offset: A step with entries -1, 0 or 1.

    Returns:
        `low, high`: `array[low]` and `array[high]` have the same shape, and the voxel in `high`
        lies at the voxel in `low` plus `offset`.

    Examples:
        >>> low, high = pair((3, 1, 1), (1, 0, 0))
        >>> line = np.array([10, 20, 30]).reshape(3, 1, 1)
        >>> line[low].ravel(), line[high].ravel()
        (array([10, 20]), array([20, 30]))
    """
    low = [slice(max(0, -d), extent - max(0, d)) for d, extent in zip(offset, shape, strict=True)]
    high = [slice(max(0, d), extent - max(0, -d)) for d, extent in zip(offset, shape, strict=True)]
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def step_mm(offset: Index, spacing: Spacing) -> float:
    """Length of a step in mm.

    Examples:
        >>> step_mm((1, 1, 0), (3.0, 4.0, 9.0))
        5.0
    """
    return math.hypot(*(d * length for d, length in zip(offset, spacing, strict=True)))


def squared_difference(image: Array, offset: Index) -> Float32:
    """Squared difference of the intensities of each voxel and its neighbour at an offset.

    Args:
        image: (C, I, J, K), of any real type; computed in float32.
        offset: A step with entries -1, 0 or 1.

    Returns:
        Dense array of the pairs, summed over the channels, >= 0.
    """
    low, high = pair(image.shape[1:], offset)
    total: Float32 | None = None
    for channel in image:
        values = channel.astype(np.float32, copy=False)
        difference = values[high] - values[low]
        difference *= difference
        total = difference if total is None else np.add(total, difference, out=total)
    assert total is not None, "an image has at least one channel"
    return total


def mean_squared_difference(image: Array, connectivity: int) -> float:
    """Mean squared difference over all pairs of neighbours, the image's own scale of contrast.

    GrabCut's beta is 1 / (2 mean), which is equation 2 with sigma**2 = mean. The sum is taken in
    whole numbers, so that it is the same to the last bit for a flipped image.

    Args:
        image: (C, I, J, K), finite.
        connectivity: See `offsets`.

    Returns:
        The mean, to one part in 2**24 of the largest difference; 0 for a constant image.
    """
    squares = [squared_difference(image, step) for step in offsets(connectivity, image.shape[1:])]
    top = max((float(s.max()) for s in squares), default=0.0)
    if top == 0.0:
        return 0.0
    scale = np.float32(_RESOLUTION / top)
    total = sum(int(np.rint(s * scale).astype(np.int64).sum()) for s in squares)
    return total / sum(s.size for s in squares) * top / _RESOLUTION


def contrast_weights(
    image: Array, spacing: Spacing, sigma: float, connectivity: int
) -> Mapping[Index, Float32]:
    """The cost of a boundary between neighbours: small where the intensity jumps.

    Equation 2 of BIFSeg, `exp(-(x_i - x_j)**2 / (2 sigma**2)) / d_ij`. The paper measures d_ij in
    pixels; here the unit is the finest spacing among the axes that have more than one voxel, so
    that isotropic images give the paper's numbers whatever their spacing.

    Args:
        image: (C, I, J, K), finite; the squared difference is summed over channels.
        spacing: Of I, J and K in mm.
        sigma: In units of intensity, > 0. A large one makes all weights 1 / d_ij.
        connectivity: See `offsets`.

    Returns:
        For each step of `offsets` the dense weights of its pairs, in [0, 1].

    Raises:
        MethodError: sigma is not a positive number.
    """
    if not (math.isfinite(sigma) and sigma > 0):
        raise MethodError(f"sigma is {sigma}: it must be a positive number")
    shape = image.shape[1:]
    steps = offsets(connectivity, shape)
    finest = min((step_mm(step, spacing) for step in steps), default=1.0)
    weights = {}
    for step in steps:
        weight = squared_difference(image, step)
        weight *= np.float32(-0.5 / sigma**2)
        np.exp(weight, out=weight)
        weight *= np.float32(finest / step_mm(step, spacing))
        weights[step] = weight
    return weights
