"""The grid on which the page counts voxels: the image's axes in RAS order, nothing resampled."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ..geometry import Geometry
from ..prompts import Adjust, Box, Click, Given, Paint, Prompt
from ..region import Region, index3
from ..types import Array, Index
from ..voxels import Voxels


@dataclass(frozen=True)
class PageGrid:
    """Turns indices, boxes, voxel sets and arrays from the image's grid to the page's and back.

    Axis `a` of the page is axis `order[a]` of the image, walked backwards if `flips[a]`, so
    that it grows to the right, the front and the head, as nearly as the grid allows.

    Args:
        geometry: The image's grid.
    """

    geometry: Geometry

    @cached_property
    def order(self) -> Index:
        """For each axis of the page, that of the image."""
        letters = self.geometry.orientation
        return index3(
            next(a for a in range(3) if letters[a] in pair) for pair in ("LR", "PA", "IS")
        )

    @cached_property
    def flips(self) -> tuple[bool, ...]:
        """For each axis of the page, whether the image's runs the other way."""
        return tuple(self.geometry.orientation[axis] in "LPI" for axis in self.order)

    @cached_property
    def page(self) -> Geometry:
        """The page's grid."""
        turned = self.geometry.permute(self.order)
        for axis, flip in enumerate(self.flips):
            turned = turned.flip(axis) if flip else turned
        return turned

    def array_out(self, array: Array) -> Array:
        """An array of a part of the image, `(I, J, K)`, as the page has it; a view."""
        return array.transpose(self.order)[self._steps]

    def array_in(self, array: Array) -> Array:
        """An array of a part of the page as the image has it; undoes `array_out`."""
        return array[self._steps].transpose(np.argsort(self.order))

    def region_out(self, region: Region) -> Region:
        """A box of the image on the page."""
        if not region.size:
            return Region((0, 0, 0), (0, 0, 0))
        low, high = [0, 0, 0], [0, 0, 0]
        for axis, (own, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            a, b, n = region.low[own], region.high[own], self.geometry.shape[own]
            low[axis], high[axis] = (n - b, n - a) if flip else (a, b)
        return Region(index3(low), index3(high))

    def region_in(self, region: Region) -> Region:
        """A box of the page in the image, whether it lies inside or not."""
        low, high = [0, 0, 0], [0, 0, 0]
        for axis, (own, flip) in enumerate(zip(self.order, self.flips, strict=True)):
            a, b, n = region.low[axis], region.high[axis], self.geometry.shape[own]
            low[own], high[own] = (n - b, n - a) if flip else (a, b)
        return Region(index3(low), index3(high))

    def voxels_in(self, voxels: Voxels) -> Voxels:
        """A set of voxels of the page, in the image."""
        mask = self.array_in(voxels.mask())
        return Voxels.from_mask(mask, self.region_in(voxels.region).low)

    def voxels_out(self, voxels: Voxels) -> Voxels:
        """A set of voxels of the image, on the page."""
        mask = self.array_out(voxels.mask())
        return Voxels.from_mask(mask, self.region_out(voxels.region).low)

    def axis_in(self, axis: int | None) -> int | None:
        """An axis of the page in the image."""
        return None if axis is None else self.order[axis]

    def axis_out(self, axis: int) -> int:
        """An axis of the image on the page."""
        return self.order.index(axis)

    def prompt_in(self, prompt: Prompt) -> Prompt:
        """A prompt of the page, on the image."""
        return self._turned(prompt, self.region_in, self.voxels_in, self.order.__getitem__)

    def prompt_out(self, prompt: Prompt) -> Prompt:
        """A prompt on the image, on the page."""
        return self._turned(prompt, self.region_out, self.voxels_out, self.axis_out)

    def _turned(
        self,
        prompt: Prompt,
        region: Callable[[Region], Region],
        voxels: Callable[[Voxels], Voxels],
        axis: Callable[[int], int],
    ) -> Prompt:
        if isinstance(prompt, Adjust):
            return prompt
        if isinstance(prompt, (Paint, Given)):
            return replace(prompt, voxels=voxels(prompt.voxels))
        across = None if prompt.axis is None else axis(prompt.axis)
        if isinstance(prompt, Click):
            return replace(prompt, at=region(prompt.region).low, axis=across)
        if isinstance(prompt, Box):
            turned = region(prompt.region)
            return replace(prompt, low=turned.low, high=turned.high, axis=across)
        return replace(prompt, voxels=voxels(prompt.voxels), axis=across)

    @cached_property
    def _steps(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, -1) if flip else slice(None) for flip in self.flips)
