"""Methods for the tests of the benchmark, importable by its other processes."""

import os
from dataclasses import dataclass

import numpy as np

from delineate.bench import baselines
from delineate.marks import box, seeds
from delineate.methods.base import Method
from delineate.patch import Patch
from delineate.prompts import Box, Click, Given, Scribble
from delineate.region import Region


@dataclass(frozen=True, kw_only=True)
class Level(Method):
    """What is brighter than the middle, in the box, and near clicks what they say."""

    name = "level"
    paper = when = ""
    reads = frozenset({Box, Click, Scribble, Given})
    dims = frozenset({2, 3})
    reach: int = 2
    note: str = ""

    def segment(self, volume, prompts, state, observe=None):
        whole = Region.whole(volume.shape)
        image = volume.scalar()
        found = image > (image.max() + image.min()) / 2
        frame = box(prompts)
        if frame is not None:
            outside = np.ones(volume.shape, bool)
            outside[frame.slices] = False
            found = found & ~outside
        for prompt in prompts:
            if isinstance(prompt, Click):
                near = prompt.region.grow(self.reach).clip(volume.shape)
                found[near.slices] = prompt.inside
        marked = seeds(prompts, whole, volume.spacing)
        return Patch((0, 0, 0), np.where(marked > 0, True, found).astype(np.float32)), state


class Fragile(Level):
    """Fails on images that are 44 voxels wide."""

    name = "fragile"

    def segment(self, volume, prompts, state, observe=None):
        if volume.shape[0] == 44 and len(prompts) > 1:
            raise RuntimeError("44 is\ntoo wide")
        return super().segment(volume, prompts, state)


class Flat(Level):
    """Works on pictures only, and starts from no mask."""

    name = "flat"
    reads = frozenset({Click})
    dims = frozenset({2})


@dataclass(frozen=True, kw_only=True)
class Trained(Level):
    """Names weights, and does not look at them."""

    name = "trained"
    weights: str = ""


class Deadly(Level):
    """Kills its process, as the system does where memory has run out, until it is forgiven."""

    name = "level"

    def segment(self, volume, prompts, state, observe=None):
        if volume.shape[0] == 44:
            os._exit(9)
        return super().segment(volume, prompts, state)


def build(name, fields):
    """A stub, or a baseline."""
    for kind in (Level, Fragile, Flat, Trained):
        if kind.name == name:
            return kind(**fields)
    return baselines.build(name, fields)


def build_deadly(name, fields):
    """As `build`, but the method kills the process on the second picture."""
    return Deadly(**fields) if name == "level" else build(name, fields)
