"""Chamfer distance: how deep each voxel of a set lies, with steps to neighbours as the unit.

Borgefors, "Distance transformations in digital images", 1986, with each step as long as it is in
space (1 and sqrt(2) in a picture), so that it also holds for voxels that are not cubes.
"""

import itertools
from itertools import pairwise

import numpy as np

from ..region import Region
from ..types import Float32, Float64, Mask, Spacing

SMALL = 20_000
"""Voxels of a slice up to which lines are quicker than sweeps (at 64 x 64 five times)."""


def depth(mask: Mask, spacing: Spacing, axes: tuple[int, ...] = (0, 1, 2)) -> Float32:
    """Chamfer distance of each voxel of a set to the nearest voxel outside it.

    All around the array is outside. A shortest way over a free grid needs only steps that
    advance along one axis, the one on which it has to go furthest; so sweeping plane by plane
    along each axis, up and down, is exact. Its steps may also be taken in any order; so in small
    slices those of each direction are taken at once, along all lines of that direction.

    Args:
        mask: (I, J, K).
        spacing: Of I, J and K; only its ratios count.
        axes: The axes along which there is an outside: (0, 1) measures within slices across K.

    Returns:
        (I, J, K) in units of the finest spacing among `axes`: 0 outside, at least 1 inside;
        without axes 1 inside.

    Examples:
        >>> depth(np.ones((5, 3, 1), bool), (1.0, 1.0, 8.0), axes=(0, 1))[:, 1, 0]
        array([1., 2., 2., 2., 1.], dtype=float32)
    """
    out = mask.astype(np.float32)
    seen = Region.around(mask)
    if axes and seen.size:
        out[seen.slices] = _depth(mask[seen.slices], spacing, axes)
    return out


def _depth(mask: Mask, spacing: Spacing, axes: tuple[int, ...]) -> Float32:
    width = [(1, 1) if axis in axes else (0, 0) for axis in range(3)]
    padded = np.pad(mask, width)
    inner = tuple(slice(a, -a or None) for a, _ in width)
    if len(axes) < 3 and padded.size <= SMALL:
        return _by_lines(padded, spacing, axes)[inner].astype(np.float32)
    return np.ascontiguousarray(_by_planes(padded, spacing, axes)[inner])


def _by_lines(padded: Mask, spacing: Spacing, axes: tuple[int, ...]) -> Float64:
    """Direction by direction: lines of one stride in memory, which end in the border's zeros."""
    finest = min(spacing[axis] for axis in axes)
    strides = [step // padded.itemsize for step in padded.strides]
    directions = [(strides[axis], spacing[axis] / finest) for axis in axes]
    if len(axes) == 2:
        a, b = axes
        length = float(np.hypot(spacing[a], spacing[b])) / finest
        directions += [(strides[a] + strides[b], length), (strides[a] - strides[b], length)]
    distance = np.where(padded, np.inf, 0.0).ravel()
    for stride, length in directions:
        count = -(-distance.size // stride)
        lines = np.full(count * stride, np.inf)
        lines[: distance.size] = distance
        lines = np.ascontiguousarray(lines.reshape(count, stride).T)
        ramp = length * np.arange(count)
        up = np.minimum.accumulate(lines - ramp, axis=1) + ramp
        down = np.minimum.accumulate((lines + ramp)[:, ::-1], axis=1)[:, ::-1] - ramp
        distance = np.minimum(up, down).T.ravel()[: distance.size]
    return distance.reshape(padded.shape)


def _by_planes(padded: Mask, spacing: Spacing, axes: tuple[int, ...]) -> Float32:
    """Plane by plane along each axis, up and down."""
    distance = np.where(padded, np.float32(np.inf), np.float32(0))
    finest = min(spacing[axis] for axis in axes)
    for axis in axes:
        planes = np.ascontiguousarray(np.moveaxis(distance, axis, 0))
        others = [a for a in range(3) if a != axis]
        ways = _ways(
            spacing[axis] / finest,
            [(n, spacing[a] / finest) for n, a in enumerate(others) if a in axes],
        )
        inner = tuple(slice(1, -1) if a in axes else slice(None) for a in others)
        for ordered in (planes, planes[::-1]):
            for before, here in pairwise(ordered):
                lowered = here[inner]
                for length, places in ways:
                    candidate = before[places[0]]
                    for place in places[1:]:
                        candidate = np.minimum(candidate, before[place])
                    np.minimum(lowered, candidate + length, out=lowered)
        distance = np.moveaxis(planes, 0, axis)
    return distance


def _ways(
    advance: float, across: list[tuple[int, float]]
) -> list[tuple[np.float32, list[tuple[slice, ...]]]]:
    """Steps from one plane to the next: each length, and where in the plane it comes from.

    Args:
        advance: Length along the axis of the sweep.
        across: The plane's axes to step along too, and the length of such a step.
    """
    ways = []
    for turns in itertools.product((False, True), repeat=len(across)):
        squared = advance**2 + sum(s**2 for (_, s), turn in zip(across, turns, strict=True) if turn)
        cuts: list[list[slice]] = [[slice(None)], [slice(None)]]
        for (axis, _), turn in zip(across, turns, strict=True):
            cuts[axis] = [slice(-2), slice(2, None)] if turn else [slice(1, -1)]
        ways.append((np.float32(np.sqrt(squared)), list(itertools.product(*cuts))))
    return ways
