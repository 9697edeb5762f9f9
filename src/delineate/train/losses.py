"""What training makes small: cross entropy, and beside it one minus soft Dice."""

from torch import Tensor
from torch.nn import functional

SMOOTH = 1.0
"""Voxels added above and below the fraction, so that an empty mask can be answered rightly."""


def loss(
    logits: Tensor,
    mask: Tensor,
    dice: float,
    entropy: float = 1.0,
    squared: bool = False,
    together: bool = False,
) -> Tensor:
    """`entropy` x cross entropy + `dice` x (1 - soft Dice), averaged over samples.

    Args:
        logits: `(N, 2, ...)`, background and object.
        mask: `(N, ...)` bool.
        dice: Weight of the second part, 0 or more; 0 leaves BIFSeg's cross entropy.
        entropy: Weight of the first part, likewise.
        squared: Whether soft Dice has squares, as the click-guided network's paper has it.
        together: Whether it is that of the whole batch: samples with little or nothing of the
            object, as slabs often are, would each ask for an empty answer.
    """
    logits = logits.float()
    if dice == 0:
        return entropy * functional.cross_entropy(logits, mask.long())
    inside = logits.softmax(dim=1)[:, 1]
    shape = (1, -1) if together else (len(mask), -1)
    missed = dice * (1 - soft_dice(inside.reshape(shape), mask.reshape(shape), squared))
    if entropy == 0:
        return missed
    return entropy * functional.cross_entropy(logits, mask.long()) + missed


def soft_dice(probability: Tensor, mask: Tensor, squared: bool = False) -> Tensor:
    """Mean over samples of (2 Σ p m + 1) / (Σ p + Σ m + 1), or of Σ p² instead of Σ p.

    Milletari et al., "V-Net", 3DV 2016, who have squares in the denominator.

    Examples:
        >>> import torch
        >>> mask = torch.tensor([[True, False]])
        >>> float(soft_dice(mask.float(), mask))
        1.0
    """
    p, m = probability.flatten(1), mask.flatten(1).to(probability.dtype)
    overlap = 2 * (p * m).sum(dim=1) + SMOOTH
    size = p.square() if squared else p
    total: Tensor = overlap / (size.sum(dim=1) + m.sum(dim=1) + SMOOTH)
    return total.mean()
