"""Segmentations come back as the objects they were, with names and colours."""

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from PIL import Image

from delineate.errors import GeometryMismatch, ImageError
from delineate.io import Label, read, read_labels, write
from delineate.region import Region
from delineate.volume import Volume
from delineate.voxels import Voxels

NAMES = {1: "liver", 2: "Milz, vergrößert", 7: 'a "quoted" \\name'}
COLOURS = {1: "#c86464", 7: "#0000ff"}


def picture():
    return Volume.from_array(np.zeros((6, 5, 1)), affine=np.diag([-1.0, -1.0, 1.0, 1.0]))


def volume():
    affine = np.diag([-0.7, 0.8, 2.5, 1.0])
    affine[:3, 3] = 10, -20, 30
    return Volume.from_array(np.zeros((6, 5, 4)), affine=affine)


def labels_of(shape):
    out = np.zeros(shape, int)
    out[1:3, 1:4] = 1
    out[5, 4] = 7
    return out


@pytest.mark.parametrize(
    "suffix", [".nii", ".nii.gz", ".nrrd", ".seg.nrrd", ".mha", ".mhd", ".png", ".tif"]
)
def test_names_and_colours_survive(tmp_path, suffix):
    like = picture() if suffix in (".png", ".tif") else volume()
    labels = labels_of(like.shape)
    path = tmp_path / f"m{suffix}"
    write(labels, path, like=like, names=NAMES, colours=COLOURS)
    expected = tuple(
        Label(n, NAMES[n], COLOURS.get(n), Voxels.from_mask(labels == n)) for n in (1, 2, 7)
    )
    assert read_labels(path, like=like) == expected
    assert len(expected[1].voxels) == 0


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha", ".png", ".tif"])
def test_without_names_labels_are_numbered(tmp_path, suffix):
    like = picture()
    write(labels_of(like.shape), tmp_path / f"m{suffix}", like=like)
    found = read_labels(tmp_path / f"m{suffix}")
    assert [(label.name, label.colour) for label in found] == [("label 1", None), ("label 7", None)]
    assert found[0].voxels.region == Region((1, 1, 0), (3, 4, 1))


def test_a_mask_can_have_a_name(tmp_path):
    like = volume()
    write(np.ones(like.shape, bool), tmp_path / "m.nii.gz", like=like, names={1: "all"})
    (label,) = read_labels(tmp_path / "m.nii.gz", like=like)
    assert (label.number, label.name, len(label.voxels)) == (1, "all", 120)


def test_a_colour_alone_is_enough(tmp_path):
    like = volume()
    write(labels_of(like.shape), tmp_path / "m.nii", like=like, colours={7: "#0000ff"})
    found = read_labels(tmp_path / "m.nii")
    assert [(label.name, label.colour) for label in found] == [
        ("label 1", None),
        ("label 7", "#0000ff"),
    ]
    write(labels_of(like.shape), tmp_path / "m.nrrd", like=like, colours={7: "#0000ff"})
    assert read_labels(tmp_path / "m.nrrd") == found


def test_keys_are_those_of_3d_slicer(tmp_path):
    like = volume()
    write(labels_of(like.shape), tmp_path / "m.seg.nrrd", like=like, names=NAMES, colours=COLOURS)
    image = sitk.ReadImage(str(tmp_path / "m.seg.nrrd"))
    assert image.GetMetaData("Segment0_Name") == "liver"
    assert image.GetMetaData("Segment0_LabelValue") == "1"
    assert image.GetMetaData("Segment0_Extent") == "1 2 1 3 0 3"
    assert image.GetMetaData("Segment0_Color") == "0.784314 0.392157 0.392157"
    assert image.GetMetaData("Segment1_Extent") == "0 -1 0 -1 0 -1"
    assert image.GetMetaData("Segment2_ID") == "Segment_7"


def test_layers_of_3d_slicer_overlap(tmp_path):
    first, second = np.zeros((4, 5, 6), np.uint8), np.zeros((4, 5, 6), np.uint8)
    first[0, :2], first[1, :2], second[:, 1] = 1, 2, 1
    image = sitk.Compose(*(sitk.GetImageFromArray(layer) for layer in (first, second)))
    for n, (name, layer, value) in enumerate([("organ", 0, 1), ("vessel", 0, 2), ("tumour", 1, 1)]):
        image.SetMetaData(f"Segment{n}_Name", name)
        image.SetMetaData(f"Segment{n}_Layer", str(layer))
        image.SetMetaData(f"Segment{n}_LabelValue", str(value))
        image.SetMetaData(f"Segment{n}_Color", "1 0.5 0")
    sitk.WriteImage(image, str(tmp_path / "m.seg.nrrd"))
    organ, vessel, tumour = read_labels(tmp_path / "m.seg.nrrd")
    assert organ == Label(1, "organ", "#ff8000", Voxels.from_mask(first.T == 1))
    assert vessel == Label(2, "vessel", "#ff8000", Voxels.from_mask(first.T == 2))
    assert tumour == Label(3, "tumour", "#ff8000", Voxels.from_mask(second.T == 1))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.int64])
def test_any_type_of_whole_numbers(tmp_path, dtype):
    nib.Nifti1Image(labels_of((6, 5, 4)).astype(dtype), np.eye(4), dtype=dtype).to_filename(
        tmp_path / "m.nii"
    )
    assert [label.number for label in read_labels(tmp_path / "m.nii")] == [1, 7]


def test_labels_with_a_slope(tmp_path):
    image = nib.Nifti1Image(labels_of((6, 5, 4)).astype(np.uint8), np.eye(4))
    image.header.set_slope_inter(2, 0)
    image.to_filename(tmp_path / "m.nii")
    assert [label.number for label in read_labels(tmp_path / "m.nii")] == [2, 14]


@pytest.mark.parametrize("least", [0, 5])
def test_sparse_large_numbers(tmp_path, least):
    labels = np.full((3, 3, 3), least, np.int32)
    labels[0, 0, 0], labels[1, 1, 1] = 2_000_000_000, 70_000
    nib.Nifti1Image(labels, np.eye(4)).to_filename(tmp_path / "m.nii")
    found = read_labels(tmp_path / "m.nii")
    numbers = [n for n in (least, 70_000, 2_000_000_000) if n]
    assert [label.number for label in found] == numbers
    assert found[-1].voxels.indices().tolist() == [[0, 0, 0]]


def test_nothing_is_no_label(tmp_path):
    write(np.zeros((6, 5, 4), bool), tmp_path / "m.nrrd", like=volume())
    assert read_labels(tmp_path / "m.nrrd", like=volume()) == ()


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (np.full((3, 3, 3), 0.5, np.float32), "27 voxels are not whole numbers, the first is 0.5"),
        (np.full((3, 3, 3), np.nan, np.float32), "27 voxels are not whole"),
        (np.full((3, 3, 3), -2, np.int16), "from 0 up, got -2"),
        (np.zeros((3, 3, 3, 2), np.uint8), "2 channels and names no labels"),
    ],
)
def test_what_is_no_segmentation(tmp_path, array, words):
    nib.Nifti1Image(array, np.eye(4)).to_filename(tmp_path / "m.nii")
    with pytest.raises(ImageError, match=words):
        read_labels(tmp_path / "m.nii")


def test_a_colour_picture_is_no_segmentation(tmp_path):
    Image.new("RGB", (4, 4)).save(tmp_path / "m.png")
    with pytest.raises(ImageError, match="3 channels"):
        read_labels(tmp_path / "m.png")


def test_a_segmentation_of_another_image(tmp_path):
    like = volume()
    write(labels_of(like.shape), tmp_path / "m.nrrd", like=like)
    moved = np.array(like.geometry.affine)
    moved[2, 3] += 2.5
    with pytest.raises(GeometryMismatch, match=r"m\.nrrd: the segmentation.* up to 2.5 mm away"):
        read_labels(tmp_path / "m.nrrd", like=Volume.from_array(like.data[0], affine=moved))
    assert read(tmp_path / "m.nrrd").shape == like.shape
