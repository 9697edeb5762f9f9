"""One line for a notebook: an array and a box or clicks in, a mask out."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .errors import PromptError
from .methods import build
from .prompts import Box, Click, Prompt
from .region import index3
from .session import Session
from .types import Index, Mask
from .volume import Volume

Corners = tuple[Sequence[int], Sequence[int]]


def segment(
    image: ArrayLike | Volume,
    *,
    spacing: Sequence[float] | None = None,
    box: Corners | None = None,
    inside: Iterable[Sequence[int]] = (),
    outside: Iterable[Sequence[int]] = (),
    prompts: Iterable[Prompt] = (),
    method: str = "graphcut",
    channel_axis: int | None = None,
    **fields: Any,
) -> Mask:
    """Segment one object of an image.

    Args:
        image: `(I, J)` or `(I, J, K)`, or a `Volume`.
        spacing: Of its axes, in mm; 1 by default.
        box: Its low corner and one past its high corner, as many indices as axes.
        inside: Indices of voxels in the object.
        outside: Indices of voxels that are not.
        prompts: Other prompts, used after these.
        method: A name that `delineate methods` lists.
        channel_axis: The axis of channels, if the array has one.
        fields: Fields of the method.

    Returns:
        The mask, bool, of the image's shape without its channels.

    Raises:
        DelineateError: With one sentence, if the image, a prompt or the method is wrong.

    Examples:
        >>> image = np.zeros((40, 40))
        >>> image[10:30, 12:28] = 1
        >>> mask = segment(image, box=((5, 5), (35, 35)))
        >>> int(mask.sum())
        320
    """
    volume = (
        image
        if isinstance(image, Volume)
        else Volume.from_array(image, spacing, channel_axis=channel_axis)
    )
    flat = not isinstance(image, Volume) and np.ndim(image) - (channel_axis is not None) == 2
    said: list[Prompt] = []
    if box is not None:
        said.append(Box(_index(box[0], flat, 0), _index(box[1], flat, 1)))
    said += [Click(_index(at, flat, 0)) for at in inside]
    said += [Click(_index(at, flat, 0), inside=False) for at in outside]
    session = Session(volume, build(method, fields))
    session.add(*said, *prompts)
    mask = session.mask()
    return mask[..., 0] if flat else mask


def _index(at: Sequence[int], flat: bool, last: int) -> Index:
    """Three indices from two or three; `last` is what a picture's slice axis gets."""
    parts = (*at, last) if flat else tuple(at)
    if len(parts) != 3:
        raise PromptError(f"a place in this image has {2 if flat else 3} indices, got {tuple(at)}")
    return index3(parts)
