"""Region growing: a mark spreads over neighbours of nearly the same intensity.

Sambaturu et al., "Efficient and generic interactive segmentation framework to correct
mispredictions during clinical evaluation of medical images", MICCAI 2021: "We grow the region to a
new neighborhood pixel, if the intensity of the new pixel differs from the current pixel by less
than a threshold T."

Each step compares neighbours, so that a region may drift along a gentle slope; scikit-image's
`flood_fill` and most other region growers compare with the seed.
"""

import numpy as np
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from delineate.energy.grid import offsets, pair, squared_difference
from delineate.errors import GeometryMismatch, MethodError
from delineate.types import Array, Index, Mask, Spacing


def grow(
    image: Array,
    seeds: Mask,
    threshold: float,
    *,
    connectivity: int = 6,
    forbidden: Mask | None = None,
    radius_mm: float | None = None,
    spacing: Spacing = (1.0, 1.0, 1.0),
) -> Mask:
    """Enlarges seeds over neighbours whose intensity differs by less than a threshold.

    That is the union of the connected components that hold a seed, in the graph whose edges are
    the neighbours that differ by less than the threshold.

    Args:
        image: `(C, I, J, K)`; with several channels the difference is the Euclidean distance.
        seeds: `(I, J, K)`; always part of the result, unless forbidden. No seeds give no region.
        threshold: T, in units of intensity, at least 0; 0 grows nowhere, infinity fills the image.
        connectivity: 4 or 8 in the plane, 6 or 26 in a volume; see `grid.offsets`.
        forbidden: `(I, J, K)`, voxels that are never entered, such as marks of another object.
        radius_mm: stay within this distance of the nearest seed.
        spacing: of I, J and K in mm; only `radius_mm` needs it.

    Returns:
        `(I, J, K)`.

    Raises:
        MethodError: a negative threshold or radius, or a connectivity that does not exist.
        GeometryMismatch: `seeds` or `forbidden` is on another grid.

    Examples:
        >>> line = np.array([0, 1, 2, 3, 9, 3]).reshape(1, 6, 1, 1)
        >>> seed = np.array([1, 0, 0, 0, 0, 0], bool).reshape(6, 1, 1)
        >>> grow(line, seed, 1.5).ravel().astype(int)
        array([1, 1, 1, 1, 0, 0])
    """
    shape = image.shape[1:]
    allowed = np.ones(shape, bool) if forbidden is None else ~forbidden
    _check(shape, seeds, allowed, threshold, radius_mm)
    steps = offsets(connectivity, shape)
    seeds = seeds & allowed
    if not seeds.any():
        return seeds
    if radius_mm is not None:
        allowed &= distance_transform_edt(~seeds, sampling=spacing) <= radius_mm
    box = _extent(allowed)
    grown = np.zeros(shape, bool)
    similar = _similar(image[(slice(None), *box)], allowed[box], threshold, steps)
    grown[box] = _components(similar, seeds[box])
    return grown


def _similar(
    image: Array, allowed: Mask, threshold: float, steps: tuple[Index, ...]
) -> dict[Index, Mask]:
    """For each step, which allowed voxels differ by less than the threshold from the next."""
    similar = {}
    for step in steps:
        low, high = pair(allowed.shape, step)
        near = np.sqrt(squared_difference(image, step)) < threshold
        similar[step] = near & allowed[low] & allowed[high]
    return similar


def _components(joined: dict[Index, Mask], seeds: Mask) -> Mask:
    """The connected components of the joined neighbours that hold a seed."""
    size = seeds.size
    number = np.arange(size, dtype=np.int32).reshape(seeds.shape)
    rows, columns = [np.empty(0, np.int32)], [np.empty(0, np.int32)]
    for step, mask in joined.items():
        low, high = pair(seeds.shape, step)
        rows.append(number[low][mask])
        columns.append(number[high][mask])
    ends = (np.concatenate(rows), np.concatenate(columns))
    graph = coo_matrix((np.ones(len(ends[0]), np.int8), ends), shape=(size, size))
    count, component = connected_components(graph, directed=False)
    holds = np.zeros(count, bool)
    holds[component[seeds.ravel()]] = True
    grown: Mask = holds[component].reshape(seeds.shape)
    return grown


def _extent(mask: Mask) -> tuple[slice, slice, slice]:
    """The smallest box that holds a mask that is not empty."""
    along = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in range(3)]
    i, j, k = (slice(int(found[0]), int(found[-1]) + 1) for found in along)
    return i, j, k


def _check(
    shape: tuple[int, ...],
    seeds: Mask,
    allowed: Mask,
    threshold: float,
    radius_mm: float | None,
) -> None:
    for name, array in (("seeds", seeds), ("forbidden", allowed)):
        if array.shape != shape:
            raise GeometryMismatch(f"{name} has shape {array.shape}: it must be {shape}.")
    if not threshold >= 0:
        raise MethodError(f"The threshold is {threshold}: it must be at least 0.")
    if radius_mm is not None and not radius_mm >= 0:
        raise MethodError(f"The radius is {radius_mm} mm: it must be at least 0.")
