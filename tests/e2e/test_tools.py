"""What a person draws and does to a mask: lasso, another's mask, edits, two objects at once."""

import io
import zipfile

import nibabel
import numpy as np
from scipy import ndimage
from served import canonical
from test_sample import HEAD, ball, first


def spacing(served, name):
    """The voxel's size in mm, along the page's axes."""
    image = nibabel.as_closest_canonical(nibabel.load(served.folder / name))
    return image.header.get_zooms()[:3]


def edited(person, served, session, tool, radius=None):
    """The first object after an edit."""
    if radius:
        box = person.page.get_by_label("Radius in mm")
        box.fill(str(radius))
        box.press("Tab")
    person.page.locator(f"#edit-{tool}").click()
    person.settle()
    return served.masks(session) == 1


def undo(person):
    """Take back a step."""
    person.key("z")
    person.settle()


def test_a_lasso_as_the_object_itself_is_what_is_inside_the_drawn_line(person, served, head):
    session = person.open(head)
    person.key("l")
    person.page.get_by_title("The object itself", exact=True).click()
    line = [(50, 40), (70, 40), (70, 50), (60, 50), (60, 60), (50, 60)]
    person.drag(*[(i - 0.5, j - 0.5, 12) for i, j in line])
    inside = np.zeros(HEAD, bool)
    inside[50:70, 40:50, 12] = inside[50:60, 50:60, 12] = True
    assert np.array_equal(served.masks(session) == 1, inside)
    assert (person.label((69, 49, 12)), person.label((61, 51, 12))) == (1, 0)
    person.key("x")
    line = [(55, 35), (75, 35), (75, 45), (55, 45)]
    person.drag(*[(i - 0.5, j - 0.5, 12) for i, j in line])
    inside[55:75, 35:45, 12] = False
    assert np.array_equal(served.masks(session) == 1, inside)
    marks = served.state(session)["objects"][0]["prompts"]
    assert [mark["kind"] for mark in marks] == ["paint", "paint"]


def test_an_object_starts_from_the_mask_of_another_and_stays_the_active_one(person, served, head):
    session = first(person, head)
    person.key("n")
    person.settle()
    row = person.page.locator("[data-object='1']")
    row.hover()
    row.get_by_title("Start the active object from this mask", exact=False).click()
    person.settle()
    taken = ball((60, 50, 12), 5)
    taken[60, 50, 12] = False  # whoever marked a voxel keeps it
    assert np.array_equal(served.masks(session) == 2, taken)
    assert person.label((61, 50, 12)) == 2
    person.key("p")
    person.click((90, 50, 12))
    assert person.label((90, 50, 12)) == 2
    assert (served.masks(session) == 1).sum() == 1
    undo(person)
    undo(person)
    assert np.array_equal(served.masks(session), ball((60, 50, 12), 5))


def test_a_mask_that_is_not_given_up_is_told_of(person, served, head):
    session = person.open(head)
    person.key("p")
    person.click((60, 50, 12))
    person.key("n")
    person.settle()
    assert person.steps()[-1] == "add object 2"
    before = served.masks(session)
    person.page.get_by_label("Name of object 1").focus()
    seed = person.page.locator("[data-object='1']").get_by_title("Start the active object")
    seed.press("Enter")
    person.settle()
    assert np.array_equal(served.masks(session), before)
    assert "object 1 keeps its voxels" in person.messages()


def test_fill_grow_and_shrink_are_what_scipy_says(person, served, head):
    session = first(person, head)
    person.key("p", "x")
    person.click((60, 50, 12))
    hollow = served.masks(session) == 1
    assert not hollow[58:63, 48:53, 12].any()
    filled = edited(person, served, session, "fill")
    assert np.array_equal(filled, ndimage.binary_fill_holes(hollow))
    assert np.array_equal(filled, ball((60, 50, 12), 5))
    size = spacing(served, head)
    grown = edited(person, served, session, "grow", 4.5)
    assert np.array_equal(grown, ndimage.distance_transform_edt(~filled, size) <= 4.5)
    shrunk = edited(person, served, session, "shrink", 5)
    assert np.array_equal(shrunk, ndimage.distance_transform_edt(grown, size) > 5)
    for before in (grown, filled, hollow):
        undo(person)
        assert np.array_equal(served.masks(session) == 1, before)


def test_smooth_takes_a_spur_away_and_largest_a_speck(person, served, head):
    session = first(person, head)
    person.key("p", *["["] * 10)
    person.drag((66, 50, 12), (76, 50, 12))
    person.click((100, 50, 12))
    rough = served.masks(session) == 1
    spur, speck = rough[66:77, 50, 12], rough[100, 50, 12]
    assert spur.all()
    assert speck
    assert rough.sum() == ball((60, 50, 12), 5).sum() + 12
    parts, count = ndimage.label(rough, np.ones((3, 3, 3)))
    assert count == 2
    whole = edited(person, served, session, "largest")
    assert np.array_equal(whole, parts == parts[60, 50, 12])
    smooth = edited(person, served, session, "smooth", 2)
    assert not smooth[68:].any()
    assert smooth[ball((60, 50, 12), 3)].all()
    assert not smooth[~ball((60, 50, 12), 7)].any()
    assert 0.8 < smooth.sum() / ball((60, 50, 12), 5).sum() <= 1


def test_interpolation_goes_from_one_painted_slice_to_the_next(person, served, head):
    session = person.open(head)
    person.key("p")
    person.click((60, 50, 3))
    person.key(*["]"] * 3)
    person.click((64, 50, 7))
    drawn = served.masks(session) == 1
    assert np.flatnonzero(drawn.any(axis=(0, 1))).tolist() == [3, 7]
    found = edited(person, served, session, "interpolate")
    assert np.array_equal(found[..., [3, 7]], drawn[..., [3, 7]])
    assert np.flatnonzero(found.any(axis=(0, 1))).tolist() == [3, 4, 5, 6, 7]
    low, high = drawn[..., 3], drawn[..., 7]
    centres = [ndimage.center_of_mass(found[..., k])[0] for k in range(3, 8)]
    assert np.all(np.diff(centres) > 0)
    for k in (4, 5, 6):
        assert (found[..., k] >= (low & high)).all()
        assert (found[..., k] <= (low | high)).all()
    copied = edited(person, served, session, "copy")
    assert person.page.evaluate("delineate.crosshair()")[2] == 8
    assert np.array_equal(copied[..., 8], high)
    assert np.array_equal(np.delete(copied, 8, 2), np.delete(found, 8, 2))
    undo(person)
    undo(person)
    assert np.array_equal(served.masks(session) == 1, drawn)


def test_a_joint_method_shares_the_image_between_two_marked_objects(person, served, head):
    session = person.open(head)
    person.page.locator("#method").select_option("growcut")
    person.settle()
    one, two = (50, 50, 12), (80, 50, 12)
    person.key("s")
    person.drag(one, (50, 56, 12))
    person.key("n")
    person.settle()
    person.drag(two, (80, 56, 12))
    reply = served.get(f"/api/sessions/{session}/export?format=nifti&layout=objects")
    with zipfile.ZipFile(io.BytesIO(reply)) as files:
        masks = [canonical(files.read(name)) > 0 for name in sorted(files.namelist())]
    assert len(masks) == 2
    assert masks[0][50, 50:57, 12].all()
    assert masks[1][80, 50:57, 12].all()
    assert min(mask.sum() for mask in masks) > 7
    assert not (masks[0] & masks[1]).any()
    assert (person.label(one), person.label(two)) == (1, 2)
