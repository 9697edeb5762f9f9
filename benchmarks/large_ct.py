"""A large CT, 512 x 512 x 300 voxels: opened and clicked with every method within 3 GiB.

    python benchmarks/large_ct.py [--only METHOD] [--quick]

The CT is synthetic, int16 in a compressed NIfTI file: an elliptic body with two lungs, a spine, a
liver and a vessel in it, noise, 0.8 x 0.8 x 1.5 mm. Each method works in a process of its own: it
reads the file, takes a click inside the liver and one outside of it, then one more inside. The
peak is that process's resident memory, looked at every 5 ms. Prints a Markdown table with what the
session said of where it worked, and exits with 1 over the limit.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import fields
from pathlib import Path

import nibabel
import numpy as np
import psutil
from contest import machine

LIMIT_MB = 3 * 1024
SHAPE = (512, 512, 300)
SPACING = (0.8, 0.8, 1.5)
BODIES = (
    (40, (0.0, 0.0, 0.0), (0.85, 0.6, 2.0)),
    (-850, (-0.4, -0.1, 0.55), (0.28, 0.35, 0.4)),
    (-850, (0.4, -0.1, 0.55), (0.28, 0.35, 0.4)),
    (600, (0.0, 0.42, 0.0), (0.1, 0.1, 2.0)),
    (110, (-0.35, -0.05, -0.35), (0.35, 0.32, 0.4)),
    (180, (-0.3, -0.05, -0.35), (0.04, 0.04, 0.3)),
)
"""Hounsfield units, middle and half axes of each ellipsoid, where the image is from -1 to 1."""
CLICKS = (((-0.45, -0.05, -0.35), True), ((0.3, 0.1, -0.35), False), ((-0.35, 0.1, -0.3), True))
HEAD = """\
| method | opened, s | two clicks, s | one more, s | peak, MiB | voxels found | notes |
| --- | --: | --: | --: | --: | --: | --- |"""


def write_ct(path: Path, shape: tuple[int, ...], seed: int = 0) -> None:
    """Slice by slice, so that this process stays small too."""
    rng = np.random.default_rng(seed)
    i, j, k = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    voxels = np.empty(shape, np.int16)
    for z, at in enumerate(k):
        plane = np.full(shape[:2], -1000, np.float32)
        for value, middle, half in BODIES:
            far = ((i - middle[0]) / half[0]) ** 2
            far = far[:, None] + ((j - middle[1]) / half[1]) ** 2
            plane[far + ((at - middle[2]) / half[2]) ** 2 < 1] = value
        voxels[..., z] = plane + rng.normal(0, 20, plane.shape)
    nibabel.Nifti1Image(voxels, np.diag([*SPACING, 1.0])).to_filename(path)


def click(path: Path, name: str) -> dict[str, object]:
    """What the child does: opens the image, clicks, and tells how long it took."""
    from delineate import Click, Session, build, read

    began = time.perf_counter()
    volume = read(path)
    opened = time.perf_counter() - began
    clicks = [
        Click(
            tuple(int((x + 1) / 2 * (n - 1)) for x, n in zip(at, volume.shape, strict=True)), side
        )
        for at, side in CLICKS
    ]
    session = Session(volume, build(name))
    began = time.perf_counter()
    session.add(*clicks[:2])
    middle = time.perf_counter()
    again = session.add(clicks[2])
    ended = time.perf_counter()
    return {
        "opened": opened,
        "first": middle - began,
        "again": ended - middle,
        "voxels": len(session.objects[0].mask),
        "notes": again.notes,
    }


def watched(path: Path, name: str) -> tuple[dict[str, object], float]:
    """Runs the child; what it told, and its peak in MiB."""
    command = [sys.executable, __file__, "--child", name, "--image", str(path)]
    peak = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        watcher = psutil.Process(child.pid)
        while child.poll() is None:
            try:
                peak = max(peak, watcher.memory_info().rss / 2**20)
            except psutil.Error:
                break
            time.sleep(0.005)
        told, _ = child.communicate()
    if child.returncode:
        raise SystemExit(f"{name} failed with status {child.returncode}")
    return json.loads(told), peak


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", metavar="METHOD")
    parser.add_argument("--quick", action="store_true", help="an eighth of the size")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--image", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        print(json.dumps(click(asked.image, asked.child)))
        return 0
    from delineate import list_methods
    from delineate.models import list_models

    shape = tuple(n // 2 for n in SHAPE) if asked.quick else SHAPE
    highest = 0.0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ct.nii.gz"
        write_ct(path, shape)
        size = path.stat().st_size / 2**20
        print(f"{' x '.join(map(str, shape))} voxels, {size:.0f} MiB compressed.\n\n{HEAD}")
        ready = [
            name
            for name, method in sorted(list_methods().items())
            if list_models() or "weights" not in {field.name for field in fields(method)}
        ]
        for name in [asked.only] if asked.only else ready:
            told, peak = watched(path, name)
            highest = max(highest, peak)
            cells = [f"{told[key]:.2f}" for key in ("opened", "first", "again")]
            over = " **over**" if peak > LIMIT_MB else ""
            cells += [f"{peak:.0f}{over}", str(told["voxels"]), "; ".join(told["notes"])]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)
    ratio = highest / LIMIT_MB
    print(f"\nMost: {highest:.0f} MiB of {LIMIT_MB} MiB allowed, ratio {ratio:.2f}.")
    print(machine("nibabel", "torch"))
    return int(highest > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
