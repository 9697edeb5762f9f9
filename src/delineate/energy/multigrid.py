"""Combinatorial multigrid: solves Laplacian systems of images in a few iterations.

Koutis, Miller and Tolliver, "Combinatorial preconditioners and multilevel solvers for problems in
computer vision and image processing", Computer Vision and Image Understanding 2011.

Every unknown joins the neighbour it is most strongly tied to; the trees that arise are the unknowns
of the next, coarser system. Aggregates so never cross a strong edge of the image, where geometric
coarsening fails. The paper splits trees that are long; here a fixed jitter of the weights keeps
them short, also where the image is constant. The coarse matrix is divided by 1.5, since piecewise
constant corrections are too small (Braess, Computing 1995).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from pyamg.relaxation.relaxation import gauss_seidel
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import LinearOperator, cg

from delineate.errors import MethodError
from delineate.types import Array, Float64

_COARSEST = 300  # unknowns that are solved for directly
_STIFFNESS = 1.5
_JITTER = 0.25
_ITERATIONS = 500


@dataclass(frozen=True)
class Level:
    """One system of the hierarchy and the aggregate of each of its unknowns, -1 for none."""

    matrix: csr_matrix
    aggregate: Array
    aggregates: int


@dataclass(frozen=True)
class Hierarchy:
    """Systems from fine to coarse, and the inverse `(n, n)` of the coarsest."""

    levels: tuple[Level, ...]
    inverse: Array

    def cycle(self, residual: Array, depth: int = 0) -> Array:
        """One symmetric V-cycle: an approximate solution `(n,)` for a right-hand side `(n,)`."""
        if depth == len(self.levels):
            return np.asarray(self.inverse @ residual)
        level = self.levels[depth]
        solution = np.zeros_like(residual)
        gauss_seidel(level.matrix, solution, residual, sweep="forward")
        left = residual - level.matrix @ solution
        inner = level.aggregate >= 0
        gathered = np.bincount(level.aggregate[inner], left[inner], level.aggregates)
        coarse = self.cycle(gathered, depth + 1)
        solution[inner] += coarse[level.aggregate[inner]]
        gauss_seidel(level.matrix, solution, residual, sweep="backward")
        return solution


def hierarchy(matrix: csr_matrix) -> Hierarchy:
    """Builds the coarser systems of a Laplacian with at least one Dirichlet neighbour.

    Args:
        matrix: `(n, n)`, symmetric, its off-diagonal entries <= 0, its diagonal stored.
    """
    current = matrix
    levels = []
    while current.shape[0] > _COARSEST:
        count, aggregate = _aggregates(current)
        levels.append(Level(current, aggregate, count))
        current = _coarser(current, aggregate, count)
    inverse = np.linalg.pinv(current.toarray(), hermitian=True)
    return Hierarchy(tuple(levels), inverse)


def solve(
    matrix: csr_matrix,
    right: Float64,
    coarse: Hierarchy,
    *,
    start: Float64 | None = None,
    tolerance: float,
    observe: Callable[[int], None] | None = None,
) -> Float64:
    """Conjugate gradients preconditioned by V-cycles, in double precision.

    Args:
        matrix: `(n, n)` float64, as given to `hierarchy`.
        right: right-hand side, `(n,)`.
        coarse: `hierarchy(matrix)`.
        start: first guess, `(n,)`; zero by default.
        tolerance: stops when the residual's norm is this fraction of the norm of `right`.
        observe: called with the number of iterations done, after each.

    Raises:
        MethodError: 500 iterations were not enough.
    """
    iterations = 0

    def count(_: Float64) -> None:
        nonlocal iterations
        iterations += 1
        if observe is not None:
            observe(iterations)

    norm = np.linalg.norm(right)
    if norm == 0:
        return np.zeros_like(right)
    unit = right / norm
    guess = None if start is None else start / norm
    precondition = LinearOperator(
        matrix.shape,
        matvec=lambda residual: coarse.cycle(residual.ravel()),
        dtype=np.float64,
    )
    solution, failed = cg(
        matrix,
        unit,
        guess,
        rtol=tolerance,
        M=precondition,
        maxiter=_ITERATIONS,
        callback=count,
    )
    if failed:
        raise MethodError(
            f"No solution to a tolerance of {tolerance} in {_ITERATIONS} iterations: "
            "give a larger tolerance or a smaller beta."
        )
    return np.asarray(solution * norm)


def _aggregates(matrix: csr_matrix) -> tuple[int, Array]:
    """How many trees of strongest neighbours there are, and in which one each unknown is."""
    size = matrix.shape[0]
    rows = np.repeat(np.arange(size, dtype=np.int32), np.diff(matrix.indptr))
    mixed = (rows ^ matrix.indices).astype(np.uint32) * np.uint32(2654435761)
    jitter = 1 + _JITTER * ((mixed >> 22).astype(np.float32) / 1024)
    strength = np.where(rows == matrix.indices, 0, -matrix.data * jitter)
    strongest = np.maximum.reduceat(strength, matrix.indptr[:-1])
    hits = np.flatnonzero(strength == strongest[rows])
    neighbour = np.empty(size, np.int32)
    neighbour[rows[hits]] = matrix.indices[hits]
    alone = strongest <= 0
    ones = np.ones(size, np.int8)
    links = csr_matrix((ones, neighbour, np.arange(size + 1)), shape=(size, size))
    _, tree = connected_components(links, directed=True, connection="weak")
    tree[alone] = -1
    kept, tree[~alone] = np.unique(tree[~alone], return_inverse=True)
    return len(kept), tree


def _coarser(matrix: csr_matrix, aggregate: Array, count: int) -> csr_matrix:
    """The Galerkin product with piecewise constant prolongation, made less stiff."""
    rows = np.repeat(aggregate, np.diff(matrix.indptr))
    columns = aggregate[matrix.indices]
    kept = (rows >= 0) & (columns >= 0)
    entries = (matrix.data[kept] / _STIFFNESS, (rows[kept], columns[kept]))
    return coo_matrix(entries, shape=(count, count)).tocsr()
