"""Each operation on a grid and its inverse, with nibabel and SimpleITK as oracles."""

import itertools

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import assume, given
from hypothesis import strategies as st

from delineate.errors import GeometryMismatch, ImageError
from delineate.geometry import Geometry
from delineate.region import Region

shapes = st.tuples(*[st.integers(1, 9)] * 3)
margins = st.tuples(*[st.integers(0, 5)] * 3)
orders = st.sampled_from(list(itertools.permutations(range(3))))
axes = st.integers(0, 2)


@st.composite
def geometries(draw):
    """Any shape, any invertible affine: oblique, flipped, anisotropic, sheared."""
    entries = draw(st.lists(st.floats(-1, 1), min_size=9, max_size=9))
    matrix = np.reshape(np.round(entries, 3), (3, 3)) + np.eye(3)[draw(orders), :]
    scale = np.array([draw(st.floats(0.1, 8)) for _ in range(3)])
    assume(abs(np.linalg.det(matrix)) > 0.05)
    affine = np.eye(4)
    affine[:3, :3] = matrix * scale
    affine[:3, 3] = [draw(st.floats(-500, 500)) for _ in range(3)]
    return Geometry(draw(shapes), affine)


def same(one, other, atol=1e-9):
    return one.shape == other.shape and np.allclose(one.affine, other.affine, atol=atol, rtol=1e-9)


def points(geometry):
    drawn = np.random.default_rng(0).uniform(-2, 12, (7, 3))
    return np.vstack([drawn, np.zeros(3), np.array(geometry.shape) - 1])


@given(geometries())
def test_to_world_and_to_index(geometry):
    at = points(geometry)
    assert np.allclose(geometry.to_world(at), nib.affines.apply_affine(geometry.affine, at))
    assert np.allclose(geometry.to_index(geometry.to_world(at)), at, atol=1e-6)
    assert np.allclose(geometry.spacing, nib.affines.voxel_sizes(geometry.affine))


@given(geometries())
def test_world_is_simpleitks_but_for_two_signs(geometry):
    image = sitk.Image(geometry.shape, sitk.sitkUInt8)
    lps = np.diag([-1, -1, 1]) @ geometry.affine[:3, :3]
    image.SetSpacing(geometry.spacing)
    image.SetDirection((lps / np.array(geometry.spacing)).ravel().tolist())
    image.SetOrigin((geometry.affine[:3, 3] * (-1, -1, 1)).tolist())
    for at in points(geometry):
        there = image.TransformContinuousIndexToPhysicalPoint(at.tolist())
        assert np.allclose(geometry.to_world([at]) * (-1, -1, 1), there, atol=1e-6)


@given(st.integers(0, 10**6), orders, st.tuples(*[st.sampled_from([-1, 1])] * 3))
def test_orientation_is_nibabels(seed, order, signs):
    rng = np.random.default_rng(seed)
    tilt = np.linalg.qr(np.eye(3) + rng.normal(0, 0.15, (3, 3)))[0]
    affine = np.eye(4)
    affine[:3, :3] = (tilt @ np.eye(3)[:, order]) * signs * rng.uniform(0.3, 4, 3)
    assert Geometry((2, 2, 2), affine).orientation == "".join(nib.aff2axcodes(affine))


def test_each_direction_is_named_once():
    affine = np.eye(4)
    affine[:3, :3] = [[1, 0.8, 0], [0, 0.6, 0], [0, 0, 1]]
    assert Geometry((2, 2, 2), affine).orientation == "RAS"


@pytest.mark.parametrize("codes", ["RAS", "LPS", "ASR", "IRP", "SPL"])
def test_orientation_of_plain_grids(codes):
    wanted = nib.orientations.axcodes2ornt(tuple(codes))
    turn = nib.orientations.inv_ornt_aff(wanted, (4, 5, 6))
    assert Geometry((4, 5, 6), np.linalg.inv(turn)).orientation == codes


@given(geometries(), margins, margins)
def test_pad_then_crop(geometry, before, after):
    padded = geometry.pad(before, after)
    assert padded.shape == tuple(np.add(geometry.shape, before) + after)
    assert np.allclose(padded.to_world([before]), geometry.to_world([(0, 0, 0)]), atol=1e-6)
    back = padded.crop(Region(before, tuple(np.add(before, geometry.shape))))
    assert same(back, geometry)


@given(geometries(), margins, margins)
def test_crop_then_pad(geometry, low, size):
    region = Region(low, tuple(np.add(low, size) + 1))
    cropped = geometry.crop(region)
    assert cropped.shape == region.shape
    assert np.allclose(cropped.to_world([(0, 0, 0)]), geometry.to_world([low]), atol=1e-6)
    after = tuple(np.subtract(geometry.shape, region.high).tolist())
    assert same(cropped.pad(low, after), geometry)


@given(geometries(), axes)
def test_flip_twice(geometry, axis):
    flipped = geometry.flip(axis)
    at = points(geometry)
    mirrored = at.copy()
    mirrored[:, axis] = geometry.shape[axis] - 1 - at[:, axis]
    assert np.allclose(flipped.to_world(mirrored), geometry.to_world(at), atol=1e-6)
    assert same(flipped.flip(axis), geometry, 1e-6)
    assert np.linalg.det(flipped.affine) == pytest.approx(-np.linalg.det(geometry.affine))


@given(geometries(), orders)
def test_permute_and_its_inverse(geometry, order):
    permuted = geometry.permute(order)
    at = points(geometry)
    assert permuted.shape == tuple(geometry.shape[axis] for axis in order)
    assert np.allclose(permuted.to_world(at[:, order]), geometry.to_world(at), atol=1e-6)
    assert same(permuted.permute(tuple(np.argsort(order))), geometry)


@given(geometries(), shapes)
def test_resample_keeps_the_field_of_view(geometry, shape):
    resampled = geometry.resample(shape=shape)
    for corner in itertools.product((0, 1), repeat=3):
        old = np.array(corner) * geometry.shape - 0.5
        new = np.array(corner) * shape - 0.5
        assert np.allclose(geometry.to_world([old]), resampled.to_world([new]), atol=1e-6)
    assert same(resampled.resample(shape=geometry.shape), geometry, 1e-6)


@given(geometries(), st.tuples(*[st.floats(0.5, 4)] * 3))
def test_resample_to_a_spacing(geometry, spacing):
    resampled = geometry.resample(spacing=spacing)
    assert resampled.shape == tuple(
        max(1, round(n * s / t))
        for n, s, t in zip(geometry.shape, geometry.spacing, spacing, strict=True)
    )
    view = np.multiply(geometry.shape, geometry.spacing)
    assert np.allclose(np.multiply(resampled.shape, resampled.spacing), view)


def test_resample_wants_one_of_two():
    grid = Geometry.of_spacing((4, 4, 4))
    for wrong in ({}, {"shape": (2, 2, 2), "spacing": (1, 1, 1)}):
        with pytest.raises(ImageError, match="a shape or a spacing, and not both"):
            grid.resample(**wrong)
    for wrong in ((0, 1, 1), (1, -1, 1), (1, 1, np.nan)):
        with pytest.raises(ImageError, match="three positive numbers"):
            grid.resample(spacing=wrong)
    with pytest.raises(ImageError, match="at least one voxel"):
        grid.resample(shape=(2, 0, 2))


@pytest.mark.parametrize(
    ("affine", "words"),
    [
        (np.eye(3), r"\(4, 4\) matrix, got shape \(3, 3\)"),
        (np.diag([1, 1, 0, 1]), "singular"),
        ([[1, 2, 0, 0], [1, 2, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], "singular"),
        (np.diag([1, 1e-310, 1, 1]), "singular"),
        (np.diag([1, np.nan, 1, 1]), "not finite"),
        (np.diag([1, np.inf, 1, 1]), "not finite"),
        (np.diag([1, 1, 1, 2]), r"last row"),
    ],
)
def test_affines_that_are_none(affine, words):
    with pytest.raises(ImageError, match=words):
        Geometry((2, 2, 2), np.asarray(affine, float))


def test_a_very_small_or_very_anisotropic_grid_is_not_singular():
    assert Geometry.of_spacing((2, 2, 2), (1e-5, 1e-5, 50)).spacing == (1e-5, 1e-5, 50)


@pytest.mark.parametrize("shape", [(2, 2), (2, 2, 0), (2, 2, 2, 2), (-1, 2, 2)])
def test_shapes_that_are_none(shape):
    with pytest.raises(ImageError, match="three axes of at least one voxel"):
        Geometry(shape, np.eye(4))


@pytest.mark.parametrize("spacing", [(0, 1, 1), (1, -1, 1), (1, 1), (1, 1, np.inf)])
def test_spacings_that_are_none(spacing):
    with pytest.raises(ImageError, match="three positive numbers"):
        Geometry.of_spacing((2, 2, 2), spacing)


@pytest.mark.parametrize("order", [(0, 1), (0, 1, 1), (1, 2, 3)])
def test_orders_that_are_none(order):
    with pytest.raises(ImageError, match="0, 1 and 2 in some order"):
        Geometry.of_spacing((2, 2, 2)).permute(order)


@given(geometries())
def test_a_grid_is_like_itself_and_rounding_does_not_matter(geometry):
    rounded = Geometry(geometry.shape, geometry.affine.astype(np.float32))
    assert geometry.difference(geometry) is None
    assert geometry.difference(rounded) is None
    geometry.check_matches(rounded)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda g: g.pad((0, 0, 0), (0, 0, 1)), r"shape \(5, 4, 4\) instead of \(5, 4, 3\)"),
        (lambda g: g.flip(0), "orientation LAS instead of RAS"),
        (lambda g: g.crop(Region((1, 0, 0), (6, 4, 3))), "a position up to 1 mm away"),
        (lambda g: Geometry.of_spacing(g.shape, (1, 2, 4)), "spacing 1 x 2 x 4 mm instead of"),
    ],
)
def test_how_grids_differ(change, words):
    grid = Geometry.of_spacing((5, 4, 3), (1, 2, 3))
    with pytest.raises(GeometryMismatch, match=f"the mask is not on the same grid: .*{words}"):
        grid.check_matches(change(grid), "the mask")


@pytest.mark.parametrize(
    ("shape", "spacing", "axis"),
    [
        ((9, 9, 9), (1, 1, 1), 2),
        ((9, 9, 9), (3, 1, 1), 0),
        ((9, 9, 9), (1, 3, 3), 2),
        ((9, 1, 9), (1, 1, 5), 1),
        ((9, 9, 1), (5, 1, 1), 2),
        ((1, 9, 1), (1, 1, 1), 2),
    ],
)
def test_slice_axis(shape, spacing, axis):
    assert Geometry.of_spacing(shape, spacing).slice_axis == axis


def test_nothing_changes_a_geometry():
    affine = np.eye(4)
    grid = Geometry((2, 2, 2), affine)
    affine[0, 3] = 7
    assert grid.affine[0, 3] == 0
    with pytest.raises(ValueError, match="read-only"):
        grid.affine[0, 3] = 1


boxes = st.tuples(*[st.integers(-4, 6)] * 3).flatmap(
    lambda low: st.tuples(st.just(low), st.tuples(*[st.integers(a, a + 6) for a in low])).map(
        lambda ends: Region(*ends)
    )
)


def filled(region):
    """The region's voxels, one by one."""
    ranges = (range(a, b) for a, b in zip(region.low, region.high, strict=True))
    return set(itertools.product(*ranges))


@given(boxes, boxes)
def test_regions_are_sets_of_voxels(one, other):
    assert filled(one.intersect(other)) == filled(one) & filled(other)
    assert filled(one.union(other)) >= filled(one) | filled(other)
    assert one.size == len(filled(one))
    assert one.holds(other) == (filled(other) <= filled(one))
    both = [v for r in (one, other) for v in filled(r)]
    if both:
        union = one.union(other)
        assert union.low == tuple(np.min(both, axis=0))
        assert union.high == tuple(np.max(both, axis=0) + 1)
    assert one.shift((1, -2, 3)).shift((-1, 2, -3)) == one
    assert one.grow((1, 2, 3)).grow((-1, -2, -3)) == one


@given(st.sets(st.tuples(*[st.integers(0, 3)] * 3)), margins)
def test_the_region_around_a_mask(voxels, low):
    mask = np.zeros((4, 4, 4), bool)
    for voxel in voxels:
        mask[voxel] = True
    region = Region.around(mask, low)
    if voxels:
        at = np.array(list(voxels))
        assert region == Region(tuple(at.min(0) + low), tuple(at.max(0) + 1 + np.array(low)))
    else:
        assert region.size == 0
