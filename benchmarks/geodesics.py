"""Our geodesic distance beside other libraries'; used by `energies.py`.

Every library has a metric of its own: ours and FastGeodis put the contrast on the edge, scikit-fmm
solves the eikonal equation, dijkstra3d and scikit-image charge for each voxel entered. The work is
the same: one image, one set of seeds, a distance at every voxel.
"""

from collections.abc import Iterator
from functools import partial

import numpy as np
from contest import Contest, Work, there
from scenes import Scene, camera, phantom
from skimage.graph import MCP_Geometric

from delineate.energy.geodesic import geodesic_distance
from delineate.types import Array

UNIT = (1.0, 1.0, 1.0)
GAMMAS = (20.0, 100.0)
ROUNDS = 4


def geodesic(quick: bool) -> Iterator[Contest]:
    """From the marks inside; 4 rounds as the method `geos` takes, and until nothing changes."""
    scenes = (camera(128), phantom(24)) if quick else (camera(512), phantom(80), phantom(128))
    for scene in scenes:
        for gamma in GAMMAS:
            ours = partial(geodesic_distance, scene.inside, scene.image, UNIT, gamma)
            ways = {f"{ROUNDS} rounds": partial(ours, rounds=ROUNDS), "exact": ours}
            yield Contest(
                f"geodesic, gamma {gamma:g}",
                scene.name,
                ways,
                _peers(scene, gamma),
                _correlation,
                dict.fromkeys(ways, 1.3),
                dict.fromkeys(ways, 2.0) if scene.marks.size == 128**3 else {},
            )


def _peers(scene: Scene, gamma: float) -> dict[str, Work]:
    """Those installed; the cost of a voxel is sqrt(1 + (gamma |gradient|)²)."""
    image, inside = scene.image[0].squeeze(), scene.inside.squeeze()
    slope = sum(np.square(g) for g in np.gradient(image))
    cost = np.sqrt(1 + np.float32(gamma) ** 2 * slope)
    seeds = np.argwhere(inside)

    def minimum_cost_path() -> Array:
        return MCP_Geometric(cost, fully_connected=True).find_costs(seeds)[0]

    peers: dict[str, Work] = {"scikit-image MCP_Geometric": minimum_cost_path}
    if there("skfmm"):
        import skfmm

        front = np.where(inside, -1.0, 1.0)
        peers["scikit-fmm"] = lambda: np.maximum(skfmm.travel_time(front, 1 / cost), 0)
    if there("dijkstra3d"):
        import dijkstra3d

        field = np.asfortranarray(cost)
        peers["dijkstra3d"] = lambda: dijkstra3d.distance_field(field, source=seeds)
    if there("FastGeodis"):
        peers[f"FastGeodis, {ROUNDS} rounds"] = _fast_geodis(scene, gamma)
    return peers


def _fast_geodis(scene: Scene, gamma: float) -> Work:
    import FastGeodis
    import torch

    flat = scene.image.shape[-1] == 1
    image, soft = (
        torch.from_numpy(np.ascontiguousarray(a.squeeze())[None, None])
        for a in (gamma * scene.image[0], np.float32(1) - scene.inside)
    )
    if flat:
        distance = partial(FastGeodis.generalised_geodesic2d, image, soft, 1e10, 0.5, ROUNDS)
    else:
        distance = partial(FastGeodis.generalised_geodesic3d, image, soft, UNIT, 1e10, 0.5, ROUNDS)
    return lambda: distance().numpy()[0, 0]


def _correlation(mine: Array, other: Array) -> str:
    return f"correlation {np.corrcoef(mine.ravel(), np.asarray(other).ravel())[0, 1]:.3f}"
