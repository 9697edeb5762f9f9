"""What a network is shown: synthetic images and real ones, in stated shares."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ..networks.position import as_read
from ..synth.recipe import Recipe
from ..synth.sample import sample
from ..synth.stream import Batch, draw, native_shape, visibility
from ..types import Array, Float32, Mask
from .clicking import is_looped
from .clicks import Clicks
from .crops import Crops
from .errors import TrainingError
from .states import draw_state
from .windows import cut, draw_ratio

SOURCE, SLAB = 1, 2
"""Make the draws of a sample's source and slab others than that of its content."""

TRIES = 100

Arrays: TypeAlias = tuple[Array, ...]
"""A batch: inputs `(N, C, *size)` float32, masks `(N, *size)` bool, and what else a task needs."""


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
        scattered: Whether these are anywhere along any axis of it.
        clicks: What a user says; None: samples are crops to a box, and the box says it all.
        sizes: Of the network, which say whether positions are further channels of a crop.
    """

    seed: int
    size: tuple[int, ...]
    length: int
    synth: Recipe
    label_maps: tuple[Array, ...] = ()
    real: tuple[tuple[Crops, float], ...] = ()
    slab: int = 0
    scattered: bool = False
    clicks: Clicks | None = None
    sizes: object = None

    def sample(self, number: int) -> Batch:
        """Image `(1, *size)` and mask `(*size,)`; in a slab, so many slices of them.

        A network that is `placed` is given positions as further channels.
        """
        image, mask = self._crop(number)
        rng = np.random.default_rng((self.seed, number, SLAB))
        if self.scattered:
            across = int(rng.integers(3))
            image, mask = np.moveaxis(image, 1 + across, 3), np.moveaxis(mask, across, 2)
        image = as_read(self.sizes, image)
        if not self.slab:
            return image, mask
        if self.scattered:
            at = rng.choice(self.size[-1], self.slab, replace=False)
            return image[..., at], mask[..., at]
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

    def batch(self, number: int) -> Arrays:
        """Inputs `(N, C, *size)` float32 and masks `(N, *size)` bool; with clicks also `(N,)`,
        how thick slices are in pixels."""
        numbers = range(number * self.length, (number + 1) * self.length)
        if self.clicks is not None:
            looped = is_looped(self.seed, number, self.clicks)
            asked = [self._asked(n, self.clicks, looped) for n in numbers]
            return tuple(np.stack(part) for part in zip(*asked, strict=True))
        made = [self.sample(n) for n in numbers]
        return np.stack([image for image, _ in made]), np.stack([mask for _, mask in made])

    def _asked(self, number: int, clicks: Clicks, looped: bool) -> tuple[Array, Array, Array]:
        """Image and guidance maps `(C, *size)`, mask `(*size)` and thickness `()` of a sample."""
        rng = np.random.default_rng((self.seed, number))
        for _ in range(TRIES):
            image, mask, thickness = self._whole(rng)
            ratio = draw_ratio(rng, clicks)
            view = cut(rng, image, mask, thickness, self.size, ratio)
            narrow, least = ratio < clicks.reach[0], clicks.smallest
            if np.count_nonzero(view.mask) < least or (view.mask.all() and not narrow):
                continue
            around = view
            if narrow:
                around = cut(None, image, mask, thickness, self.size, clicks.reach[0])
            if visibility(around.image, around.mask) >= self.synth.visibility:
                asked = draw_state(rng, view, clicks, looped)
                inputs = np.concatenate([view.image[None], asked.maps])
                return inputs, asked.mask, np.array(view.thickness, np.float32)
        raise TrainingError(
            f"{TRIES} windows had no object of {clicks.smallest} voxels with visibility "
            f"{self.synth.visibility}"
        )

    def _whole(self, rng: np.random.Generator) -> tuple[Float32, Mask, float]:
        """An image of one of the sources, an object in it, and how thick its slices are."""
        place = rng.random()
        for crops, share in self.real:
            if place < share:
                return crops.whole(rng, self.synth)
            place -= share
        shape = native_shape(rng, self.synth, len(self.size))
        made = sample(rng, shape, self.synth, self.label_maps)
        image, mask = made.image[0], made.mask
        if len(self.size) == 2:
            image, mask = image[..., 0], mask[..., 0]
        return image, mask, made.thickness
