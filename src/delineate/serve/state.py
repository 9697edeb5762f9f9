"""A session as JSON, for a page that opens it."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from ..history import History, Snapshot, Step
from ..journal import Kept
from ..methods.base import AnyMethod
from ..objects import Object
from ..session import Session
from ..volume import RGB, Volume
from . import frames
from .grid import PageGrid


def as_object(item: Object, volume: Volume, grid: PageGrid) -> dict[str, Any]:
    """One object with its prompts."""
    return {
        "number": item.number,
        "name": item.name,
        "colour": item.colour,
        "locked": item.locked,
        "voxels": len(item.mask),
        "ml": len(item.mask) * millilitres(volume),
        "region": frames.box(grid.region_out(item.mask.region)),
        "prompts": [
            {"id": placed.id, "time": placed.time, **frames.prompt(placed.prompt, grid)}
            for placed in item.prompts
        ],
    }


def millilitres(volume: Volume) -> float:
    """Of one voxel."""
    return abs(float(np.linalg.det(volume.geometry.affine[:3, :3]))) / 1000


def step_row(number: int, step: Step) -> dict[str, Any]:
    """One step of the history."""
    return {"number": number, "name": step.name, "time": step.time}


def as_method(method: AnyMethod) -> dict[str, Any]:
    """A method and its fields."""
    return {"name": method.name, "fields": asdict(method)}


def as_image(volume: Volume, kept: Kept, grid: PageGrid) -> dict[str, Any]:
    """What the page needs to know of an image before it has a voxel of it."""
    source = volume.source
    header: Mapping[str, Any] = source.header if source else {}
    return {
        "path": kept.image.get("path"),
        "upload": kept.image.get("upload"),
        "format": source.format if source else None,
        "series": header.get("series"),
        "modality": header.get("modality"),
        "shape": [*grid.page.shape],
        "spacing": [*grid.page.spacing],
        "affine": grid.page.affine.tolist(),
        "orientation": volume.geometry.orientation,
        "dims": volume.dims,
        "slice_axis": grid.axis_out(volume.geometry.slice_axis),
        "channels": [*volume.channels] or [f"channel {n}" for n in range(len(volume.data))],
        "rgb": volume.channels == RGB,
        "ranges": ranges(volume),
    }


def ranges(volume: Volume) -> list[list[float]]:
    """For each channel the lowest and highest intensity, and percentiles 0.5 and 99.5.

    Of a large image the percentiles are those of about a million voxels.
    """
    found = []
    for channel in volume.data:
        step = max(1, math.ceil((channel.size / 1e6) ** (1 / 3)))
        some = np.ascontiguousarray(channel[::step, ::step, ::step]) if step > 1 else channel
        low, high = np.percentile(some, (0.5, 99.5))
        found.append([float(channel.min()), float(channel.max()), float(low), float(high)])
    return found


@dataclass(frozen=True)
class Settled:
    """A session between two steps; a step that runs does not change it.

    Args:
        history: Its steps, of which nobody adds or takes any.
        next_id: The number of the next prompt.
    """

    history: History
    next_id: int

    @classmethod
    def of(cls, session: Session) -> Self:
        """A session as it is; no step may run."""
        history = session.history
        return cls(History(history.start, [*history.steps], history.done), session.next_id)

    @property
    def now(self) -> Snapshot:
        """Its method and objects."""
        return self.history.now


def saved_mark(history: History) -> str:
    """A text that changes with the masks: which step it is, of which history."""
    last = history.steps[history.done - 1].time if history.done else 0.0
    return f"{history.done} {last}"


def as_state(
    session: Session,
    settled: Settled,
    kept: Kept,
    grid: PageGrid,
    image: Mapping[str, Any],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """All that a page needs to show a session again.

    Args:
        session: The session, whose image and `parts` never change.
        settled: Its steps, masks and method.
        kept: What the journal says of it.
        grid: The page's.
        image: Of `as_image`.
        more: What only the server knows: status, exports, what runs, what was interrupted.
    """
    history, now = settled.history, settled.now
    notes = kept.notes
    return {
        "id": kept.id,
        "title": notes.get("title", ""),
        "created": kept.created,
        "opened": kept.opened,
        "image": dict(image),
        "method": as_method(now.method),
        "dims": now.dims,
        "parts": session.parts,
        "objects": [
            as_object(item, session.volume, grid) for _, item in sorted(now.objects.items())
        ],
        "history": {
            "done": history.done,
            "steps": [step_row(n, step) for n, step in enumerate(history.steps, 1)],
        },
        "next_id": settled.next_id,
        "view": notes.get("view", {}),
        "seconds": notes.get("seconds", {}),
        "saved": notes.get("saved") == saved_mark(history),
        "autosave": notes.get("autosave"),
        **more,
    }
