"""A CT of 512 x 512 x 300 voxels, as a page opens it: `python benchmarks/opening.py`.

The CT is that of `large_ct.py`. A process that does nothing but unpack the file is timed first.
Then a real server opens it, sends it as the page asks for it, and takes a box, a click and an
undo; all times are a client's. Memory is the highest resident set of the server's own process and
of all its processes together, looked at every 20 ms; voxels that several of them map from one
file are counted for each. Prints a Markdown table and how many times as long as unpacking alone
opening takes.
"""

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from contest import machine
from large_ct import SHAPE, write_ct
from workbench import Page, end, start

UNPACK = """
import gzip, sys, time
began = time.perf_counter()
with gzip.open(sys.argv[1]) as file:
    while file.read(2**20):
        pass
print(time.perf_counter() - began, time.process_time())
"""


class Watch(threading.Thread):
    """The highest memory of a process, and of it with its children, in MiB."""

    def __init__(self, process: psutil.Process) -> None:
        super().__init__(daemon=True)
        self.process, self.own, self.all = process, 0.0, 0.0

    def run(self) -> None:
        while True:
            try:
                own = self.process.memory_info().rss
                every = [c.memory_info().rss for c in self.process.children(recursive=True)]
            except psutil.Error:
                return
            self.own, self.all = (
                max(self.own, own / 2**20),
                max(self.all, (own + sum(every)) / 2**20),
            )
            time.sleep(0.02)

    def seconds(self) -> float:
        """Of CPU, spent so far by the process and its children."""
        every = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in every)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--method", default="region_growing")
    options.add_argument("--quick", action="store_true", help="an eighth of the size")
    asked = options.parse_args()
    shape = tuple(n // 2 for n in SHAPE) if asked.quick else SHAPE
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "images", Path(name) / "home"
        folder.mkdir()
        write_ct(folder / "ct.nii.gz", shape)
        told = subprocess.run(
            [sys.executable, "-c", UNPACK, str(folder / "ct.nii.gz")],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        alone, alone_cpu = map(float, told.stdout.split())
        print("| what | s | CPU s | highest memory, MiB: own, all |\n| --- | --: | --: | --: |")
        print(f"| unpack the file, nothing else | {alone:.2f} | {alone_cpu:.2f} | |", flush=True)
        process, (address,) = start(folder, home, "--method", asked.method)
        watch, page = Watch(psutil.Process(process.pid)), Page(address, timeout=600)
        page.client.get("/api/methods")
        watch.start()

        def timed(what: str, work: Callable[[], object]) -> tuple[float, float]:
            cpu, began = watch.seconds(), time.perf_counter()
            work()
            spent, cpu = time.perf_counter() - began, watch.seconds() - cpu
            memory = f"{watch.own:.0f}, {watch.all:.0f}"
            print(f"| {what} | {spent:.2f} | {cpu:.2f} | {memory} |", flush=True)
            return spent, cpu

        opened = timed("open", lambda: page.open("ct.nii.gz"))
        path = f"/api/sessions/{page.id}/image"
        sent = timed("send the image", lambda: page.client.get(path).content)
        low, high = ([int(part * n) for n in shape] for part in (0.15, 0.45))
        box = {"kind": "box", "low": low, "high": high}
        click = {"kind": "click", "at": [(a + b) // 2 for a, b in zip(low, high, strict=True)]}
        for prompt in (box, click):
            timed(
                f"a {prompt['kind']}, {asked.method}",
                lambda prompt=prompt: page.do("POST", "prompts", object=1, prompts=[prompt]),
            )
        timed("undo", lambda: page.do("POST", "undo", steps=1))
        end(process)
    both = [a + b for a, b in zip(opened, sent, strict=True)]
    print(
        f"\nOpen and sent: {both[0]:.1f} s, {both[0] / alone:.1f} times as long as to unpack the "
        f"file; {both[1]:.1f} s of CPU, {both[1] / alone_cpu:.1f} times."
    )
    print(f"{' x '.join(map(str, shape))} voxels. {machine('nibabel')}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
