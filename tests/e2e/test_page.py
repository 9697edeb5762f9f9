"""The page itself: keyboard help, errors, progress, uploads, crashes, the work list."""

import json

import numpy as np
from served import wait_until
from test_sample import ball

from delineate import samples

RADIUS = 5


def test_every_key_is_in_the_help(person, head):
    person.open(head)
    person.key("?")
    shown = person.page.locator(".help").inner_text()
    for word in ("Undo", "Redo", "Scribble", "Next slice", "Export", "Smaller brush", "Lock"):
        assert word in shown
    person.page.keyboard.press("Escape")
    assert person.page.locator(".dialog").count() == 0
    assert "not a medical device" in person.page.locator(".notice").inner_text()


def test_an_error_is_one_sentence_and_changes_nothing(person, served, head):
    session = person.open(head)
    person.key("t")
    person.page.get_by_label("Lowest intensity").fill("100000")
    person.page.get_by_label("Highest intensity").fill("200000")
    person.drag((60, 50, 12), (62, 50, 12))
    alert = person.page.locator(".message.error").inner_text()
    assert alert == "no voxel under the brush has an intensity in this range"
    assert served.state(session)["history"]["done"] == 0
    person.forgive("422")


def test_a_mark_that_is_not_enough_waits_for_the_next(person, served, head):
    session = person.open(head)
    person.key("c", "x")
    person.click((60, 50, 12))
    assert "balls needs an inside mark; click inside the object" in person.messages()
    assert served.state(session)["history"]["done"] == 1
    assert served.masks(session).sum() == 0


def test_settings_come_from_the_fields_and_can_be_reset(person, served, head):
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    person.page.locator(".values summary").click()
    box = person.page.get_by_label("radius", exact=True)
    box.fill("-3")
    box.press("Enter")
    person.page.wait_for_selector(".wrong")
    assert "radius is from above 0" in person.page.locator("p.wrong").inner_text()
    person.forgive("422")
    person.wrong.clear()
    box.fill("8")
    box.press("Enter")
    wait_until(lambda: served.state(session)["method"]["fields"]["radius"] == 8)
    person.settle()
    person.page.get_by_title("Reset all settings").click()
    wait_until(lambda: served.state(session)["method"]["fields"]["radius"] == RADIUS)


def test_a_slow_answer_shows_progress_and_can_be_stopped(person, served, head):
    session = person.open(head)
    person.set("seconds", "20")
    done = served.state(session)["history"]["done"]
    person.key("c")
    person.page.mouse.click(*person.at((60, 50, 12)))
    person.page.wait_for_selector(".progress progress[value]")
    person.page.locator("#cancel").click()
    person.settle()
    assert "nothing has changed" in person.messages()
    assert served.state(session)["history"]["done"] == done
    person.forgive("409")
    person.wrong.clear()


def test_a_reload_beside_a_slow_computation_shows_what_there_is(person, served, head):
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    before = served.masks(session)
    person.set("seconds", "8")
    person.key("c")
    person.page.mouse.click(*person.at((90, 50, 12)))
    person.page.wait_for_selector(".progress progress[value]")
    person.page.reload()
    assert person.opened() == session
    assert served.state(session)["busy"]["step"] == "click"
    assert person.label((60, 50, 12)) == 1
    assert person.label((90, 50, 12)) == 0
    person.page.wait_for_selector(".progress progress[value]")
    wait_until(lambda: person.label((90, 50, 12)) == 1)
    assert served.masks(session)[90, 50, 12] == 1
    assert (served.masks(session) >= before).all()


def test_what_is_half_typed_stays_when_the_page_is_drawn_anew(person, served, head):
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    person.page.get_by_label("Name of object 1").fill("lesion")
    person.page.evaluate(
        """(url) => fetch(url, {
          method: 'PATCH', body: '{"colour": "#123456"}',
          headers: { 'Content-Type': 'application/json', 'X-Window': 'other' },
        })""",
        f"/api/sessions/{session}/objects/1",
    )
    colour = person.page.locator("input[type=color]")
    wait_until(lambda: colour.input_value() == "#123456")
    assert person.page.get_by_label("Name of object 1").input_value() == "lesion"
    person.page.get_by_label("Name of object 1").press("Enter")
    person.settle()
    (item,) = served.state(session)["objects"]
    assert (item["name"], item["colour"]) == ("lesion", "#123456")


def test_methods_are_listed_by_their_titles(person, head):
    person.open(head)
    titles = person.page.locator("#method option").all_inner_texts()
    assert {"BIFSeg", "GeoS", "Slic-Seg", "Click-guided network", "Graph cut"} <= set(titles)


def test_an_upload_by_drag_and_drop(person, served):
    person.page.goto(served.url)
    person.page.wait_for_selector(".drop")
    found = list(samples.cell().read_bytes())
    person.page.evaluate(
        """(bytes) => {
          const data = new DataTransfer()
          data.items.add(new File([new Uint8Array(bytes)], 'dropped.png', { type: 'image/png' }))
          window.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))
        }""",
        found,
    )
    session = person.opened()
    state = served.state(session)
    assert state["title"] == "dropped.png"
    assert state["image"]["dims"] == 2
    person.key("c")
    person.click((300, 200, 0))
    assert served.masks(session)[300, 200, 0] == 1


def test_two_windows_see_the_same(person, served, browser, head):
    from person import Person

    session = person.open(head)
    other = Person(browser.new_context().new_page(), served)
    other.page.goto(served.url)
    other.page.goto(person.page.url)
    other.opened()
    person.key("c")
    person.click((60, 50, 12))
    wait_until(lambda: other.label((60, 50, 12)) == 1)
    assert other.steps()[-1] == "click inside on object 1"
    other.page.context.close()
    assert served.state(session)["history"]["done"] == 1


def test_the_work_list_goes_on_and_is_ticked_off(person, served, head, cell):
    person.open(min(head, cell))
    person.page.wait_for_selector(".worklist")
    person.key("d")
    wait_until(lambda: "done" in [i["status"] for i in work(served) if i["name"] in (head, cell)])
    before = person.page.url
    person.page.locator("#next-image").click()
    person.page.wait_for_url(lambda url: url != before)
    assert served.state(person.opened())["title"] == max(head, cell)


def work(served):
    """The work list, as the server has it."""
    return json.loads(served.get("/api/work"))["items"]


def test_a_crash_of_the_server_loses_nothing(alone, head):
    person, server = alone, alone.served
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    person.click((75, 50, 12))
    before = server.masks(session)
    server.kill()
    person.page.wait_for_selector(".saved.wrong")
    server.start()
    person.page.wait_for_selector("#saved")
    assert np.array_equal(server.masks(session), before)
    person.click((90, 50, 12))
    assert person.label((90, 50, 12)) == 1


def test_what_a_stop_interrupted_is_offered_again_and_escape_keeps_all(alone, head):
    person, server = alone, alone.served
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    before = server.masks(session)
    person.set("seconds", "5")
    person.page.mouse.click(*person.at((90, 50, 12)))
    person.page.wait_for_selector(".progress progress[value]")
    server.kill()
    person.page.wait_for_selector(".saved.wrong")
    server.start()
    dialog = person.page.get_by_role("dialog", name="The server stopped while it worked")
    dialog.wait_for()
    assert "click on object 1" in dialog.inner_text()
    person.page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert np.array_equal(server.masks(session), before)
    assert person.label((60, 50, 12)) == 1
    person.page.reload()
    person.opened()
    dialog.wait_for()
    dialog.get_by_title("Send these again").click()
    dialog.wait_for(state="detached")
    person.settle()
    assert server.masks(session)[90, 50, 12] == 1
    assert server.masks(session)[60, 50, 12] == 1
    assert server.state(session)["interrupted"] == []


def test_moves_and_edits_that_were_interrupted_are_sent_again_too(person, served, head):
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    moved = {"kind": "click", "at": [64, 50, 12], "inside": True, "axis": 2}
    asked = [
        {"time": 0, "action": "replace", "prompt": 1, "prompts": [moved]},
        {"time": 0, "action": "edits", "object": 1, "prompts": [],
         "edit": {"tool": "grow", "object": 1, "radius_mm": 4}},
    ]  # fmt: skip

    def told(route) -> None:
        state = route.fetch().json()
        route.fulfill(json={**state, "interrupted": asked})

    person.page.route(f"**/api/sessions/{session}", told)
    person.page.reload()
    person.opened()
    person.page.get_by_title("Send these again").click()
    person.page.unroute_all()
    person.settle()
    before, after = ball((64, 50, 12), 5), served.masks(session) == 1
    assert (after & before).sum() == before.sum() < after.sum()
    assert not after[55, 50, 12]
    assert [name.split()[0] for name in person.steps()[-2:]] == ["move", "grow"]
