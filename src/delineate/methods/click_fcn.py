"""A network that is guided by clicks: one click gives a mask, each further one repairs it.

Sakinis et al., "Interactive segmentation of medical images through fully convolutional neural
networks", 2019.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import ClassVar

import numpy as np

from ..energy.paths import Paths
from ..errors import MethodError
from ..marks import box, said
from ..models import Info, load
from ..networks.guidance import Maps
from ..patch import Patch
from ..prompts import Box, Click, Given, Paint, Prompt, Scribble
from ..region import Region
from ..types import Float32, Index
from ..volume import Volume
from ..voxels import Voxels
from . import vicinity
from .base import Method, Observe, State, quiet
from .beginning import first_window, marked
from .guided import Guided
from .honouring import honoured
from .looking import Look, is_cut, marked_part, next_window, window_around
from .ranges import at_least, positive
from .remembered import Remembered, digest
from .scales import Answer, agreed, narrowing

_NOTHING = 1 / 512  # a probability below which nothing is drawn

_KEPT = 9  # looks that are kept for the next answer, beside that at the whole image


@dataclass(frozen=True, eq=False)
class _Seen:
    """What the image part of a state holds.

    Attributes:
        looks: By window, the latest last.
        maps: Of the last answer, by window: the next one draws only what is new.
    """

    looks: Mapping[Region, Look]
    maps: Mapping[Region, Maps]


@dataclass(frozen=True, kw_only=True)
class ClickFCN(Method):
    """A U-Net that reads the image and what was said of it, drawn as guidance maps.

    1. Where to look: around the box or around the mask before. With the first click it looks at
       the whole image and at ever narrower windows around the click, and then around the answer
       on which most of these agree. A window is resized to the size of grid that the network was
       trained on, or in a volume to a somewhat finer one.
    2. Clicks, scribbles and boxes are drawn on that grid as maps, the mask before this prompt is
       another one, and the network answers.
    3. If the object that it found is small in the window, is cut by it or was not found at all,
       it looks again, closer or wider: in a picture `looks` times at most, in a volume
       `looks_3d` times.
    4. Marks speak for what lies beside them and looks the same, the more the nearer.
    5. Marks that the answer does not follow are honoured: by tuning the network's last layers on
       this image, if `steps` are asked for, and then by moving the answer around them.

    Differences from the paper: it looks more than once, so that small and large objects and
    images of any size work; scribbles, boxes and masks are read; the mask before is a channel;
    marks are heard beside where they lie (`beside`), and kept. A click far from a window moves
    the window. Outside of a box nothing is the object, but an inside mark there stretches it.

    Args:
        weights: A name or a file, see `models.load`; empty for "click-2d" on a picture or a slice
            and "click-3d" on a volume.
        channel: Of the image, from 0; by default the only one, or luminance.
        longest: Pixels of the longer side of a window on the grid; 0: as the weights were trained,
            and in a volume `finer_3d` times as many.
        context: Longest sides of the object, those of the window around it.
        looks: At most, for one answer in a picture, and before them ...
        scales_2d: ... windows for the first click in a picture, each half as wide as the one
            before.
        looks_3d: As `looks`, in a volume: by default one, as closer ones were not better ...
        scales_3d: ... and as `scales_2d`.
        finer_3d: How many times finer than in training the grid of a volume is.
        mirrored: Whether the answer is the mean over the mirrored windows; four or, in a volume,
            eight times the work.
        steps: Of descent to tune the last layers towards marks; 0 leaves them.
        rate: Learning rate of it.
        omega: Weight of each mark while tuning, in percent of the weight of all voxels, which keep
            their answer.
        beside: Log odds that a mark adds to the network's where it lies, and less with the distance
            from it; 0: none.
        reach: Geodesic distance over which that falls by e, as a share of the grid's sides; a
            standard deviation of intensity is 7 times as far.
        beside_3d: As `beside`, in a volume ...
        reach_3d: ... and as `reach`.
        honour: Whether marks that are not followed move the answer around them ...
        radius: ... as far as so many pixels of the grid.
        most_voxels: Of a window in the image.

    References:
        Sakinis et al., "Interactive segmentation of medical images through fully convolutional
        neural networks", 2019.
    """

    name: ClassVar[str] = "click_fcn"
    title: ClassVar[str] = "Click-guided network"
    paper: ClassVar[str] = "sakinis2019interactive"
    when: ClassVar[str] = "Any object, from one click inside it; every further click repairs it."
    reads: ClassVar[frozenset[type]] = frozenset({Box, Click, Scribble, Paint, Given})
    dims: ClassVar[frozenset[int]] = frozenset({2, 3})

    weights: str = ""
    channel: int | None = None
    longest: int = 0
    context: float = 2.0
    looks: int = 3
    scales_2d: int = 6
    looks_3d: int = 1
    scales_3d: int = 3
    finer_3d: float = 1.25
    mirrored: bool = False
    steps: int = 0
    rate: float = 0.1
    omega: float = 10.0
    beside: float = 40.0
    reach: float = 0.2
    beside_3d: float = 80.0
    reach_3d: float = 0.3
    honour: bool = True
    radius: float = 2.5
    most_voxels: int = 100_000_000

    def __post_init__(self) -> None:
        at_least(0, longest=self.longest, steps=self.steps)
        at_least(0, beside=self.beside, beside_3d=self.beside_3d)
        at_least(1, context=self.context, looks=self.looks, looks_3d=self.looks_3d)
        at_least(1, scales_2d=self.scales_2d, scales_3d=self.scales_3d)
        at_least(1, omega=self.omega, most_voxels=self.most_voxels)
        positive(rate=self.rate, radius=self.radius, finer_3d=self.finer_3d)
        positive(reach=self.reach, reach_3d=self.reach_3d)

    def start(self, volume: Volume) -> State:
        """Look at the whole image."""
        whole = Region.whole(volume.shape)
        if whole.size > self.most_voxels:
            return State()
        return State(_Seen({whole: self._look(volume, whole, self._network(volume)[1])}, {}))

    def segment(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        state: State,
        observe: Observe | None = None,
    ) -> tuple[Patch, State]:
        """See `Method.segment`."""
        shown, observe = observe is not None, observe or quiet
        observe(0.0, None)
        guided, info = self._network(volume)
        before = Remembered.of(state.learned, prompts)
        window, known = first_window(volume, prompts, before, self.context, self.most_voxels)
        began, frame = window, box(prompts)
        seen = state.image if isinstance(state.image, _Seen) else _Seen({}, {})
        looks, maps = dict(seen.looks), dict(seen.maps)
        scales = self.scales_2d if volume.dims == 2 else self.scales_3d
        if not known and scales > 1:
            window = self._agreed_window(volume, prompts, looks, observe, scales)
        most = self.looks if volume.dims == 2 else self.looks_3d
        for number in range(most):
            look = looks.pop(window, None) or self._look(volume, window, info)
            looks[window] = look
            marks = look.marks(prompts)
            drawn = _drawn(look, guided, maps.get(window), marks, frame, before.mask)
            maps = {window: drawn}
            answer = self._answer(guided, look, drawn, marks)
            further = next_window(look, answer > 0.5, marks, volume, self.context)
            if further is None or frame is not None or number == most - 1:
                break
            patch = self._patch(look, answer, prompts) if shown else None
            observe((number + 1) / (most + 1), patch)
            window = further
        last = self._patch(look, answer, prompts)
        observe(1.0, last)
        after = Remembered(
            window, Voxels.from_mask(last.probability > 0.5, last.low), before.mask, began,
            digest(prompts), len(prompts),
        )  # fmt: skip
        held = _Seen(_latest(looks, Region.whole(volume.shape)), maps)
        return last, State(held, after.to_learned(), (), guided.ran_with(info))

    def networks(self, dims: int) -> tuple[str, ...]:
        """See `Trained.networks`."""
        return (self.weights or ("click-2d" if dims == 2 else "click-3d"),)

    def _network(self, volume: Volume) -> tuple[Guided, Info]:
        """The network for a picture or a volume, and what is known of its weights.

        Raises:
            MethodError: If the weights are of a network for the other, or for something else.
        """
        (name,) = self.networks(volume.dims)
        module, info = load(name)
        guided = Guided.of(module, info)
        if guided.dims != volume.dims:
            raise MethodError(
                f"the weights {name!r} are of a network in {guided.dims}D; the image is "
                f"{volume.dims}D"
            )
        return guided, info

    def _agreed_window(
        self,
        volume: Volume,
        prompts: tuple[Prompt, ...],
        looks: dict[Region, Look],
        observe: Observe,
        count: int,
    ) -> Region:
        """The window around the answer on which windows of so many widths agree.

        The whole image where nothing is found in any of them.
        """
        guided, info = self._network(volume)
        found = list[Answer]()
        for number, window in enumerate(narrowing(marked(prompts), volume, count)):
            observe(0.2 * number / count, None)
            look = looks.pop(window, None) or self._look(volume, window, info)
            looks[window] = look
            marks = look.marks(prompts)
            answer = self._answer(
                guided, look, _drawn(look, guided, None, marks, None, None), marks
            )
            part = marked_part(answer > 0.5, [at for at, inside in marks.items() if inside])
            if part is not None:
                patch = self._patch(look, np.where(part, answer, 0), prompts)
                mask = Voxels.from_mask(patch.probability > 0.5, patch.low)
                if len(mask):
                    found.append(Answer(window, mask, is_cut(look, Region.around(part), volume)))
        if not found:
            return Region.whole(volume.shape)
        return window_around(found[agreed(found)].mask.region, volume, self.context)

    def _look(self, volume: Volume, window: Region, info: Info) -> Look:
        finer = 1.0 if volume.dims == 2 else self.finer_3d
        side = self.longest or round(finer * max(info.size[:2]))
        return Look.at(volume, window, side, self.channel)

    def _answer(
        self, guided: Guided, look: Look, maps: Maps, marks: Mapping[Index, bool]
    ) -> Float32:
        """Probability on the grid of a look, `(I, J, K)`."""
        inputs = np.concatenate([look.image.reshape(1, *maps.values.shape[1:]), maps.values])
        marked = np.zeros(look.crop.shape, np.int8)
        for at, inside in marks.items():
            marked[at] = 1 if inside else -1
        if not self.steps or not marks:
            found = guided.probability(inputs, self.mirrored)
        else:
            flat = marked.reshape(inputs.shape[1:])
            found = guided.tuned_probability(inputs, flat, self.steps, self.rate, self.omega)
        found = found.reshape(look.crop.shape)
        beside, reach, neighbours = (
            (self.beside, self.reach, 8) if guided.dims == 2 else (self.beside_3d, self.reach_3d, 6)
        )
        ways = partial(_ways, look, reach, neighbours)
        more = vicinity.log_odds(look.image, marked, beside, reach, neighbours, ways)
        if more is not None:
            found = vicinity.added(found, more)
        return honoured(found, marks, look.crop.spacing, self.radius) if self.honour else found

    def _patch(self, look: Look, answer: Float32, prompts: tuple[Prompt, ...]) -> Patch:
        """A window's answer in the image: nothing outside the box, every mark kept."""
        region, found = look.crop.found(answer, _NOTHING)
        frame = box(prompts)
        if frame is not None:
            kept = np.zeros_like(found)
            inner = frame.intersect(region).within(region)
            kept[inner] = found[inner]
            found = kept
        if self.honour:
            marked = said(prompts, region)
            found[marked != 0] = marked[marked != 0] == 1
        return Patch(region.low, found)


@lru_cache(maxsize=_KEPT + 1)
def _ways(look: Look, reach: float, neighbours: int) -> Paths:
    """Through what a look sees, for every click in it."""
    return vicinity.ways_through(look.image, reach, neighbours)


def _drawn(
    look: Look,
    guided: Guided,
    old: Maps | None,
    marks: Mapping[Index, bool],
    frame: Region | None,
    before: Voxels | None,
) -> Maps:
    """All that was said, on the grid of a look; what was drawn there already is used again."""
    dims = guided.dims
    shape, spacing = look.crop.shape[:dims], look.crop.spacing[:dims]
    maps = old or Maps.empty(guided.guidance, shape, spacing)
    maps = maps.marked(
        [at[:dims] for at, inside in marks.items() if inside],
        [at[:dims] for at, inside in marks.items() if not inside],
    )
    maps = maps.framed(None if frame is None else look.box(frame)[:dims])
    return maps.after(None if before is None else look.mask(before).reshape(shape))


def _latest(looks: Mapping[Region, Look], whole: Region) -> dict[Region, Look]:
    """The look at the whole image, and the last few others."""
    others = [window for window in looks if window != whole][-_KEPT:]
    return {window: look for window, look in looks.items() if window in (whole, *others)}
