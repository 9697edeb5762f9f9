"""GrowCut against the automaton of the paper, run cell by cell."""

import itertools

import numpy as np
import pytest

from delineate.errors import MethodError, PromptsMissing
from delineate.methods.growcut import GrowCut, attack_costs
from delineate.prompts import Box, Click
from delineate.volume import Volume

PLAIN = GrowCut(friction=0.0, rounds=None)


def automaton(image, labels, neighbours):
    """The paper's synchronous rule, until nothing changes; label 0 has strength 0."""
    cells = list(itertools.product(*map(range, labels.shape)))
    steps = [s for s in itertools.product((-1, 0, 1), repeat=3) if any(s)]
    if neighbours == 6:
        steps = [s for s in steps if sum(map(abs, s)) == 1]
    near = {p: [q for s in steps if (q := tuple(np.add(p, s))) in set(cells)] for p in cells}
    largest = max(
        float(np.linalg.norm(image[:, *p] - image[:, *q])) for p in cells for q in near[p]
    )
    strength = (labels != 0).astype(float)
    while True:
        new_labels, new_strength = labels.copy(), strength.copy()
        for p in cells:
            for q in near[p]:
                jump = float(np.linalg.norm(image[:, *p] - image[:, *q]))
                attack = (1 - jump / largest) * strength[q]
                if attack > new_strength[p]:
                    new_labels[p], new_strength[p] = labels[q], attack
        if np.array_equal(new_strength, strength) and np.array_equal(new_labels, labels):
            return labels, strength
        labels, strength = new_labels, new_strength


@pytest.mark.parametrize("neighbours", [6, 26])
@pytest.mark.parametrize("shape", [(5, 5, 1), (3, 3, 3)])
@pytest.mark.parametrize("seed", range(2))
def test_comes_to_rest_where_the_automaton_does(neighbours, shape, seed):
    rng = np.random.default_rng(seed)
    image = rng.random((2, *shape))
    volume = Volume.from_array(image, channel_axis=0)
    at = [tuple(int(i) for i in np.unravel_index(n, shape)) for n in rng.permutation(25)[:4]]
    labels = np.zeros(shape, int)
    for n, p in enumerate(at):
        labels[p] = n % 3 + 1
    prompts = {k: tuple(Click(p) for n, p in enumerate(at) if n % 3 + 1 == k) for k in (1, 2, 3)}
    method = GrowCut(
        friction=0.0,
        rounds=None,
        neighbours_2d=8 if neighbours == 26 else 4,
        neighbours_3d=neighbours,
    )
    patches, _ = method.segment(volume, prompts, method.start(volume))
    scaled = np.stack([channel / np.ptp(_tails(channel)) for channel in image])
    expected, strength = automaton(scaled, labels, neighbours)
    unclear = np.zeros(shape, bool)
    for k in (1, 2, 3):
        rest, rival = automaton(scaled, np.where(labels == k, 0, labels), neighbours)
        own, mine = automaton(scaled, np.where(labels == k, labels, 0), neighbours)
        share = np.where(labels == 0, mine / (mine + rival), labels == k)
        np.testing.assert_allclose(patches[k].probability, share, atol=1e-5)
        unclear |= np.isclose(share, 0.5, atol=1e-5)
        np.testing.assert_allclose(np.maximum(mine, rival), strength, atol=1e-9)
        assert (own == k).any()
        assert (rest != k).all()
    assert not unclear.all()
    for k in (1, 2, 3):
        np.testing.assert_array_equal(
            (patches[k].probability > 0.5)[~unclear], (expected == k)[~unclear]
        )


def _tails(channel):
    return np.percentile(channel, (1, 99), method="nearest")


def test_a_line_by_hand():
    image = np.array([0.0, 1.0, 4.0, 4.0]).reshape(1, 4, 1, 1)
    cost = attack_costs(image, (1.0, 1.0, 1.0), 6, 0.0)[1, 0, 0].ravel()
    np.testing.assert_allclose(cost, [-np.log(2 / 3), np.inf, 0.0], rtol=1e-6)
    with_friction = attack_costs(image, (2.0, 1.0, 1.0), 6, 0.5)[1, 0, 0].ravel()
    np.testing.assert_allclose(with_friction, cost + 0.5, rtol=1e-6)


def test_even_ground_is_shared_by_distance():
    volume = Volume.from_array(np.zeros((9, 1)))
    marks = {1: (Click((0, 0, 0)), Click((8, 0, 0), inside=False))}
    patches, _ = GrowCut().segment(volume, marks, GrowCut().start(volume))
    probability = patches[1].probability.ravel()
    assert (np.diff(probability) < 0).all()
    assert probability[4] == 0.5


def test_several_objects_and_what_none_of_them_is():
    image = np.zeros((12, 12))
    image[1:4, 1:4], image[7:11, 7:11] = 100, 200
    volume = Volume.from_array(image)
    prompts = {
        1: (Click((2, 2, 0)), Click((2, 9, 0), inside=False)),
        2: (Click((8, 8, 0)), Click((2, 9, 0), inside=False)),
    }
    patches, _ = PLAIN.segment(volume, prompts, PLAIN.start(volume))
    np.testing.assert_array_equal(patches[1].mask(volume.shape), image[..., None] == 100)
    np.testing.assert_array_equal(patches[2].mask(volume.shape), image[..., None] == 200)


def test_an_object_without_both_sides_does_not_stop_the_others():
    volume = Volume.from_array(np.arange(20.0).reshape(20, 1))
    prompts = {1: (Box((2, 0, 0), (9, 1, 1)),), 2: (Click((15, 0, 0), inside=False),)}
    patches, state = PLAIN.segment(volume, prompts, PLAIN.start(volume))
    assert patches[1].probability.any()
    assert patches[2].region.size == 0
    assert "object 2" in state.notes[0]
    with pytest.raises(PromptsMissing, match="inside"):
        PLAIN.segment(volume, {2: prompts[2]}, PLAIN.start(volume))


@pytest.mark.parametrize(
    "wrong",
    [{"friction": -1.0}, {"middle": 1.5}, {"neighbours_2d": 6}, {"rounds": 0}, {"limit": 0}],
)
def test_refuses_fields_out_of_range(wrong):
    with pytest.raises(MethodError, match=next(iter(wrong))):
        GrowCut(**wrong)
