"""A new user's walk: from the first page to an exported DICOM SEG, as `docs/walk.md` tells it.

With DELINEATE_PICTURES=1 it draws the pictures of that page.
"""

import os
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from PIL import Image
from served import Served

CELL = (121, 284, 0)
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"


@pytest.fixture
def samples(tmp_path):
    """What `make demo` starts."""
    server = Served(tmp_path / "demo", tmp_path, "", demo=True)
    yield server
    server.close()


def intensities(served, session):
    """The image, on the page's grid."""
    return nibabel.Nifti1Image.from_bytes(
        served.get(f"/api/sessions/{session}/image?channel=0")
    ).get_fdata()


def picture(person, name):
    """Keep what is seen for the documentation, if that is asked for."""
    if os.environ.get("DELINEATE_PICTURES"):
        person.page.wait_for_timeout(1500)
        path = PICTURES / f"page_{name}.png"
        person.page.screenshot(path=path)
        Image.open(path).convert("RGB").quantize(256).save(path, optimize=True)


def test_from_the_first_page_to_a_dicom_seg(solid_browser, samples):
    from person import Person

    page = solid_browser.new_context(
        viewport={"width": 1280, "height": 720}, accept_downloads=True
    ).new_page()
    person = Person(page, samples)
    page.goto(samples.url)
    page.get_by_title("Open head_dicom").wait_for()
    picture(person, "start")
    session = person.open("cell.png")
    assert page.locator("#method option:checked").inner_text() == "Click-guided network"
    person.key("c")
    person.click(CELL)
    found, bright = samples.masks(session) == 1, intensities(samples, session)
    bright = bright > np.percentile(bright, 97)
    assert 2 * (found & bright).sum() > 0.8 * (found.sum() + bright.sum())
    picture(person, "click")
    session = person.open("head_dicom")
    assert page.locator("#method option:checked").inner_text() == "Graph cut"
    person.look((64, 60, 18))
    person.key("b")
    person.drag((45, 26, 18), (82, 69, 18))
    person.page.mouse.move(*person.at((64, 48, 0), 1))
    box = samples.state(session)["objects"][0]["prompts"][0]
    assert (box["low"], box["high"]) == ([45, 26, 0], [83, 70, 24])
    below, above = person.at((64, 48, 0), 1), person.at((64, 48, 9), 1)
    half = (below[1] - above[1]) / 18
    page.mouse.move(below[0], below[1] + half)
    page.mouse.down()
    page.mouse.move(above[0], above[1] + half, steps=3)
    page.mouse.up()
    person.settle()
    box = samples.state(session)["objects"][0]["prompts"][0]
    assert (box["low"], box["high"]) == ([45, 26, 9], [83, 70, 24])
    name = page.get_by_label("Name of object 1")
    name.fill("lateral ventricles")
    name.press("Enter")
    person.settle()
    picture(person, "box")
    person.key("s")
    person.drag((67, 38, 18), (67, 53, 18))
    person.drag((70, 61, 14), (63, 55, 14), (56, 61, 14))
    person.key("x")
    person.drag((63, 42, 13), (63, 48, 13))
    person.drag((77, 50, 16), (77, 62, 16))
    person.drag((48, 50, 16), (48, 62, 16))
    masks = samples.masks(session)
    assert masks[67, 45, 18] == 1
    assert masks[48, 56, 16] == 0
    picture(person, "marks")
    person.key("1")
    picture(person, "plane")
    person.key("4", "e")
    page.locator("#export-format").select_option("dicom-seg")
    picture(person, "export")
    with page.expect_download() as found:
        page.locator("#download").click()
    written = pydicom.dcmread(found.value.path())
    assert written.Modality == "SEG"
    assert written.SegmentSequence[0].SegmentLabel == "lateral ventricles"
    assert written.pixel_array.sum() == np.count_nonzero(samples.masks(session))
    assert person.wrong == []
    page.context.close()
