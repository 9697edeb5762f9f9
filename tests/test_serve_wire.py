"""The page's grid is nibabel's canonical one, runs are what they say, NIfTI bytes are the image."""

import itertools

import nibabel as nib
import numpy as np
import pytest

from delineate.errors import PromptError, PromptOutside
from delineate.geometry import Geometry
from delineate.prompts import Adjust, Box, Click, Given, Paint, Scribble
from delineate.region import Region
from delineate.serve import frames, pixels
from delineate.serve.forms import Runs
from delineate.serve.grid import PageGrid
from delineate.volume import RGB, Volume
from delineate.voxels import Voxels
from serving import decode, runs

SHAPE = (5, 4, 3)
TURNS = [
    (order, signs)
    for order in itertools.permutations(range(3))
    for signs in itertools.product((1, -1), repeat=3)
]


def geometry(order, signs, shape=SHAPE):
    affine = np.eye(4)
    affine[:3, :3] = np.eye(3)[:, list(order)] * np.array(signs) * (1.0, 1.5, 2.5)
    affine[:3, :3] += np.random.default_rng(3).normal(0, 0.05, (3, 3))
    affine[:3, 3] = (7, -8, 9)
    return Geometry(shape, affine)


@pytest.mark.parametrize(("order", "signs"), TURNS)
def test_the_page_counts_as_nibabel_does(order, signs):
    grid = PageGrid(geometry(order, signs))
    array = np.random.default_rng(0).random(SHAPE)
    own = nib.as_closest_canonical(nib.Nifti1Image(array, grid.geometry.affine))
    np.testing.assert_array_equal(grid.array_out(array), own.get_fdata())
    np.testing.assert_allclose(grid.page.affine, own.affine)
    np.testing.assert_array_equal(grid.array_in(grid.array_out(array)), array)
    assert grid.page.orientation == "RAS"


@pytest.mark.parametrize(("order", "signs"), TURNS[::5])
def test_what_is_said_on_the_page_lies_where_it_was_seen(order, signs):
    grid = PageGrid(geometry(order, signs))
    mask = np.random.default_rng(1).random(grid.page.shape) > 0.6
    for region in (Region((1, 0, 1), (3, 2, 2)), Region((0, 0, 0), (1, 1, 1))):
        assert grid.region_out(grid.region_in(region)) == region
    inside = grid.voxels_in(Voxels.from_mask(mask))
    whole = Region.whole(grid.geometry.shape)
    np.testing.assert_array_equal(grid.array_out(inside.on(whole)), mask)
    assert grid.voxels_out(inside) == Voxels.from_mask(mask)
    here = tuple(int(n) for n in np.argwhere(mask)[4])
    at = grid.prompt_in(Click(here, axis=1)).at
    np.testing.assert_allclose(grid.geometry.to_world([at]), grid.page.to_world([here]))
    for prompt in (
        Click(here, False, 2), Box((0, 1, 0), (2, 2, 1), 0), Adjust(0.2),
        Paint(Voxels.from_mask(mask)), Given(Voxels.of([])),
        Scribble(Voxels.from_mask(mask), False, 1),
    ):  # fmt: skip
        assert grid.prompt_out(grid.prompt_in(prompt)) == prompt


def test_an_axis_of_the_page_is_that_axis_of_the_image():
    grid = PageGrid(geometry((2, 0, 1), (1, -1, 1)))
    for axis in range(3):
        low, high = [0, 0, 0], [*grid.page.shape]
        high[axis] = 1
        region = grid.region_in(Region(tuple(low), tuple(high)))
        own = grid.prompt_in(Click((0, 0, 0), axis=axis)).axis
        assert region.shape[own] == 1


def test_runs_by_brute_force():
    random = np.random.default_rng(5)
    for _ in range(200):
        low = random.integers(0, 3, 3)
        high = low + random.integers(1, 4, 3)
        size = int(np.prod(high - low))
        pairs = []
        for _ in range(random.integers(0, 5)):
            start = int(random.integers(0, size + 1))
            pairs += [start, int(random.integers(0, size - start + 1))]
        expected = np.zeros(size, bool)
        for start, length in zip(pairs[::2], pairs[1::2], strict=True):
            expected[start : start + length] = True
        form = Runs(low=low.tolist(), high=high.tolist(), runs=pairs)
        voxels = form.voxels((6, 6, 6))
        region = Region(tuple(low.tolist()), tuple(high.tolist()))
        np.testing.assert_array_equal(voxels.on(region).ravel(order="F"), expected)
        assert len(voxels) == expected.sum()
        if expected.any():
            again = Runs(**frames.runs(voxels)).voxels((6, 6, 6))
            assert again == voxels
            assert frames.runs(voxels) == runs(voxels.mask(), voxels.region.low)


def test_runs_that_do_not_fit_are_refused():
    ask = {"low": [0, 0, 0], "high": [2, 2, 1]}
    with pytest.raises(PromptError, match="after the 4 voxels"):
        Runs(**ask, runs=[3, 2]).voxels((5, 5, 5))
    with pytest.raises(PromptError, match="pairs"):
        Runs(**ask, runs=[3]).voxels((5, 5, 5))
    with pytest.raises(PromptError, match="at least one voxel"):
        Runs(low=[2, 2, 2], high=[1, 5, 5], runs=[]).voxels((5, 5, 5))
    with pytest.raises(PromptOutside):
        Runs(low=[0, 0, 0], high=[2**31 - 1, 2**31 - 1, 2**31 - 1], runs=[]).voxels((5, 5, 5))
    with pytest.raises(PromptOutside):
        Runs(low=[-1, 0, 0], high=[1, 1, 1], runs=[]).voxels((5, 5, 5))


def test_a_frame_holds_the_labels_of_its_box():
    grid = PageGrid(geometry((1, 2, 0), (-1, 1, -1)))
    labels = np.random.default_rng(2).integers(0, 256, SHAPE).astype(np.uint8)
    region = Region((1, 1, 0), (4, 3, 2))
    header, values = decode(frames.frame({"kind": "x"}, region, labels[region.slices], grid))
    page = grid.array_out(labels)
    low, high = header["region"]["low"], header["region"]["high"]
    where = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    np.testing.assert_array_equal(values, page[where])
    empty = Region((0, 0, 0), (0, 0, 0))
    header, values = decode(frames.frame({}, empty, np.zeros((0, 0, 0), np.uint8), grid))
    assert values.size == 0


def sent(volume, grid, channel):
    """The bytes that the page gets, of which there are as many as was said before."""
    size, pieces = pixels.nifti(volume, grid, channel)
    content = b"".join(pieces)
    assert len(content) == size
    return content


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (np.arange(60.0).reshape(SHAPE) - 30, np.int16),
        (np.arange(60.0).reshape(SHAPE) + 0.5, np.float32),
        (np.arange(60.0).reshape(SHAPE) + 32760, np.float32),
        (-np.arange(60.0).reshape(SHAPE) - 32700, np.int16),
    ],
)
def test_the_image_for_the_page_is_exact(values, dtype):
    grid = PageGrid(geometry((2, 0, 1), (1, -1, -1)))
    volume = Volume(values[None].astype(np.float32), grid.geometry)
    found = nib.Nifti1Image.from_bytes(sent(volume, grid, "0"))
    own = nib.as_closest_canonical(nib.Nifti1Image(values, grid.geometry.affine))
    np.testing.assert_array_equal(found.get_fdata(), own.get_fdata())
    np.testing.assert_allclose(found.affine, own.affine, rtol=1e-6)
    assert found.get_data_dtype() == dtype
    np.testing.assert_allclose(found.header.get_zooms(), grid.page.spacing, rtol=1e-6)


def test_a_colour_picture_for_the_page():
    random = np.random.default_rng(0)
    grid = PageGrid(Geometry((6, 5, 1), np.diag([-1.0, -1, 1, 1])))
    colours = random.integers(0, 256, (3, 6, 5, 1)).astype(np.float32)
    volume = Volume(colours, grid.geometry, RGB)
    found = nib.Nifti1Image.from_bytes(sent(volume, grid, "rgb"))
    data = np.asanyarray(found.dataobj)
    for n, name in enumerate("RGB"):
        np.testing.assert_array_equal(data[name], grid.array_out(colours[n]))
