"""Intensities in units of the image itself, so that no answer depends on the scanner's."""

from dataclasses import dataclass

import numpy as np

from ..types import Array, Float32, Float64, Int64, Mask

TAILS = (1.0, 99.0)
"""Percentiles that become 0 and 1: single bright voxels, as of metal, set no scale."""

_BITS = 60
_MOST_BITS = 10
_TABLE_BITS = 20


def standardised(data: Array) -> Float32:
    """Every channel moved and scaled so that its 1st and 99th percentiles are 0 and 1.

    Nothing is clipped: the tails go on below 0 and above 1. Where both percentiles are
    the same value the extremes take their place; a constant channel becomes 0.

    Args:
        data: `(C, I, J, K)`, finite.

    Returns:
        `(C, I, J, K)` float32, the same for `data` and for `a * data + b`, a > 0, up to
        rounding; exactly where the arithmetic is (whole numbers, a power of two).

    Examples:
        >>> standardised(np.array([10.0, 20.0, 30.0]).reshape(1, 3, 1, 1)).ravel()
        array([0. , 0.5, 1. ], dtype=float32)
    """
    out = np.empty(data.shape, np.float32)
    for channel, scaled in zip(data, out, strict=True):
        low, high = np.percentile(channel, TAILS, method="nearest")
        if low == high:
            low, high = channel.min(), channel.max()
        np.subtract(channel, low, out=scaled)
        scaled /= np.float32(high - low) if high > low else np.float32(1.0)
    return out


@dataclass(frozen=True, eq=False)
class Palette:
    """The distinct intensities of an image: what is worked out for each serves all its voxels.

    Attributes:
        colours: `(N, C)`, in ascending order, whatever the order of the voxels.
        index: `(I, J, K)`, the row of each voxel.
    """

    colours: Float64
    index: Int64

    @classmethod
    def of(cls, image: Float32) -> "Palette":
        """Round a standardised image, `(C, I, J, K)`, to steps of 1/256.

        Beyond -1.5 and 2.5 all is one colour. More than six channels leave fewer than ten
        bits for each, hence coarser steps.
        """
        bits = max(1, min(_MOST_BITS, _BITS // len(image)))
        steps = 2**bits
        code = np.zeros(image.shape[1:], np.int64)
        for channel in image:
            level = np.rint(channel * np.float32(steps / 4) + np.float32(3 * steps / 8))
            code = code * steps + np.clip(level, 0, steps - 1).astype(np.int64)
        if bits * len(image) <= _TABLE_BITS:
            present = np.bincount(code.ravel(), minlength=steps ** len(image)) > 0
            codes = np.flatnonzero(present)
            index = (np.cumsum(present) - 1)[code]
        else:
            codes, index = np.unique(code, return_inverse=True)
        digits = [codes // steps**c % steps for c in reversed(range(len(image)))]
        colours = (np.stack(digits, axis=1) - 3 * steps / 8) / (steps / 4)
        return cls(colours, index.reshape(code.shape))

    def counts(self, mask: Mask) -> Int64:
        """How many voxels of `mask`, `(I, J, K)`, have each colour, `(N,)`."""
        return np.bincount(self.index[mask], minlength=len(self.colours))

    def samples(self, counts: Array, most: int) -> Float64:
        """Colours as often as `counts` says, `(M, C)`, thinned evenly to at most `most`."""
        total = int(counts.sum())
        wanted = min(total, most)
        rank = (np.arange(wanted) + 0.5) * (total / max(wanted, 1))
        return self.colours[np.searchsorted(np.cumsum(counts), rank, side="right")]
