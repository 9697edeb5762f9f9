"""The plots of the report, each as the text of an SVG picture."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .baselines import BASELINES
from .curves import HEADLINE
from .extras import need
from .summary import Summary

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#17becf", "#8c564b", "#e377c2",
    "#bcbd22", "#393b79",
)  # fmt: skip
GREYS = ("#555555", "#999999")


def colours(methods: Sequence[str]) -> dict[str, str]:
    """One colour a method; the baselines are grey."""
    real = [method for method in methods if method not in BASELINES]
    found = {method: COLOURS[n % len(COLOURS)] for n, method in enumerate(real)}
    return found | dict(zip(BASELINES, GREYS, strict=True))


def dice_per_round(summary: Summary, rounds: int) -> str:
    """Mean Dice over the rounds with its 95 % interval."""
    figure, axes = _figure()
    for method, colour in _drawn(summary):
        rows = [summary.row(method, HEADLINE, number) for number in range(rounds + 1)]
        dashed = method in BASELINES
        at = np.arange(rounds + 1)
        dice, low, high = (
            np.array([row[name] for row in rows], np.float64)
            for name in ("dice", "dice_low", "dice_high")
        )
        axes.plot(
            at, dice, color=colour, label=method, marker="" if dashed else "o", markersize=3.5,
            linestyle="--" if dashed else "-", linewidth=1.6,
        )  # fmt: skip
        if not dashed and np.isfinite(low).all():
            axes.fill_between(at, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set_xlabel("round")
    axes.set_ylabel("Dice, mean of the data sets' means")
    axes.set_ylim(top=1.0)
    _whole_rounds(axes, rounds)
    _legend(axes)
    return _svg(figure)


def dice_boxes(summary: Summary) -> str:
    """Dice of every object at the last round: median, quartiles, 1.5 times their distance."""
    figure, axes = _figure()
    drawn = [method for method, _ in _drawn(summary)][::-1]
    values = [
        [c.dice[-1] for c in summary.curves if c.method == method and c.headline and c.whole]
        for method in drawn
    ]
    boxes = axes.boxplot(
        values, orientation="horizontal", patch_artist=True, widths=0.6,
        flierprops={"markersize": 2.5, "alpha": 0.5}, medianprops={"color": "black"},
    )  # fmt: skip
    for box, method in zip(boxes["boxes"], drawn, strict=True):
        box.set_facecolor(colours(summary.methods)[method])
        box.set_alpha(0.6)
    axes.set_yticks(range(1, len(drawn) + 1), drawn)
    axes.set_xlabel("Dice of an object at the last round")
    axes.set_xlim(-0.02, 1.02)
    return _svg(figure)


def seconds_per_round(summary: Summary, rounds: int) -> str:
    """Median time of a method over the rounds, on a logarithmic axis."""
    figure, axes = _figure()
    for method, colour in _drawn(summary):
        rows = [summary.row(method, HEADLINE, number) for number in range(rounds + 1)]
        seconds = np.array([row["seconds_median"] for row in rows], np.float64)
        at = np.flatnonzero(np.isfinite(seconds) & (seconds > 0))
        if at.size and method not in BASELINES:
            axes.plot(at, seconds[at], color=colour, label=method, marker="o", markersize=3.5)
    axes.set_yscale("log")
    axes.set_xlabel("round")
    axes.set_ylabel("seconds of the method, median")
    _whole_rounds(axes, rounds)
    _legend(axes)
    return _svg(figure)


def dice_per_user_time(summary: Summary, rounds: int) -> str:
    """Mean Dice over the median time that the user has spent."""
    figure, axes = _figure()
    for method, colour in _drawn(summary):
        rows = [summary.row(method, HEADLINE, number) for number in range(rounds + 1)]
        dice, spent = ([row[name] for row in rows] for name in ("dice", "user_seconds_median"))
        axes.plot(spent, dice, color=colour, label=method, marker="o", markersize=3.5)
    axes.set_xlabel("seconds of the user, by the stated model, median")
    axes.set_ylabel("Dice, mean of the data sets' means")
    axes.set_ylim(top=1.0)
    _legend(axes)
    return _svg(figure)


def _drawn(summary: Summary) -> list[tuple[str, str]]:
    """The methods that have a headline, each with its colour."""
    have = {row["method"] for row in summary.rows if row["dataset"] == HEADLINE}
    colour = colours(summary.methods)
    return [(method, colour[method]) for method in summary.methods if method in have]


def _figure() -> "tuple[Figure, Axes]":
    figure = need("matplotlib.figure").Figure(figsize=(7.4, 3.8), layout="constrained")
    axes = figure.add_subplot()
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _whole_rounds(axes: "Axes", rounds: int) -> None:
    axes.set_xticks(np.arange(0, rounds + 1, max(1, round(rounds / 10))))


def _legend(axes: "Axes") -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _svg(figure: "Figure") -> str:
    text = io.StringIO()
    with need("matplotlib").rc_context({"svg.hashsalt": "delineate", "svg.fonttype": "none"}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    whole = text.getvalue()
    return whole[whole.index("<svg") :]
