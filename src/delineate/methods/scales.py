"""How large an object is, of which no more is known than a mark inside it.

A network guided by clicks answers alike in all windows that show an object neither too small nor
too large, and at random in others, so that the answer on which most agree is at the right scale.
"""

from collections.abc import Sequence

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


def agreed(masks: Sequence[Voxels]) -> int:
    """Which of several masks is most like what most of them hold, by intersection over union.

    Empty ones have no say.

    Raises:
        ValueError: If all are empty.

    Examples:
        >>> line = np.arange(9).reshape(-1, 1, 1)
        >>> agreed([Voxels.from_mask(line < n, (0, 0, 0)) for n in (9, 5, 4, 1)])
        1
    """
    heard = [number for number, mask in enumerate(masks) if len(mask)]
    region = masks[heard[0]].region if heard else Region((0, 0, 0), (0, 0, 0))
    for number in heard:
        region = region.union(masks[number].region)
    held = {number: masks[number].on(region) for number in heard}
    most = 2 * np.sum(list(held.values()), axis=0) >= len(heard)

    def overlap(number: int) -> float:
        both, either = held[number] & most, held[number] | most
        return np.count_nonzero(both) / np.count_nonzero(either)

    return max(heard, key=overlap)
