"""Our minimum cut and GrabCut beside PyMaxflow and OpenCV; used by `energies.py`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np
from contest import Contest, Work, there
from scenes import Scene, camera, phantom
from skimage import data

from delineate import Box, Volume
from delineate.energy.grid import contrast_weights, pair
from delineate.energy.maxflow import minimum_cut
from delineate.methods.grabcut import GrabCut
from delineate.types import Float32, Index, Mask

UNIT = (1.0, 1.0, 1.0)
_BOTH = (True, False)


def graphcut(quick: bool) -> Iterator[Contest]:
    """Marks as hard constraints, with and without likelihoods; building included.

    Marks alone leave flow a long way to go, which is hard for any solver.
    """
    sides = (24,) if quick else (80, 128)
    work = [(phantom(side), n, likely) for side in sides for n in (6, 26) for likely in _BOTH]
    work += [(camera(128 if quick else 512), n, likely) for n in (4, 8) for likely in _BOTH]
    for scene, neighbours, likely in work:
        weights = contrast_weights(scene.image, UNIT, 0.1, neighbours)
        inside, outside = scene.unary() if likely else (np.zeros(scene.marks.shape, "f"),) * 2
        weights = {step: weight * np.float32(5) for step, weight in weights.items()}
        cut = partial(minimum_cut, inside, outside, weights, scene.marks)
        ways: dict[str, Work] = {"OR-tools": partial(cut, solver="ortools")}
        peers: dict[str, Work] = {}
        if there("maxflow"):
            ways = {"PyMaxflow": partial(cut, solver="pymaxflow"), **ways}
            peers = {"raw PyMaxflow": _raw_maxflow(scene, inside, outside, weights)}
        yield Contest(
            f"graph cut, {neighbours} neighbours, {'likelihoods' if likely else 'marks alone'}",
            scene.name,
            ways,
            peers,
            lambda mine, other: f"{np.count_nonzero(mine != other)} of {mine.size} voxels differ",
            {"PyMaxflow": 1.3},
            dict.fromkeys(ways, 3.0) if (neighbours, scene.marks.size) == (6, 128**3) else {},
        )


def _raw_maxflow(
    scene: Scene, inside: Float32, outside: Float32, weights: dict[Index, Float32]
) -> Work:
    """What a user of PyMaxflow writes, with weights already laid out as it wants them."""
    import maxflow

    shape = scene.marks.shape
    full = {step: np.zeros(shape) for step in weights}
    for step, weight in weights.items():
        full[step][pair(shape, step)[0]] = weight
    to_source = np.where(scene.marks == 1, 1e6, np.where(scene.marks == -1, 0, outside))
    to_sink = np.where(scene.marks == -1, 1e6, np.where(scene.marks == 1, 0, inside))

    def solve() -> Mask:
        graph = maxflow.Graph[float](to_source.size, to_source.size * len(full))
        nodes = graph.add_grid_nodes(shape)
        for step, weight in full.items():
            structure = np.zeros((3, 3, 3))
            structure[1 + step[0], 1 + step[1], 1 + step[2]] = 1
            graph.add_grid_edges(nodes, weight, structure, symmetric=True)
        graph.add_grid_tedges(nodes, to_source, to_sink)
        graph.maxflow()
        return ~graph.get_grid_segments(nodes)

    return solve


def grabcut(quick: bool) -> Iterator[Contest]:
    """Five turns from one box on the whole colour photograph, 5 components on each side."""
    if not there("cv2"):
        return
    import cv2

    picture = data.astronaut()[:: 2 if quick else 1, :: 2 if quick else 1]
    size = len(picture)
    low, high = (size // 128, size // 8), (size - 1, size * 3 // 4)
    volume = Volume.from_array(picture, channel_axis=2)
    prompts = (Box((*low, 0), (*high, 1)),)
    method = GrabCut(inside_components=5, middle=0.0, margin_mm=2.0 * size)

    def ours() -> Mask:
        patch, _ = method.segment(volume, prompts, method.start(volume))
        return patch.probability[..., 0] > 0.5

    def theirs() -> Mask:
        mask = np.zeros(picture.shape[:2], np.uint8)
        models = np.zeros((1, 65)), np.zeros((1, 65))
        frame = (low[1], low[0], high[1] - low[1], high[0] - low[0])
        cv2.grabCut(picture[..., ::-1].copy(), mask, frame, *models, 5, cv2.GC_INIT_WITH_RECT)
        return (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)

    def plain() -> Mask:
        with _without("maxflow"):
            return ours()

    ways: dict[str, Work] = {"GrabCut, OR-tools": plain}
    if there("maxflow"):
        ways = {"GrabCut, PyMaxflow": ours, **ways}
    yield Contest(
        "GrabCut",
        f"astronaut {size}²",
        ways,
        {"OpenCV": theirs},
        lambda mine, other: f"Dice {2 * (mine & other).sum() / (mine.sum() + other.sum()):.3f}",
        dict.fromkeys(ways, 2.0),
    )


@contextmanager
def _without(module: str) -> Iterator[None]:
    """As if a package were not installed."""
    hidden = sys.modules.get(module)
    sys.modules[module] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[module]
        if hidden is not None:
            sys.modules[module] = hidden
