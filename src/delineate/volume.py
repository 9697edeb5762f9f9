"""An image with its place in the patient."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .errors import ImageError, SeveralImages
from .geometry import Geometry
from .region import Region, index3
from .types import Array, Float32, Index, Spacing

RGB = ("red", "green", "blue")
_LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)


@dataclass(frozen=True, eq=False)
class Source:
    """Where a volume was read from, and what its format needs to write a mask like it.

    Args:
        path: The file, or the folder of a DICOM series.
        format: "nifti", "nrrd", "meta", "dicom" or "picture".
        header: What only `io` understands.
    """

    path: str
    format: str
    header: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Volume:
    """An image of one or more channels on a regular grid. It never changes.

    Args:
        data: Intensities, `(C, I, J, K)` float32. A picture has one slice, K = 1.
        geometry: The grid, of shape `(I, J, K)`.
        channels: A name for each channel, or none.
        source: The file it came from, if any.

    Raises:
        ImageError: If the shapes do not match, or a voxel is NaN or infinite.

    Examples:
        >>> volume = Volume.from_array(np.zeros((4, 5)), spacing=(0.5, 0.5))
        >>> volume.shape, volume.spacing
        ((4, 5, 1), (0.5, 0.5, 1.0))
    """

    data: Float32
    geometry: Geometry
    channels: tuple[str, ...] = ()
    source: Source | None = None

    def __post_init__(self) -> None:
        data = np.asarray(self.data, np.float32)
        if data.ndim != 4 or data.shape[1:] != self.geometry.shape:
            raise ImageError(
                f"data must be (C, I, J, K) on a grid of {self.geometry.shape}, got {data.shape}"
            )
        if self.channels and len(self.channels) != len(data):
            raise ImageError(f"{len(data)} channels cannot have the names {self.channels}")
        _check_finite(data)
        data = data.view()
        data.flags.writeable = False
        object.__setattr__(self, "data", data)

    @classmethod
    def from_array(
        cls,
        array: ArrayLike,
        spacing: Sequence[float] | None = None,
        *,
        channel_axis: int | None = None,
        affine: ArrayLike | None = None,
    ) -> Self:
        """A volume from a plain array.

        Args:
            array: `(I, J)` or `(I, J, K)`, and one more axis if `channel_axis` says which.
            spacing: Of the two or three axes, in mm; 1 where it is not known.
            channel_axis: The axis of channels, if there is one; three of them in a
                picture are taken for red, green and blue.
            affine: `(4, 4)`, instead of `spacing`.

        Raises:
            ImageError: If the array is not a picture or a volume of numbers.
        """
        data = np.asarray(array)
        if data.dtype.kind not in "biuf":
            raise ImageError(f"an image is an array of real numbers, got dtype {data.dtype}")
        data = data[None] if channel_axis is None else np.moveaxis(data, channel_axis, 0)
        picture = data.ndim == 3
        if data.ndim not in (3, 4) or 0 in data.shape:
            raise ImageError(
                f"an image is (I, J) or (I, J, K) with at least one voxel, got {np.shape(array)}; "
                "name the axis of channels with channel_axis if there is one"
            )
        data = data[..., None] if picture else data
        shape = index3(data.shape[1:])
        if affine is not None:
            geometry = Geometry(shape, np.asarray(affine, np.float64))
        else:
            steps = tuple(spacing or (1.0,) * (2 if picture else 3))
            if picture and len(steps) == 2:
                steps = (*steps, 1.0)
            geometry = Geometry.of_spacing(shape, steps)  # type: ignore[arg-type]
        channels = RGB if picture and len(data) == 3 else ()
        return cls(data.astype(np.float32), geometry, channels)

    @property
    def shape(self) -> Index:
        """Voxels along I, J, K."""
        return self.geometry.shape

    @property
    def spacing(self) -> Spacing:
        """Distance between voxel centres along I, J, K, in mm."""
        return self.geometry.spacing

    @property
    def dims(self) -> int:
        """2 for a picture (one slice), 3 for a volume."""
        return 2 if 1 in self.shape else 3

    def scalar(self, channel: int | None = None) -> Float32:
        """One value a voxel, `(I, J, K)`: the channel asked for, or the only one, or luminance.

        Raises:
            SeveralImages: If there are several channels that are not red, green and
                blue and none is chosen; the message lists them.
        """
        count = len(self.data)
        if channel is not None:
            if not 0 <= channel < count:
                raise SeveralImages(f"there is no channel {channel}; there are {self._listed()}")
            chosen: Float32 = self.data[channel]
            return chosen
        if count == 1:
            return self.scalar(0)
        if self.channels == RGB:
            return np.tensordot(_LUMINANCE, self.data, axes=1)
        raise SeveralImages(f"the image has {count} channels, choose one: {self._listed()}")

    def crop(self, region: Region) -> Self:
        """The part of the image in `region`, which must lie inside; a view, not a copy."""
        if not region.size or not Region.whole(self.shape).holds(region):
            raise ImageError(f"{region} is not a part of an image of {self.shape} voxels")
        return self._with(self.data[:, *region.slices], self.geometry.crop(region))

    def pad(self, before: Index, after: Index, value: float = 0.0) -> Self:
        """The image with voxels of `value` added on both sides of each axis."""
        width = [(0, 0), *zip(before, after, strict=True)]
        data = np.pad(self.data, width, constant_values=value)
        return self._with(data, self.geometry.pad(before, after))

    def flip(self, axis: int) -> Self:
        """The image stored the other way along one axis; every voxel keeps its world place."""
        return self._with(np.flip(self.data, axis + 1), self.geometry.flip(axis))

    def permute(self, order: Sequence[int]) -> Self:
        """The image stored with its axes in another order; voxels keep their world place."""
        geometry = self.geometry.permute(order)
        return self._with(self.data.transpose(0, *(a + 1 for a in order)), geometry)

    def resample_to(self, geometry: Geometry, order: int = 1) -> Self:
        """The image on another grid, by splines of `order` (0 nearest, 1 linear, 3 cubic).

        Outside the image the nearest voxel is repeated.
        """
        data = np.stack([resample(c, self.geometry, geometry, order) for c in self.data])
        return self._with(data, geometry)

    @cached_property
    def _sha256(self) -> str:
        digest = hashlib.sha256(repr((self.data.shape, self.geometry.affine.tolist())).encode())
        for channel in self.data:
            digest.update(np.ascontiguousarray(channel).data)
        return digest.hexdigest()

    def _with(self, data: Float32, geometry: Geometry) -> Self:
        return replace(self, data=data, geometry=geometry)

    def _listed(self) -> str:
        names = self.channels or ("unnamed",) * len(self.data)
        return ", ".join(f"{number} ({name})" for number, name in enumerate(names))


def resample(array: Array, source: Geometry, target: Geometry, order: int) -> Array:
    """An array `(I, J, K)` on grid `source`, seen on grid `target` (order 0 for labels)."""
    from scipy.ndimage import affine_transform

    across = np.linalg.inv(source.affine) @ target.affine
    floating = array if order == 0 else array.astype(np.float32, copy=False)
    out: Array = affine_transform(
        floating, across, output_shape=target.shape, order=order, mode="nearest"
    )
    return out


def fingerprint(volume: Volume) -> str:
    """SHA-256 of the voxels and where they lie, in hexadecimal: the same image, the same text.

    A volume is looked through once; it never changes.
    """
    return volume._sha256


def _check_finite(data: Float32) -> None:
    with np.errstate(invalid="ignore", over="ignore"):
        if np.isfinite(data.sum(dtype=np.float64)):
            return
    wrong = ~np.isfinite(data)
    count = int(wrong.sum())
    if count:
        first = tuple(int(i) for i in np.unravel_index(np.argmax(wrong), wrong.shape))
        raise ImageError(
            f"{count} of {data.size} voxels are NaN or infinite, the first at {first[1:]} of "
            f"channel {first[0]}; replace them before segmenting"
        )
