"""Geodesic distance near few seeds: the grid as a sparse graph, and SciPy's Dijkstra on it.

Where only what is near counts this is far quicker than the sweeps of `geodesic`, which visit all
voxels again and again; where everything counts it needs much more memory than they do.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from ..errors import GeometryMismatch
from ..types import Array, Float32, Index, Mask, Spacing
from . import grid


@dataclass(frozen=True, eq=False)
class Paths:
    """All steps from voxel to voxel of an image.

    Examples:
        >>> image = np.array([0.0, 0.0, 4.0]).reshape(1, 3, 1, 1)
        >>> seeds = np.array([True, False, False]).reshape(3, 1, 1)
        >>> Paths.through(image, (3.0, 1.0, 1.0), 1.0, 26).from_seeds(seeds, 7.0).ravel()
        array([ 0.,  3., inf], dtype=float32)
    """

    shape: Index
    graph: csr_array

    @classmethod
    def through(cls, image: Array, spacing: Spacing, gamma: float, connectivity: int) -> "Paths":
        """Steps as long as those of `geodesic.geodesic_distance`.

        Args:
            image: (C, I, J, K), finite.
            spacing: Of I, J and K in mm.
            gamma: What a unit of intensity is worth in mm, >= 0.
            connectivity: See `grid.offsets`.
        """
        _, i, j, k = image.shape
        shape = (i, j, k)
        steps = grid.offsets(connectivity, shape)
        lengths = np.full((*shape, 2, len(steps)), np.inf)
        for number, step in enumerate(steps):
            length = grid.squared_difference(image, step)
            length *= np.float32(gamma**2)
            length += np.float32(grid.step_mm(step, spacing) ** 2)
            np.sqrt(length, out=length)
            for way, there in enumerate(grid.pair(shape, step)):
                lengths[there][..., way, number] = length
        neighbours, starts = _neighbours(shape, steps)
        size = len(starts) - 1
        return cls(shape, csr_array((lengths.reshape(-1), neighbours, starts), (size, size)))

    def from_seeds(self, seeds: Mask, limit: float) -> Float32:
        """How far each voxel is, in mm, (I, J, K); infinite beyond a limit.

        Args:
            seeds: True where the distance is 0, (I, J, K).
            limit: In mm, >= 0.

        Raises:
            GeometryMismatch: seeds and image have different shapes.
        """
        if seeds.shape != self.shape:
            raise GeometryMismatch(
                f"the seeds have shape {seeds.shape}: the image has {self.shape}"
            )
        if not seeds.any():
            return np.full(self.shape, np.inf, np.float32)
        there = np.flatnonzero(seeds)
        found = dijkstra(self.graph, indices=there, min_only=True, limit=limit)
        return np.asarray(found.reshape(self.shape), np.float32)


@lru_cache(maxsize=8)
def _neighbours(shape: Index, steps: tuple[Index, ...]) -> tuple[Array, Array]:
    """Of each voxel its neighbours one way, then the other, and where each voxel's begin.

    Beyond the border, where ways are infinitely long, the voxel itself stands for its neighbour.
    """
    own = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    found = np.repeat(own.reshape(*shape, 1), 2 * len(steps), axis=3)
    for number, step in enumerate(steps):
        low, high = grid.pair(shape, step)
        found[low][..., number] = own[high]
        found[high][..., len(steps) + number] = own[low]
    return found.reshape(-1), np.arange(own.size + 1, dtype=np.int32) * (2 * len(steps))
