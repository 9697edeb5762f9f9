"""GeoS: a voxel is the object's if the way to it through the image is shorter than to the rest.

Criminisi, Sharp and Blake, "GeoS: geodesic image segmentation", ECCV 2008.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..energy import geodesic, grid
from ..marks import said
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Array, Float32, Int8, Spacing
from ..volume import Volume
from .base import Method, Observe, State, quiet
from .framed import both_sides, half_extent_mm
from .intensity import Palette, standardised
from .likelihood import Learning, likelihoods
from .ranges import at_least, check_neighbours, positive


@dataclass(frozen=True, eq=False)
class _View:
    """The part of the image that was worked on, in its own units of intensity and length."""

    region: Region
    image: Float32
    palette: Palette
    spacing: Spacing
    mm: Spacing
    neighbours: int


@dataclass(frozen=True, kw_only=True)
class GeoS(Method):
    """Geodesic segmentation with the paper's symmetric filter.

    1. The marks of both sides give a likelihood of each intensity, hence a soft mask M: the
       probability that a voxel is not the object, 0 and 1 at the marks.
    2. `D(M)` is the generalised geodesic distance of the paper's equation 1: the shortest way
       to any voxel, plus `nu` times that voxel's M. Likewise `D(1 - M)`.
    3. Where `D(M) - D(1 - M)` is below `-theta` the object is certain, above `theta` the
       background is; the distances A and B to those two cores end the symmetric filter
       (equation 5 with both thetas equal): islands and holes thinner than theta are gone.
    4. The probability is `B / (A + B)`, 0.5 on a tie, which counts as outside.

    Differences from the paper: theta is a field, where the paper tries many pairs and keeps
    that of least energy, as an interactive user corrects by marks instead; mixtures stand
    for its histograms, so that one click is enough. Lengths count in voxels of the finest
    spacing, so that no unit matters. While there is a box, its middle is taken for inside
    (see `assume`).

    The defaults were searched on the train split (20 objects of curvas, wbc, acdc, dsb2018 and
    hippocampus; a box with a margin of 0 to 10 voxels, then 4 clicks into the deepest error).

    Args:
        gamma: Length of a step across the whole range of intensities, in voxels. Searched: 2
            to 200; 10 to 50 are alike.
        nu: How far a voxel that does not look like a side is from it, in voxels; 0 for
            distances from the marks alone. Searched: 0 to 300; 40 and 80 are alike.
        theta: Half the width of the filter, in voxels; 0 for none. Searched: 0 to 15.
        trust: Weight of the marked intensities, near the mark, beside those a box implies.
        reach: How far that is, as a fraction of half the size of the box.
        spread: Width of a Gaussian at least, as a fraction of the range of intensities.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid.
        neighbours_2d: 8 or 4, in a picture.
        neighbours_3d: 26 or 6, in a volume; 26 was no better on the train split.
        rounds: Most sweeps to and fro along every axis; None goes on until nothing changes.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on.

    References:
        Criminisi, Sharp and Blake, "GeoS: Geodesic Image Segmentation", ECCV 2008.
    """

    name: ClassVar[str] = "geos"
    title: ClassVar[str] = "GeoS"
    paper: ClassVar[str] = "criminisi2008geos"
    when: ClassVar[str] = "A few scribbles on an object of its own intensity; quick in 3D."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    gamma: float = 20.0
    nu: float = 80.0
    theta: float = 4.0
    trust: float = 0.5
    reach: float = 1.0
    spread: float = 0.05
    middle: float = 0.5
    neighbours_2d: int = 8
    neighbours_3d: int = 6
    rounds: int | None = 4
    margin_mm: float = 20.0
    limit: int = 4_000_000

    def __post_init__(self) -> None:
        at_least(0, gamma=self.gamma, nu=self.nu, theta=self.theta, margin_mm=self.margin_mm)
        at_least(0, 1, trust=self.trust, middle=self.middle)
        positive(spread=self.spread, reach=self.reach, limit=self.limit)
        at_least(1, rounds=1 if self.rounds is None else self.rounds)
        check_neighbours(self.neighbours_2d, self.neighbours_3d)

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """See `Method.segment`."""
        observe = observe or quiet
        region, certain, notes = both_sides(
            prompts, volume, self.limit, self.margin_mm, self.middle
        )
        observe(0.0, None)
        view = self._view(volume, region, state)
        reach_mm = self.reach * half_extent_mm(prompts, volume.spacing)
        learning = Learning(self.trust, reach_mm, self.spread)
        own, rest = self._prices(view, certain, said(prompts, region), learning)
        own = self._distance(own, view)
        observe(0.4, None)
        rest = self._distance(rest, view)
        if self.theta:
            observe(0.6, Patch(region.low, _nearness(own, rest, certain)))
            signed = own - rest
            own = self._distance(_cost_of(signed < -self.theta, certain), view)
            observe(0.8, None)
            rest = self._distance(_cost_of(signed > self.theta, -certain), view)
        patch = Patch(region.low, _nearness(own, rest, certain))
        observe(1.0, patch)
        return patch, State(view, notes=notes)

    def _view(self, volume: Volume, region: Region, state: State) -> _View:
        if isinstance(state.image, _View) and state.image.region == region:
            return state.image
        neighbours = self.neighbours_2d if 1 in region.shape else self.neighbours_3d
        image = standardised(volume.data[:, *region.slices])
        steps = grid.offsets(6, region.shape)
        finest = min((grid.step_mm(step, volume.spacing) for step in steps), default=1.0)
        i, j, k = (length / finest for length in volume.spacing)
        return _View(region, image, Palette.of(image), (i, j, k), volume.spacing, neighbours)

    def _prices(
        self, view: _View, certain: Int8, marked: Int8, learning: Learning
    ) -> tuple[Float32, Float32]:
        """At what price each voxel is a seed of the object, and of the rest: nu M, nu (1 - M)."""
        if not self.nu:
            nowhere = np.zeros(certain.shape, bool)
            return _cost_of(nowhere, certain), _cost_of(nowhere, -certain)
        inside, outside = likelihoods(view.palette, certain, marked, view.mm, learning)
        total = inside + outside
        prices = [np.float32(self.nu) * other / total for other in (outside, inside)]
        for price, sign in zip(prices, (1, -1), strict=True):
            price[certain == sign] = 0
            price[certain == -sign] = np.inf
        return prices[0], prices[1]

    def _distance(self, start: Array, view: _View) -> Float32:
        return geodesic.generalised_geodesic_distance(
            start, view.image, view.spacing, self.gamma, view.neighbours, self.rounds
        )


def _cost_of(core: Array, certain: Int8) -> Float32:
    """0 in the core and at the marks of its side (+1), infinite elsewhere."""
    within = (core | (certain == 1)) & (certain != -1)
    return np.where(within, np.float32(0), np.float32(np.inf))


def _nearness(own: Float32, rest: Float32, certain: Int8) -> Float32:
    """`rest / (own + rest)`: 1 at the object's seeds, 0 at the others, 0.5 half way."""
    with np.errstate(invalid="ignore"):
        nearness = np.where(np.isinf(rest) & np.isfinite(own), 1.0, rest / (own + rest))
    nearness = np.nan_to_num(nearness, nan=0.0)
    return np.where(certain == 0, nearness, certain == 1).astype(np.float32)
