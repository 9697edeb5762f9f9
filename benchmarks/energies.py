"""How long our energies take beside other libraries': same work, one run, in turns.

    python benchmarks/energies.py [--only NAME] [--repeats 5] [--quick]

NAME is random_walker, grabcut, graphcut or geodesic. Prints a Markdown table of medians. A ratio
over its limit says so; nothing fails. Peers are optional: scikit-image is always there, and

    pip install opencv-python-headless PyMaxflow scikit-fmm dijkstra3d FastGeodis

brings the others. Those not installed are skipped, with a line that says so.
"""

import argparse
import warnings
from collections.abc import Iterator
from functools import partial

import numpy as np
from contest import HEAD, Contest, machine, rows, there
from cuts import grabcut, graphcut
from geodesics import geodesic
from scenes import camera, phantom
from skimage.segmentation import random_walker as peer_walker

from delineate.energy.laplacian import random_walk
from delineate.types import Array

UNIT = (1.0, 1.0, 1.0)
PACKAGES = ("scikit-image", "opencv-python-headless", "PyMaxflow", "scikit-fmm", "dijkstra3d")


def random_walker(quick: bool) -> Iterator[Contest]:
    """Two labels, beta 130, relative residual 1e-3, by multigrid on either side."""
    for scene in (camera(128), phantom(24)) if quick else (camera(512), phantom(80), phantom(128)):
        image, labels = scene.image, scene.marks.astype(np.int64)
        ours = np.select([labels < 0, labels > 0], [0, 1], -1)
        theirs = ours.squeeze() + 1
        exact = random_walk(image, ours, UNIT, tolerance=1e-8)

        def off(result: Array, exact: Array = exact) -> float:
            return float(np.abs(result.reshape(exact.shape) - exact).max())

        yield Contest(
            "random walker",
            scene.name,
            {"random_walk": partial(random_walk, image, ours, UNIT, beta=130, tolerance=1e-3)},
            {
                "scikit-image cg_mg": partial(
                    peer_walker,
                    image[0].squeeze(),
                    theirs,
                    beta=130,
                    mode="cg_mg",
                    tol=1e-3,
                    return_full_prob=True,
                )
            },
            lambda mine, other, off=off: f"off by {off(mine):.4f} and {off(other):.4f} at most",
            {"random_walk": 1.3},
        )


CONTESTS = {f.__name__: f for f in (random_walker, grabcut, graphcut, geodesic)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=CONTESTS, metavar="NAME")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small images, to try the script")
    asked = parser.parse_args()
    warnings.filterwarnings("ignore", module="skimage")
    print(HEAD)
    for name, contests in CONTESTS.items():
        if asked.only in (None, name):
            for contest in contests(asked.quick):
                for row in rows(contest, asked.repeats):
                    print(row, flush=True)
    for module in ("cv2", "maxflow", "skfmm", "dijkstra3d", "FastGeodis"):
        if not there(module):
            print(f"\nSkipped: {module} is not installed.")
    print(f"\n{machine(*PACKAGES)}; {asked.repeats} repeats in turns, medians.")


if __name__ == "__main__":
    main()
