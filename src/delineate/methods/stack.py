"""A volume as a stack of slices, with their texture, for methods that go slice by slice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ..energy.texture import FEATURES, texture_features
from ..region import Region
from ..types import Float32, Float64, Int8, Mask

Window = tuple[slice, slice]

AROUND = np.ones((3, 3), bool)

_KEPT = 8  # slices whose texture is kept between answers
_HALO = 16  # pixels that texture looks beyond the pixels it describes
_HAAR = slice(14, 20)
_OTHER_DIAGONAL = slice(32, 36)


@dataclass(frozen=True, eq=False)
class Stack:
    """The image, slices first, and what is known of it.

    Attributes:
        image: `(C, K, I, J)`.
        certain: Seeds `(K, I, J)`.
        marked: `(K,)`, slices in which the user marked something.
        spacing: In the slice, mm.
        thickness: Distance of slices, mm.
        known: Texture of some slices.
    """

    image: Float32
    certain: Int8
    marked: Mask
    spacing: tuple[float, float]
    thickness: float
    known: dict[int, Float32]

    def whole(self, k: int) -> Float32:
        """Texture `(I, J, F)` of all of slice k, kept for the first few slices."""
        if k in self.known:
            return self.known[k]
        features = self.features(k, self.window([], 0))
        if len(self.known) < _KEPT:
            self.known[k] = features
        return features

    def features(self, k: int, window: Window) -> Float32:
        """Texture `(I, J, F)` in a window of slice k."""
        wide, inner = [], []
        for part, n in zip(window, self.certain.shape[1:], strict=True):
            low, high = max(0, part.start - _HALO), min(n, part.stop + _HALO)
            wide.append(slice(low, high))
            inner.append(slice(part.start - low, part.stop - low))
        return mirrored_features(self.image[:, k, wide[0], wide[1]])[inner[0], inner[1]]

    def window(self, near: Sequence[Mask], reach: int) -> Window:
        """The box around masks of neighbouring slices and `reach` pixels more; all without."""
        shape = self.certain.shape[1:]
        if not near:
            return slice(0, shape[0]), slice(0, shape[1])
        around = Region.around(np.any(near, axis=0)[..., None]).grow((reach, reach, 0))
        i, j, _ = around.clip((*shape, 1)).slices
        return i, j

    def next_wave(self, masks: Mapping[int, Mask]) -> list[int]:
        """The slices beside those that hold the object and not yet looked at, in order."""
        full = [k for k, mask in masks.items() if mask.any()]
        beside = {k + d for k in full for d in (-1, 1)} - masks.keys()
        return sorted(k for k in beside if 0 <= k < len(self.certain) and self.open(k))

    def open(self, k: int) -> bool:
        """Whether anything in slice k may be inside."""
        return bool((self.certain[k] != -1).any())


def mirrored_features(picture: Float32) -> Float32:
    """Texture that is mirrored with the picture, to the last bit: its mean over four mirrorings.

    Haar features lose their sign, and one diagonal of co-occurrence stands for both.

    Args:
        picture: `(C, I, J)`.

    Returns:
        `(I, J, 32 C)`.
    """
    parts = []
    for axes in ((), (0,), (1,), (0, 1)):
        flipped = np.flip(picture, tuple(a + 1 for a in axes))
        part = texture_features(flipped).reshape(*picture.shape[1:], len(picture), FEATURES)
        np.abs(part[..., _HAAR], out=part[..., _HAAR])
        parts.append(np.flip(part[..., : _OTHER_DIAGONAL.start], axes))
    total = (parts[0] + parts[1]) + (parts[2] + parts[3])
    total /= np.float32(4)
    return np.asarray(total.reshape(*picture.shape[1:], -1), np.float32)


def signed_depth(mask: Mask, spacing: tuple[float, float]) -> Float64:
    """Signed distance to the rim of a mask, positive inside."""
    far = float(np.hypot(*np.multiply(mask.shape, spacing)))
    inside, outside = (
        np.where(side, ndimage.distance_transform_edt(side, sampling=spacing), 0)
        if not side.all()
        else np.full(mask.shape, far)
        for side in (mask, ~mask)
    )
    return np.asarray(inside - outside, np.float64)


def joined(mask: Mask, to: Mask) -> Mask:
    """The parts of a mask that touch another one."""
    part, count = ndimage.label(mask, AROUND)
    held = np.zeros(count + 1, bool)
    held[part[to & mask]] = True
    held[0] = False
    return np.asarray(held[part], np.bool_)
