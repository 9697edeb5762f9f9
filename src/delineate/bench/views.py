"""What a session sees of a case: all of it, or one slice."""

from dataclasses import dataclass

from ..region import Region, index3
from ..types import Mask
from ..volume import Volume
from .cases import read_case
from .tasks import Task

ASSEMBLED = "volume"
"""The name of slices that were put together."""


@dataclass(frozen=True)
class View:
    """A part of a labelled image.

    Args:
        name: The slice's index, or nothing.
        region: Its place in the case.
        image: That part of the image.
        truth: That part of the object, `(I, J, K)` bool.
    """

    name: str
    region: Region
    image: Volume
    truth: Mask


def views(task: Task) -> list[View]:
    """The parts of its case on which a task is played.

    Raises:
        ImageError: If the case cannot be read.
    """
    whole = whole_view(task)
    if task.slices is None:
        return [View("", whole.region, whole.image, whole.truth)]
    found = []
    for at in task.slices:
        low = index3(at if a == task.axis else 0 for a in range(3))
        high = index3(at + 1 if a == task.axis else n for a, n in enumerate(whole.image.shape))
        region = Region(low, high)
        found.append(View(str(at), region, whole.image.crop(region), whole.truth[region.slices]))
    return found


def whole_view(task: Task) -> View:
    """All of a case, under the name of slices put together."""
    image, labels = read_case(task.case, task.target.stem)
    return View(ASSEMBLED, Region.whole(image.shape), image, task.target.mask(labels))
