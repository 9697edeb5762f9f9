"""After-edits as the page asks for them: a tool and its values in, prompts out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .. import edits
from ..errors import PromptError, PromptOutside, PromptsMissing
from ..objects import Object
from ..prompts import Given, Paint, Prompt
from ..region import Region, index3
from ..session import Session
from ..types import Mask
from ..voxels import Voxels
from .forms import Edit
from .grid import PageGrid


@dataclass(frozen=True)
class _View:
    """An object and as much around it as a tool may change."""

    mask: Mask
    region: Region
    session: Session


def _field(name: str, type: str, help: str, default: Any = None, optional: bool = False) -> Any:
    return {
        "name": name, "type": type, "optional": optional, "default": default, "help": help,
        "choices": None,
    }  # fmt: skip


def _tool(name: str, help: str, *fields: Any) -> dict[str, Any]:
    return {"name": name, "help": help, "fields": [*fields]}


_RADIUS = _field("radius_mm", "number", "in mm", 1.0)
_AXIS = _field("axis", "axis", "across which the slices are shown")
TOOLS = (
    _tool("largest", "Keep the largest connected part."),
    _tool("fill", "Fill holes, in 3D or slice by slice.", {**_AXIS, "optional": True}),
    _tool("smooth", "Round off the surface.", _RADIUS),
    _tool("grow", "Add a margin.", _RADIUS),
    _tool("shrink", "Take a margin away.", _RADIUS),
    _tool("interpolate", "Fill the slices between drawn ones.", _AXIS),
    _tool(
        "copy",
        "Copy a slice of the object to another slice.",
        _AXIS,
        _field("slice", "integer", "from"),
        _field("to", "integer", "to"),
    ),
    _tool(
        "threshold",
        "Paint only what has an intensity in a range.",
        _field("voxels", "voxels", "the brush"),
        _field("low", "number", "lowest intensity"),
        _field("high", "number", "highest intensity"),
        _field("channel", "integer", "of the image", optional=True),
        _field("inside", "boolean", "paint, or erase", True),
    ),
)


def prompt(session: Session, edit: Edit, grid: PageGrid) -> Prompt:
    """The prompt that an after-edit comes to.

    Raises:
        PromptError: If there is no such tool, a value is missing, or nothing would change.
        UnknownObject: If there is no such object.
    """
    if edit.tool not in _DO:
        names = ", ".join(str(tool["name"]) for tool in TOOLS)
        raise PromptError(f"there is no tool {edit.tool!r}; there are: {names}")
    return _DO[edit.tool](session, edit, grid)


def _around(session: Session, edit: Edit, margin_mm: float = 0.0) -> _View:
    item: Object = session.object(edit.object)
    if not len(item.mask):
        raise PromptsMissing(f"{item.name} is empty; mark it first")
    spacing = session.volume.spacing
    region = item.mask.region.grow_mm(margin_mm, spacing).grow(1).clip(session.volume.shape)
    return _View(item.mask.on(region), region, session)


def _given(view: _View, new: Mask, tool: str) -> Given:
    if np.array_equal(new, view.mask):
        raise PromptError(f"{tool} would change nothing here")
    return Given(Voxels.from_mask(new, view.region.low))


def _largest(session: Session, edit: Edit, grid: PageGrid) -> Given:
    view = _around(session, edit)
    return _given(view, edits.largest_part(view.mask), edit.tool)


def _fill(session: Session, edit: Edit, grid: PageGrid) -> Given:
    view = _around(session, edit)
    axis = grid.axis_in(edit.axis)
    flat = next((a for a, n in enumerate(session.volume.shape) if n == 1), None)
    return _given(view, edits.fill_holes(view.mask, flat if axis is None else axis), edit.tool)


def _with_radius(edit_mask: Callable[..., Mask], margin: float) -> Any:
    def work(session: Session, edit: Edit, grid: PageGrid) -> Given:
        radius = _need(edit, "radius_mm")
        view = _around(session, edit, margin * radius)
        return _given(view, edit_mask(view.mask, radius, session.volume.spacing), edit.tool)

    return work


def _interpolate(session: Session, edit: Edit, grid: PageGrid) -> Given:
    view = _around(session, edit)
    axis = grid.order[_need(edit, "axis")]
    return _given(view, edits.between_slices(view.mask, axis, session.volume.spacing), edit.tool)


def _copy(session: Session, edit: Edit, grid: PageGrid) -> Given:
    axis, own = _need(edit, "axis"), grid.order[_need(edit, "axis")]
    count = grid.page.shape[axis]
    for at in (_need(edit, "slice"), _need(edit, "to")):
        if not 0 <= at < count:
            raise PromptOutside(f"there is no slice {at}, the slices are 0 to {count - 1}")
    view = _around(session, edit)
    start, to = (
        count - 1 - at if grid.flips[axis] else at
        for at in (_need(edit, "slice"), _need(edit, "to"))
    )
    low, high = [*view.region.low], [*view.region.high]
    low[own], high[own] = min(low[own], start, to), max(high[own], start + 1, to + 1)
    region = Region(index3(low), index3(high))
    mask = session.object(edit.object).mask.on(region)
    new = mask.copy()
    planes = np.moveaxis(new, own, 0)
    planes[to - low[own]] = planes[start - low[own]]
    return _given(_View(mask, region, session), new, edit.tool)


def _threshold(session: Session, edit: Edit, grid: PageGrid) -> Paint:
    runs = _need(edit, "voxels")
    brush = grid.voxels_in(runs.voxels(grid.page.shape))
    channel = edit.channel if edit.channel is not None else None
    part = session.volume.crop(brush.region).scalar(channel)
    mask = edits.within(brush.mask(), part, _need(edit, "low"), _need(edit, "high"))
    if not mask.any():
        raise PromptError("no voxel under the brush has an intensity in this range")
    return Paint(Voxels.from_mask(mask, brush.region.low), edit.inside)


def _need(edit: Edit, name: str) -> Any:
    value = getattr(edit, name)
    if value is None:
        raise PromptError(f"{edit.tool} needs a value for {name}")
    return value


_DO: dict[str, Callable[[Session, Edit, PageGrid], Prompt]] = {
    "largest": _largest,
    "fill": _fill,
    "smooth": _with_radius(edits.smooth, 3.0),
    "grow": _with_radius(edits.grow, 1.0),
    "shrink": _with_radius(edits.shrink, 0.0),
    "interpolate": _interpolate,
    "copy": _copy,
    "threshold": _threshold,
}
