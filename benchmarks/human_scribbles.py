"""Compare the scribble user's first strokes with those that people drew.

    python benchmarks/human_scribbles.py ../shared/data/train ../shared/data/dev

Each argument is a folder of data sets that holds acdc, medscribble or both. Prints Markdown tables:
medians, with quartiles in brackets. People's strokes are thinned to one voxel first. Diameter is
that of the disc with the object's area, depth the distance to the object's edge.
"""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import nibabel
import numpy as np
from PIL import Image
from scipy import ndimage
from skimage.morphology import skeletonize

from delineate.prompts import Scribble
from delineate.region import Region
from delineate.types import Float64, Mask
from delineate.users import find

SMALLEST = 30
INSIDE = {
    "length / diameter": 2,
    "share inside": 2,
    "depth / deepest": 2,
    "shallow end (10 %)": 2,
    "share covered": 3,
    "pieces": 0,
}
OUTSIDE = {
    "length / diameter": 2,
    "share outside": 2,
    "distance / diameter": 2,
    "nearest end (10 %)": 2,
    "pieces": 0,
}
Case = tuple[str, Mask, Mask, Mask]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    drawn: dict[str, list[Case]] = {}
    for folder in parser.parse_args().folders:
        for read in (acdc, medscribble):
            for case in read(folder):
                drawn.setdefault(f"{folder.name} {case[0]}", []).append(case)
    for title, columns, measure in (
        ("Inside", INSIDE, measure_inside),
        ("Outside", OUTSIDE, measure_outside),
    ):
        print(f"| {title} | by | strokes of | {' | '.join(columns)} |")
        print("| --- " * (len(columns) + 3) + "|")
        for name, cases in drawn.items():
            for by, strokes in (("people", people), ("scribble user", simulated)):
                print_row(name, by, columns, [measure(c[1], strokes(c)) for c in cases])
        print()


def print_row(
    name: str, by: str, columns: dict[str, int], rows: list[tuple[float, ...] | None]
) -> None:
    values: Float64 = np.array([row for row in rows if row is not None])
    if not len(values):
        return
    low, middle, high = np.percentile(values, (25, 50, 75), axis=0)
    cells = [
        f"{m:.{digits}f} ({a:.{digits}f}–{b:.{digits}f})"
        for a, m, b, digits in zip(low, middle, high, columns.values(), strict=True)
    ]
    print(f"| {name} | {by} | {len(values)} | {' | '.join(cells)} |")


def acdc(folder: Path) -> Iterator[Case]:
    """Each structure on each slice, and the whole heart for the background strokes."""
    for path in sorted(folder.glob("acdc/*/scribble.nii.gz")):
        names = json.loads((path.parent / "meta.json").read_text())["labels"]
        scribble = np.asarray(nibabel.load(path).dataobj)
        label = np.asarray(nibabel.load(path.parent / "label.nii.gz").dataobj)
        nothing = np.zeros(label.shape[:2], bool)
        for k in range(label.shape[2]):
            for number, name in names.items():
                shown = scribble[..., k] == int(number)
                yield f"acdc {name}", label[..., k] == int(number), shown, nothing
            yield "acdc heart", label[..., k] > 0, nothing, scribble[..., k] == 0


def medscribble(folder: Path) -> Iterator[Case]:
    """Each picture three times, once for each person."""
    for path in sorted(folder.glob("medscribble/*/scribble_*.png")):
        scribble = np.asarray(Image.open(path))
        label = np.asarray(Image.open(path.parent / "label.png")) > 0
        yield f"medscribble, person {path.stem[-1]}", label, scribble == 1, scribble == 2


def people(case: Case) -> tuple[Mask, Mask]:
    return skeletonize(case[2]), skeletonize(case[3])


def simulated(case: Case) -> tuple[Mask, Mask]:
    """The first strokes, on the sides that the person marked."""
    truth = case[1]
    empty = np.zeros_like(truth)
    if np.count_nonzero(truth) < SMALLEST:
        return empty, empty
    said = find("scribble").start(
        truth[..., None], (1.0, 1.0, 1.0), np.random.default_rng(0), both_sides=True
    )
    strokes = {True: empty, False: empty}
    for prompt in said:
        assert isinstance(prompt, Scribble)
        strokes[prompt.inside] = prompt.voxels.on(Region.whole((*truth.shape, 1)))[..., 0]
    return (
        strokes[True] if case[2].any() else empty,
        strokes[False] if case[3].any() else empty,
    )


def measured(truth: Mask, stroke: Mask) -> bool:
    return np.count_nonzero(truth) >= SMALLEST and bool(stroke.any())


def diameter(truth: Mask) -> float:
    """Of the disc that has the object's area, in pixels."""
    return float(2 * np.sqrt(np.count_nonzero(truth) / np.pi))


def pieces(stroke: Mask) -> int:
    return int(ndimage.label(stroke, np.ones((3, 3)))[1])


def measure_inside(truth: Mask, strokes: tuple[Mask, Mask]) -> tuple[float, ...] | None:
    stroke = strokes[0]
    if not measured(truth, stroke) or not (stroke & truth).any():
        return None
    depth = ndimage.distance_transform_edt(np.pad(truth, 1))[1:-1, 1:-1]
    relative = depth[stroke & truth] / depth.max()
    length = np.count_nonzero(stroke)
    return (
        length / diameter(truth),
        np.count_nonzero(stroke & truth) / length,
        relative.mean(),
        np.percentile(relative, 10),
        np.count_nonzero(stroke & truth) / np.count_nonzero(truth),
        pieces(stroke),
    )


def measure_outside(truth: Mask, strokes: tuple[Mask, Mask]) -> tuple[float, ...] | None:
    stroke = strokes[1]
    if not measured(truth, stroke) or not (stroke & ~truth).any():
        return None
    away = ndimage.distance_transform_edt(~truth)[stroke & ~truth] / diameter(truth)
    length = np.count_nonzero(stroke)
    return (
        length / diameter(truth),
        np.count_nonzero(stroke & ~truth) / length,
        float(np.median(away)),
        np.percentile(away, 10),
        pieces(stroke),
    )


if __name__ == "__main__":
    main()
