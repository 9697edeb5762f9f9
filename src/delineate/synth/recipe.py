"""What synthetic images are made of, and how often each component takes part."""

from dataclasses import dataclass, replace
from typing import TypeAlias

from ..errors import DelineateError

Range: TypeAlias = tuple[float, float]

SHAPES = ("blobs", "islands", "lobes", "tubes", "trees")
SCENES = ("anatomy", "cells")
COMPOSITION = (
    "background", "warp", "touching", "camouflage", "extremes", "shells", "rims",
    "nested", "inclusions",
)  # fmt: skip
TEXTURES = ("grain", "stripes", "spots", "gradients")
DEGRADATIONS = (
    "thick", "partial_volume", "bias", "blur", "speckle", "poisson", "rician", "gaussian",
    "unevenness", "ghosting", "streaks", "shadow", "vignette", "gamma", "invert", "window", "cone",
)  # fmt: skip
COMPONENTS = SHAPES + SCENES + COMPOSITION + TEXTURES + DEGRADATIONS


class RecipeError(DelineateError, ValueError):
    """No synthetic image can be made of what was asked for."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Shares of the components, each of which can be switched off by 0, and a few ranges.

    Shapes have relative weights, of which one at least is positive; all other components have the
    probability in [0, 1] that an image has it, of `touching` to `inclusions` (but `extremes`) that
    an object has it. A range
    is uniform, or log-uniform where the field says so.

    Attributes:
        anatomy: Scenes painted on a label map, where label maps are given.
        cells: Scenes with many objects that are alike.
        camouflage: An object that is as bright as something else in the image.
        extremes: One region far brighter or darker than all else, as bone in CT or air.
        shells: An object is a ring, and what is inside of it another object or none.
        rims: An object whose border looks unlike its inside.
        nested: Objects of their own inside an object.
        inclusions: Spots inside an object that belong to it.
        thick: Slices thicker than pixels are wide; 3D only.
        unevenness: Slices of unequal brightness; 3D only.
        cone: All outside a sector or disc is black, as in ultrasound and fundus images.
        objects: Number of objects of a scene without cells.
        radius: Of an object, as a fraction of the image's shorter extent; log-uniform.
        contrast: Between an object and what it lies on, where 1 is from black to white;
            log-uniform.
        noise: Standard deviation of noise, likewise; log-uniform.
        extent: Voxels across an image in 2D before it is cropped to the box; log-uniform.
        extent_3d: Likewise in 3D.
        margin: Voxels between the object and the sides of its box, each side for itself.
        fraction: Of a crop that the object may fill; draws out of it are made anew.
        truncated: Weight of objects that the image's border cuts, when one is chosen, where whole
            ones have 1.
        visibility: Least difference of a crop's intensities inside the object and outside, in
            [0, 1]: half the summed difference of their histograms of eight equally filled bins,
            after averaging over two voxels; fainter ones are made anew, 0 allows all.
        window_share: Least share of the longer side that is seen: a crop much longer than wide is
            shrunk until this much fits, and the rest is cut off.
        stretch: Probability that a crop is stretched to fill the size instead of cut.
        smallest: Voxels that an object to be chosen has at least.

    Examples:
        >>> Recipe().without("tubes", "trees").tubes
        0.0
    """

    blobs: float = 3.0
    islands: float = 1.5
    lobes: float = 2.0
    tubes: float = 0.7
    trees: float = 0.6

    anatomy: float = 0.15
    cells: float = 0.25

    background: float = 0.6
    warp: float = 0.7
    touching: float = 0.35
    camouflage: float = 0.2
    extremes: float = 0.08
    shells: float = 0.2
    rims: float = 0.15
    nested: float = 0.3
    inclusions: float = 0.2

    grain: float = 0.6
    stripes: float = 0.15
    spots: float = 0.3
    gradients: float = 0.35

    thick: float = 0.4
    partial_volume: float = 0.8
    bias: float = 0.4
    blur: float = 0.5
    speckle: float = 0.12
    poisson: float = 0.12
    rician: float = 0.15
    gaussian: float = 0.6
    unevenness: float = 0.1
    ghosting: float = 0.06
    streaks: float = 0.1
    shadow: float = 0.06
    vignette: float = 0.1
    gamma: float = 0.3
    invert: float = 0.3
    window: float = 0.3
    cone: float = 0.05

    objects: tuple[int, int] = (1, 6)
    radius: Range = (0.1, 0.45)
    contrast: Range = (0.07, 0.9)
    noise: Range = (0.008, 0.15)
    extent: tuple[int, int] = (36, 150)
    extent_3d: tuple[int, int] = (32, 84)
    margin: tuple[int, int] = (0, 10)
    fraction: Range = (0.02, 0.95)
    truncated: float = 0.25
    visibility: float = 0.3
    window_share: float = 0.65
    stretch: float = 0.5
    smallest: int = 30

    def __post_init__(self) -> None:
        for name in COMPONENTS:
            value = getattr(self, name)
            if value < 0 or (name not in SHAPES and value > 1):
                limit = "positive or 0" if name in SHAPES else "in [0, 1]"
                raise RecipeError(f"{name} is {value}; it must be {limit}")
        if not any(getattr(self, name) for name in SHAPES):
            raise RecipeError("all shapes have weight 0; one of them must be positive")
        for name in ("radius", "contrast", "noise", "extent", "extent_3d", "margin", "fraction"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise RecipeError(f"{name} is {(low, high)}; it must rise from 0 or more")

    def without(self, *components: str) -> "Recipe":
        """The recipe with some components switched off: one row of an ablation."""
        return self._with(dict.fromkeys(components, 0.0))

    def only(self, *components: str) -> "Recipe":
        """The recipe with these components always, and all others never (or no other shape)."""
        return self._with({name: float(name in components) for name in COMPONENTS})

    def _with(self, values: dict[str, float]) -> "Recipe":
        if unknown := values.keys() - set(COMPONENTS):
            raise RecipeError(f"no component is named {sorted(unknown)}; there are {COMPONENTS}")
        return replace(self, **values)  # type: ignore[arg-type]
