"""Random walker: the probability that a walk from a voxel meets each label's marks first.

Grady, "Random walks for image segmentation", IEEE Trans. Pattern Analysis and Machine Intelligence
2006: the Dirichlet problem on the image's weighted graph.
"""

from collections.abc import Callable

import numpy as np
from scipy.ndimage import label as connected
from scipy.sparse import coo_matrix, csr_matrix

from delineate.energy import multigrid
from delineate.energy.grid import offsets, pair, squared_difference
from delineate.errors import GeometryMismatch, MethodError, PromptsMissing
from delineate.types import Array, Float32, Float64, Index, Mask, Spacing

_LEAST = 1e-10  # weight of the strongest edge: every voxel of the grid stays within reach


def random_walk(
    image: Array,
    labels: Array,
    spacing: Spacing,
    *,
    beta: float = 130.0,
    tolerance: float = 1e-5,
    mask: Mask | None = None,
    start: Array | None = None,
    observe: Callable[[float], None] | None = None,
) -> Float32:
    """Solves Grady's Dirichlet problem for all labels.

    Args:
        image: `(C, I, J, K)`.
        labels: `(I, J, K)` integers, -1 where nothing is marked and 0 to L - 1 on marks.
        spacing: of I, J and K in mm; differences of intensity count per mm.
        beta: the larger, the more an edge of the image holds walkers back; 0 ignores the image.
            The scale is that of scikit-image's `random_walker`, see `edge_weights`.
        tolerance: relative residual at which a label's system counts as solved.
        mask: `(I, J, K)`, where walkers may go; everywhere by default. Marks outside are ignored.
        start: `(L, I, J, K)`, the answer to a similar question, from which to improve.
        observe: called with the fraction done; what it raises ends the work.

    Returns:
        `(L, I, J, K)`, in [0, 1], summing to one in the mask and zero outside it. A label without
        marks has 0 everywhere; parts of the mask that hold no mark have 1 / L for every label.

    Raises:
        PromptsMissing: no mark in the mask.
        GeometryMismatch: `labels`, `mask` or `start` is on another grid.
        MethodError: a negative beta, or no solution was found.

    Examples:
        >>> line, marks = np.zeros((1, 5, 1, 1)), np.full((5, 1, 1), -1)
        >>> marks[0], marks[4] = 0, 1
        >>> random_walk(line, marks, (1.0, 1.0, 1.0))[1].ravel().round(3)
        array([0.  , 0.25, 0.5 , 0.75, 1.  ], dtype=float32)
    """
    shape = image.shape[1:]
    inside = np.ones(shape, bool) if mask is None else mask
    _check(shape, labels, inside, start, beta)
    count = int(labels.max()) + 1
    marked = inside & (labels >= 0)
    if not marked.any():
        raise PromptsMissing("The random walker has no mark to walk to: mark at least one voxel.")
    unknown = inside & ~marked
    if mask is not None:
        unknown &= _reached(inside, marked)
    present = np.unique(labels[marked])
    probability = np.zeros((count, *shape), np.float32)
    probability[:, inside & ~marked & ~unknown] = 1 / count
    for label in present:
        probability[label][marked & (labels == label)] = 1
    if not unknown.any():
        return probability
    if len(present) == 1:
        probability[present[0]][unknown] = 1
        return probability
    weights = edge_weights(image, spacing, beta)
    matrix, rights = dirichlet_system(
        weights, inside, unknown, [probability[label] for label in present[:-1]]
    )
    coarse = multigrid.hierarchy(matrix)
    solved = np.empty((len(present), matrix.shape[0]))
    for done, (label, right) in enumerate(zip(present[:-1], rights, strict=True)):
        solved[done] = multigrid.solve(
            matrix,
            right,
            coarse,
            start=None if start is None else start[label][unknown].astype(np.float64),
            tolerance=tolerance,
            observe=_share(observe, done, len(present) - 1),
        )
    solved[-1] = 1 - solved[:-1].sum(axis=0)
    np.clip(solved, 0, 1, out=solved)
    solved /= solved.sum(axis=0)
    for label, values in zip(present, solved, strict=True):
        probability[label][unknown] = values
    return probability


def edge_weights(image: Array, spacing: Spacing, beta: float) -> dict[Index, Float64]:
    """Weights of the edges between face neighbours, for each step of `grid.offsets`.

    `exp(-beta * |dI / spacing|^2 / (10 * s * sqrt(C))) + 1e-10` with `|.|^2` summed over the C
    channels and `s` the standard deviation of all intensities. That is scikit-image's scale, so
    that betas carry over. As `s` is not squared, beta depends on the unit of intensity: scale the
    image first, for instance to a standard deviation of one. (Grady divides by the largest
    difference instead.) A constant image has the same weight on all edges.

    Args:
        image: `(C, I, J, K)`.
        spacing: of I, J and K in mm.
        beta: at least 0.
    """
    deviation = float(image.std(dtype=np.float64))
    scale = beta / (10 * deviation * np.sqrt(len(image))) if deviation > 0 else 0.0
    weights = {}
    for step in offsets(6, image.shape[1:]):
        length = spacing[step.index(1)]
        squared = squared_difference(image, step).astype(np.float64)
        weights[step] = np.exp(squared * (-scale / length**2)) + _LEAST
    return weights


def dirichlet_system(
    weights: dict[Index, Float64], inside: Mask, unknown: Mask, boundaries: list[Array]
) -> tuple[csr_matrix, list[Float64]]:
    """The Laplacian on the unknown voxels, and what each boundary puts on the right.

    Args:
        weights: as from `edge_weights`.
        inside: `(I, J, K)`; edges that leave it do not exist.
        unknown: `(I, J, K)`, the n voxels to solve for, in C order.
        boundaries: values `(I, J, K)` of the other voxels inside; zero on unknown voxels.

    Returns:
        The matrix `(n, n)` and the right-hand sides `(n,)`.
    """
    shape = unknown.shape
    size = int(unknown.sum())
    number = np.full(shape, -1, np.int32)
    number[unknown] = np.arange(size, dtype=np.int32)
    diagonal = np.zeros(shape)
    rights = [np.zeros(shape) for _ in boundaries]
    rows, columns, values = [], [], []
    for step, weight in weights.items():
        low, high = pair(shape, step)
        weight = np.where(inside[low] & inside[high], weight, 0)
        diagonal[low] += weight
        diagonal[high] += weight
        for right, boundary in zip(rights, boundaries, strict=True):
            right[low] += weight * boundary[high]
            right[high] += weight * boundary[low]
        both = unknown[low] & unknown[high]
        rows.append(number[low][both])
        columns.append(number[high][both])
        values.append(-weight[both])
    one_way = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    upper = coo_matrix(one_way, shape=(size, size)).tocsr()
    order = np.arange(size, dtype=np.int32)
    middle = csr_matrix((diagonal[unknown], (order, order)), shape=(size, size))
    return (upper + upper.T + middle).tocsr(), [right[unknown] for right in rights]


def _reached(inside: Mask, marked: Mask) -> Mask:
    """The face-connected parts of `inside` that hold a mark."""
    parts, count = connected(inside)
    holds = np.zeros(count + 1, bool)
    holds[parts[marked]] = True
    reached: Mask = holds[parts]
    return reached


def _share(
    observe: Callable[[float], None] | None, done: int, total: int
) -> Callable[[int], None] | None:
    """Turns iterations of one label into the fraction of all labels done."""
    if observe is None:
        return None
    return lambda iterations: observe((done + iterations / (iterations + 5)) / total)


def _check(
    shape: tuple[int, ...],
    labels: Array,
    inside: Mask,
    start: Array | None,
    beta: float,
) -> None:
    for name, array in (("labels", labels), ("mask", inside)):
        if array.shape != shape:
            raise GeometryMismatch(f"{name} has shape {array.shape}: it must be {shape}.")
    if start is not None and start.shape != (int(labels.max()) + 1, *shape):
        raise GeometryMismatch(
            f"start has shape {start.shape}: it must be {(int(labels.max()) + 1, *shape)}."
        )
    if not beta >= 0:
        raise MethodError(f"beta is {beta}: it must be at least 0.")
