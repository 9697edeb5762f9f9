"""What a user has said when a network is asked: each state that there is, drawn at random.

Clicks are those of the simulated users of `users/`, which the benchmark uses too.
"""

from dataclasses import dataclass

import numpy as np

from ..bench.corruption import corrupt
from ..networks.guidance import Maps, Point
from ..prompts import Click
from ..types import Float32, Mask, Spacing
from ..users.base import User
from ..users.click import Clicker, RandomClicker
from .clicks import STATES, Clicks
from .windows import View

MARGIN = 0.12
"""Of a box: most voxels between the object and each side, as a share of the object's."""

BEYOND = 2.0
"""A click in a mask with errors repairs at most so many times its depth around it."""

_CAREFUL, _CARELESS = Clicker(), RandomClicker()


@dataclass(frozen=True, eq=False)
class Asked:
    """What a network is given, and what it should answer.

    Attributes:
        maps: `(maps, *size)`, what was said.
        mask: `(*size)`, the object; empty where there is none to be found.
    """

    maps: Float32
    mask: Mask


def draw_state(rng: np.random.Generator, view: View, clicks: Clicks, looped: bool) -> Asked:
    """A state that a user of this object can be in.

    Args:
        rng: Source of everything.
        view: What is seen; at least one voxel of it is the object's.
        clicks: Shares of the states.
        looped: Whether clicks follow that the network is asked for itself, so that those on a
            mask with random errors are left out.
    """
    weights = np.array(clicks.weights)
    state = str(rng.choice(STATES, p=weights / weights.sum()))
    maps = Maps.empty(clicks.guidance, view.mask.shape, view.spacing)
    if state == "absent":
        return Asked(_elsewhere(rng, maps, view.mask).values, np.zeros_like(view.mask))
    if state in ("framed", "repaired"):
        maps = maps.framed(box_around(rng, view.mask))
    if state in ("first", "several") and (looped or state == "first"):
        return Asked(_first(rng, maps, view, clicks).values, view.mask)
    if state == "framed" or (state == "repaired" and looped):
        return Asked(maps.values, view.mask)
    shown = corrupted(rng, view)
    if state == "several":
        maps = _first(rng, maps, view, clicks)
    count = int(rng.integers(1, 4 if state == "given" else 2 * clicks.most + 1))
    for _ in range(1 if looped else count):
        before = shown
        click = next_click(rng, view.mask, shown, view.spacing, clicks)
        if click is None:
            break
        at = click.at[: view.mask.ndim]
        maps, shown = maps.clicked(at, click.inside), _repaired(rng, view, shown, at)
        kept = state == "given" or rng.random() >= clicks.forgotten
        maps = maps.after(before if kept else None)
    return Asked(maps.values, view.mask)


def next_click(
    rng: np.random.Generator,
    truth: Mask,
    shown: Mask,
    spacing: tuple[float, ...],
    clicks: Clicks,
) -> Click | None:
    """The click of a simulated user on a mask; None where nothing is wrong with it.

    Args:
        rng: Decides which user it is, and for that user.
        truth: `(I, J)` or `(I, J, K)`.
        shown: Likewise.
        spacing: Of the same axes.
        clicks: Says how often it is the benchmark's user.
    """
    user = _CAREFUL if rng.random() < clicks.deepest else _CARELESS
    return corrected(user, truth, shown, spacing, rng)


def corrected(
    user: User,
    truth: Mask,
    shown: Mask,
    spacing: tuple[float, ...],
    rng: np.random.Generator,
) -> Click | None:
    """What a user who clicks says of a mask; a picture is a volume one slice thick."""
    masks, space = _in_space(truth, shown, spacing)
    said = user.correct(*masks, space, rng)
    if not said:
        return None
    (click,) = said
    assert isinstance(click, Click)
    return click


def box_around(rng: np.random.Generator, mask: Mask) -> tuple[tuple[int, int], ...]:
    """A box with a margin on each side, drawn at random, half-open along each axis."""
    where = np.argwhere(mask)
    low, high = where.min(axis=0), where.max(axis=0) + 1
    most = np.ceil(MARGIN * (high - low)).astype(int)
    low = np.maximum(low - rng.integers(0, most + 1), 0)
    high = np.minimum(high + rng.integers(0, most + 1), mask.shape)
    return tuple((int(a), int(b)) for a, b in zip(low, high, strict=True))


def corrupted(rng: np.random.Generator, view: View) -> Mask:
    """The object with errors, as a poor answer has them."""
    (truth, _), spacing = _in_space(view.mask, view.mask, view.spacing)
    return corrupt(truth, spacing, rng).reshape(view.mask.shape)


def _first(rng: np.random.Generator, maps: Maps, view: View, clicks: Clicks) -> Maps:
    """A click inside, deep or anywhere in the object."""
    if rng.random() < clicks.anywhere:
        return maps.clicked(_any(rng, view.mask), inside=True)
    empty = np.zeros_like(view.mask)
    click = next_click(rng, view.mask, empty, view.spacing, clicks)
    assert click is not None
    return maps.clicked(click.at[: view.mask.ndim], inside=True)


def _elsewhere(rng: np.random.Generator, maps: Maps, mask: Mask) -> Maps:
    """Up to three clicks outside, anywhere, that of all objects there is none to be found."""
    for _ in range(int(rng.integers(1, 4))):
        maps = maps.clicked(tuple(int(rng.integers(n)) for n in mask.shape), inside=False)
    return maps


def _repaired(rng: np.random.Generator, view: View, shown: Mask, at: Point) -> Mask:
    """A mask after a click: right in a ball around it, as large as the error there or larger."""
    wrong = np.argwhere(shown == view.mask)
    steps = np.asarray(view.spacing)
    nearest = float((((wrong - at) * steps) ** 2).sum(axis=1).min()) if len(wrong) else np.inf
    squared = nearest * rng.uniform(1.0, BEYOND) ** 2
    grids = np.ogrid[tuple(slice(n) for n in shown.shape)]
    away = sum(((g - i) * s) ** 2 for g, i, s in zip(grids, at, view.spacing, strict=True))
    return np.where(away <= squared, view.mask, shown)


def _any(rng: np.random.Generator, mask: Mask) -> Point:
    where = np.argwhere(mask)
    return tuple(int(i) for i in where[int(rng.integers(len(where)))])


def _in_space(
    truth: Mask, shown: Mask, spacing: tuple[float, ...]
) -> tuple[tuple[Mask, Mask], Spacing]:
    """Both masks with three axes, and the spacing of these."""
    if truth.ndim == 3:
        i, j, k = spacing
        return (truth, shown), (i, j, k)
    return (truth[..., None], shown[..., None]), (spacing[0], spacing[1], 1.0)
