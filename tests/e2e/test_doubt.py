"""Where a method is in doubt: the heat, and where to mark next."""

import json

import numpy as np
from served import wait_until
from test_sample import ball

NEAR, FAR = (63, 53, 12), (90, 53, 12)


def warm(person, voxel):
    """Whether the stage is much redder than it is blue there."""
    red, _, blue = person.pixel(*person.at(voxel))
    return red > blue + 60


def unsure(person, head):
    """A ball of which the method is nearly as sure as of the rest."""
    session = person.open(head)
    person.set("sure", "0.6")
    person.key("c")
    person.click((60, 50, 12))
    return session


def test_heat_lies_where_the_method_is_in_doubt_and_changes_no_mask(person, served, head):
    session = unsure(person, head)
    person.key("o")
    person.page.get_by_label("Fill", exact=True).fill("0")
    before = served.masks(session)
    assert np.array_equal(before == 1, ball((60, 50, 12), 5))
    wait_until(lambda: not warm(person, NEAR))
    person.key("h")
    wait_until(lambda: warm(person, NEAR))
    assert not warm(person, FAR)
    assert np.array_equal(served.masks(session), before)
    assert person.page.get_by_label("Doubt as heat").is_checked()
    person.click((90, 50, 12))
    wait_until(lambda: warm(person, FAR))
    person.key("z")
    person.settle()
    wait_until(lambda: not warm(person, FAR))
    person.key("h")
    wait_until(lambda: not warm(person, NEAR))


def test_where_to_mark_next_is_in_the_doubt_and_a_mark_there_settles_it(person, served, head):
    session = unsure(person, head)
    person.look((60, 50, 3))
    person.page.locator("#next-place").click()
    found = json.loads(served.get(f"/api/sessions/{session}/objects/1/suggestion"))
    wait_until(lambda: person.page.evaluate("delineate.crosshair()") == found["at"])
    at = tuple(found["at"])
    assert served.masks(session)[at] == 1
    assert found["why"] in person.messages()
    person.key("x")
    person.click((at[0] + 2, at[1], at[2]))
    assert served.masks(session)[at[0] + 2, at[1], at[2]] == 0


def test_a_method_that_is_sure_says_so(person, served, head):
    session = person.open(head)
    person.key("c")
    person.click((60, 50, 12))
    before = served.masks(session)
    person.key("j")
    wait_until(lambda: "the method is sure everywhere" in person.messages())
    assert np.array_equal(served.masks(session), before)
