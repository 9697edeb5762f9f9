"""An existing segmentation as objects of a session."""

from dataclasses import replace
from pathlib import Path

from ..errors import ImageError, SessionError
from ..io import Label, is_segmentation, read_labels
from ..objects import Object
from ..session import Session, Update
from ..volume import Volume


def files(places: list[Path]) -> list[Path]:
    """The files of a folder if each is a DICOM SEG or RTSTRUCT; else what was given."""
    if len(places) > 1 or not places[0].is_dir():
        return places
    inner = sorted(file for file in places[0].iterdir() if not file.name.startswith("."))
    return inner if inner and all(map(is_segmentation, inner)) else places


def labels(files: list[Path], like: Volume) -> tuple[Label, ...]:
    """The objects of a segmentation that have voxels.

    Args:
        files: One, or several whose objects are put together; those that have no name in their
            file are then named for it.
        like: The image.

    Raises:
        ImageError: If it holds none, more than fit, or does not lie on the image's grid.
    """
    found: tuple[Label, ...] = ()
    for file in files:
        own = tuple(label for label in read_labels(file, like=like) if len(label.voxels))
        found += own if len(files) == 1 else _named(own, file)
    if not found:
        raise ImageError("the segmentation holds no object: every voxel is 0")
    if len(found) > 255:
        raise ImageError(f"the segmentation holds {len(found)} objects, a session has at most 255")
    return found


def add(session: Session, found: tuple[Label, ...], name: str) -> Update:
    """Add objects in one step, each under its own number if that is free, with names and colours.

    Of two with one number the first has it.

    Args:
        session: The session.
        found: At least one object.
        name: Of the file, for people.
    """
    taken = {item.number for item in session.objects}
    free = (
        n for n in range(1, 256) if n not in taken and n not in {label.number for label in found}
    )
    items = []
    for label in found:
        fits = label.number not in taken and 1 <= label.number <= 255
        number = label.number if fits else next(free, None)
        if number is None:
            raise SessionError("a session has at most 255 objects; delete some first")
        taken.add(number)
        fresh = Object.fresh(number)
        colour = label.colour or fresh.colour
        items.append(replace(fresh, name=label.name, colour=colour, mask=label.voxels))
    update = session.insert(*items, name=f"open {name}")
    numbers = {*update.objects, *(item.number for item in items)}
    return replace(update, objects=tuple(sorted(numbers)))


def _named(labels: tuple[Label, ...], file: Path) -> tuple[Label, ...]:
    """Labels without a name of their own, named for their file."""
    stem = file.name.split(".")[0]
    return tuple(
        replace(label, name=stem if len(labels) == 1 else f"{stem} {label.number}")
        if label.name == f"label {label.number}"
        else label
        for label in labels
    )
