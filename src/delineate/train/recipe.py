"""How a network is trained: everything that decides which weights come out."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any

from ..errors import MethodError
from ..models.architectures import Sizes, architecture
from ..synth.recipe import Recipe, RecipeError
from .clicks import Clicks
from .errors import TrainingError
from .rates import AdamW, Optimiser


@dataclass(frozen=True, kw_only=True)
class Training:
    """One training, of which the same machine makes the same weights.

    Attributes:
        name: Of the recipe; also of the weights.
        network: Sizes of the network, which say too which network it is.
        start: Weights to begin from, a name or a file; empty: none.
        size: Pixels `(I, J)` or voxels `(I, J, K)` of a crop.
        slab: Slices of a volume's crop that a sample shows, somewhere in it; 0 shows all. Soft
            Dice is that of a batch then, as a slab may have nothing of the object. PC-Net
            sees four slices up and down, so that slabs teach it more in the same time.
        scattered: Whether a slab's slices are anywhere along any axis of a crop that is a cube,
            instead of beside each other along the third: for networks that see single slices.
        batch: Crops a step, on each device.
        steps: Of the optimiser, in all.
        optimiser: And its learning rates.
        synth: What synthetic images are made of.
        real: Data sets of real cases and the share of crops from each; the rest is synthetic.
        clicks: How clicks are taught; None: the network learns from a box alone.
        dice: Weight of one minus soft Dice ...
        entropy: ... and of cross entropy beside it.
        squared: Whether soft Dice has squares in its denominator.
        average: Longest memory of the running average of the weights, in [0, 1).
        seed: Of everything random.
    """

    name: str
    network: Sizes
    size: tuple[int, ...]
    slab: int = 0
    scattered: bool = False
    start: str = ""
    batch: int
    steps: int
    optimiser: Optimiser = field(default_factory=AdamW)
    synth: Recipe = field(default_factory=Recipe)
    real: tuple[tuple[str, float], ...] = ()
    clicks: Clicks | None = None
    dice: float = 1.0
    entropy: float = 1.0
    squared: bool = False
    average: float = 0.999
    seed: int = 0

    def __post_init__(self) -> None:
        if len(self.size) != self.network.dims:
            raise TrainingError(
                f"{self.architecture} works in {self.network.dims}D; it cannot be trained on crops "
                f"of {self.size}"
            )
        if self.slab and not (len(self.size) == 3 and 0 < self.slab <= self.size[2]):
            raise TrainingError(f"slab is {self.slab}; a crop of {self.size} has no such slices")
        if self.scattered and (not self.slab or len(set(self.size)) != 1):
            raise TrainingError(
                f"scattered slices are those of a slab of a cube; slab is {self.slab}, and crops "
                f"are {self.size}"
            )
        if self.clicks and self.network.channels != self.clicks.guidance.channels:
            raise TrainingError(
                f"the network takes {self.network.channels} channels; an image and the maps of "
                f"its clicks are {self.clicks.guidance.channels}"
            )
        for name in ("batch", "steps"):
            if getattr(self, name) < 1:
                raise TrainingError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if not 0 <= self.average < 1:
            raise TrainingError(f"average is {self.average}; it must be in [0, 1)")
        if any(share <= 0 for _, share in self.real) or self.synthetic < -1e-9:
            raise TrainingError(f"shares are {self.real}; they must be positive, at most 1 in all")

    @property
    def architecture(self) -> str:
        """Name of the network."""
        return architecture(self.network)

    @property
    def synthetic(self) -> float:
        """Share of crops that are synthetic."""
        return 1 - sum(share for _, share in self.real)

    def to_json(self) -> dict[str, Any]:
        """All fields as JSON can hold them."""
        return asdict(self)


def with_settings(recipe: Training, settings: Mapping[str, Any]) -> Training:
    """The recipe with other values, by dotted names.

    Raises:
        TrainingError: If there is no such field, or it has another kind of value.

    Examples:
        >>> from delineate.train.recipes.pnet import pnet
        >>> with_settings(pnet(), {"network.width": 32, "steps": 9}).network.width
        32
    """
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        *owners, leaf = name.split(".")
        place = nested
        for owner in owners:
            place = place.setdefault(owner, {})
        place[leaf] = value
    return from_json(recipe, nested)


def from_json(base: Training, values: Mapping[str, Any]) -> Training:
    """The recipe with the values that `to_json` wrote, or with some of them.

    Raises:
        TrainingError: If there is no such field, or it has another kind of value.
    """
    if values.get("name", base.name) != base.name:
        raise TrainingError(f"the recipe's name is {base.name!r} and stays so")
    changed: Training = _changed(base, values, "")
    return changed


def _changed(owner: Any, values: Mapping[str, Any], above: str) -> Any:
    """A dataclass with other values, those of dataclasses in it nested."""
    known = [f.name for f in fields(owner)]
    made = {}
    for name, value in values.items():
        if name not in known:
            raise TrainingError(
                f"there is no field {above + name!r}; there are: {', '.join(known)}"
            )
        old = getattr(owner, name)
        if is_dataclass(old) and isinstance(value, Mapping):
            made[name] = _changed(old, value, f"{above}{name}.")
        else:
            made[name] = _like(old, value, above + name)
    try:
        return replace(owner, **made)
    except (MethodError, RecipeError) as error:
        raise TrainingError(f"{above or 'the recipe'} cannot be {made}: {error}") from error


def _like(old: Any, value: Any, whole: str) -> Any:
    """A value of the kind that a field has now."""
    if isinstance(old, tuple) and isinstance(value, list | tuple):
        return tuple(tuple(part) if isinstance(part, list | tuple) else part for part in value)
    if isinstance(old, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if is_dataclass(old) or type(old) is not type(value):
        raise TrainingError(f"{whole} is {old!r}; it cannot be {value!r}")
    return value
