"""What a user can say, as values and as text."""

import json

import numpy as np
import pytest

from delineate.errors import PromptError
from delineate.prompts import Adjust, Box, Click, Given, Paint, Scribble, from_json, to_json
from delineate.voxels import Voxels

EVERY = [
    Click((1, 2, 3)),
    Click((1, 2, 3), inside=False, axis=1),
    Scribble([(1, 2, 3), (1, 2, 4)], inside=False),
    Scribble([(1, 2, 3)], axis=0),
    Box((0, 0, 0), (4, 5, 6), axis=2),
    Adjust(-0.25),
    Paint([(0, 0, 0)], inside=False),
    Given(Voxels.of([(3, 3, 3)])),
    Given(Voxels.of([])),
]


@pytest.mark.parametrize("prompt", EVERY, ids=str)
def test_text_and_back(prompt):
    assert from_json(json.loads(json.dumps(to_json(prompt)))) == prompt
    assert hash(prompt) == hash(from_json(to_json(prompt)))


def test_numpy_indices_become_plain_ones():
    click = Click(tuple(np.array([1, 2, 3])))
    assert click == Click((1, 2, 3))
    assert type(click.at[0]) is int
    assert json.dumps(to_json(Box(np.array([0, 0, 0]), np.array([1, 1, 1]))))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Box((1, 1, 1), (2, 1, 2)), r"box is empty.*\(1, 1, 1\).*\(2, 1, 2\)"),
        (lambda: Click((1, 2)), r"three whole voxel indices, got \(1, 2\)"),
        (lambda: Click((1, 2, 2.5)), "three whole voxel indices"),
        (lambda: Click((1, 2, 3), axis=3), "an axis is 0, 1 or 2, got 3"),
        (lambda: Scribble([]), "a scribble needs at least one voxel"),
        (lambda: Paint([]), "paint needs at least one voxel"),
        (lambda: Adjust(float("nan")), "got nan"),
        (lambda: Adjust(-1.5), "from -1 up, got -1.5"),
        (lambda: from_json({"kind": "poke"}), "of kind click, scribble.*got 'poke'"),
        (lambda: from_json({}), "got None"),
        (lambda: from_json({"kind": "click"}), "a click could not be read"),
        (lambda: from_json({"kind": "click", "at": 5}), "could not be read"),
        (lambda: from_json({"kind": "click", "at": [1, 2, 3], "colour": 1}), "could not be read"),
        (lambda: from_json({"kind": "paint", "bits": "x"}), "could not be read back"),
    ],
)
def test_nonsense_gets_a_sentence(make, message):
    with pytest.raises(PromptError, match=message):
        make()
