"""`delineate segment`: images and prompts in, masks out."""

import json
import time
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from ..errors import ImageError, PromptError
from . import parsing
from .about import Json

Images = Annotated[list[Path], typer.Argument(help="Images: files, or folders of a DICOM series.")]
Places = Annotated[
    list[str] | None, typer.Option(help='A voxel in the object, "i,j,k" ("i,j" in a picture).')
]
Boxes = Annotated[
    list[str] | None, typer.Option(help='"low:high", one past the last voxel: 10,20,5:40,60,9.')
]


def segment(
    images: Images,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="The mask; a folder for several images.")
    ],
    method: Annotated[
        str, typer.Option("-m", "--method", help="See: delineate methods.")
    ] = "grabcut",
    box: Boxes = None,
    click: Places = None,
    click_outside: Annotated[
        list[str] | None, typer.Option(help="A voxel that is not in the object.")
    ] = None,
    scribble_from: Annotated[
        list[Path] | None, typer.Option(help="A label image: 1 inside, 2 outside.")
    ] = None,
    start_from: Annotated[Path | None, typer.Option(help="A mask to correct.")] = None,
    prompts: Annotated[
        Path | None, typer.Option(help="JSON: a list of prompts, or lists by image file name.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A field of the method: sigma=0.1.")
    ] = None,
    world: Annotated[bool, typer.Option(help="Places are in mm, RAS+.")] = False,
    dims: Annotated[int | None, typer.Option(help="2: slice by slice; 3: whole.")] = None,
    axis: Annotated[int | None, typer.Option(help="Across which slices are cut.")] = None,
    channels: Annotated[bool, typer.Option(help="The images are channels of one.")] = False,
    series: Annotated[str | None, typer.Option(help="Which DICOM series of a folder.")] = None,
    name: Annotated[
        str, typer.Option(help="Of the object, kept where the format can.")
    ] = "object 1",
    session: Annotated[Path | None, typer.Option(help="Also write a session file here.")] = None,
    overlay: Annotated[Path | None, typer.Option(help="Also write a picture here.")] = None,
    as_json: Json = False,
) -> None:
    """Segment one object of an image, or of each of several images.

    Examples:

      delineate segment scan.nii.gz -o liver.nii.gz --box 60,80,20:200,190,45

      delineate segment cell.png -o mask.png -m random_walker --click 60,52 --click-outside 5,5

      delineate segment *.png -o masks/ --prompts boxes.json
    """
    jobs: list[list[Path]] = [images] if channels else [[image] for image in images]
    several = len(jobs) > 1
    if several and (session or overlay):
        raise ImageError("--session and --overlay name one file; give one image at a time")
    said = parsing.from_file(prompts) if prompts else []
    reports = []
    for files in jobs:
        target = out / _mask_name(files[0]) if several or out.is_dir() else out
        listed = said.get(files[0].name, []) if isinstance(said, dict) else said
        options = {
            "box": box or [], "click": click or [], "outside": click_outside or [],
            "scribbles": scribble_from or [], "start": start_from, "listed": listed,
            "world": world, "axis": axis,
        }  # fmt: skip
        fields = parsing.settings(settings or [])
        report = _one(files, target, method, fields, options, dims, series, name, session, overlay)
        reports.append(report)
        if not as_json:
            _tell(report)
    if as_json:
        typer.echo(json.dumps(reports if several else reports[0], indent=1))


def _one(
    files: list[Path],
    target: Path,
    method: str,
    fields: dict[str, Any],
    options: dict[str, Any],
    dims: int | None,
    series: str | None,
    name: str,
    session_file: Path | None,
    overlay_file: Path | None,
) -> dict[str, Any]:
    from ..io import read, write
    from ..methods import build
    from ..session import Session
    from ..storage import save

    volume = read(files if len(files) > 1 else files[0], series=series)
    session = Session(volume, build(method, fields), dims=dims)
    session.describe(1, name=name)
    said = _prompts(volume, options)
    if not said:
        raise PromptError(
            f"nothing was marked in {files[0]}; give a --box, a --click or a scribble"
        )
    started = time.perf_counter()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(f"{method} on {files[0].name}", total=1.0)
        update = session.add(*said, observe=lambda done, _: progress.update(bar, completed=done))
    mask = session.mask()
    target.parent.mkdir(parents=True, exist_ok=True)
    write(mask, target, like=volume, names={1: name})
    if session_file:
        save(session, session_file)
    if overlay_file:
        from ..overlay import overlay, save_picture

        item = session.object()
        save_picture(overlay(volume, {item.colour: item.mask}, options["axis"]), overlay_file)
    return {
        "image": [str(file) for file in files],
        "mask": str(target),
        "voxels": int(mask.sum()),
        "millilitres": round(float(mask.sum() * np.prod(volume.spacing)) / 1000, 3),
        "seconds": round(time.perf_counter() - started, 3),
        "notes": list(update.notes),
    }


def _prompts(volume: Any, options: dict[str, Any]) -> list[Any]:
    from ..prompts import Click

    world, axis = options["world"], options["axis"]
    said: list[Any] = [parsing.start(options["start"], volume)] if options["start"] else []
    said += [parsing.box(text, volume, world, axis) for text in options["box"]]
    for inside, texts in ((True, options["click"]), (False, options["outside"])):
        said += [Click(parsing.place(text, volume, world), inside, axis) for text in texts]
    for path in options["scribbles"]:
        said += parsing.scribbles(path, volume, axis)
    return said + options["listed"]


def _mask_name(image: Path) -> str:
    """The mask's name in a folder: the image's, with "_mask" before its suffix."""
    for suffix in (".nii.gz", ".seg.nrrd"):
        if image.name.lower().endswith(suffix):
            return image.name[: -len(suffix)] + "_mask" + suffix
    if image.is_dir():
        return f"{image.name}_mask.nii.gz"
    suffix = ".png" if image.suffix.lower() in (".jpg", ".jpeg") else image.suffix
    return f"{image.stem}_mask{suffix}"


def _tell(report: dict[str, Any]) -> None:
    typer.echo(
        f"{report['mask']}: {report['voxels']} voxels, {report['millilitres']} mL, "
        f"{report['seconds']} s"
    )
    for note in report["notes"]:
        typer.echo(f"note: {note}")
