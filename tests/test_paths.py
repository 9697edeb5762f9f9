"""Distances near seeds, against the sweeps that go everywhere."""

import numpy as np
import pytest

from delineate.energy import geodesic
from delineate.energy.paths import Paths
from delineate.errors import GeometryMismatch


@pytest.mark.parametrize(
    ("shape", "connectivity"),
    [((9, 7, 6), 26), ((9, 7, 6), 6), ((12, 9, 1), 8), ((1, 9, 8), 4), ((1, 1, 5), 26)],
)
@pytest.mark.parametrize("limit", [0.0, 4.0, 12.0, np.inf])
def test_what_is_near_is_as_far_as_sweeps_say(shape, connectivity, limit):
    rng = np.random.default_rng(3)
    image = rng.normal(0, 1, (2, *shape))
    seeds = rng.random(shape) < 0.03
    seeds.flat[0] = True
    spacing = (0.7, 1.0, 2.5)
    wanted = geodesic.geodesic_distance(seeds, image, spacing, 2.0, connectivity)
    found = Paths.through(image, spacing, 2.0, connectivity).from_seeds(seeds, limit)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.where(wanted <= limit, wanted, np.inf), rtol=1e-5)


def test_ways_without_length_are_ways():
    """A grid that counts only what intensity climbs, on a plateau and a slope."""
    image = np.array([2.0, 2.0, 2.0, 2.5, 4.0]).reshape(1, 5, 1, 1)
    seeds = np.array([True, False, False, False, False]).reshape(5, 1, 1)
    found = Paths.through(image, (0.0, 0.0, 0.0), 1.0, 6).from_seeds(seeds, 1.0)
    assert found.ravel().tolist() == [0.0, 0.0, 0.0, 0.5, np.inf]


def test_no_seed_reaches_nothing_and_one_voxel_is_itself():
    one = Paths.through(np.zeros((1, 1, 1, 1)), (1.0, 1.0, 1.0), 1.0, 26)
    nothing = np.zeros((1, 1, 1), bool)
    assert one.from_seeds(nothing, 9.0)[0, 0, 0] == np.inf
    assert one.from_seeds(~nothing, 9.0)[0, 0, 0] == 0


def test_shapes_that_differ_are_refused():
    line = Paths.through(np.zeros((1, 3, 1, 1)), (1.0, 1.0, 1.0), 1.0, 26)
    with pytest.raises(GeometryMismatch, match=r"\(2, 1, 1\): the image has \(3, 1, 1\)"):
        line.from_seeds(np.ones((2, 1, 1), bool), 1.0)
