"""BIFSeg: a network finds the object in a box, and its classifier is tuned on this very image.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from ..energy import grid
from ..errors import MethodError, TooLarge
from ..marks import box, said, seeds
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble, to_json
from ..region import Region
from ..types import Float32, Int8, Mask
from ..volume import Volume
from . import spanning, vicinity
from .base import Method, Observe, State, quiet
from .confidence import Scribbled
from .crop import Crop, framed_region
from .ranges import at_least, check_neighbours, positive
from .refining import (
    Problem,
    Rates,
    Trust,
    by_confidence,
    equal_weights,
    not_lost,
    refined,
    spanning_cut,
)
from .tuning import Classifier
from .viewed import Networks, Viewed

STAGES = ("initial", "crf", "uniform", "full")

_STARTED = 0.3
_AROUND_MARKS = 5
"""Voxels of margin at least, where marks instead of a box say where the object is."""


@dataclass(frozen=True, kw_only=True)
class BIFSeg(Method):
    """Bounding box and image-specific fine-tuning.

    1. The box and a margin are cut out, resized, normalised by their own mean and standard
       deviation, and given to P-Net (a picture or a slice) or PC-Net (a volume).
    2. Rounds of tuning: a graph cut on the network's probability, equation 4, with marks as
       hard constraints, gives labels; gradient descent fits the network's classifier to them,
       equation 11. Equation 12 leaves out voxels where the network is uncertain or a mark of
       the other class is near, and weighs marks by omega; the cut keeps every voxel's cost.
       Without marks this is the paper's unsupervised tuning, with marks the supervised one.
    3. A last cut gives the answer.

    Only the classifier is tuned, on features computed once. Every answer starts from the network,
    as the paper's tables do; without `anew` a later mark goes on from the classifier tuned last as
    long as the box is the same. On training cases that was worse from the second mark on: marks
    of one side alone pull the classifier a little further each time. The rows of the paper's
    tables are stages: "initial" is the network alone, "crf" one cut on it, "uniform" tuning with
    all weights 1, "full" all of it.

    Differences from the paper: outside of the box nothing is the object, so the margin is
    background to the cut; an object reaches nearly to the sides of its box, so the network's odds
    are raised until its answer does (`spans`), and tuning that loses the object is left out
    (`kept`); in a volume a second network is heard, which sees slices in three directions
    (`planes_3d`); the cut hears marks beside where they lie too (`beside`). A click is a small
    scribble; the crop keeps its form in mm, and is normalised once resized, as in training; in a
    volume the axis of coarsest spacing is PC-Net's third. The loss is the weighted mean over
    voxels, and there is a last cut after the last round, where the paper is silent. A step of
    descent that would raise the loss is not made, and the rate halved. The rate is a fifth of the
    paper's, at which these networks often forget the object as soon as one side alone is marked
    (`docs/tuning.md`). The answer is 0 or 1 on the network's grid, linearly interpolated; for
    "initial" it is the network's probability.

    Without a box the object is sought in the extent of all marks, if both sides are marked, or
    around a given mask. The last of marks that contradict each other counts; those that fall
    into one voxel of a coarser grid are settled by majority there, and by the last one in the
    image. An inside mark beyond the box stretches it; an outside mark there is known already. A
    box without contrast gives an answer without meaning, but the session goes on. A box of more
    than `most_voxels` is worked on in larger voxels by the session, and a note says so.

    The grid is as fine as the crops that the weights were trained on, as their card says, unless
    a field says otherwise (the paper has 96 and 80). A long thin object would be a few voxels
    across on such a grid; `stretch_3d` lets the grid be longer while it has no more voxels.

    Args:
        weights: A name or a file, see `models.load`; empty for "pnet" on a picture or a slice
            and "pcnet" on a volume.
        planes_3d: Weights of a network in slices of all directions, whose log odds are averaged
            with those of "pcnet" in a volume; empty for none, as in the paper. Weights of one's
            own are alone.
        stage: "initial", "crf", "uniform" or "full".
        anew: Whether every answer starts from the network instead of what was tuned last.
        channel: Of the image, from 0; by default the only one, or luminance.
        margin_voxels: Around the box. Networks learn with 0 to 10.
        most_voxels: Of the image in the box and its margin.
        shorter_2d: Pixels of the shorter side of a picture's grid; 0: as the weights were trained.
        longest_2d: Most pixels of its longer side: a long thin box is resized to this.
        longest_3d: Voxels of the longest side of a volume's grid; 0: as the weights were trained.
        stretch_3d: How many times as long that side may be while the grid has no more voxels
            than a cube of it; 1 for not at all, as in the paper.
        rounds: Of cut and descent.
        steps: Of descent in a round.
        rate: Learning rate.
        lambda_2d: Weight of the boundary.
        lambda_3d: In a volume, like all that end so.
        sigma_2d: Step of intensity that counts as an edge, in standard deviations of the crop.
        sigma_3d: The same.
        t0_2d: The network is uncertain above this probability ...
        t0_3d: The same.
        t1_2d: ... and below this one.
        t1_3d: The same.
        epsilon_2d: Geodesic distance, in standard deviations, that is near a mark.
        epsilon_3d: The same.
        omega_2d: Weight of marks while tuning.
        omega_3d: The same.
        spans_2d: Share of the box's sides that the network's answer spans: its odds are raised
            alike for all voxels until it does. 0: not at all, as in the paper.
        spans_3d: The same.
        kept: Share of the length of the cut without tuning that the tuned one has at least, or
            else the object was lost and tuning is left out; that first cut spans the box too, not
            only the network's answer. 0: neither, as in the paper.
        beside_2d: Log odds that a mark adds to the cut where it lies, and less with the distance
            from it; 0: none, as in the paper.
        beside_3d: The same.
        reach_2d: Geodesic distance over which that falls by e, as a share of the grid's sides; a
            standard deviation of intensity is 7 times as far.
        reach_3d: The same.
        neighbours_2d: 8 or 4, in a picture.
        neighbours_3d: 26 or 6, in a volume.

    References:
        Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with
        Image-Specific Fine Tuning", IEEE TMI 2018.
    """

    name: ClassVar[str] = "bifseg"
    title: ClassVar[str] = "BIFSeg"
    paper: ClassVar[str] = "wang2018interactive"
    when: ClassVar[str] = "Any object in a box, of whatever kind; a few scribbles repair it."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})
    both_sides: ClassVar[bool] = True

    weights: str = ""
    planes_3d: str = "planes"
    stage: str = "full"
    anew: bool = True
    channel: int | None = None
    margin_voxels: int = 2
    most_voxels: int = 100_000_000
    shorter_2d: int = 0
    longest_2d: int = 384
    longest_3d: int = 0
    stretch_3d: float = 2.0
    rounds: int = 4
    steps: int = 20
    rate: float = 2e-3
    lambda_2d: float = 8.0
    lambda_3d: float = 5.0
    sigma_2d: float = 0.3
    sigma_3d: float = 0.1
    t0_2d: float = 0.2
    t0_3d: float = 0.2
    t1_2d: float = 0.7
    t1_3d: float = 0.6
    epsilon_2d: float = 0.2
    epsilon_3d: float = 0.2
    omega_2d: float = 5.0
    omega_3d: float = 5.0
    spans_2d: float = spanning.SHARES[2]
    spans_3d: float = spanning.SHARES[3]
    kept: float = 0.5
    beside_2d: float = 6.0
    beside_3d: float = 12.0
    reach_2d: float = 0.07
    reach_3d: float = 0.15
    neighbours_2d: int = 8
    neighbours_3d: int = 6

    def __post_init__(self) -> None:
        if self.stage not in STAGES:
            raise MethodError(f"stage is {self.stage!r}: it must be one of {', '.join(STAGES)}")
        at_least(0, margin_voxels=self.margin_voxels, steps=self.steps)
        at_least(0, lambda_2d=self.lambda_2d, lambda_3d=self.lambda_3d)
        at_least(0, 1, t0_2d=self.t0_2d, t0_3d=self.t0_3d)
        at_least(self.t0_2d, 1, t1_2d=self.t1_2d)
        at_least(self.t0_3d, 1, t1_3d=self.t1_3d)
        at_least(0, epsilon_2d=self.epsilon_2d, epsilon_3d=self.epsilon_3d)
        at_least(0, 1, spans_2d=self.spans_2d, spans_3d=self.spans_3d, kept=self.kept)
        at_least(0, beside_2d=self.beside_2d, beside_3d=self.beside_3d)
        at_least(1, omega_2d=self.omega_2d, omega_3d=self.omega_3d, rounds=self.rounds)
        at_least(1, most_voxels=self.most_voxels, longest_2d=self.longest_2d)
        at_least(0, self.longest_2d, shorter_2d=self.shorter_2d)
        at_least(0, longest_3d=self.longest_3d)
        at_least(1, stretch_3d=self.stretch_3d)
        positive(reach_2d=self.reach_2d, reach_3d=self.reach_3d)
        positive(rate=self.rate, sigma_2d=self.sigma_2d, sigma_3d=self.sigma_3d)
        check_neighbours(self.neighbours_2d, self.neighbours_3d)

    def networks(self, dims: int) -> tuple[str, ...]:
        """See `Trained.networks`; the first is tuned, the other one heard beside it."""
        if self.weights or dims == 2:
            return (self.weights or "pnet",)
        return ("pcnet", self.planes_3d) if self.planes_3d else ("pcnet",)

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """See `Method.segment`."""
        shown, observe = observe is not None, observe or quiet
        margin = self.margin_voxels if box(prompts) else max(self.margin_voxels, _AROUND_MARKS)
        region = framed_region(prompts, volume, margin)
        if region.size > self.most_voxels:
            raise TooLarge(
                f"the box and its margin hold {region.size} voxels, {region.low} to {region.high}, "
                f"and this method works on at most {self.most_voxels} at once; draw a smaller box, "
                "or raise most_voxels"
            )
        observe(0.0, None)
        networks = Networks.load(self.networks(volume.dims), volume.dims)
        view = self._view(volume, region, networks, state)
        certain = seeds(prompts, region, volume.spacing)
        marked = view.crop.marked(said(prompts, region))
        on_grid = np.where(marked != 0, marked, view.crop.nearest(certain))
        problem = Problem(view.features, view.boundary, on_grid, self._beside(volume, view, marked))
        classifier, frame = view.classifier, _last_box(prompts)
        inside = view.crop.nearest(_framed(prompts, region)) == 1
        asked, learned = _digest(prompts), dict[str, Any]()
        if not self.anew and state.learned.get("box") == frame:
            learned = dict(state.learned)
            classifier = Classifier.from_arrays(learned, view.features.device)
        elif frame:
            found = problem.probability(classifier)
            share = self._at("spans", volume)
            more = spanning.log_odds(found, inside, share)
            if self.kept and self.stage != "initial" and inside.any():
                classifier = spanning_cut(problem, classifier, inside, share, more)
            else:
                classifier = classifier.biased(more)

        def patch(on: Float32) -> Patch:
            found = view.crop.back(on)
            found[certain != 0] = certain[certain != 0] == 1
            return Patch(region.low, found)

        def show(fraction: float, mask: Mask | None) -> None:
            there = patch(mask.astype(np.float32)) if shown and mask is not None else None
            observe(_STARTED + (0.95 - _STARTED) * fraction, there)

        if self.stage in ("uniform", "full") and learned.get("asked") != asked:
            weigh = self._weigh(volume, view, marked) if self.stage == "full" else equal_weights
            rates = Rates(self.rounds, self.steps, self.rate)
            tuned = refined(problem, classifier, rates, weigh, show)
            classifier = not_lost(problem, classifier, tuned, inside, self.kept)
            learned = {**classifier.to_arrays(), "box": frame, "asked": asked}
        answered = problem.probability if self.stage == "initial" else problem.labels
        last = patch(answered(classifier).astype(np.float32))
        observe(1.0, last)
        return last, State(view, learned, (), networks.ran_with)

    def _view(self, volume: Volume, region: Region, networks: Networks, state: State) -> Viewed:
        if isinstance(state.image, Viewed) and state.image.crop.region == region:
            return state.image
        shorter = self.shorter_2d or min(networks.size)
        longest = self.longest_2d if volume.dims == 2 else self.longest_3d or max(networks.size)
        crop = Crop.of(region, volume.geometry, shorter, longest, self.stretch_3d)
        image = crop.image(volume.crop(region).scalar(self.channel))
        weights = grid.contrast_weights(
            image[None], crop.spacing, self._at("sigma", volume), self._neighbours(volume)
        )
        scale = np.float32(self._at("lambda", volume))
        boundary = {step: scale * weight for step, weight in weights.items()}
        seen = networks.see(image, [volume.spacing[axis] for axis in crop.order])
        return Viewed(crop, image, *seen, boundary)

    def _weigh(
        self, volume: Volume, view: Viewed, marked: Int8
    ) -> Callable[[Float32, Mask], Float32]:
        near, neighbours = self._at("epsilon", volume), self._neighbours(volume)
        scribbled = Scribbled.on(view.image, marked, near, neighbours)
        trust = Trust(*(self._at(name, volume) for name in ("t0", "t1", "omega")))
        return by_confidence(scribbled, trust)

    def _beside(self, volume: Volume, view: Viewed, marked: Int8) -> Float32 | None:
        weight, reach = self._at("beside", volume), self._at("reach", volume)
        return vicinity.log_odds(view.image, marked, weight, reach, self._neighbours(volume))

    def _at(self, name: str, volume: Volume) -> float:
        """A field that pictures and volumes have each for themselves."""
        return float(getattr(self, f"{name}_{volume.dims}d"))

    def _neighbours(self, volume: Volume) -> int:
        return self.neighbours_2d if volume.dims == 2 else self.neighbours_3d


def _framed(prompts: Sequence[Prompt], region: Region) -> Int8:
    """1 in the box, 0 in the margin around it and without one, `region.shape`."""
    frame, inside = box(prompts), np.zeros(region.shape, np.int8)
    if frame is not None:
        inside[frame.intersect(region).within(region)] = 1
    return inside


def _digest(prompts: Sequence[Prompt]) -> str:
    """Of all that was said: where it is the same, what was learned is final."""
    text = json.dumps([to_json(prompt) for prompt in prompts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _last_box(prompts: Sequence[Prompt]) -> list[int]:
    """The corners of the last box as the user drew it; empty without one."""
    boxes = [prompt for prompt in prompts if isinstance(prompt, Box)]
    return [*boxes[-1].low, *boxes[-1].high] if boxes else []
