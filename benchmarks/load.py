"""Twenty users at once on one server: `python benchmarks/load.py [--seconds 20]`.

Each user has a session of its own on one picture and clicks; every answer is compared with a
session of the same clicks in this process, so that a voxel of somebody else's would be seen. Then
one 2D session clicks alone, and again beside a slow computation on a volume. Prints percentiles,
the server's memory at the start, half way and at the end, and the ratio of the two 95th
percentiles. The exit status is 1 if an answer was somebody else's, a session's masks are not
those of its user, a user's thread ended early, the ratio is over 4, or the memory of the second
half grew by more than a quarter.
"""

import argparse
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import psutil
from contest import machine
from workbench import Page, Refusal, end, scene, start

import delineate
from delineate.prompts import from_json
from delineate.serve.grid import PageGrid

PICTURE, VOLUME = (128, 128, 1), (192, 192, 96)
MOST, GROWTH = 4.0, 0.25
"""Times a 2D click may slow down beside a volume; share that memory may grow in the second half."""
FEWEST = 20
"""Answers of which a 95th percentile is one."""


def clicks(seed: int, shape: tuple[int, ...]):
    """A box, then clicks without end."""
    random = np.random.default_rng(seed)
    low = [int(random.integers(0, n // 3 + 1)) if n > 1 else 0 for n in shape]
    high = [int(random.integers(2 * n // 3, n + 1)) if n > 1 else 1 for n in shape]
    yield {"kind": "box", "low": low, "high": high}
    while True:
        at = [int(random.integers(a, b)) for a, b in zip(low, high, strict=True)]
        yield {"kind": "click", "at": at, "inside": bool(random.random() < 0.5)}


class User(threading.Thread):
    """Clicks for some seconds, undoes now and then, and checks each answer."""

    def __init__(self, address: str, folder: Path, seed: int, seconds: float) -> None:
        super().__init__()
        self.page, self.seed, self.seconds = Page(address), seed, seconds
        self.times: list[float] = []
        self.wrong = self.refused = 0
        self.ended = False
        self.path = f"{seed}.nii.gz"
        volume = delineate.read(folder / self.path)
        self.grid = PageGrid(volume.geometry)
        self.session = delineate.Session(volume, delineate.build("region_growing"))

    def run(self) -> None:
        state = self.page.open(self.path, method="region_growing", resume=False)
        until = time.monotonic() + self.seconds
        for count, prompt in enumerate(clicks(self.seed, tuple(state["image"]["shape"]))):
            if time.monotonic() > until:
                break
            began = time.perf_counter()
            try:
                if count % 10 == 9:
                    self.page.do("POST", "undo", steps=1)
                else:
                    self.page.do("POST", "prompts", object=1, prompts=[prompt])
            except Refusal:
                self.refused += 1
                continue
            self.times.append(time.perf_counter() - began)
            self._check(count, prompt)
        kept = self.page.labels
        self.page.fetch(state)
        self.wrong += not np.array_equal(kept, self.page.labels)
        self.ended = True

    def _check(self, count: int, prompt: dict) -> None:
        if count % 10 == 9:
            self.session.undo()
        else:
            self.session.add(self.grid.prompt_in(from_json(prompt)))
        self.wrong += not np.array_equal(
            self.page.labels, self.grid.array_out(self.session.labels())
        )


def memory(process: psutil.Process) -> float:
    """Of the server and its processes, in MiB."""
    every = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in every) / 2**20


def told(name: str, times: list[float]) -> None:
    p50, p95, p99 = 1000 * np.percentile(times, (50, 95, 99))
    print(
        f"{name}: {len(times)} answers, p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms",
        flush=True,
    )


def beside(addresses: list[str], seconds: float) -> tuple[list[float], list[float]]:
    """One 2D session's times alone, and while a volume is computed."""
    quick, slow = Page(addresses[0]), Page(addresses[1])
    state = quick.open("0.nii.gz", method="graphcut", resume=False)
    slow.open("volume.nii.gz", method="random_walker")
    marks = clicks(99, tuple(state["image"]["shape"]))
    stop = threading.Event()

    steps: list[float] = []

    def compute() -> None:
        for prompt in clicks(7, VOLUME):
            if stop.is_set():
                return
            began = time.perf_counter()
            try:
                slow.do("POST", "prompts", object=1, prompts=[prompt])
            except Refusal:  # the last one, which is cancelled
                return
            steps.append(time.perf_counter() - began)

    def measure() -> list[float]:
        times, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            began = time.perf_counter()
            quick.do("POST", "prompts", object=1, prompts=[next(marks)])
            times.append(time.perf_counter() - began)
            quick.do("POST", "goto", done=1)
            time.sleep(0.1)
        return times

    quick.do("POST", "prompts", object=1, prompts=[next(marks)])
    alone = measure()
    thread = threading.Thread(target=compute)
    thread.start()
    time.sleep(2)
    busy = measure()
    worked = thread.is_alive()
    stop.set()
    Page(addresses[1]).client.post(f"/api/sessions/{slow.id}/cancel")
    thread.join()
    if not worked:
        raise SystemExit("the volume was not computed to the end of the measurement")
    print(f"beside it {len(steps)} steps on the volume, {sum(steps):.0f} s", flush=True)
    return alone, busy


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--users", type=int, default=20)
    options.add_argument("--seconds", type=float, default=120)
    options.add_argument("--alone", type=float, default=30, help="seconds of one session alone")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "images"
        folder.mkdir()
        for seed in range(asked.users):
            scene(folder / f"{seed}.nii.gz", PICTURE, seed)
        scene(folder / "volume.nii.gz", VOLUME, 1)
        names = [part for n in range(max(2, asked.users)) for part in ("--user", f"user{n}")]
        process, addresses = start(folder, Path(name) / "home", *names)
        watched = psutil.Process(process.pid)
        alone, busy = beside(addresses, asked.alone)
        told("2D click alone", alone)
        told("2D click beside a slow 3D computation", busy)
        ratio = float(np.percentile(busy, 95) / np.percentile(alone, 95))
        enough = min(len(alone), len(busy)) >= FEWEST
        word = "" if enough else f", of fewer than {FEWEST} answers, so it judges nothing"
        print(f"ratio of the 95th percentiles: {ratio:.2f}{word}", flush=True)
        users = [User(addresses[n], folder, n, asked.seconds) for n in range(asked.users)]
        first = memory(watched)
        for user in users:
            user.start()
        time.sleep(asked.seconds / 2)
        half = memory(watched)
        for user in users:
            user.join()
        last = memory(watched)
        end(process)
    told(f"{asked.users} sessions at once", [t for user in users for t in user.times])
    print(f"memory of the server: {first:.0f} MiB, half way {half:.0f}, at the end {last:.0f}")
    wrong, refused = sum(user.wrong for user in users), sum(user.refused for user in users)
    lost = sum(not user.ended for user in users)
    print(
        f"{wrong} answers differ from the user's own session, {refused} were refused, "
        f"{lost} users gave up"
    )
    print(machine())
    grown = (last - half) / half
    slow = enough and ratio > MOST
    return int(wrong > 0 or refused > 0 or lost > 0 or slow or grown > GROWTH)


if __name__ == "__main__":
    raise SystemExit(main())
