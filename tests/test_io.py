"""Reading and writing: nibabel, SimpleITK, Pillow and tifffile say what is right."""

import json
import os
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from delineate.errors import (
    GeometryMismatch,
    ImageError,
    SeveralImages,
    UnreadableImage,
)
from delineate.io import read, read_labels, write
from delineate.volume import RGB, Volume

DATA = Path(__file__).parents[2] / "shared" / "data" / "dev"
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])


def rotation(seed):
    """A rotation, (3, 3), drawn from a seed."""
    q, r = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))
    q = q * np.sign(np.diag(r))
    return q * np.sign(np.linalg.det(q))


def affines():
    """Named affines in RAS: all are invertible, and one of each kind that is met."""
    plain = np.diag([0.7, 0.8, 2.5, 1.0])
    plain[:3, 3] = -90.5, 33.25, 1000
    flipped = plain @ np.diag([-1, 1, -1, 1])
    permuted = plain[:, [2, 0, 1, 3]]
    oblique = plain.copy()
    oblique[:3, :3] = rotation(3) @ np.diag([0.7, 0.8, 2.5])
    sheared = plain.copy()
    sheared[0, 2], sheared[1, 0] = 0.9, 0.2
    return {
        "plain": plain,
        "flipped": flipped,
        "permuted": permuted,
        "oblique": oblique,
        "sheared": sheared,
    }


AFFINES = affines()


def numbers(shape, dtype=np.int16, seed=0):
    """Voxels that are all different from their neighbours."""
    drawn = np.random.default_rng(seed).integers(0, 200, shape)
    return drawn.astype(dtype)


def labels_of(shape):
    out = np.zeros(shape, np.uint8)
    out[1:3, 1:3] = 1
    out[-1, -1] = 5
    return out


def save_nifti(path, array, affine, **header):
    image = nib.Nifti1Image(array, affine)
    for name, value in header.items():
        image.header[name] = value
    image.to_filename(path)
    return path


def save_itk(path, array, affine):
    """With SimpleITK, so that GetPixel(i, j, k) is array[i, j, k] and the world is RAS `affine`."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(array.T))
    lps = LPS @ affine
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing.tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    image.SetDirection((lps[:3, :3] / spacing).ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


def itk_affine(image):
    """RAS affine of an image of SimpleITK."""
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return LPS @ affine


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nifti_is_what_nibabel_reads(tmp_path, name, suffix):
    array = numbers((5, 4, 3))
    path = save_nifti(tmp_path / f"a{suffix}", array, AFFINES[name])
    volume = read(path)
    assert np.array_equal(volume.data[0], array)
    assert np.array_equal(volume.geometry.affine, nib.load(path).affine)
    assert volume.source.format == "nifti"
    assert volume.data.flags.c_contiguous


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("suffix", [".nrrd", ".mha", ".mhd", ".nhdr"])
def test_nrrd_and_meta_are_what_simpleitk_reads(tmp_path, name, suffix):
    array = numbers((5, 4, 3), np.float32)
    path = save_itk(tmp_path / f"a{suffix}", array, AFFINES[name])
    volume = read(path)
    image = sitk.ReadImage(str(path))
    assert volume.data[0, 4, 1, 2] == image.GetPixel(4, 1, 2) == array[4, 1, 2]
    assert np.array_equal(volume.data[0], array)
    assert np.allclose(volume.geometry.affine, AFFINES[name], rtol=0, atol=1e-12)
    at = image.TransformIndexToPhysicalPoint((4, 1, 2))
    assert np.allclose(volume.geometry.to_world([(4, 1, 2)]) * (-1, -1, 1), at)


def test_nibabel_and_simpleitk_agree_through_us(tmp_path):
    affine = AFFINES["oblique"]
    nifti = read(save_nifti(tmp_path / "a.nii", numbers((5, 4, 3)), affine))
    nrrd = read(save_itk(tmp_path / "a.nrrd", numbers((5, 4, 3)), affine))
    assert nifti.geometry.difference(nrrd.geometry) is None
    image = sitk.ReadImage(str(tmp_path / "a.nii"))
    assert np.allclose(itk_affine(image), nifti.geometry.affine, atol=1e-4)


@pytest.mark.parametrize(
    "dtype", ["int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64"]
)
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_types(tmp_path, dtype, suffix):
    array = numbers((4, 3, 2), dtype)
    array[0, 0, 0] = np.iinfo(dtype).max if array.dtype.kind in "iu" else -0.25
    path = tmp_path / f"a{suffix}"
    save = save_nifti if suffix == ".nii.gz" else save_itk
    assert np.array_equal(read(save(path, array, np.eye(4))).data[0], array.astype(np.float32))


def test_nifti_slope_and_intercept(tmp_path):
    image = nib.Nifti1Image(numbers((3, 4, 2)), np.eye(4))
    image.header.set_slope_inter(0.3, -1024)
    image.to_filename(tmp_path / "a.nii")
    expected = numbers((3, 4, 2)) * np.float64(np.float32(0.3)) - 1024
    assert np.allclose(nib.load(tmp_path / "a.nii").get_fdata(), expected, rtol=1e-7)
    volume = read(tmp_path / "a.nii")
    assert np.array_equal(volume.data[0], expected.astype(np.float32))
    write(labels_of((3, 4, 2)), tmp_path / "m.nii", like=volume)
    assert np.array_equal(np.unique(nib.load(tmp_path / "m.nii").dataobj), [0, 1, 5])


@pytest.mark.parametrize(("sform", "qform"), [(0, 0), (0, 1), (1, 0), (2, 1), (1, 1)])
def test_nifti_codes_are_read_as_nibabel_does_and_written_back(tmp_path, sform, qform):
    image = nib.Nifti1Image(numbers((5, 4, 3)), None)
    image.header.set_zooms((0.7, 0.8, 2.5))
    image.set_qform(AFFINES["oblique"], qform)
    image.set_sform(AFFINES["sheared"], sform)
    path, out = tmp_path / "a.nii", tmp_path / "m.nii.gz"
    image.to_filename(path)
    volume = read(path)
    assert np.array_equal(volume.geometry.affine, nib.load(path).affine)
    write(labels_of((5, 4, 3)), out, like=volume)
    before, after = nib.load(path).header, nib.load(out).header
    for field in ("sform_code", "qform_code", "srow_x", "quatern_b", "qoffset_x", "xyzt_units"):
        assert np.array_equal(before[field], after[field]), field
    assert np.array_equal(before["pixdim"][:4], after["pixdim"][:4])
    assert np.array_equal(nib.load(out).affine, nib.load(path).affine)


@pytest.mark.parametrize(("unit", "factor"), [("meter", 1000), ("mm", 1), ("micron", 0.001)])
def test_nifti_units(tmp_path, unit, factor):
    image = nib.Nifti1Image(numbers((3, 3, 3)), AFFINES["plain"])
    image.header.set_xyzt_units(unit)
    image.to_filename(tmp_path / "a.nii")
    volume = read(tmp_path / "a.nii")
    expected = np.diag([factor] * 3 + [1]) @ nib.load(tmp_path / "a.nii").affine
    assert np.allclose(volume.geometry.affine, expected, rtol=1e-12)
    write(np.zeros((3, 3, 3), bool), tmp_path / "m.nii", like=volume)
    assert np.array_equal(nib.load(tmp_path / "m.nii").affine, image.affine.astype(np.float32))
    assert read(tmp_path / "m.nii").geometry.difference(volume.geometry) is None


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((4, 3), (1, 4, 3, 1)),
        ((4, 3, 1), (1, 4, 3, 1)),
        ((4, 3, 2), (1, 4, 3, 2)),
        ((4, 3, 2, 5), (5, 4, 3, 2)),
        ((4, 3, 1, 5), (5, 4, 3, 1)),
        ((4, 3, 2, 1, 6), (6, 4, 3, 2)),
    ],
)
def test_nifti_of_two_to_five_axes(tmp_path, shape, expected):
    array = numbers(shape)
    path = save_nifti(tmp_path / "a.nii.gz", array, AFFINES["oblique"])
    volume = read(path)
    assert volume.data.shape == expected
    for channel in range(expected[0]):
        one = array if len(shape) < 4 else array.reshape(*expected[1:], expected[0])[..., channel]
        assert np.array_equal(volume.data[channel], one.reshape(expected[1:]))
        assert np.array_equal(read(path, channel=channel).data[0], volume.data[channel])
    write(np.ones(volume.shape, bool), tmp_path / "m.nii", like=volume)
    assert nib.load(tmp_path / "m.nii").shape == shape[:3]
    assert np.array_equal(nib.load(tmp_path / "m.nii").affine, nib.load(path).affine)


def test_nifti_in_time_and_vectors_is_refused(tmp_path):
    path = save_nifti(tmp_path / "a.nii", numbers((2, 2, 2, 3, 3)), np.eye(4))
    with pytest.raises(ImageError, match="several axes of channels"):
        read(path)


def test_nifti_pair_second_version_and_colours(tmp_path):
    array = numbers((4, 3, 2))
    nib.Nifti1Pair(array, AFFINES["oblique"]).to_filename(tmp_path / "pair.hdr")
    for name in ("pair.hdr", "pair.img"):
        assert np.array_equal(read(tmp_path / name).data[0], array)
    nib.Nifti2Image(array, AFFINES["oblique"]).to_filename(tmp_path / "two.nii.gz")
    volume = read(tmp_path / "two.nii.gz")
    assert np.array_equal(volume.geometry.affine, AFFINES["oblique"])
    write(labels_of((4, 3, 2)), tmp_path / "m.nii", like=volume)
    assert np.array_equal(nib.load(tmp_path / "m.nii").affine, AFFINES["oblique"])
    colours = np.zeros((4, 3, 2), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colours["G"] = array
    nib.Nifti1Image(colours, np.eye(4)).to_filename(tmp_path / "rgb.nii")
    found = read(tmp_path / "rgb.nii")
    assert found.channels == RGB
    assert np.array_equal(found.data[1], array)
    assert not found.data[[0, 2]].any()


def test_big_endian_nifti(tmp_path):
    header = nib.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    image = nib.Nifti1Image(numbers((4, 3, 2)), AFFINES["oblique"], header)
    image.to_filename(tmp_path / "a.nii")
    volume = read(tmp_path / "a.nii")
    assert np.array_equal(volume.data[0], numbers((4, 3, 2)))
    write(labels_of((4, 3, 2)), tmp_path / "m.nii", like=volume)
    found = nib.load(tmp_path / "m.nii")
    assert np.array_equal(found.affine, nib.load(tmp_path / "a.nii").affine)
    assert np.array_equal(found.dataobj, labels_of((4, 3, 2)))


@pytest.mark.parametrize(("name", "code"), [("oblique", 1), ("sheared", 0)])
def test_a_new_nifti_has_a_qform_only_where_it_is_exact(tmp_path, name, code):
    volume = Volume.from_array(np.zeros((4, 3, 2)), affine=AFFINES[name])
    write(labels_of((4, 3, 2)), tmp_path / "m.nii", like=volume)
    header = nib.load(tmp_path / "m.nii").header
    assert (int(header["sform_code"]), int(header["qform_code"])) == (1, code)
    assert header.get_zooms() == pytest.approx(volume.spacing)
    assert header.get_intent()[0] == "label"
    if code:
        assert np.allclose(header.get_qform(), AFFINES[name], atol=1e-4)


def test_meta_numbers_are_kept_to_the_last_bit(tmp_path):
    for seed in range(20):
        affine = np.eye(4)
        affine[:3, :3] = rotation(seed) * np.random.default_rng(seed).uniform(0.3, 3, 3)
        path = save_itk(tmp_path / "a.mha", numbers((4, 3, 2)), affine)
        write(labels_of((4, 3, 2)), tmp_path / "m.mha", like=read(path))
        one, two = (sitk.ReadImage(str(tmp_path / name)) for name in ("a.mha", "m.mha"))
        for get in ("GetSpacing", "GetOrigin", "GetDirection"):
            assert getattr(one, get)() == getattr(two, get)()


def test_content_counts_not_the_name(tmp_path):
    array = numbers((4, 3, 2))
    save_nifti(tmp_path / "a.nii", array, np.eye(4))
    for name in ("a.nii.gz", "b", "c.nrrd"):
        (tmp_path / name).write_bytes((tmp_path / "a.nii").read_bytes())
        assert np.array_equal(read(tmp_path / name).data[0], array)


def test_itk_channels(tmp_path):
    first, second = (sitk.GetImageFromArray(numbers((2, 3, 4), seed=s)) for s in (1, 2))
    for suffix in (".nrrd", ".mha"):
        sitk.WriteImage(sitk.Compose(first, second), str(tmp_path / f"v{suffix}"))
        sitk.WriteImage(sitk.JoinSeries([first, second]), str(tmp_path / f"t{suffix}"))
        for name in "vt":
            volume = read(tmp_path / f"{name}{suffix}")
            assert volume.data.shape == (2, 4, 3, 2)
            assert np.array_equal(volume.data[1], sitk.GetArrayFromImage(second).T)
            mask = labels_of((4, 3, 2))
            write(mask, tmp_path / f"m{suffix}", like=volume)
            assert read(tmp_path / f"m{suffix}").geometry.difference(volume.geometry) is None


def raw_nrrd(path, shape, lines, array=None):
    array = numbers(shape) if array is None else array
    text = [
        "NRRD0004",
        "type: short",
        f"dimension: {len(shape)}",
        lines[0],
        f"sizes: {' '.join(map(str, shape))}",
        *lines[1:],
        "encoding: raw",
        "endian: little",
    ]
    path.write_bytes("\n".join(text).encode() + b"\n\n" + array.tobytes(order="F"))
    return array


def test_nrrd_in_ras_keeps_its_space(tmp_path):
    lines = [
        "space: right-anterior-superior",
        "space directions: (0.5,0,0) (0.1,2,0) (0,0,3)",
        "space origin: (10,20,30)",
        "kinds: domain domain domain",
    ]
    array = raw_nrrd(tmp_path / "a.nrrd", (4, 3, 2), lines)
    volume = read(tmp_path / "a.nrrd")
    expected = [[0.5, 0.1, 0, 10], [0, 2, 0, 20], [0, 0, 3, 30], [0, 0, 0, 1]]
    assert np.allclose(volume.geometry.affine, expected, atol=1e-12)
    assert np.array_equal(volume.data[0], array)
    write(labels_of((4, 3, 2)), tmp_path / "m.nrrd", like=volume)
    assert read(tmp_path / "m.nrrd").geometry.difference(volume.geometry) is None
    head = (tmp_path / "m.nrrd").read_bytes().split(b"\n\n")[0].decode().splitlines()
    assert set(lines) <= set(head)


@pytest.mark.parametrize("last", [True, False])
def test_nrrd_list_axis_first_or_last(tmp_path, last):
    array = numbers((4, 3, 2, 2))
    steps = "(1,0,0) (0,2,0) (0,0,3)"
    lines = [
        "space: left-posterior-superior",
        f"space directions: {steps + ' none' if last else 'none ' + steps}",
        f"kinds: {'domain domain domain list' if last else 'vector domain domain domain'}",
        "space origin: (0,0,0)",
    ]
    stored = array if last else np.moveaxis(array, 3, 0)
    raw_nrrd(tmp_path / "a.nrrd", stored.shape, lines, stored)
    volume = read(tmp_path / "a.nrrd")
    assert np.array_equal(volume.data, np.moveaxis(array, 3, 0))
    write(labels_of((4, 3, 2)), tmp_path / "m.nrrd", like=volume)
    assert sitk.ReadImage(str(tmp_path / "m.nrrd")).GetSpacing() == (1, 2, 3)


def test_a_picture_in_nrrd_and_meta_stays_one(tmp_path):
    image = sitk.GetImageFromArray(numbers((3, 4)))
    image.SetSpacing((0.5, 0.7))
    image.SetOrigin((3, -4))
    for suffix in (".nrrd", ".mha"):
        sitk.WriteImage(image, str(tmp_path / f"a{suffix}"))
        volume = read(tmp_path / f"a{suffix}")
        assert volume.shape == (4, 3, 1)
        assert np.allclose(volume.geometry.to_world([(1, 1, 0)]), (-3.5, 3.3, 0))
        write(labels_of((4, 3, 1)), tmp_path / f"m{suffix}", like=volume)
        mask = sitk.ReadImage(str(tmp_path / f"m{suffix}"))
        assert (mask.GetSize(), mask.GetSpacing(), mask.GetOrigin()) == (
            image.GetSize(), image.GetSpacing(), image.GetOrigin(),
        )  # fmt: skip


@pytest.mark.parametrize("out", [".nii.gz", ".nrrd", ".mha", ".mhd"])
@pytest.mark.parametrize("source", [".nii.gz", ".nrrd", ".mha"])
@pytest.mark.parametrize("name", AFFINES)
def test_a_mask_lies_where_its_image_lies(tmp_path, source, out, name):
    save = save_nifti if source == ".nii.gz" else save_itk
    volume = read(save(tmp_path / f"a{source}", numbers((5, 4, 3)), AFFINES[name]))
    labels = labels_of((5, 4, 3))
    write(labels, tmp_path / f"m{out}", like=volume)
    back = read(tmp_path / f"m{out}")
    assert np.array_equal(back.data[0], labels)
    slack = 1e-4 if out == ".nii.gz" and source != ".nii.gz" else 0 if source == out else 1e-12
    assert np.allclose(back.geometry.affine, volume.geometry.affine, rtol=0, atol=slack)
    if out == ".nii.gz":
        found = nib.load(tmp_path / f"m{out}")
        assert found.get_data_dtype() == np.uint8
        assert np.allclose(found.affine, AFFINES[name], atol=1e-4)
    else:
        found = sitk.ReadImage(str(tmp_path / f"m{out}"))
        assert found.GetPixelID() == sitk.sitkUInt8
        assert np.allclose(itk_affine(found), AFFINES[name], atol=1e-4)


@given(
    st.tuples(*[st.integers(1, 6)] * 3),
    st.integers(0, 10**6),
    st.sampled_from([".nii", ".nii.gz", ".nrrd", ".mha"]),
    st.sampled_from([1, 255, 256, 65535, 65536]),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_write_then_read(tmp_path, shape, seed, suffix, largest):
    rng = np.random.default_rng(seed)
    affine = np.eye(4)
    affine[:3, :3] = rotation(seed) @ np.diag(rng.uniform(0.2, 5, 3))
    affine[:3, 3] = rng.uniform(-500, 500, 3)
    volume = Volume.from_array(np.zeros(shape), affine=affine)
    labels = rng.choice([0, 1, largest], shape)
    write(labels, tmp_path / f"m{suffix}", like=volume)
    back = read_labels(tmp_path / f"m{suffix}", like=volume)
    assert [label.number for label in back] == [n for n in np.unique(labels) if n]
    for label in back:
        assert np.array_equal(label.voxels.indices(), np.argwhere(labels == label.number))


@pytest.mark.parametrize(
    ("largest", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (65536, "int32")]
)
def test_labels_take_the_smallest_type(tmp_path, largest, dtype):
    volume = Volume.from_array(np.zeros((3, 3, 3)))
    labels = np.full((3, 3, 3), largest)
    write(labels, tmp_path / "m.nii", like=volume)
    assert nib.load(tmp_path / "m.nii").get_data_dtype() == dtype
    for suffix in (".nrrd", ".mha"):
        write(labels, tmp_path / f"m{suffix}", like=volume)
        image = sitk.ReadImage(str(tmp_path / f"m{suffix}"))
        assert sitk.GetArrayViewFromImage(image).dtype == dtype


def test_a_changed_volume_writes_its_own_grid(tmp_path):
    path = save_nifti(tmp_path / "a.nii", numbers((5, 4, 3)), AFFINES["oblique"])
    volume = read(path).flip(0).permute((2, 0, 1))
    write(np.zeros(volume.shape, bool), tmp_path / "m.nii", like=volume)
    found = nib.load(tmp_path / "m.nii")
    assert found.shape == (3, 5, 4)
    assert np.allclose(found.affine, volume.geometry.affine, atol=1e-5)


def test_several_files_are_channels(tmp_path):
    for name, seed in (("t1", 1), ("flair", 2)):
        array = numbers((4, 3, 2), seed=seed)
        save_nifti(tmp_path / f"{name}.nii.gz", array, AFFINES["oblique"])
    save_itk(tmp_path / "t2.nrrd", numbers((4, 3, 2), seed=3), AFFINES["oblique"])
    volume = read([tmp_path / "t1.nii.gz", str(tmp_path / "flair.nii.gz"), tmp_path / "t2.nrrd"])
    assert volume.channels == ("t1", "flair", "t2")
    assert np.array_equal(volume.data[1], numbers((4, 3, 2), seed=2))
    assert read([tmp_path / "t1.nii.gz"]).data.shape == (1, 4, 3, 2)
    with pytest.raises(ImageError, match="is the image itself"):
        write(np.zeros((4, 3, 2), bool), tmp_path / "flair.nii.gz", like=volume)
    with pytest.raises(UnreadableImage, match="empty list"):
        read([])


@pytest.mark.parametrize(
    ("shape", "affine", "words"),
    [
        ((4, 3, 3), "plain", r"shape \(4, 3, 3\) instead of \(4, 3, 2\)"),
        ((4, 3, 2), "flipped", "orientation LAI instead of RAS"),
    ],
)
def test_files_on_other_grids_are_refused(tmp_path, shape, affine, words):
    one = save_nifti(tmp_path / "a.nii", numbers((4, 3, 2)), AFFINES["plain"])
    two = save_nifti(tmp_path / "b.nii", numbers(shape), AFFINES[affine])
    with pytest.raises(GeometryMismatch, match=rf"b\.nii.*{words}"):
        read([one, two])
    with pytest.raises(GeometryMismatch, match=rf"b\.nii.*{words}"):
        read_labels(two, like=read(one))


def sample(dataset):
    folder = DATA / dataset
    if not folder.is_dir():
        pytest.skip(f"no shared data beside the project: {dataset} is missing")
    return next(path for path in sorted(folder.iterdir()) if path.is_dir())


DATASETS = [
    "acdc", "brats15", "curvas", "drive", "dsb2018", "glaucoma", "hc18", "hippocampus",
    "isbi_em", "kits19_2d", "medsam2_ct", "medscribble", "pyradiomics", "sammed2d", "sct",
    "sts_ct", "totalseg", "tptbox", "wbc",
]  # fmt: skip


@pytest.mark.parametrize("dataset", DATASETS)
def test_shared_data(dataset, tmp_path):
    case = sample(dataset)
    (path,) = case.glob("image.*")
    volume = read(path)
    (label_path,) = case.glob("label.*")
    found = read_labels(label_path, like=volume)
    if path.name.endswith(".gz"):
        truth, labels = nib.load(path), np.asanyarray(nib.load(label_path).dataobj)
        assert np.array_equal(volume.geometry.affine, truth.affine)
        assert np.allclose(volume.data[0], truth.get_fdata(dtype=np.float32), rtol=1e-6)
    else:
        truth, labels = np.asarray(Image.open(path)), np.asarray(Image.open(label_path)).T
        assert np.array_equal(volume.data[..., 0].T.squeeze(), truth[..., :3].squeeze()) or (
            truth.ndim == 2 and np.array_equal(volume.data[0, ..., 0].T, truth)
        )
    assert [label.number for label in found] == [n for n in np.unique(labels) if n]
    whole = np.zeros(volume.shape, int)
    for label in found:
        whole[label.voxels.region.slices][label.voxels.mask()] = label.number
    assert np.array_equal(whole, labels.reshape(whole.shape))
    out = tmp_path / f"m{'.png' if path.suffix == '.png' else '.nii.gz'}"
    write(whole, out, like=volume)
    assert read_labels(out, like=volume) == found


def test_reading_says_where_it_was_read_from(tmp_path, monkeypatch):
    save_nifti(tmp_path / "a.nii", numbers((2, 2, 2)), np.eye(4))
    monkeypatch.chdir(tmp_path)
    volume = read("a.nii")
    assert Path(volume.source.path) == tmp_path / "a.nii"
    assert read(os.fspath(tmp_path / "a.nii")).shape == (2, 2, 2)
    with pytest.raises(SeveralImages, match="no channel 1, the channels are 0 to 0"):
        read("a.nii", channel=1)


def test_names_in_nifti_are_in_a_comment(tmp_path):
    volume = Volume.from_array(np.zeros((4, 3, 2)))
    write(labels_of((4, 3, 2)), tmp_path / "m.nii", like=volume, names={1: "Leber é"})
    (comment,) = nib.load(tmp_path / "m.nii").header.extensions
    assert comment.get_code() == 6
    content = json.loads(comment.get_content())
    assert content["delineate"]["labels"][0] == {"number": 1, "name": "Leber é"}
