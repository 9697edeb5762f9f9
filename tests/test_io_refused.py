"""What cannot be read or written is refused with one sentence, in our own errors, and silently."""

import gzip
import re
import sys

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
import tifffile
from PIL import Image

from delineate.errors import GeometryMismatch, ImageError, SeveralImages, UnreadableImage
from delineate.io import list_series, read, read_labels, write
from delineate.volume import Volume


def refused(path, error, words, call=read):
    """One line, of our family, that names the path."""
    with pytest.raises(ImageError, match=words) as caught:
        call(path)
    message = str(caught.value)
    assert type(caught.value) is error, message
    assert str(path) in message
    assert "\n" not in message
    assert len(message) < 700


def voxels(shape=(9, 8, 7)):
    return np.random.default_rng(0).integers(0, 3000, shape).astype(np.int16)


def sample(folder, suffix):
    """A good image of each format."""
    path = folder / f"scan{suffix}"
    if suffix in (".nii", ".nii.gz"):
        nib.Nifti1Image(voxels(), np.eye(4)).to_filename(path)
    elif suffix in (".nrrd", ".mha", ".mhd", ".nhdr"):
        sitk.WriteImage(sitk.GetImageFromArray(voxels()), str(path))
    elif suffix == "z.mha":
        sitk.WriteImage(sitk.GetImageFromArray(voxels()), str(path), useCompression=True)
    elif suffix in (".tif", "z.tif"):
        tifffile.imwrite(path, voxels(), compression="zlib" if suffix == "z.tif" else None)
    else:
        colour = np.stack([voxels((40, 50)) % 251] * 3, axis=-1).astype(np.uint8)
        Image.fromarray(colour).save(path)
    return path


SUFFIXES = [".nii", ".nii.gz", ".nrrd", ".mha", "z.mha", ".tif", "z.tif", ".png", ".jpg"]


WORDS = {".nii": "known type|cut off: |begins with", ".mha": "cut off|known type"}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("part", [0.0, 0.02, 0.5, 0.97])
@pytest.mark.parametrize("call", [read, read_labels])
def test_truncated_or_empty(tmp_path, capfd, suffix, part, call):
    path = sample(tmp_path, suffix)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * part)])
    refused(
        path, UnreadableImage, "the file is empty$" if part == 0 else WORDS.get(suffix, "."), call
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("name", [".mhd", ".nhdr"])
def test_data_file_missing_or_cut_off(tmp_path, capfd, name):
    path = sample(tmp_path, name)
    (data,) = set(tmp_path.iterdir()) - {path}
    content = data.read_bytes()
    data.write_bytes(content[:-9])
    refused(path, UnreadableImage, ".")
    data.unlink()
    refused(path, UnreadableImage, ".")
    assert capfd.readouterr() == ("", "")


def test_damaged_gzip_is_noticed(tmp_path):
    path = sample(tmp_path, ".nii.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 255  # the checksum
    path.write_bytes(content)
    refused(path, UnreadableImage, "CRC")


@pytest.mark.parametrize(
    "name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.png", "a.dcm", "a.txt"]
)
def test_text_under_another_name(tmp_path, name):
    path = tmp_path / name
    path.write_text("the quick brown fox jumps over the lazy dog\n" * 30)
    refused(path, UnreadableImage, "not an image of a known type, it begins with b'the quick br'")


def test_gzipped_text(tmp_path):
    path = tmp_path / "a.nii.gz"
    path.write_bytes(gzip.compress(b"the quick brown fox" * 90))
    refused(path, UnreadableImage, "not an image of a known type")


def test_missing_files_and_folders_without_an_image(tmp_path):
    refused(tmp_path / "no.nii.gz", UnreadableImage, "no such file")
    refused(tmp_path, UnreadableImage, "holds no DICOM image")
    (tmp_path / "notes.txt").write_text("hello")
    refused(tmp_path, UnreadableImage, "holds no DICOM image")
    refused(tmp_path / "no", UnreadableImage, "not a folder", list_series)
    assert list_series(tmp_path) == ()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_not_finite_are_counted_and_located(tmp_path, value):
    array = np.zeros((5, 4, 3), np.float32)
    array[1, 2, 0] = array[4, 0, 2] = value
    words = r"2 of 60 voxels are NaN or infinite, the first at \(1, 2, 0\)"
    nib.Nifti1Image(array, np.eye(4)).to_filename(tmp_path / "a.nii")
    refused(tmp_path / "a.nii", ImageError, words)
    for suffix in (".nrrd", ".mha"):
        sitk.WriteImage(sitk.GetImageFromArray(array.T.copy()), str(tmp_path / f"a{suffix}"))
        refused(tmp_path / f"a{suffix}", ImageError, words)
    tifffile.imwrite(tmp_path / "a.tif", array.T.copy(), photometric="minisblack")
    refused(tmp_path / "a.tif", ImageError, words)


def test_too_large_for_float32_is_not_finite(tmp_path):
    array = np.zeros((2, 2, 2))
    array[1, 1, 1] = 1e300
    nib.Nifti1Image(array, np.eye(4)).to_filename(tmp_path / "a.nii")
    refused(tmp_path / "a.nii", ImageError, r"1 of 8 voxels.*\(1, 1, 1\)")


@pytest.mark.parametrize(
    "fields",
    [
        {"srow_x": [0, 0, 0, 5]},
        {"srow_x": [1, 1, 0, 0], "srow_y": [1, 1, 0, 0]},
        {"sform_code": 0, "pixdim": [1, 1, 0, 1, 1, 1, 1, 1]},
        {"sform_code": 0, "qform_code": 0, "pixdim": [1, 0, 1, 1, 1, 1, 1, 1]},
    ],
)
def test_singular_affine_in_nifti(tmp_path, capfd, fields):
    path = sample(tmp_path, ".nii")
    with path.open("rb") as stream:
        header = nib.Nifti1Header.from_fileobj(stream)
        rest = path.read_bytes()[348:]
    for name, value in fields.items():
        header[name] = value
    path.write_bytes(header.binaryblock + rest)
    refused(path, ImageError, "singular")
    assert capfd.readouterr() == ("", "")


def test_nan_in_the_affine(tmp_path):
    path = sample(tmp_path, ".nii")
    content = bytearray(path.read_bytes())
    content[280:284] = np.float32(np.nan).tobytes()
    path.write_bytes(content)
    refused(path, ImageError, "not finite")


def edited(path, old, new):
    content = path.read_bytes()
    assert re.search(old, content)
    path.write_bytes(re.sub(old, new, content, count=1))
    return path


def test_singular_affine_in_nrrd_and_meta(tmp_path):
    path = edited(sample(tmp_path, ".nrrd"), rb"\(0,1,0\)", b"(1,0,0)")
    refused(path, ImageError, "singular")
    path = edited(sample(tmp_path, ".mha"), rb"1 0 0 0 1 0 0 0 1", b"1 0 0 1 0 0 0 0 1")
    refused(path, ImageError, "singular")
    path = edited(sample(tmp_path, ".mha"), rb"ElementSpacing = 1 1", b"ElementSpacing = 1 0")
    refused(path, ImageError, "singular")


def test_nrrd_that_itk_would_guess_at(tmp_path):
    path = edited(sample(tmp_path, ".nrrd"), b"left-posterior-superior", b"scanner-xyz")
    refused(path, ImageError, 'the space "scanner-xyz" does not say')
    path.write_bytes(b"NRRD0004\ntype: uint8\ndimension: 2\nsizes: 2 2\nspacings: 1 nan\n"
                     b"encoding: raw\n\n1234")  # fmt: skip
    refused(path, ImageError, "the spacing of axis 1 is nan")


def test_complex_voxels(tmp_path):
    nib.Nifti1Image(np.zeros((3, 3, 3), np.complex64), np.eye(4)).to_filename(tmp_path / "a.nii")
    refused(tmp_path / "a.nii", ImageError, "real numbers, got dtype complex64")
    image = sitk.Cast(sitk.GetImageFromArray(voxels()), sitk.sitkComplexFloat32)
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    refused(tmp_path / "a.nrrd", ImageError, "real numbers, got dtype complex64")


@pytest.mark.parametrize(("at", "value"), [(42, -5), (42, 0), (70, 9999), (70, 0)])
def test_impossible_nifti_headers(tmp_path, capfd, at, value):
    path = sample(tmp_path, ".nii")
    content = bytearray(path.read_bytes())
    content[at : at + 2] = np.int16(value).tobytes()
    path.write_bytes(content)
    refused(path, UnreadableImage, ".")
    assert capfd.readouterr() == ("", "")


def test_a_header_that_claims_more_than_there_can_be(tmp_path):
    path = sample(tmp_path, ".nii")
    content = bytearray(path.read_bytes())
    content[40:56] = np.array([7] + [32767] * 7, np.int16).tobytes()
    path.write_bytes(content)
    refused(path, UnreadableImage, ".")


def test_half_of_a_nifti_pair(tmp_path):
    nib.Nifti1Pair(voxels(), np.eye(4)).to_filename(tmp_path / "a.hdr")
    (tmp_path / "a.img").unlink()
    refused(tmp_path / "a.hdr", UnreadableImage, r"other half a\.img is missing")


LIKE = Volume.from_array(np.zeros((4, 3, 2)))


@pytest.mark.parametrize("shape", [(4, 3), (3, 4, 2), (1, 4, 3, 2)])
def test_a_mask_of_another_shape(tmp_path, shape):
    with pytest.raises(GeometryMismatch, match=r"must have the image's shape \(4, 3, 2\), got"):
        write(np.zeros(shape, bool), tmp_path / "m.nii", like=LIKE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (np.zeros((4, 3, 2)), "whole numbers, got an array of float64"),
        (np.full((4, 3, 2), -1), "from 0 to 2147483647, got -1 to -1"),
        (np.full((4, 3, 2), 2**31), "got 2147483648 to 2147483648"),
    ],
)
def test_labels_that_are_none(tmp_path, labels, words):
    with pytest.raises(ImageError, match=words):
        write(labels, tmp_path / "m.nii", like=LIKE)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("m.jpg", 'suffix ".jpg", in which labels cannot be kept; write one of .nii'),
        ("m.dcm", "cannot be kept"),
        ("m", "cannot be kept"),
        ("m.png", "holds one slice, not 2"),
        ("no/m.nii", "there is no folder"),
    ],
)
def test_files_that_cannot_hold_a_mask(tmp_path, name, words):
    with pytest.raises(ImageError, match=words):
        write(np.zeros((4, 3, 2), bool), tmp_path / name, like=LIKE)
    assert not list(tmp_path.iterdir())


def test_numbers_too_large_for_a_picture(tmp_path):
    for name in ("m.tif", "m.png"):
        with pytest.raises(ImageError, match="cannot hold label 70000"):
            write(np.full((4, 3, 1), 70000), tmp_path / name, like=LIKE.resample_to(
                Volume.from_array(np.zeros((4, 3))).geometry))  # fmt: skip


@pytest.mark.parametrize(
    ("names", "colours", "words"),
    [
        ({0: "air"}, {}, "0 cannot have a name"),
        ({1: "two\nlines"}, {}, "printable"),
        ({1: " "}, {}, "printable"),
        ({}, {1: "red"}, "\"#rrggbb\", got 'red'"),
    ],
)
def test_names_that_files_cannot_keep(tmp_path, names, colours, words):
    with pytest.raises(ImageError, match=words):
        write(np.ones((4, 3, 2), bool), tmp_path / "m.nii", like=LIKE, names=names, colours=colours)


@pytest.mark.parametrize("suffix", [".nii", ".nrrd", ".mha", ".mhd", ".png", ".tif"])
def test_the_image_is_never_overwritten(tmp_path, suffix, monkeypatch):
    path = sample(tmp_path, suffix)
    before = {each: each.read_bytes() for each in tmp_path.iterdir()}
    volume = read(path)
    mask = np.zeros(volume.shape, bool)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").mkdir()
    names = [path, path.name, f"link/../{path.name}"]
    if sys.platform != "win32":
        (tmp_path / f"soft{suffix}").symlink_to(path)
        (tmp_path / f"hard{suffix}").hardlink_to(path)
        names += [f"soft{suffix}", f"hard{suffix}"]
    for name in names:
        with pytest.raises(ImageError, match="is the image itself"):
            write(mask, name, like=volume)
    assert {each: each.read_bytes() for each in before} == before


def test_the_data_file_of_the_image_is_never_overwritten(tmp_path):
    path = sample(tmp_path, ".mhd")
    volume = read(path)
    data = tmp_path / "scan.raw"
    data.rename(tmp_path / "other.zraw")
    edited(path, rb"scan\.raw", b"other.zraw")
    volume = read(path)
    with pytest.raises(ImageError, match=r"other\.zraw is the image itself"):
        write(np.zeros(volume.shape, bool), tmp_path / "other.mhd", like=volume)
    assert np.array_equal(read(path).data, volume.data)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "m.nii"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("delineate.io.nifti.save", fail)
    with pytest.raises(ImageError, match=r"m\.nii could not be written: No space left"):
        write(np.zeros((4, 3, 2), bool), path, like=LIKE)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_existing_mask_is_replaced(tmp_path):
    path = tmp_path / "m.nii"
    path.write_text("old")
    write(np.ones((4, 3, 2), bool), path, like=LIKE)
    assert read(path).data.all()
    assert list(tmp_path.iterdir()) == [path]


def test_choices_are_errors_of_their_own(tmp_path):
    path = sample(tmp_path, ".nii")
    with pytest.raises(SeveralImages, match="no channel 2"):
        read(path, channel=2)
