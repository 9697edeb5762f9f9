"""Click-guided networks made by hand, whose answers are known, and what is asked of them."""

import numpy as np
import pytest
import torch
from torch import nn

from delineate.methods import click_fcn, features
from delineate.models import Info
from delineate.networks.guidance import Guidance
from delineate.prompts import Click
from delineate.volume import Volume

IMAGE, INSIDE, OUTSIDE, BOX, PREVIOUS = range(5)
RECIPE = {"clicks": {"guidance": Guidance().to_json()}}


class Stub(nn.Module):
    """The features are the input; bright is the object, and marks count a little or not at all."""

    def __init__(self, dims, marks=0.0):
        super().__init__()
        layer = nn.Conv2d if dims == 2 else nn.Conv3d
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), layer(5, 8, 1), nn.ReLU(), nn.Dropout(0.5), layer(8, 2, 1)
        )
        hidden, output = self.classifier[1], self.classifier[4]
        with torch.no_grad():
            for part in (hidden, output):
                part.weight.zero_()
                part.bias.zero_()
            shape = (-1, *[1] * dims)
            towards = torch.tensor([6.0, -6.0, marks, -marks])
            for n, channel in enumerate((IMAGE, IMAGE, INSIDE, OUTSIDE)):
                hidden.weight[n, channel] = -1.0 if n == 1 else 1.0
                output.weight[1, n] = towards[n]
            assert hidden.weight[0].numel() == 5 and shape
            output.bias[1] = -2.0
        self.asked = []

    def features(self, x):
        self.asked.append(x[0].float().numpy().copy())
        return x


@pytest.fixture(autouse=True)
def nets(monkeypatch):
    """What the names of weights stand for."""
    found = {
        name: (Stub(dims).eval(), Info(name=name, architecture="", sizes={}, size=size, recipe=how))
        for name, dims, size, how in (
            ("click-2d", 2, (32, 32), RECIPE),
            ("click-3d", 3, (24, 24, 12), RECIPE),
            ("pnet", 2, (96, 96), {}),
        )
    }
    monkeypatch.setattr(click_fcn, "load", lambda name: found[name])
    monkeypatch.setenv(features.VARIABLE, "float32")
    return {name: net for name, (net, _) in found.items()}


def ball(dims=2, spacing=(1.0, 1.0, 1.0), noise=0.0):
    shape = (32, 30, 1 if dims == 2 else 16)
    centre = np.reshape([14, 15, shape[2] // 2], (3, 1, 1, 1))
    away = (np.indices(shape) - centre) * np.reshape(spacing, (3, 1, 1, 1))
    truth = (away**2).sum(axis=0) <= 49
    drawn = np.random.default_rng(1).normal(0, noise, shape)
    return Volume.from_array((50 + 60 * truth + drawn).astype(np.float32), spacing), truth


def answer(method, volume, prompts, state=None, observe=None):
    patch, state = method.segment(volume, tuple(prompts), state or method.start(volume), observe)
    return patch.full(volume.shape), state


def dice(a, b):
    return 2 * (a & b).sum() / (a.sum() + b.sum())


def at(dims, i=14, j=15):
    return (i, j, 0 if dims == 2 else 8)


def wrong_clicks(dims):
    return [Click(at(dims)), Click(at(dims, 10, 13), inside=False), Click(at(dims, 3, 4))]
