"""Texture features against windows cut by hand."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from delineate.energy.texture import FEATURES, WINDOW, texture_features

NAMES = [
    "intensity",
    *("mean", "deviation", "minimum", "maximum"),
    *(f"{name}-{scale}" for scale in (1, 2, 4) for name in ("smooth", "gradient", "laplace")),
    *(f"haar-{way}-{size}" for size in (3, 9) for way in ("down", "across", "diagonal")),
    *(
        f"{name}-{step}"
        for step in ((0, 1), (1, 0), (1, 1), (1, -1))
        for name in ("contrast", "dissimilarity", "homogeneity", "correlation")
    ),
]


@pytest.fixture(scope="module")
def slice_() -> np.ndarray:
    rng = np.random.default_rng(3)
    return gaussian_filter(rng.normal(size=(40, 36)), 1.0).astype(np.float32) + 5


@pytest.fixture(scope="module")
def features(slice_: np.ndarray) -> dict[str, np.ndarray]:
    values = texture_features(slice_[None])
    assert values.shape == (40, 36, FEATURES) and values.dtype == np.float32
    assert len(NAMES) == FEATURES
    return dict(zip(NAMES, np.moveaxis(values, -1, 0), strict=True))


@pytest.mark.parametrize("at", [(15, 20), (22, 11)])
def test_windows_by_hand(slice_, features, at) -> None:
    half = WINDOW // 2
    rows, columns = np.mgrid[-half : half + 1, -half : half + 1]
    window = slice_[at[0] + rows, at[1] + columns].astype(float)
    expected = {
        "intensity": slice_[at],
        "mean": window.mean(),
        "deviation": window.std(),
        "minimum": window.min(),
        "maximum": window.max(),
    }
    for step in ((0, 1), (1, 0), (1, 1), (1, -1)):
        other = slice_[at[0] + rows + step[0], at[1] + columns + step[1]].astype(float)
        squared = (window - other) ** 2
        expected[f"contrast-{step}"] = squared.mean()
        expected[f"dissimilarity-{step}"] = np.abs(window - other).mean()
        expected[f"homogeneity-{step}"] = (1 / (1 + squared / slice_.var())).mean()
        expected[f"correlation-{step}"] = 1 - squared.mean() / (2 * window.var())
    for name, value in expected.items():
        np.testing.assert_allclose(features[name][at], value, rtol=2e-3, err_msg=name)


def test_haar_features_by_hand(slice_, features) -> None:
    i, j = 20, 17
    window = slice_[i - 1 : i + 2, j - 1 : j + 2]
    corners = window[::2, ::2]
    np.testing.assert_allclose(
        features["haar-down-3"][i, j], (corners[1] - corners[0]).mean(), atol=1e-5
    )
    np.testing.assert_allclose(
        features["haar-across-3"][i, j], (corners[:, 1] - corners[:, 0]).mean(), atol=1e-5
    )
    means = np.array(
        [
            [slice_[i + a - 2 : i + a + 3, j + b - 2 : j + b + 3].mean() for b in (-2, 2)]
            for a in (-2, 2)
        ]
    )
    diagonal = (means[0, 0] + means[1, 1] - means[0, 1] - means[1, 0]) / 2
    np.testing.assert_allclose(features["haar-diagonal-9"][i, j], diagonal, atol=1e-5)


def test_slopes_are_measured() -> None:
    down = np.broadcast_to(np.arange(60.0)[:, None], (60, 60))
    features = dict(zip(NAMES, texture_features(down[None])[30, 30], strict=True))
    for scale in (1, 2, 4):
        assert features[f"gradient-{scale}"] == pytest.approx(1, rel=1e-3)
        assert features[f"laplace-{scale}"] == pytest.approx(0, abs=5e-3)
    assert features["haar-down-3"] == pytest.approx(2)
    assert features["haar-down-9"] == pytest.approx(4, rel=1e-5)
    assert features["haar-across-9"] == pytest.approx(0, abs=1e-5)
    assert features["contrast-(0, 1)"] == 0 and features["contrast-(1, 0)"] == pytest.approx(1)


def test_turning_the_slice_turns_the_features(slice_, features) -> None:
    turned = dict(zip(NAMES, np.moveaxis(texture_features(slice_.T[None]), -1, 0), strict=True))
    pairs = {
        "haar-down-9": "haar-across-9",
        "haar-across-3": "haar-down-3",
        "contrast-(0, 1)": "contrast-(1, 0)",
        "gradient-2": "gradient-2",
        "correlation-(1, 1)": "correlation-(1, 1)",
    }
    for name, other in pairs.items():
        np.testing.assert_allclose(turned[name], features[other].T, atol=2e-3, err_msg=name)


def test_textures_of_the_same_mean_are_told_apart() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(64, 64))
    soft = gaussian_filter(noise, 2)
    both = np.where(np.arange(64) < 32, noise, soft / soft.std())
    features = dict(zip(NAMES, np.moveaxis(texture_features(both[None]), -1, 0), strict=True))
    correlation = features["correlation-(1, 0)"]
    assert correlation[:, 8:24].max() < correlation[:, 40:56].min()


def test_a_bright_offset_changes_only_levels(slice_, features) -> None:
    shifted = dict(
        zip(NAMES, np.moveaxis(texture_features(slice_[None] + 1000), -1, 0), strict=True)
    )
    for name in ("deviation", "gradient-1", "contrast-(1, 1)"):
        np.testing.assert_allclose(shifted[name], features[name], atol=2e-3, err_msg=name)
    np.testing.assert_allclose(shifted["mean"] - 1000, features["mean"], atol=2e-3)


@pytest.mark.parametrize("value", [0.0, -1000.0, 1e5])
def test_constant_slices_are_finite_and_flat(value: float) -> None:
    features = texture_features(np.full((2, 12, 10), value))
    assert features.shape == (12, 10, 2 * FEATURES)
    assert np.isfinite(features).all()
    np.testing.assert_allclose(features, np.broadcast_to(features[0, 0], features.shape))


def test_channels_lie_one_after_the_other(slice_) -> None:
    two = texture_features(np.stack([slice_, 2 * slice_]))
    np.testing.assert_array_equal(two[..., :FEATURES], texture_features(slice_[None]))
    np.testing.assert_array_equal(two[..., FEATURES:], texture_features(2 * slice_[None]))


def test_one_pixel_and_whole_numbers() -> None:
    assert np.isfinite(texture_features(np.array([[[7]]], np.uint8))).all()
    small = np.array([[[0, 255], [255, 0]]], np.uint8)
    np.testing.assert_array_equal(texture_features(small), texture_features(small.astype(float)))
