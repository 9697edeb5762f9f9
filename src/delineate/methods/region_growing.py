"""Region growing: a mark spreads over neighbours of nearly the same intensity.

Sambaturu et al., "Efficient and generic interactive segmentation framework to correct
mispredictions during clinical evaluation of medical images", MICCAI 2021.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import ndimage

from ..energy.region_growing import grow
from ..errors import PromptsMissing
from ..marks import box, seeds
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Float32, Mask, Spacing
from ..volume import Volume
from .base import Method, Observe, State, quiet
from .framed import assume, missing_side
from .intensity import standardised
from .ranges import at_least, positive
from .working import working_region


@dataclass(frozen=True, kw_only=True)
class RegionGrowing(Method):
    """Region growing from the marks, as a method of its own; the paper enlarges scribbles by it.

    From each inside mark the region spreads over face neighbours that differ by less than
    `threshold` from the voxel they are entered from. Outside marks stop it and spread in the same
    way; what both sides reach belongs to the nearer mark, in mm, and to the outside on a tie.
    Nothing grows out of a box. Without outside marks a single click is enough.

    Differences from the paper: in noise and along soft rims neighbours differ by little, and the
    region leaks, hence a median is taken first and `drift` bounds how far a region may stray
    from the intensities of its own marks; holes that no outside mark lies in are filled; while
    there is a box, its middle is taken for inside (see `assume`).

    The probability is 1 in the region and 0 elsewhere.

    Args:
        threshold: T of the paper, a fraction of the range of intensities between their 1st and
            99th percentiles. 0 leaves the marks as they are. Searched on the train split: 0.015,
            0.03, 0.06, 0.1, 0.15, 1 (on images smoothed by a Gaussian); the first two lose 0.1
            in Dice, the rest are within 0.03.
        drift: The most by which a voxel may leave the range of its side's marked intensities, in
            the same unit. Searched likewise: 0.1, 0.12, 0.15, 0.2, 0.25 and none; all the same
            but none, which loses 0.1.
        median_voxels: Reach of the median, in voxels; 0 for none. Not across slices thicker than
            1.5 times the finest spacing. From one click a Gaussian did as well on the train
            split (none loses 0.2) but eats the rim of small objects.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid. Searched: 0.3, 0.4; no difference.
        margin_mm: How far around a box to look, for the range of intensities.
        limit: Most voxels to work on.

    References:
        Sambaturu, Gupta, Jawahar and Arora, "Efficient and generic interactive segmentation
        framework to correct mispredictions during clinical evaluation of medical images",
        MICCAI 2021.
    """

    name: ClassVar[str] = "region_growing"
    title: ClassVar[str] = "Region growing"
    paper: ClassVar[str] = "sambaturu2021efficient"
    when: ClassVar[str] = "One click into an object of even intensity with a clear rim; quickest."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})

    threshold: float = 0.15
    drift: float = 0.15
    median_voxels: int = 1
    middle: float = 0.3
    margin_mm: float = 20.0
    limit: int = 6_000_000

    def __post_init__(self) -> None:
        at_least(0, threshold=self.threshold, drift=self.drift, margin_mm=self.margin_mm)
        at_least(0, median_voxels=self.median_voxels)
        at_least(0, 1, middle=self.middle)
        positive(limit=self.limit)

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """See `Method.segment`."""
        observe = observe or quiet
        region, notes = working_region(
            [prompts], volume.shape, volume.spacing, self.limit, self.margin_mm
        )
        certain = assume(seeds(prompts, region, volume.spacing), prompts, region, self.middle)
        inside, outside = certain == 1, certain == -1
        if not inside.any():
            raise PromptsMissing(missing_side(certain) or "")
        observe(0.0, None)
        image = self._smoothed(standardised(volume.data[:, *region.slices]), volume.spacing)
        grown = self._grown(image, inside, outside)
        observe(0.5, None)
        rival = outside & _framed(prompts, region)
        if rival.any():
            claimed = self._grown(image, rival, inside)
            grown &= ~claimed | _nearer(inside, rival, volume.spacing)
        grown = _filled(grown, outside)
        return Patch(region.low, grown.astype(np.float32)), State(notes=notes)

    def _smoothed(self, image: Float32, spacing: Spacing) -> Float32:
        """The median around each voxel, along the axes whose steps are about the finest."""
        shape = image.shape[1:]
        finest = min((s for s, n in zip(spacing, shape, strict=True) if n > 1), default=1.0)
        fine = [n > 1 and s < 1.5 * finest for s, n in zip(spacing, shape, strict=True)]
        width = [2 * self.median_voxels + 1 if along else 1 for along in fine]
        out: Float32 = ndimage.median_filter(image, (1, *width), mode="nearest")
        return out

    def _grown(self, image: Float32, marks: Mask, barrier: Mask) -> Mask:
        """What the marks spread to; their own intensities set the range."""
        own = image[:, marks]
        low, high = (edge[:, None, None, None] for edge in (own.min(axis=1), own.max(axis=1)))
        drift = np.float32(self.drift)
        strange = ((image < low - drift) | (image > high + drift)).any(axis=0)
        return grow(image, marks, self.threshold, forbidden=barrier | strange)


def _framed(prompts: Sequence[Prompt], region: Region) -> Mask:
    """The box, or everything without one."""
    frame = box(prompts)
    inside = np.full(region.shape, frame is None)
    if frame is not None:
        inside[frame.intersect(region).within(region)] = True
    return inside


def _nearer(inside: Mask, outside: Mask, spacing: Spacing) -> Mask:
    """Where an inside mark is nearer than any outside mark; exact ties are not."""
    own = ndimage.distance_transform_edt(~inside, sampling=spacing)
    other = ndimage.distance_transform_edt(~outside, sampling=spacing)
    return np.asarray(own < other, np.bool_)


def _filled(mask: Mask, outside: Mask) -> Mask:
    """The mask and its holes, but those with an outside mark; of a picture, in its plane."""
    thin = tuple(axis for axis in range(3) if mask.shape[axis] == 1)
    flat = mask.squeeze(thin)
    hole, _ = ndimage.label(ndimage.binary_fill_holes(flat) & ~flat)
    known = np.unique(hole[outside.squeeze(thin)])
    return np.asarray(flat | ((hole > 0) & ~np.isin(hole, known)), np.bool_).reshape(mask.shape)
