"""Images with marks on both sides that the benchmarks work on.

A photograph is scikit-image's own. A phantom is made from a seed: a bright, lobed organ and a
dimmer one beside it in a textured body, blurred and noisy.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from skimage import data
from skimage.transform import resize

from delineate.types import Float32, Int8, Mask


@dataclass(frozen=True)
class Scene:
    """An image and its marks.

    Attributes:
        name: As in the tables.
        image: (C, I, J, K) in [0, 1].
        marks: (I, J, K), 1 inside, -1 outside, 0 free.
    """

    name: str
    image: Float32
    marks: Int8

    @property
    def inside(self) -> Mask:
        return self.marks == 1

    def unary(self, spread: float = 0.15) -> tuple[Float32, Float32]:
        """Cost of each voxel being inside and outside: Gaussians about the marked intensities."""
        costs = []
        for side in (1, -1):
            mean = self.image[:, self.marks == side].mean(axis=1)
            away = self.image - mean[:, None, None, None]
            costs.append((away**2).sum(axis=0) / np.float32(2 * spread**2))
        return costs[0], costs[1]


def camera(size: int) -> Scene:
    """scikit-image's photograph of a man with a camera; strokes on his coat, and on sky and grass.

    Args:
        size: Of I and J; the photograph is 512 wide.
    """
    picture = resize(data.camera(), (size, size), anti_aliasing=size < 512)
    marks = np.zeros((size, size, 1), np.int8)
    at = np.rint(np.array([[200, 350, 170, 210], [30, 200, 30, 60], [450, 500, 30, 480]]) * size)
    for side, (top, bottom, left, right) in zip((1, -1, -1), (at / 512).astype(int), strict=True):
        middle = (left + right) // 2
        marks[top:bottom, middle - 2 : middle + 3] = side
    return Scene(f"camera {size}²", picture[None, :, :, None].astype(np.float32), marks)


def phantom(side: int, seed: int = 0) -> Scene:
    """A volume with two organs; 7³ voxels are marked in the bright one, and outside of it.

    Args:
        side: Of I, J and K.
        seed: Of texture and noise.
    """
    rng = np.random.default_rng(seed)
    i, j, k = (np.linspace(-1, 1, side, dtype=np.float32).reshape(s) for s in _COLUMNS)
    image = 0.25 * ((i / 0.95) ** 2 + (j / 0.85) ** 2 + (k / 1.2) ** 2 < 1)
    lobes = ((-0.1, -0.1, 0.0, 0.4), (0.25, 0.1, 0.1, 0.3))
    balls = [(i - a) ** 2 + (j - b) ** 2 + (k - c) ** 2 < r**2 for a, b, c, r in lobes]
    beside = (i + 0.45) ** 2 + (j - 0.45) ** 2 + (k - 0.1) ** 2 < 0.22**2
    image = np.where(beside, 0.45, image)
    image = np.where(balls[0] | balls[1], 0.65, image)
    texture = gaussian_filter(rng.standard_normal((side,) * 3, np.float32), side / 32)
    image = gaussian_filter(image + 0.05 * texture / texture.std(), 1.0)
    image = np.clip(image + rng.normal(0, 0.05, image.shape), 0, 1).astype(np.float32)
    marks = np.zeros(image.shape, np.int8)
    for sign, *at in ((1, -0.1, -0.1, 0.0), (-1, -0.45, 0.45, 0.1), (-1, 0.6, -0.4, -0.5)):
        low = [round((x + 1) / 2 * (side - 1)) - 3 for x in at]
        marks[tuple(slice(x, x + 7) for x in low)] = sign
    return Scene(f"phantom {side}³", image[None], marks)


_COLUMNS = ((-1, 1, 1), (1, -1, 1), (1, 1, -1))
