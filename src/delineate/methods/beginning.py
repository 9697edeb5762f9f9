"""Where to look for an object, before anything was found of it by this answer."""

from collections.abc import Sequence

from ..errors import PromptsMissing, TooLarge
from ..marks import box
from ..prompts import Click, Paint, Prompt, Scribble
from ..region import Region
from ..volume import Volume
from .looking import window_around
from .remembered import Remembered


def first_window(
    volume: Volume,
    prompts: Sequence[Prompt],
    before: Remembered,
    context: float,
    most_voxels: int,
) -> tuple[Region, bool]:
    """Around the box, else around the mask before and the inside marks, else the whole image.

    Args:
        volume: The image.
        prompts: Oldest first.
        before: What the last answer left.
        context: How many times as wide as the object the window is.
        most_voxels: Of the window.

    Returns:
        The window, and whether it says how large the object is.

    Raises:
        PromptsMissing: If nothing says where the object is.
        TooLarge: If that is more than `most_voxels`.
    """
    frame, inside = box(prompts), marked(prompts)
    known = before.mask if before.mask and len(before.mask) else None
    if frame is None and known is None and not inside.size:
        raise PromptsMissing(
            "nothing is marked inside the object yet; click or scribble inside it, or draw a "
            "box around it"
        )
    if frame is not None:
        window = window_around(frame, volume, context)
    elif known is not None:
        seen = known.region.union(inside)
        kept = before.window
        window = kept if kept and kept.holds(seen) else window_around(seen, volume, context)
    else:
        window = Region.whole(volume.shape)
    if window.size > most_voxels:
        raise TooLarge(
            f"the window holds {window.size} voxels, {window.low} to {window.high}, and this "
            f"method works on at most {most_voxels} at once; draw a box around the object, or "
            "raise most_voxels"
        )
    return window, frame is not None or known is not None


def marked(prompts: Sequence[Prompt]) -> Region:
    """What all inside marks lie in; empty without one."""
    found = Region((0, 0, 0), (0, 0, 0))
    for mark in prompts:
        if isinstance(mark, Click | Scribble | Paint) and mark.inside:
            found = found.union(mark.region)
    return found
