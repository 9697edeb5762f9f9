"""The scribble user: the longest path, inside the error, on one slice."""

import numpy as np
import pytest
from scipy import ndimage, sparse
from scipy.sparse import csgraph

from delineate.errors import MethodError
from delineate.prompts import Scribble
from delineate.users import find
from delineate.users.scribble import LARGEST_SEARCH, Scribbler, longest_path

ISOTROPIC = (1.0, 1.0, 1.0)


def length(path: np.ndarray, spacing=ISOTROPIC) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0) * spacing, axis=1).sum())


def slow_longest(mask: np.ndarray, spacing=ISOTROPIC) -> float:
    """The largest distance between any two voxels, all pairs."""
    at = np.argwhere(mask)
    gap = np.abs(at[:, None] - at[None])
    away = np.sqrt(((gap * spacing) ** 2).sum(axis=2))
    graph = sparse.csr_matrix(np.where(gap.max(axis=2) == 1, away, 0))
    between = csgraph.dijkstra(graph, directed=False)
    return float(between[np.isfinite(between)].max())


def tree(rng: np.random.Generator, size: int) -> np.ndarray:
    """Voxels added one by one, each where it touches only one of those before."""
    mask = np.zeros((14, 14, 1), bool)
    mask[7, 7] = True
    while mask.sum() < size:
        touching = ndimage.convolve(mask[..., 0].astype(int), np.ones((3, 3), int), mode="constant")
        free = np.argwhere((touching == 1) & ~mask[..., 0])
        if not len(free):
            break
        mask[tuple(rng.choice(free))] = True
    return mask


def check_path(path: np.ndarray, core: np.ndarray) -> None:
    assert core[tuple(path.T)].all()
    assert len(np.unique(path, axis=0)) == len(path)
    assert (np.abs(np.diff(path, axis=0)).max(axis=1) == 1).all()


def test_on_a_tree_the_path_is_the_longest() -> None:
    rng = np.random.default_rng(2)
    for spacing in (ISOTROPIC, (1.0, 2.5, 1.0)):
        for size in (2, 5, 12, 30, 60):
            mask = tree(rng, size)
            path = longest_path(mask, spacing)
            check_path(path, mask)
            assert length(path, spacing) == pytest.approx(slow_longest(mask, spacing))


def test_elsewhere_the_path_is_nearly_the_longest() -> None:
    rng = np.random.default_rng(4)
    for _ in range(10):
        noise = ndimage.gaussian_filter(rng.normal(size=(20, 20)), 2)
        labels, _ = ndimage.label(noise > 0, np.ones((3, 3)))
        mask = (labels == np.bincount(labels[labels > 0]).argmax())[..., None]
        path = longest_path(mask, ISOTROPIC)
        check_path(path, mask)
        assert length(path) >= 0.85 * slow_longest(mask)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_path_may_lie_across_any_axis(axis: int) -> None:
    flat = np.zeros((30, 12, 1), bool)
    flat[2:28, 5] = True
    mask = np.moveaxis(flat, 2, axis)
    path = longest_path(mask, ISOTROPIC)
    check_path(path, mask)
    assert len(path) == 26


def test_a_large_core_is_searched_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    i, j = np.ogrid[:301, :301]
    away = np.hypot(i - 150, j - 150)
    core = ((away < 140) & (away > 80) & (i < 220))[..., None]
    for mask in (core, np.moveaxis(core, 0, 2)):
        path = longest_path(mask, ISOTROPIC)
        check_path(path, mask)
        with monkeypatch.context() as patch:
            patch.setattr("delineate.users.scribble.LARGEST_SEARCH", mask.size)
            slow = longest_path(mask, ISOTROPIC)
        assert not np.array_equal(path, slow)
        assert 0.9 * length(slow) < length(path) < 1.02 * length(slow)


def test_the_way_from_block_to_block_stays_in_the_core() -> None:
    chain = np.kron(np.eye(520, dtype=bool), np.ones((3, 3), bool))[..., None]
    assert chain.sum() > LARGEST_SEARCH
    for core in (chain, chain[::-1]):
        path = longest_path(core, ISOTROPIC)
        check_path(path, core)
        assert len(path) == 3 * 520 - 2


def test_a_thin_core_is_searched_whole() -> None:
    meander = np.zeros((99, 200, 1), bool)
    meander[::2] = True
    meander[1::4, -1] = meander[3::4, 0] = True
    meander[:21, :21] = True
    assert meander.sum() > LARGEST_SEARCH
    assert len(longest_path(meander, ISOTROPIC)) > 0.75 * meander.sum()


@pytest.mark.parametrize("dims", [2, 3])
def test_strokes_lie_in_the_core_of_the_largest_error_of_each_side(dims: int) -> None:
    shape = (60, 60, 1) if dims == 2 else (60, 60, 7)
    spacing = (1.0, 1.0, 4.0)
    rng = np.random.default_rng(8)
    for _ in range(6):
        noise = ndimage.gaussian_filter(rng.normal(size=shape), (3, 3, 0 if dims == 2 else 1))
        truth = noise > 0
        mask = np.roll(truth, (6, 4), (0, 1))
        said = find("scribble").correct(truth, mask, spacing, rng)
        assert [mark.inside for mark in said] == [True, False]
        for mark, wrong in zip(said, (truth & ~mask, mask & ~truth), strict=True):
            assert isinstance(mark, Scribble)
            at = mark.voxels.indices()
            labels, _ = ndimage.label(wrong, np.ones((3, 3, 3)))
            sizes = np.bincount(labels.ravel())
            sizes[0] = 0
            (part,) = set(labels[tuple(at.T)].tolist())
            assert part > 0 and sizes[part] == sizes.max()
            (k,) = set(at[:, 2].tolist())
            areas = (labels == part).sum(axis=(0, 1))
            assert areas[k] == areas.max()
            pieces, _ = ndimage.label(labels[..., k] == part, np.ones((3, 3)))
            (piece,) = set(pieces[at[:, 0], at[:, 1]].tolist())
            region = np.pad(pieces == piece, 1)
            deep = ndimage.distance_transform_edt(region)[1:-1, 1:-1]
            assert deep[at[:, 0], at[:, 1]].min() >= 0.35 * deep.max() * 0.9


def test_only_what_is_wrong_gets_a_stroke() -> None:
    truth, mask = np.zeros((2, 30, 30, 1), bool)
    truth[5:20, 5:20] = mask[5:20, 5:20] = True
    mask[5:20, 20:26] = True
    rng = np.random.default_rng(0)
    (only,) = find("scribble").correct(truth, mask, ISOTROPIC, rng)
    assert not only.inside
    (only,) = find("box-scribble").correct(mask, truth, ISOTROPIC, rng)
    assert only.inside


def test_the_stroke_follows_a_bar_by_hand() -> None:
    truth = np.zeros((9, 30, 1), bool)
    truth[2:7, 3:27] = True
    (stroke,) = Scribbler(core=1.0).start(truth, ISOTROPIC, np.random.default_rng(0))
    assert stroke.voxels.indices().tolist() == [[4, j, 0] for j in range(5, 25)]


def test_a_small_error_gets_a_dot() -> None:
    truth = np.zeros((9, 30, 1), bool)
    truth[4, 3:11] = True
    rng = np.random.default_rng(0)
    (dot,) = find("scribble").start(truth, ISOTROPIC, rng)
    assert dot.voxels.indices().tolist() == [[4, 6, 0]]
    truth[4, 11] = True
    (line,) = find("scribble").start(truth, ISOTROPIC, rng)
    assert len(line.voxels) == 9


def test_of_the_pieces_on_the_slice_the_largest_is_marked() -> None:
    truth = np.zeros((40, 40, 3), bool)
    truth[2:35, 2:6, 1] = truth[2:12, 10:20, 1] = True
    truth[2, 2:12, 0] = True
    (stroke,) = find("scribble").start(truth, (1.0, 1.0, 3.0), np.random.default_rng(0))
    assert stroke.region.low[2] == 1
    assert stroke.region.high[1] <= 6


def test_the_slice_is_across_the_coarsest_axis() -> None:
    truth = np.zeros((20, 20, 20), bool)
    truth[5:15, 5:15, 5:15] = True
    truth[7, 3:17, 5:15] = True
    rng = np.random.default_rng(0)
    (stroke,) = find("scribble").start(truth, (3.0, 1.0, 1.0), rng)
    assert stroke.region.shape[0] == 1 and stroke.region.low[0] == 7
    (stroke,) = find("scribble").start(truth, ISOTROPIC, rng)
    assert stroke.region.shape[2] == 1 and stroke.region.low[2] == 5


def test_a_core_is_a_share() -> None:
    with pytest.raises(MethodError, match=r"1\.5"):
        Scribbler(core=1.5)
