"""What comes of the work: files beside the image, the user's seconds, measures, pictures."""

import io

import nibabel
import numpy as np
from PIL import Image
from served import wait_until

BESIDE = "Write beside the image after each step"
DARK = (11, 14, 19)


def first(person, name, at=(60, 50, 12)):
    """Open an image and click once inside."""
    session = person.open(name)
    person.key("c")
    person.click(at)
    return session


def test_what_is_written_after_each_step_is_said_to_be_exported(person, served, head):
    session = first(person, head)
    person.key("e")
    person.page.locator("#export-format").select_option("nifti")
    person.page.get_by_label(BESIDE).check()
    saved = person.page.locator("#saved")
    wait_until(lambda: "✓ Exported" in saved.inner_text())
    person.page.keyboard.press("Escape")
    person.click((80, 50, 12))
    wait_until(lambda: "✓ Exported" in saved.inner_text())
    assert person.steps()[-1] == "click inside on object 1"
    path = served.folder / head.replace(".nii.gz", "_labels.nii.gz")
    written = nibabel.as_closest_canonical(nibabel.load(path)).get_fdata()
    assert np.array_equal(written, served.masks(session))
    path.unlink()


def test_masks_that_cannot_be_written_after_a_step_are_told_of(person, served, head):
    session = first(person, head)
    path = served.folder / head.replace(".nii.gz", "_labels.nii.gz")
    path.write_bytes(b"somebody else's")
    person.key("e")
    person.page.locator("#export-format").select_option("nifti")
    person.page.get_by_label(BESIDE).check()
    alert = person.page.locator(".message.error")
    alert.wait_for()
    assert f"{path.name} is there already and not from this session" in alert.inner_text()
    assert path.read_bytes() == b"somebody else's"
    assert "Not exported" in person.page.locator("#saved").inner_text()
    assert served.state(session)["saved"] is False
    path.unlink()


def test_the_seconds_before_the_first_mark_and_the_last_ones_count(person, served, head):
    session = person.open(head)
    for n in range(30):
        person.page.mouse.move(*person.at((50 + n, 50, 12)))
        person.page.wait_for_timeout(100)
    assert served.state(session)["seconds"] == {}
    person.key("c")
    person.click((60, 50, 12))
    person.page.goto("about:blank")
    wait_until(lambda: served.state(session)["seconds"].get("1", 0) >= 2)


def brightness(colour):
    """Relative luminance, as WCAG 2 has it."""
    parts = np.array(colour) / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_the_name_under_the_pointer_can_be_read(person, head):
    first(person, head)
    name = person.page.locator(".status .under")
    assert name.inner_text().strip() == "object 1"
    seen = "element => getComputedStyle(element).color.match(/\\d+/g).slice(0, 3).map(Number)"
    assert (brightness(name.evaluate(seen)) + 0.05) / (brightness(DARK) + 0.05) >= 4.5
    dot = name.locator(".dot")
    assert dot.evaluate("dot => getComputedStyle(dot).backgroundColor") == "rgb(230, 25, 75)"


def test_a_picture_shows_the_slice_that_is_looked_at(person, served, head):
    session = first(person, head)
    address = f"/api/sessions/{session}/export?format=picture"

    def exported():
        person.key("e")
        person.page.locator("#export-format").select_option("picture")
        with person.page.expect_download() as found:
            person.page.locator("#download").click()
        return np.asarray(Image.open(found.value.path()))

    def sent(where):
        return np.asarray(Image.open(io.BytesIO(served.get(address + where))))

    person.look((60, 50, 10))
    assert np.array_equal(exported(), sent("&axis=2&slice=10"))
    assert not np.array_equal(sent("&axis=2&slice=10"), sent(""))
    person.key("3")
    depth = person.page.evaluate("delineate.crosshair()")
    axis = next(a for a in (0, 1) if person.page.evaluate(f"delineate.where([0, 0, 0], {a})"))
    assert np.array_equal(exported(), sent(f"&axis={axis}&slice={depth[axis]}"))
