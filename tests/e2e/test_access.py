"""Whether everybody can use the page: contrast, names and order, as axe-core sees them."""

from pathlib import Path

import pytest

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => (await axe.run()).violations.map(
  ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' ; ')}`)"""


def faults(person) -> list[str]:
    """What axe-core finds wrong, contrast less than AA's among it."""
    person.page.evaluate(AXE.read_text(encoding="utf-8"))
    return person.page.evaluate(FOUND)


@pytest.mark.skipif(not AXE.exists(), reason="the page was not built here, so axe-core is not")
def test_no_part_of_the_page_is_hard_to_read_or_to_reach(person, head) -> None:
    person.page.goto(person.served.url)
    person.page.get_by_title(f"Open {head}", exact=True).wait_for()
    assert faults(person) == []
    person.open(head)
    person.key("p")
    person.drag((64, 50, 12), (70, 50, 12))
    person.key("n")
    person.settle()
    person.page.locator("details.values summary").click()
    assert faults(person) == []
    for key in ("?", "e", "Shift+KeyM", "Shift+KeyO"):
        person.key(key)
        person.page.get_by_role("dialog").wait_for()
        assert faults(person) == [], key
        person.page.keyboard.press("Escape")
    person.page.evaluate("document.querySelector('.hint').style.color = '#444'")
    assert any("contrast" in fault for fault in faults(person))
