"""The page without a pointer: every mark, and what is said of an object, by the keyboard alone."""

import numpy as np
from served import wait_until


def at(person) -> list[int]:
    """The crosshair."""
    return person.page.evaluate("() => delineate.crosshair()")


def test_an_image_is_opened_marked_and_measured_by_the_keyboard_alone(person, cell) -> None:
    page = person.page
    page.goto(person.served.url)
    page.get_by_title(f"Open {cell}", exact=True).focus()
    page.keyboard.press("Enter")
    person.opened()
    keys = page.keyboard
    assert page.evaluate("document.activeElement.id") == "stage"
    start = at(person)
    keys.press("Shift+ArrowRight")
    keys.press("Control+ArrowUp")
    assert [b - a for a, b in zip(start, at(person), strict=True)] == [-1, 10, 0]
    keys.press("p")
    keys.press("g")
    for _ in range(3):
        keys.press("Control+ArrowLeft")
    keys.press("g")
    person.settle()
    assert person.label(start) == 0
    drawn = [(i, at(person)[1], 0) for i in range(start[0], at(person)[0] + 1)]
    assert [person.label(voxel) for voxel in drawn] == [1] * len(drawn) and len(drawn) == 30
    keys.press("Shift+KeyM")
    page.get_by_role("cell", name="Object 1").wait_for()
    keys.press("Escape")
    keys.press("z")
    person.settle()
    assert person.label(drawn[9]) == 0


def test_each_tool_marks_where_the_pen_went(person, cell) -> None:
    person.open(cell)
    person.key("/")
    assert person.page.evaluate("document.activeElement.id") == "method"
    person.page.keyboard.press("Escape")
    assert person.page.evaluate("document.activeElement.id") == "stage"
    first = at(person)
    for tool, way, kind in (
        ("c", (), "click"),
        ("s", ("Control+ArrowRight",), "scribble"),
        ("b", ("Control+ArrowRight", "Control+ArrowDown"), "box"),
    ):
        person.key(tool, "g", *way, *(["g"] if way else []))
        person.settle()
        assert person.steps()[-1].startswith(kind)
    *_, box = prompts(person)
    i, j, _ = first
    assert (box["low"][:2], box["high"][:2]) == ([i - 20, j - 10], [i - 9, j + 1])
    person.key("l", "g", "Control+ArrowLeft", "Control+ArrowUp", "Escape")
    assert len(prompts(person)) == 3


def prompts(person) -> list[dict]:
    """What the first object was marked with."""
    id = person.page.url.rpartition("/")[2]
    return person.served.state(id)["objects"][0]["prompts"]


def test_letters_edit_and_caps_lock_does_not(person, head) -> None:
    person.open(head)
    person.key("p")
    person.drag((40, 50, 10), (48, 50, 10))
    person.drag((80, 50, 10), (80, 51, 10))
    person.page.evaluate(
        "() => document.querySelector('#stage').dispatchEvent("
        "new KeyboardEvent('keydown', {key: 'C', shiftKey: false, bubbles: true}))"
    )
    person.settle()
    assert person.page.locator("#tool-click[aria-pressed=true]").count() == 1
    assert person.label((44, 50, 11)) == 0
    person.key("Shift+KeyC")
    person.settle()
    assert person.label((44, 50, 11)) == person.label((80, 50, 11)) == 1
    person.key("Shift+KeyL")
    person.settle()
    assert (person.label((44, 50, 11)), person.label((80, 50, 11))) == (1, 0)
    for key, active in (("n", 2), ("r", 1), ("Shift+KeyR", 2), ("r", 1)):
        person.key(key)
        person.page.wait_for_selector(f'.object.active[data-object="{active}"]')
    person.key("Control+Delete")
    person.settle()
    assert person.label((44, 50, 10)) == 0


def test_tab_leaves_the_image_and_reaches_the_panels(person, cell) -> None:
    person.open(cell)
    person.page.locator("#stage").focus()
    person.page.keyboard.press("Tab")
    wait_until(lambda: person.page.evaluate("document.activeElement.id") != "stage")
    seen = set()
    for _ in range(60):
        seen.add(person.page.evaluate("document.activeElement.getAttribute('aria-label')"))
        person.page.keyboard.press("Tab")
    assert {"New object (N)", "Window width", "Fill"} <= seen


def test_windows_and_channels_change_by_keys(person, images) -> None:
    name = "two.nii.gz"
    two_channels(images / name)
    person.open(name)
    width = person.page.get_by_label("Window width")
    person.key("Shift+KeyW")
    wait_until(lambda: width.input_value() == "400")
    person.key("Shift+KeyW")
    wait_until(lambda: width.input_value() == "1500")
    person.key("w")
    wait_until(lambda: width.input_value() != "1500")
    person.key("0")
    wait_until(lambda: person.page.get_by_label("Channel", exact=True).input_value() == "1")
    person.key("9")
    wait_until(lambda: person.page.get_by_label("Channel", exact=True).input_value() == "0")
    (images / name).unlink()


def two_channels(path) -> None:
    """A volume of two channels with values as of CT."""
    import nibabel

    values = np.random.default_rng(0).uniform(-1000, 1000, (20, 24, 6, 2)).astype(np.float32)
    nibabel.save(nibabel.Nifti1Image(values, np.diag([1.0, 1, 3, 1])), path)
