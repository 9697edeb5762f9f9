"""`python -m delineate.demo`: segments a real scan that ships inside nibabel, keeps the results."""

import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np

from .io import read, write
from .methods import build
from .overlay import overlay, save_picture
from .prompts import Box, Scribble
from .samples import head
from .session import Session
from .storage import save
from .types import Index
from .voxels import Voxels

BOX = Box((44, 26, 9), (82, 70, 23))
INSIDE = (
    ((60, 38, 18), (60, 53, 18)),
    ((57, 61, 14), (64, 55, 14)),
    ((64, 55, 14), (71, 61, 14)),
)
OUTSIDE = (
    ((64, 42, 13), (64, 48, 13)),
    ((58, 47, 13), (58, 47, 15)),
    ((70, 47, 13), (70, 47, 15)),
    ((50, 50, 16), (50, 62, 16)),
    ((79, 50, 16), (79, 62, 16)),
)


def stroke(lines: tuple[tuple[Index, Index], ...], inside: bool) -> Scribble:
    """A scribble of straight lines from voxel to voxel."""
    from skimage.draw import line_nd

    draw: Any = line_nd
    drawn = [np.stack(draw(a, b, endpoint=True), axis=1) for a, b in lines]
    return Scribble(Voxels.of(np.concatenate(drawn)), inside)


def demo(folder: Path) -> list[str]:
    """Outline the lateral ventricles from a box and two scribbles; say what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    scan = Path(shutil.copy(head(), folder / "head.nii.gz"))
    volume = read(scan)
    session = Session(volume, build("graphcut"))
    session.describe(1, name="lateral ventricles", colour="#ffcc00")
    lines = [f"{scan}: {volume.shape} voxels of {np.round(volume.spacing, 2).tolist()} mm"]
    for prompt in (BOX, stroke(INSIDE, True), stroke(OUTSIDE, False)):
        update = session.add(prompt)
        millilitres = session.mask().sum() * np.prod(volume.spacing) / 1000
        lines.append(f"{update.step}: {millilitres:.1f} mL in {update.seconds:.2f} s")
    write(session.mask(), folder / "ventricles.nii.gz", like=volume, names={1: "ventricles"})
    picture = overlay(volume, [("#ffcc00", session.object().mask)])
    save_picture(picture, folder / "ventricles.png")
    save(session, folder / "head.delineate")
    written = ("ventricles.nii.gz", "ventricles.png", "head.delineate")
    return lines + [f"wrote {folder / name}" for name in written]


if __name__ == "__main__":
    print("\n".join(demo(Path(sys.argv[1] if len(sys.argv) > 1 else "ventricles"))))
