"""A session's masks as files: which formats, which names, one file or several."""

import io
import re
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from ..errors import ImageError
from ..io import write
from ..objects import Object
from ..overlay import best_slice, overlay, save_picture
from ..session import Session
from ..storage import save
from ..volume import Volume
from .failures import Refused
from .forms import Export
from .grid import PageGrid
from .measuring import COLUMNS, statistics, table

_SUFFIX = {
    "nifti": ".nii.gz", "nrrd": ".seg.nrrd", "png": ".png", "dicom-seg": ".dcm",
    "rtstruct": ".dcm", "picture": ".png", "csv": ".csv", "session": ".delineate",
}  # fmt: skip
_ENDS = re.compile(r"\.(nii\.gz|seg\.nrrd|[A-Za-z]{1,5})$")
_UNSAFE = re.compile(r'[\\/:*?"<>|\x00-\x1f]')


def formats(volume: Volume) -> list[str]:
    """What a session on this image can be written as."""
    found = ["nifti", "nrrd"]
    if volume.shape[2] == 1:
        found.append("png")
    if volume.source is not None and volume.source.format == "dicom":
        found += ["dicom-seg", "rtstruct"]
    return [*found, "picture", "csv", "session"]


def files(
    session: Session,
    asked: Export,
    title: str,
    grid: PageGrid,
    seconds: Mapping[str, float],
    folder: Path,
) -> list[Path]:
    """Write what is asked for into an empty folder.

    Args:
        session: The session.
        asked: Format, layout, objects, names.
        title: Of the image.
        grid: The page's.
        seconds: The user's time on each object.
        folder: Where to.

    Raises:
        Refused: If the image cannot be written so, or there is nothing to write.
    """
    known = formats(session.volume)
    if asked.format not in known:
        raise Refused(
            422, "Invalid", f"this image can be written as {', '.join(known)}, not {asked.format!r}"
        )
    stem, suffix = stem_of(title), _SUFFIX[asked.format]
    chosen = _chosen(session, asked)
    if asked.format == "session":
        return [save(session, folder / f"{stem}{suffix}")]
    if asked.format == "csv":
        path = folder / f"{stem}{suffix}"
        text = table(statistics(session, grid, seconds), COLUMNS)
        path.write_text(text, encoding="utf-8", newline="")
        return [path]
    if not chosen:
        raise Refused(409, "SessionError", "there is no object to write yet; mark one first")
    if asked.layout == "labels" or asked.format == "picture":
        path = folder / f"{stem}_labels{suffix}"
        _write(session, chosen, path, asked, grid)
        return [path]
    made = []
    for item in chosen:
        path = folder / f"{_name(asked.pattern, stem, item)}{suffix}"
        if path in made:
            raise Refused(
                422,
                "Invalid",
                f"{asked.pattern!r} gives two objects the name {path.name}; use {{number}}",
            )
        _write(session, [item], path, asked, grid)
        made.append(path)
    return made


def packed(made: Sequence[Path], stem: str) -> tuple[str, bytes]:
    """One file as it is, or several as a zip: its name and its bytes."""
    if len(made) == 1:
        return made[0].name, made[0].read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for path in made:
            archive.write(path, path.name)
    return f"{stem}.zip", out.getvalue()


def beside(made: Sequence[Path], image: Path, own: Sequence[str]) -> list[str]:
    """Move files beside an image, over those that were written before, over no others.

    Args:
        made: Files.
        image: The image, or the folder of its slices.
        own: Names written there before.

    Raises:
        Refused: If a file that is not ours has that name, or the folder cannot be written to.
    """
    for path in made:
        target = image.parent / path.name
        if target.is_symlink() or (target.exists() and path.name not in own):
            raise Refused(
                409,
                "SessionError",
                f"{path.name} is there already and not from this session; give another name",
            )
    try:
        for path in made:
            partial = image.parent / f".{path.name}.part"
            partial.write_bytes(path.read_bytes())
            partial.replace(image.parent / path.name)
    except OSError as error:
        raise ImageError(f"{path.name} could not be written: {error.strerror}") from error
    return [path.name for path in made]


def stem_of(title: str) -> str:
    """The name of an image without its suffix."""
    return _UNSAFE.sub("_", _ENDS.sub("", title)).strip(". ") or "image"


def _chosen(session: Session, asked: Export) -> list[Object]:
    wanted = asked.objects
    for number in wanted or ():
        session.object(number)
    return [item for item in session.objects if wanted is None or item.number in wanted]


def _name(pattern: str, stem: str, item: Object) -> str:
    name = pattern.replace("{image}", stem).replace("{name}", item.name)
    return _UNSAFE.sub("_", name.replace("{number}", str(item.number))).strip(". ") or "object"


def _write(
    session: Session, chosen: Sequence[Object], path: Path, asked: Export, grid: PageGrid
) -> None:
    volume = session.volume
    if asked.format == "picture":
        _picture(volume, chosen, path, asked, grid)
    elif asked.format in ("dicom-seg", "rtstruct"):
        from ..io import write_segmentation, write_structures

        save_as = write_segmentation if asked.format == "dicom-seg" else write_structures
        said = {item.number: (item.name, item.colour, item.mask) for item in chosen}
        save_as(said, path, like=volume)
    else:
        labels = np.zeros(volume.shape, np.uint8)
        for item in chosen:
            labels[item.mask.region.slices][item.mask.mask()] = item.number
        names = {item.number: item.name for item in chosen}
        colours = {item.number: item.colour for item in chosen}
        write(labels, path, like=volume, names=names, colours=colours)


def _picture(
    volume: Volume, chosen: Sequence[Object], path: Path, asked: Export, grid: PageGrid
) -> None:
    axis = grid.axis_in(asked.axis)
    own = volume.geometry.slice_axis if axis is None else axis
    at = asked.slice
    if at is None:
        at = best_slice(chosen[0].mask, own)
    elif grid.flips[grid.axis_out(own)]:
        at = volume.shape[own] - 1 - at
    shown = [(item.colour, item.mask) for item in chosen]
    save_picture(overlay(volume, shown, own, at, asked.channel), path)


def work_folder(home: Path) -> tempfile.TemporaryDirectory[str]:
    """A folder for a moment, the server's owner's alone."""
    (home / "open").mkdir(mode=0o700, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="export-", dir=home / "open")
