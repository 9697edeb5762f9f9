"""The random walker against scikit-image, dense algebra and by hand."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from skimage.segmentation import random_walker

from delineate.energy import multigrid
from delineate.energy.laplacian import dirichlet_system, edge_weights, random_walk
from delineate.errors import Cancelled, GeometryMismatch, MethodError, PromptsMissing

UNIT = (1.0, 1.0, 1.0)


def case(shape: tuple[int, ...], channels: int, objects: int) -> tuple[np.ndarray, np.ndarray]:
    """A noisy bright ball and some marks."""
    rng = np.random.default_rng(sum(shape))
    place = np.indices(shape)
    centre = np.reshape([n // 2 for n in shape], (3, 1, 1, 1))
    ball = ((place - centre) ** 2).sum(axis=0) < (max(shape) / 4) ** 2
    image = np.stack([ball * (c + 1.0) + rng.normal(0, 0.2, shape) for c in range(channels)])
    labels = np.full(shape, -1)
    labels[tuple(centre.ravel())] = objects - 1
    spots = rng.permutation(np.argwhere(~ball))[:12]
    for spot, label in zip(spots, np.arange(12) % max(objects - 1, 1), strict=True):
        labels[tuple(spot)] = label
    return image, labels


def peer(image: np.ndarray, labels: np.ndarray, spacing: tuple[float, ...], beta: float = 130.0):
    return random_walker(
        np.moveaxis(image, 0, -1) if len(image) > 1 else image[0],
        labels + 1,
        beta=beta,
        mode="bf",
        return_full_prob=True,
        spacing=spacing,
        channel_axis=-1 if len(image) > 1 else None,
    )


@pytest.mark.parametrize(
    ("shape", "channels", "objects", "spacing"),
    [
        ((40, 33, 1), 1, 2, UNIT),
        ((40, 33, 1), 3, 3, (0.5, 1.7, 1.0)),
        ((1, 21, 30), 1, 2, (1.0, 2.0, 0.7)),
        ((14, 12, 9), 1, 4, UNIT),
        ((12, 12, 6), 2, 2, (0.8, 0.8, 3.0)),
    ],
)
def test_agrees_with_scikit_image(shape, channels, objects, spacing) -> None:
    image, labels = case(shape, channels, objects)
    ours = random_walk(image, labels, spacing, tolerance=1e-9)
    np.testing.assert_allclose(ours, peer(image, labels, spacing), atol=1e-5)
    np.testing.assert_allclose(ours.sum(axis=0), 1, atol=1e-6)
    default = random_walk(image, labels, spacing)
    np.testing.assert_allclose(default, ours, atol=1e-3)


@pytest.mark.parametrize("beta", [0.0, 1.0, 1000.0])
def test_beta_has_the_scale_of_scikit_image(beta: float) -> None:
    image, labels = case((24, 24, 1), 1, 2)
    ours = random_walk(image, labels, UNIT, beta=beta, tolerance=1e-9)
    np.testing.assert_allclose(ours, peer(image, labels, UNIT, beta), atol=1e-4)


def test_mask_agrees_with_scikit_image_and_is_zero_outside() -> None:
    image, labels = case((30, 30, 1), 1, 2)
    mask = np.ones((30, 30, 1), bool)
    mask[3:9, 4:25] = False
    inactive = np.where(mask, labels, -2)
    theirs = random_walker(
        image[0, ..., 0], inactive[..., 0] + 1, mode="bf", return_full_prob=True
    )[..., None]
    ours = random_walk(image, labels, UNIT, mask=mask, tolerance=1e-9)
    np.testing.assert_allclose(ours[:, mask], theirs[:, mask], atol=1e-4)
    assert (ours[:, ~mask] == 0).all()


def test_parts_that_no_mark_reaches_know_nothing() -> None:
    image, labels = np.zeros((1, 7, 1, 1)), np.full((7, 1, 1), -1)
    labels[0], labels[2] = 0, 2
    mask = np.array([1, 1, 1, 0, 1, 1, 0], bool).reshape(7, 1, 1)
    answer = random_walk(image, labels, UNIT, mask=mask)[..., 0, 0]
    third = 1 / 3
    expected = [
        [1, 0.5, 0, 0, third, third, 0],
        [0, 0, 0, 0, third, third, 0],
        [0, 0.5, 1, 0, third, third, 0],
    ]
    np.testing.assert_allclose(answer, expected, atol=1e-5)


def test_marks_wall_off_a_part() -> None:
    image, labels = np.zeros((1, 5, 1, 1)), np.full((5, 1, 1), -1)
    labels[1], labels[3] = 0, 1
    answer = random_walk(image, labels, UNIT)[1].ravel()
    np.testing.assert_allclose(answer, [0, 0, 0.5, 1, 1], atol=1e-6)


def test_one_label_is_certain_and_all_marked_is_returned() -> None:
    image = np.zeros((1, 3, 3, 1))
    labels = np.full((3, 3, 1), -1)
    labels[1, 1] = 1
    answer = random_walk(image, labels, UNIT)
    assert answer.shape == (2, 3, 3, 1) and (answer[1] == 1).all() and (answer[0] == 0).all()
    labels = np.arange(9).reshape(3, 3, 1) % 2
    np.testing.assert_array_equal(random_walk(image, labels, UNIT)[1], labels)


def test_checkerboard_of_marks() -> None:
    """Every unknown has marked neighbours only: there is nothing to coarsen."""
    i, j, _ = np.indices((40, 40, 1))
    labels = np.where((i + j) % 2 == 0, (j >= 20).astype(int), -1)
    answer = random_walk(np.zeros((1, 40, 40, 1)), labels, UNIT)
    inner = (slice(1, -1), 20, 0)
    np.testing.assert_allclose(answer[1][inner][labels[inner] < 0], 0.75, atol=1e-5)
    assert np.isfinite(answer).all()


def test_a_constant_image_is_the_discrete_harmonic_function() -> None:
    labels = np.full((50, 40, 1), -1)
    labels[0], labels[-1] = 0, 1
    answer = random_walk(np.full((1, 50, 40, 1), 7.0), labels, UNIT, tolerance=1e-9)
    expected = np.broadcast_to(np.linspace(0, 1, 50)[:, None, None], (50, 40, 1))
    np.testing.assert_allclose(answer[1], expected, atol=1e-5)


def test_sharp_edges_hold_walkers_back() -> None:
    image = np.zeros((1, 64, 64, 1))
    image[:, 16:48, 16:48] = 1
    labels = np.full((64, 64, 1), -1)
    labels[30, 30], labels[0, 0] = 1, 0
    answer = random_walk(image, labels, UNIT, beta=200)
    np.testing.assert_array_equal(answer[1] > 0.5, image[0] > 0.5)


def test_loose_tolerances_still_give_probabilities() -> None:
    image, labels = case((40, 33, 1), 1, 4)
    for tolerance in (0.5, 0.2, 0.1, 0.05):
        answer = random_walk(image, labels, UNIT, tolerance=tolerance)
        assert answer.min() >= 0 and answer.max() <= 1
        np.testing.assert_allclose(answer.sum(axis=0), 1, atol=1e-6)


def test_aggregates_stay_small_where_the_image_is_constant() -> None:
    labels = np.full((60, 60, 1), -1)
    labels[0, 0] = 0
    unknown = labels < 0
    weights = edge_weights(np.zeros((1, 60, 60, 1)), UNIT, 130)
    matrix, _ = dirichlet_system(weights, np.ones_like(unknown), unknown, [])
    sizes = np.bincount(multigrid.hierarchy(matrix).levels[0].aggregate)
    assert sizes.min() >= 2 and sizes.max() < 30


def test_start_saves_iterations_and_keeps_the_answer() -> None:
    image, labels = case((40, 33, 1), 1, 3)
    cold: list[float] = []
    warm: list[float] = []
    answer = random_walk(image, labels, UNIT, tolerance=1e-7, observe=cold.append)
    again = random_walk(image, labels, UNIT, tolerance=1e-6, start=answer, observe=warm.append)
    assert len(warm) < len(cold) / 3
    np.testing.assert_allclose(again, answer, atol=1e-4)


def test_observer_sees_progress_and_may_stop() -> None:
    image, labels = case((20, 20, 1), 1, 3)
    seen: list[float] = []
    random_walk(image, labels, UNIT, observe=seen.append)
    assert seen == sorted(seen) and seen[0] > 0 and seen[-1] <= 1

    def stop(fraction: float) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        random_walk(image, labels, UNIT, observe=stop)


def test_inputs_are_unchanged() -> None:
    image, labels = case((20, 20, 1), 1, 2)
    mask = np.ones((20, 20, 1), bool)
    before = image.copy(), labels.copy()
    random_walk(image, labels, UNIT, mask=mask)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(labels, before[1])
    assert mask.all()


def test_weights_by_hand() -> None:
    image = np.array([0.0, 3.0, 3.0]).reshape(1, 1, 3, 1)
    weights = edge_weights(image, (1.0, 2.0, 1.0), beta=10.0)
    deviation = np.sqrt(2.0)
    expected = [np.exp(-10 * 1.5**2 / (10 * deviation)) + 1e-10, 1 + 1e-10]
    assert list(weights) == [(0, 1, 0)]
    np.testing.assert_allclose(weights[0, 1, 0].ravel(), expected)


def test_multigrid_needs_few_iterations_whatever_the_size() -> None:
    needed = []
    for size in (24, 96):
        image, labels = case((size, size, 1), 1, 2)
        count: list[float] = []
        random_walk(image, labels, UNIT, observe=count.append, tolerance=1e-6)
        needed.append(len(count))
    assert needed[1] < 40 and needed[1] < 3 * needed[0]


def test_multigrid_cycle_is_symmetric() -> None:
    """Conjugate gradients need it: u.Mv = v.Mu."""
    rng = np.random.default_rng(1)
    size = 900
    path = np.arange(size - 1)
    strength = rng.random(size - 1)
    edges = csr_matrix((-strength, (path, path + 1)), shape=(size, size))
    matrix = edges + edges.T
    matrix = (matrix - csr_matrix(np.diag(matrix.sum(axis=1).A1 - 0.1))).tocsr()
    coarse = multigrid.hierarchy(matrix)
    assert len(coarse.levels) > 0
    u, v = rng.normal(size=(2, size))
    np.testing.assert_allclose(u @ coarse.cycle(v), v @ coarse.cycle(u), rtol=1e-9)


def test_refusals() -> None:
    image, labels = case((10, 10, 1), 1, 2)
    with pytest.raises(PromptsMissing, match="no mark"):
        random_walk(image, np.full((10, 10, 1), -1), UNIT)
    with pytest.raises(PromptsMissing, match="no mark"):
        random_walk(image, labels, UNIT, mask=np.zeros((10, 10, 1), bool))
    with pytest.raises(GeometryMismatch, match=r"labels has shape \(9, 10, 1\)"):
        random_walk(image, labels[1:], UNIT)
    with pytest.raises(GeometryMismatch, match="start has shape"):
        random_walk(image, labels, UNIT, start=np.zeros((3, 10, 10, 1)))
    with pytest.raises(MethodError, match="beta is -1"):
        random_walk(image, labels, UNIT, beta=-1)


def test_a_system_that_does_not_converge_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multigrid, "_ITERATIONS", 1)
    image, labels = case((40, 33, 1), 1, 2)
    with pytest.raises(MethodError, match="larger tolerance"):
        random_walk(image, labels, UNIT, tolerance=1e-9)
