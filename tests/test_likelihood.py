"""Likelihoods: who teaches, and how far."""

import math

import numpy as np
import pytest

from delineate.methods.intensity import Palette
from delineate.methods.likelihood import OUTLIERS, Learning, likelihoods


def line(values):
    return Palette.of(np.array(values, np.float32).reshape(1, -1, 1, 1))


def gauss(x, mean, deviation):
    return np.exp(-0.5 * ((x - mean) / deviation) ** 2) / deviation / math.sqrt(2 * math.pi)


def test_marks_fade_into_what_is_assumed():
    values = np.array([0.0, 0.0, 0.0, 0.25, 0.25, 0.25, 1.0, 1.0, 1.0])
    certain = np.array([1, 1, 0, 0, 0, 0, 0, -1, -1], np.int8).reshape(9, 1, 1)
    certain[4] = 1
    marked = np.where(np.arange(9).reshape(9, 1, 1) == 4, 1, 0).astype(np.int8)
    learning = Learning(trust=0.5, reach_mm=3.0, spread=0.1)
    inside, outside = likelihoods(line(values), certain, marked, (2.0, 1.0, 1.0), learning)
    away = 2.0 * np.abs(np.arange(9) - 4)
    weight = 0.5 * np.exp(-0.5 * (away / 3.0) ** 2)
    density = weight * gauss(values, 0.25, 0.1) + (1 - weight) * gauss(values, 0.0, 0.1)
    np.testing.assert_allclose(
        inside.ravel(), OUTLIERS + (1 - OUTLIERS) * density, rtol=1e-3, atol=1e-6
    )
    np.testing.assert_allclose(
        outside.ravel(), OUTLIERS + (1 - OUTLIERS) * gauss(values, 1.0, 0.1), rtol=1e-3
    )


@pytest.mark.parametrize("trust", [0.0, 0.5])
def test_marks_alone_count_everywhere(trust):
    values = np.array([0.0, 0.0, 0.5, 1.0, 1.0])
    certain = np.array([1, 0, 0, 0, -1], np.int8).reshape(5, 1, 1)
    learning = Learning(trust, 1e-3, 0.1)
    inside, outside = likelihoods(line(values), certain, certain, (1.0, 1.0, 1.0), learning)
    expected = OUTLIERS + (1 - OUTLIERS) * gauss(values, 0.0, 0.1)
    np.testing.assert_allclose(inside.ravel(), expected, rtol=1e-3)
    np.testing.assert_allclose(outside.ravel(), expected[::-1], rtol=1e-3)


def test_a_mark_teaches_its_neighbours_unless_they_are_marked_otherwise():
    values = np.array([0.0, 0.5, 0.75, 1.0])
    certain = np.array([0, 1, -1, 0], np.int8).reshape(4, 1, 1)
    learning = Learning(0.5, math.inf, 0.05)
    inside, _ = likelihoods(line(values), certain, certain, (1.0, 1.0, 1.0), learning)
    expected = (gauss(values, 0.0, 0.05) + gauss(values, 0.5, 0.05)) / 2
    np.testing.assert_allclose(
        inside.ravel(), OUTLIERS + (1 - OUTLIERS) * expected, rtol=1e-3, atol=1e-6
    )
