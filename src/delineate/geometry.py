"""Where a grid of voxels lies in the patient: a shape and an affine, nothing guessed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from .errors import GeometryMismatch, ImageError
from .region import Region, index3
from .types import Float64, Index, Spacing

_LETTERS = (("L", "R"), ("P", "A"), ("I", "S"))


@dataclass(frozen=True, eq=False)
class Geometry:
    """A regular grid in space.

    Each change returns a new value, and each has its inverse: `crop` and `pad`,
    `flip` and itself, `permute` and the inverse permutation, `resample` to another
    shape and back to the old one, `to_world` and `to_index`.

    Args:
        shape: Voxels along I, J, K; a picture has one slice.
        affine: `(4, 4)` matrix from voxel index (centre of a voxel) to world
            millimetres, RAS+. It may be oblique, flipped, permuted or sheared.

    Raises:
        ImageError: If the shape has no voxel, or the affine is not finite and invertible.

    Examples:
        >>> grid = Geometry((10, 10, 5), np.diag([1.0, 1.0, 3.0, 1.0]))
        >>> grid.crop(Region((2, 2, 1), (8, 8, 4))).to_world([(0, 0, 0)])
        array([[2., 2., 3.]])
    """

    shape: Index
    affine: Float64

    def __post_init__(self) -> None:
        shape = tuple(self.shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ImageError(f"a grid has three axes of at least one voxel, got shape {shape}")
        affine = np.array(self.affine, dtype=np.float64)
        if affine.shape != (4, 4):
            raise ImageError(f"an affine is a (4, 4) matrix, got shape {affine.shape}")
        if not np.isfinite(affine).all():
            raise ImageError(f"the affine holds values that are not finite: {affine.tolist()}")
        if affine[3].tolist() != [0, 0, 0, 1]:
            raise ImageError(f"the last row of an affine is 0 0 0 1, got {affine[3].tolist()}")
        if not _spans_space(affine[:3, :3]):
            raise ImageError(
                "the affine is singular (its three axes do not span space), so voxels have no "
                f"place in the patient: {affine[:3, :3].tolist()}"
            )
        affine.flags.writeable = False
        object.__setattr__(self, "shape", index3(shape))
        object.__setattr__(self, "affine", affine)

    @classmethod
    def of_spacing(cls, shape: Index, spacing: Spacing = (1.0, 1.0, 1.0)) -> Self:
        """A grid along the world axes, first voxel at the origin, spacing in mm."""
        _check_spacing(spacing)
        return cls(shape, np.diag([*spacing, 1.0]))

    @property
    def spacing(self) -> Spacing:
        """Distance between voxel centres along I, J, K, in mm."""
        i, j, k = (float(s) for s in np.linalg.norm(self.affine[:3, :3], axis=0))
        return i, j, k

    @property
    def orientation(self) -> str:
        """The patient direction in which I, J, K grow, as in "RAS" or "LPS".

        For an oblique grid the closest one, each letter pair used once.
        """
        direction = self.affine[:3, :3] / np.array(self.spacing)
        letters = [""] * 3
        strength = np.abs(direction)
        for _ in range(3):
            world, axis = np.unravel_index(np.argmax(strength), (3, 3))
            letters[axis] = _LETTERS[world][int(direction[world, axis] > 0)]
            strength[world, :] = strength[:, axis] = -1
        return "".join(letters)

    @property
    def slice_axis(self) -> int:
        """The axis of coarsest spacing, across which slices are shown; K on a tie.

        A picture is always its own slice.
        """
        if 1 in self.shape:
            return max(axis for axis in range(3) if self.shape[axis] == 1)
        spacing = np.round(self.spacing, 6)
        return int(2 - np.argmax(spacing[::-1]))

    def to_world(self, index: ArrayLike) -> Float64:
        """World positions, `(N, 3)` mm RAS+, of voxel indices, `(N, 3)`, whole or not."""
        at: Float64 = np.asarray(index, np.float64) @ self.affine[:3, :3].T + self.affine[:3, 3]
        return at

    def to_index(self, world: ArrayLike) -> Float64:
        """Voxel indices, `(N, 3)` and not rounded, of world positions, `(N, 3)` mm RAS+."""
        offset = np.asarray(world, np.float64) - self.affine[:3, 3]
        return np.asarray(np.linalg.solve(self.affine[:3, :3], offset.T).T, np.float64)

    def crop(self, region: Region) -> Self:
        """The grid of `region`, which may reach outside; `pad` undoes it."""
        return self._moved(region.shape, np.eye(3), np.array(region.low, float))

    def pad(self, before: Index, after: Index) -> Self:
        """The grid with voxels added on both sides of each axis; `crop` undoes it."""
        high = index3(n + a for n, a in zip(self.shape, after, strict=True))
        return self.crop(Region(index3(-b for b in before), high))

    def flip(self, axis: int) -> Self:
        """The grid walked the other way along one axis; undoes itself."""
        turn = np.eye(3)
        turn[axis, axis] = -1
        start = np.zeros(3)
        start[axis] = self.shape[axis] - 1
        return self._moved(self.shape, turn, start)

    def permute(self, order: Sequence[int]) -> Self:
        """The grid with its axes in another order, as in `numpy.transpose`."""
        if sorted(order) != [0, 1, 2]:
            raise ImageError(f"an order of axes is 0, 1 and 2 in some order, got {tuple(order)}")
        shape = index3(self.shape[axis] for axis in order)
        return self._moved(shape, np.eye(3)[:, list(order)], np.zeros(3))

    def resample(self, *, shape: Index | None = None, spacing: Spacing | None = None) -> Self:
        """The same field of view (to the outer faces of its voxels) in other voxels.

        Args:
            shape: The new number of voxels; resampling to the old shape undoes it.
            spacing: Or the new spacing in mm; the number of voxels is rounded, at
                least one, and the spacing becomes what fits the field of view.
        """
        if (shape is None) == (spacing is None):
            raise ImageError("resample needs a shape or a spacing, and not both")
        if shape is None:
            assert spacing is not None
            _check_spacing(spacing)
            wanted = np.multiply(self.shape, self.spacing) / np.asarray(spacing)
            shape = index3(np.maximum(1, np.round(wanted)))
        if len(shape) != 3 or min(shape) < 1:
            raise ImageError(f"a grid has three axes of at least one voxel, got shape {shape}")
        scale = np.divide(self.shape, shape)
        return self._moved(shape, np.diag(scale), (scale - 1) / 2)

    def difference(self, other: "Geometry", tolerance_mm: float = 1e-3) -> str | None:
        """How `other` differs from this grid, in words; None where no corner is further
        than `tolerance_mm` from its place."""
        if self.shape != other.shape:
            return f"shape {other.shape} instead of {self.shape}"
        corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.array(self.shape) - 1)
        apart = np.linalg.norm(self.to_world(corners) - other.to_world(corners), axis=1).max()
        if not np.allclose(self.spacing, other.spacing, rtol=1e-4, atol=0):
            return f"spacing {_show(other.spacing)} mm instead of {_show(self.spacing)} mm"
        if apart <= max(tolerance_mm, 1e-3 * min(self.spacing)):
            return None
        if self.orientation != other.orientation:
            return f"orientation {other.orientation} instead of {self.orientation}"
        return f"a position up to {apart:.3g} mm away"

    def check_matches(self, other: "Geometry", what: str = "the second grid") -> None:
        """Raise `GeometryMismatch`, which says how, unless `other` is this grid."""
        difference = self.difference(other)
        if difference:
            raise GeometryMismatch(f"{what} is not on the same grid: it has {difference}")

    def _moved(self, shape: Index, turn: Float64, start: Float64) -> Self:
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = turn, start
        return type(self)(shape, self.affine @ step)


def _check_spacing(spacing: Sequence[float]) -> None:
    if len(spacing) != 3 or not all(np.isfinite(s) and s > 0 for s in spacing):
        raise ImageError(f"spacing is three positive numbers in mm, got {tuple(spacing)}")


def _spans_space(axes: Float64) -> bool:
    with np.errstate(all="ignore"):
        volume = abs(np.linalg.det(axes / np.linalg.norm(axes, axis=0)))
    return bool(volume >= 1e-6)


def _show(values: Spacing) -> str:
    return " x ".join(f"{value:.4g}" for value in values)
