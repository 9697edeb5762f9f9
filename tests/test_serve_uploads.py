"""Several files at once: channels of one image, masks of several objects, or a DICOM series."""

from importlib.metadata import EntryPoint

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from delineate import methods
from delineate.io import read, write_segmentation, write_structures
from delineate.voxels import Voxels
from serving import Page, error, limits, runs, served
from stubs import Bright, Copy
from test_dicom import numbers, write_series

SHAPE = (6, 5, 4)


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in (Bright, Copy))
    monkeypatch.setattr(methods, "BUILT_IN", known)


@pytest.fixture
def client(tmp_path):
    with served(tmp_path, method="copy") as client:
        yield client


def nifti(array, spacing=1.0) -> bytes:
    return nib.Nifti1Image(array, np.diag([spacing, 1, 1, 1])).to_bytes()


def upload(client, **files) -> str:
    """An upload of files; "_" in a name is a dot."""
    id = client.post("/api/uploads").json()["upload"]
    for name, content in files.items():
        url = f"/api/uploads/{id}/{name.replace('_', '.')}"
        assert client.put(url, content=content).status_code == 200
    return id


def voxels(client, page, channel):
    reply = client.get(page.url(f"image?channel={channel}"))
    return nib.Nifti1Image.from_bytes(reply.content).get_fdata()


def test_images_are_the_channels_of_one_in_the_order_of_their_names(tmp_path, client):
    one = np.arange(120, dtype=np.int16).reshape(SHAPE)
    given = upload(client, t2_nii=nifti(one + 1), t1_nii=nifti(one))
    page = Page(client, upload=given)
    assert page.first["image"]["channels"] == ["t1", "t2"]
    for channel in (0, 1):
        np.testing.assert_array_equal(voxels(client, page, channel), one + channel)
    page.mark({"kind": "given", "voxels": runs(one > 60)})
    with served(tmp_path, method="copy") as later:
        again = later.get(page.url()).json()
        assert again["image"]["channels"] == ["t1", "t2"] and again["history"]["done"] == 1


def test_images_of_two_grids_are_a_sentence(client):
    plain = np.zeros(SHAPE, np.int16)
    for other, how in (
        (nifti(plain, spacing=2.0), "spacing"),
        (nifti(plain[1:]), "shape"),
    ):
        reply = client.post(
            "/api/sessions", json={"upload": upload(client, a_nii=nifti(plain), b_nii=other)}
        )
        assert error(reply) == (422, "GeometryMismatch")
        said = reply.json()["error"]["message"]
        assert said.startswith("b.nii is not on the same grid") and how in said
    assert client.get("/api/sessions").json() == {"sessions": []}


def test_a_damaged_one_among_several_is_named(client):
    given = upload(client, a_nii=nifti(np.zeros(SHAPE, np.int16)), b_nii=b"no image at all")
    reply = client.post("/api/sessions", json={"upload": given})
    assert error(reply) == (422, "UnreadableImage")
    assert reply.json()["error"]["message"].startswith("b.nii: it is not an image")
    reply = client.get(f"/api/files/series?upload={given}")
    assert error(reply) == (422, "ImageError")


def test_too_many_channels_and_too_many_voxels(tmp_path):
    flat = nifti(np.zeros((1, 1, 1), np.int16))
    with served(tmp_path, limits=limits(voxels=200)) as client:
        many = upload(client, **{f"s{n}_nii": flat for n in range(51)})
        reply = client.post("/api/sessions", json={"upload": many})
        assert error(reply) == (413, "TooLarge") and "at most 50 files" in reply.text
        two = nifti(np.zeros(SHAPE, np.int16))
        both = upload(client, a_nii=two, b_nii=two)
        reply = client.post("/api/sessions", json={"upload": both})
        assert error(reply) == (413, "TooLarge") and "240 voxels" in reply.text
        page = Page(client, upload=upload(client, a_nii=two))
        masks = upload(client, a_nii=two, b_nii=nifti(np.ones((6, 6, 6), np.int16)))
        reply = page.send("POST", "segmentations", upload=masks)
        assert error(reply) == (413, "TooLarge") and "216 voxels" in reply.text


def test_headers_go_with_their_data(tmp_path, client):
    image = sitk.GetImageFromArray(np.arange(120, dtype=np.int16).reshape(SHAPE))
    pairs = {}
    for name in ("a.mhd", "b.mhd"):
        sitk.WriteImage(image, str(tmp_path / name))
        for file in (tmp_path / name, (tmp_path / name).with_suffix(".raw")):
            pairs[file.name.replace(".", "_")] = file.read_bytes()
    one = {name: pairs[name] for name in ("a_mhd", "a_raw")}
    assert Page(client, upload=upload(client, **one)).first["image"]["format"] == "meta"
    two = Page(client, upload=upload(client, **pairs)).first["image"]
    assert two["channels"] == ["a", "b"]


def test_dicom_files_are_a_series_whatever_lies_beside(tmp_path, client):
    write_series(tmp_path / "ct", numbers())
    slices = {f.name.replace(".", "_"): f.read_bytes() for f in (tmp_path / "ct").iterdir()}
    assert len(slices) > 1
    image = Page(client, upload=upload(client, **slices, shot_png=b"\x89PNG")).first["image"]
    assert image["format"] == "dicom" and image["shape"] == [5, 4, 3]


def test_the_objects_of_several_masks(client):
    mask = np.zeros(SHAPE, np.uint8)
    page = Page(client, upload=upload(client, a_nii=nifti(np.zeros(SHAPE, np.int16))))
    liver, both, empty = mask.copy(), mask.copy(), nifti(mask)
    liver[:2], both[2:4, :2], both[2:4, 3:] = 1, 1, 7
    files = {"liver_nii": nifti(liver), "both_nii": nifti(both), "empty_nii": empty}
    page.do("POST", "segmentations", upload=upload(client, **files))
    assert {item["number"]: item["name"] for item in page.state()["objects"]} == {
        1: "both 1", 7: "both 7", 2: "liver"
    }  # fmt: skip
    np.testing.assert_array_equal(page.labels, np.where(liver, 2, both))
    (step,) = page.state()["history"]["steps"]
    assert step["name"] == "open 3 files"
    wrong = upload(client, liver_nii=nifti(liver), other_nii=nifti(liver[1:]))
    reply = page.send("POST", "segmentations", upload=wrong)
    assert error(reply) == (422, "GeometryMismatch")
    assert reply.json()["error"]["message"].startswith("other.nii: the segmentation is not on")
    assert page.state()["history"]["done"] == 1


@pytest.mark.parametrize("write", [write_segmentation, write_structures])
def test_dicom_objects_one_file_or_several(tmp_path, client, write):
    write_series(tmp_path / "ct", numbers((8, 7, 6)), FrameOfReferenceUID="1.2.9")
    image = read(tmp_path / "ct")
    slices = {f.name.replace(".", "_"): f.read_bytes() for f in (tmp_path / "ct").iterdir()}
    page = Page(client, upload=upload(client, **slices))
    made = {}
    for name, first in (("liver", 1), ("cyst", 4)):
        mask = np.zeros(image.shape, bool)
        mask[first : first + 2, 2:5, 1:4] = True
        said = {1: (name, "#c86464", Voxels.from_mask(mask))}
        write(said, tmp_path / "out.dcm", like=image)
        made[f"{name}_dcm"] = (tmp_path / "out.dcm").read_bytes()
    page.do("POST", "segmentations", upload=upload(client, liver_dcm=made["liver_dcm"]))
    page.do("POST", "segmentations", upload=upload(client, **made))
    steps = [step["name"] for step in page.state()["history"]["steps"]]
    assert steps == ["open liver.dcm", "open 2 files"]
    told = [(o["number"], o["name"]) for o in page.state()["objects"]]
    assert told == [(1, "liver"), (2, "cyst"), (3, "liver")]
    write_series(tmp_path / "map", numbers((8, 7, 6)) % 3)
    slices = {f.name.replace(".", "_"): f.read_bytes() for f in (tmp_path / "map").iterdir()}
    page.do("POST", "segmentations", upload=upload(client, **slices))
    assert page.state()["history"]["steps"][-1]["name"] == "open segmentation"
    assert len(page.state()["objects"]) == 5
