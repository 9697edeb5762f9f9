"""Gaussian mixtures against scikit-learn and by hand."""

import numpy as np
import pytest
from scipy.stats import multivariate_normal
from sklearn.mixture import GaussianMixture

from delineate.energy import mixture
from delineate.energy.mixture import SAMPLES, Mixture, fit, split
from delineate.errors import MethodError, PromptsMissing


def blobs(channels: int, count: int = 600) -> np.ndarray:
    rng = np.random.default_rng(channels)
    parts = []
    for centre in (0.0, 6.0, 15.0):
        turn = rng.normal(size=(channels, channels))
        parts.append(centre + rng.normal(size=(count, channels)) @ turn)
    return np.concatenate(parts)


def sklearn_twin(ours: Mixture, floor: float, **options: object) -> GaussianMixture:
    return GaussianMixture(
        len(ours.weights),
        reg_covar=floor,
        weights_init=ours.weights,
        means_init=ours.means,
        precisions_init=np.linalg.inv(ours.covariances),
        **options,
    )


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_log_likelihood_is_that_of_the_density(channels: int) -> None:
    samples = blobs(channels)
    fitted = fit(samples, 3)
    density = sum(
        weight * multivariate_normal(mean, covariance).pdf(samples)
        for weight, mean, covariance in zip(
            fitted.weights, fitted.means, fitted.covariances, strict=True
        )
    )
    np.testing.assert_allclose(fitted.log_likelihood(samples), np.log(density), atol=1e-9)


def test_log_likelihood_does_not_underflow_far_away() -> None:
    fitted = fit(blobs(1), 3)
    assert np.isfinite(fitted.log_likelihood(np.array([[1e6]]))).all()


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = blobs(2)
    fitted = fit(samples, 3)
    whole = fitted.log_likelihood(samples), fitted.assign(samples)
    monkeypatch.setattr(mixture, "CHUNK", 7)
    np.testing.assert_allclose(fitted.log_likelihood(samples), whole[0], rtol=1e-12)
    np.testing.assert_array_equal(fitted.assign(samples), whole[1])


@pytest.mark.parametrize("channels", [1, 3])
def test_fit_converges_to_the_same_as_scikit_learn(channels: int) -> None:
    samples, floor = blobs(channels), 1e-3
    start = fit(samples, 3, iterations=0, floor=floor)
    ours = fit(samples, 3, start=start, floor=floor, iterations=500, tolerance=1e-12)
    peer = sklearn_twin(start, floor, tol=1e-12, max_iter=500).fit(samples)
    np.testing.assert_allclose(ours.weights, peer.weights_, atol=1e-5)
    np.testing.assert_allclose(ours.means, peer.means_, atol=1e-4)
    np.testing.assert_allclose(ours.covariances, peer.covariances_, atol=1e-4)
    np.testing.assert_allclose(ours.log_likelihood(samples), peer.score_samples(samples), atol=1e-4)


def test_start_is_used() -> None:
    samples = np.array([[0.0], [1.0], [9.0], [10.0]])
    start = Mixture(np.ones(1), np.array([[3.0]]), np.ones((1, 1, 1)))
    assert fit(samples, 2, start=start).means.shape == (1, 1)


def test_split_cuts_the_widest_group_through_its_mean() -> None:
    samples = np.array([[0, 0], [0, 1], [10, 0], [10, 1], [10, 30], [10, 31]], float)
    np.testing.assert_array_equal(split(samples, 2), [0, 0, 0, 0, 1, 1])
    groups = split(samples, 3)
    assert [set(np.flatnonzero(groups == g)) for g in groups[[0, 2, 4]]] == [{0, 1}, {2, 3}, {4, 5}]


def test_split_goes_on_with_the_widest_group() -> None:
    samples = np.array([[0.0], [1.0], [100.0], [130.0]])
    np.testing.assert_array_equal(split(samples, 3), [0, 0, 1, 2])


def test_reassigned_is_one_hard_step() -> None:
    samples = blobs(2)
    before = fit(samples, 3, iterations=2)
    groups = before.assign(samples)
    after = before.reassigned(samples, floor=0.01)
    for m in range(3):
        members = samples[groups == m]
        np.testing.assert_allclose(after.weights[m], len(members) / len(samples))
        np.testing.assert_allclose(after.means[m], members.mean(axis=0))
        covariance = np.cov(members.T, bias=True) + 0.01 * np.eye(2)
        np.testing.assert_allclose(after.covariances[m], covariance, atol=1e-9)


def test_a_component_without_samples_is_left_out() -> None:
    for means in ([[0.0], [100.0]], [[100.0], [0.0]]):
        two = Mixture(np.full(2, 0.5), np.array(means), np.ones((2, 1, 1)))
        one = two.reassigned(np.array([[0.0], [1.0]]))
        np.testing.assert_allclose(one.means, [[0.5]])
        np.testing.assert_allclose(one.weights, [1.0])


@pytest.mark.parametrize("value", [0.0, 0.1, 1e-9, 3.3, -4e4])
def test_constant_samples_give_one_narrow_component(value: float) -> None:
    fitted = fit(np.full((49, 3), value), 5)
    np.testing.assert_allclose(fitted.means, np.full((1, 3), value))
    here, there = fitted.log_likelihood(np.array([[value] * 3, [value + 1.0] * 3]))
    assert np.isfinite([here, there]).all() and here > 0 and here > there


def test_constants_whose_mean_is_rounded_are_one_group() -> None:
    rng = np.random.default_rng(1)
    for value in rng.uniform(0, 10, 200).round(2):
        samples = np.full((int(rng.integers(3, 60)), 1), value)
        assert len(fit(samples, 5).weights) == 1


def test_variance_stays_above_the_rounding_of_bright_intensities() -> None:
    assert fit(np.full((5, 1), 1e6), 1, floor=0.0).covariances.item() == pytest.approx(1e-4)


def test_fewer_samples_than_components() -> None:
    fitted = fit(np.array([[1.0], [5.0]]), 5)
    np.testing.assert_allclose(np.sort(fitted.means.ravel()), [1.0, 5.0])
    assert np.isfinite(fitted.log_likelihood(np.array([[3.0]]))).all()


def test_floor_is_the_least_variance() -> None:
    fitted = fit(np.full((9, 2), 7.0), 2, floor=0.25)
    np.testing.assert_allclose(fitted.covariances, [0.25 * np.eye(2)], atol=1e-12)


def test_large_samples_are_a_fixed_subset() -> None:
    rng = np.random.default_rng(0)
    samples = rng.normal(np.repeat([0.0, 9.0], SAMPLES), 1.0)[:, None]
    first, second = fit(samples, 2), fit(samples, 2)
    np.testing.assert_array_equal(first.means, second.means)
    np.testing.assert_allclose(np.sort(first.means.ravel()), [0, 9], atol=0.05)
    other = fit(samples, 2, seed=1)
    assert (other.means != first.means).all()


def test_bright_images_lose_no_precision() -> None:
    samples = blobs(1)
    near, far = fit(samples, 3), fit(samples + 1e6, 3)
    np.testing.assert_allclose(far.covariances, near.covariances, rtol=0.05)


def test_refusals() -> None:
    with pytest.raises(PromptsMissing, match="No samples"):
        fit(np.empty((0, 1)), 2)
    with pytest.raises(MethodError, match="0 components"):
        fit(np.ones((3, 1)), 0)
