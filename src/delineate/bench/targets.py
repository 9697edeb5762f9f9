"""What is measured in a labelled image: which labels make an object, and where it is reported.

Every label is an object, under its name. Three data sets are special:

- *isbi_em*: label 1 is all membranes. They are reported apart; the cells of `instances.png`
  are the objects.
- *drive*: vessels, reported apart.
- *hippocampus*: its two parts are objects; their union is one more, reported apart.

Apart from the headline also: cases whose truth a model made.
"""

from dataclasses import dataclass

import numpy as np

from ..types import Array, Mask
from .cases import Case, read_case
from .draws import generator

SMALLEST = 30
"""Objects of fewer pixels or voxels do not count."""

MEMBRANES, VESSELS, UNION = "isbi_em", "drive", "hippocampus"


@dataclass(frozen=True)
class Target:
    """One object to segment.

    Args:
        name: Unique in its case.
        ids: The labels that make it.
        stem: The file that holds them, "label" or "instances".
        group: The name of the data set under which it is reported.
        headline: Whether it counts in the mean of the data sets' means.
    """

    name: str
    ids: tuple[int, ...]
    stem: str
    group: str
    headline: bool

    def mask(self, labels: Array) -> Mask:
        """Its voxels in the label map of its file, `(I, J, K)` bool."""
        return np.isin(labels, self.ids)


def find_targets(case: Case, count: int, seed: int) -> tuple[Target, ...]:
    """The objects of a case that are large enough somewhere, in the order of their labels.

    Args:
        case: Its label maps are read.
        count: At most so many instances, drawn with the seed.
        seed: Of that draw.

    Raises:
        ImageError: If a label map cannot be read.
    """
    sizes = _sizes(case, "label")
    names = dict(case.labels)
    if case.instances:
        return _instances(case, "label", sizes, "", count, seed)
    group, headline = reported(case)
    if case.dataset == MEMBRANES:
        group, headline = f"{group}, membranes", False
    found = [Target(_unique(names, value), (value,), "label", group, headline) for value in sizes]
    if case.dataset == UNION and len(sizes) > 1:
        found.append(Target("union", tuple(sizes), "label", f"{group}, union", False))
    if case.has("instances"):
        cells = _sizes(case, "instances")
        found += _instances(case, "instances", cells, "cell ", count, seed)
    return tuple(found)


def _instances(
    case: Case, stem: str, sizes: dict[int, int], prefix: str, count: int, seed: int
) -> tuple[Target, ...]:
    values = sorted(sizes)
    if len(values) > count:
        order = generator(seed, "objects", case.dataset, case.name).permutation(len(values))
        values = sorted(values[number] for number in order[:count])
    return tuple(Target(f"{prefix}{value}", (value,), stem, *reported(case)) for value in values)


def reported(case: Case) -> tuple[str, bool]:
    """Under which name a case is reported, and whether in the headline."""
    if case.model:
        return f"{case.dataset}, truth by a model", False
    return case.dataset, case.dataset != VESSELS


def _sizes(case: Case, stem: str) -> dict[int, int]:
    """Voxels of each label that has enough of them."""
    values, counts = np.unique(read_case(case, stem)[1], return_counts=True)
    large = zip(values.tolist(), counts.tolist(), strict=True)
    return {value: size for value, size in large if value != 0 and size >= SMALLEST}


def _unique(names: dict[int, str], value: int) -> str:
    """The label's name, with its value where two labels share the name or it has none."""
    name = names.get(value, "label")
    shared = sum(other == name for other in names.values()) > 1
    return f"{name} {value}" if shared or value not in names else name
