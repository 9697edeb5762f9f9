"""Where in a box a voxel lies, for networks that see too little of it to know."""

from collections.abc import Sequence

import numpy as np

from ..types import Float32


def positions(shape: Sequence[int]) -> Float32:
    """Distances from the middle of a grid along each of its axes, `(len(shape), *shape)`.

    0 in the middle, 1 at the border: what mirrors the grid changes nothing.

    Examples:
        >>> positions((4,)).tolist()
        [[0.75, 0.25, 0.25, 0.75]]
    """
    along = [np.abs((2 * np.arange(n, dtype=np.float32) + 1) / n - 1) for n in shape]
    return np.stack(np.meshgrid(*along, indexing="ij")).astype(np.float32)


def as_read(sizes: object, crop: Float32) -> Float32:
    """A whole crop `(C, *shape)` as a network of these sizes reads it.

    With positions as further channels, if its sizes say that it is `placed`.
    """
    if not getattr(sizes, "placed", False):
        return crop
    return np.concatenate([crop, positions(crop.shape[1:])])
