"""The plots of docs/bifseg.md: numbers only, no picture of a patient."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from played import Played, mean, of, spread, until

from delineate.bench.plots import COLOURS
from delineate.bench.weights import ELSEWHERE, SEEN, UNSEEN

SAMPLES = "samples"
LOSSES = "losses.jsonl"
"""Beside a training's journal: what `losses.py` found."""


def acceptance(
    path: Path, items: Sequence[Played], methods: Sequence[str], thresholds: Sequence[float]
) -> None:
    """Figures 9 and 13: the user's time until a Dice is reached, and the share that reaches it."""
    drawn, (left, right) = figure(2)
    places = np.arange(len(methods))
    wide = 0.8 / len(thresholds)
    for n, threshold in enumerate(thresholds):
        times, shares = [], []
        for method in methods:
            own = of(items, method, UNSEEN)
            ends = [until(one, threshold) for one in own]
            times.append(mean(own, [float(one.user[-1 if end is None else end])
                                    for one, end in zip(own, ends, strict=True)]))  # fmt: skip
            shares.append(100 * mean(own, [float(end is not None) for end in ends])[0])
        middle = np.array([time[0] for time in times])
        ends_of = np.abs(np.array([time[1:] for time in times]).T - middle)
        at = places + (n - (len(thresholds) - 1) / 2) * wide
        label = f"Dice {threshold:.2f}"
        left.bar(at, middle, 0.9 * wide, yerr=ends_of, label=label, color=COLOURS[n], capsize=2)
        right.bar(at, shares, 0.9 * wide, label=label, color=COLOURS[n])
    left.set_ylabel("user's seconds, modelled")
    right.set_ylabel("objects that reach it, %")
    for axes in (left, right):
        axes.set_xticks(places, methods, rotation=30, ha="right")
    right.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    saved(drawn, path)


def over_time(path: Path, items: Sequence[Played], methods: Sequence[str]) -> None:
    """Dice over the user's time, round by round, on unseen classes."""
    drawn, (axes,) = figure(1)
    for colour, method in zip(COLOURS, methods, strict=False):
        own = of(items, method, UNSEEN)
        rounds = range(len(own[0].dice))
        user = [mean(own, [float(one.user[at]) for one in own])[0] for at in rounds]
        dices = [mean(own, [float(one.dice[at]) for one in own]) for at in rounds]
        middle, low, high = (np.array(values) for values in zip(*dices, strict=True))
        axes.plot(user, middle, color=colour, marker="o", markersize=3.5, label=method)
        axes.fill_between(user, low, high, color=colour, alpha=0.12, linewidth=0)
    axes.set(xlabel="user's seconds, modelled, mean", ylabel="Dice, unseen classes")
    axes.legend(frameon=False, fontsize=8)
    saved(drawn, path)


def variation(path: Path, repeats: Mapping[str, Sequence[Sequence[Played]]], at: int) -> None:
    """Figure 8 in numbers: how far the Dice of one object goes where the marks are others."""
    drawn, (axes,) = figure(1)
    values, names = [], []
    for method, runs in repeats.items():
        found = spread([of(run, method, UNSEEN) for run in runs], at)
        values.append([deviation for _, deviation in found.values()])
        names.append(method)
    axes.boxplot(values, orientation="horizontal", widths=0.6, flierprops={"markersize": 2.5})
    axes.set_yticks(range(1, len(names) + 1), names)
    axes.set_xlabel("standard deviation of Dice over marks")
    saved(drawn, path)


def losses(path: Path, runs: Mapping[str, Path]) -> bool:
    """Figure 4: cross entropy on synthetic samples, and on seen and unseen real objects.

    Args:
        path: Of the picture.
        runs: Folders of trainings by the network's name, with what `losses.py` left there.

    Returns:
        False where no training has been looked at by `losses.py`.
    """
    known = {name: found for name, folder in runs.items() if (found := _lines(folder / LOSSES))}
    if not known:
        return False
    drawn, parts = figure(len(known), sharey=True)
    for axes, (name, found) in zip(parts, known.items(), strict=True):
        for colour, seen in zip(COLOURS, (SAMPLES, SEEN, ELSEWHERE, UNSEEN), strict=False):
            own = [line for line in found if seen in line["entropy"]]
            steps = [line["step"] for line in own]
            axes.plot(steps, [line["entropy"][seen] for line in own], color=colour, marker="o",
                      markersize=3, label=seen)  # fmt: skip
        axes.set(title=name, xlabel="step")
    parts[0].set_ylabel("cross entropy")
    parts[-1].legend(frameon=False, fontsize=8)
    saved(drawn, path)
    return True


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        return []
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return sorted(lines, key=lambda line: line["step"])


def figure(columns: int, sharey: bool = False) -> tuple[Figure, list[Axes]]:
    """A figure and its plots in a row."""
    figure = Figure(figsize=(3.2 + 3.4 * columns, 3.6), layout="constrained")
    FigureCanvasAgg(figure)
    parts = list(figure.subplots(1, columns, squeeze=False, sharey=sharey)[0])
    for axes in parts:
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    return figure, parts


def saved(figure: Figure, path: Path) -> None:
    """Write a figure to a file, whose folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
