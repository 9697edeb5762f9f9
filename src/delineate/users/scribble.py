"""A user who draws one stroke through what is missing and one through what is too much.

After the simulated brush of Zhou, Chen and Wang, "Interactive deep editing framework for medical
image segmentation", 2019: the two farthest points of an error region, joined by the shortest path
inside it; here inside the region's core, since people keep off its edge.

Against people (`benchmarks/human_scribbles.py`, first strokes): `core` was chosen on the training
cases of ACDC so that the shallow end of a stroke (10 % of its voxels) lies as deep as theirs, 0.37
to 0.41 of the deepest voxel against 0.35 to 0.45; on MedScribble, not used for the choice, people
go down to 0.24 to 0.29. What differs is length: people draw loops and zigzags of 1.8 to 3.5 times
the diameter of the disc with the object's area, this user one path of 0.7 to 1.9, and they circle
the object on the background where it goes half way round. So it tells a method about half of what
a person does; and it never slips, where of a quarter of the strokes of two of MedScribble's three
people at least 5 % lies outside the object.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from skimage.graph import MCP_Geometric

from ..errors import MethodError
from ..prompts import Prompt, Scribble
from ..types import Float64, Int64, Mask, Spacing
from ..voxels import Voxels
from .area import Area
from .base import check_shapes
from .marking import Marker

LARGEST_SEARCH = 4096


@dataclass(frozen=True, kw_only=True)
class Scribbler(Marker):
    """Up to two strokes a round: in the largest missing part and in the largest excess part.

    A part is connected, across corners too. Of a part in a volume the user sees the slice,
    across the axis of coarsest spacing, on which it is largest. The stroke is the longest path,
    one voxel wide, in the core of that. No chance is involved.

    Args:
        core: The core's depth as a fraction of the deepest voxel's, in [0, 1]: 0 is all of the
            part, 1 its deepest voxels only.
        smallest: Parts of fewer voxels on the slice get a dot on their deepest voxel.
    """

    name: ClassVar[str] = "scribble"
    paper: ClassVar[str] = "zhou2019interactive"
    core: float = 0.35
    smallest: int = 9

    def __post_init__(self) -> None:
        if not 0 <= self.core <= 1:
            raise MethodError(f"core is {self.core}: it must be from 0 to 1")

    def mark(
        self, area: Area, inside: bool, spacing: Spacing, rng: np.random.Generator
    ) -> Scribble:
        """One stroke through the largest part of an area."""
        part = area.largest_part()
        if len(part.axes) == 3:
            part = part.largest_slice(part.slice_axis(spacing)).largest_part()
        if part.size < self.smallest:
            path = part.deepest(spacing)[None]
        else:
            depth = part.depth(spacing)
            path = longest_path(part.mask & (depth >= self.core * depth.max()), spacing)
        return Scribble(Voxels.of(path + np.array(part.low)), inside)

    def correct(
        self,
        truth: Mask,
        mask: Mask,
        spacing: Spacing,
        rng: np.random.Generator,
        *,
        stale: Mask | None = None,
    ) -> tuple[Prompt, ...]:
        """A stroke inside if something is missing, then one outside if something is too much."""
        check_shapes(truth, mask)
        sides = ((Area.of(truth & ~mask), True), (Area.of(mask & ~truth), False))
        return tuple(self.mark(area, side, spacing, rng) for area, side in sides if area.size)


def longest_path(core: Mask, spacing: Spacing) -> Int64:
    """The longest of the shortest paths between two voxels, in mm and across corners.

    Two sweeps: the voxel furthest from the first one, then the one furthest from that. In a
    tree this is exact; elsewhere the path may be somewhat shorter than the longest. A core of
    more than `LARGEST_SEARCH` voxels is searched in full blocks of them, if these are most of it.

    Args:
        core: (I, J, K), at least one voxel; of several parts the largest is taken.
        spacing: Of I, J and K in mm.

    Returns:
        The path's voxels in order, (N, 3); each touches the next.

    Examples:
        >>> corner = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]], bool)[..., None]
        >>> longest_path(corner, (1.0, 1.0, 1.0))[:, :2].tolist()
        [[0, 2], [0, 1], [1, 0], [2, 0]]
    """
    part = Area.of(core).largest_part()
    if part.size == 1:
        return np.array([part.low])
    side = int(np.ceil(np.sqrt(part.size / LARGEST_SEARCH))) // 2 * 2 + 1
    blocks = _blocks(part.mask, side)
    if side > 1 and 2 * np.count_nonzero(blocks) * side**2 > part.size:
        steps = _through_blocks(longest_path(blocks, spacing), part.mask.shape, side)
    else:
        steps = _two_sweeps(part.mask, spacing)
    return np.asarray(steps + np.array(part.low), np.int64)


def _two_sweeps(part: Mask, spacing: Spacing) -> Int64:
    long = [axis for axis in range(3) if part.shape[axis] > 1]
    flat = part.squeeze()
    cost = np.where(flat, 1.0, -1.0)
    end = tuple(np.argwhere(flat)[0])
    for _ in range(2):
        search = MCP_Geometric(cost, sampling=[spacing[axis] for axis in long])
        reached, _ = search.find_costs([end])
        far: Float64 = np.where(flat, reached, -1.0)
        end = tuple(int(i) for i in np.unravel_index(np.argmax(far), far.shape))
    steps = np.array(search.traceback(end))
    path = np.zeros((len(steps), 3), np.int64)
    path[:, long] = steps
    return path


def _blocks(part: Mask, side: int) -> Mask:
    """Which blocks of `side` voxels along each long axis are full; the rest at the end is not."""
    sides = [side if n > 1 else 1 for n in part.shape]
    whole = [n // s for n, s in zip(part.shape, sides, strict=True)]
    cut = part[tuple(slice(n * s) for n, s in zip(whole, sides, strict=True))]
    pairs = [extent for pair in zip(whole, sides, strict=True) for extent in pair]
    return np.asarray(cut.reshape(pairs).all(axis=(1, 3, 5)), bool)


def _through_blocks(path: Int64, shape: tuple[int, ...], side: int) -> Int64:
    """The voxels on the lines between the middles of a path's blocks, of an odd side.

    The middle of such a block is a voxel, so that a diagonal crosses no third block.
    """
    sides = np.array([side if n > 1 else 1 for n in shape])
    centres = path * sides + sides // 2
    parts = np.arange(side)[None, :, None]
    steps = centres[:-1, None] + np.diff(path, axis=0)[:, None] * parts
    return np.concatenate([steps.reshape(-1, 3), centres[-1:]])
