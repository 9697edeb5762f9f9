"""Guidance maps: what a user has said, drawn as images that a network reads beside the picture.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019, section III-B.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from ..errors import MethodError
from ..types import Float32, Mask

Point: TypeAlias = tuple[int, ...]
Ends: TypeAlias = tuple[tuple[int, int], ...]

BOXES = ("none", "filled", "rim")

_REACH = 3.0
"""Standard deviations at which a Gaussian is cut off; it is 0.011 there."""


@dataclass(frozen=True, kw_only=True)
class Guidance:
    """Which maps there are and how they are drawn; weights are of one such kind.

    Differs from the paper: where Gaussians overlap the larger counts, not the normalised sum, so
    that a click looks the same however many others there are; and there are more maps.

    Attributes:
        sigma: Of a click's Gaussian, in steps of the grid along its finest axis.
        previous: Whether the last map is the mask that was shown before, 0 or 1.
        box: How a box is drawn, in a map of its own: "filled" is 1 inside of it, "rim" a Gaussian
            of the distance to its faces; "none" has no such map.

    Raises:
        MethodError: If a field is out of its range.

    Examples:
        >>> Guidance().names
        ('inside', 'outside', 'box', 'previous')
    """

    sigma: float = 2.0
    previous: bool = True
    box: str = "filled"

    def __post_init__(self) -> None:
        if not (math.isfinite(self.sigma) and self.sigma > 0):
            raise MethodError(f"sigma is {self.sigma}: it must be a number above 0")
        if self.box not in BOXES:
            raise MethodError(f"box is {self.box!r}: it must be one of {', '.join(BOXES)}")

    @property
    def names(self) -> tuple[str, ...]:
        """Of the maps, in their order behind the image."""
        framed = () if self.box == "none" else ("box",)
        return ("inside", "outside", *framed, *(("previous",) if self.previous else ()))

    @property
    def channels(self) -> int:
        """Of a network's input: an image of one channel and the maps."""
        return 1 + len(self.names)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON can hold them."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Guidance":
        """What `to_json` gave."""
        return cls(**values)


@dataclass(frozen=True, eq=False)
class Maps:
    """Guidance maps on one grid. Changing what was said makes others and shares what stays.

    Attributes:
        guidance: How they are drawn.
        spacing: Of the grid, one number an axis; only ratios count.
        values: `(maps, *shape)` float32 in [0, 1], in the order of `guidance.names`.
        inside: Grid points marked as the object.
        outside: Grid points marked as background.
        frame: The box that is drawn.

    Examples:
        >>> maps = Maps.empty(Guidance(box="none", previous=False), (5, 7), (1.0, 1.0))
        >>> clicked = maps.marked(inside=[(2, 3)], outside=[])
        >>> clicked.values[0, 2, 3:6].round(2)
        array([1.  , 0.88, 0.61], dtype=float32)
    """

    guidance: Guidance
    spacing: tuple[float, ...]
    values: Float32
    inside: frozenset[Point] = frozenset()
    outside: frozenset[Point] = frozenset()
    frame: Ends | None = None

    @classmethod
    def empty(
        cls, guidance: Guidance, shape: tuple[int, ...], spacing: tuple[float, ...]
    ) -> "Maps":
        """Nothing was said."""
        return cls(guidance, spacing, np.zeros((len(guidance.names), *shape), np.float32))

    def marked(self, inside: Iterable[Point], outside: Iterable[Point]) -> "Maps":
        """These points marked and no others; only where a point came or went is drawn anew.

        Args:
            inside: Grid points `(I, J[, K])` on the grid.
            outside: Likewise.
        """
        points = frozenset(inside), frozenset(outside)
        values = self.values
        for n, (before, now) in enumerate(zip((self.inside, self.outside), points, strict=True)):
            if before != now:
                values = values.copy() if values is self.values else values
                self._redraw(values[n], before, now)
        if values is self.values:
            return self
        return replace(self, values=values, inside=points[0], outside=points[1])

    def clicked(self, at: Point, inside: bool) -> "Maps":
        """One more point marked."""
        one = frozenset([at])
        if inside:
            return self.marked(self.inside | one, self.outside)
        return self.marked(self.inside, self.outside | one)

    def framed(self, ends: Ends | None) -> "Maps":
        """With a box, half-open `(low, high)` along each axis, or without one.

        Nothing changes where boxes have no map.
        """
        if "box" not in self.guidance.names or ends == self.frame:
            return self
        values = self.values.copy()
        own = values[self.guidance.names.index("box")]
        own[...] = 0
        if ends is not None and self.guidance.box == "filled":
            own[tuple(slice(max(low, 0), max(high, 0)) for low, high in ends)] = 1
        elif ends is not None:
            own[...] = _rim(own.shape, ends, self._steps, self.guidance.sigma)
        return replace(self, values=values, frame=ends)

    def after(self, mask: Mask | None) -> "Maps":
        """With the mask `(*shape)` that was shown before, or without one.

        Nothing changes where it has no map.
        """
        if not self.guidance.previous or (mask is None and not self.values[-1].any()):
            return self
        values = self.values.copy()
        values[-1] = 0 if mask is None else mask
        return replace(self, values=values)

    @property
    def _steps(self) -> tuple[float, ...]:
        """Length of a step along each axis, that of the finest one 1."""
        return tuple(length / min(self.spacing) for length in self.spacing)

    def _redraw(self, out: Float32, before: frozenset[Point], now: frozenset[Point]) -> None:
        """Draw a map anew around the points that came or went."""
        spot = _spot(self._steps, self.guidance.sigma)
        reach = np.array(spot.shape) // 2
        changed = np.array(sorted(before ^ now))
        low = np.maximum(changed.min(axis=0) - reach, 0)
        high = np.minimum(changed.max(axis=0) + reach + 1, out.shape)
        window = out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))]
        if before - now:
            window[...] = 0
            drawn = now
        else:
            drawn = now - before
        for point in drawn:
            first = np.array(point) - reach - low
            ends = np.minimum(first + spot.shape, window.shape)
            start = np.maximum(first, 0)
            if (start < ends).all():
                there = tuple(slice(a, b) for a, b in zip(start, ends, strict=True))
                from_ = tuple(slice(a, b) for a, b in zip(start - first, ends - first, strict=True))
                np.maximum(window[there], spot[from_], out=window[there])


@lru_cache(maxsize=64)
def _spot(steps: tuple[float, ...], sigma: float) -> Float32:
    """A Gaussian around the middle of a small odd grid, 1 there."""
    axes = []
    for step in steps:
        reach = math.floor(_REACH * sigma / step)
        axes.append(np.arange(-reach, reach + 1) * step)
    squared = sum(axis**2 for axis in np.ix_(*axes))
    drawn = np.exp(-squared / (2 * sigma**2))
    drawn[squared > (_REACH * sigma) ** 2] = 0
    return np.asarray(drawn, np.float32)


def _rim(shape: tuple[int, ...], ends: Ends, steps: tuple[float, ...], sigma: float) -> Float32:
    """A Gaussian of the distance to the outermost voxels of a box."""
    beyond, within = np.zeros(shape), np.full(shape, np.inf)
    for axis, ((low, high), step) in enumerate(zip(ends, steps, strict=True)):
        at = np.arange(shape[axis], dtype=np.float64)
        at = at.reshape([-1 if a == axis else 1 for a in range(len(shape))])
        depth = np.minimum(at - low, high - 1 - at) * step
        beyond = beyond + np.maximum(-depth, 0) ** 2
        within = np.minimum(within, depth) if shape[axis] > 1 else within
    squared = np.where(beyond > 0, beyond, np.where(np.isfinite(within), within, 0) ** 2)
    return np.asarray(np.exp(-squared / (2 * sigma**2)), np.float32)
