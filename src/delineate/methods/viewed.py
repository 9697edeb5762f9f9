"""A crop of an image as networks see it, computed once and kept, and the networks of BIFSeg."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from ..errors import MethodError
from ..models import load
from ..networks.planes import Planes
from ..types import Float32, Index
from .crop import Crop
from .features import Tunable, feature_rows, odds, precision, ran_with
from .tuning import Classifier


@dataclass(frozen=True, eq=False)
class Viewed:
    """What tuning starts from.

    Attributes:
        crop: Where it is, and its grid.
        image: On that grid, of mean 0 and deviation 1.
        features: `(N, C)`, of the voxels of the grid in order.
        classifier: That reads them, as the networks have it.
        boundary: Costs of boundaries on the grid, see `maxflow.minimum_cut`.
    """

    crop: Crop
    image: Float32
    features: Tensor
    classifier: Classifier
    boundary: Mapping[Index, Float32]


@dataclass(frozen=True, eq=False)
class Networks:
    """A network whose classifier can be tuned, and perhaps one whose answer is heard beside it.

    Attributes:
        tunable: The first.
        size: Of the crops that it was trained on.
        beside: The other.
        ran_with: See `State.ran_with`.
    """

    tunable: Tunable
    size: tuple[int, ...]
    beside: Planes | None
    ran_with: Mapping[str, Any]

    @classmethod
    def load(cls, names: Sequence[str], dims: int) -> "Networks":
        """Those of one or two weights by name or file, see `models.load`.

        Raises:
            MethodError: If there are no such weights, or not for so many dimensions.
        """
        (first, info), *rest = [load(name) for name in names]
        infos = (info, *(other for _, other in rest))
        for name, one in zip(names, infos, strict=True):
            if len(one.size) != dims:
                raise MethodError(
                    f"the weights {name!r} are of a network in {len(one.size)}D; the image is "
                    f"{dims}D"
                )
        second = rest[0][0] if rest else None
        if not isinstance(second, Planes | None):
            raise MethodError(f"the weights {names[1]!r} are not of a network in slices, 'planes'")
        used = ran_with(infos, precision(), next(first.parameters()).device)
        return cls(cast(Tunable, first), info.size, second, used)

    def see(self, image: Float32, spacing: Sequence[float]) -> tuple[Tensor, Classifier]:
        """The features of an image `(I, J, K)`, and the classifier that reads them.

        `spacing` is that of the image that was put on this grid, in the order of its axes. With
        two networks the log odds of the second are one more feature, and the classifier's
        answer is the mean of both.
        """
        rows, classifier = feature_rows(self.tunable, image), Classifier.of(self.tunable.classifier)
        if self.beside is None:
            return rows, classifier
        more = odds(self.beside, image, spacing)[:, None].to(rows)
        return torch.cat([rows, more], dim=1), classifier.with_odds()
