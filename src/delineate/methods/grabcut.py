"""GrabCut: what a box holds and what it leaves out are learned and cut apart, in turns.

Rother, Kolmogorov and Blake, "GrabCut: interactive foreground extraction using iterated graph
cuts", ACM Transactions on Graphics 2004; in volumes as Ramirez, Temoche and Carmona, "A volume
segmentation approach based on GrabCut", CLEI Electronic Journal 2013.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from ..energy import maxflow, mixture
from ..energy.mixture import Mixture
from ..marks import box, given
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Float32, Float64, Index, Int8, Int64, Mask
from ..volume import Volume
from .base import Method, Observe, State, quiet
from .boundary import boundary_weights
from .framed import both_sides
from .intensity import Palette, standardised
from .ranges import at_least, check_neighbours, positive

COLOUR = 3
"""Channels of the pictures for which the paper chose its gamma."""

_SAMPLES = 50_000


@dataclass(frozen=True, eq=False)
class _View:
    """The part of the image that was worked on: its intensities, and its boundary costs."""

    region: Region
    palette: Palette
    terms: Float64
    weights: Mapping[Index, Float32]


@dataclass(frozen=True, eq=False)
class Round:
    """Where one iteration has come to.

    Attributes:
        mask: True inside, `(I, J, K)`.
        energy: The paper's E, nowhere above that of the round before.
    """

    mask: Mask
    energy: float


@dataclass(frozen=True, kw_only=True)
class GrabCut(Method):
    """GrabCut in 2D and 3D, on any number of channels.

    The paper's three steps are taken in turns: (1) each voxel to the Gaussian of its side
    that explains it best, (2) Gaussians learned from their voxels, (3) minimum cut. None
    lets the energy rise; it ends when the mask stays the same, or after `iterations`. Marks
    are hard constraints, and all turns are taken again with them.

    It starts from the last mask given, else from the box filled; where both sides are marked
    and there is no box, the first Gaussians are those of the marks, and the first cut is the
    start.

    Differences from the paper: 3 components inside (as in the BIFSeg paper's comparison)
    instead of 5; gamma grows with the channels, as the data term does, so that one value
    fits grey images too; in a volume it is scaled by the number of neighbours (see
    `boundary_weights`); intensities are rounded to 1/256 of their range; no border matting;
    while there is a box, its middle is taken for inside (see `assume`), lest the
    object vanish. The probability is hard, 0 or 1.

    On the train split (25 objects of curvas, wbc, acdc, dsb2018 and hippocampus; a box with a
    margin of 0 to 10 voxels, then clicks into the deepest error) gamma 50 was best of 25, 50
    and 100. Objects hardly brighter than what surrounds them, such as the hippocampus in a
    volume, shrink to the middle of the box: use `growcut` or `graphcut` there.

    Args:
        inside_components: Gaussians of the object.
        outside_components: Gaussians of the rest.
        gamma: Weight of the boundary for a colour picture, 50 in the paper; one channel
            has a third of it.
        iterations: Most turns.
        spread: Standard deviation added to every Gaussian, as a fraction of the range of
            intensities; keeps them from shrinking to one intensity.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid.
        neighbours_2d: 8 or 4, in a picture.
        neighbours_3d: 26 or 6, in a volume; 26 was no better on the train split.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on.

    References:
        Rother, Kolmogorov and Blake, "GrabCut: Interactive Foreground Extraction using Iterated
        Graph Cuts", ACM Transactions on Graphics 2004.
        Ramirez, Temoche and Carmona, "A Volume Segmentation Approach Based on GrabCut", CLEI
        Electronic Journal 2013.
    """

    name: ClassVar[str] = "grabcut"
    title: ClassVar[str] = "GrabCut"
    paper: ClassVar[str] = "rother2004grabcut"
    when: ClassVar[str] = "One box around an object that differs from its surroundings; colour."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    inside_components: int = 3
    outside_components: int = 5
    gamma: float = 50.0
    iterations: int = 5
    spread: float = 0.02
    middle: float = 0.3
    neighbours_2d: int = 8
    neighbours_3d: int = 6
    margin_mm: float = 20.0
    limit: int = 2_000_000

    def __post_init__(self) -> None:
        at_least(0, gamma=self.gamma, margin_mm=self.margin_mm)
        at_least(0, 1, middle=self.middle)
        at_least(
            1,
            inside_components=self.inside_components,
            outside_components=self.outside_components,
            iterations=self.iterations,
            limit=self.limit,
        )
        positive(spread=self.spread)
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
        patch = Patch.empty()
        for done, turn in enumerate(self.rounds(view, certain, *start(prompts, region, certain))):
            patch = Patch(region.low, turn.mask.astype(np.float32))
            observe((done + 1) / self.iterations, patch)
        return patch, State(view, notes=notes)

    def rounds(self, view: _View, certain: Int8, inside: Mask, outside: Mask) -> Iterator[Round]:
        """The iterations, one after the other.

        Args:
            view: The image.
            certain: +1 inside, -1 outside, 0 free, `(I, J, K)`; both sides are present.
            inside: What the object's first Gaussians are learned from.
            outside: What those of the rest are learned from.
        """
        palette = view.palette
        counts = palette.counts(inside), palette.counts(outside)
        components = self.inside_components, self.outside_components
        floor = self.spread**2
        costs = []
        for count, number in zip(counts, components, strict=True):
            first = mixture.fit(palette.samples(count, _SAMPLES), number, floor=floor, iterations=0)
            costs.append(component_costs(first, view.terms, floor))
        before: Mask | None = None
        for _ in range(self.iterations):
            for side, count in enumerate(counts):
                model = learned(costs[side].argmin(axis=0), view.terms, count, floor)
                costs[side] = component_costs(model, view.terms, floor)
            inside, outside = (cost.min(axis=0).astype(np.float32)[palette.index] for cost in costs)
            mask = maxflow.minimum_cut(inside, outside, view.weights, certain)
            yield Round(mask, maxflow.cut_energy(mask, inside, outside, view.weights))
            if before is not None and np.array_equal(before, mask):
                return
            before, counts = mask, (palette.counts(mask), palette.counts(~mask))

    def _view(self, volume: Volume, region: Region, state: State) -> _View:
        if isinstance(state.image, _View) and state.image.region == region:
            return state.image
        image = standardised(volume.data[:, *region.slices])
        gamma = np.float32(self.gamma * len(image) / COLOUR)
        neighbours = self.neighbours_2d if 1 in region.shape else self.neighbours_3d
        weights = boundary_weights(image, volume.spacing, 1.0, neighbours)
        palette = Palette.of(image)
        weights = {step: weight * gamma for step, weight in weights.items()}
        return _View(region, palette, quadratic_terms(palette.colours), weights)


def start(prompts: tuple[Prompt, ...], region: Region, certain: Int8) -> tuple[Mask, Mask]:
    """From what the first Gaussians of the object and of the rest are learned, `(I, J, K)`."""
    mask, frame = given(prompts), box(prompts)
    if mask is not None:
        inside = (mask.on(region) | (certain == 1)) & (certain != -1)
    elif frame is not None:
        inside = certain != -1
    else:
        return certain == 1, certain == -1
    return inside, ~inside


def quadratic_terms(colours: Float64) -> Float64:
    """1, every channel, and every product of two: what a Gaussian's cost is linear in.

    Args:
        colours: `(N, C)`.

    Returns:
        `(N, 1 + C + C * C)`.
    """
    products = (colours[:, :, None] * colours[:, None, :]).reshape(len(colours), -1)
    return np.concatenate([np.ones((len(colours), 1)), colours, products], axis=1)


def component_costs(model: Mixture, terms: Float64, floor: float) -> Float64:
    """The paper's D of every colour in every component, `(M, N)`: equation 9, and `floor`.

    Half of `floor * trace(inverse covariance)` is added: it is what a colour costs when it is
    blurred with variance `floor`, and with it the raised covariances that `learned` gives are
    exactly those of least energy.
    """
    factors = np.empty((len(model.weights), terms.shape[1]))
    parts = zip(model.weights, model.means, model.covariances, strict=True)
    for factor, (weight, mean, covariance) in zip(factors, parts, strict=True):
        inverse = np.linalg.inv(covariance)
        channels = len(mean)
        constant = mean @ inverse @ mean + np.linalg.slogdet(covariance)[1]
        factor[0] = 0.5 * (constant + floor * np.trace(inverse)) - np.log(weight)
        factor[1 : 1 + channels] = -inverse @ mean
        factor[1 + channels :] = 0.5 * inverse.ravel()
    return factors @ terms.T


def learned(component: Int64, terms: Float64, counts: Int64, floor: float) -> Mixture:
    """Step 2: weight, mean and covariance of each component from its voxels.

    Args:
        component: Of each colour, `(N,)`.
        terms: Of each colour, as `quadratic_terms` gives them.
        counts: How many voxels of the side have each colour, `(N,)`.
        floor: Variance added to each channel.

    Returns:
        The mixture; a component to which no voxel went is left out.
    """
    own = np.zeros((component.max() + 1, len(terms)))
    own[component, np.arange(len(terms))] = counts
    sums = own @ terms
    sums = sums[sums[:, 0] > 0]
    size = sums[:, 0]
    channels = math.isqrt(terms.shape[1] - 1)
    moments = sums[:, 1:] / size[:, None]
    means = moments[:, :channels]
    seconds = moments[:, channels:].reshape(-1, channels, channels)
    covariances = seconds - means[:, :, None] * means[:, None, :] + floor * np.eye(channels)
    return Mixture(size / size.sum(), means, covariances)
