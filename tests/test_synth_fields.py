"""Random fields and resizing against their definitions."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from delineate.synth import fields
from delineate.synth.fields import apply, resize, smooth_field


def test_fields_have_mean_0_and_deviation_1_at_every_voxel():
    rng = np.random.default_rng(0)
    draws = np.stack([smooth_field(rng, (17, 13), 4.3) for _ in range(3000)])
    assert np.abs(draws.mean(axis=0)).max() < 0.1
    assert draws.std(axis=0) == pytest.approx(1, abs=0.07)


@pytest.mark.parametrize("step", [2.5, 6.0, 15.0])
def test_neighbours_agree_and_voxels_far_apart_do_not(step):
    rng = np.random.default_rng(1)
    draws = np.stack([smooth_field(rng, (120,), step) for _ in range(800)])
    near = np.corrcoef(draws[:, 20], draws[:, 21])[0, 1]
    far = np.corrcoef(draws[:, 20], draws[:, 20 + int(4 * step) + 1])[0, 1]
    assert near > 0.7 and abs(far) < 0.15


def test_weights_are_cubic_b_splines():
    weights = fields._spline_weights(12, 3.7, 0.4)
    spline = BSpline.basis_element(np.arange(5.0), extrapolate=False)
    position = np.arange(12) / 3.7 + 0.4
    exact = np.nan_to_num(spline(position[:, None] - np.arange(weights.shape[1]) + 3))
    exact /= np.sqrt((exact**2).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(weights, exact, atol=2e-4)


def test_matrices_act_on_their_own_axes():
    rng = np.random.default_rng(2)
    values = rng.normal(size=(3, 4, 5)).astype(np.float32)
    a, b, c = (rng.normal(size=(n, m)).astype(np.float32) for n, m in ((6, 3), (7, 4), (2, 5)))
    exact = np.einsum("ia,jb,kc,abc->ijk", a, b, c, values)
    np.testing.assert_allclose(apply([a, b, c], values), exact, rtol=1e-4, atol=1e-5)
    exact = np.einsum("jb,abc->ajc", b, values)
    np.testing.assert_allclose(apply([None, b, None], values), exact, rtol=1e-4, atol=1e-5)
    flat = values[:, :, :1]
    exact = np.einsum("ia,jb,abc->ijc", a, b, flat)
    np.testing.assert_allclose(apply([a, b, None], flat), exact, rtol=1e-4, atol=1e-5)


def test_resizing_is_that_of_torch():
    torch = pytest.importorskip("torch")
    image = np.random.default_rng(3).normal(size=(20, 31)).astype(np.float32)
    for shape in ((47, 64), (9, 31), (10, 50), (20, 7)):
        exact = torch.nn.functional.interpolate(
            torch.from_numpy(image)[None, None], shape, mode="bilinear", antialias=True
        )
        inner = (slice(2, -2), slice(2, -2))
        np.testing.assert_allclose(
            resize(image, shape)[inner], exact[0, 0].numpy()[inner], atol=1e-4
        )


def test_resizing_keeps_constants_and_returns_what_has_the_shape():
    image = np.full((5, 6, 7), 3.0, np.float32)
    np.testing.assert_allclose(resize(image, (11, 3, 7)), 3, rtol=1e-6)
    image = np.random.default_rng(0).normal(size=(5, 6)).astype(np.float32)
    assert np.array_equal(resize(image, (5, 6)), image)
