"""Labels by a cut and a classifier by descent, in turn, until they agree on one image.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section II-C.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from ..energy import maxflow
from ..types import Float32, Index, Int8, Mask
from . import spanning
from .confidence import Scribbled
from .tuning import Classifier

Kept = TypeVar("Kept", Float32, Mask)

_LEAST = np.float32(1e-6)


@dataclass(frozen=True)
class Rates:
    """How long and how fast to descend in each round.

    Attributes:
        rounds: Of cut and descent.
        steps: Of descent in a round.
        rate: Learning rate.
    """

    rounds: int
    steps: int
    rate: float


@dataclass(frozen=True)
class Trust:
    """The constants of equation 12; see `Scribbled.weights`."""

    low: float
    high: float
    omega: float


@dataclass(frozen=True, eq=False)
class Problem:
    """One image and what was said of it.

    Attributes:
        features: `(N, C)`, of the voxels of the grid in order.
        boundary: Costs of boundaries, lambda times equation 2; see `maxflow.minimum_cut`.
        certain: `(I, J, K)`, 1 inside, -1 outside, 0 to be found: the cut's hard constraints.
        beside: Log odds that the cut adds to the network's, see `vicinity.log_odds`; None: none.

    What was found of a classifier is remembered while the problem lasts: a first round starts
    from the cut that spans the box, and that of the last round is the answer.
    """

    features: Tensor
    boundary: Mapping[Index, Float32]
    certain: Int8
    beside: Float32 | None = None
    _probabilities: dict[Classifier, Float32] = field(default_factory=dict, init=False, repr=False)
    _labels: dict[Classifier, Mask] = field(default_factory=dict, init=False, repr=False)

    def probability(self, classifier: Classifier) -> Float32:
        """Of the object, `(I, J, K)`; the same array, not to be written to, whenever asked."""
        if classifier not in self._probabilities:
            found = classifier.probability(self.features).cpu().numpy()
            found = np.asarray(found.reshape(self.certain.shape), np.float32)
            self._probabilities[classifier] = _fixed(found)
        return self._probabilities[classifier]

    def labels(self, classifier: Classifier) -> Mask:
        """The cut on a classifier's probability; likewise."""
        if classifier not in self._labels:
            self._labels[classifier] = _fixed(self.cut(self.probability(classifier)))
        return self._labels[classifier]

    def cut(self, probability: Float32) -> Mask:
        """The labels of least energy, equation 5: every voxel's cost counts in full.

        Equation 6 is misprinted: it is the label that differs from a mark that costs
        infinitely much.
        """
        likely = np.clip(probability, _LEAST, 1 - _LEAST)
        inside = -np.log(likely)
        if self.beside is not None:
            inside -= self.beside
        return maxflow.minimum_cut(inside, -np.log1p(-likely), self.boundary, self.certain)


def refined(
    problem: Problem,
    classifier: Classifier,
    rates: Rates,
    weigh: Callable[[Float32, Mask], Float32],
    show: Callable[[float, Mask | None], None],
) -> Classifier:
    """The classifier after the rounds; the answer is a cut on its probability.

    Args:
        problem: The image.
        classifier: Of the network, or tuned before.
        rates: How many rounds, how long each.
        weigh: Weights of voxels `(I, J, K)` from the probability and the latest cut.
        show: Told the fraction done, and each round's cut once.
    """
    total = rates.rounds * max(rates.steps, 1)
    for number in range(rates.rounds):
        before = number * max(rates.steps, 1)
        probability, mask = problem.probability(classifier), problem.labels(classifier)
        show(before / total, mask)

        def tick(step: int, before: int = before) -> None:
            show((before + step) / total, None)

        classifier = classifier.tuned(
            problem.features,
            _flat(mask.astype(np.float32), problem.features),
            _flat(weigh(probability, mask), problem.features),
            rates.steps,
            rates.rate,
            tick,
        )
    return classifier


def spanning_cut(
    problem: Problem, classifier: Classifier, box: Mask, share: float, least: float
) -> Classifier:
    """A classifier with as much greater odds that not only its answer but its cut spans the box.

    A cut leaves nothing of an object that the network is not sure of.

    Args:
        problem: The image.
        classifier: Of the network.
        box: `(I, J, K)`, not empty.
        share: Of the box's sides that the largest part of the cut is as long as.
        least: What the network's own answer asks for, see `spanning.log_odds`.

    Returns:
        That with `least` log odds more, if that suffices, else with up to 4 beyond, to a quarter.
    """

    def spans(raised: Classifier) -> bool:
        return spanning.spanned(problem.labels(raised), box) >= share

    low, high = least, least + 4.0
    found = classifier.biased(least)
    if spans(found):
        return found
    found = classifier.biased(high)
    while high - low > 0.25:
        middle = (low + high) / 2
        raised = classifier.biased(middle)
        if spans(raised):
            high, found = middle, raised
        else:
            low = middle
    return found


def not_lost(
    problem: Problem, before: Classifier, after: Classifier, box: Mask, share: float
) -> Classifier:
    """The tuned classifier, or the one before if tuning has lost the object.

    That is where the largest part of its cut spans less than a share of what that of the other
    spans. The cut of both keeps all marks.

    Args:
        problem: The image.
        before: Not tuned.
        after: Tuned.
        box: `(I, J, K)`, in which the object is.
        share: 0 keeps whatever tuning gave.
    """
    if share == 0 or not box.any():
        return after
    one, other = (spanning.spanned(problem.labels(each), box) for each in (before, after))
    return before if other < share * one else after


def equal_weights(probability: Float32, mask: Mask) -> Float32:
    """1 everywhere: the paper's BIFSeg(-w)."""
    return np.ones(mask.shape, np.float32)


def by_confidence(scribbled: Scribbled, trust: Trust) -> Callable[[Float32, Mask], Float32]:
    """Equation 12."""
    return lambda probability, mask: scribbled.weights(
        probability, mask, trust.low, trust.high, trust.omega
    )


def _fixed(values: Kept) -> Kept:
    """Those values, which can no longer be written to."""
    values.flags.writeable = False
    return values


def _flat(values: Float32, like: Tensor) -> Tensor:
    return torch.from_numpy(values.reshape(-1)).to(like.device)
