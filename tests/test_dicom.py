"""DICOM folders written here with pydicom: SimpleITK's own series reader says what is right."""

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from delineate.errors import ImageError, SeveralImages, UnreadableImage
from delineate.io import list_series, read, write
from delineate.volume import RGB

CT, MR, ENHANCED = (f"1.2.840.10008.5.1.4.1.1.{end}" for end in ("2", "4", "2.1"))
LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
OBLIQUE = np.round(np.linalg.qr(np.random.default_rng(7).normal(size=(3, 3)))[0], 8)
UPRIGHT = np.eye(3)


def dataset(pixels, kind=CT, series="1.2.3.1", image="1", syntax=ExplicitVRLittleEndian, **more):
    """One image, `(rows, columns)` or `(rows, columns, 3)`."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = kind, syntax
    meta.MediaStorageSOPInstanceUID = f"{series}.{image}"
    out = Dataset()
    out.file_meta = meta
    out.SOPClassUID, out.SOPInstanceUID = kind, f"{series}.{image}"
    out.StudyInstanceUID, out.SeriesInstanceUID = "1.2.3", series
    out.PatientName, out.PatientID, out.Modality = "Doe^Jane", "7", "MR" if kind == MR else "CT"
    out.Rows, out.Columns = pixels.shape[:2]
    out.SamplesPerPixel = 3 if pixels.ndim == 3 else 1
    out.PhotometricInterpretation = "RGB" if pixels.ndim == 3 else "MONOCHROME2"
    bits = pixels.dtype.itemsize * 8
    out.BitsAllocated, out.BitsStored, out.HighBit = bits, bits, bits - 1
    out.PixelRepresentation = int(pixels.dtype.kind == "i")
    if pixels.ndim == 3:
        out.PlanarConfiguration = 0
    out.PixelData = pixels.tobytes()
    for name, value in more.items():
        setattr(out, name, value)
    return out


def numbers(shape=(5, 4, 3), seed=0):
    return np.random.default_rng(seed).integers(-900, 900, shape).astype(np.int16)


def write_series(
    folder, array, *, direction=UPRIGHT, spacing=(0.5, 0.7, 2.5), origin=(10, -20, 30),
    step=None, slope=1, intercept=0, prefix="a", seed=1, **more,
):  # fmt: skip
    """Array `(I, J, K)` as K files of shuffled names; direction in LPS, columns I, J, K."""
    folder.mkdir(exist_ok=True)
    step = direction[:, 2] * spacing[2] if step is None else np.array(step)
    names = np.random.default_rng(seed).permutation(array.shape[2])
    paths = []
    for k, name in enumerate(names):
        slopes = slope[k] if isinstance(slope, list) else slope
        position = np.array(origin, float) + k * step
        one = dataset(
            np.ascontiguousarray(array[:, :, k].T),
            **{
                "image": str(k + 1),
                "InstanceNumber": array.shape[2] - k,
                "ImagePositionPatient": [f"{v:.8g}" for v in position],
                "ImageOrientationPatient": [f"{v:.8f}" for v in direction[:, :2].T.ravel()],
                "PixelSpacing": [spacing[1], spacing[0]],
                "RescaleSlope": str(slopes),
                "RescaleIntercept": str(intercept),
                **more,
            },
        )
        paths.append(folder / f"{prefix}{name}.dcm")
        one.save_as(paths[-1], enforce_file_format=True)
    return paths


def by_simpleitk(folder, uid="1.2.3.1"):
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder), uid))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * np.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).T, LPS @ affine, image


@pytest.mark.parametrize(
    "direction", [np.eye(3), np.diag([1, -1, -1]), OBLIQUE, np.eye(3)[:, ::-1]]
)
@pytest.mark.parametrize("slope", [1, 0.25])
def test_a_series_is_what_simpleitk_reads(tmp_path, direction, slope):
    direction = direction * [1, 1, np.linalg.det(direction)]
    array = numbers()
    write_series(tmp_path / "ct", array, direction=direction, slope=slope, intercept=-1024)
    volume = read(tmp_path / "ct")
    voxels, affine, image = by_simpleitk(tmp_path / "ct")
    assert np.array_equal(volume.data[0], array * slope - 1024)
    assert np.array_equal(volume.data[0], voxels)
    assert np.allclose(volume.geometry.affine, affine, atol=1e-6)
    assert np.allclose(volume.geometry.to_world([(0, 0, 0)]), [(-10, 20, 30)])
    assert volume.data[0, 4, 1, 2] == image.GetPixel(4, 1, 2)
    assert volume.source.format == "dicom"


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_masks_lie_where_the_series_lies(tmp_path, suffix):
    array = numbers()
    write_series(tmp_path / "ct", array, direction=OBLIQUE * [1, 1, np.linalg.det(OBLIQUE)])
    volume = read(tmp_path / "ct")
    mask = volume.data[0] > 100
    write(mask, tmp_path / f"m{suffix}", like=volume, names={1: "bone"})
    _, affine, image = by_simpleitk(tmp_path / "ct")
    found = sitk.ReadImage(str(tmp_path / f"m{suffix}"))
    assert np.array_equal(sitk.GetArrayFromImage(found).T, mask)
    for corner in ((0, 0, 0), (4, 3, 2)):
        here, there = (x.TransformIndexToPhysicalPoint(corner) for x in (found, image))
        assert np.allclose(here, there, atol=1e-4)
    if suffix == ".nii.gz":
        assert np.allclose(nib.load(tmp_path / f"m{suffix}").affine, affine, atol=1e-4)


def test_slopes_of_single_slices(tmp_path):
    array = numbers()
    write_series(tmp_path / "pet", array, slope=[1, 0.5, 0.37], intercept=-3)
    expected = array * np.array([1, 0.5, 0.37]) - 3
    assert np.allclose(read(tmp_path / "pet").data[0], expected, rtol=1e-6)


def test_several_series_in_one_folder(tmp_path):
    first, second = numbers(seed=1), numbers((5, 4, 6), seed=2)
    folder = tmp_path / "study"
    write_series(folder, first, SeriesDescription="thin", SeriesNumber=2)
    write_series(
        folder, second, prefix="b", series="1.2.3.9", kind=MR, SeriesDescription="T1 axial",
        SeriesNumber=1,
    )  # fmt: skip
    with pytest.raises(SeveralImages) as caught:
        read(folder)
    message = str(caught.value)
    assert "2 DICOM series, choose one with series=" in message
    assert '1 (MR "T1 axial", 6 slices, UID 1.2.3.9)' in message
    assert '2 (CT "thin", 3 slices, UID 1.2.3.1)' in message
    assert "\n" not in message
    one, two = list_series(folder)
    assert (one.number, one.uid, one.description, one.modality, one.slices) == (
        1, "1.2.3.9", "T1 axial", "MR", 6,
    )  # fmt: skip
    assert two.number == 2
    for choice in (2, "2", "1.2.3.1"):
        assert np.array_equal(read(folder, series=choice).data[0], first)
    assert np.array_equal(read(folder, series="1.2.3.9").data[0], second)
    for wrong in (3, 0, "1.2.3"):
        with pytest.raises(SeveralImages, match=r"no series .*, there is 1 "):
            read(folder, series=wrong)


def test_folders_below_and_other_files(tmp_path):
    array = numbers()
    write_series(tmp_path / "study", array)
    (tmp_path / "study" / "report.txt").write_text("hello")
    (tmp_path / "study" / "empty").touch()
    plan = dataset(np.zeros((1, 1), np.uint8), kind="1.2.840.10008.5.1.4.1.1.481.3", series="1.9")
    for name in ("PixelData", "Rows", "Columns", "BitsAllocated"):
        delattr(plan, name)
    plan.save_as(tmp_path / "study" / "plan.dcm", enforce_file_format=True)
    assert np.array_equal(read(tmp_path).data[0], array)
    with pytest.raises(UnreadableImage, match="holds no image"):
        read(tmp_path / "study" / "plan.dcm")


def test_an_image_that_is_there_twice_counts_once(tmp_path):
    paths = write_series(tmp_path / "ct", numbers())
    (tmp_path / "ct" / "copy.dcm").write_bytes(paths[0].read_bytes())
    assert np.array_equal(read(tmp_path / "ct").data[0], numbers())


@pytest.mark.parametrize("missing", [1, 3])
def test_a_missing_slice_is_refused(tmp_path, missing):
    paths = write_series(tmp_path / "ct", numbers((5, 4, 6)))
    paths[missing].unlink()
    with pytest.raises(
        ImageError, match=r"not evenly spaced: 5 mm between .* 2\.5 mm between most"
    ):
        read(tmp_path / "ct")


def test_uneven_slices_are_refused_and_rounded_ones_are_not(tmp_path):
    for name, shift, fine in (("fine", 0.01, True), ("uneven", 0.4, False)):
        paths = write_series(tmp_path / name, numbers((5, 4, 6)))
        one = pydicom.dcmread(paths[2])
        one.ImagePositionPatient[2] += shift
        one.save_as(paths[2])
        if fine:
            assert read(tmp_path / name).spacing == pytest.approx((0.5, 0.7, 2.5))
        else:
            with pytest.raises(ImageError, match="not evenly spaced"):
                read(tmp_path / name)


def test_gantry_tilt_is_a_shear(tmp_path):
    write_series(tmp_path / "ct", numbers(), step=(0, 0.6, 2.5))
    affine = read(tmp_path / "ct").geometry.affine
    expected = [[-0.5, 0, 0, -10], [0, -0.7, -0.6, 20], [0, 0, 2.5, 30], [0, 0, 0, 1]]
    assert np.allclose(affine, expected)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ImageOrientationPatient", [0, 1, 0, 0, 0, 1], "has orientation"),
        ("PixelSpacing", [0.7, 0.6], "has spacing"),
        ("ImagePositionPatient", None, "has no position"),
    ],
)
def test_files_that_are_not_one_volume(tmp_path, name, value, words):
    paths = write_series(tmp_path / "ct", numbers())
    one = pydicom.dcmread(paths[1])
    if value is None:
        delattr(one, name)
    else:
        setattr(one, name, value)
    one.save_as(paths[1])
    with pytest.raises(ImageError, match=f"are not one volume: .*{words}"):
        read(tmp_path / "ct")


def test_several_images_at_each_position_are_channels(tmp_path):
    first, second = numbers(seed=1), numbers(seed=2)
    write_series(tmp_path / "mr", first)
    paths = write_series(tmp_path / "echo", second, prefix="b")
    for number, path in enumerate(paths):
        one = pydicom.dcmread(path)
        one.SOPInstanceUID = f"1.2.3.1.9{number}"
        one.InstanceNumber += 100
        one.save_as(tmp_path / "mr" / path.name)
    volume = read(tmp_path / "mr")
    assert np.array_equal(volume.data, [first, second])
    assert volume.channels == ()
    (tmp_path / "mr" / paths[0].name).unlink()
    with pytest.raises(ImageError, match="have 1 and others 2 images"):
        read(tmp_path / "mr")


def test_one_file(tmp_path):
    array = numbers()
    paths = write_series(tmp_path / "ct", array, SliceThickness=2.5)
    volume = read(paths[2])
    assert np.array_equal(volume.data[0, :, :, 0], array[:, :, 2])
    assert np.allclose(volume.geometry.affine[:, 3], [-10, 20, 35, 1])
    assert volume.spacing == pytest.approx((0.5, 0.7, 2.5))


def test_a_picture_without_a_place_and_with_colours(tmp_path):
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    dataset(pixels).save_as(tmp_path / "us.dcm", enforce_file_format=True)
    volume = read(tmp_path / "us.dcm")
    assert volume.channels == RGB
    assert np.array_equal(volume.data[..., 0], pixels.transpose(2, 1, 0))
    assert np.array_equal(volume.geometry.affine, np.diag([-1, -1, 1, 1]))


@pytest.mark.parametrize("part", [0.1, 0.5, 0.95])
def test_a_truncated_slice_is_refused(tmp_path, capfd, part):
    paths = write_series(tmp_path / "ct", numbers((30, 40, 3)))
    content = paths[2].read_bytes()
    paths[2].write_bytes(content[: int(len(content) * part)])
    for path in (tmp_path / "ct", paths[2]):
        with pytest.raises(UnreadableImage, match=f"{paths[2].name}.*damaged"):
            read(path)
    assert capfd.readouterr() == ("", "")


def multiframe(array, order, syntax=ExplicitVRLittleEndian, positions=True):
    """An enhanced CT whose frames are the slices of `(I, J, K)` in some order."""
    frames = np.ascontiguousarray(array.T[order])
    out = dataset(frames[0], kind=ENHANCED, syntax=syntax)
    out.NumberOfFrames, out.PixelData = len(order), frames.tobytes()
    shared, plane, measure, value = Dataset(), Dataset(), Dataset(), Dataset()
    plane.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    measure.PixelSpacing, measure.SliceThickness = [0.7, 0.5], 2.5
    value.RescaleSlope, value.RescaleIntercept, value.RescaleType = "2", "-5", "HU"
    shared.PlaneOrientationSequence = Sequence([plane])
    shared.PixelMeasuresSequence = Sequence([measure])
    shared.PixelValueTransformationSequence = Sequence([value])
    out.SharedFunctionalGroupsSequence = Sequence([shared])
    out.PerFrameFunctionalGroupsSequence = Sequence([])
    for k in order:
        frame, position = Dataset(), Dataset()
        position.ImagePositionPatient = [1, 2, 2.5 * k]
        if positions:
            frame.PlanePositionSequence = Sequence([position])
        out.PerFrameFunctionalGroupsSequence.append(frame)
    return out


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0]])
def test_multiframe_in_order(tmp_path, order, syntax):
    array = numbers()
    multiframe(array, order, syntax).save_as(tmp_path / "e.dcm", enforce_file_format=True)
    volume = read(tmp_path / "e.dcm")
    assert np.array_equal(volume.data[0], array[:, :, order] * 2 - 5)
    for k, z in enumerate(order):
        assert np.allclose(volume.geometry.to_world([(0, 0, k)]), [(-1, -2, 2.5 * z)])
    assert volume.spacing == pytest.approx((0.5, 0.7, 2.5))
    assert list_series(tmp_path)[0].slices == 3


def test_multiframe_out_of_order_or_without_a_place_is_refused(tmp_path):
    path = tmp_path / "e.dcm"
    multiframe(numbers((5, 4, 4)), [2, 0, 1, 3]).save_as(path, enforce_file_format=True)
    with pytest.raises(ImageError, match="frames do not follow each other at even distances"):
        read(path)
    multiframe(numbers(), [0, 1, 2], positions=False).save_as(path, enforce_file_format=True)
    with pytest.raises(ImageError, match=r"0 of 3 frames say where.*a film is not a volume"):
        read(path)


def test_the_files_of_the_series_are_never_overwritten(tmp_path):
    write_series(tmp_path / "ct", numbers())
    volume = read(tmp_path / "ct")
    (path,) = (tmp_path / "ct").glob("a0*")
    path.rename(tmp_path / "ct" / "a0.nii")
    volume = read(tmp_path / "ct")
    with pytest.raises(ImageError, match="is the image itself"):
        write(np.zeros(volume.shape, bool), tmp_path / "ct" / "a0.nii", like=volume)
    write(np.zeros(volume.shape, bool), tmp_path / "ct" / "mask.nii", like=volume)
    assert np.array_equal(read(tmp_path / "ct").data, volume.data)
