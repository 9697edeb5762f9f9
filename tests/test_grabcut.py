"""GrabCut: its energy by hand, its descent, and OpenCV's answer."""

import itertools

import cv2
import numpy as np
import pytest

from delineate.energy.mixture import Mixture
from delineate.errors import MethodError
from delineate.marks import seeds
from delineate.methods.framed import assume
from delineate.methods.grabcut import GrabCut, component_costs, learned, quadratic_terms, start
from delineate.prompts import Box, Click, Given
from delineate.region import Region
from delineate.volume import Volume
from delineate.voxels import Voxels


def noisy(seed, shape=(24, 20, 1), channels=3):
    rng = np.random.default_rng(seed)
    data = rng.normal(0, 25, (channels, *shape))
    data[:, 7:16, 6:15] += rng.uniform(20, 90, (channels, 1, 1, 1))
    return Volume.from_array(np.rint(data), channel_axis=0)


def every_round(method, volume, prompts):
    region = Region.whole(volume.shape)
    certain = assume(seeds(prompts, region, volume.spacing), prompts, region, method.middle)
    view = method._view(volume, region, method.start(volume))
    return list(method.rounds(view, certain, *start(prompts, region, certain))), view, certain


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("shape", [(24, 20, 1), (18, 16, 5)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_energy_never_rises(seed, shape, channels):
    volume = noisy(seed, shape, channels)
    prompts = (
        Box((3, 3, 0), (21, 18, shape[2])) if shape[2] == 1 else Box((3, 3, 1), (17, 15, 4)),
    )
    method = GrabCut(iterations=12, gamma=5.0, spread=0.1)
    rounds, _, certain = every_round(method, volume, prompts)
    energies = [turn.energy for turn in rounds]
    assert len(rounds) > 1
    slack = 1e-6 * abs(energies[0])
    assert all(b <= a + slack for a, b in itertools.pairwise(energies))
    assert not rounds[-1].mask[certain == -1].any()


def test_the_energy_is_the_papers():
    """Eight pixels, two mixtures: data and boundary summed by hand."""
    values = np.array([0, 0, 0, 255, 255, 255, 0, 0.0]).reshape(8, 1, 1)
    volume = Volume.from_array(values)
    method = GrabCut(inside_components=1, outside_components=1, gamma=3.0, iterations=1, spread=0.5)
    marks = (Click((4, 0, 0)), Click((0, 0, 0), inside=False))
    (turn,), _, _ = every_round(method, volume, marks)
    np.testing.assert_array_equal(turn.mask, values == 255)
    data = 8 * (0.5 * np.log(0.25) + 0.5)  # one Gaussian of variance floor, hit in its mean
    square = (255 / 255) ** 2
    mean = 2 * square / 7
    gamma = 1.0 * (1 + np.sqrt(2))  # a line has one neighbour a step: scaled to the plane's
    boundary = 2 * gamma * np.exp(-square / (2 * mean))
    assert turn.energy == pytest.approx(data + boundary, rel=1e-6)


def test_a_component_costs_what_a_gaussian_says():
    model = Mixture(
        np.array([0.25, 0.75]),
        np.array([[0.0, 1.0], [2.0, 0.0]]),
        np.array([[[1.0, 0.5], [0.5, 2.0]], [[0.1, 0.0], [0.0, 0.4]]]),
    )
    colours = np.random.default_rng(0).random((5, 2))
    for m in range(2):
        away = colours - model.means[m]
        inverse = np.linalg.inv(model.covariances[m])
        expected = -np.log(model.weights[m]) + 0.5 * np.log(np.linalg.det(model.covariances[m]))
        expected = expected + 0.5 * np.array([a @ inverse @ a for a in away])
        np.testing.assert_allclose(
            component_costs(model, quadratic_terms(colours), 0.0)[m], expected
        )
        more = component_costs(model, quadratic_terms(colours), 0.3)[m] - expected
        np.testing.assert_allclose(more, 0.15 * np.trace(inverse))


def test_learning_counts_every_voxel_of_a_colour():
    terms = quadratic_terms(np.array([[-1.0], [1.0], [9.0], [50.0]]))
    component = np.array([0, 0, 1, 1])
    model = learned(component, terms, np.array([3, 1, 4, 0]), floor=0.01)
    np.testing.assert_allclose(model.weights, [0.5, 0.5])
    np.testing.assert_allclose(model.means, [[-0.5], [9.0]])
    np.testing.assert_allclose(model.covariances.ravel(), [0.76, 0.01])
    alone = learned(component, terms, np.array([3, 1, 0, 0]), floor=0.01)
    assert len(alone.weights) == 1


def test_learning_minimises_the_energy_of_its_voxels():
    rng = np.random.default_rng(0)
    terms, floor = quadratic_terms(rng.random((30, 2))), 0.05
    counts = rng.integers(1, 5, 30)
    one = learned(np.zeros(30, int), terms, counts, floor)
    least = counts @ component_costs(one, terms, floor)[0]
    for _ in range(50):
        shape = rng.normal(0, 0.05, (2, 2))
        other = Mixture(
            one.weights,
            one.means + rng.normal(0, 0.05, (1, 2)),
            one.covariances + (shape @ shape.T)[None] * rng.choice([0.1, 1.0]),
        )
        assert counts @ component_costs(other, terms, floor)[0] > least


def test_agrees_with_opencv():
    rng = np.random.default_rng(1)
    shape = (60, 80)
    away = np.hypot((np.indices(shape)[0] - 30) * 1.2, np.indices(shape)[1] - 40)
    picture = np.where((away < 18)[..., None], [180, 90, 60], [70, 100, 140])
    picture = np.clip(picture + rng.normal(0, 25, (*shape, 3)), 0, 255).astype(np.uint8)
    labels = np.zeros(shape, np.uint8)
    frame = (16, 10, 48, 40)
    cv2.setRNGSeed(0)
    cv2.grabCut(
        picture, labels, frame, np.zeros((1, 65)), np.zeros((1, 65)), 5, cv2.GC_INIT_WITH_RECT
    )
    expected = labels % 2 == 1
    volume = Volume.from_array(picture, channel_axis=2)
    method = GrabCut()
    patch, _ = method.segment(volume, (Box((10, 16, 0), (50, 64, 1)),), method.start(volume))
    mask = patch.mask(volume.shape)[..., 0]
    assert 2 * (mask & expected).sum() / (mask.sum() + expected.sum()) > 0.98
    assert (mask ^ (away < 18)).mean() < 0.01


def test_starts_from_a_given_mask_a_box_or_the_marks():
    region = Region.whole((4, 1, 1))
    given = Given(Voxels.of([(1, 0, 0), (2, 0, 0)]))
    certain = np.array([-1, 0, 0, 1], np.int8).reshape(4, 1, 1)
    frame = Box((1, 0, 0), (4, 1, 1))
    cases = {(given,): [0, 1, 1, 1], (frame,): [0, 1, 1, 1], (Click((3, 0, 0)),): [0, 0, 0, 1]}
    for prompts, expected in cases.items():
        inside, outside = start(prompts, region, certain)
        np.testing.assert_array_equal(inside.ravel(), np.array(expected, bool))
        unknown = isinstance(prompts[0], Click)
        np.testing.assert_array_equal(outside, certain == -1 if unknown else ~inside)


def test_stops_when_the_mask_stays_the_same():
    rounds, _, _ = every_round(GrabCut(iterations=50), noisy(0), (Box((3, 3, 0), (21, 18, 1)),))
    assert len(rounds) < 50
    np.testing.assert_array_equal(rounds[-1].mask, rounds[-2].mask)


@pytest.mark.parametrize(
    "wrong",
    [{"gamma": -1.0}, {"iterations": 0}, {"inside_components": 0}, {"spread": 0.0}, {"middle": 2}],
)
def test_refuses_fields_out_of_range(wrong):
    with pytest.raises(MethodError, match=next(iter(wrong))):
        GrabCut(**wrong)
