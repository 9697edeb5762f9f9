"""The plots of docs/clicks.md: numbers only, no picture of a patient."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from bifseg_plots import figure, saved
from click_tables import over_clicks
from played import Played, mean, of

from delineate.bench.plots import COLOURS
from delineate.bench.weights import ORDER


def curves(path: Path, items: Mapping[str, Sequence[Played]], method: str) -> None:
    """Dice over clicks by class, a plot a user."""
    drawn, parts = figure(len(items), sharey=True)
    for axes, (user, played) in zip(parts, items.items(), strict=True):
        for colour, seen in zip(COLOURS, ORDER, strict=False):
            own = of(played, method, seen)
            if not own:
                continue
            clicks = range(1, len(own[0].dice) + 1)
            found = np.array([mean(own, over_clicks(own, count)) for count in clicks])
            axes.plot(clicks, found[:, 0], color=colour, marker="o", markersize=3, label=seen)
            axes.fill_between(clicks, found[:, 1], found[:, 2], color=colour, alpha=0.12, lw=0)
        axes.set(title=user, xlabel="clicks")
    parts[0].set_ylabel("Dice")
    parts[-1].legend(frameon=False, fontsize=8)
    saved(drawn, path)


def grouped(
    path: Path,
    groups: Sequence[str],
    values: Mapping[str, Sequence[tuple[float, float, float]]],
    named: tuple[str, str],
) -> None:
    """Bars in groups, as in the paper's figures 4 to 7.

    Args:
        path: Of the picture.
        groups: Names of the groups along the axis.
        values: By the name of a colour, for each group the value and its interval.
        named: What the groups are, and what the values.
    """
    drawn, (axes,) = figure(1)
    places, wide = np.arange(len(groups)), 0.8 / len(values)
    for n, (name, own) in enumerate(values.items()):
        table = np.array(own, float).reshape(-1, 3)
        at = places + (n - (len(values) - 1) / 2) * wide
        ends = np.abs(table[:, 1:].T - table[:, 0])
        axes.bar(at, table[:, 0], 0.9 * wide, yerr=ends, color=COLOURS[n], label=name, capsize=1)
    axes.set_xticks(places, groups)
    axes.set(xlabel=named[0], ylabel=named[1])
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    saved(drawn, path)
