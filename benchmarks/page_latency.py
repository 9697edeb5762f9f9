"""Latency as a user feels it: a mark is released in the browser, the overlay has changed.

    python benchmarks/page_latency.py [--clicks 30]

Serves a picture of 512 x 512 and a volume of 128 x 128 x 128 voxels made here, opens the page in
headless Chromium (software rendering), places clicks, and prints for each the median and the 95th
percentile of: mark released to overlay painted, the share outside the method, and bytes each way.
"""

import argparse
import os
import platform
import statistics
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

MARKS = """() => performance.getEntriesByType('mark').map((m) => [m.name, m.startTime, m.detail])"""


def blobs(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Bright balls in noise."""
    rng = np.random.default_rng(seed)
    image = rng.normal(100, 10, shape)
    grid = np.indices(shape)
    for _ in range(12):
        centre = [rng.uniform(0.15, 0.85) * n for n in shape]
        away = sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True))
        image[away < (0.08 * shape[0]) ** 2] += 60
    return np.clip(image, 0, 255)


def write_images(folder: Path) -> None:
    """The picture and the volume."""
    import nibabel
    from PIL import Image

    Image.fromarray(blobs((512, 512), 1).astype(np.uint8)).save(folder / "picture.png")
    volume = nibabel.Nifti1Image(blobs((128, 128, 128), 2).astype(np.int16), np.eye(4))
    nibabel.save(volume, folder / "volume.nii.gz")


def latencies(marks: list[list]) -> list[dict[str, float]]:
    """For each mark: ms until the overlay was painted, ms of it outside the method, bytes in."""
    rows, released, answer = [], None, None
    for name, start, detail in marks:
        if name == "mark-released":
            released, answer = start, None
        elif name == "answer-taken" and released is not None:
            answer = detail
        elif name == "stage-painted" and answer is not None:
            inside = 1000 * (answer["seconds"] - answer["outside"])
            whole = start - released
            rows.append({"ms": whole, "outside": whole - inside, "bytes in": answer["bytes"]})
            released = answer = None
    return rows


def measure(person, name: str, clicks: int, seed: int) -> list[dict[str, float]]:
    """Click here and there in the middle slice; the first click, which starts all, is left out."""
    person.open(name)
    size = 512 if name == "picture.png" else 128
    depth = 0 if name == "picture.png" else size // 2
    if depth:
        person.key("1")
    sent: list[int] = []

    def note(request) -> None:
        if request.url.endswith("/prompts"):
            sent.append(len(request.post_data_buffer or b""))

    person.page.on("request", note)
    person.key("c")
    rng = np.random.default_rng(seed)
    for n in range(clicks + 1):
        if n == 1:
            person.page.evaluate("performance.clearMarks()")
            sent.clear()
        if n == clicks // 2:
            person.key("x")
        spot = rng.integers(size // 5, 4 * size // 5, 2)
        person.page.mouse.click(*person.at((int(spot[0]), int(spot[1]), depth)))
        person.settle()
        person.page.wait_for_timeout(100)
    person.page.remove_listener("request", note)
    rows = latencies(person.page.evaluate(MARKS))
    person.page.evaluate("performance.clearMarks()")
    return [{**row, "bytes out": out} for row, out in zip(rows, sent, strict=False)]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--clicks", type=int, default=30)
    options.add_argument("--method", default="region_growing")
    asked = options.parse_args()
    from person import Person, chromium
    from playwright.sync_api import sync_playwright
    from served import Served

    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder, home = Path(place, "images"), Path(place, "home")
        folder.mkdir()
        home.mkdir()
        write_images(folder)
        server = Served(folder, home, asked.method)
        try:
            browser = chromium(playwright)
            page = browser.new_context(viewport={"width": 1280, "height": 720}).new_page()
            person = Person(page, server)
            found = {
                "picture 512²": measure(person, "picture.png", asked.clicks, 3),
                "volume 128³": measure(person, "volume.nii.gz", asked.clicks, 4),
            }
            browser.close()
        finally:
            server.close()
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    print(f"{asked.method}, {asked.clicks} clicks each; {machine()}, load {load:.1f}")
    print("| image | released to painted, ms | outside the method, ms | bytes out | bytes in |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, rows in found.items():
        cells = [
            spread([row[key] for row in rows]) for key in ("ms", "outside", "bytes out", "bytes in")
        ]
        print(f"| {name} | {' | '.join(cells)} |")


def spread(values: list[float]) -> str:
    """Median and 95th percentile."""
    return f"{statistics.median(values):.0f} ({np.percentile(values, 95):.0f})"


def machine() -> str:
    """What it ran on."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"


if __name__ == "__main__":
    main()
