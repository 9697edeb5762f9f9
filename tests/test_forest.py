"""The online forest against scikit-learn's, and what only an online one must do."""

import dataclasses

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from delineate.energy.forest import OnlineForest, _redrawn
from delineate.energy.trees import Nodes, best_test, split
from delineate.errors import MethodError


def rings(count: int, seed: int, positive: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Two informative features among eight: class 1 lies in a ring."""
    rng = np.random.default_rng(seed)
    labels = rng.random(count) < positive
    radius = np.where(labels, rng.normal(2, 0.4, count), rng.normal(0.6, 0.7, count))
    angle = rng.random(count) * 2 * np.pi
    features = rng.normal(size=(count, 8))
    features[:, 2], features[:, 5] = radius * np.cos(angle), radius * np.sin(angle)
    return features.astype(np.float32), labels


def accuracy(forest: OnlineForest, features: np.ndarray, labels: np.ndarray) -> float:
    return float(((forest.predict(features) > 0.5) == labels).mean())


def learned(batches: list[tuple[np.ndarray, np.ndarray]], seed: int = 0, **fields) -> OnlineForest:
    rng = np.random.default_rng(seed)
    forest = OnlineForest(**fields)
    for features, labels in batches:
        forest = forest.update(features, labels, rng)
    return forest


def parts(features: np.ndarray, labels: np.ndarray, count: int) -> list:
    return list(zip(np.array_split(features, count), np.array_split(labels, count), strict=True))


@pytest.fixture(scope="module")
def train() -> tuple[np.ndarray, np.ndarray]:
    return rings(2000, 1)


@pytest.fixture(scope="module")
def test() -> tuple[np.ndarray, np.ndarray]:
    return rings(2000, 2)


@pytest.mark.parametrize("batches", [1, 10])
def test_nearly_as_good_as_scikit_learn(train, test, batches: int) -> None:
    peer = RandomForestClassifier(20, random_state=0).fit(*train).score(*test)
    ours = accuracy(learned(parts(*train, batches)), *test)
    assert peer > 0.85
    assert ours > peer - 0.03


def test_the_order_of_batches_matters_little(train, test) -> None:
    batches = parts(*train, 5)
    forward, backward = learned(batches), learned(batches[::-1])
    assert abs(accuracy(forward, *test) - accuracy(backward, *test)) < 0.03


def test_the_same_seed_gives_the_same_forest(train, test) -> None:
    first, second = learned(parts(*train, 3)), learned(parts(*train, 3))
    np.testing.assert_array_equal(first.predict(test[0]), second.predict(test[0]))
    other = learned(parts(*train, 3), seed=9)
    assert (other.predict(test[0]) != first.predict(test[0])).any()


def test_update_leaves_the_old_forest_as_it_was(train, test) -> None:
    old = learned([rings(300, 3)])
    arrays = {name: value.copy() for name, value in old.to_arrays().items()}
    old.update(*train, np.random.default_rng(0))
    for name, value in old.to_arrays().items():
        np.testing.assert_array_equal(value, arrays[name])


def test_rare_objects_are_balanced(test) -> None:
    features, labels = rings(4000, 4, positive=0.03)
    forest = learned([(features, labels)])
    found = forest.predict(test[0]) > 0.5
    recall, specificity = found[test[1]].mean(), (~found[~test[1]]).mean()
    assert recall > 0.75 and specificity > 0.75


def test_balance_follows_the_batches(test) -> None:
    """Background comes first and in abundance, then the object."""
    features, labels = rings(4000, 5, positive=0.1)
    order = np.argsort(labels, kind="stable")
    forest = learned(parts(features[order], labels[order], 4))
    found = forest.predict(test[0]) > 0.5
    assert found[test[1]].mean() > 0.75 and (~found[~test[1]]).mean() > 0.75


def test_a_second_batch_that_shifts_the_distribution_is_learned() -> None:
    first, second = rings(1500, 6), rings(1500, 7)
    second[0][:, 2] += 20
    forest = learned([first])
    shifted = rings(1000, 8)
    shifted[0][:, 2] += 20
    assert accuracy(forest, *shifted) < 0.65
    forest = forest.update(*second, np.random.default_rng(1))
    assert accuracy(forest, *shifted) > 0.85
    assert accuracy(forest, *rings(1000, 9)) > 0.85


def test_arrays_there_and_back_again(train, test, tmp_path) -> None:
    forest = learned(parts(*train, 2), depth=9)
    np.savez(tmp_path / "forest.npz", **forest.to_arrays())
    with np.load(tmp_path / "forest.npz", allow_pickle=False) as stored:
        again = OnlineForest.from_arrays(dict(stored))
    assert again.depth == 9
    np.testing.assert_array_equal(again.predict(test[0]), forest.predict(test[0]))
    more = rings(200, 11)
    np.testing.assert_array_equal(
        again.update(*more, np.random.default_rng(5)).predict(test[0]),
        forest.update(*more, np.random.default_rng(5)).predict(test[0]),
    )
    fresh = OnlineForest.from_arrays(OnlineForest(trees=3, gain_to_split=0.5).to_arrays())
    assert fresh == OnlineForest(trees=3, gain_to_split=0.5)


def test_capacity_bounds_what_is_retained_and_keeps_the_rare_class() -> None:
    forest = learned(parts(*rings(3000, 12, positive=0.05), 6), capacity=400)
    assert forest.labels.shape == (400,) and forest.bags.shape == (20, 400)
    assert forest.features.shape == (400, 8)
    positives = rings(3000, 12, positive=0.05)[1].sum()
    assert forest.labels.sum() == min(positives, 200)
    even = learned([rings(3000, 13)], capacity=400)
    assert even.labels.sum() == 200


def test_before_the_first_batch_and_after_one_class() -> None:
    features, _ = rings(50, 14)
    rng = np.random.default_rng(0)
    assert (OnlineForest().predict(features) == 0.5).all()
    for kind, count in ((False, 1), (False, 50), (True, 1), (True, 50)):
        forest = OnlineForest().update(features[:count], np.full(count, kind), rng)
        assert (forest.predict(features) == float(kind)).all()
    assert OnlineForest().update(features[:0], np.zeros(0, bool), rng) == OnlineForest()
    assert forest.predict(features[:0]).shape == (0,)


def test_identical_samples_of_both_classes_are_undecided() -> None:
    features = np.ones((40, 3))
    forest = OnlineForest(trees=50).update(
        features, np.arange(40) % 2 == 0, np.random.default_rng(0)
    )
    assert forest.predict(features[:1])[0] == pytest.approx(0.5, abs=0.1)
    assert len(forest.nodes.child) == 50


def test_a_few_marks_weigh_as_much_as_many() -> None:
    forest = OnlineForest(trees=200).update(
        np.ones((205, 2)), np.arange(205) < 5, np.random.default_rng(0)
    )
    assert forest.predict(np.ones((1, 2)))[0] == pytest.approx(0.5, abs=0.1)


def test_bags_of_old_samples_stay_while_the_classes_do() -> None:
    first = learned([rings(80, 15)])
    second = first.update(*rings(20, 16), np.random.default_rng(1))
    np.testing.assert_array_equal(second.bags[:, :80], first.bags)
    assert second.bags[:, 80:].mean() == pytest.approx(1, abs=0.2)


def test_one_sample_of_each_class() -> None:
    forest = OnlineForest().update(
        np.array([[0.0], [1.0]]), np.array([False, True]), np.random.default_rng(0)
    )
    assert np.isfinite(forest.predict(np.array([[0.0], [1.0]]))).all()


def test_depth_and_size_of_leaves_are_bounds(train) -> None:
    shallow = learned([train], depth=2)
    assert shallow.nodes.depth.max() == 2
    assert learned([train], depth=0).nodes.child.max() == -1
    assert learned([train], samples_to_split=10**6).nodes.child.max() == -1
    assert learned([train], gain_to_split=0.6).nodes.child.max() == -1


def test_leaves_hold_every_sample_of_the_first_batch(train) -> None:
    forest = learned([train])
    nodes = forest.nodes
    leaves = nodes.child < 0
    per_class = nodes.counts[leaves].sum(axis=0)
    np.testing.assert_allclose(
        per_class, [forest.bags[:, ~train[1]].sum(), forest.bags[:, train[1]].sum()]
    )


def test_descent_one_sample_at_a_time(train, test) -> None:
    nodes = learned([train]).nodes
    columns = np.ascontiguousarray(test[0].T)
    for root in (0, 7):
        fast = nodes.leaf(root, columns)
        for sample in range(0, 2000, 97):
            node = root
            while nodes.child[node] >= 0:
                above = test[0][sample, nodes.feature[node]] > nodes.threshold[node]
                node = nodes.child[node] + above
            assert fast[sample] == node


def test_redrawn_bags_are_poisson_at_the_new_rate() -> None:
    rng = np.random.default_rng(0)
    before = np.repeat([0.0, 0.2, 1.0, 1.0], 2000)
    after = np.repeat([0.7, 0.7, 0.3, 1.0], 2000)
    old = rng.poisson(before, (10, 8000)).astype(np.uint8)
    new = _redrawn(old, before, after, rng)
    for part, rate in enumerate((0.7, 0.7, 0.3, 1.0)):
        bags = new[:, part * 2000 : (part + 1) * 2000]
        assert bags.mean() == pytest.approx(rate, rel=0.05)
        assert bags.var() == pytest.approx(rate, rel=0.08)
    np.testing.assert_array_equal(new[:, 6000:], old[:, 6000:])
    assert (new[:, 4000:6000] <= old[:, 4000:6000]).all()


def test_best_test_by_hand() -> None:
    """One feature separates group 0, nothing separates group 1."""
    features = np.array([[0, 5], [1, 5], [8, 5], [9, 5], [3, 3], [3, 3]], np.float32)
    label = np.array([0, 0, 1, 1, 0, 1], bool)
    group = np.array([0, 0, 0, 0, 1, 1])
    feature, threshold, gain = best_test(
        features, np.arange(6), group, np.ones(6), label, np.ones(2), 60, np.random.default_rng(0)
    )
    assert feature[0] == 0 and 1 <= threshold[0] < 8
    np.testing.assert_allclose(gain, [0.5, 0.0])


def test_split_appends_two_leaves_each() -> None:
    nodes = split(Nodes.roots(3), np.array([0, 2]), np.array([4, 5]), np.array([0.5, 0.25]))
    np.testing.assert_array_equal(nodes.child, [3, -1, 5, -1, -1, -1, -1])
    np.testing.assert_array_equal(nodes.depth, [0, 0, 0, 1, 1, 1, 1])
    np.testing.assert_array_equal(nodes.feature[[0, 2]], [4, 5])
    columns = np.full((6, 3), 9.0, np.float32)
    columns[4] = 0.25, 0.5, 0.75
    np.testing.assert_array_equal(nodes.leaf(0, columns), [3, 3, 4])


def test_refusals_and_value(train) -> None:
    forest = learned([train])
    with pytest.raises(MethodError, match="3 features: this forest has learned 8"):
        forest.update(np.zeros((2, 3)), np.array([True, False]), np.random.default_rng(0))
    with pytest.raises(dataclasses.FrozenInstanceError):
        forest.trees = 3
