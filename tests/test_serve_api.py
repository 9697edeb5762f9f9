"""What a page asks for and gets: masks by changed boxes, history, objects, files in and out."""

import io
import json
import zipfile
from importlib.metadata import EntryPoint

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

import delineate
from delineate import methods
from serving import Page, box, click, decode, error, limits, runs, served
from stubs import Bright, Copy, Failing, Learner, Nearest

BUILT_IN = methods.BUILT_IN
AFFINE = np.array([[0, -1.5, 0, 10], [-1, 0, 0, 20], [0, 0, 2.5, -5], [0, 0, 0, 1.0]])


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    kinds = (Bright, Copy, Failing, Learner, Nearest)
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in kinds)
    monkeypatch.setattr(methods, "BUILT_IN", known)


@pytest.fixture
def scan(tmp_path):
    """A volume whose axes are far from the page's, with two bright blocks."""
    array = np.zeros((12, 10, 6), np.int16)
    array[2:6, 3:7, 1:4] = 100
    array[8:11, 2:5, 2:5] = 80
    (tmp_path / "images" / "sub").mkdir(parents=True)
    image = nib.Nifti1Image(array, AFFINE)
    nib.save(image, tmp_path / "images" / "sub" / "scan.nii.gz")
    return nib.as_closest_canonical(image).get_fdata()


@pytest.fixture
def client(tmp_path, scan):
    with served(tmp_path) as client:
        yield client


@pytest.fixture
def page(client):
    return Page(client, "sub/scan.nii.gz")


def block(scan, value):
    at = np.argwhere(scan == value)
    return at.min(axis=0).tolist(), (at.max(axis=0) + 1).tolist()


def test_a_box_is_answered_with_its_changed_box(page, scan):
    header = page.mark(box(*block(scan, 100)))
    np.testing.assert_array_equal(page.labels, scan == 100)
    assert (header["region"]["low"], header["region"]["high"]) == tuple(block(scan, 100))
    (item,) = header["objects"]
    assert item["voxels"] == 48 and item["ml"] == pytest.approx(48 * 3.75 / 1000)
    assert header["update"]["step"] == "box on object 1" and header["update"]["ids"] == [1]
    assert header["history"] == {
        "done": 1, "count": 1, "added": {**page.state()["history"]["steps"][0]}
    }  # fmt: skip
    np.testing.assert_array_equal(page.fresh(), page.labels)


def test_every_step_by_changed_boxes_is_the_whole_map(page, scan):
    page.mark(box(*block(scan, 100)))
    page.mark(box(*block(scan, 80)), click(0, 0, 0), object=2)
    page.mark({"kind": "paint", "voxels": runs(np.ones((2, 2, 2), bool), (1, 1, 1))}, object=2)
    page.mark(
        {"kind": "scribble", "voxels": runs(np.eye(3, dtype=bool)[..., None], (4, 4, 2))}, object=3
    )
    page.do("PUT", "prompts/3", prompt=click(9, 11, 5))
    page.do("DELETE", "prompts/4")
    page.do("POST", "undo")
    page.do("POST", "method", name="nearest")
    page.mark(click(0, 0, 0, inside=False), object=3)
    page.do("DELETE", "objects/2")
    seen = [page.labels.copy()]
    for _ in range(page.state()["history"]["done"]):
        page.do("POST", "undo", steps=1)
        seen.insert(0, page.labels.copy())
        np.testing.assert_array_equal(page.fresh(), page.labels)
    for done, labels in enumerate(seen):
        page.do("POST", "goto", done=done)
        np.testing.assert_array_equal(page.labels, labels)
    page.do("POST", "undo", steps=1000)
    assert not page.labels.any()
    page.do("POST", "redo", steps=1000)
    np.testing.assert_array_equal(page.labels, seen[-1])
    assert error(page.send("POST", "redo")) == (409, "NothingToUndo")


def test_objects_are_named_locked_and_deleted(page, scan):
    header = page.do("POST", "objects", name="liver", colour="#102030")
    assert header["update"]["objects"] == [1]
    page.mark(box(*block(scan, 100)))
    page.do("PATCH", "objects/1", locked=True, name="left kidney")
    assert error(page.send("POST", "prompts", object=1, prompts=[click(0, 0, 0)])) == (
        409,
        "SessionError",
    )
    page.mark({"kind": "given", "voxels": runs(np.ones(page.labels.shape, bool))}, object=2)
    np.testing.assert_array_equal(page.labels, np.where(scan == 100, 1, 2))
    (one, two) = page.state()["objects"]
    assert (one["name"], one["colour"], one["locked"], two["number"]) == (
        "left kidney",
        "#102030",
        True,
        2,
    )
    assert error(page.send("DELETE", "objects/1"))[0] == 409
    assert page.do("DELETE", "objects/2")["removed"] == [2]
    assert error(page.send("PATCH", "objects/7", name="x")) == (404, "UnknownObject")
    names = [step["name"] for step in page.state()["history"]["steps"]]
    assert names[1:3] == ["box on liver", "set name, locked of left kidney"]


def test_a_server_that_comes_back_has_it_all(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "sub/scan.nii.gz")
        page.mark(box(*block(scan, 100)))
        page.mark(box(*block(scan, 80)), object=2)
        page.do("PATCH", "objects/2", name="cyst", colour="#abcdef", locked=True)
        page.do("POST", "undo", steps=2)
        page.do("POST", "redo", steps=1)
        client.put(page.url("view"), json={"slice": [1, 2, 3], "tool": "click"})
        before, labels = page.state(), page.labels
    with served(tmp_path) as client:
        again = Page(client, "sub/scan.nii.gz")
        after = again.state()
        assert {**before, "opened": 0} == {**after, "opened": 0}
        assert after["view"] == {"slice": [1, 2, 3], "tool": "click"}
        np.testing.assert_array_equal(again.labels, labels)
        again.do("POST", "redo")
        np.testing.assert_array_equal(again.labels, np.where(scan == 100, 1, 2 * (scan == 80)))


def test_a_method_that_breaks_is_a_sentence_and_no_step(page):
    page.do("POST", "method", name="failing")
    page.mark(click(0, 0, 0))
    kept = page.labels.copy()
    reply = page.send("POST", "prompts", object=1, prompts=[click(1, 1, 1)])
    assert error(reply) == (500, "Internal")
    assert "broken on purpose" not in reply.text and "Traceback" not in reply.text
    assert page.state()["history"]["done"] == 2
    np.testing.assert_array_equal(page.fresh(), kept)
    assert page.state()["interrupted"] == []


def test_mistakes_are_sentences(page, client):
    far = page.send("POST", "prompts", object=1, prompts=[click(99, 0, 0)])
    assert error(far) == (422, "PromptOutside")
    assert "(9, 11, 5)" in far.json()["error"]["message"], "counted on the page's grid"
    adjust = {"kind": "adjust", "amount": 0.1}
    assert error(page.send("POST", "prompts", object=1, prompts=[adjust])) == (422, "PromptNotRead")
    assert error(page.send("POST", "method", name="nosuch")) == (422, "MethodError")
    assert error(page.send("POST", "method", name="bright", fields={"nosuch": 1})) == (
        422,
        "MethodError",
    )
    assert error(page.send("PUT", "prompts/77", prompt=click(0, 0, 0))) == (404, "UnknownPrompt")
    assert error(page.send("POST", "prompts", object=0, prompts=[])) == (422, "Invalid")
    assert error(client.get("/api/sessions/nosuch")) == (404, "UnknownSession")
    assert error(client.get("/api/nosuch")) == (404, "NotFound")
    assert error(client.post("/api/sessions", json={"path": "sub"}))[0] == 422
    assert not page.state()["history"]["steps"]


def test_adjust_and_start_from_mask_by_a_stub(page, scan):
    page.do("POST", "method", name="copy")
    page.mark({"kind": "given", "voxels": runs(scan == 100)})
    np.testing.assert_array_equal(page.labels, scan == 100)
    page.mark({"kind": "adjust", "amount": -0.3})
    assert not page.labels.any()
    page.mark({"kind": "adjust", "amount": 0.1})
    np.testing.assert_array_equal(page.labels, scan == 100)


def test_fields_for_controls_come_from_the_class(client):
    (method,) = [m for m in client.get("/api/methods").json()["methods"] if m["name"] == "bright"]
    assert method["reads"] == ["box", "click", "scribble"] and method["dims"] == [2, 3]
    level, _ = method["fields"]
    assert (level["name"], level["type"], level["default"]) == ("level", "number", 0.5)
    assert not method["joint"]
    assert method["title"] == "Bright", "made from the name where a method has none"


def test_methods_of_the_package_are_listed_under_their_titles(tmp_path, monkeypatch):
    monkeypatch.setattr(methods, "BUILT_IN", BUILT_IN)
    with served(tmp_path) as client:
        told = client.get("/api/methods").json()["methods"]
    titles = {one["name"]: one["title"] for one in told}
    assert {point.name for point in BUILT_IN} <= set(titles)
    assert titles["bifseg"] == "BIFSeg" and titles["click_fcn"] == "Click-guided network"
    assert not any(titles[point.name] == point.name for point in BUILT_IN)


def test_files_out_are_the_masks_on_the_images_grid(page, client, scan, tmp_path):
    page.mark(box(*block(scan, 100)))
    page.mark(box(*block(scan, 80)), object=2)
    page.do("PATCH", "objects/2", name="cyst", colour="#abcdef")
    assert not page.state()["saved"]
    own = nib.load(tmp_path / "images" / "sub" / "scan.nii.gz")
    reply = client.get(page.url("export?format=nifti"))
    (tmp_path / "out.nii.gz").write_bytes(reply.content)
    found = nib.load(tmp_path / "out.nii.gz")
    np.testing.assert_array_equal(found.affine, own.affine)
    np.testing.assert_array_equal(nib.as_closest_canonical(found).get_fdata(), page.labels)
    assert page.state()["saved"]
    image = delineate.read(tmp_path / "images" / "sub" / "scan.nii.gz")
    for format, name in (("nifti", "a.nii.gz"), ("nrrd", "a.seg.nrrd")):
        (tmp_path / name).write_bytes(client.get(page.url(f"export?format={format}")).content)
        labels = delineate.read_labels(tmp_path / name, like=image)
        assert [(x.number, x.name, x.colour, len(x.voxels)) for x in labels] == [
            (1, "object 1", "#e6194b", 48), (2, "cyst", "#abcdef", 27)
        ]  # fmt: skip
    one = client.get(
        page.url("export?format=nifti&layout=objects&objects=2&pattern={image}-{number}")
    )
    assert "scan-2.nii.gz" in one.headers["content-disposition"]
    both = client.get(page.url("export?format=nifti&layout=objects"))
    names = zipfile.ZipFile(io.BytesIO(both.content)).namelist()
    assert names == ["scan_object 1.nii.gz", "scan_cyst.nii.gz"]
    session = client.get(page.url("export?format=session")).content
    (tmp_path / "s.delineate").write_bytes(session)
    again = delineate.load(tmp_path / "s.delineate")
    np.testing.assert_array_equal(again.labels(), found.get_fdata())
    assert client.get(page.url("export?format=picture&axis=2&slice=2")).content[:4] == b"\x89PNG"
    first, second = (
        client.get(page.url(f"export?format=picture&axis=2&slice=2&objects={n}")).content
        for n in (1, 2)
    )
    page.send("PATCH", "objects/2", colour="#e6194b")
    both = client.get(page.url("export?format=picture&axis=2&slice=2")).content
    assert len({first, second, both}) == 3
    assert _coloured(both, 0xE6194B) > _coloured(first, 0xE6194B) > 0
    assert error(client.get(page.url("export?format=dicom-seg"))) == (422, "Invalid")


def test_a_picture_shows_the_channel_that_is_asked_for(client, scan, tmp_path):
    array = np.zeros((12, 10, 6), np.int16)
    array[6:] = 100
    nib.save(nib.Nifti1Image(array, AFFINE), tmp_path / "images" / "half.nii")
    page = Page(client, paths=["sub/scan.nii.gz", "half.nii"], method="copy")
    page.mark({"kind": "given", "voxels": runs(scan == 100)})
    first, second, other = (
        client.get(page.url(f"export?format=picture{channel}")).content
        for channel in ("", "&channel=1", "&channel=0")
    )
    assert first == other != second
    assert (_grey(second) > 200).mean() > 0.3 > (_grey(first) > 200).mean()
    wrong = client.get(page.url("export?format=picture&channel=2"))
    assert error(wrong) == (422, "ImageError")
    assert wrong.json()["error"]["message"] == "there is no channel 2, the channels are 0 to 1"
    assert error(client.get(page.url("export?format=picture&channel=-1"))) == (422, "Invalid")
    written = page.send("POST", "export", format="picture", channel=1).json()["written"]
    assert (tmp_path / "images" / "sub" / written[0]).read_bytes() == second


def test_a_segmentation_comes_in_as_objects(page, client, scan, tmp_path):
    array = np.zeros((12, 10, 6), np.uint8)
    array[1:3, 1:3, 1] = 1
    array[5, 5, 5] = 7
    nib.save(nib.Nifti1Image(array, AFFINE), tmp_path / "images" / "old.nii.gz")
    page.mark(box(*block(scan, 100)))
    header = page.do("POST", "segmentations", path="old.nii.gz")
    assert {o["number"] for o in header["objects"]} >= {2, 7}
    canonical = nib.as_closest_canonical(nib.Nifti1Image(array, AFFINE)).get_fdata()
    np.testing.assert_array_equal(page.labels == 2, canonical == 1)
    np.testing.assert_array_equal(page.labels == 7, canonical == 7)
    nib.save(nib.Nifti1Image(array[1:], AFFINE), tmp_path / "images" / "other.nii.gz")
    assert error(page.send("POST", "segmentations", path="other.nii.gz")) == (
        422,
        "GeometryMismatch",
    )
    (tmp_path / "up.nii.gz").write_bytes((tmp_path / "images" / "old.nii.gz").read_bytes())
    upload = client.post("/api/uploads").json()["upload"]
    client.put(f"/api/uploads/{upload}/my.nii.gz", content=(tmp_path / "up.nii.gz").read_bytes())
    page.do("POST", "segmentations", upload=upload)
    state = page.state()
    assert len(state["objects"]) == 5
    assert state["history"]["steps"][-1]["name"] == "open my.nii.gz"


def test_a_segmentation_is_one_step_that_a_restart_keeps(scan, tmp_path):
    array = np.zeros((12, 10, 6), np.uint8)
    array[2:5, 3:7, 1:4], array[5, 5, 5], array[0, 0] = 3, 7, 9
    nib.save(nib.Nifti1Image(array, AFFINE), tmp_path / "images" / "old.nii.gz")
    with served(tmp_path) as client:
        page = Page(client, "sub/scan.nii.gz")
        page.mark(box(*block(scan, 100)))
        before = page.labels.copy()
        header = page.do("POST", "segmentations", path="old.nii.gz")
        assert header["history"] == {
            "done": 2, "count": 2,
            "added": {**header["history"]["added"], "name": "open old.nii.gz"},
        }  # fmt: skip
        canonical = nib.as_closest_canonical(nib.Nifti1Image(array, AFFINE)).get_fdata()
        after = np.where(canonical > 0, canonical, before)
        np.testing.assert_array_equal(page.labels, after)
        page.do("POST", "undo")
        np.testing.assert_array_equal(page.labels, before)
        assert [item["number"] for item in page.state()["objects"]] == [1]
        page.do("POST", "redo")
        np.testing.assert_array_equal(page.labels, after)
        page.do("POST", "undo")
    with served(tmp_path) as client:
        page = Page(client, "sub/scan.nii.gz")
        np.testing.assert_array_equal(page.labels, before)
        page.do("POST", "redo")
        np.testing.assert_array_equal(page.labels, after)
        state = page.state()
        assert [step["name"] for step in state["history"]["steps"]][1:] == ["open old.nii.gz"]
        assert [item["number"] for item in state["objects"]] == [1, 3, 7, 9]


def test_an_uploaded_image(client, tmp_path, scan):
    upload = client.post("/api/uploads").json()["upload"]
    content = (tmp_path / "images" / "sub" / "scan.nii.gz").read_bytes()
    reply = client.put(f"/api/uploads/{upload}/..%2F..%2Fevil name.nii.gz", content=content)
    assert reply.status_code in (200, 404, 405)
    client.put(f"/api/uploads/{upload}/scan.nii.gz", content=content)
    page = Page(client, upload=upload)
    page.mark(box(*block(scan, 100)))
    assert page.state()["image"]["path"] is None
    assert error(page.send("POST", "export", format="nifti")) == (409, "SessionError")
    assert client.delete(page.url()).status_code == 204
    assert error(client.get(page.url())) == (404, "UnknownSession")
    assert not list((tmp_path / "home" / "uploads").iterdir())


def test_masks_beside_the_image_only_on_request(page, client, scan, tmp_path):
    folder = tmp_path / "images" / "sub"
    page.mark(box(*block(scan, 100)))
    assert [p.name for p in folder.iterdir()] == ["scan.nii.gz"]
    assert page.send("POST", "export", format="nifti").json() == {"written": ["scan_labels.nii.gz"]}
    page.mark(box(*block(scan, 80)), object=2)
    assert page.send("POST", "export", format="nifti").status_code == 200
    found = nib.as_closest_canonical(nib.load(folder / "scan_labels.nii.gz")).get_fdata()
    np.testing.assert_array_equal(found, page.labels)
    (folder / "scan_object 1.nii.gz").write_bytes(b"somebody else's")
    reply = page.send("POST", "export", format="nifti", layout="objects")
    assert error(reply) == (409, "SessionError")
    assert (folder / "scan_object 1.nii.gz").read_bytes() == b"somebody else's"
    reply = page.send("POST", "export", format="nifti", layout="objects", pattern="../{name}")
    assert reply.status_code == 200 and not list((tmp_path / "images").glob("*.nii.gz"))


def test_autosave_writes_a_moment_after_a_step(page, client, scan, tmp_path, monkeypatch):
    from delineate.serve import autosave

    monkeypatch.setattr(autosave, "DELAY", 0.01)
    assert client.put(page.url("autosave"), json={"format": "nifti"}).status_code == 204
    page.mark(box(*block(scan, 100)))
    target = tmp_path / "images" / "sub" / "scan_labels.nii.gz"
    for _ in range(500):
        if page.state()["saved"] and target.exists():
            break
    assert (nib.load(target).get_fdata() == 1).sum() == 48
    assert client.put(page.url("autosave"), json=None).status_code == 204
    assert page.state()["autosave"] is None


def test_statistics_of_a_box_by_hand(page, client, scan):
    header = client.get(page.url("statistics?format=csv")).text
    assert client.get(page.url("export?format=csv")).text == header
    page.mark(box(*block(scan, 100)))
    client.post(page.url("seconds"), json={"object": 1, "seconds": 2.5})
    assert client.post(page.url("seconds"), json={"object": 1, "seconds": 1}).json() == {
        "seconds": {"1": 3.5}
    }
    (row,) = client.get(page.url("statistics")).json()["rows"]
    assert row["voxels"] == 48 and row["ml"] == pytest.approx(0.18)
    assert (row["mean"], row["sd"], row["p50"], row["seconds"]) == (100, 0, 100, 3.5)
    assert row["longest_mm"] == pytest.approx(np.hypot(4 * 1.0, 4 * 1.5))
    text = client.get(page.url("statistics?format=csv")).text
    assert text.splitlines()[0].startswith("object,name,voxels,ml,surface_mm2,longest_mm")
    assert header.split() == text.splitlines()[:1] == [",".join(row)], "with no object too"
    page.do("PATCH", "objects/1", name="=cmd()")
    assert "'=cmd()" in client.get(page.url("statistics?format=csv")).text


def test_the_work_list(client, page, scan, tmp_path):
    (tmp_path / "images" / "b.txt").write_text("not an image")
    (tmp_path / "images" / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    items = client.get("/api/work").json()
    assert [(i["path"], i["status"]) for i in items["items"]] == [
        ("a.png", "to do"),
        ("sub/scan.nii.gz", "to do"),
    ]
    header = "image,object,name,seconds,prompts,steps,ml,status\r\n"
    assert client.get("/api/work.csv").text == header
    page.mark(box(*block(scan, 100)))
    client.post(page.url("seconds"), json={"object": 1, "seconds": 4})
    listed = client.get("/api/work").json()
    assert listed["items"][1]["status"] == "started" and listed["items"][1]["seconds"] == 4
    assert listed["resume"] == "sub/scan.nii.gz"
    assert (
        client.put("/api/work", json={"path": "sub/scan.nii.gz", "status": "done"}).status_code
        == 204
    )
    listed = client.get("/api/work").json()
    assert listed["items"][1]["status"] == "done" and listed["resume"] == "a.png"
    row = "sub/scan.nii.gz,1,object 1,4,1,1,0.18,done\r\n"
    assert client.get("/api/work.csv").text == header + row
    files = client.get("/api/files").json()
    assert [f["name"] for f in files["folders"]] == ["sub"] and files["parent"] is None
    inner = client.get("/api/files?folder=sub").json()
    assert inner["parent"] == "" and inner["images"][0]["status"] == "done"


def test_too_many_and_too_large(tmp_path, scan):
    with served(tmp_path, limits=limits(voxels=100)) as client:
        assert error(client.post("/api/sessions", json={"path": "sub/scan.nii.gz"})) == (
            413,
            "TooLarge",
        )
    with served(tmp_path, limits=limits(sessions=1)) as client:
        assert client.post("/api/sessions", json={"path": "sub/scan.nii.gz"}).status_code == 201
        again = {"path": "sub/scan.nii.gz", "resume": False}
        assert error(client.post("/api/sessions", json=again)) == (429, "Busy")
    with served(tmp_path, limits=limits(body_bytes=1000)) as client:
        big = {"path": "x" * 2000}
        assert error(client.post("/api/sessions", json=big)) == (413, "TooLarge")
    with served(tmp_path, limits=limits(upload_bytes=1000)) as client:
        upload = client.post("/api/uploads").json()["upload"]
        url = f"/api/uploads/{upload}/a"
        assert client.put(url, content=b"x" * 800).status_code == 200
        assert error(client.put(url + "b", content=b"x" * 800)) == (413, "TooLarge")
        assert error(client.put(url, content=b"x" * 2000)) == (413, "TooLarge")
    with served(tmp_path, limits=limits(memory_bytes=12 * 10 * 6 * 4)) as client:
        first = Page(client, "sub/scan.nii.gz")
        first.mark(box(*block(scan, 100)))
        second = Page(client, "sub/scan.nii.gz", resume=False)
        second.mark(click(0, 0, 0))
        np.testing.assert_array_equal(first.fresh(), first.labels)


def test_edits_are_steps_with_names(page, scan):
    mask = scan == 100
    holed = mask.copy()
    at = tuple(np.argwhere(mask).mean(axis=0).astype(int))
    holed[at] = False
    holed[0, 0, 0] = True
    page.mark({"kind": "given", "voxels": runs(holed)})
    page.do("POST", "edits", tool="largest", object=1)
    page.do("POST", "edits", tool="fill", object=1, axis=2)
    np.testing.assert_array_equal(page.labels, mask)
    _, high = block(scan, 100)
    page.do("POST", "edits", tool="copy", object=1, axis=2, slice=high[2] - 1, to=high[2])
    assert page.labels[:, :, high[2]].sum() == 16
    page.do("POST", "undo")
    page.do("POST", "edits", tool="copy", object=1, axis=2, slice=high[2] - 1, to=high[2] + 1)
    page.do("POST", "edits", tool="interpolate", object=1, axis=2)
    assert page.labels[:, :, high[2]].sum() == 16
    page.do("POST", "edits", tool="grow", object=1, radius_mm=1.0)
    page.do("POST", "edits", tool="shrink", object=1, radius_mm=1.0)
    brush = runs(np.ones(page.labels.shape, bool))
    page.do("POST", "edits", tool="threshold", object=2, voxels=brush, low=70, high=90)
    np.testing.assert_array_equal(page.labels == 2, scan == 80)
    names = [step["name"] for step in page.state()["history"]["steps"]]
    assert names[-1] == "threshold on object 2" and "interpolate on object 1" in names
    assert error(page.send("POST", "edits", tool="nosuch", object=1)) == (422, "PromptError")
    assert error(page.send("POST", "edits", tool="grow", object=1)) == (422, "PromptError")
    assert error(page.send("POST", "edits", tool="fill", object=9)) == (404, "UnknownObject")


def test_an_edit_that_a_stop_interrupted_can_be_sent_again(tmp_path, scan, monkeypatch):
    def stop(*_):
        raise OSError("the power went")

    brush = runs(np.ones(scan.shape, bool))
    edit = {"tool": "threshold", "object": 2, "voxels": brush, "low": 70.0, "high": 90.0}
    with served(tmp_path) as client, monkeypatch.context() as patched:
        page = Page(client, "sub/scan.nii.gz")
        patched.setattr("delineate.journal.Journal.answered", stop)
        assert page.send("POST", "edits", **edit).status_code == 500
    with served(tmp_path) as client:
        page = Page(client, "sub/scan.nii.gz")
        (asked,) = page.state()["interrupted"]
        assert (asked["action"], asked["object"], asked["prompts"]) == ("edits", 2, [])
        assert asked["edit"] == {**edit, "inside": True}
        page.do("POST", "edits", **asked["edit"])
        np.testing.assert_array_equal(page.labels == 2, scan == 80)
        assert client.delete(page.url("interrupted")).status_code == 204
        assert page.state()["interrupted"] == []


def test_probability_and_where_to_mark_next(page, client, scan):
    page.do("POST", "method", name="bright", fields={"probability": 0.6})
    page.mark(box(*block(scan, 100)))
    _, values = decode(client.get(page.url("objects/1/probability")).content)
    assert set(np.unique(values)) == {153}
    found = client.get(page.url("objects/1/suggestion")).json()
    assert scan[tuple(found["at"])] == 100 and found["certainty"] == pytest.approx(0.2, abs=0.01)


def test_the_description_names_every_endpoint_of_the_page(client):
    paths = client.get("/api/openapi.json").json()["paths"]
    text = (delineate_docs() / "server.md").read_text(encoding="utf-8")
    for path in paths:
        short = path.removeprefix("/api/sessions/{id}").removeprefix("/api")
        assert short.split("{")[0].rstrip("/") in text, path


def delineate_docs():
    from pathlib import Path

    return Path(__file__).resolve().parents[1] / "docs"


def test_json_of_a_view_is_limited(page, client):
    assert error(client.put(page.url("view"), json={"x": "y" * 600_000})) == (413, "TooLarge")
    assert json.loads(client.get(page.url()).text)["view"] == {}


@pytest.mark.parametrize("level", ["x", "", None, [1], {}, True])
def test_a_field_of_another_type_is_refused_before_the_method_works(page, client, level):
    fields = {"level": level}
    assert error(page.send("POST", "method", name="bright", fields=fields)) == (422, "MethodError")
    body = {"path": "sub/scan.nii.gz", "fields": fields, "method": "bright", "resume": False}
    reply = client.post("/api/sessions", json=body)
    assert error(reply) == (422, "MethodError") and "level is a number" in reply.text
    assert not page.state()["history"]["steps"]


def test_a_step_that_fails_uses_up_no_number(page):
    page.do("POST", "method", name="failing")
    page.mark(click(0, 0, 0))
    before = page.state()
    assert page.send("POST", "prompts", object=1, prompts=[click(1, 1, 1)]).status_code == 500
    assert page.state() == {**before, "opened": page.state()["opened"]}


def test_a_folder_of_dicom_files_is_an_image_and_no_folder(client, scan, tmp_path):
    for name in ("images/ct", "images/other"):
        (tmp_path / name).mkdir()
    (tmp_path / "images" / "ct" / "1").write_bytes(bytes(128) + b"DICM")
    found = client.get("/api/files").json()
    assert [(one["name"], one["format"]) for one in found["images"]] == [("ct", "dicom")]
    assert [one["name"] for one in found["folders"]] == ["other", "sub"]


def test_the_voxels_of_an_image_are_hashed_once(client, scan, monkeypatch):
    import hashlib
    from types import SimpleNamespace

    made = []
    counted = SimpleNamespace(sha256=lambda *a: made.append(1) or hashlib.sha256(*a))
    monkeypatch.setattr("delineate.volume.hashlib", counted)
    Page(client, "sub/scan.nii.gz")
    assert len(made) == 1


def test_methods_are_described_once(client, monkeypatch):
    first = client.get("/api/methods").json()
    monkeypatch.setattr("delineate.serve.describe.list_methods", None)
    assert client.get("/api/methods").json() == first


def _grey(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"))


def _coloured(png, colour):
    """Pixels of a colour."""
    rgb = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int64)
    return (rgb @ [1 << 16, 1 << 8, 1] == colour).sum()
