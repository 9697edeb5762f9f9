"""A stated model of the seconds a person takes to give prompts.

Box: 7.0 s by four extreme points, Papadopoulos et al., "Extreme clicking for efficient object
annotation", 2017. Click: 2.4 s, the median for the first click on an object in Bearman et al.,
"What's the point: semantic segmentation with point supervision", 2016. Both were measured on
photographs; looking through the slices of a volume is not counted. The rest are assumptions: a
stroke takes a click's time to find its place, then a second for each 50 of its voxels; an
adjustment takes 3 s; a mask that is given takes none.
"""

from collections.abc import Iterable

from ..prompts import Adjust, Box, Click, Paint, Prompt, Scribble

BOX_SECONDS = 7.0
CLICK_SECONDS = 2.4
ADJUST_SECONDS = 3.0
STROKE_VOXELS_PER_SECOND = 50.0


def seconds(prompts: Iterable[Prompt]) -> float:
    """What a person needs for these prompts, in seconds; 0 for none.

    Strokes are taken to be one voxel wide, as those of the simulated users are.

    Examples:
        >>> seconds([Box((0, 0, 0), (9, 9, 1)), Click((4, 4, 0))])
        9.4
    """
    return sum((_one(prompt) for prompt in prompts), 0.0)


def _one(prompt: Prompt) -> float:
    if isinstance(prompt, Box):
        return BOX_SECONDS
    if isinstance(prompt, Click):
        return CLICK_SECONDS
    if isinstance(prompt, Scribble | Paint):
        return CLICK_SECONDS + len(prompt.voxels) / STROKE_VOXELS_PER_SECOND
    return ADJUST_SECONDS if isinstance(prompt, Adjust) else 0.0
