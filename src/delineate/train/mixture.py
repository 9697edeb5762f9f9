"""What a network is shown: synthetic crops and real ones, in stated shares."""

from dataclasses import dataclass

import numpy as np

from ..synth.recipe import Recipe
from ..synth.stream import Batch, draw
from ..types import Array
from .crops import Crops

SOURCE, SLAB = 1, 2
"""Make the draws of a sample's source and slab others than that of its content."""


@dataclass(frozen=True)
class Mixture:
    """Samples without end; the n-th depends on the seed and n alone.

    Attributes:
        seed: Of all samples.
        size: Of a crop.
        length: Samples in a batch.
        synth: What synthetic images are made of.
        label_maps: To paint anatomy on.
        real: Sources of real crops, each with the share of samples that it gives.
        slab: Slices of a volume's crop that a sample shows; 0 shows all.
    """

    seed: int
    size: tuple[int, ...]
    length: int
    synth: Recipe
    label_maps: tuple[Array, ...] = ()
    real: tuple[tuple[Crops, float], ...] = ()
    slab: int = 0

    def sample(self, number: int) -> Batch:
        """Image `(1, *size)` and mask `(*size,)`; in a slab, so many slices of them."""
        if not self.slab:
            return self._crop(number)
        image, mask = self._crop(number)
        rng = np.random.default_rng((self.seed, number, SLAB))
        first = int(rng.integers(0, self.size[-1] - self.slab + 1))
        shown = np.s_[..., first : first + self.slab]
        return image[shown], mask[shown]

    def _crop(self, number: int) -> Batch:
        rng = np.random.default_rng((self.seed, number, SOURCE))
        place = rng.random()
        for crops, share in self.real:
            if place < share:
                return crops.draw(rng, self.size, self.synth)
            place -= share
        return draw((self.seed, number), self.synth, self.size, self.label_maps)

    def batch(self, number: int) -> Batch:
        """Images `(N, 1, *size)` float32 and masks `(N, *size)` bool."""
        made = [self.sample(number * self.length + n) for n in range(self.length)]
        return np.stack([image for image, _ in made]), np.stack([mask for _, mask in made])
