"""Graph cut: the boundary of least cost that keeps the marks on their sides.

Boykov and Jolly, "Interactive graph cuts for optimal boundary and region segmentation of objects
in N-D images", ICCV 2001.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..energy import maxflow
from ..marks import given, said
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Float32, Index, Int8, Mask
from ..volume import Volume
from .base import Method, Observe, State, quiet
from .boundary import boundary_weights
from .framed import both_sides, half_extent_mm
from .intensity import Palette, standardised
from .likelihood import Learning, likelihoods
from .ranges import at_least, check_neighbours, positive


@dataclass(frozen=True, eq=False)
class _View:
    """The part of the image that was worked on: its intensities, and its boundary costs."""

    region: Region
    palette: Palette
    weights: Mapping[Index, Float32]


@dataclass(frozen=True, kw_only=True)
class GraphCut(Method):
    """Interactive graph cut.

    The mask minimises the paper's equation 1: `regional` times the sum of `-log P(intensity |
    side)` over all voxels, plus `exp(-(I_p - I_q)**2 / (2 sigma**2)) / distance` over all
    pairs of neighbours that it separates. The user's marks, the outside of a box and the core
    of a given mask are hard constraints, by infinite links as in the paper. Of several minima
    it is the smallest.

    Differences from the paper: mixtures of Gaussians stand for its histograms of marked
    intensities, so that one click is enough and colours work too; what was marked counts more
    near the mark (`trust`, `reach`); sigma is in units of the image's own contrast. With a
    box, the outside intensities are those around it, and its middle is taken for inside (see
    `assume`), but for what looks like the outside (see `doubted`). The probability is hard,
    0 or 1.

    The defaults were searched on the train split (20 objects of curvas, wbc, acdc, dsb2018 and
    hippocampus; a box with a margin of 0 to 10 voxels, then 4 clicks into the deepest error).

    Args:
        regional: Weight of the intensities against the boundary: the paper's lambda. Searched:
            0.5 to 1; more suits volumes, less noisy pictures.
        sigma: Step between neighbours that counts as an edge, in units of their root mean
            square difference. Searched: 0.5 to 2; 0.7 and 1 are alike.
        trust: Weight of the marked intensities, near the mark, beside those a box implies.
            Searched: 0.2, 0.5, 0.8.
        reach: How far that is, as a fraction of half the size of the box. Searched: 0.15
            to 2; without a limit, clicks made whole objects vanish.
        spread: Width of a Gaussian at least, as a fraction of the range of intensities.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid.
        neighbours_2d: 8 or 4, in a picture.
        neighbours_3d: 26 or 6, in a volume; 26 was no better on the train split.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on.

    References:
        Boykov and Jolly, "Interactive Graph Cuts for Optimal Boundary and Region Segmentation
        of Objects in N-D Images", ICCV 2001.
    """

    name: ClassVar[str] = "graphcut"
    title: ClassVar[str] = "Graph cut"
    paper: ClassVar[str] = "boykov2001interactive"
    when: ClassVar[str] = "An object of its own intensity or with a clear rim, box or marks."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    regional: float = 0.6
    sigma: float = 1.0
    trust: float = 0.5
    reach: float = 1.0
    spread: float = 0.05
    middle: float = 0.5
    neighbours_2d: int = 8
    neighbours_3d: int = 6
    margin_mm: float = 20.0
    limit: int = 3_000_000

    def __post_init__(self) -> None:
        at_least(0, regional=self.regional, margin_mm=self.margin_mm)
        at_least(0, 1, trust=self.trust, middle=self.middle)
        positive(sigma=self.sigma, reach=self.reach, spread=self.spread, limit=self.limit)
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
        observe(0.2, None)
        reach_mm = self.reach * half_extent_mm(prompts, volume.spacing)
        learning = Learning(self.trust, reach_mm, self.spread)
        marked = said(prompts, region)
        densities = likelihoods(view.palette, certain, marked, volume.spacing, learning)
        observe(0.4, None)
        inside, outside = (np.float32(-self.regional) * np.log(side) for side in densities)
        if given(prompts) is None:
            certain = doubted(certain, marked, inside > outside)
        mask = maxflow.minimum_cut(inside, outside, view.weights, certain)
        patch = Patch(region.low, mask.astype(np.float32))
        observe(1.0, patch)
        return patch, State(view, notes=notes)

    def _view(self, volume: Volume, region: Region, state: State) -> _View:
        if isinstance(state.image, _View) and state.image.region == region:
            return state.image
        image = standardised(volume.data[:, *region.slices])
        neighbours = self.neighbours_2d if 1 in region.shape else self.neighbours_3d
        weights = boundary_weights(image, volume.spacing, self.sigma, neighbours)
        return _View(region, Palette.of(image), weights)


def doubted(certain: Int8, marked: Int8, alien: Mask) -> Int8:
    """What is certain, without what a box suggests to be inside but looks like the outside.

    An object off the centre of its box does not fill the middle. Where most of the middle
    looks like the outside, looks say nothing and all of it stays.

    Args:
        certain: +1 inside, -1 outside, 0 free, `(I, J, K)`; not changed.
        marked: What of it the user marked.
        alien: Whether a voxel looks more like the outside.
    """
    assumed = (certain == 1) & (marked != 1)
    strange = assumed & alien
    if 2 * np.count_nonzero(strange) > np.count_nonzero(assumed):
        return certain
    return np.where(strange, np.int8(0), certain)
