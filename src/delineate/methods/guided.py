"""A click-guided network on one window: its answer, and that of its tuned last layers."""

import itertools
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import MethodError
from ..models import Info
from ..networks.guidance import Guidance
from ..types import Float32, Int8
from .features import Tunable, precision, ran_with
from .tuning import Classifier


@dataclass(frozen=True, eq=False)
class Guided:
    """A network and the maps that it reads beside the image; neither is ever changed."""

    network: Tunable
    guidance: Guidance

    @classmethod
    def of(cls, module: nn.Module, info: Info) -> "Guided":
        """A network whose weights say how they were taught clicks.

        Raises:
            MethodError: If they do not.
        """
        clicks = info.recipe.get("clicks")
        if not clicks:
            raise MethodError(
                f"the weights {info.name!r} were not taught clicks; those of the recipes click-2d "
                "and click-3d are"
            )
        return cls(cast(Tunable, module), Guidance.from_json(clicks["guidance"]))

    @property
    def dims(self) -> int:
        """2 or 3."""
        return next(self.network.classifier.parameters()).ndim - 2

    def probability(self, inputs: Float32, mirrored: bool = False) -> Float32:
        """Of the object, `(*shape)`, of the image and its maps `(C, *shape)`.

        Args:
            inputs: On a network's grid.
            mirrored: Whether it is the mean over all mirrored inputs.
        """
        axes = range(1, inputs.ndim) if mirrored else ()
        found = []
        for count in range(len(axes) + 1):
            for turned in itertools.combinations(axes, count):
                answer = self._classified(np.flip(inputs, turned))
                found.append(np.flip(answer, tuple(axis - 1 for axis in turned)))
        return np.asarray(np.mean(found, axis=0), np.float32) if len(found) > 1 else found[0]

    def logits(self, inputs: Float32) -> Tensor:
        """One forward pass: `(1, 2, *shape)` float32 of `(C, *shape)`."""
        rows = self._features(inputs)
        with torch.no_grad():
            found: Tensor = self.network.classifier(rows.float())
        return found

    def tuned_probability(
        self, inputs: Float32, marked: Int8, steps: int, rate: float, omega: float
    ) -> Float32:
        """The same, after the last layers were tuned: to the marks, and else to their own answer.

        Args:
            inputs: `(C, *shape)`.
            marked: `(*shape)`, 1 inside, -1 outside, 0 elsewhere.
            steps: Of gradient descent.
            rate: Learning rate.
            omega: Weight of each mark, in percent of all voxels' weight.
        """
        rows = self._features(inputs)[0].flatten(1).T.contiguous()
        classifier = Classifier.of(self.network.classifier)
        own = classifier.probability(rows).cpu().numpy().reshape(marked.shape)
        labels = np.where(marked != 0, marked == 1, own > 0.5).astype(np.float32)
        share = omega / 100 * marked.size
        weights = np.where(marked != 0, share, 1.0).astype(np.float32)
        wanted, counts = (
            torch.from_numpy(part.reshape(-1)).to(rows.device) for part in (labels, weights)
        )
        tuned = classifier.tuned(rows, wanted, counts, steps, rate, lambda step: None)
        found = tuned.probability(rows).cpu().numpy()
        return np.asarray(found.reshape(marked.shape), np.float32)

    def ran_with(self, info: Info) -> dict[str, Any]:
        """See `features.ran_with`."""
        return ran_with((info,), precision(), self._device)

    @property
    def _device(self) -> torch.device:
        return next(self.network.classifier.parameters()).device

    def _features(self, inputs: Float32) -> Tensor:
        """`(1, F, *shape)`, float32 or bfloat16."""
        x = torch.from_numpy(np.ascontiguousarray(inputs))[None].to(self._device)
        layout = torch.channels_last if self.dims == 2 else torch.channels_last_3d
        half = precision() == "bfloat16"
        with torch.no_grad(), torch.autocast(self._device.type, torch.bfloat16, enabled=half):
            return self.network.features(x.contiguous(memory_format=layout))

    def _classified(self, inputs: Float32) -> Float32:
        logits = self.logits(inputs)[0]
        answer: Float32 = torch.sigmoid(logits[1] - logits[0]).cpu().numpy()
        return answer
