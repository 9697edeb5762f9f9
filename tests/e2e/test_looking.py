"""How an image is looked at: windows of CT, wheel, zoom and pan, and objects in 3D."""

import io

import nibabel
import numpy as np
import pytest
from PIL import Image
from served import wait_until
from test_sample import ball, first

HERE = (40, 30, 12)
AWAY = (90, 70, 12)


@pytest.fixture
def ct(images, request) -> str:
    """The name of a volume whose intensities are Hounsfield units: they grow along each axis."""
    name = f"{request.node.name}.nii.gz"
    i, j, k = np.indices((41, 41, 6))
    values = np.clip(-1000 + 40 * i + 10 * j + 20 * k, -1000, 1000).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([2.0, 2.0, 3.0, 1.0])), images / name)
    yield name
    (images / name).unlink()


def crosshair(person) -> list[int]:
    """Where the planes meet."""
    return person.page.evaluate("() => delineate.crosshair()")


def places(person, *voxels) -> np.ndarray:
    """Where voxels are on the page."""
    return np.array([person.at(voxel) for voxel in voxels])


def test_a_ct_window_has_the_values_of_its_name_and_changes_the_picture(person, served, ct):
    person.open(ct)
    person.key("i", "1")
    wait_until(lambda: person.page.evaluate("delineate.where([0, 0, 0], 0)") is None)
    image = nibabel.load(served.folder / ct).get_fdata()
    voxels = [(3, 30, 3), (12, 5, 3), (25, 10, 3), (27, 13, 3), (35, 33, 3)]

    def shown():
        return np.array([person.pixel(*person.at(voxel))[0] for voxel in voxels])

    seen = []
    for name, width, level in (("Lung", 1500, -600), ("Bone", 1800, 400), ("Brain", 80, 40)):
        person.page.get_by_title(f"{name}: width", exact=False).click()
        assert person.page.get_by_label("Window width").input_value() == str(width)
        assert person.page.get_by_label("Window level").input_value() == str(level)
        low = level - width / 2
        grey = np.array([(image[voxel] - low) / width for voxel in voxels])
        wait_until(lambda grey=grey: np.allclose(shown(), 255 * np.clip(grey, 0, 1), atol=1.5))
        seen.append(shown())
    assert len(np.unique(seen, axis=0)) == 3
    assert {0, 255} < set(np.array(seen).ravel().tolist()), "there is grey between black and white"


def test_the_wheel_goes_through_the_slices_of_the_plane_under_it(person, head):
    person.open(head)
    person.page.mouse.move(*person.at(HERE))
    start = crosshair(person)
    for turns, there in (
        (-120, start[2] + 1),
        (120, start[2]),
        (100, start[2] - 1),
        (-40, start[2]),
    ):
        person.page.mouse.wheel(0, turns)
        wait_until(lambda there=there: crosshair(person)[2] == there)
    assert crosshair(person) == start
    person.page.mouse.move(*person.at(HERE, 0))
    person.page.mouse.wheel(0, 40)
    wait_until(lambda: crosshair(person) == [start[0] - 1, start[1], start[2]])
    person.page.mouse.move(*person.at(HERE))
    for _ in range(20):
        person.page.mouse.wheel(0, 100)
    wait_until(lambda: crosshair(person)[2] == 0)


def test_control_and_wheel_zoom_about_the_pointer(person, served, head):
    session = person.open(head)
    before = places(person, HERE, AWAY)
    start = crosshair(person)
    person.page.mouse.move(*before[0])
    person.page.keyboard.down("Control")
    person.page.mouse.wheel(0, -200)
    person.page.keyboard.up("Control")
    wait_until(lambda: not np.array_equal(places(person, HERE, AWAY), before))
    pointer = np.floor(before[0])  # a wheel's place is in whole pixels
    after = pointer + (before - pointer) * np.exp(0.5)
    assert np.allclose(places(person, HERE, AWAY), after, atol=0.01)
    assert crosshair(person) == start
    person.key("c")
    person.page.mouse.click(*before[0])
    person.settle()
    middle = (*HERE[:2], start[2])
    assert np.array_equal(served.masks(session) == 1, ball(middle, 5))
    person.key("f")
    wait_until(lambda: np.allclose(places(person, HERE, AWAY), before, atol=0.01))


def test_the_middle_button_and_space_drag_the_image_and_mark_nothing(person, served, head):
    session = person.open(head)
    person.key("c")
    mouse, keyboard = person.page.mouse, person.page.keyboard

    def drag(button):
        """How far two voxels went."""
        before = places(person, HERE, AWAY)
        mouse.move(*before[0])
        mouse.down(button=button)
        mouse.move(*(before[0] + (30, 18)), steps=4)
        mouse.up(button=button)
        return places(person, HERE, AWAY) - before

    assert np.allclose(drag("middle"), (30, 18), atol=1)
    keyboard.down(" ")
    assert np.allclose(drag("left"), (30, 18), atol=1)
    keyboard.up(" ")
    person.settle()
    assert person.steps() == []
    depth = crosshair(person)[2]
    mouse.click(*person.at(HERE))
    person.settle()
    assert np.array_equal(served.masks(session) == 1, ball((*HERE[:2], depth), 5))


def test_an_object_has_a_surface_in_3d_until_it_is_hidden(solid_browser, served, head):
    from person import Person

    context = solid_browser.new_context(viewport={"width": 1280, "height": 720})
    person = Person(context.new_page(), served)
    session = first(person, head)
    solid = person.page.locator("#solid")

    def red() -> int:
        """How much of the 3D view has the colour of the first object."""
        seen = Image.open(io.BytesIO(solid.screenshot())).convert("RGB")
        r, g, b = np.asarray(seen).astype(int).transpose(2, 0, 1)
        return int(((r > 80) & (r > 2 * g) & (r > 2 * b)).sum())

    person.page.wait_for_selector('#solid[data-meshes="1"]')
    wait_until(lambda: red() > 50)
    person.key("u")
    person.page.wait_for_selector('#solid[data-meshes="0"]')
    wait_until(lambda: red() == 0)
    assert np.array_equal(served.masks(session) == 1, ball((60, 50, 12), 5)), "hidden, not gone"
    person.key("u")
    person.page.wait_for_selector('#solid[data-meshes="1"]')
    wait_until(lambda: red() > 50)
    assert person.wrong == []
    context.close()
