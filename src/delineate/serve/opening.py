"""An existing segmentation as objects of a session."""

from pathlib import Path

from ..errors import ImageError, SessionError
from ..io import Label, read_labels
from ..prompts import Given
from ..session import Session, Update
from ..volume import Volume


def labels(files: list[Path], like: Volume) -> tuple[Label, ...]:
    """The objects of a segmentation that have voxels.

    Raises:
        ImageError: If it holds none, more than fit, or does not lie on the image's grid.
    """
    found = tuple(label for label in read_labels(files[0], like=like) if len(label.voxels))
    if not found:
        raise ImageError("the segmentation holds no object: every voxel is 0")
    if len(found) > 255:
        raise ImageError(f"the segmentation holds {len(found)} objects, a session has at most 255")
    return found


def add(session: Session, found: tuple[Label, ...]) -> Update:
    """Add objects, each under its own number if that is free, with names and colours."""
    taken = {item.number for item in session.objects}
    free = (
        n for n in range(1, 256) if n not in taken and n not in {label.number for label in found}
    )
    update: Update | None = None
    numbers, ids = [], []
    for label in found:
        fits = label.number not in taken and 1 <= label.number <= 255
        number = label.number if fits else next(free, None)
        if number is None:
            raise SessionError("a session has at most 255 objects; delete some first")
        session.describe(number, name=label.name, colour=label.colour)
        made = session.add(Given(label.voxels), object=number, name="open")
        region = made.region.union(update.region) if update else made.region
        update = made
        numbers += [*made.objects, number]
        ids += [*made.ids]
        update = Update(made.step, (), (), region, made.notes, 0.0)
    assert update is not None
    step = f"open {len(found)} object{'s' if len(found) > 1 else ''}"
    return Update(step, tuple(ids), tuple(sorted(set(numbers))), update.region, update.notes, 0.0)
