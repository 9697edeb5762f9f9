"""Texture of each pixel of a slice: grey levels, their co-occurrence, Haar, Gaussian derivatives.

The features of Slic-Seg (Wang et al., Medical Image Analysis 2016), from the 9 x 9 pixels around
each pixel, and derivatives of Gaussians at three scales.

Slic-Seg counts grey levels in bins for its co-occurrence matrices and decomposes each region by
Haar wavelets. Here contrast, dissimilarity, homogeneity and correlation of neighbouring pixels are
local means of the intensities themselves, which equal the matrix's statistics as bins become fine;
energy and entropy, which need bins, are left out, and minimum and maximum join mean and deviation.
Haar features are differences of mean intensities of quadrants, of 3 x 3 and of 9 x 9 pixels. All of
it is in pixels and in the slice: as in the paper, thick slices tell little of their neighbours.
"""

from collections.abc import Iterator

import numpy as np
from scipy.ndimage import (
    gaussian_filter,
    gaussian_gradient_magnitude,
    gaussian_laplace,
    maximum_filter,
    minimum_filter,
    shift,
    uniform_filter,
)

from delineate.types import Array, Float32

FEATURES = 36  # per channel
WINDOW = 9  # pixels
_SCALES = (1.0, 2.0, 4.0)  # standard deviations in pixels
_QUADRANTS = ((1, 1), (5, 2))  # extent of quadrants of Haar features, and how far out they are
_NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))


def texture_features(slice_: Array) -> Float32:
    """Features of every pixel of a slice; beyond the border the slice is repeated at its edge.

    Args:
        slice_: `(C, I, J)`. Homogeneity is relative to the deviation of the channel in this slice,
            all else in units of intensity, so that slices of one volume compare.

    Returns:
        `(I, J, 36 C)`, channel by channel: intensity; mean, deviation, minimum and maximum in the
        window; smoothed intensity, gradient magnitude and Laplacian at 1, 2 and 4 pixels; Haar
        features down, across and diagonal in 3 x 3 and 9 x 9 pixels; contrast, dissimilarity,
        homogeneity and correlation with the neighbour across, down and on both diagonals. Constant
        slices have correlation 0.
    """
    assert slice_.ndim == 3, slice_.shape
    features = [
        feature
        for channel in np.asarray(slice_, np.float32)
        for part in (_intensity, _gaussian, _haar, _cooccurrence)
        for feature in part(channel)
    ]
    return np.stack(features, axis=-1).astype(np.float32, copy=False)


def _intensity(channel: Float32) -> Iterator[Array]:
    mean = _local_mean(channel)
    yield channel
    yield mean
    yield np.sqrt(_local_variance(channel, mean))
    yield minimum_filter(channel, WINDOW, mode="nearest")
    yield maximum_filter(channel, WINDOW, mode="nearest")


def _gaussian(channel: Float32) -> Iterator[Array]:
    centred = channel - np.float32(channel.mean(dtype=np.float64))
    for scale in _SCALES:
        yield gaussian_filter(channel, scale, mode="nearest")
        yield gaussian_gradient_magnitude(centred, scale, mode="nearest")
        yield gaussian_laplace(centred, scale, mode="nearest")


def _haar(channel: Float32) -> Iterator[Array]:
    """Mean of one side less the mean of the other; of one pair of quadrants less the other."""
    for extent, reach in _QUADRANTS:
        box = uniform_filter(channel, extent, mode="nearest")
        corner = {(a, b): _moved(box, (a * reach, b * reach)) for a in (-1, 1) for b in (-1, 1)}
        yield (corner[1, -1] + corner[1, 1] - corner[-1, -1] - corner[-1, 1]) / 2
        yield (corner[-1, 1] + corner[1, 1] - corner[-1, -1] - corner[1, -1]) / 2
        yield (corner[1, 1] + corner[-1, -1] - corner[1, -1] - corner[-1, 1]) / 2


def _cooccurrence(channel: Float32) -> Iterator[Array]:
    deviation = float(channel.std(dtype=np.float64)) or 1.0
    mean = _local_mean(channel)
    variance = _local_variance(channel, mean)
    for step in _NEIGHBOURS:
        squared = np.square(channel - _moved(channel, step), dtype=np.float32)
        contrast = _local_mean(squared)
        yield contrast
        yield _local_mean(np.sqrt(squared))
        yield _local_mean(1 / (1 + squared / np.float32(deviation**2)))
        similarity = np.zeros_like(channel)
        varied = variance > 1e-6 * deviation**2
        np.divide(contrast, 2 * variance, out=similarity, where=varied)
        yield np.where(varied, np.clip(1 - similarity, -1, 1), 0)


def _moved(array: Float32, step: tuple[int, int]) -> Float32:
    """The value `step` pixels further on, at each pixel."""
    moved: Float32 = shift(array, (-step[0], -step[1]), order=0, mode="nearest")
    return moved


def _local_mean(channel: Float32) -> Float32:
    mean: Float32 = uniform_filter(channel, WINDOW, mode="nearest")
    return mean


def _local_variance(channel: Float32, mean: Float32) -> Float32:
    """Mean squared deviation from the window's mean, with little rounding on bright images."""
    centre = np.float32(channel.mean(dtype=np.float64))
    square = _local_mean((channel - centre) ** 2)
    return np.maximum(square - (mean - centre) ** 2, 0)
