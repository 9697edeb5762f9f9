"""Methods that are simple enough to know the answer by heart, to test the session alone."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from delineate.errors import PromptsMissing
from delineate.marks import box, given, joint_seeds, seeds
from delineate.methods.base import JointMethod, Method, State
from delineate.patch import Patch
from delineate.prompts import Adjust, Box, Click, Given, Scribble
from delineate.region import Region

ALL = frozenset({Box, Click, Scribble})


@dataclass(frozen=True, kw_only=True)
class Bright(Method):
    """Everything brighter than a level inside the box, with a probability of its own."""

    name, paper, when, reads, dims = "bright", "", "", ALL, frozenset({2, 3})
    level: float = 0.5
    probability: float = 0.9

    def segment(self, volume, prompts, state, observe=None):
        frame = box(prompts) or Region.whole(volume.shape)
        bright = volume.crop(frame).scalar() > self.level
        return Patch(frame.low, bright * np.float32(self.probability)), state


@dataclass(frozen=True, kw_only=True)
class Stubborn(Method):
    """Never sees the object."""

    name, paper, when, reads, dims = "stubborn", "", "", ALL, frozenset({2, 3})

    def segment(self, volume, prompts, state, observe=None):
        return Patch.empty(), state


@dataclass(frozen=True, kw_only=True)
class Learner(Method):
    """Its n-th answer marks the n-th voxel along I."""

    name, paper, when, reads, dims = "learner", "", "", ALL, frozenset({2, 3})
    calls = []  # noqa: RUF012

    def start(self, volume):
        return State("image", {"n": np.array(0)})

    def segment(self, volume, prompts, state, observe=None):
        n = int(state.learned["n"]) + 1
        self.calls.append(n)
        return Patch((n, 0, 0), np.ones((1, 1, 1), np.float32)), State("seen", {"n": np.array(n)})


@dataclass(frozen=True, kw_only=True)
class Slow(Method):
    """Reports ten tenths of its work, and shows its answer from the first."""

    name, paper, when, reads, dims = "slow", "", "", ALL, frozenset({2, 3})

    def segment(self, volume, prompts, state, observe=None):
        patch = Patch((0, 0, 0), np.ones((2, 2, 1), np.float32))
        for tenth in range(10):
            if observe:
                observe(tenth / 10, patch)
        return patch, state


@dataclass(frozen=True, kw_only=True)
class Failing(Method):
    """Works once, then breaks."""

    name, paper, when, reads, dims = "failing", "", "", ALL, frozenset({2, 3})

    def segment(self, volume, prompts, state, observe=None):
        if len(prompts) > 1:
            raise RuntimeError("broken on purpose")
        return Patch((0, 0, 0), np.ones((2, 2, 1), np.float32)), state


@dataclass(frozen=True, kw_only=True)
class Needy(Method):
    """Needs both sides."""

    name, paper, when, reads, dims = "needy", "", "", ALL, frozenset({2, 3})
    both_sides = True

    def segment(self, volume, prompts, state, observe=None):
        seed = seeds(prompts, Region.whole(volume.shape), volume.spacing)
        if not ((seed == 1).any() and (seed == -1).any()):
            raise PromptsMissing("needy needs a mark on both sides")
        return Patch((0, 0, 0), (volume.scalar() > 0.5).astype(np.float32)), state


@dataclass(frozen=True, kw_only=True)
class Copy(Method):
    """Gives back the mask it was given."""

    name, paper, when = "copy", "", ""
    reads, dims = ALL | {Given, Adjust}, frozenset({2, 3})

    def segment(self, volume, prompts, state, observe=None):
        start = given(prompts)
        if start is None:
            return Patch.empty(), state
        grow = sum(p.amount for p in prompts if isinstance(p, Adjust))
        mask = start.mask().astype(np.float32)
        return Patch(start.region.low, np.clip(mask * (0.6 + grow), 0, 1)), state


@dataclass(frozen=True, kw_only=True)
class Nearest(JointMethod):
    """Every voxel goes to the object whose inside mark is nearest; all at once."""

    name, paper, when, reads, dims = "nearest", "", "", ALL, frozenset({2, 3})

    def segment(self, volume, prompts: Mapping, state, observe=None):
        from scipy.ndimage import distance_transform_edt

        maps = joint_seeds(prompts, Region.whole(volume.shape), volume.spacing)
        patches = {}
        for number, seed in maps.items():
            inside = distance_transform_edt(seed != 1)
            outside = distance_transform_edt(seed != -1) if (seed == -1).any() else inside + 1
            chance = outside / np.maximum(inside + outside, 1e-9)
            patches[number] = Patch((0, 0, 0), chance.astype(np.float32))
        return patches, state
