"""Names and colours of labels, and the text in which files keep them.

NRRD and MetaImage use the keys of 3D Slicer's segmentations (`Segment0_Name`, ...). NIfTI (in a
comment extension), PNG and TIFF use JSON, of which this is an example:
`{"delineate": {"labels": [{"number": 1, "name": "liver", "colour": "#c86464"}]}}`.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ImageError
from ..types import Array

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_KEY = re.compile(r"Segment(\d+)_(\w+)")


@dataclass(frozen=True)
class Segment:
    """One label as its file describes it.

    Args:
        number: Its value in the voxels.
        name: For people.
        colour: "#rrggbb", or none.
        layer: The channel of the file it lies in; other than 0 only where labels overlap.
    """

    number: int
    name: str
    colour: str | None = None
    layer: int = 0


def described(
    numbers: Sequence[int], names: Mapping[int, str], colours: Mapping[int, str]
) -> tuple[Segment, ...]:
    """A segment for each number that has a name or a colour, or is among `numbers`.

    Nothing if no label has a name or a colour.

    Raises:
        ImageError: If a number is not positive, a name holds a control character, or a
            colour is not "#rrggbb".
    """
    for number in (*names, *colours):
        if number != int(number) or number < 1:
            raise ImageError(f"labels are numbered from 1 up, so {number} cannot have a name")
    for name in names.values():
        if not name.strip() or not name.isprintable():
            raise ImageError(f"the name of a label is printable text on one line, got {name!r}")
    for colour in colours.values():
        if not _COLOUR.fullmatch(colour):
            raise ImageError(f'a colour is written "#rrggbb", got {colour!r}')
    if not names and not colours:
        return ()
    every = sorted({*numbers, *names, *colours})
    return tuple(Segment(int(n), names.get(n, f"label {n}"), colours.get(n)) for n in every)


def to_json(segments: Sequence[Segment], **more: Any) -> str:
    """Names and colours as one line of ASCII JSON, with whatever else the format keeps there."""
    labels = [
        {"number": s.number, "name": s.name} | ({"colour": s.colour} if s.colour else {})
        for s in segments
    ]
    return json.dumps({"delineate": {"labels": labels, **more}})


def from_json(text: str | bytes) -> dict[str, Any]:
    """What `to_json` was given: "labels", a tuple of segments, and more; {} for another text."""
    try:
        found = dict(json.loads(text)["delineate"])
        found["labels"] = tuple(
            Segment(int(label["number"]), str(label["name"]), label.get("colour"))
            for label in found["labels"]
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    return found


def to_slicer(segments: Sequence[Segment], labels: Array) -> dict[str, str]:
    """Names, colours and extents as 3D Slicer keeps them in a `.seg.nrrd`."""
    from scipy.ndimage import find_objects

    boxes = find_objects(labels, max(s.number for s in segments)) if segments else []
    keys = {}
    for order, segment in enumerate(segments):
        entries = {
            "ID": f"Segment_{segment.number}",
            "Name": segment.name,
            "LabelValue": str(segment.number),
            "Layer": "0",
            "Extent": _extent(boxes[segment.number - 1]),
        }
        if segment.colour:
            levels = (int(segment.colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
            entries["Color"] = " ".join(f"{level:.6g}" for level in levels)
        keys.update({f"Segment{order}_{key}": value for key, value in entries.items()})
    return keys


def from_slicer(keys: Mapping[str, str]) -> tuple[Segment, ...]:
    """The segments in the keys of a file, by layer and number; () where there are none."""
    entries: dict[int, dict[str, str]] = {}
    for key, value in keys.items():
        match = _KEY.fullmatch(key)
        if match:
            entries.setdefault(int(match[1]), {})[match[2]] = value
    found = []
    for order, entry in sorted(entries.items()):
        number = int(entry.get("LabelValue", order + 1))
        name = entry.get("Name") or f"label {number}"
        layer = int(entry.get("Layer", 0))
        found.append(Segment(number, name, _colour(entry.get("Color", "")), layer))
    return tuple(sorted(found, key=lambda s: (s.layer, s.number)))


def smallest(labels: Array) -> Array:
    """The labels in the smallest of uint8, uint16 and int32 that holds them."""
    if labels.dtype == bool:
        return labels.view(np.uint8)
    low, high = int(labels.min()), int(labels.max())
    for dtype in (np.uint8, np.uint16, np.int32):
        if low >= 0 and high <= np.iinfo(dtype).max:
            return labels.astype(dtype, copy=False)
    raise ImageError(f"labels are whole numbers from 0 to 2147483647, got {low} to {high}")


def _extent(box: tuple[slice, ...] | None) -> str:
    if box is None:
        return "0 -1 0 -1 0 -1"
    return " ".join(f"{b.start} {b.stop - 1}" for b in box)


def _colour(text: str) -> str | None:
    levels = text.split()
    if len(levels) != 3:
        return None
    return "#" + "".join(f"{round(255 * min(max(float(level), 0), 1)):02x}" for level in levels)
