"""A network's classifier as plain matrices, tuned on the features of one image.

Wang et al., "Interactive Medical Image Segmentation Using Deep Learning with Image-Specific Fine
Tuning", IEEE TMI 2018, section II-D, equations 10 and 11.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import MethodError

_ROWS = 16384  # voxels at once: few enough for the processor's cache, many enough for its cores
_before_relu = torch.ops.aten.threshold_backward.grad_input
_FUSES = hasattr(torch.ops.mkldnn, "_linear_pointwise") and bool(
    torch.ops.mkldnn._is_mkldnn_bf16_supported()
)
_NAMES = ("hidden", "hidden_bias", "output", "output_bias")


@dataclass(frozen=True, eq=False)
class Classifier:
    """Two layers with a ReLU between them, and a softmax over background and object.

    It is a value: tuning makes another one. All tensors are float32.

    Attributes:
        hidden: `(H, C)`, from features to the hidden layer.
        hidden_bias: `(H,)`.
        output: `(2, H)`, rows for background and object.
        output_bias: `(2,)`.
    """

    hidden: Tensor
    hidden_bias: Tensor
    output: Tensor
    output_bias: Tensor

    @classmethod
    def of(cls, module: nn.Module) -> "Classifier":
        """A copy of the two 1x1 convolutions of a network's classifier.

        Raises:
            MethodError: If it has not two layers, or more classes than two.
        """
        layers = [m for m in module.modules() if isinstance(m, nn.Conv2d | nn.Conv3d)]
        sizes = [tuple(layer.weight.shape) for layer in layers]
        if len(layers) != 2 or sizes[1][0] != 2 or any(set(s[2:]) != {1} for s in sizes):
            raise MethodError(
                f"the network's classifier has convolutions of {sizes}; tuning takes two layers "
                "of 1x1 convolutions that end in two classes"
            )
        parts: list[Tensor] = []
        for layer in layers:
            bias = layer.bias
            assert bias is not None
            parts += [layer.weight.detach().flatten(1), bias.detach()]
        hidden, hidden_bias, output, output_bias = (p.float().clone() for p in parts)
        return cls(hidden, hidden_bias, output, output_bias)

    def biased(self, log_odds: float) -> "Classifier":
        """One that gives every voxel these log odds of the object more; itself for 0."""
        if log_odds == 0:
            return self
        more = torch.tensor([0.0, log_odds], device=self.output_bias.device)
        return replace(self, output_bias=self.output_bias + more)

    def with_odds(self) -> "Classifier":
        """One whose log odds are the mean of its own and of one more feature, which comes last.

        The feature passes the hidden layer as two units, what is above 0 and what is below.
        """
        units, channels = self.hidden.shape
        hidden = self.hidden.new_zeros(units + 2, channels + 1)
        hidden[:units, :channels] = self.hidden
        hidden[units:, channels] = hidden.new_tensor([1.0, -1.0])
        sides = self.output.new_tensor([[-0.25, 0.25], [0.25, -0.25]])
        output = torch.cat([self.output / 2, sides], dim=1)
        hidden_bias = torch.cat([self.hidden_bias, self.hidden_bias.new_zeros(2)])
        return Classifier(hidden, hidden_bias, output, self.output_bias / 2)

    def to_arrays(self) -> dict[str, Any]:
        """The four parts as numpy arrays by name."""
        return {name: getattr(self, name).cpu().numpy().copy() for name in _NAMES}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any], device: torch.device) -> "Classifier":
        """What `to_arrays` gave, bit for bit."""
        return cls(*(torch.tensor(arrays[name], device=device) for name in _NAMES))

    def probability(self, features: Tensor) -> Tensor:
        """Of the object, `(N,)` float32 in [0, 1], of features `(N, C)`."""
        layers = _Layers.of(self, features)
        found = [
            torch.sigmoid(layers.logit(layers.active(part)))
            for part in torch.split(features, _ROWS)
        ]
        return torch.cat(found)

    def slope(
        self, features: Tensor, labels: Tensor, weights: Tensor
    ) -> tuple[float, tuple[Tensor, Tensor, Tensor, Tensor]]:
        """The mean cross entropy, `sum(w * phi) / sum(w)`, and its gradient by the four parts.

        Written out: with two classes all goes through the difference of the two outputs, and
        what each voxel gives, `w (p - y) / sum(w)`, enters them with opposite signs. A hidden
        unit is linear in the features where it is active and 0 elsewhere, so that the sums over
        voxels that its own weights need give those of the output too.

        Args:
            features: `(N, C)`.
            labels: `(N,)` float32, 1 for the object, 0 for the background.
            weights: `(N,)` float32, >= 0, not all 0.
        """
        layers, loss = _Layers.of(self, features), self.output_bias.new_zeros(())
        hidden, hidden_bias = torch.zeros_like(self.hidden), torch.zeros_like(self.hidden_bias)
        output_bias = self.output_bias.new_zeros(())
        for part, label, weight in _blocks(features, labels, weights):
            active = layers.active(part)
            logit = layers.logit(active)
            loss += _entropy(logit, label, weight)
            error = torch.sigmoid(logit).sub_(label).mul_(weight)
            output_bias += error.sum()
            through = layers.through(error, active)
            hidden += through.T @ part
            hidden_bias += through.sum(dim=0, dtype=torch.float32)
        towards = self.output[1] - self.output[0]
        output = (hidden * self.hidden).sum(dim=1) + hidden_bias * self.hidden_bias
        return float(loss), (
            hidden * towards[:, None],
            hidden_bias * towards,
            torch.stack([-output, output]),
            torch.stack([-output_bias, output_bias]),
        )

    def loss(self, features: Tensor, labels: Tensor, weights: Tensor) -> float:
        """The first of what `slope` gives, bit for bit, for half the work."""
        layers, loss = _Layers.of(self, features), self.output_bias.new_zeros(())
        for part, label, weight in _blocks(features, labels, weights):
            loss += _entropy(layers.logit(layers.active(part)), label, weight)
        return float(loss)

    def tuned(
        self,
        features: Tensor,
        labels: Tensor,
        weights: Tensor,
        steps: int,
        rate: float,
        tick: Callable[[int], None] = lambda step: None,
    ) -> "Classifier":
        """The classifier after steps of gradient descent; itself where no voxel has weight.

        Where the loss would rise the step is not made, and the rate halved: at a fixed rate
        descent can kill the hidden layer, as the scale of features is not known beforehand.

        Args:
            features: As in `slope`, like labels and weights. Voxels of weight 0 are dropped.
            labels: `(N,)`.
            weights: `(N,)`.
            steps: How many, those not made included.
            rate: Learning rate.
            tick: Called before every step with its number, from 0 up.
        """
        counts = weights > 0
        if not counts.any():
            return self
        if not counts.all():
            rows = counts.nonzero()[:, 0]
            features, labels, weights = (
                values.index_select(0, rows) for values in (features, labels, weights)
            )
        now = self
        loss, down = self.slope(features, labels, weights)
        for step in range(steps):
            tick(step)
            parts = (getattr(now, name) for name in _NAMES)
            after = Classifier(*(p - rate * d for p, d in zip(parts, down, strict=True)))
            if step == steps - 1:  # whether it is made is all that is left to know
                return after if after.loss(features, labels, weights) <= loss else now
            reached, further = after.slope(features, labels, weights)
            if reached <= loss:
                now, loss, down = after, reached, further
            else:
                rate /= 2
        return now


@dataclass(frozen=True, eq=False)
class _Layers:
    """A classifier in the precision of the features, made once for all their blocks.

    Attributes:
        hidden: `(H, C)`.
        hidden_bias: `(H,)`.
        towards: `(H, 1)`, from the hidden layer to the log odds of the object.
        bias: Of the log odds, float32.
        fused: Whether the processor's library can end the product with the ReLU, one pass over
            the hidden layer less for the same bits.
    """

    hidden: Tensor
    hidden_bias: Tensor
    towards: Tensor
    bias: Tensor
    fused: bool

    @classmethod
    def of(cls, classifier: Classifier, features: Tensor) -> "_Layers":
        kind = features.dtype
        towards = (classifier.output[1] - classifier.output[0]).to(kind)[:, None]
        bias = classifier.output_bias[1] - classifier.output_bias[0]
        hidden, hidden_bias = classifier.hidden.to(kind), classifier.hidden_bias.to(kind)
        half_on_processor = kind == torch.bfloat16 and features.device.type == "cpu"
        return cls(hidden, hidden_bias, towards, bias, half_on_processor and _FUSES)

    def active(self, features: Tensor) -> Tensor:
        """The hidden layer, `(N, H)`, in the precision of the features."""
        layer = self.hidden, self.hidden_bias
        if self.fused:
            found: Tensor = torch.ops.mkldnn._linear_pointwise(features, *layer, "relu", [], "")
            return found
        return nn.functional.linear(features, *layer).relu_()

    def logit(self, active: Tensor) -> Tensor:
        """Log odds of the object, `(N,)` float32."""
        return (active @ self.towards)[:, 0].float() + self.bias

    def through(self, error: Tensor, active: Tensor) -> Tensor:
        """Each voxel's error where a unit is active, else 0, `(N, H)`: in the place of active."""
        given = error.to(active.dtype)[:, None].expand_as(active)
        found: Tensor = _before_relu(given, active, 0, grad_input=active)
        return found


def _blocks(features: Tensor, labels: Tensor, weights: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """Some rows after the others of all three; weights as a share of their sum."""
    all_rows = (features, labels, weights / weights.sum())
    return zip(*(torch.split(values, _ROWS) for values in all_rows), strict=True)


def _entropy(logit: Tensor, labels: Tensor, weights: Tensor) -> Tensor:
    """The weighted sum of cross entropies."""
    return weights @ (nn.functional.softplus(logit) - labels * logit)


def cross_entropy(
    classifier: Classifier, features: Tensor, labels: Tensor, weights: Tensor
) -> float:
    """The loss whose gradient `Classifier.gradient` is."""
    probability = classifier.probability(features)
    each = nn.functional.binary_cross_entropy(probability, labels, reduction="none")
    return float((weights * each).sum() / weights.sum())
