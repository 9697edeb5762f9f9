"""The worst and the median objects of each method as pictures."""

import base64
import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..marks import Mark
from ..prompts import Box, Click, Prompt, from_json
from ..region import Region
from ..types import Array, Int64, Mask
from ..volume import RGB, Volume
from ..voxels import Voxels
from .curves import Curve
from .extras import need
from .rounds import Result
from .views import View, views

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WORST = 3
MARGIN = 0.35
"""Around the object and the result, as a part of their extent."""

TRUTH, RESULT, INSIDE, OUTSIDE, BOX = "#00d060", "#ff40ff", "#40c0ff", "#ff5030", "#ffd000"


def telling(curves: Sequence[Curve], method: str) -> list[Curve]:
    """The three worst headline objects of a method by their last Dice, then the median one."""
    own = [c for c in curves if c.method == method and c.headline and c.whole]
    ordered = sorted(own, key=lambda curve: (curve.dice[-1], curve.object))
    if len(ordered) <= WORST:
        return ordered
    return [*ordered[:WORST], ordered[len(ordered) // 2]]


def picture(curves: Sequence[Curve], results: Mapping[str, Result]) -> str:
    """Objects side by side: truth, result and marks, as the base64 text of a PNG.

    Of a volume the slice with most wrong voxels is shown.
    """
    figure = need("matplotlib.figure").Figure(
        figsize=(3.1 * len(curves), 3.5), dpi=90, layout="constrained"
    )
    for axes, curve in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves, strict=True):
        (view,) = (v for v in views(curve.task) if v.name == curve.slice)
        last = results[curve.task.key].last[curve.slice]
        title = f"{curve.case}\n{curve.task.target.name}"
        _draw(axes, view, last, f"{title}: {curve.dice[-1]:.3f}")
    data = io.BytesIO()
    figure.savefig(data, format="png")
    return base64.b64encode(data.getvalue()).decode("ascii")


def _draw(axes: "Axes", view: View, last: Mapping[str, Any], title: str) -> None:
    shape = view.image.shape
    mask = Voxels.from_json(last["mask"]).on(Region.whole(shape))
    axis = view.image.geometry.slice_axis
    others = tuple(a for a in range(3) if a != axis)
    wrong = (mask ^ view.truth).sum(axis=others)
    at = int(np.argmax(wrong if wrong.any() else view.truth.sum(axis=others)))
    truth: Mask = np.moveaxis(view.truth, axis, 2)[..., at]
    found: Mask = np.moveaxis(mask, axis, 2)[..., at]
    spacing = [view.image.spacing[a] for a in others]
    image = _shown(view.image, axis, at)
    axes.imshow(image, cmap="gray", aspect=spacing[1] / spacing[0], interpolation="nearest")
    for outline, colour in ((truth, TRUTH), (found, RESULT)):
        if outline.any() and not outline.all():
            axes.contour(outline.T, [0.5], colors=colour, linewidths=1.2)
    for prompt in last["prompts"]:
        _mark(axes, from_json(prompt), axis, at)
    _frame(axes, truth | found, [view.image.geometry.orientation[a] for a in others])
    axes.set_title(title + (f" (slice {at})" if shape[axis] > 1 else ""), fontsize=7)


def _shown(image: Volume, axis: int, at: int) -> Array:
    """One slice as rows of columns, in colour or from its 1st to its 99th percentile."""
    data: Array = np.moveaxis(image.data, axis + 1, 3)[..., at]
    if image.channels == RGB:
        low, high = 0.0, max(float(data.max()), 1.0)
    else:
        data = data[0]
        low, high = (float(value) for value in np.percentile(data, [1, 99]))
    shown: Array = np.clip((data - low) / max(high - low, 1e-12), 0, 1)
    return shown.T


def _mark(axes: "Axes", prompt: Prompt, axis: int, at: int) -> None:
    """What the user said in one slice."""
    across, down = (a for a in range(3) if a != axis)
    if isinstance(prompt, Box):
        low, high = prompt.low, prompt.high
        if low[axis] <= at < high[axis]:
            corner = (low[across] - 0.5, low[down] - 0.5)
            size = (high[across] - low[across], high[down] - low[down])
            patch = need("matplotlib.patches").Rectangle(
                corner, *size, fill=False, edgecolor=BOX, linewidth=1, linestyle="--"
            )
            axes.add_patch(patch)
    elif isinstance(prompt, Mark):
        indices = np.array([prompt.at]) if isinstance(prompt, Click) else prompt.voxels.indices()
        here = indices[indices[:, axis] == at]
        colour = INSIDE if prompt.inside else OUTSIDE
        single = isinstance(prompt, Click)
        axes.plot(
            here[:, across], here[:, down], linestyle="", color=colour,
            marker="o" if single else "s", markersize=4 if single else 1.5,
            markeredgecolor="black" if single else colour, markeredgewidth=0.5,
        )  # fmt: skip


def _frame(axes: "Axes", mask: Mask, letters: Sequence[str]) -> None:
    """Show the mask's surroundings, the patient's right and front as radiologists expect."""
    left, right = _limits(np.flatnonzero(mask.sum(axis=1)), mask.shape[0])
    top, bottom = _limits(np.flatnonzero(mask.sum(axis=0)), mask.shape[1])
    axes.set_xlim(*((right, left) if letters[0] in "RA" else (left, right)))
    axes.set_ylim(*((top, bottom) if letters[1] in "AS" else (bottom, top)))
    axes.set_xticks([])
    axes.set_yticks([])


def _limits(shown: Int64, count: int) -> tuple[float, float]:
    """First and last edge of what is shown along one axis, with a margin inside the image."""
    at = shown if shown.size else np.arange(count)
    margin = 4 + MARGIN * (at[-1] - at[0])
    return max(at[0] - margin, 0) - 0.5, min(at[-1] + margin, count - 1) + 0.5
