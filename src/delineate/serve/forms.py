"""What a client may send: bodies of requests, checked by pydantic, and runs of voxels."""

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from ..errors import PromptError, PromptOutside
from ..prompts import Adjust, Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Index
from ..voxels import Voxels

MOST = 2**31 - 1
FILES = 50
Whole = Annotated[int, Field(strict=True, ge=-MOST, le=MOST)]
Spot = tuple[Whole, Whole, Whole]
Axis = Annotated[int, Field(strict=True, ge=0, le=2)]
Number = Annotated[int, Field(strict=True, ge=1, le=255)]
InPath = Annotated[int, Field(ge=1, le=255)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Channel = Annotated[int, Field(strict=True, ge=0, le=10_000)]
Colour = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")]
Path = Annotated[str, Field(min_length=1, max_length=1000)]
Id = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


class Form(BaseModel):
    """A body of a request; what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Runs(Form):
    """A set of voxels: a half-open box, and runs inside it, I fastest."""

    low: Spot
    high: Spot
    runs: Annotated[
        list[Annotated[int, Field(strict=True, ge=0, le=MOST)]], Field(max_length=10**6)
    ]

    def voxels(self, shape: Index) -> Voxels:
        """The set, on a grid of this shape.

        Raises:
            PromptError: If the runs do not fit the box.
            PromptOutside: If the box does not fit the grid.
        """
        box = Region(self.low, self.high)
        if not box.size or len(self.runs) % 2:
            raise PromptError("a set of voxels is a box of at least one voxel and pairs of numbers")
        if not Region.whole(shape).holds(box):
            raise PromptOutside(
                f"voxels from {box.low} to {box.high} are outside the image of {shape} voxels"
            )
        starts, lengths = np.array(self.runs, np.int64).reshape(-1, 2).T
        if (starts + lengths > box.size).any():
            raise PromptError(f"a run ends after the {box.size} voxels of its box")
        edges = np.zeros(box.size + 1, np.int8)
        order = np.argsort(starts, kind="stable")
        ends = np.maximum.accumulate((starts + lengths)[order])
        begins = np.maximum(starts[order], np.concatenate([[0], ends[:-1]]))
        real = ends > begins
        np.add.at(edges, begins[real], 1)
        np.add.at(edges, ends[real], -1)
        mask = np.cumsum(edges[:-1], dtype=np.int8).astype(bool)
        return Voxels.from_mask(mask.reshape(box.shape, order="F"), box.low)


class _Click(Form):
    kind: Literal["click"]
    at: Spot
    inside: bool = True
    axis: Axis | None = None

    def prompt(self, shape: Index) -> Prompt:
        return Click(self.at, self.inside, self.axis)


class _Scribble(Form):
    kind: Literal["scribble"]
    voxels: Runs
    inside: bool = True
    axis: Axis | None = None

    def prompt(self, shape: Index) -> Prompt:
        return Scribble(self.voxels.voxels(shape), self.inside, self.axis)


class _Box(Form):
    kind: Literal["box"]
    low: Spot
    high: Spot
    axis: Axis | None = None

    def prompt(self, shape: Index) -> Prompt:
        return Box(self.low, self.high, self.axis)


class _Adjust(Form):
    kind: Literal["adjust"]
    amount: Annotated[float, Field(ge=-1, le=1000)]

    def prompt(self, shape: Index) -> Prompt:
        return Adjust(self.amount)


class _Paint(Form):
    kind: Literal["paint"]
    voxels: Runs
    inside: bool = True

    def prompt(self, shape: Index) -> Prompt:
        return Paint(self.voxels.voxels(shape), self.inside)


class _Given(Form):
    kind: Literal["given"]
    voxels: Runs

    def prompt(self, shape: Index) -> Prompt:
        return Given(self.voxels.voxels(shape))


AnyPrompt = Annotated[
    _Click | _Scribble | _Box | _Adjust | _Paint | _Given, Field(discriminator="kind")
]


class Marks(Form):
    """Prompts on one object, in one step."""

    object: Number
    prompts: Annotated[list[AnyPrompt], Field(min_length=1, max_length=1000)]


class Mark(Form):
    """A prompt in the place of another."""

    prompt: AnyPrompt


class Steps(Form):
    """How many steps to undo or redo."""

    steps: Annotated[int, Field(strict=True, ge=1, le=100_000)] = 1


class Place(Form):
    """A place in the history."""

    done: Annotated[int, Field(strict=True, ge=0, le=10**6)]


class Choice(Form):
    """A method."""

    name: Name
    fields: dict[str, Any] = {}
    dims: Literal[2, 3] | None = None


class Saying(Form):
    """What an object is called and how it looks."""

    name: Name | None = None
    colour: Colour | None = None
    locked: bool | None = None


class Edit(Form):
    """An after-edit; which fields are read depends on the tool."""

    tool: Name
    object: Number
    axis: Axis | None = None
    slice: Whole | None = None
    to: Whole | None = None
    radius_mm: Annotated[float, Field(ge=0, le=1000)] | None = None
    voxels: Runs | None = None
    low: float | None = None
    high: float | None = None
    channel: Channel | None = None
    inside: bool = True


class Location(Form):
    """A file of FOLDER, or an upload."""

    path: Path | None = None
    upload: Id | None = None


class Opening(Location):
    """An image to open, and how to begin."""

    paths: Annotated[list[Path], Field(min_length=1, max_length=FILES)] | None = None
    series: Annotated[str, Field(max_length=200)] | None = None
    channel: Channel | None = None
    method: Name | None = None
    fields: dict[str, Any] = {}
    dims: Literal[2, 3] | None = None
    parts: Literal["all", "marked"] = "all"
    resume: bool = True


class Export(Form):
    """What to write, and how."""

    format: Name
    layout: Literal["labels", "objects"] = "labels"
    objects: Annotated[list[Number], Field(max_length=255)] | None = None
    pattern: Annotated[str, Field(min_length=1, max_length=200)] = "{image}_{name}"
    axis: Axis | None = None
    slice: Whole | None = None
    channel: Channel = 0


class Seconds(Form):
    """The user's active time on an object since the last report."""

    object: Number
    seconds: Annotated[float, Field(ge=0, le=86_400)]


class Work(Form):
    """What is to be done with an image of the work list."""

    path: Path
    status: Literal["to do", "done"]
