"""Random walker: whose marks does a walk from each voxel meet first, the object's or another's?

Grady, "Random walks for image segmentation", IEEE Trans. Pattern Analysis and Machine Intelligence
2006.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..energy.grid import mean_squared_difference
from ..energy.laplacian import random_walk
from ..errors import PromptsMissing
from ..marks import joint_seeds
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..types import Array, Float32, Int8, Int64
from ..volume import Volume
from .base import JointMethod, Observe, State, quiet
from .framed import assume, missing_side
from .intensity import standardised
from .ranges import at_least, positive
from .working import working_region

_STEPS = 1024  # probabilities are rounded to so many: a tie stays one in spite of solver error
_TOLERANCE = 1e-3
_VOXELS = (1.0, 1.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class RandomWalker(JointMethod):
    """The random walker, each object against all that it is not.

    Each object has boundary values of its own: 1 at its inside marks, 0 at its outside marks
    and at the inside marks of all others. Objects that agree on which voxels are marked share
    the matrix. Where the probabilities of several objects exceed one together, they are divided
    by their sum.

    Differences from the paper: contrast is in units of the mean squared difference between
    neighbours, rather than of the largest; while there is a box, its middle is taken for inside
    (see `assume`), as a walk soon misses a single click. Steps count in voxels: dividing them
    by spacing changed Dice in thick slices by less than 0.01, by its square cost 0.03. An
    earlier answer is no first guess for the next one, so that a replayed session repeats it.

    Args:
        beta: How much an edge of the image holds walks back: neighbours that differ by the root
            mean square of all such differences are tied by `exp(-beta)`; 0 ignores the image.
            Of 0.1, 1, 3 and 10, tried on 14 to 63 train objects, 3 and 10 were as good in
            pictures, with 0.1 far behind, and 10 better by 0.02 in volumes; 5 lies between.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid. Of 0.4 and 0.5 the larger was better by 0.02 on the train split.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on; a million take about 0.5 GB.

    References:
        Grady, "Random walks for image segmentation", IEEE Trans. Pattern Analysis and Machine
        Intelligence 2006.
    """

    name: ClassVar[str] = "random_walker"
    title: ClassVar[str] = "Random walker"
    paper: ClassVar[str] = "grady2006random"
    when: ClassVar[str] = "Several objects at once, also with blurred rims; marks on both sides."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    beta: float = 5.0
    middle: float = 0.5
    margin_mm: float = 10.0
    limit: int = 2_000_000

    def __post_init__(self) -> None:
        at_least(0, beta=self.beta, margin_mm=self.margin_mm)
        at_least(0, 1, middle=self.middle)
        positive(limit=self.limit)

    def segment(
        self,
        volume: Volume,
        prompts: Mapping[int, tuple[Prompt, ...]],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[dict[int, Patch], State]:
        """See `JointMethod.segment`. An object without both sides is left empty, with a note,
        as long as another one has them."""
        region, notes = working_region(
            prompts.values(), volume.shape, volume.spacing, self.limit, self.margin_mm
        )
        seeds = {
            number: assume(seed, prompts[number], region, self.middle)
            for number, seed in joint_seeds(prompts, region, volume.spacing).items()
        }
        missing = {number: missing_side(seed) for number, seed in seeds.items()}
        lacking = [f"object {number}: {why}" for number, why in missing.items() if why]
        if len(lacking) == len(seeds):
            raise PromptsMissing(next(why for why in missing.values() if why))
        image = standardised(volume.data[:, *region.slices])
        ready = {number: seed for number, seed in seeds.items() if not missing[number]}
        walks = self._walks(image, ready, observe or quiet)
        total = np.maximum(np.sum(list(walks.values()), axis=0), 1)
        patches = {number: Patch.empty() for number in prompts}
        for number, chance in walks.items():
            steps = np.rint(chance / total * np.float32(_STEPS))
            patches[number] = Patch(region.low, steps / np.float32(_STEPS))
        return patches, State(notes=(*notes, *lacking))

    def _walks(
        self, image: Float32, seeds: Mapping[int, Int8], observe: Observe
    ) -> dict[int, Float32]:
        """Probability of each object, by one run for all that agree on what is marked."""
        axes = _turned(image, list(seeds.values()))
        image = np.flip(image, tuple(axis + 1 for axis in axes))
        beta = _peer_beta(image, self.beta)
        groups = _groups(seeds)
        walks: dict[int, Float32] = {}
        for done, numbers in enumerate(groups):
            labels, claims = _labels([np.flip(seeds[number], axes) for number in numbers])

            def share(fraction: float, done: int = done) -> None:
                observe((done + fraction) / len(groups), None)

            share(0.0)
            chance = random_walk(
                image, labels, _VOXELS, beta=beta, tolerance=_TOLERANCE, observe=share
            )
            for number, claimed in zip(numbers, claims, strict=True):
                walks[number] = np.flip(chance[claimed].sum(axis=0), axes)
        return walks


def _peer_beta(image: Float32, beta: float) -> float:
    """The beta of `random_walk`, whose scale is a standard deviation, for ours.

    Ours ties neighbours by `exp(-beta * d**2 / mean)`, theirs by
    `exp(-beta * d**2 / (10 * deviation * sqrt(C)))`.
    """
    mean = mean_squared_difference(image, 6)
    deviation = float(image.std(dtype=np.float64))
    return beta * 10 * deviation * float(np.sqrt(len(image))) / mean if mean > 0 else 0.0


def _groups(seeds: Mapping[int, Int8]) -> list[list[int]]:
    """The objects, those that agree on which voxels are known together."""
    groups: list[list[int]] = []
    for number, seed in seeds.items():
        for group in groups:
            if np.array_equal(seeds[group[0]] != 0, seed != 0):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _labels(seeds: Sequence[Int8]) -> tuple[Int64, list[Int64]]:
    """A label for each way in which objects claim voxels, and the labels that each object claims.

    Args:
        seeds: of each object, known at the same voxels.

    Returns:
        `(I, J, K)` labels from 0, -1 where nothing is known, and for each object its labels.
    """
    known = seeds[0] != 0
    claims = np.stack([seed[known] == 1 for seed in seeds])
    ways, label = np.unique(claims, axis=1, return_inverse=True)
    labels = np.full(known.shape, -1, np.int64)
    labels[known] = label
    return labels, [np.flatnonzero(way) for way in ways]


def _turned(image: Float32, seeds: Sequence[Int8]) -> tuple[int, ...]:
    """The axes to flip, so that an image and its mirror image are solved in the same order.

    A solver's error depends on the order of voxels; solved in one order, flipping the input
    flips the answer to the last bit. An axis is flipped if sums across it read larger that way:
    of the image, or if they are a palindrome, of the seeds.
    """
    arrays: list[Array] = [np.rint(image * np.float32(4096)).astype(np.int64).sum(axis=0)]
    arrays += [seed.astype(np.int64) for seed in seeds]
    return tuple(axis for axis in range(3) if _reads_larger_backwards(arrays, axis))


def _reads_larger_backwards(arrays: Sequence[Array], axis: int) -> bool:
    others = tuple(a for a in range(3) if a != axis)
    for array in arrays:
        profile = array.sum(axis=others)
        apart = np.flatnonzero(profile != profile[::-1])
        if len(apart):
            return bool(profile[apart[0]] < profile[::-1][apart[0]])
    return False
