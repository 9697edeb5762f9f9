"""Zeros at the far ends of an image, for networks that make it smaller, and without them again."""

from collections.abc import Sequence

from torch import Tensor
from torch.nn import functional


def pad_to_multiple(image: Tensor, of: int) -> Tensor:
    """The image `(N, C, ...)` with every side the next multiple of a number of voxels.

    Examples:
        >>> import torch
        >>> pad_to_multiple(torch.ones(1, 1, 8, 17), 16).shape
        torch.Size([1, 1, 16, 32])
    """
    ends = [length for side in reversed(image.shape[2:]) for length in (0, -side % of)]
    return functional.pad(image, ends) if any(ends) else image


def cut(image: Tensor, shape: Sequence[int]) -> Tensor:
    """The image `(N, C, ...)` without what lies beyond a shape."""
    for axis, side in enumerate(shape, start=2):
        image = image.narrow(axis, 0, side)
    return image
