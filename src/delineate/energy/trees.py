"""Binary decision trees, many side by side in one table.

The randomised tests of Geurts, Ernst and Wehenkel, "Extremely randomized trees", Machine Learning
2006, with thresholds between two samples.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from delineate.types import Array, Float32, Float64, Int64


@dataclass(frozen=True)
class Nodes:
    """The nodes of all trees in one table of M rows; tree t has its root in row t.

    Attributes:
        feature: `(M,)`, the column that an inner node tests.
        threshold: `(M,)`, a sample goes to the second child if its feature is above.
        child: `(M,)`, row of the first child, the second follows; -1 at a leaf.
        depth: `(M,)`, 0 at the roots.
        counts: `(M, 2)`, samples of class 0 and 1 that a leaf has met, after bagging.
    """

    feature: Array
    threshold: Array
    child: Array
    depth: Array
    counts: Array

    @classmethod
    def roots(cls, trees: int) -> Self:
        """Trees that are one leaf each."""
        return cls(
            np.zeros(trees, np.int32),
            np.zeros(trees, np.float32),
            np.full(trees, -1, np.int32),
            np.zeros(trees, np.int32),
            np.zeros((trees, 2), np.float32),
        )

    def leaf(self, root: int, columns: Float32) -> Array:
        """The leaf of each sample in the tree at `root`; `columns` is `(F, N)`, result `(N,)`."""
        result = np.empty(columns.shape[1], np.int32)
        waiting = [(root, np.arange(columns.shape[1]))]
        while waiting:
            node, members = waiting.pop()
            child = int(self.child[node])
            if child < 0:
                result[members] = node
            elif len(members):
                above = columns[self.feature[node]][members] > self.threshold[node]
                waiting += [(child, members[~above]), (child + 1, members[above])]
        return result


def split(nodes: Nodes, rows: Array, feature: Array, threshold: Array) -> Nodes:
    """Gives two empty leaves to each of `rows` `(G,)`, in order, at the end of the table."""
    new = Nodes.roots(2 * len(rows))
    child = nodes.child.copy()
    child[rows] = len(child) + 2 * np.arange(len(rows))
    tested, limit = nodes.feature.copy(), nodes.threshold.copy()
    tested[rows], limit[rows] = feature, threshold
    return Nodes(
        np.concatenate([tested, new.feature]),
        np.concatenate([limit, new.threshold]),
        np.concatenate([child, new.child]),
        np.concatenate([nodes.depth, np.repeat(nodes.depth[rows] + 1, 2)]),
        np.concatenate([nodes.counts, new.counts]),
    )


def best_test(
    features: Array,
    sample: Int64,
    group: Int64,
    bag: Float64,
    label: Array,
    weights: Float64,
    tests: int,
    rng: np.random.Generator,
) -> tuple[Int64, Float32, Float64]:
    """The best of some random tests for each of G groups.

    Args:
        features: `(R, F)`.
        sample: `(E,)`, a row of `features`; a row may come once for each tree.
        group: `(E,)`, 0 to G - 1, every one of them present.
        bag: `(E,)`, how often the sample counts.
        label: `(E,)`, True for class 1.
        weights: `(2,)`, of the classes.
        tests: how many are tried for each group. A threshold lies midway between two random
            samples of the group.
        rng: draws them.

    Returns:
        Feature, threshold and fall of the Gini impurity, `(G,)` each; a gain of 0 or less splits
        nothing.
    """
    groups = int(group.max()) + 1
    order = np.argsort(group, kind="stable")
    size = np.bincount(group, minlength=groups)
    first = np.cumsum(size) - size
    mass = bag * weights[label.astype(np.int64)]
    whole = np.bincount(group * 2 + label, mass, groups * 2).reshape(-1, 2)
    before = _impurity(whole)
    chosen, limit = np.zeros(groups, np.int64), np.zeros(groups, np.float32)
    gained = np.full(groups, -1.0)
    for _ in range(tests):
        feature = rng.integers(features.shape[1], size=groups)
        drawn = first + (rng.random((2, groups)) * size).astype(np.int64)
        ends = features[sample[order[drawn]], feature]
        threshold = ends[0] * np.float32(0.5) + ends[1] * np.float32(0.5)
        above = features[sample, feature[group]] > threshold[group]
        over = np.bincount((group * 2 + label)[above], mass[above], groups * 2).reshape(-1, 2)
        under = np.maximum(whole - over, 0)
        gain = (before - _impurity(over) - _impurity(under)) / whole.sum(axis=1)
        better = gain > gained
        chosen[better], limit[better] = feature[better], threshold[better]
        gained[better] = gain[better]
    return chosen, limit, gained


def _impurity(mass: Array) -> Float64:
    """Gini impurity times mass of groups `(G, 2)`."""
    total = mass.sum(axis=1)
    result = np.zeros(len(mass))
    np.divide(2 * mass[:, 0] * mass[:, 1], total, out=result, where=total > 0)
    return result
