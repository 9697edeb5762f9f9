"""The minimum cut by OR-tools' push-relabel solver, where easy voxels are decided beforehand.

Most voxels of an image need no solver. Two moves keep every minimum cut and work on whole arrays:
flow is pushed from voxels to neighbours of the opposite wish, and a voxel whose own wish outweighs
all its links joins a terminal, as in Scheuermann and Rosenhahn, "SlimCuts", EMMCVPR 2011.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from delineate.energy import grid
from delineate.types import Index, Int8, Mask

Int32 = NDArray[np.int32]

_ROUNDS = 6
_WORTH_ANOTHER = 0.1


@dataclass
class _Residual:
    """What can still flow: `forward` from low to high, `backward` from high to low.

    `excess` flows from the source where it is positive and to the sink where it is negative.
    `side` is 1 for voxels that have joined the source (inside), -1 the sink, 0 free.
    """

    forward: dict[Index, Int32]
    backward: dict[Index, Int32]
    excess: Int32
    side: Int8


def smallest_inside(gain: Int32, links: Mapping[Index, Int32], marks: Int8) -> Mask:
    """The smallest of the minimum cuts.

    Args:
        gain: What each voxel gains by being inside, (I, J, K), below 2**30.
        links: For each step the dense cost of separating a pair, >= 0; all that meet in a voxel
            sum to less than 2**30.
        marks: 1 inside, -1 outside, 0 free, (I, J, K).

    Returns:
        True inside, (I, J, K).
    """
    residual = _Residual(
        forward={step: link.copy() for step, link in links.items()},
        backward={step: link.copy() for step, link in links.items()},
        excess=gain.copy(),
        side=np.zeros(gain.shape, np.int8),
    )
    _join(residual, marks.astype(np.int8))
    _decide_easy(residual)
    inside = residual.side > 0
    free = residual.side.ravel() == 0
    if free.any():
        inside.reshape(-1)[free] = _reached(residual, free)
    return inside


def _decide_easy(residual: _Residual) -> None:
    """Push and join until a round no longer pays; twice at least, as pushing spares the solver."""
    free = np.count_nonzero(residual.side == 0)
    for done in range(_ROUNDS):
        for step in residual.forward:
            _push(residual, step)
        _join(residual, _decided(residual))
        left = np.count_nonzero(residual.side == 0)
        if left == 0 or (done > 0 and free - left < _WORTH_ANOTHER * free):
            return
        free = left


def _push(residual: _Residual, step: Index) -> None:
    """Send what one end of each pair has too much and the other lacks, as far as the link allows.

    All pairs at once: a voxel may spend its excess in both directions and owe the rest, which
    rewrites the energy but changes it for no labelling.
    """
    low, high = grid.pair(residual.excess.shape, step)
    near, far = residual.excess[low], residual.excess[high]
    forward, backward = residual.forward[step], residual.backward[step]
    flow = np.maximum(np.minimum(np.minimum(near, -far), forward), 0)
    flow -= np.maximum(np.minimum(np.minimum(far, -near), backward), 0)
    near -= flow
    far += flow
    forward -= flow
    backward += flow


def _decided(residual: _Residual) -> Int8:
    """Free voxels that are on one side of the smallest minimum cut whatever the others do.

    A tie goes to the sink, since the smallest inside has no voxel that it does not need.
    """
    leaving = np.zeros_like(residual.excess)
    arriving = np.zeros_like(residual.excess)
    for step, forward in residual.forward.items():
        low, high = grid.pair(residual.excess.shape, step)
        backward = residual.backward[step]
        leaving[low] += forward
        leaving[high] += backward
        arriving[low] += backward
        arriving[high] += forward
    source = residual.excess > leaving
    sink = ~source & (-residual.excess >= arriving)
    decided = source.view(np.int8) - sink.view(np.int8)
    decided *= residual.side == 0
    return decided


def _join(residual: _Residual, side: Int8) -> None:
    """Merge voxels with the terminals: their links become excess of their neighbours."""
    residual.side += side
    for step, forward in residual.forward.items():
        low, high = grid.pair(side.shape, step)
        backward = residual.backward[step]
        near, far = side[low], side[high]
        residual.excess[high] += forward * (near > 0) - backward * (near < 0)
        residual.excess[low] += backward * (far > 0) - forward * (far < 0)
        apart = (near == 0) & (far == 0)
        forward *= apart
        backward *= apart


def _reached(residual: _Residual, free: Mask) -> Mask:
    """The free voxels that the source still reaches once the flow is at its maximum, `(N,)`."""
    from ortools.graph.python import max_flow

    count = int(np.count_nonzero(free))
    source, sink = count, count + 1
    name = (np.cumsum(free, dtype=np.int32) - 1).reshape(residual.excess.shape)
    excess = residual.excess.reshape(-1)[free]
    network = max_flow.SimpleMaxFlow()

    def add(tails: Int32 | int, heads: Int32 | int, capacities: Int32) -> None:
        there = np.flatnonzero(capacities > 0)
        ends = [
            np.broadcast_to(np.int32(e), capacities.shape).ravel()[there] for e in (tails, heads)
        ]
        network.add_arcs_with_capacity(*ends, capacities.ravel()[there].astype(np.int64))

    nodes = np.arange(count, dtype=np.int32)
    network.add_arc_with_capacity(source, sink, 0)
    add(source, nodes, excess)
    add(nodes, sink, -excess)
    for step, forward in residual.forward.items():
        low, high = grid.pair(residual.excess.shape, step)
        add(name[low], name[high], forward)
        add(name[high], name[low], residual.backward[step])
    status = network.solve(source, sink)
    assert status == network.OPTIMAL, f"the solver stopped with {status}"
    reached = np.zeros(count + 2, np.bool_)
    reached[network.get_source_side_min_cut()] = True
    return reached[:count]
