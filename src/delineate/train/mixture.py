"""What a network is shown: synthetic crops and real ones, in stated shares."""

from dataclasses import dataclass

import numpy as np

from ..synth.recipe import Recipe
from ..synth.stream import Batch, draw
from ..types import Array
from .crops import Crops

SOURCE = 1
"""Makes the draw of a sample's source another one than that of its content."""


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
    """

    seed: int
    size: tuple[int, ...]
    length: int
    synth: Recipe
    label_maps: tuple[Array, ...] = ()
    real: tuple[tuple[Crops, float], ...] = ()

    def sample(self, number: int) -> Batch:
        """Image `(1, *size)` and mask `(*size,)`."""
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
