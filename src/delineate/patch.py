"""What a method answers: a probability inside a box, zero outside it."""

from dataclasses import dataclass

import numpy as np

from .errors import MethodError
from .region import Region, index3
from .types import Float32, Index, Mask


@dataclass(frozen=True, eq=False)
class Patch:
    """Probability of one object inside a region of the image, zero outside it.

    Args:
        low: Index in the image of the patch's first voxel.
        probability: `(I, J, K)` float32 in [0, 1].

    Raises:
        MethodError: If the probability is not three-dimensional, or leaves [0, 1].
    """

    low: Index
    probability: Float32

    def __post_init__(self) -> None:
        values = np.asarray(self.probability, np.float32)
        if values.ndim != 3:
            raise MethodError(f"a probability patch is (I, J, K), got shape {values.shape}")
        if values.size and not (values.min() >= 0 and values.max() <= 1):
            raise MethodError(
                f"probabilities lie in [0, 1], got {values.min():.4g} to {values.max():.4g}"
            )
        object.__setattr__(self, "low", index3(self.low))
        object.__setattr__(self, "probability", values)

    @classmethod
    def empty(cls) -> "Patch":
        """Zero everywhere."""
        return cls((0, 0, 0), np.zeros((0, 0, 0), np.float32))

    @property
    def region(self) -> Region:
        """Where in the image the patch lies."""
        shape = self.probability.shape
        high = index3(a + n for a, n in zip(self.low, shape, strict=True))
        return Region(self.low, high)

    def on(self, region: Region) -> Float32:
        """The probability on another region of the image, `(I, J, K)`, zero off the patch."""
        out = np.zeros(region.shape, np.float32)
        both = self.region.intersect(region)
        if both.size:
            out[both.within(region)] = self.probability[both.within(self.region)]
        return out

    def full(self, shape: Index) -> Float32:
        """The probability on the whole image, `(I, J, K)`; large for a large image."""
        return self.on(Region.whole(shape))

    def mask(self, shape: Index) -> Mask:
        """Voxels of the whole image that are more likely than not the object's."""
        out: Mask = self.full(shape) > 0.5
        return out
