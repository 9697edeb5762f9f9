"""`make demo`: segments a real scan that ships inside nibabel, and keeps the results."""

import shutil
import sys
from pathlib import Path

import numpy as np

from .io import read, write
from .methods import build
from .overlay import overlay, save_picture
from .prompts import Box, Click
from .session import Session
from .storage import save

BOX = Box((50, 28, 9), (80, 66, 22))
CORRECTION = Click((67, 38, 10), inside=False)


def sample() -> Path:
    """An MR scan of a head, 128 x 96 x 24 voxels at two times, from nibabel's own test data."""
    from nibabel.testing import data_path

    return Path(str(data_path)) / "example4d.nii.gz"


def demo(folder: Path) -> list[str]:
    """Outline the lateral ventricles from a box and one click; say what was written."""
    folder.mkdir(parents=True, exist_ok=True)
    scan = Path(shutil.copy(sample(), folder / "head.nii.gz"))
    volume = read(scan)
    session = Session(volume, build("grabcut"))
    session.describe(1, name="lateral ventricles", colour="#ffcc00")
    lines = [f"{scan}: {volume.shape} voxels of {np.round(volume.spacing, 2).tolist()} mm"]
    for prompt in (BOX, CORRECTION):
        update = session.add(prompt)
        millilitres = session.mask().sum() * np.prod(volume.spacing) / 1000
        lines.append(f"{update.step}: {millilitres:.1f} mL in {update.seconds:.2f} s")
    write(session.mask(), folder / "ventricles.nii.gz", like=volume, names={1: "ventricles"})
    picture = overlay(volume, {"#ffcc00": session.object().mask})
    save_picture(picture, folder / "ventricles.png")
    save(session, folder / "head.delineate")
    written = ("ventricles.nii.gz", "ventricles.png", "head.delineate")
    return lines + [f"wrote {folder / name}" for name in written]


if __name__ == "__main__":
    print("\n".join(demo(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))))
