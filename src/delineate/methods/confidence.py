"""How far each voxel may be trusted while a network is tuned on one image.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, equation 12.
"""

from dataclasses import dataclass

import numpy as np

from ..energy.paths import Paths
from ..types import Float32, Int8, Mask

_FLAT = (0.0, 0.0, 0.0)


@dataclass(frozen=True, eq=False)
class Scribbled:
    """Marks on a grid, and what lies near them.

    Attributes:
        marks: `(I, J, K)`, 1 inside, -1 outside, 0 nothing said.
        near_inside: Within the geodesic distance epsilon of an inside mark.
        near_outside: Likewise of an outside mark.
    """

    marks: Int8
    near_inside: Mask
    near_outside: Mask

    @classmethod
    def on(cls, image: Float32, marks: Int8, epsilon: float, neighbours: int) -> "Scribbled":
        """The marks on an image.

        Args:
            image: `(I, J, K)`.
            marks: Likewise.
            epsilon: In units of intensity: as in the paper a way is as long as the intensity
                climbs and falls along it, however many voxels it crosses.
            neighbours: See `grid.offsets`.
        """
        if epsilon == 0 or not marks.any():
            return cls(marks, *np.zeros((2, *marks.shape), bool))
        ways = Paths.through(image[None], _FLAT, 1.0, neighbours)
        inside, outside = (ways.from_seeds(marks == sign, epsilon) for sign in (1, -1))
        return cls(marks, inside < epsilon, outside < epsilon)

    def weights(
        self, probability: Float32, mask: Mask, low: float, high: float, omega: float
    ) -> Float32:
        """Equation 12.

        Args:
            probability: Of the network as it is, `(I, J, K)`.
            mask: The latest cut.
            low: The paper's t0: the network is uncertain above it ...
            high: ... and below t1.
            omega: Weight of marked voxels.

        Returns:
            omega on marks, 0 where the network is uncertain or where a mark of the other class
            is near, 1 elsewhere.
        """
        uncertain = (probability > low) & (probability < high)
        uncertain |= self.near_inside & ~mask
        uncertain |= self.near_outside & mask
        weights = np.where(uncertain, np.float32(0), np.float32(1))
        weights[self.marks != 0] = omega
        return weights
