"""Memory of a session's history: 100 steps on a 512 x 512 x 512 image.

    python benchmarks/session_memory.py [--steps 100] [--size 512]

Each step gives a new soft ball of up to 160 voxels across with noise in its rim, which
packs worse than what methods give. Limit: 1 GiB above the image after all steps, all of
them undone and redone once. Prints one line a ten steps and exits with 1 over the limit.
"""

import argparse
import os
import sys
from dataclasses import dataclass

import numpy as np
import psutil

from delineate import Click, Patch, Session, Volume
from delineate.methods.base import Method

LIMIT_MB = 1024


@dataclass(frozen=True, kw_only=True)
class Ball(Method):
    """A soft ball around the last click, with a noisy rim."""

    name, paper, when, reads, dims = "ball", "", "", frozenset({Click}), frozenset({3})

    def segment(self, volume, prompts, state, observe=None):
        radius = 60 + len(prompts) % 20
        axis = np.arange(-radius, radius + 1, dtype=np.float32)
        distance = np.sqrt(
            axis[:, None, None] ** 2 + axis[None, :, None] ** 2 + axis[None, None, :] ** 2
        )
        noise = np.random.default_rng(len(prompts)).normal(0, 2, distance.shape)
        chance = 1 / (1 + np.exp((distance - radius * 0.8 + noise) / 3))
        low = tuple(i - radius for i in prompts[-1].at)
        return Patch(low, chance.astype(np.float32)), state


def used_mb() -> float:
    return psutil.Process(os.getpid()).memory_info().rss / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--size", type=int, default=512)
    asked = parser.parse_args()
    image = np.random.default_rng(0).random((asked.size,) * 3, np.float32)
    session = Session(Volume.from_array(image), Ball())
    del image
    before, peak = used_mb(), 0.0
    rng = np.random.default_rng(1)
    for step in range(1, asked.steps + 1):
        at = tuple(int(i) for i in rng.integers(90, asked.size - 90, 3))
        session.add(Click(at), object=1 + step % 3)
        peak = max(peak, used_mb() - before)
        if step % 10 == 0:
            print(f"{step:4d} steps: {used_mb() - before:7.0f} MiB above the image")
    for move in (session.undo, session.redo):
        for _ in range(asked.steps):
            move()
            peak = max(peak, used_mb() - before)
    print(f"most: {peak:.0f} MiB of {LIMIT_MB} MiB allowed, ratio {peak / LIMIT_MB:.2f}")
    return int(peak > LIMIT_MB)


if __name__ == "__main__":
    sys.exit(main())
