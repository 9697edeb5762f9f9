"""Online random forest: learns to tell marked pixels apart, batch by batch.

Saffari et al., "On-line random forests", ICCV Workshops 2009, with the classes balanced as they
come (Wang et al., "Slic-Seg: a minimally interactive segmentation of the placenta from sparse and
motion-corrupted fetal MRI in multiple views", Medical Image Analysis 2016).

Like Saffari: Poisson bagging, random tests, leaves that split when they hold enough samples and
gain enough. Different: a leaf finds its tests among the samples retained so far, not in statistics
of tests drawn beforehand, and whole batches are learned at once; trees are not discarded when their
error grows. As in Slic-Seg the more frequent class is drawn at a lower rate, and when the ratio of
the classes changes, samples leave and enter the bags of old batches. Below 100 samples of the rarer
class weights do the rest, so that a single mark does not make a forest of single marks.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from delineate.energy.trees import Nodes, best_test, split
from delineate.errors import MethodError
from delineate.types import Array, Float32, Float64, Int64

_LEAST_DRAWN = 100  # of each class, in expectation, where there are so many
_FIELDS = ("trees", "tests", "samples_to_split", "gain_to_split", "depth", "capacity")


@dataclass(frozen=True)
class OnlineForest:
    """A forest of binary decision trees that goes on learning.

    Attributes:
        trees: how many.
        tests: random tests among which a leaf chooses its split.
        samples_to_split: a leaf with fewer samples stays a leaf.
        gain_to_split: a leaf stays one if no test lowers the Gini impurity by this much.
        depth: of the deepest leaf.
        capacity: how many samples are retained for later splits, as many of each class if there
            are enough; leaves remember how many others they met.
        nodes: what was learned; None before the first batch.
        features: `(R, F)`, the retained samples; None before the first batch.
        labels: `(R,)`, their classes.
        bags: `(trees, R)`, how often each sample counts in each tree.
    """

    trees: int = 20
    tests: int = 12
    samples_to_split: int = 6
    gain_to_split: float = 0.005
    depth: int = 14
    capacity: int = 10_000
    nodes: Nodes | None = None
    features: Array | None = None
    labels: Array | None = None
    bags: Array | None = None

    def update(self, features: Array, labels: Array, rng: np.random.Generator) -> "OnlineForest":
        """The forest after one more batch.

        Args:
            features: `(N, F)`, F as in every batch before.
            labels: `(N,)`, True for the object.
            rng: source of bags and tests; the same one gives the same forest.

        Raises:
            MethodError: another number of features than before.
        """
        features = np.asarray(features, np.float32)
        labels = np.asarray(labels, bool)
        assert features.ndim == 2 and labels.shape == features.shape[:1]
        batch = len(labels)
        if batch == 0:
            return self
        bags = np.zeros((self.trees, len(labels)), np.uint8)
        before = np.zeros(2)
        if self.features is not None:
            assert self.labels is not None and self.bags is not None
            if self.features.shape[1] != features.shape[1]:
                raise MethodError(
                    f"The samples have {features.shape[1]} features: this forest has learned "
                    f"{self.features.shape[1]}."
                )
            features = np.concatenate([self.features, features])
            labels = np.concatenate([self.labels, labels])
            bags = np.concatenate([self.bags, bags], axis=1)
            before = _rates(self.labels)
        fresh = np.arange(len(labels)) >= len(labels) - batch
        kept = _retained(labels, self.capacity, rng)
        features, labels, bags, fresh = features[kept], labels[kept], bags[:, kept], fresh[kept]
        chosen = labels.astype(np.int64)
        earlier = np.where(fresh, 0.0, before[chosen])
        bags = _redrawn(bags, earlier, _rates(labels)[chosen], rng)
        nodes = self.nodes or Nodes.roots(self.trees)
        learned = replace(self, nodes=nodes, features=features, labels=labels, bags=bags)
        return learned._grown(rng)

    def predict(self, features: Array) -> Float32:
        """Probability of class 1 for samples `(N, F)`, `(N,)` in [0, 1], were classes as frequent.

        It is 0.5 before the first batch, and 0 or 1 after batches of a single class.
        """
        features = np.asarray(features, np.float32)
        if self.nodes is None or self.labels is None:
            return np.full(len(features), 0.5, np.float32)
        balanced = self.nodes.counts * _class_weights(self.labels)
        total = balanced.sum(axis=1)
        single = self.labels.all() or not self.labels.any()
        prior = float(self.labels[0]) if single else 0.5
        chance = np.full(len(total), prior)
        np.divide(balanced[:, 1], total, out=chance, where=total > 0)
        columns = np.ascontiguousarray(features.T)
        mean = np.zeros(len(features))
        for root in range(self.trees):
            mean += chance[self.nodes.leaf(root, columns)]
        return (mean / self.trees).astype(np.float32)

    def to_arrays(self) -> dict[str, Array]:
        """Everything the forest is, as arrays by name."""
        arrays = {name: np.array(getattr(self, name)) for name in _FIELDS}
        if self.nodes is not None:
            arrays |= {f"nodes.{name}": value for name, value in vars(self.nodes).items()}
            for name in ("features", "labels", "bags"):
                arrays[name] = getattr(self, name)
        return arrays

    @classmethod
    def from_arrays(cls, arrays: dict[str, Array]) -> Self:
        """The forest that `to_arrays` wrote."""
        fields: dict[str, Any] = {name: arrays[name].item() for name in _FIELDS}
        if "bags" not in arrays:
            return cls(**fields)
        prefix = "nodes."
        table = {n.removeprefix(prefix): a for n, a in arrays.items() if n.startswith(prefix)}
        rest: dict[str, Any] = {name: arrays[name] for name in ("features", "labels", "bags")}
        return cls(**fields, nodes=Nodes(**table), **rest)

    def _leaves(self, nodes: Nodes, features: Float32) -> Array:
        columns = np.ascontiguousarray(features.T)
        return np.stack([nodes.leaf(root, columns) for root in range(self.trees)])

    def _grown(self, rng: np.random.Generator) -> "OnlineForest":
        """Splits leaves, all trees side by side, until none gains enough."""
        assert self.nodes is not None and self.features is not None and self.labels is not None
        assert self.bags is not None
        nodes = self.nodes
        tree, sample = np.nonzero(self.bags)
        bag = self.bags[tree, sample].astype(np.float64)
        leaf = self._leaves(nodes, self.features)[tree, sample]
        weights = _class_weights(self.labels)
        counts = np.bincount(leaf * 2 + self.labels[sample], bag, nodes.counts.size)
        nodes = replace(nodes, counts=counts.reshape(-1, 2).astype(np.float32))
        while True:
            held = np.bincount(leaf, bag, len(nodes.child))
            mixed = (nodes.counts > 0).all(axis=1) & (nodes.depth < self.depth)
            ready = mixed & (held >= self.samples_to_split)
            active = ready[leaf]
            sample, bag, leaf = sample[active], bag[active], leaf[active]
            if len(leaf) == 0:
                return replace(self, nodes=nodes)
            open_leaves, group = np.unique(leaf, return_inverse=True)
            label = self.labels[sample]
            feature, threshold, gain = best_test(
                self.features, sample, group, bag, label, weights, self.tests, rng
            )
            splits = gain >= self.gain_to_split
            sides = np.where(splits, np.cumsum(splits) * 2 - 2 + len(nodes.child), -1)
            above = self.features[sample, feature[group]] > threshold[group]
            leaf = sides[group] + above
            going = splits[group]
            sample, bag, leaf, label = (
                sample[going],
                bag[going],
                leaf[going],
                label[going],
            )
            nodes = split(nodes, open_leaves[splits], feature[splits], threshold[splits])
            counts = np.bincount(leaf * 2 + label, bag, nodes.counts.size).reshape(-1, 2)
            nodes = replace(nodes, counts=nodes.counts + counts.astype(np.float32))


def _rates(labels: Array) -> Float64:
    """How often a sample of each class is drawn for a tree, `(2,)`, at most once on average."""
    size = np.maximum(np.bincount(labels, minlength=2), 1)
    rates: Float64 = np.minimum(1, max(size.min(), _LEAST_DRAWN) / size)
    return rates


def _class_weights(labels: Array) -> Float64:
    """Weights `(2,)` that make up for what the rates leave unequal."""
    drawn = np.maximum(np.bincount(labels, minlength=2) * _rates(labels), 1)
    weights: Float64 = drawn.sum() / (2 * drawn)
    return weights


def _redrawn(bags: Array, before: Array, after: Array, rng: np.random.Generator) -> Array:
    """Bags `(T, R)` of Poisson rates `before` `(R,)` turned into bags of rates `after` `(R,)`."""
    stay = rng.binomial(bags, after / np.maximum(before, after))
    enter = rng.poisson(np.maximum(after - before, 0), bags.shape)
    return (stay + enter).astype(np.uint8)


def _retained(labels: Array, capacity: int, rng: np.random.Generator) -> Int64:
    """Which samples to keep, in order: at random, as many of each class if there are enough."""
    if len(labels) <= capacity:
        return np.arange(len(labels))
    kinds = [np.flatnonzero(labels == kind) for kind in (False, True)]
    kept = []
    for kind, other in (kinds, kinds[::-1]):
        room = capacity - min(len(other), capacity // 2)
        kept.append(rng.choice(kind, min(len(kind), room), replace=False))
    return np.sort(np.concatenate(kept))
