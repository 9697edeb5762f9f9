"""A person at the page: opens images, presses keys, drags over voxels."""

import shutil
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from served import PATIENCE, Served, wait_until

AXIAL = 2
# With software WebGL, for machines without a GPU; or with none, which is quicker.
SOLID = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
FLAT = ["--no-sandbox", "--disable-3d-apis"]


def system() -> str | None:
    """The system's Chromium, if it has one."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next(filter(None, map(shutil.which, names)), None)


def installed() -> bool:
    """Whether the system has a Chromium, or playwright brought one."""
    if system():
        return True
    with sync_playwright() as playwright:
        return Path(playwright.chromium.executable_path).exists()


def chromium(playwright, flags=FLAT):
    """The system's Chromium, or else the one that playwright brought, without a window."""
    return playwright.chromium.launch(executable_path=system(), args=flags)


PIXEL = """([x, y]) => {
  const stage = document.querySelector('#stage')
  const { left, top } = stage.getBoundingClientRect()
  const at = [x - left, y - top].map((v) => Math.floor(v * devicePixelRatio))
  return [...stage.getContext('2d').getImageData(...at, 1, 1).data].slice(0, 3)
}"""


class Person:
    """Someone who sees the page of a server.

    Args:
        page: The browser's page.
        served: The server.
    """

    def __init__(self, page: Page, served: Served) -> None:
        self.page, self.served = page, served
        self.wrong: list[str] = []
        self.hosts: set[str] = set()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda said: said.type == "error" and self.wrong.append(said.text))
        page.on("request", lambda asked: self.hosts.add(asked.url.split("/")[2]))
        page.set_default_timeout(1000 * PATIENCE)

    def open(self, name: str) -> str:
        """Open an image of the folder, from a fresh first page; the name of its session."""
        self.page.goto(self.served.url)
        self.page.get_by_title(f"Open {name}", exact=True).click()
        return self.opened()

    def opened(self) -> str:
        """Wait for an image; the name of its session."""
        self.page.wait_for_selector("#stage")
        self.page.wait_for_selector("#method option", state="attached")
        planes = "[0, 1, 2].some((axis) => delineate.where([0, 0, 0], axis))"
        wait_until(lambda: self.page.evaluate(planes))
        return self.page.url.rpartition("/")[2]

    def key(self, *names: str) -> None:
        """Press keys with the stage in focus."""
        self.page.locator("#stage").focus()
        for name in names:
            self.page.keyboard.press(name)

    def at(self, voxel: tuple[int, int, int], axis: int = AXIAL) -> tuple[float, float]:
        """Where a voxel is on the page."""
        return tuple(self.page.evaluate("([v, a]) => delineate.where(v, a)", [voxel, axis]))

    def look(self, voxel: tuple[int, int, int], axis: int = AXIAL) -> None:
        """Go to a voxel's slice, by the keys that a person has."""
        depth = self.page.evaluate("() => window.delineate.crosshair()")[axis]
        self.page.mouse.move(*self.at((0, 0, 0), axis))
        x, y = self.at(voxel, axis)
        self.page.mouse.move(x, y)
        step = "ArrowUp" if voxel[axis] > depth else "ArrowDown"
        self.key(*[step] * abs(voxel[axis] - depth))

    def click(self, voxel: tuple[int, int, int], axis: int = AXIAL) -> None:
        """Click on a voxel and wait for the answer."""
        self.look(voxel, axis)
        self.page.mouse.click(*self.at(voxel, axis))
        self.settle()

    def drag(self, *voxels: tuple[int, int, int], axis: int = AXIAL, release: bool = True) -> None:
        """Drag from voxel to voxel and wait for the answer."""
        self.look(voxels[0], axis)
        self.page.mouse.move(*self.at(voxels[0], axis))
        self.page.mouse.down()
        for voxel in voxels[1:]:
            self.page.mouse.move(*self.at(voxel, axis), steps=8)
        if release:
            self.page.mouse.up()
            self.settle()

    def settle(self) -> None:
        """Wait until all that was asked is answered."""
        self.page.evaluate("() => delineate.settled()")

    def forgive(self, status: str) -> None:
        """Expect one answer of this status, which the browser's console calls an error."""
        said = f"the server responded with a status of {status}"
        wait_until(lambda: self.page.evaluate("1") and any(said in each for each in self.wrong))
        self.wrong.remove(next(each for each in self.wrong if said in each))

    def pixel(self, x: float, y: float) -> tuple[int, int, int]:
        """The colour of the stage at a place on the page."""
        return tuple(self.page.evaluate(PIXEL, [x, y]))

    def set(self, name: str, value: str) -> None:
        """Give a field of the method a value."""
        settings = self.page.locator("details.values")
        if settings.get_attribute("open") is None:
            settings.locator("summary").click()
        box = self.page.get_by_label(name, exact=True)
        box.fill(value)
        box.press("Enter")
        self.settle()

    def steps(self) -> list[str]:
        """The history, as the page lists it."""
        return self.page.locator(".history button span").all_inner_texts()

    def label(self, voxel: tuple[int, int, int]) -> int:
        """The object at a voxel, as the page has it."""
        return self.page.evaluate("voxel => delineate.label(voxel)", voxel)

    def messages(self) -> str:
        """What the page says."""
        return " ".join(self.page.locator(".message").all_inner_texts())
