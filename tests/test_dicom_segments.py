"""DICOM SEG and RTSTRUCT: written, read back as the same bits, and by highdicom and by hand."""

import highdicom as hd
import numpy as np
import pydicom
import pytest

from delineate.errors import GeometryMismatch, ImageError
from delineate.io import read, read_labels, write_segmentation, write_structures
from delineate.volume import Volume
from delineate.voxels import Voxels
from test_dicom import OBLIQUE, numbers, write_series

RIGHT = OBLIQUE * [1, 1, np.linalg.det(OBLIQUE)]


@pytest.fixture(params=["upright", "oblique"])
def series(request, tmp_path):
    direction = np.eye(3) if request.param == "upright" else RIGHT
    write_series(
        tmp_path / "ct", numbers((12, 9, 6)), direction=direction, FrameOfReferenceUID="1.2.9"
    )
    return read(tmp_path / "ct")


def blobs(shape, seed):
    """Noise with holes, corners that touch, single voxels: what outlines get wrong."""
    return Voxels.from_mask(np.random.default_rng(seed).random(shape) > 0.55)


def objects(shape):
    ball = np.zeros(shape, bool)
    ball[2:9, 1:7, 1:4] = True
    ball[4:6, 3:5, 2] = False
    return {
        1: ("liver", "#c86464", Voxels.from_mask(ball)),
        3: ("Läsion \\ 2", "#00ff00", blobs(shape, 1)),
        4: ("one", None, Voxels.of([(11, 8, 5)])),
    }


@pytest.mark.parametrize("write", [write_segmentation, write_structures])
def test_there_and_back_the_same_bits(series, tmp_path, write):
    said = objects(series.shape)
    path = tmp_path / "out.dcm"
    write(said, path, like=series)
    found = read_labels(path, like=series)
    assert [label.voxels for label in found] == [voxels for _, _, voxels in said.values()]
    assert [label.name for label in found] == ["liver", "Läsion / 2", "one"]
    for label, colour in zip(found, ("#c86464", "#00ff00", None), strict=True):
        if colour is None:
            assert label.colour is None
        else:
            pairs = [
                (int(colour[n : n + 2], 16), int(label.colour[n : n + 2], 16)) for n in (1, 3, 5)
            ]
            assert all(abs(a - b) <= 3 for a, b in pairs)
    numbers = [label.number for label in found]
    assert numbers == ([1, 2, 3] if write is write_segmentation else [1, 3, 4])


@pytest.mark.parametrize("write", [write_segmentation, write_structures])
@pytest.mark.parametrize("number", [1, 3, 4])
def test_one_object_alone_comes_back(series, tmp_path, write, number):
    """What all frames have in common a SEG says once, and of one object that is which it is of."""
    name, colour, voxels = objects(series.shape)[number]
    write({number: (name, colour, voxels)}, tmp_path / "out.dcm", like=series)
    (found,) = read_labels(tmp_path / "out.dcm", like=series)
    assert found.voxels == voxels


def test_highdicom_finds_each_voxel_in_its_slice(series, tmp_path):
    said = objects(series.shape)
    write_segmentation(said, tmp_path / "seg.dcm", like=series)
    seg = hd.seg.segread(tmp_path / "seg.dcm")
    files = [pydicom.dcmread(path) for path in series.source.header["files"]]
    stack = seg.get_pixels_by_source_instance(
        [one.SOPInstanceUID for one in files], combine_segments=False, ignore_spatial_locations=True
    )
    for one, planes in zip(files, stack, strict=True):
        place = np.array(one.ImagePositionPatient, float) * (-1, -1, 1)
        k = round(series.geometry.to_index([place])[0, 2])
        for n, (_, _, voxels) in enumerate(said.values()):
            whole = voxels.on(type(voxels.region)((0, 0, 0), series.shape))
            np.testing.assert_array_equal(planes[..., n], whole[:, :, k].T)
    assert seg.PatientName == files[0].PatientName
    assert seg.StudyInstanceUID == files[0].StudyInstanceUID


def test_a_contour_lies_where_its_voxel_does(series, tmp_path):
    write_structures({1: ("dot", None, Voxels.of([(3, 2, 4)]))}, tmp_path / "rt.dcm", like=series)
    found = pydicom.dcmread(tmp_path / "rt.dcm")
    points = np.array(found.ROIContourSequence[0].ContourSequence[0].ContourData, float)
    middle = points.reshape(-1, 3).mean(axis=0) * (-1, -1, 1)
    np.testing.assert_allclose(middle, series.geometry.to_world([(3, 2, 4)])[0], atol=1e-3)
    image = found.ROIContourSequence[0].ContourSequence[0].ContourImageSequence[0]
    files = [pydicom.dcmread(path) for path in series.source.header["files"]]
    (own,) = [f for f in files if f.SOPInstanceUID == image.ReferencedSOPInstanceUID]
    place = np.array(own.ImagePositionPatient, float) * (-1, -1, 1)
    assert round(series.geometry.to_index([place])[0, 2]) == 4


@pytest.mark.parametrize("write", [write_segmentation, write_structures])
def test_another_image_is_refused(series, tmp_path, write):
    write(objects(series.shape), tmp_path / "out.dcm", like=series)
    write_series(
        tmp_path / "other", numbers((12, 9, 6)), origin=(11.2, -20.3, 31.1), spacing=(1, 1, 1)
    )
    with pytest.raises(ImageError, match=r"beside|outside"):
        read_labels(tmp_path / "out.dcm", like=read(tmp_path / "other"))


def test_what_cannot_be_written_gets_a_sentence(series, tmp_path, block):
    with pytest.raises(ImageError, match="read from DICOM"):
        write_segmentation(objects((20, 20, 10)), tmp_path / "x.dcm", like=block)
    with pytest.raises(ImageError, match="nothing is empty; DICOM"):
        write_segmentation({1: ("nothing", None, Voxels.of([]))}, tmp_path / "x.dcm", like=series)
    moved = Volume(series.data, series.geometry.flip(0), source=series.source)
    with pytest.raises(GeometryMismatch):
        write_structures(objects(series.shape), tmp_path / "x.dcm", like=moved)


def test_a_seg_that_claims_frames_it_does_not_have(series, tmp_path):
    write_segmentation(objects(series.shape), tmp_path / "seg.dcm", like=series)
    found = pydicom.dcmread(tmp_path / "seg.dcm")
    found.NumberOfFrames = 10**6
    found.save_as(tmp_path / "lie.dcm")
    with pytest.raises(ImageError, match="more than its bytes hold"):
        read_labels(tmp_path / "lie.dcm", like=series)
