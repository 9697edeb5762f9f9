"""Gaussian mixtures with full covariances: how likely an intensity is in an object.

Fitted by expectation maximisation (Dempster, Laird and Rubin, J. Royal Statistical Society B 1977)
from the splits of Orchard and Bouman (IEEE Trans. Signal Processing 1991), and refined by the hard
assignment of GrabCut (Rother, Kolmogorov and Blake, ACM Trans. Graphics 2004).
"""

from dataclasses import dataclass

import numpy as np

from delineate.errors import MethodError, PromptsMissing
from delineate.types import Array, Float64, Int64

SAMPLES = 50_000  # expectation maximisation looks at no more than this many
FLOOR = 1e-4  # default floor of the variance, as a fraction of the samples' variance
CHUNK = 1 << 16


@dataclass(frozen=True)
class Mixture:
    """A mixture of M Gaussians over C channels.

    Attributes:
        weights: `(M,)`, positive, summing to one.
        means: `(M, C)`, intensities.
        covariances: `(M, C, C)`, symmetric and positive definite.

    Examples:
        >>> one = Mixture(np.ones(1), np.zeros((1, 1)), np.ones((1, 1, 1)))
        >>> one.log_likelihood(np.zeros((1, 1))).round(4)
        array([-0.9189])
    """

    weights: Float64
    means: Float64
    covariances: Float64

    def log_likelihood(self, samples: Array) -> Float64:
        """Natural logarithm of the density at each of `samples` `(N, C)`; returns `(N,)`."""
        result = np.empty(len(samples))
        for chunk in _chunks(len(samples)):
            joint = self._joint(samples[chunk])
            highest = joint.max(axis=0)
            result[chunk] = highest + np.log(np.exp(joint - highest).sum(axis=0))
        return result

    def assign(self, samples: Array) -> Int64:
        """The component, 0 to M - 1, most likely to have made each of `samples` `(N, C)`."""
        result = np.empty(len(samples), np.int64)
        for chunk in _chunks(len(samples)):
            result[chunk] = self._joint(samples[chunk]).argmax(axis=0)
        return result

    def reassigned(self, samples: Array, *, floor: float | None = None) -> "Mixture":
        """One learning step of GrabCut: every sample to its likeliest component, then estimate.

        Args:
            samples: `(N, C)`, all of them are used.
            floor: as in `fit`.

        Returns:
            The mixture of those groups. A component that no sample chose is left out, so the
            result may have fewer than M.
        """
        samples = _checked(samples)
        return _estimate(samples, self.assign(samples), _floor(samples, floor))

    def _joint(self, samples: Array) -> Float64:
        """Log of weight times density, `(M, N)`."""
        samples = np.asarray(samples, np.float64)
        channels = self.means.shape[1]
        joint = np.empty((len(self.weights), len(samples)))
        for m, (weight, mean, covariance) in enumerate(
            zip(self.weights, self.means, self.covariances, strict=True)
        ):
            factor = np.linalg.cholesky(covariance)
            constant = np.log(weight) - np.log(np.diag(factor)).sum()
            constant -= 0.5 * channels * np.log(2 * np.pi)
            if channels == 1:
                scaled = (samples[:, 0] - mean[0]) * (1 / factor[0, 0])
                joint[m] = constant - 0.5 * scaled * scaled
            else:
                rotated = (samples - mean) @ np.linalg.inv(factor).T
                joint[m] = constant - 0.5 * np.einsum("nc,nc->n", rotated, rotated)
        return joint


def fit(
    samples: Array,
    components: int,
    *,
    start: Mixture | None = None,
    floor: float | None = None,
    iterations: int = 50,
    tolerance: float = 1e-3,
    seed: int = 0,
) -> Mixture:
    """Fits a mixture by expectation maximisation.

    Args:
        samples: `(N, C)` with N at least 1. Above 50 000 a random subset of that size is used.
        components: how many Gaussians, at least 1. Fewer come back where there are fewer distinct
            samples.
        start: the mixture to begin from; without it, Orchard and Bouman's splits, which draw no
            random numbers.
        floor: variance added to every channel of every component, in squared intensities. By
            default 1e-4 of the samples' mean variance, and never below 1e-16 of their mean square,
            which is rounding. Samples of one object may be constant: give a fraction of the whole
            image's variance, so that noise outside stays explicable.
        iterations: stop after this many; 0 returns the start.
        tolerance: stop when the mean log-likelihood gains less.
        seed: chooses the subset.

    Raises:
        PromptsMissing: no samples.
        MethodError: less than one component.

    Examples:
        >>> two = fit(np.array([[0.0], [1.0], [9.0], [10.0]]), 2)
        >>> two.means.ravel().round(2), two.weights.round(2)
        (array([0.5, 9.5]), array([0.5, 0.5]))
    """
    samples = _checked(samples)
    if components < 1:
        raise MethodError(f"A mixture of {components} components: give at least 1.")
    if len(samples) > SAMPLES:
        chosen = np.random.default_rng(seed).choice(len(samples), SAMPLES, replace=False)
        samples = samples[np.sort(chosen)]
    floor = _floor(samples, floor)
    mixture = _estimate(samples, split(samples, components), floor) if start is None else start
    before = -np.inf
    for _ in range(iterations):
        following, likelihood = _maximise(mixture, samples, floor)
        if likelihood - before < tolerance:
            break
        mixture, before = following, likelihood
    return mixture


def split(samples: Array, components: int) -> Int64:
    """Groups samples by splitting, again and again, the widest group across its longest axis.

    Orchard and Bouman's binary split, the usual start of GrabCut: the group whose covariance has
    the largest eigenvalue is cut through its mean.

    Args:
        samples: `(N, C)`.
        components: at most this many groups; fewer where there are fewer distinct samples.

    Returns:
        `(N,)`, the group of each sample, from 0 without gaps.

    Examples:
        >>> split(np.array([[0.0], [1.0], [10.0]]), 2)
        array([0, 0, 1])
    """
    samples = np.asarray(samples, np.float64)
    groups = np.zeros(len(samples), np.int64)
    length, direction = _longest_axis(samples)
    lengths, directions = [length], [direction]
    while len(lengths) < components and max(lengths) > 0:
        widest = int(np.argmax(lengths))
        members = np.flatnonzero(groups == widest)
        along = samples[members] @ directions[widest]
        beyond = along > along.mean()
        if beyond.all() or not beyond.any():
            lengths[widest] = 0.0
            continue
        groups[members[beyond]] = len(lengths)
        lengths[widest], directions[widest] = _longest_axis(samples[members[~beyond]])
        length, direction = _longest_axis(samples[members[beyond]])
        lengths.append(length)
        directions.append(direction)
    return groups


def _longest_axis(samples: Float64) -> tuple[float, Float64]:
    """Largest variance along any direction, and that direction `(C,)`."""
    centred = samples - samples.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred / len(samples))
    return float(values[-1]), vectors[:, -1]


def _estimate(samples: Float64, groups: Int64, floor: float) -> Mixture:
    """Weight, mean and covariance of each group that has members."""
    counts = np.bincount(groups)
    origin = samples.mean(axis=0)
    channels = samples.shape[1]
    columns = np.ascontiguousarray((samples - origin).T)
    present = counts > 0
    size = counts[present].astype(np.float64)

    def averages(values: Float64) -> Float64:
        return np.bincount(groups, values)[present] / size

    means = np.stack([averages(column) for column in columns], axis=1)
    covariances = np.empty((len(size), channels, channels))
    for a in range(channels):
        for b in range(a + 1):
            second = averages(columns[a] * columns[b]) - means[:, a] * means[:, b]
            covariances[:, a, b] = covariances[:, b, a] = second
    return Mixture(size / size.sum(), means + origin, _raised(covariances, floor))


def _maximise(mixture: Mixture, samples: Float64, floor: float) -> tuple[Mixture, float]:
    """One round of expectation and maximisation, and the mean log-likelihood before it."""
    joint = mixture._joint(samples)
    highest = joint.max(axis=0)
    share = np.exp(joint - highest)
    total = share.sum(axis=0)
    share /= total
    size = share.sum(axis=1) + 10 * np.finfo(float).eps
    means = share @ samples / size[:, None]
    covariances = np.empty_like(mixture.covariances)
    for m, mean in enumerate(means):
        centred = samples - mean
        covariances[m] = (centred * share[m][:, None]).T @ centred / size[m]
    likelihood = float((highest + np.log(total)).mean())
    return Mixture(size / size.sum(), means, _raised(covariances, floor)), likelihood


def _raised(covariances: Float64, floor: float) -> Float64:
    """Adds the floor to the variances, which rounding may have left below zero."""
    channels = covariances.shape[-1]
    diagonal = np.arange(channels)
    raised = covariances.copy()
    raised[:, diagonal, diagonal] = np.maximum(raised[:, diagonal, diagonal], 0) + floor
    return raised


def _floor(samples: Float64, floor: float | None) -> float:
    """The given floor, or the default; never so low that a constant channel divides by zero."""
    if floor is None:
        floor = FLOOR * float(samples.var(axis=0).mean())
    least = 1e-16 * float(np.square(samples).mean())
    return max(floor, least, float(np.sqrt(np.finfo(np.float64).tiny)))


def _checked(samples: Array) -> Float64:
    assert samples.ndim == 2, samples.shape
    if len(samples) == 0:
        raise PromptsMissing("No samples to learn intensities from: mark at least one voxel.")
    return np.asarray(samples, np.float64)


def _chunks(count: int) -> list[slice]:
    return [slice(low, low + CHUNK) for low in range(0, count, CHUNK)]
