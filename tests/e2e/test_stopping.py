"""What takes its time shows that it runs, and stops when it is told to."""

import re

from served import wait_until

STOPPED = "Stopped; nothing has changed."


def hold(person, address: str) -> None:
    """Let an address get no answer until `unroute_all`."""
    person.page.route(re.compile(address), lambda route: None)


def test_opening_is_stopped_and_leaves_the_first_page(person, cell) -> None:
    page = person.page
    page.goto(person.served.url)
    hold(person, r"/api/sessions$")
    page.get_by_title(f"Open {cell}", exact=True).click()
    page.get_by_text(f"Opening {cell}").wait_for()
    page.locator("#stop-task").click()
    wait_until(lambda: STOPPED in person.messages())
    page.unroute_all()
    assert page.locator(".start").count() == 1
    assert person.open(cell)


def test_an_export_is_stopped_and_the_dialog_stays(person, cell) -> None:
    person.open(cell)
    person.key("p")
    person.drag((300, 300, 0), (310, 300, 0))
    hold(person, r"/export\?")
    person.key("e")
    person.page.locator("#download").click()
    person.page.get_by_text("Writing").wait_for()
    person.page.locator("#stop-task").click()
    wait_until(lambda: STOPPED in person.messages())
    person.page.unroute_all()
    with person.page.expect_download() as told:
        person.page.locator("#download").click()
    assert told.value.suggested_filename.endswith(".nii.gz")


def test_loading_a_segmentation_is_stopped(person, cell) -> None:
    person.open(cell)
    hold(person, r"/segmentations$")
    person.key("Shift+KeyO")
    person.page.locator(".dialog").get_by_title(f"Open {cell}", exact=True).click()
    person.page.get_by_text("Loading the segmentation").wait_for()
    person.page.locator("#stop-task").click()
    wait_until(lambda: STOPPED in person.messages())
    person.page.unroute_all()
    person.settle()
    assert person.steps() == []
