"""How large an object is, of which no more is known than a mark inside it.

A network guided by clicks answers alike in all windows that show an object neither too small nor
too large, fills those that show a part of it, and answers at random in others, so that the answer
on which most agree is at the right scale.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..networks.window import LEAST, SLICES, window_at
from ..region import Region, index3
from ..volume import Volume
from ..voxels import Voxels

_LATTICE = 8


def narrowing(mark: Region, volume: Volume, count: int) -> list[Region]:
    """The whole image and windows around a mark, each half as wide as the one before.

    They lie on a lattice of an eighth of their sides, so that a mark that is moved a little is
    mostly looked at in the same ones.

    Args:
        mark: In the image.
        volume: The image. In a slice windows are squares in mm.
        count: Of windows at most; they end before one is narrower than `LEAST` pixels.
    """
    across = volume.geometry.slice_axis
    order = [*(axis for axis in range(3) if axis != across), across][: volume.dims]
    steps = np.array([volume.spacing[axis] for axis in order])
    shape = np.array([volume.shape[axis] for axis in order])
    widest = np.array([(shape * steps)[:2].max()] * 2 + [*(shape * steps)[2:]]) / steps
    middle = np.array([(mark.low[axis] + mark.high[axis]) / 2 for axis in order])
    found = [Region.whole(volume.shape)]
    for number in range(1, count):
        sides = np.rint(widest / 2**number)
        if sides[:2].min() < LEAST:
            break
        low, high = [0, 0, 0], list(volume.shape)
        voxels = np.maximum(sides, [LEAST, LEAST, SLICES][: len(sides)])
        step = voxels / _LATTICE
        ends = window_at((np.floor(middle / step) + 0.5) * step, voxels, tuple(shape.tolist()))
        for axis, (first, last) in zip(order, ends, strict=True):
            low[axis], high[axis] = first, last
        window = Region(index3(low), index3(high))
        if window != found[-1]:
            found.append(window)
    return found


@dataclass(frozen=True, eq=False)
class Answer:
    """What was found in a window.

    Attributes:
        window: In the image.
        mask: In it, not empty.
        cut: Whether it reaches a side of the window beyond which the image goes on, so that the
            object is larger.
    """

    window: Region
    mask: Voxels
    cut: bool


def agreed(answers: Sequence[Answer]) -> int:
    """Which of several answers is most like all others, by intersection over union.

    Each other one judges where it looked: a window that an object fills says that it is at least
    as large, and nothing of what is beside. One that is cut is chosen only if all are.

    Raises:
        ValueError: If there is none.

    Examples:
        >>> line = np.arange(9).reshape(-1, 1, 1)
        >>> whole, half = Region((0, 0, 0), (9, 1, 1)), Region((2, 0, 0), (5, 1, 1))
        >>> wide = [Voxels.from_mask((line > 1) & (line < n)) for n in (8, 3)]
        >>> narrow = Voxels.from_mask((line > 1) & (line < 5))
        >>> agreed([Answer(whole, wide[1], False), Answer(half, narrow, True)])
        0
        >>> agreed([Answer(whole, mask, False) for mask in wide] + [Answer(half, narrow, True)])
        0
    """
    choice = [n for n, one in enumerate(answers) if not one.cut] or range(len(answers))
    return max(choice, key=lambda n: sum(_like(answers[n], judge) for judge in answers))


def _like(answer: Answer, judge: Answer) -> float:
    """How much an answer is like another one where that one looked; an answer itself has 1."""
    region = answer.mask.region.intersect(judge.window).union(judge.mask.region)
    ours, theirs = answer.mask.on(region), judge.mask.on(region)
    both, either = np.count_nonzero(ours & theirs), np.count_nonzero(ours | theirs)
    return both / either
