"""Pictures of what BIFSeg does on real cases: box, initial mask, tuned, scribbled, weight map.

    python benchmarks/cases.py DATA [--out FOLDER] [--case DATASET/CASE ...] [--weights FOLDER]

DATA holds `<dataset>/<case>/{image.*, label.*, meta.json}`. By default ten cases whose licence is
open are drawn into docs/pictures; images under other licences are refused there, so that a
`--case` of one of these needs an `--out` elsewhere. The box is that of the truth, widened by two
voxels; the scribbles are the simulated user's, one round. Of a volume the slice with most of the
object is shown. Green is the truth, magenta the answer, yellow the box; marks inside are blue,
outside red. The weight map of the last round (equation 12) is white where voxels count, black
where they are left out, and orange on marks. FOLDER has weights "pnet" and "pcnet" and a manifest.
"""

import argparse
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from delineate.bench.cases import Case, read_case
from delineate.methods import bifseg
from delineate.methods.base import State
from delineate.methods.bifseg import BIFSeg
from delineate.models.manifest import FOLDER
from delineate.prompts import Box, Prompt
from delineate.region import Region
from delineate.types import Array, Float32, Mask
from delineate.users import find
from delineate.volume import RGB, Volume

DOCS = Path(__file__).resolve().parents[1] / "docs"
CASES = (
    "dsb2018/bright_background_grey_091944f1d261",
    "dsb2018/colour_histology_0bf33d3db428",
    "dsb2018/fluorescence_05a8f65ebd0b",
    "sts_ct/STS_005",
    "sts_ct/STS_019",
    "pyradiomics/brain1",
    "pyradiomics/brain2",
    "pyradiomics/breast1",
    "sct/t2_cord",
    "sct/t2s_greymatter",
)
TRUTH, ANSWER, FRAME, INSIDE, OUTSIDE = "#00d060", "#ff40ff", "#ffd000", "#40a0ff", "#ff5030"
AROUND = 6  # voxels shown beyond the crop


@dataclass(frozen=True)
class Shown:
    """One slice of a case, `(I, J)` or `(I, J, 3)`, and where it lies.

    Attributes:
        image: From 0 to 1.
        axis: Across the slice.
        at: Along that axis.
        region: The part to show.
    """

    image: Array
    axis: int
    at: int
    region: Region

    def plane(self, values: Array) -> Array:
        """A slice of values `(I, J, K)` of the whole image, the part to show."""
        return np.take(values, self.at, self.axis)[self.window]

    @property
    def window(self) -> tuple[slice, ...]:
        return tuple(s for axis, s in enumerate(self.region.slices) if axis != self.axis)


@contextmanager
def recorded(weights: list[Float32]) -> Iterator[None]:
    """Keeps every weight map that is worked out while a block runs."""
    by_confidence = bifseg.by_confidence

    def record(*given: Any) -> Any:
        weigh = by_confidence(*given)

        def kept(probability: Float32, mask: Mask) -> Float32:
            weights.append(weigh(probability, mask))
            return weights[-1]

        return kept

    bifseg.by_confidence = record
    try:
        yield
    finally:
        bifseg.by_confidence = by_confidence


def show(folder: Path, weights: Path) -> Figure:
    """The picture of one case."""
    case = Case.read(folder)
    volume, labels = read_case(case)
    several = len(volume.data) > 1 and volume.channels != RGB
    truth = _object(labels)
    frame = Region.around(truth).grow((2, 2, 2)).clip(volume.shape)
    box = Box(frame.low, frame.high)
    name = "pnet" if volume.dims == 2 else "pcnet"
    fields: dict[str, Any] = {"weights": str(weights / f"{name}.safetensors")}
    fields["channel"] = 0 if several else None
    maps: list[Float32] = []
    with recorded(maps):
        initial, _ = _asked(BIFSeg(**fields, stage="initial"), volume, State(), box)
        tuned, state = _asked(BIFSeg(**fields), volume, State(), box)
        rng = np.random.default_rng(0)
        marks = find("scribble").correct(truth, tuned, volume.spacing, rng)
        scribbled, state = _asked(BIFSeg(**fields), volume, state, box, *marks)
    crop = state.image.crop
    shown = _slice(volume, truth, crop.region)
    masks = {"box": None, "initial": initial, "tuned": tuned, "scribbled": scribbled}
    figure = Figure(figsize=(12, 2.7), dpi=80, layout="constrained")
    figure.suptitle(f"{case.dataset} {case.name}, {volume.dims}D", fontsize=8)
    axes = figure.subplots(1, 5)
    for one, (title, mask) in zip(axes, masks.items(), strict=False):
        _draw(one, shown, volume, truth, mask, box, marks if title == "scribbled" else ())
        one.set_title(title if mask is None else f"{title}: {_dice(mask, truth):.2f}", fontsize=8)
    _weights(axes[4], shown, volume, crop, maps[-1])
    return figure


def _asked(method: BIFSeg, volume: Volume, state: State, *prompts: Prompt) -> tuple[Mask, State]:
    patch, state = method.segment(volume, prompts, state)
    return np.asarray(patch.full(volume.shape) > 0.5), state


def _object(labels: Array) -> Mask:
    """The largest object."""
    sizes = np.bincount(labels.ravel())[1:]
    return np.asarray(labels == 1 + int(np.argmax(sizes)))


def _slice(volume: Volume, truth: Mask, region: Region) -> Shown:
    axis = volume.geometry.slice_axis
    across = tuple(a for a in range(3) if a != axis)
    at = int(np.argmax(truth.sum(axis=across)))
    region = region.grow((AROUND,) * 3).clip(volume.shape)
    if volume.channels == RGB:
        image = np.moveaxis(np.take(volume.data, at, axis + 1), 0, -1)
    else:
        image = np.take(volume.data[0], at, axis)
    part = image[tuple(s for a, s in enumerate(region.slices) if a != axis)]
    low, high = np.percentile(part, [1, 99])
    return Shown(np.clip((part - low) / max(high - low, 1e-6), 0, 1), axis, at, region)


def _draw(
    axes: Axes,
    shown: Shown,
    volume: Volume,
    truth: Mask,
    mask: Mask | None,
    box: Box,
    marks: tuple[Prompt, ...],
) -> None:
    _show(axes, shown, volume, shown.image, cmap="gray", vmin=0, vmax=1)
    framed = np.zeros(volume.shape, bool)
    framed[box.region.slices] = True
    outlines = [(truth, TRUTH), (framed, FRAME)] if mask is None else [(truth, TRUTH)]
    for outline, colour in (*outlines, *([(mask, ANSWER)] if mask is not None else [])):
        plane = shown.plane(outline)
        if plane.any() and not plane.all():
            axes.contour(plane.swapaxes(0, 1), [0.5], colors=colour, linewidths=1.0)
    for mark in marks:
        on = np.zeros(volume.shape, bool)
        on[tuple(mark.voxels.indices().T)] = True  # type: ignore[union-attr]
        first, second = np.nonzero(shown.plane(on))
        colour = INSIDE if mark.inside else OUTSIDE  # type: ignore[union-attr]
        axes.plot(first, second, "s", color=colour, markersize=1.5)


def _weights(axes: Axes, shown: Shown, volume: Volume, crop: Any, weights: Float32) -> None:
    """White where voxels count, black where not, orange on marks."""
    turned = tuple(crop.region.shape[axis] for axis in crop.order)
    at = [
        ((np.arange(n) + 0.5) * m / n).astype(int)
        for n, m in zip(turned, weights.shape, strict=True)
    ]
    part = weights[np.ix_(*at)].transpose(np.argsort(crop.order))
    whole = np.full(volume.shape, np.nan, np.float32)
    whole[crop.region.slices] = part
    plane = shown.plane(whole)
    colours = np.full((*plane.shape, 3), 0.5)
    colours[plane == 0] = 0
    colours[plane == 1] = 1
    colours[plane > 1] = (1, 0.55, 0)
    _show(axes, shown, volume, colours)
    axes.set_title("weight map", fontsize=8)


def _show(axes: Axes, shown: Shown, volume: Volume, image: Array, **how: Any) -> None:
    """A slice as a radiologist sees it: the patient's right and front as they should be."""
    first, second = (axis for axis in range(3) if axis != shown.axis)
    aspect = volume.spacing[second] / volume.spacing[first]
    axes.imshow(image.swapaxes(0, 1), aspect=aspect, interpolation="nearest", **how)
    letters = volume.geometry.orientation
    wide, tall = image.shape[:2]
    axes.set_xlim(*((wide - 0.5, -0.5) if letters[first] in "RA" else (-0.5, wide - 0.5)))
    axes.set_ylim(*((-0.5, tall - 0.5) if letters[second] in "AS" else (tall - 0.5, -0.5)))
    axes.set_xticks([])
    axes.set_yticks([])


def _dice(mask: Mask, truth: Mask) -> float:
    return float(2 * (mask & truth).sum() / max(mask.sum() + truth.sum(), 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, default=DOCS / "pictures")
    parser.add_argument("--case", action="append", metavar="DATASET/CASE")
    parser.add_argument("--weights", type=Path, default=FOLDER)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    for name in asked.case or CASES:
        meta = json.loads((asked.data / name / "meta.json").read_text(encoding="utf-8"))
        if meta.get("licence_class") != "open" and asked.out.resolve().is_relative_to(DOCS):
            raise SystemExit(f"{name} is not under an open licence; give a folder with --out")
        path = asked.out / f"bifseg_{name.replace('/', '_')}.png"
        show(asked.data / name, asked.weights).savefig(path)
        print(path, flush=True)


if __name__ == "__main__":
    main()
