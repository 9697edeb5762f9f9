"""Images on grids: voxels keep their place in the world whatever is done to the array."""

import itertools

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st

from delineate.errors import ImageError, SeveralImages
from delineate.geometry import Geometry
from delineate.region import Region
from delineate.volume import RGB, Volume, fingerprint, resample

shapes = st.tuples(*[st.integers(1, 6)] * 3)
margins = st.tuples(*[st.integers(0, 3)] * 3)
AFFINE = np.array([[0.5, 0.1, 0.0, -3], [0.0, -0.7, 0.4, 8], [0.2, 0.0, 2.5, 1], [0, 0, 0, 1.0]])


def volume(shape=(5, 4, 3), channels=1):
    data = np.random.default_rng(1).normal(size=(channels, *shape)).astype(np.float32)
    return Volume(data, Geometry(shape, AFFINE))


def where(image):
    """World place, rounded, of each voxel, and its value."""
    at = np.argwhere(np.ones(image.shape, bool))
    world = np.round(image.geometry.to_world(at), 6) + 0.0
    return dict(zip(map(tuple, world), image.data[0].ravel(), strict=True))


@given(shapes, st.integers(0, 2))
def test_flip(shape, axis):
    image = volume(shape)
    flipped = image.flip(axis)
    assert where(flipped) == where(image)
    assert np.array_equal(flipped.data, np.flip(image.data, axis + 1))
    assert fingerprint(flipped.flip(axis)) == fingerprint(image) or np.allclose(
        flipped.flip(axis).geometry.affine, AFFINE
    )


@given(shapes, st.sampled_from(list(itertools.permutations(range(3)))))
def test_permute(shape, order):
    image = volume(shape)
    permuted = image.permute(order)
    assert where(permuted) == where(image)
    assert fingerprint(permuted.permute(tuple(np.argsort(order)))) == fingerprint(image)


@given(shapes, margins, margins)
def test_pad_then_crop(shape, before, after):
    image = volume(shape)
    padded = image.pad(before, after, value=-7)
    assert (padded.data == -7).sum() == padded.data.size - image.data.size
    assert where(image).items() <= where(padded).items()
    back = padded.crop(Region(before, tuple(np.add(before, shape))))
    assert np.array_equal(back.data, image.data)
    assert back.geometry.difference(image.geometry) is None


def test_crop_is_a_view_and_stays_inside():
    image = volume()
    part = image.crop(Region((1, 0, 1), (4, 2, 3)))
    assert np.shares_memory(part.data, image.data)
    assert where(part).items() <= where(image).items()
    for wrong in (
        Region((0, 0, 0), (6, 4, 3)),
        Region((-1, 0, 0), (2, 2, 2)),
        Region((1,) * 3, (1,) * 3),
    ):
        with pytest.raises(ImageError, match="is not a part of an image"):
            image.crop(wrong)


@pytest.mark.parametrize("codes", ["RAS", "LPS", "ASR", "IRP"])
def test_turning_is_nibabels(codes):
    image = volume()
    turned = nib.Nifti1Image(image.data[0], AFFINE).as_reoriented(
        nib.orientations.axcodes2ornt(tuple(codes))
    )
    ornt = nib.orientations.axcodes2ornt(tuple(codes)).astype(int)
    ours = image
    for axis in range(3):
        ours = ours.flip(axis) if ornt[axis, 1] < 0 else ours
    ours = ours.permute(np.argsort(ornt[:, 0]))
    assert np.array_equal(ours.data[0], turned.dataobj)
    assert np.allclose(ours.geometry.affine, turned.affine)


@pytest.mark.parametrize(("order", "itk"), [(0, sitk.sitkNearestNeighbor), (1, sitk.sitkLinear)])
def test_resampling_is_simpleitks(order, itk):
    rng = np.random.default_rng(2)
    data = rng.normal(size=(12, 11, 10)).astype(np.float32)
    affine, target = np.diag([-1, -1, 1.5, 1]), np.diag([-0.8, -1.3, 0.7, 1])
    target[:3, 3] = -2.03, -1.11, 2.07
    image = sitk.GetImageFromArray(data.T.copy())
    image.SetSpacing((1, 1, 1.5))
    there = sitk.Resample(
        image, (6, 5, 9), sitk.Transform(), itk, (2.03, 1.11, 2.07), (0.8, 1.3, 0.7)
    )
    ours = Volume.from_array(data, affine=affine).resample_to(Geometry((6, 5, 9), target), order)
    assert np.allclose(ours.data[0], sitk.GetArrayFromImage(there).T, atol=1e-5)


def test_resampling_there_and_back():
    i, j, k = np.indices((12, 10, 8))
    ramp = Volume.from_array(2 * i - j + 0.5 * k, affine=AFFINE)
    fine = ramp.resample_to(ramp.geometry.resample(shape=(24, 20, 16)))
    at = fine.geometry.to_world(np.argwhere(np.ones(fine.shape, bool)))
    index = np.clip(ramp.geometry.to_index(at), 0, np.array(ramp.shape) - 1)
    assert np.allclose(fine.data[0].ravel(), index @ (2, -1, 0.5), atol=1e-4)
    back = fine.resample_to(ramp.geometry)
    assert np.allclose(back.data, ramp.data, atol=0.76)
    assert np.allclose(back.data[0, 1:-1, 1:-1, 1:-1], ramp.data[0, 1:-1, 1:-1, 1:-1], atol=1e-4)


def test_labels_are_resampled_as_they_are():
    labels = np.random.default_rng(3).integers(0, 60000, (6, 5, 4)).astype(np.int32)
    grid = Geometry.of_spacing((6, 5, 4))
    fine = resample(labels, grid, grid.resample(shape=(12, 10, 8)), 0)
    assert fine.dtype == np.int32
    assert np.array_equal(resample(fine, grid.resample(shape=(12, 10, 8)), grid, 0), labels) or (
        set(np.unique(fine)) <= set(np.unique(labels))
    )


@pytest.mark.parametrize(
    ("shape", "channel_axis", "expected"),
    [
        ((6, 5), None, (1, 6, 5, 1)),
        ((6, 5, 4), None, (1, 6, 5, 4)),
        ((6, 5, 3), 2, (3, 6, 5, 1)),
        ((2, 6, 5, 4), 0, (2, 6, 5, 4)),
        ((6, 5, 4, 2), -1, (2, 6, 5, 4)),
    ],
)
def test_from_array(shape, channel_axis, expected):
    array = np.random.default_rng(0).integers(0, 9, shape)
    made = Volume.from_array(array, channel_axis=channel_axis)
    assert made.data.shape == expected
    assert made.data.dtype == np.float32
    assert made.channels == (RGB if expected[0] == 3 else ())
    assert made.dims == (2 if expected[3] == 1 else 3)


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.zeros(5), r"at least one voxel, got \(5,\)"),
        (np.zeros((0, 5)), "at least one voxel"),
        (np.zeros((2, 2, 2, 2)), "name the axis of channels"),
        (np.zeros((3, 3), complex), "real numbers, got dtype complex128"),
        (np.array([["a"]]), "real numbers"),
        (
            [[1, np.nan], [2, np.inf]],
            r"2 of 4 voxels are NaN or infinite, the first at \(0, 1, 0\)",
        ),
    ],
)
def test_arrays_that_are_no_image(array, words):
    with pytest.raises(ImageError, match=words):
        Volume.from_array(array)


def test_voxels_that_cancel_or_overflow_are_still_found():
    data = np.zeros((2, 2, 2), np.float32)
    data[0, 0, 1], data[1, 1, 1] = np.inf, -np.inf
    with pytest.raises(ImageError, match=r"2 of 8 .* first at \(0, 0, 1\) of channel 0"):
        Volume.from_array(data)
    assert Volume.from_array(np.full((9, 9, 9), 3e38)).data.max() > 2e38


def test_shapes_and_channels_that_do_not_match():
    grid = Geometry.of_spacing((4, 3, 2))
    with pytest.raises(ImageError, match=r"on a grid of \(4, 3, 2\), got \(1, 4, 3, 1\)"):
        Volume(np.zeros((1, 4, 3, 1), np.float32), grid)
    with pytest.raises(ImageError, match="1 channels cannot have the names"):
        Volume(np.zeros((1, 4, 3, 2), np.float32), grid, ("a", "b"))


def test_scalar():
    two = Volume(volume(channels=2).data, Geometry((5, 4, 3), AFFINE), ("t1", "flair"))
    assert np.array_equal(two.scalar(1), two.data[1])
    with pytest.raises(SeveralImages, match=r"choose one: 0 \(t1\), 1 \(flair\)"):
        two.scalar()
    for wrong in (2, -1):
        with pytest.raises(SeveralImages, match=r"no channel .* 0 \(t1\), 1 \(flair\)"):
            two.scalar(wrong)
    colour = Volume.from_array(np.ones((4, 5, 3)) * [1, 2, 3], channel_axis=2)
    assert np.allclose(colour.scalar(), 0.2126 + 2 * 0.7152 + 3 * 0.0722)


def test_nothing_changes_a_volume():
    with pytest.raises(ValueError, match="read-only"):
        volume().data[0, 0, 0, 0] = 1


def test_fingerprint():
    image = volume(channels=2)
    assert fingerprint(image) == fingerprint(volume(channels=2))
    assert len(fingerprint(image)) == 64
    fortran = np.moveaxis(np.asfortranarray(np.moveaxis(image.data, 0, 3)), 3, 0)
    assert fingerprint(Volume(fortran, image.geometry)) == fingerprint(image)
    data = image.data.copy()
    data[1, 4, 3, 2] += 1
    moved = np.array(AFFINE)
    moved[0, 3] += 1e-9
    changed = [
        Volume(data, image.geometry),
        Volume(image.data, Geometry((5, 4, 3), moved)),
        Volume(image.data.reshape(2, 4, 5, 3), Geometry((4, 5, 3), AFFINE)),
        Volume(image.data[:1], image.geometry),
    ]
    assert len({fingerprint(each) for each in (image, *changed)}) == 5
