"""The labelling of least energy: the minimum cut between the inside and the outside.

Boykov and Jolly, "Interactive graph cuts for optimal boundary and region segmentation of objects
in N-D images", ICCV 2001; PyMaxflow is Boykov and Kolmogorov, PAMI 2004.
"""

import importlib.util
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from delineate.energy import grid, push_relabel
from delineate.errors import GeometryMismatch, MethodError, MissingExtra
from delineate.types import Array, Index, Int8, Mask

Solver = Literal["auto", "ortools", "pymaxflow"]
Int32 = NDArray[np.int32]

_LARGEST_WEIGHT = 24  # bits: 26 neighbours of 2**24, twice, stay below 2**31
_LARGEST_SCALE = 100  # bits: float32 ends at 2**128
_HARD = np.int32(2**30)


@dataclass(frozen=True)
class _Capacities:
    """The energy in whole numbers: `gain` of being inside, `links` between neighbours."""

    gain: Int32
    links: dict[Index, Int32]


def minimum_cut(
    unary_inside: Array,
    unary_outside: Array,
    weights: Mapping[Index, Array],
    marks: Int8 | None = None,
    solver: Solver = "auto",
) -> Mask:
    """The mask that minimises `cut_energy` and agrees with the marks.

    Of several such masks it is the smallest, which is inside all others: what is undecided is
    outside. All solvers give this mask, voxel for voxel. They work on whole numbers, whose unit is
    at most 2**-23 of the largest weight.

    Args:
        unary_inside: Cost of each voxel being inside, (I, J, K); may be infinite.
        unary_outside: Cost of each voxel being outside, (I, J, K); may be infinite.
        weights: For steps of a half neighbourhood the dense cost, >= 0, of giving the two voxels
            of a pair different labels; see `grid.contrast_weights`.
        marks: What is certain, (I, J, K): 1 inside, -1 outside, 0 free.
        solver: "ortools" is always there. "pymaxflow" needs that GPL package, is mostly quicker;
            "auto" takes it when it is installed.

    Returns:
        True inside, (I, J, K).

    Raises:
        GeometryMismatch: shapes differ.
        MethodError: a cost is NaN, or a weight is negative, infinite or NaN.
        MissingExtra: solver is "pymaxflow" and it is not installed.

    Examples:
        >>> likes = np.array([9.0, 4.0, 5.0, 0.0]).reshape(4, 1, 1)
        >>> minimum_cut(10 - likes, likes, {(1, 0, 0): np.full((3, 1, 1), 2.0)}).ravel()
        array([ True, False, False, False])
    """
    shape = unary_inside.shape
    marks = np.zeros(shape, np.int8) if marks is None else marks
    _check(shape, unary_outside, weights, marks)
    capacities = _capacities(unary_inside, unary_outside, weights)
    if _chosen(solver) == "ortools":
        return push_relabel.smallest_inside(capacities.gain, capacities.links, marks)
    return _boykov_kolmogorov(capacities, marks)


def cut_energy(
    mask: Mask, unary_inside: Array, unary_outside: Array, weights: Mapping[Index, Array]
) -> float:
    """Energy of a mask: the unary costs, and the weight of each pair that it separates.

    Args:
        mask: True inside, (I, J, K).
        unary_inside: See `minimum_cut`.
        unary_outside: See `minimum_cut`.
        weights: See `minimum_cut`.

    Returns:
        The sum, in float64.
    """
    energy = float(unary_inside[mask].sum(dtype=np.float64))
    energy += float(unary_outside[~mask].sum(dtype=np.float64))
    for step, weight in weights.items():
        low, high = grid.pair(mask.shape, step)
        energy += float(weight[mask[low] != mask[high]].sum(dtype=np.float64))
    return energy


def _check(shape: Index, unary_outside: Array, weights: Mapping[Index, Array], marks: Int8) -> None:
    """All arrays lie on one grid and no weight rewards a boundary."""
    for name, array in (("unary_outside", unary_outside), ("marks", marks)):
        if array.shape != shape:
            raise GeometryMismatch(f"{name} has shape {array.shape}: unary_inside has {shape}")
    for step, weight in weights.items():
        expected = tuple(n - abs(d) for n, d in zip(shape, step, strict=True))
        if weight.shape != expected:
            raise GeometryMismatch(
                f"the weights at step {step} have shape {weight.shape}: the pairs have {expected}"
            )
        if weight.size and not 0 <= (lowest := float(weight.min())) <= math.inf:
            raise MethodError(f"a weight at step {step} is {lowest}: it must be at least 0")
        if weight.size and (highest := float(weight.max())) == math.inf:
            raise MethodError(f"a weight at step {step} is {highest}: it must be finite")


def _capacities(
    unary_inside: Array, unary_outside: Array, weights: Mapping[Index, Array]
) -> _Capacities:
    """Round the energy to whole numbers; the scale is a power of two, so that integers stay exact.

    A voxel whose gain exceeds all its links is decided by it, hence a gain beyond twice their sum
    may be cut down to that.
    """
    largest = max((float(weight.max()) for weight in weights.values() if weight.size), default=0.0)
    scale = 2.0 ** min(_LARGEST_WEIGHT - math.frexp(largest)[1], _LARGEST_SCALE)
    links = {s: np.rint(weight * scale).astype(np.int32) for s, weight in weights.items()}
    room: Int32 = np.ones(unary_inside.shape, np.int32)
    for step, link in links.items():
        low, high = grid.pair(room.shape, step)
        room[low] += link
        room[high] += link
    room *= 2
    with np.errstate(invalid="ignore", over="ignore"):
        gain = np.subtract(unary_outside, unary_inside, dtype=np.result_type(unary_inside, 0.0))
        if np.isnan(gain.min(initial=0.0)):
            at = tuple(map(int, np.argwhere(np.isnan(gain))[0]))
            raise MethodError(f"the unary costs at {at} differ by NaN: one of them must be finite")
        gain *= scale if largest > 0 else math.inf
        gain[np.isnan(gain)] = 0.0
    np.clip(gain, -room, room, out=gain, casting="unsafe")
    return _Capacities(np.rint(gain, out=gain).astype(np.int32), links)


def _chosen(solver: Solver) -> Literal["ortools", "pymaxflow"]:
    """Which solver to use; several packages are called maxflow, only PyMaxflow has `GraphInt`."""
    if solver == "ortools":
        return "ortools"
    if solver not in ("auto", "pymaxflow"):
        raise MethodError(f"solver is {solver!r}: it must be 'auto', 'ortools' or 'pymaxflow'")
    if importlib.util.find_spec("maxflow") is not None:
        import maxflow  # type: ignore[import-untyped,import-not-found,unused-ignore]

        if hasattr(maxflow, "GraphInt"):
            return "pymaxflow"
    if solver == "auto":
        return "ortools"
    raise MissingExtra('PyMaxflow is not installed: pip install "delineate[maxflow]"')


def _boykov_kolmogorov(capacities: _Capacities, marks: Int8) -> Mask:
    """The smallest inside by PyMaxflow.

    It reports what reaches the sink, and counts the rest to the source. The inside is put at the
    sink's end, so that undecided voxels go outside.
    """
    import maxflow  # type: ignore[import-untyped,import-not-found,unused-ignore]

    gain = np.where(marks == 0, capacities.gain, marks * _HARD)
    graph = maxflow.GraphInt(gain.size, gain.size * len(capacities.links))
    nodes = graph.add_grid_nodes(gain.shape)
    for step, link in capacities.links.items():
        weights = np.zeros(gain.shape, np.int32)
        weights[grid.pair(gain.shape, step)[0]] = link
        structure = np.zeros((3, 3, 3), np.int32)
        structure[1 + step[0], 1 + step[1], 1 + step[2]] = 1
        graph.add_grid_edges(nodes, weights, structure, symmetric=True)
    graph.add_grid_tedges(nodes, np.maximum(-gain, 0), np.maximum(gain, 0))
    graph.maxflow()
    inside: Mask = graph.get_grid_segments(nodes)
    return inside
