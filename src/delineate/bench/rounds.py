"""Plays one task and turns its rounds into the rows of `rounds.csv`."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

import numpy as np

from .. import users
from ..methods.base import AnyMethod
from ..prompts import to_json
from ..region import Region
from ..voxels import Voxels
from .baselines import BASELINES
from .draws import generator
from .metrics import Scores, score
from .options import Options
from .protocol import Round, play
from .starts import Start
from .tasks import Task, one_sentence
from .variants import Build, Variant
from .views import View, views, whole_view
from .weights import seen, weights_of

COLUMNS = (
    "dataset", "case", "object", "slice", "class", "method", "weights", "user", "seed", "round",
    "prompts", "marked_voxels", "user_seconds", "dice", "iou", "hd_mm", "hd95_mm", "assd_mm",
    "mad_mm", "seconds", "peak_mb", "error",
)  # fmt: skip
"""Of `rounds.csv`.

`slice` is an index, "volume" for slices put together, or empty for a picture or a whole
volume. `method` is the label that was asked for. `weights` are their name and the start of
their SHA-256; `class` is "seen", "seen elsewhere" or "unseen" by them; for a method without
weights both are empty. `prompts`, `marked_voxels` and `user_seconds` add up over the rounds;
`seconds` and `peak_mb` are of the round alone, and empty in rounds to which the last state was
carried on. Distances are empty where one of the masks is empty, and all measures where the
method has failed.
"""

Row: TypeAlias = dict[str, Any]

NAN = float("nan")
FAILED = Scores(dice=NAN, iou=NAN, hd_mm=NAN, hd95_mm=NAN, assd_mm=NAN, mad_mm=NAN)


@dataclass(frozen=True)
class Result:
    """A finished task.

    Args:
        key: The task's.
        rows: Those of `rounds.csv`, in order.
        last: By slice, the last mask and all prompts, as values that JSON can hold.
    """

    key: str
    rows: tuple[Row, ...]
    last: Mapping[str, Any]


def run_task(task: Task, options: Options, build: Build) -> Result:
    """Every round of one object with one method; whatever fails becomes rows that say why.

    Args:
        task: What to do.
        options: Of the run.
        build: Makes a method from its name and fields.
    """
    trained = {"weights": "", "class": ""}
    try:
        method = Variant.parse(task.method).build(build, options.fields)
        weights = weights_of(method, options.dims)
        if weights:
            trained = {"weights": str(weights), "class": seen(task, weights.learnt)}
        if task.error:
            return _failed(task, options, trained, task.error)
        return _played(task, options, trained, method, _start(options, build, task.method))
    except Exception as error:
        return _failed(task, options, trained, one_sentence(error))


def _played(task: Task, options: Options, trained: Row, method: AnyMethod, start: Start) -> Result:
    parts = views(task)
    played = [_play(view, task, options, method, start) for view in parts]
    rows: list[Row] = []
    for view, states in zip(parts, played, strict=True):
        rows += _rows(task, options, view, states, trained)
    if task.assembled:
        rows += _rows(task, options, whole_view(task), _assemble(parts, played), trained)
    last = {v.name: _kept(states[-1]) for v, states in zip(parts, played, strict=True)}
    return Result(task.key, tuple(rows), last)


def _start(options: Options, build: Build, method: str) -> Start:
    if options.first and method not in BASELINES:
        return Start(options.first.build(build, options.fields), options.passes_mask)
    return Start(corrupted=options.start == "corrupted")


def _play(
    view: View, task: Task, options: Options, method: AnyMethod, start: Start
) -> tuple[Round, ...]:
    def random(number: int) -> np.random.Generator:
        what = (task.case.dataset, task.case.name, task.target.name, view.name)
        seed = options.seed if options.marks_seed is None or not number else options.marks_seed
        return generator(seed, "user", *what, options.user, number)

    user = users.find(options.user)
    if task.method not in BASELINES:
        return play(view.image, view.truth, method, user, start, options.rounds, random)
    (only,) = play(view.image, view.truth, method, user, start, 0, random)
    idle = Round(only.mask, only.prompts, error=only.error)
    return (only, *[idle] * options.rounds)


def _assemble(seen: Sequence[View], played: Sequence[Sequence[Round]]) -> tuple[Round, ...]:
    """The volume after each round: the slices' masks together, their prompts and times added."""
    rounds = []
    for states in zip(*played, strict=True):
        seconds = np.array([state.seconds for state in states])
        peaks = np.array([state.peak_mb for state in states])
        asked = np.isfinite(seconds)
        masks = [state.mask for state in states]
        rounds.append(
            Round(
                _union(seen, masks),
                tuple(prompt for state in states for prompt in state.prompts),
                float(seconds[asked].sum()) if asked.any() else NAN,
                float(peaks[asked].max()) if asked.any() else NAN,
                next((state.error for state in states if state.error), ""),
            )
        )
    return tuple(rounds)


def _union(seen: Sequence[View], masks: Sequence[Voxels | None]) -> Voxels | None:
    """Masks of several slices as one set of voxels of the volume; None if one is missing."""
    moved = [
        Voxels(mask.region.shift(view.region.low), mask.bits)
        for view, mask in zip(seen, masks, strict=True)
        if mask is not None
    ]
    if len(moved) < len(seen):
        return None
    region = Region((0, 0, 0), (0, 0, 0))
    for mask in moved:
        region = region.union(mask.region)
    together = np.zeros(region.shape, bool)
    for mask in moved:
        together[mask.region.within(region)] |= mask.mask()
    return Voxels.from_mask(together, region.low)


def _rows(
    task: Task, options: Options, view: View, states: Sequence[Round], trained: Row
) -> list[Row]:
    rows = []
    scores, scored = FAILED, None
    for number, state in enumerate(states):
        if state.mask is None:
            scores = FAILED
        elif state.mask != scored:
            mask = state.mask.on(Region.whole(view.image.shape))
            scores = score(mask, view.truth, view.image.spacing)
        scored = state.mask
        rows.append(
            _named(task, options, view.name, trained, number)
            | {
                "prompts": len(state.prompts),
                "marked_voxels": state.marked_voxels,
                "user_seconds": state.user_seconds,
                **asdict(scores),
                "seconds": state.seconds,
                "peak_mb": state.peak_mb,
                "error": state.error,
            }
        )
    return rows


def _named(task: Task, options: Options, name: str, trained: Row, number: int) -> Row:
    return {
        "dataset": task.case.dataset,
        "case": task.case.name,
        "object": task.target.name,
        "slice": name,
        "class": trained["class"],
        "method": task.method,
        "weights": trained["weights"],
        "user": options.user,
        "seed": options.seed,
        "round": number,
    }


def _failed(task: Task, options: Options, trained: Row, error: str) -> Result:
    nothing = {"prompts": 0, "marked_voxels": 0, "user_seconds": 0.0, **asdict(FAILED)}
    nothing |= {"seconds": NAN, "peak_mb": NAN, "error": error}
    rows = [_named(task, options, "", trained, n) | nothing for n in range(options.rounds + 1)]
    return Result(task.key, tuple(rows), {})


def _kept(state: Round) -> dict[str, Any]:
    mask = None if state.mask is None else state.mask.to_json()
    return {"mask": mask, "prompts": [to_json(prompt) for prompt in state.prompts]}
