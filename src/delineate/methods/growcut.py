"""GrowCut: the marks are armies that attack their neighbours until all fronts are still.

Vezhnevets and Konouchine, "GrowCut: interactive multi-label N-D image segmentation by cellular
automata", GraphiCon 2005.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..energy import geodesic, grid
from ..errors import PromptsMissing
from ..marks import joint_seeds
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Array, Float32, Index, Int8, Spacing
from ..volume import Volume
from .base import JointMethod, Observe, State, quiet
from .framed import assume, missing_side
from .intensity import standardised
from .ranges import at_least, check_neighbours, positive
from .working import working_region


@dataclass(frozen=True, eq=False)
class _Terrain:
    """What each step costs an attacker, and the part of the image it was worked out for."""

    region: Region
    costs: Mapping[Index, Float32]


@dataclass(frozen=True, kw_only=True)
class GrowCut(JointMethod):
    """GrowCut, solved as a shortest path.

    In the paper each marked cell has strength 1, and a cell of strength s that attacks a
    neighbour across an intensity step d arrives with `s * (1 - d / d_max)`; it conquers what is
    weaker. Where the automaton comes to rest, the strength with which an army holds a cell is
    the largest product over all paths from its marks, hence `exp(-D)` for the shortest path D
    with edges `-log(1 - d / d_max)`. That is what is computed here, in sweeps, for each object
    against all that it is not. The mask is the automaton's wherever it is not a tie (with
    `friction` 0).

    Differences from the paper: `friction` lets ground without contrast be shared by distance,
    where the automaton decides by the order of its updates; d_max is the largest step rather
    than the largest intensity, so that an added constant changes nothing; distances between
    neighbours in mm count through `friction` only, as in the paper. An outside mark is of
    no other object. While there is a box, its middle is taken for inside (see `assume`).

    The probability is `s / (s + s_rest)` of the two strengths: 0.5 on a tie, which counts as
    outside. What no army reaches is outside.

    Args:
        friction: Added to every step, for each voxel of finest spacing. Searched on the train
            split: 0, 0.001, 0.01, 0.1; Dice was best at 0.001, little worse at 0.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid. Searched: 0.35, 0.5, 0.7; larger ones cost most on nuclei.
        neighbours_2d: 8 (Moore's) or 4 (von Neumann's), in a picture.
        neighbours_3d: 26 or 6, in a volume; 26 was no better on the train split.
        rounds: Most sweeps to and fro along every axis; None goes on until nothing changes.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on.

    References:
        Vezhnevets and Konouchine, "GrowCut: Interactive Multi-Label N-D Image Segmentation by
        Cellular Automata", GraphiCon 2005.
    """

    name: ClassVar[str] = "growcut"
    title: ClassVar[str] = "GrowCut"
    paper: ClassVar[str] = "vezhnevets2005growcut"
    when: ClassVar[str] = "Several objects at once, with marks on all of them; quick, never smooth."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    friction: float = 0.001
    middle: float = 0.4
    neighbours_2d: int = 8
    neighbours_3d: int = 6
    rounds: int | None = 8
    margin_mm: float = 20.0
    limit: int = 5_000_000

    def __post_init__(self) -> None:
        at_least(0, friction=self.friction, margin_mm=self.margin_mm)
        at_least(0, 1, middle=self.middle)
        positive(limit=self.limit)
        at_least(1, rounds=1 if self.rounds is None else self.rounds)
        check_neighbours(self.neighbours_2d, self.neighbours_3d)

    def segment(
        self,
        volume: Volume,
        prompts: Mapping[int, tuple[Prompt, ...]],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[dict[int, Patch], State]:
        """See `JointMethod.segment`. An object without both sides is left empty, with a note,
        as long as another one has them."""
        observe = observe or quiet
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
        observe(0.0, None)
        terrain = self._terrain(volume, region, state)
        patches = {}
        for done, (number, seed) in enumerate(seeds.items()):
            if missing[number]:
                patches[number] = Patch.empty()
                continue
            own = self._distance(seed == 1, terrain)
            observe((done + 0.5) / len(seeds), None)
            rest = self._distance(seed == -1, terrain)
            patches[number] = Patch(region.low, _share(own, rest, seed))
            observe((done + 1) / len(seeds), patches[number])
        return patches, State(terrain, notes=(*notes, *lacking))

    def _terrain(self, volume: Volume, region: Region, state: State) -> _Terrain:
        if isinstance(state.image, _Terrain) and state.image.region == region:
            return state.image
        image = standardised(volume.data[:, *region.slices])
        neighbours = self.neighbours_2d if 1 in region.shape else self.neighbours_3d
        costs = attack_costs(image, volume.spacing, neighbours, self.friction)
        return _Terrain(region, costs)

    def _distance(self, army: Array, terrain: _Terrain) -> Float32:
        start = np.where(army, np.float32(0), np.float32(np.inf))
        return geodesic.shortest_distance(start, terrain.costs, self.rounds)


def attack_costs(
    image: Float32, spacing: Spacing, neighbours: int, friction: float
) -> dict[Index, Float32]:
    """The logarithm of what an attack loses on each step, `-log(1 - d / d_max)` and friction.

    Args:
        image: `(C, I, J, K)`; d is the Euclidean distance over the channels.
        spacing: Of I, J, K in mm.
        neighbours: See `grid.offsets`.
        friction: As in `GrowCut`.

    Returns:
        For each step of `grid.offsets` the dense costs, >= 0; infinite across the largest step.
    """
    steps = grid.offsets(neighbours, image.shape[1:])
    jumps = {step: np.sqrt(grid.squared_difference(image, step)) for step in steps}
    largest = max((float(jump.max()) for jump in jumps.values()), default=0.0) or 1.0
    finest = min((grid.step_mm(step, spacing) for step in steps), default=1.0)
    costs = {}
    for step, jump in jumps.items():
        with np.errstate(divide="ignore"):
            cost = -np.log1p(-jump / np.float32(largest))
        costs[step] = cost + np.float32(friction * grid.step_mm(step, spacing) / finest)
    return costs


def _share(own: Float32, rest: Float32, seed: Int8) -> Float32:
    """`s / (s + s_rest)` of the strengths `exp(-own)` and `exp(-rest)`, and the seeds as said."""
    with np.errstate(over="ignore", invalid="ignore"):
        share = np.nan_to_num(1 / (1 + np.exp(own - rest)), nan=0.0)
    return np.asarray(np.where(seed == 0, share, seed == 1), np.float32)
