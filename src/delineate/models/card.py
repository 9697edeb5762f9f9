"""What is known of weights, and the page that says it to people."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Info:
    """Weights and where they come from.

    Attributes:
        name: In the manifest; letters, digits, "-" and "_".
        architecture: Name of the network, as `architectures` has it: "pnet", "pcnet", ...
        sizes: Of the network, as its dataclass has them.
        size: Pixels or voxels of a crop in training, in the order I, J, K.
        parameters: Numbers learnt.
        sha256: Of the file, 64 hexadecimal digits.
        data: What it learnt from, and the share of each.
        seen: Classes of real objects it learnt from; all others are unseen.
        seed: Of everything random.
        steps: Of the optimiser, those of weights that it started from included.
        samples: Crops it saw, likewise.
        hours: That training took, likewise.
        hardware: On which it was trained, with precision.
        scores: Mean Dice from a box alone on the sets for validation, in [0, 1].
        licence: Of the weights.
        recipe: How it was trained, in full.
        tuned: By method, values of its fields that were found to be good with these weights.
    """

    name: str
    architecture: str
    sizes: Mapping[str, Any]
    size: tuple[int, ...]
    parameters: int = 0
    sha256: str = ""
    data: Mapping[str, float] = field(default_factory=dict)
    seen: tuple[str, ...] = ()
    seed: int = 0
    steps: int = 0
    samples: int = 0
    hours: float = 0.0
    hardware: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    licence: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    tuned: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Info":
        """The info that `to_json` wrote; fields that it does not know are left out."""
        known = {f.name for f in fields(cls)}
        kept = {key: value for key, value in values.items() if key in known}
        for key in ("size", "seen"):
            kept[key] = tuple(kept.get(key, ()))
        return cls(**kept)


_BOXED = (
    "object in a box", "one channel, cropped to a box with 0 to 10 voxels of margin",
    "from a box alone",
)  # fmt: skip
_CLICKED = (
    "object clicked on", "one channel in a window around the object, and guidance maps",
    "after 1, 2, 5 and 10 clicks",
)  # fmt: skip
"""What the object is in, what a network is given, and when its answer is measured."""


def card(info: Info) -> str:
    """A page in Markdown for people who think of using the weights."""
    dims = "x".join(str(length) for length in info.size)
    largest_first = sorted(info.data.items(), key=lambda part: (-part[1], part[0]))
    data = ", ".join(f"{name} {share:.0%}" for name, share in largest_first)
    rows = "\n".join(
        f"| {name} | {dice:.3f} |" for name, dice in sorted(info.scores.items(), key=_order)
    )
    what, shown, after = _CLICKED if info.recipe.get("clicks") else _BOXED
    return f"""# {info.name}

A {info.architecture} ({_described(info.sizes)}; {info.parameters:,} parameters) that finds the
{what} whatever it is. Research use, not a medical device.

| | |
| --- | --- |
| input | {shown}, mean 0, deviation 1 |
| crops in training | {dims} |
| learnt from | {data or "not stated"} |
| classes seen | {", ".join(info.seen) or "none: all real objects are unseen"} |
| steps, crops, those before included | {info.steps:,}, {info.samples:,} |
| began as | {info.recipe.get("start") or "nothing learnt"} |
| seed | {info.seed} |
| time and hardware | {info.hours:.1f} h, {info.hardware or "not stated"} |
| licence | {info.licence or "not stated"} |
| SHA-256 | `{info.sha256}` |

## Dice {after} on the sets for validation

{_table(rows)}
It never learnt from these sets, but its training was stopped and its settings chosen by them.
{_settings(info.tuned)}"""


def _order(score: tuple[str, float]) -> tuple[int, int, str]:
    """Numbers of clicks first, the smallest first, then data sets by name."""
    number = score[0].split()[0]
    return (0, int(number), "") if number.isdigit() else (1, 0, score[0])


def _described(sizes: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {sizes[name]}" for name in ("width", "compressed") if name in sizes)


def _settings(tuned: Mapping[str, Mapping[str, Any]]) -> str:
    """Values found by tuning, a line a method; nothing if there are none."""
    if not tuned:
        return ""
    lines = [
        f"- {method}: " + ", ".join(f"{name} {value}" for name, value in sorted(values.items()))
        for method, values in sorted(tuned.items())
    ]
    return "\n## Settings found with these weights\n\n" + "\n".join(lines) + "\n"


def _table(rows: str) -> str:
    return f"| set | Dice |\n| --- | --- |\n{rows}\n" if rows else "Not measured.\n"
