"""A CT of 512 x 512 x 300 voxels in the page: `python benchmarks/page_opening.py`.

Headless Chromium with software rendering opens the CT of `large_ct.py` by a click on its name, goes
through 60 of its axial slices, as many coronal ones, and paints a stroke. Times are from the press
of the button or key until the stage is painted; memory is the proportional set of all processes of
the browser, and of the server with those that it started. Prints a Markdown table; the limit is
that the image is seen after 10 s.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import psutil
from contest import machine
from large_ct import SHAPE, write_ct

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "e2e"))

LIMIT = 10.0
STEPS = 60
PAINTED = """(key) => new Promise((done) => {
  const began = performance.now(), before = performance.getEntriesByName('stage-painted').length
  document.querySelector('#stage').dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))
  const look = () => performance.getEntriesByName('stage-painted').length > before
    ? done(performance.now() - began) : requestAnimationFrame(look)
  look()
})"""


def memory(processes: Iterable[psutil.Process]) -> float:
    """MiB of processes, what they share counted once."""
    return sum(one.memory_full_info().pss for one in processes) / 2**20


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--quick", action="store_true", help="an eighth of the size")
    asked = options.parse_args()
    shape = tuple(n // 2 for n in SHAPE) if asked.quick else SHAPE
    from person import Person, chromium
    from playwright.sync_api import sync_playwright
    from served import Served

    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, home = Path(place, "images"), Path(place, "home")
        folder.mkdir()
        home.mkdir()
        write_ct(folder / "ct.nii.gz", shape)
        server = Served(folder, home, "region_growing")
        try:
            known = set(psutil.Process().children(recursive=True))
            browser = chromium(playwright)
            page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
            person = Person(page, server)
            page.goto(server.url)
            name = page.get_by_title("Open ct.nii.gz", exact=True)
            name.wait_for()
            began = time.perf_counter()
            name.click()
            person.opened()
            opened = time.perf_counter() - began
            rows = [("seen after its name is clicked", 1000 * opened, 1000 * opened)]
            for key, what in (("3", "coronal"), ("1", "axial")):
                page.evaluate(PAINTED, key)
                spent = [page.evaluate(PAINTED, "ArrowUp") for _ in range(STEPS)]
                rows.append(
                    (f"a slice on, {what}", statistics.median(spent), np.percentile(spent, 95))
                )
            person.key("p")
            middle = [n // 2 for n in shape]
            began = time.perf_counter()
            person.drag(tuple(middle), (middle[0] + 20, *middle[1:]))
            stroke = 1000 * (time.perf_counter() - began)
            rows.append(("a stroke painted by hand, with the drawing", stroke, stroke))
            taken = memory(set(psutil.Process().children(recursive=True)) - known)
            own = psutil.Process(server.process.pid)
            served = memory([own, *own.children(recursive=True)])
            browser.close()
        finally:
            server.close()
    print("| what | median, ms | 95 %, ms |\n| --- | --: | --: |")
    for what, middle_ms, high in rows:
        print(f"| {what} | {middle_ms:.0f} | {high:.0f} |")
    print(f"\nThe browser holds {taken:.0f} MiB, the server {served:.0f} MiB.")
    print(f"Seen after {opened:.1f} s of at most {LIMIT:.0f}: {opened / LIMIT:.2f} of the limit.")
    print(f"{' x '.join(map(str, shape))} voxels. {machine('nibabel')}.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
