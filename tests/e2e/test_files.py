"""Files that come in and go out: RTSTRUCT on a DICOM series, uploads of one name, measures."""

import gzip
import shutil

import nibabel
import numpy as np
import pydicom
import pytest
from served import wait_until
from skimage.draw import polygon2mask
from test_sample import ball, first
from test_walk import intensities

from delineate import samples

LPS = np.diag([-1, -1, 1, 1])


@pytest.fixture
def series(images, request) -> str:
    """The name of a DICOM series in the folder, the sample volume."""
    name = request.node.name
    samples.write_series(samples.head(), images / name)
    yield name
    shutil.rmtree(images / name)


def dice(one, other) -> float:
    """How alike two masks are."""
    return 2 * (one & other).sum() / (one.sum() + other.sum())


def drawn(structure, image) -> np.ndarray:
    """The voxels that an odd number of a structure's contours holds, on an image's grid."""
    to_voxels = np.linalg.inv(image.affine) @ LPS
    mask = np.zeros(image.shape[:3], bool)
    for contour in structure.ContourSequence:
        points = np.reshape(contour.ContourData, (-1, 3)).astype(float)
        places = points @ to_voxels[:3, :3].T + to_voxels[:3, 3]
        (k,) = np.unique(np.round(places[:, 2]).astype(int))
        mask[..., k] ^= polygon2mask(mask.shape[:2], places[:, :2])
    return mask


def test_an_rtstruct_has_the_name_and_the_voxels_of_its_object(person, served, series):
    session = first(person, series)
    person.click((80, 50, 12))
    person.key("p", "x")
    person.click((80, 50, 12))
    name = person.page.get_by_label("Name of object 1")
    name.fill("hollow tumour")
    name.press("Enter")
    person.settle()
    person.key("e")
    person.page.locator("#export-format").select_option("rtstruct")
    with person.page.expect_download() as found:
        person.page.locator("#download").click()
    written = pydicom.dcmread(found.value.path())
    assert written.Modality == "RTSTRUCT"
    assert [roi.ROIName for roi in written.StructureSetROISequence] == ["hollow tumour"]
    slices = [pydicom.dcmread(path) for path in (served.folder / series).iterdir()]
    frame = written.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID
    assert {each.FrameOfReferenceUID for each in slices} == {frame}
    exported = nibabel.Nifti1Image.from_bytes(
        gzip.decompress(served.get(f"/api/sessions/{session}/export?format=nifti"))
    )
    mask = np.asarray(exported.dataobj) == 1
    assert mask.sum() == (served.masks(session) == 1).sum() > 900
    assert dice(drawn(written.ROIContourSequence[0], exported), mask) > 0.99


def test_measures_are_those_of_the_exported_mask_in_each_channel(person, served, head):
    session = first(person, head)
    image = nibabel.as_closest_canonical(nibabel.load(served.folder / head))
    mask, values = served.masks(session) == 1, image.get_fdata()
    person.page.get_by_role("button", name="Measures").click()
    table = person.page.locator(".dialog table")
    table.wait_for()
    names = table.locator("th").all_inner_texts()
    rows = [row.locator("td").all_inner_texts() for row in table.locator("tbody tr").all()]
    rows = [dict(zip(names, row, strict=True)) for row in rows]
    assert [row["Channel"] for row in rows] == ["channel 0", "channel 1"]
    for channel, row in enumerate(rows):
        of_object = values[..., channel][mask]
        assert row["Object"] == "object 1"
        assert int(row["Voxels"]) == mask.sum() == ball((60, 50, 12), 5).sum()
        millilitres = mask.sum() * abs(np.linalg.det(image.affine[:3, :3])) / 1000
        assert float(row["Volume, mL"]) == pytest.approx(millilitres, rel=1e-3)
        assert float(row["Mean"]) == pytest.approx(of_object.mean(), rel=1e-3)
        assert float(row["Median"]) == pytest.approx(np.median(of_object), rel=1e-3)
    assert rows[0]["Mean"] != rows[1]["Mean"]


def test_files_of_one_name_from_several_folders_all_arrive(person, served, tmp_path):
    samples.write_series(samples.head(), tmp_path / "series")
    slices = [path.read_bytes() for path in sorted((tmp_path / "series").iterdir())]
    sent = []
    person.page.on("request", lambda asked: asked.method == "PUT" and sent.append(asked.url))
    person.page.goto(served.url)
    with person.page.expect_file_chooser() as asked:
        person.page.get_by_text("Choose files", exact=True).click()
    asked.value.set_files(
        [{"name": "IMG.dcm", "mimeType": "", "buffer": buffer} for buffer in slices]
    )
    session = person.opened()
    names = [url.rpartition("/")[2] for url in sent if "/uploads/" in url]
    assert len({name.lower() for name in names}) == len(names) == len(slices)
    image = served.state(session)["image"]
    assert image["shape"] == [128, 96, len(slices)]
    original = nibabel.as_closest_canonical(nibabel.load(samples.head())).get_fdata()[..., 0]
    assert np.array_equal(intensities(served, session), original)
    person.key("c")
    person.click((60, 50, 20))
    wait_until(lambda: person.label((60, 50, 20)) == 1)
    assert np.array_equal(served.masks(session) == 1, ball((60, 50, 20), 5))
