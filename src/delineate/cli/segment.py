"""`delineate segment`: images and prompts in, masks out."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from ..errors import ImageError, PromptError
from .about import Json

if TYPE_CHECKING:
    from ..prompts import Prompt
    from ..session import Session
    from ..volume import Volume


def _option(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text)


Texts = list[str] | None
Images = Annotated[list[Path], typer.Argument(help="Files, or folders of a DICOM series.")]
Out = Annotated[Path, _option("The mask; a folder for several images.", "-o", "--out")]
MethodName = Annotated[str, _option("See: delineate methods.", "-m", "--method")]
Boxes = Annotated[Texts, _option('"low:high", one past the last voxel: 10,20,5:40,60,9.')]
Clicks = Annotated[Texts, _option('A voxel in the object, "i,j,k" ("i,j" in a picture).')]
Outside = Annotated[Texts, _option("A voxel that is not in the object.")]
Scribbled = Annotated[list[Path] | None, _option("A label image: 1 inside, 2 outside.")]
Start = Annotated[Path | None, _option("A mask to correct.")]
Listed = Annotated[Path | None, _option("JSON: a list of prompts, or lists by image file name.")]
Settings = Annotated[Texts, _option("A field of the method: gamma=30.", "--set")]
World = Annotated[bool, _option("Places are in mm, RAS+.")]
Dims = Annotated[int | None, _option("2: slice by slice; 3: whole.")]
Axis = Annotated[int | None, _option("Across which slices are cut.")]
Channels = Annotated[bool, _option("The images are channels of one.")]
Series = Annotated[str | None, _option("Which DICOM series of a folder.")]
Name = Annotated[str, _option("Of the object, kept where the format can.")]
SessionFile = Annotated[Path | None, _option("Also write a session file here.", "--session")]
OverlayFile = Annotated[Path | None, _option("Also write a picture here.", "--overlay")]


def segment(
    images: Images,
    out: Out,
    method: MethodName = "graphcut",
    box: Boxes = None,
    click: Clicks = None,
    click_outside: Outside = None,
    scribble_from: Scribbled = None,
    start_from: Start = None,
    prompts: Listed = None,
    settings: Settings = None,
    world: World = False,
    dims: Dims = None,
    axis: Axis = None,
    channels: Channels = False,
    series: Series = None,
    name: Name = "object 1",
    session_file: SessionFile = None,
    overlay_file: OverlayFile = None,
    as_json: Json = False,
) -> None:
    """Segment one object of an image, or of each of several images.

    Examples:

      delineate segment scan.nii.gz -o liver.nii.gz --box 60,80,20:200,190,45

      delineate segment cell.png -o mask.png -m random_walker --click 60,52 --click-outside 5,5

      delineate segment *.png -o masks/ --prompts boxes.json
    """
    from ..io import read, write
    from ..methods import build
    from ..session import Session
    from . import parsing

    jobs: list[list[Path]] = [images] if channels else [[image] for image in images]
    several = len(jobs) > 1
    if several and (session_file or overlay_file):
        raise ImageError("--session and --overlay name one file; give one image at a time")
    marked = Marked(
        tuple(box or ()), tuple(click or ()), tuple(click_outside or ()),
        tuple(scribble_from or ()), start_from, world, axis,
    )  # fmt: skip
    listed = parsing.from_file(prompts) if prompts else []
    fields = parsing.settings(settings or [])
    reports = []
    for files in jobs:
        target = out / _mask_name(files[0]) if several or out.is_dir() else out
        volume = read(files if channels else files[0], series=series)
        session = Session(volume, build(method, fields), dims=dims)
        session.describe(1, name=name)
        more = listed.get(files[0].name, []) if isinstance(listed, dict) else listed
        said = [*_prompts(volume, marked), *more]
        if not said:
            raise PromptError(f"nothing is marked in {files[0]}; give a box, a click or a scribble")
        reports.append(_report(session, said, files, target))
        target.parent.mkdir(parents=True, exist_ok=True)
        write(session.mask(), target, like=volume, names={1: name})
        _keep(session, session_file, overlay_file, axis)
        if not as_json:
            _tell(reports[-1])
    if as_json:
        typer.echo(json.dumps(reports if several else reports[0], indent=1))


@dataclass(frozen=True)
class Marked:
    """What the command line says of the object, as text."""

    boxes: tuple[str, ...]
    clicks: tuple[str, ...]
    outside: tuple[str, ...]
    scribbles: tuple[Path, ...]
    start: Path | None
    world: bool
    axis: int | None


def _report(
    session: "Session", said: list["Prompt"], files: list[Path], target: Path
) -> dict[str, Any]:
    """Segment with a bar that shows progress, and say what came of it."""
    label = f"{session.method.name} on {files[0].name}"
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task(label, total=1.0)
        update = session.add(*said, observe=lambda done, _: progress.update(bar, completed=done))
    voxels = len(session.object().mask)
    return {
        "image": [str(file) for file in files],
        "mask": str(target),
        "voxels": voxels,
        "millilitres": round(voxels * math.prod(session.volume.spacing) / 1000, 3),
        "seconds": round(update.seconds, 3),
        "notes": list(update.notes),
        "method": session.method.name,
        "ran_with": dict(session.history.steps[-1].ran_with),
    }


def _prompts(volume: "Volume", marked: Marked) -> "list[Prompt]":
    from ..prompts import Click
    from . import parsing

    world, axis = marked.world, marked.axis
    said: list[Prompt] = [parsing.start(marked.start, volume)] if marked.start else []
    said += [parsing.box(text, volume, world, axis) for text in marked.boxes]
    for inside, texts in ((True, marked.clicks), (False, marked.outside)):
        said += [Click(parsing.place(text, volume, world), inside, axis) for text in texts]
    for path in marked.scribbles:
        said += parsing.scribbles(path, volume, axis)
    return said


def _keep(session: "Session", file: Path | None, picture: Path | None, axis: int | None) -> None:
    """Write the session and a picture of it, where they are asked for."""
    from ..overlay import overlay, save_picture
    from ..storage import save

    if file:
        save(session, file)
    if picture:
        item = session.object()
        save_picture(overlay(session.volume, [(item.colour, item.mask)], axis), picture)


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
