"""Slic-Seg: a forest learns textures from marks in one slice, then carries them slice by slice.

Wang et al., "Slic-Seg: a minimally interactive segmentation of the placenta from sparse and
motion-corrupted fetal MRI in multiple views", Medical Image Analysis 2016.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import ndimage

from ..energy.forest import OnlineForest
from ..energy.maxflow import minimum_cut
from ..errors import PromptsMissing
from ..marks import box, core, given, marks, said, seeds
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Float32, Int8, Mask, Spacing
from ..volume import Volume
from ..voxels import Voxels
from .base import Method, Observe, State, quiet
from .boundary import boundary_weights
from .framed import assume, ellipsoid, missing_side
from .intensity import standardised
from .ranges import at_least, positive
from .stack import AROUND, Stack, Window, joined, signed_depth
from .working import working_region

_NEIGHBOURS = 26
_PRIOR = 3.0  # most log odds for a slice from the one before: a sure forest can end the object
_SURE = 2.0  # pixels from the rim of a result within which it teaches nothing


@dataclass(frozen=True, kw_only=True)
class SlicSeg(Method):
    """Slic-Seg: forest and random field in the marked slices, then outwards, slice by slice.

    Texture of each pixel (see `energy.texture`) and the marks teach a random forest, which gives
    each pixel of a marked slice a probability; a cut with contrast weights makes it a mask, of
    which the parts that hold an inside mark stay. Slices beside it follow, in both directions at
    once: their odds are the forest's and, as a prior, the depth below the rim of the slice before.
    What is well inside or outside of a result joins the training set before the next slices. It
    ends where nothing is left. A picture is one marked slice. Slices lie across the `axis` of the
    first prompt that has one, else across that of coarsest spacing.

    Differences from the paper: features are made the same for mirrored images and samples are
    drawn evenly along their order, so that the answer does not depend on how the image is stored;
    marks are widened by a brush, as one click is no training set; while there is a box, its
    middle is taken for inside, but for what is near outside marks. Each answer starts from an
    untaught forest and all marks: one that went on learning would keep what a slice, since
    corrected, had taught it. Hence nothing is learned that undo would have to restore.

    Args:
        trust: Weight of the forest's log odds beside the prior and the boundary. 0.5 and 1 were
            the same with scribbles on 14 train pictures; at 0.5 the prior alone would carry an
            object past its end.
        smoothness: Cost of the boundary. Not searched.
        sigma: Intensity step that counts as an edge; see `boundary_weights`. Not searched.
        slope: How far the rim may move from a slice to the next, in units of their distance.
            Not searched.
        ends: The object ends where less than this fraction of the slice before would be left.
            Not searched.
        brush_voxels: By how many pixels marks are widened to teach.
        samples: Most pixels a slice and side from which the forest learns.
        trees: Of the forest.
        middle: Size of what is taken for inside in a box, as a fraction of its inscribed
            ellipsoid. Without what is left of it after outside marks, Dice lost 0.11 at round 4
            on the train split, at a trust of 0.5.
        margin_mm: How far around a box to look.
        limit: Most voxels to work on. Texture is worked out for one slice at a time, and kept
            for the first eight marked ones.
        seed: Of the forest's random draws.

    References:
        Wang, Zuluaga, Pratt et al., "Slic-Seg: a minimally interactive segmentation of the
        placenta from sparse and motion-corrupted fetal MRI in multiple views", Medical Image
        Analysis 2016.
    """

    name: ClassVar[str] = "slicseg"
    title: ClassVar[str] = "Slic-Seg"
    paper: ClassVar[str] = "wang2016slicseg"
    when: ClassVar[str] = (
        "Texture rather than brightness; scribbles in one slice, the rest follows."
    )
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    trust: float = 1.0
    smoothness: float = 2.0
    sigma: float = 1.0
    slope: float = 0.5
    ends: float = 0.1
    brush_voxels: int = 2
    samples: int = 500
    trees: int = 20
    middle: float = 0.4
    margin_mm: float = 20.0
    limit: int = 16_000_000
    seed: int = 0

    def __post_init__(self) -> None:
        at_least(0, smoothness=self.smoothness, margin_mm=self.margin_mm, seed=self.seed)
        at_least(0, brush_voxels=self.brush_voxels)
        at_least(0, 1, middle=self.middle, ends=self.ends)
        at_least(1, trees=self.trees, samples=self.samples)
        positive(trust=self.trust, sigma=self.sigma, slope=self.slope, limit=self.limit)

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """See `Method.segment`."""
        region, notes = working_region(
            [prompts], volume.shape, volume.spacing, self.limit, self.margin_mm
        )
        certain = self._certain(prompts, region, volume.spacing)
        why = missing_side(certain)
        if why is not None:
            raise PromptsMissing(why)
        axis = _slice_axis(volume, prompts)
        image = standardised(volume.data[:, *region.slices])
        row, column = (step for a, step in enumerate(volume.spacing) if a != axis)
        marked = said(prompts, region) != 0
        stack = Stack(
            np.moveaxis(image, axis + 1, 1),
            np.moveaxis(certain, axis, 0),
            np.moveaxis(marked, axis, 0).any(axis=(1, 2)),
            (row, column),
            volume.spacing[axis],
            _known(state, region, axis),
        )
        probability = self._carried(stack, observe or quiet)
        seen = _Seen(region, axis, stack.known)
        return Patch(region.low, np.moveaxis(probability, 0, axis)), State(seen, notes=notes)

    def _certain(self, prompts: Sequence[Prompt], region: Region, spacing: Spacing) -> Int8:
        """Seeds; the middle of a box stays where no outside mark is near, to go on teaching."""
        certain = assume(seeds(prompts, region, spacing), prompts, region, self.middle)
        frame = box(prompts)
        if frame is not None and given(prompts) is None:
            middle = Voxels.from_mask(ellipsoid(frame, region, self.middle), region.low)
            left = core(middle, marks(prompts), region, spacing) == 1
            certain[left & (certain == 0)] = 1
        return certain

    def _carried(self, stack: Stack, observe: Observe) -> Float32:
        """Segments the marked slices, then wave by wave their neighbours."""
        rng = np.random.default_rng(self.seed)
        probability = np.zeros(stack.certain.shape, np.float32)
        starts = [k for k, seed in enumerate(stack.certain) if (seed == 1).any()]
        taught = [k for k, mark in enumerate(stack.marked) if mark or k in starts]
        observe(0.0, None)
        lessons = [self._marked_lesson(stack, k) for k in taught]
        forest = _taught(OnlineForest(trees=self.trees), lessons, rng)
        masks: dict[int, Mask] = {}
        wave: Sequence[int] = starts
        while wave:
            found: dict[int, Mask] = {}
            lessons = []
            for k in wave:
                near = [masks[n] for n in (k - 1, k + 1) if n in masks and masks[n].any()]
                window = stack.window(near, self._reach(stack))
                features = stack.features(k, window) if near else stack.whole(k)
                inside = self._slice(stack, k, window, features, near, forest)
                probability[k][window] = inside
                found[k] = probability[k] > 0.5
                if k not in starts:
                    lessons.append(self._own_lesson(features, found[k][window]))
                observe((len(masks) + len(found)) / len(probability), None)
            masks |= found
            forest = _taught(forest, lessons, rng)
            wave = stack.next_wave(masks)
        return probability

    def _reach(self, stack: Stack) -> int:
        """How many pixels beyond the slice before to look: there the prior is next to nothing."""
        return int(np.ceil(4 * self.slope * stack.thickness / min(stack.spacing))) + 4

    def _slice(
        self,
        stack: Stack,
        k: int,
        window: Window,
        features: Float32,
        near: Sequence[Mask],
        forest: OnlineForest,
    ) -> Float32:
        """Probability in the window of slice k, over 0.5 where the random field says inside."""
        seed = stack.certain[k][window]
        learned = forest.predict(features.reshape(-1, features.shape[-1])).reshape(seed.shape)
        learned = np.clip(learned, 0.01, 0.99).astype(np.float64)
        odds = self.trust * np.log(learned / (1 - learned))
        if near:
            depth = [signed_depth(mask[window], stack.spacing) for mask in near]
            prior = np.sum(depth, axis=0) / (len(depth) * self.slope * stack.thickness)
            odds += np.clip(prior, -_PRIOR, _PRIOR)
        odds = np.clip(odds, -20, 20)
        chance = 1 / (1 + np.exp(-odds))
        weights = boundary_weights(
            stack.image[:, k, *window, None], (*stack.spacing, 1.0), self.sigma, _NEIGHBOURS
        )
        mask = minimum_cut(
            np.logaddexp(0, -odds)[..., None],
            np.logaddexp(0, odds)[..., None],
            {step: weight * np.float32(self.smoothness) for step, weight in weights.items()},
            seed[..., None],
        )[..., 0]
        if near:
            previous = np.any([other[window] for other in near], axis=0)
            mask = joined(mask, previous | (seed == 1))
            if mask.sum() < self.ends * previous.sum() and not (seed == 1).any():
                mask = np.zeros_like(mask)
        else:
            mask = joined(mask, seed == 1)
        chance = np.where(mask, np.maximum(chance, 0.501), np.minimum(chance, 0.5))
        return np.asarray(np.where(seed == 0, chance, seed == 1), np.float32)

    def _marked_lesson(self, stack: Stack, k: int) -> "_Lesson":
        """What the marks of a slice teach, each widened by the brush."""
        seed = stack.certain[k]
        features = stack.whole(k)
        sides = []
        for sign in (1, -1):
            wide = seed == sign
            if self.brush_voxels and wide.any():
                wide = ndimage.binary_dilation(wide, AROUND, iterations=self.brush_voxels)
            sides.append(features[wide & (seed != -sign)])
        return _Lesson(*(_thinned(rows, self.samples) for rows in sides))

    def _own_lesson(self, features: Float32, mask: Mask) -> "_Lesson":
        """What a result teaches: its core, and what is well outside it."""
        depth = signed_depth(mask, (1.0, 1.0))
        core = depth >= max(min(_SURE, float(depth.max())), 0.5)
        sides = (features[core], features[depth <= -_SURE])
        return _Lesson(*(_thinned(rows, self.samples) for rows in sides))


@dataclass(frozen=True, eq=False)
class _Lesson:
    """Features `(N, F)` of pixels inside and outside."""

    inside: Float32
    outside: Float32


@dataclass(frozen=True, eq=False)
class _Seen:
    """Texture of slices, and the part of the image and the axis that it was worked out for."""

    region: Region
    axis: int
    texture: Mapping[int, Float32]


def _known(state: State, region: Region, axis: int) -> dict[int, Float32]:
    seen = state.image
    fits = isinstance(seen, _Seen) and (seen.region, seen.axis) == (region, axis)
    return dict(seen.texture) if fits else {}


def _slice_axis(volume: Volume, prompts: Sequence[Prompt]) -> int:
    """Across which slices lie: as the first prompt that says so was drawn, or as usual."""
    if volume.dims == 2:
        return volume.geometry.slice_axis
    said = [prompt.axis for prompt in prompts if isinstance(prompt, Click | Scribble | Box)]
    return next((axis for axis in said if axis is not None), volume.geometry.slice_axis)


def _taught(
    forest: OnlineForest, lessons: Sequence[_Lesson], rng: np.random.Generator
) -> OnlineForest:
    """The forest after some lessons, whatever their order."""
    if not lessons:
        return forest
    sides = [np.concatenate([getattr(x, side) for x in lessons]) for side in ("outside", "inside")]
    rows = [_sorted(side) for side in sides]
    labels = np.repeat([False, True], [len(side) for side in rows])
    return forest.update(np.concatenate(rows), labels, rng)


def _thinned(rows: Float32, most: int) -> Float32:
    """At most so many rows, evenly along their order; no row's place in the image counts."""
    if len(rows) <= most:
        return rows
    rank = ((np.arange(most) + 0.5) * (len(rows) / most)).astype(np.int64)
    return _sorted(rows)[rank]


def _sorted(rows: Float32) -> Float32:
    return rows[np.lexsort(rows.T[::-1])]
