"""Geodesic distance: how far a voxel is from the seeds when crossing an edge costs extra.

Criminisi, Sharp and Blake, "GeoS: geodesic image segmentation", ECCV 2008; the sweeps are the
raster scan of Toivanen, "New geodesic distance transforms for gray-scale images", 1996, done a
plane at a time.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import as_strided

from delineate.energy import fronts, grid
from delineate.errors import GeometryMismatch, MethodError
from delineate.types import Array, Float32, Index, Mask, Spacing

_FEW = 0.1  # of the voxels: when so many still change in a round, fronts are quicker than sweeps


def geodesic_distance(
    seeds: Mask,
    image: Array,
    spacing: Spacing,
    gamma: float,
    connectivity: int = 26,
    rounds: int | None = None,
) -> Float32:
    """Length of the shortest way from the seeds to each voxel through the image.

    A step from voxel i to j is `sqrt(mm_ij**2 + gamma**2 |x_i - x_j|**2)` long.

    Args:
        seeds: True where the distance is 0, (I, J, K).
        image: (C, I, J, K), finite; differences are summed over channels, squared.
        spacing: Of I, J and K in mm.
        gamma: What a unit of intensity is worth in mm, >= 0. 0 gives the distance on the grid.
        connectivity: See `grid.offsets`; in a picture 26 is 8.
        rounds: See `shortest_distance`.

    Returns:
        In mm, (I, J, K), >= 0; infinite everywhere where there is no seed.

    Raises:
        GeometryMismatch: seeds and image have different shapes.
        MethodError: gamma is negative or not finite, or rounds is less than 1.

    Examples:
        >>> image = np.array([0.0, 0.0, 4.0]).reshape(1, 3, 1, 1)
        >>> seeds = np.array([True, False, False]).reshape(3, 1, 1)
        >>> geodesic_distance(seeds, image, (3.0, 1.0, 1.0), gamma=1.0).ravel()
        array([0., 3., 8.], dtype=float32)
    """
    start = np.where(seeds, np.float32(0.0), np.float32(np.inf))
    return generalised_geodesic_distance(start, image, spacing, gamma, connectivity, rounds)


def generalised_geodesic_distance(
    start: Array,
    image: Array,
    spacing: Spacing,
    gamma: float,
    connectivity: int = 26,
    rounds: int | None = None,
) -> Float32:
    """The geodesic distance when each voxel may be a seed at a price: min over j of start_j + d_ij.

    Equation 1 of GeoS, whose `start` is nu times a soft mask M, where M is 0 for a sure seed.

    Args:
        start: Price in mm at which each voxel is a seed, (I, J, K); infinite for never.
        image: See `geodesic_distance`, as all that follow.
        spacing: Of I, J and K in mm.
        gamma: What a unit of intensity is worth in mm, >= 0.
        connectivity: See `grid.offsets`.
        rounds: See `shortest_distance`.

    Returns:
        In mm, (I, J, K), nowhere above start.

    Raises:
        GeometryMismatch: start and image have different shapes.
        MethodError: gamma is negative or not finite, or rounds is less than 1.
    """
    if start.shape != image.shape[1:]:
        raise GeometryMismatch(
            f"the seeds have shape {start.shape}: the image has {image.shape[1:]}"
        )
    if not 0 <= gamma < np.inf:
        raise MethodError(f"gamma is {gamma}: it must be a number of at least 0")
    lengths = {}
    for step in grid.offsets(connectivity, start.shape):
        length = grid.squared_difference(image, step)
        length *= np.float32(gamma**2)
        length += np.float32(grid.step_mm(step, spacing) ** 2)
        lengths[step] = np.sqrt(length, out=length)
    return shortest_distance(start, lengths, rounds)


def shortest_distance(
    start: Array, lengths: Mapping[Index, Array], rounds: int | None = None
) -> Float32:
    """Shortest distance on the grid of voxels with any lengths of edges, by sweeps.

    A round sweeps along each axis in both directions; a sweep carries the distances from plane to
    plane. It takes memory for 9 float32 per voxel and axis (1 where no step is diagonal).

    Sums are in float32, and the result is the least of them over all paths, so that without a
    limit it depends on no order of sweeps: a flipped problem gives the flipped result to the last
    bit. With a limit it does so too, since the two directions of an axis start from the same.

    Args:
        start: Distance at which each voxel starts, (I, J, K); infinite where it has none.
        lengths: For steps of a half neighbourhood the dense length, >= 0, of each pair, in either
            direction; infinite where there is no way. See `grid.offsets`.
        rounds: Most rounds; what they leave is at least the true distance. None goes on until
            nothing changes, which is exact; when little does, fronts take over from the sweeps.

    Returns:
        (I, J, K); infinite where no way leads.

    Raises:
        MethodError: rounds is less than 1.
    """
    if rounds is not None and rounds < 1:
        raise MethodError(f"rounds is {rounds}: it must be at least 1, or None for no limit")
    distance: Float32 = np.array(start, np.float32)
    axes = [a for a in range(3) if any(step[a] for step in lengths)]
    sweepers = [_Sweeper.along(axis, lengths, distance.shape) for axis in axes]
    carried = [sweeper.nothing() for sweeper in sweepers]
    done = 0
    while rounds is None or done < rounds:
        before = distance
        for k, sweeper in enumerate(sweepers):
            distance, carried[k] = sweeper.sweep(distance, carried[k])
        changed = before != distance
        few = np.count_nonzero(changed)
        if few == 0:
            break
        if rounds is None and few < _FEW * changed.size:
            del sweepers, carried
            return fronts.settled(distance, changed, lengths)
        done += 1
    return distance


@dataclass(frozen=True)
class _Sweeper:
    """The edges between the planes of one axis.

    `lengths[p, u, v, j, k]` belongs to the edge from `(j + u - 1, k + v - 1)` in plane p to
    `(j, k)` in plane p + 1; where the edges of an axis are never diagonal, u and v are 0 and the
    - 1 falls away.
    """

    axis: int
    lengths: Float32

    @classmethod
    def along(cls, axis: int, lengths: Mapping[Index, Array], shape: Index) -> "_Sweeper":
        """Gather the edges that leave a plane of this axis, with that axis first."""
        others = [a for a in range(3) if a != axis]
        steps = [step for step in lengths if step[axis]]
        reach = [max(abs(step[a]) for step in steps) for a in others]
        window = [2 * r + 1 for r in reach]
        rest = [shape[a] for a in others]
        table = np.full((shape[axis] - 1, *window, *rest), np.inf, np.float32)
        for step in steps:
            sign = step[axis]
            u, v = (r - sign * step[a] for r, a in zip(reach, others, strict=True))
            later = grid.pair(shape, step)[1 if sign > 0 else 0]
            target = table[:, u, v][:, later[others[0]], later[others[1]]]
            target[...] = np.moveaxis(lengths[step], axis, 0)
        return cls(axis, table)

    def nothing(self) -> tuple[Float32, Float32]:
        """What has been carried before the first sweep."""
        planes = np.full((len(self.lengths) + 1, *self.lengths.shape[3:]), np.inf, np.float32)
        return planes, planes

    def sweep(
        self, distance: Float32, carried: tuple[Float32, Float32]
    ) -> tuple[Float32, tuple[Float32, Float32]]:
        """Carry distances up and, from the same start, down the axis; keep the lesser.

        `carried` is what the last sweep up and the last one down carried: a plane that is still
        the same has nothing to tell its neighbour. It is returned anew beside the distance.
        """
        up: Float32 = np.array(np.moveaxis(distance, self.axis, 0), order="C")
        down = up.copy()
        self._upward(up, (up != carried[0]).any(axis=(1, 2)).tolist())
        self._downward(down, (down != carried[1]).any(axis=(1, 2)).tolist())
        lesser = np.moveaxis(np.minimum(up, down), 0, self.axis)
        return np.ascontiguousarray(lesser), (up, down)

    def _upward(self, planes: Float32, fresh: list[bool]) -> None:
        """Lower each plane to what it can be reached for from the one before."""
        _, wide, high, rows, columns = self.lengths.shape
        padded = np.full((rows + wide - 1, columns + high - 1), np.inf, np.float32)
        inner = padded[wide // 2 : wide // 2 + rows, high // 2 : high // 2 + columns]
        windows = as_strided(padded, (wide, high, rows, columns), padded.strides * 2)
        sums = np.empty((wide, high, rows, columns), np.float32)
        lower = _lowering(rows, columns)
        for p in range(len(self.lengths)):
            if fresh[p]:
                inner[...] = planes[p]
                np.add(windows, self.lengths[p], out=sums)
                fresh[p + 1] |= lower(planes[p + 1], sums)

    def _downward(self, planes: Float32, fresh: list[bool]) -> None:
        """The same the other way: each sum lands where its edge comes from.

        The sum at `[u, v, j, k]` belongs to `(j + u - 1, k + v - 1)`, so that the window of
        `(j, k)` runs backwards in j and k as u and v grow.
        """
        _, wide, high, rows, columns = self.lengths.shape
        padded = np.full((wide, high, rows + wide - 1, columns + high - 1), np.inf, np.float32)
        inner = padded[:, :, wide // 2 : wide // 2 + rows, high // 2 : high // 2 + columns]
        u, v, j, k = padded.strides
        windows = as_strided(
            padded[:, :, wide - 1 :, high - 1 :], (wide, high, rows, columns), (u - j, v - k, j, k)
        )
        lower = _lowering(rows, columns)
        for p in range(len(self.lengths) - 1, -1, -1):
            if fresh[p + 1]:
                np.add(planes[p + 1], self.lengths[p], out=inner)
                fresh[p] |= lower(planes[p], windows)


def _lowering(rows: int, columns: int) -> Callable[[Float32, Float32], bool]:
    """What lowers a plane to the least candidate of each voxel, and says whether that changed it.

    Thousands of small planes are asked, so the buffers are kept, and a byte is sought in them
    where `any` would cost more than the rest.
    """
    least = np.empty((rows, columns), np.float32)
    found = bytearray(rows * columns)
    lower = np.frombuffer(found, np.bool_).reshape(rows, columns)

    def lowered(plane: Float32, candidates: Float32) -> bool:
        np.minimum.reduce(candidates, axis=(0, 1), out=least)
        np.less(least, plane, out=lower)
        if 1 not in found:
            return False
        np.minimum(plane, least, out=plane)
        return True

    return lowered
