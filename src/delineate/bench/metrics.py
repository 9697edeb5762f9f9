"""How far a mask is from the truth: overlap as a fraction, distance between surfaces in mm.

Dice 1945, Jaccard 1912; surface distances as in Taha and Hanbury, "Metrics for evaluating 3D
medical image segmentation: analysis, selection, and tool", BMC Medical Imaging 2015. Sakinis et al.
2019 report Dice, Hausdorff and mean absolute distance slice by slice without defining them: give
one slice, `(I, J, 1)`, for theirs.

*Surface.* The voxels of the mask with at least one of their face neighbours (6; 4 in a picture)
outside the mask. What lies beyond the image counts as outside. An axis along which the image is one
voxel thick has no neighbours and is left out, so that the surface of a picture is an outline and
not the whole mask. A distance runs from voxel centre to voxel centre, in mm.

*Directions.* Every distance looks both ways: from each surface voxel of the prediction to the
nearest one of the truth, and back. All measures here are symmetric in their two masks.

*Empty masks.* Both empty: Dice and IoU 1, distances 0. One empty: Dice and IoU 0, distances nan,
since no number of mm is right. Whoever averages distances leaves the nan out, counts them, and
shows the count beside the mean; otherwise a method that finds nothing would look near.
"""

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from delineate.types import Float64, Mask, Spacing


@dataclass(frozen=True, kw_only=True)
class Scores:
    """All measures of one mask; the fields are named as the columns of `rounds.csv`.

    Attributes:
        dice, iou: in [0, 1], 1 is perfect.
        hd_mm, hd95_mm, assd_mm, mad_mm: at least 0, 0 is perfect; nan where one mask is empty.
    """

    dice: float
    iou: float
    hd_mm: float
    hd95_mm: float
    assd_mm: float
    mad_mm: float


def score(prediction: Mask, truth: Mask, spacing: Spacing) -> Scores:
    """Every measure at once; the surfaces are found and compared a single time.

    The work grows with the box around both masks, not with the image.

    Args:
        prediction, truth: `(I, J, K)` bool; a picture has K = 1.
        spacing: size of a voxel along I, J, K in mm.

    Raises:
        ValueError: masks that are not three-dimensional, bool and of one shape; a spacing that is
            not three finite numbers above 0.

    Examples:
        >>> truth = np.zeros((6, 4, 1), bool)
        >>> truth[1:3, 1] = True
        >>> moved = score(np.roll(truth, 1, axis=0), truth, (0.5, 2.0, 9.0))
        >>> moved.dice, moved.hd_mm, moved.assd_mm
        (0.5, 0.5, 0.25)
    """
    prediction, truth = _crop(*_checked(prediction, truth))
    there, back = surface_distances(prediction, truth, spacing)
    return Scores(
        dice=dice(prediction, truth),
        iou=iou(prediction, truth),
        hd_mm=_largest(there, back, 100.0),
        hd95_mm=_largest(there, back, 95.0),
        assd_mm=_pooled_mean(there, back),
        mad_mm=_mean_of_directions(there, back),
    )


def dice(prediction: Mask, truth: Mask) -> float:
    """Twice the overlap over the sum of the sizes, in [0, 1]; two empty masks give 1.

    Args:
        prediction, truth: `(I, J, K)` bool.
    """
    prediction, truth = _checked(prediction, truth)
    sizes = int(np.count_nonzero(prediction)) + int(np.count_nonzero(truth))
    return 2 * int(np.count_nonzero(prediction & truth)) / sizes if sizes else 1.0


def iou(prediction: Mask, truth: Mask) -> float:
    """Overlap over union (Jaccard index), in [0, 1]; two empty masks give 1.

    Args:
        prediction, truth: `(I, J, K)` bool.
    """
    prediction, truth = _checked(prediction, truth)
    union = int(np.count_nonzero(prediction | truth))
    return int(np.count_nonzero(prediction & truth)) / union if union else 1.0


def hausdorff(prediction: Mask, truth: Mask, spacing: Spacing) -> float:
    """Hausdorff distance in mm: the largest distance of a surface voxel to the other surface.

    One stray voxel decides it; `hausdorff_percentile` is less easily swayed.

    Args:
        prediction, truth: `(I, J, K)` bool.
        spacing: size of a voxel along I, J, K in mm.
    """
    return _largest(*surface_distances(prediction, truth, spacing), 100.0)


def hausdorff_percentile(
    prediction: Mask, truth: Mask, spacing: Spacing, percentile: float = 95.0
) -> float:
    """Robust Hausdorff distance in mm: the larger of the two directed percentiles.

    The percentile is taken in each direction on its own, with linear interpolation between ranks,
    and the larger of the two is returned, as in MONAI. DeepMind's surface-distance also takes the
    larger one, but weighs by surface area; MedPy pools both directions before the percentile, which
    gives other numbers.

    Args:
        prediction, truth: `(I, J, K)` bool.
        spacing: size of a voxel along I, J, K in mm.
        percentile: in [0, 100]; 100 is the Hausdorff distance.

    Raises:
        ValueError: a percentile outside [0, 100]; masks or a spacing as in `score`.
    """
    if not 0 <= percentile <= 100:
        raise ValueError(f"the percentile is {percentile}; it must lie in [0, 100]")
    return _largest(*surface_distances(prediction, truth, spacing), percentile)


def assd(prediction: Mask, truth: Mask, spacing: Spacing) -> float:
    """Average symmetric surface distance in mm: the mean over the voxels of both surfaces.

    The larger surface has more voxels and so more weight; `mad` weighs both alike.

    Args:
        prediction, truth: `(I, J, K)` bool.
        spacing: size of a voxel along I, J, K in mm.
    """
    return _pooled_mean(*surface_distances(prediction, truth, spacing))


def mad(prediction: Mask, truth: Mask, spacing: Spacing) -> float:
    """Mean absolute surface distance in mm: the mean of the two directed mean distances.

    Sakinis et al. 2019 give this name without a formula; this is the symmetric one in common use,
    and equals `assd` where both surfaces have the same number of voxels.

    Args:
        prediction, truth: `(I, J, K)` bool.
        spacing: size of a voxel along I, J, K in mm.
    """
    return _mean_of_directions(*surface_distances(prediction, truth, spacing))


def surface_distances(prediction: Mask, truth: Mask, spacing: Spacing) -> tuple[Float64, Float64]:
    """Distance of every surface voxel to the other surface, in mm, in the order of the array.

    Args:
        prediction, truth: `(I, J, K)` bool.
        spacing: size of a voxel along I, J, K in mm.

    Returns:
        From the prediction's surface to the truth's, `(P,)`, and from the truth's to the
        prediction's, `(T,)`. An empty mask has no surface voxels; those of the other are then nan.

    Raises:
        ValueError: masks or a spacing as in `score`.
    """
    prediction, truth = _checked(prediction, truth)
    if len(spacing) != 3 or not all(np.isfinite(size) and size > 0 for size in spacing):
        raise ValueError(f"the spacing is {spacing}; it must be three finite numbers of mm above 0")
    prediction, truth = _crop(prediction, truth)
    points = np.argwhere(_surface(prediction)) * np.asarray(spacing, float)
    others = np.argwhere(_surface(truth)) * np.asarray(spacing, float)
    return _to_nearest(points, others), _to_nearest(others, points)


def _checked(prediction: Mask, truth: Mask) -> tuple[Mask, Mask]:
    for name, mask in (("prediction", prediction), ("truth", truth)):
        if mask.ndim != 3 or mask.dtype != bool:
            raise ValueError(
                f"the {name} has shape {mask.shape} and type {mask.dtype}; "
                "it must be (I, J, K) bool"
            )
    if prediction.shape != truth.shape:
        raise ValueError(
            f"the prediction has shape {prediction.shape} and the truth {truth.shape}; "
            "they must be the same"
        )
    return prediction, truth


def _crop(prediction: Mask, truth: Mask) -> tuple[Mask, Mask]:
    """Both masks inside the box around their union and one voxel more where the image has one.

    The margin keeps an axis thicker than one voxel unless the image itself is one voxel thick.
    """
    union = prediction | truth
    box = []
    for axis in range(3):
        filled = np.flatnonzero(union.any(axis=tuple(other for other in range(3) if other != axis)))
        if not filled.size:
            break
        box.append(slice(max(int(filled[0]) - 1, 0), int(filled[-1]) + 2))
    return prediction[tuple(box)], truth[tuple(box)]


def _surface(mask: Mask) -> Mask:
    interior = mask.copy()
    for axis in [axis for axis in range(3) if mask.shape[axis] > 1] or [0]:
        kept, whole = np.moveaxis(interior, axis, 0), np.moveaxis(mask, axis, 0)
        kept[1:] &= whole[:-1]
        kept[:-1] &= whole[1:]
        kept[[0, -1]] = False
    return mask & ~interior


def _to_nearest(points: Float64, others: Float64) -> Float64:
    if not len(points) or not len(others):
        return np.full(len(points), np.nan)
    # Voxel centres share their coordinates, and looking for medians among ties is slow.
    tree = KDTree(others, balanced_tree=False, compact_nodes=False)
    return np.asarray(tree.query(points)[0], dtype=np.float64)


def _largest(there: Float64, back: Float64, percentile: float) -> float:
    if not there.size or not back.size:
        return _without_surface(there, back)
    return float(max(np.percentile(there, percentile), np.percentile(back, percentile)))


def _pooled_mean(there: Float64, back: Float64) -> float:
    if not there.size or not back.size:
        return _without_surface(there, back)
    return float((there.sum() + back.sum()) / (there.size + back.size))


def _mean_of_directions(there: Float64, back: Float64) -> float:
    if not there.size or not back.size:
        return _without_surface(there, back)
    return float((there.mean() + back.mean()) / 2)


def _without_surface(there: Float64, back: Float64) -> float:
    return 0.0 if there.size == back.size else float("nan")
