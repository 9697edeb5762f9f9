"""The paper's figures 4 to 7 and tables II to IV, at the size of `clicks_study.py`."""

import json
from collections.abc import Sequence
from pathlib import Path

import click_plots
import numpy as np
from click_study_runs import FOLDS, K_TEST, K_TRAIN, NAMED, TAUGHT, Study, relabelled
from click_tables import after
from clicks_study import ASKED
from pages import interval, markdown, number, signed
from played import Played, compare, finished, mean, of

from delineate.bench.weights import ELSEWHERE, SEEN, UNSEEN

MEASURES = {
    "Dice": "dice",
    "Hausdorff distance, mm": "hd_mm",
    "mean absolute distance, mm": "mad_mm",
}
NONE = "There is no study: `benchmarks/clicks_study.py` has not been run."


def study(folder: Path | None, pictures: Path) -> str:
    """K of training against K of use, on cases left out, elsewhere, and on unseen classes."""
    held = _read(folder)
    if held is None:
        return NONE
    done = held.done()
    own = [one for n in done for one in relabelled(held.held_out(n), SEEN)]
    other = [one for n in done for one in held.elsewhere(n)]
    parts = [
        f"{held.samples:,} samples a network, width {held.width}, {len(done)} of {FOLDS} folds."
    ]
    for shown, items, seen in (
        ("Cases left out of a fold", own, SEEN),
        ("Seen classes in data sets never learnt from", other, ELSEWHERE),
        ("Unseen classes", other, UNSEEN),
    ):
        items, failed = finished(items)
        if failed:
            parts.append(f"{failed} plays are left out, on which a method failed.")
        for name, column in MEASURES.items():
            parts.append(f"{shown}: {name}\n\n{_table(items, seen, column)}")
            path = pictures / f"clicks-{seen.replace(' ', '-')}-{column.removesuffix('_mm')}.png"
            values = {
                f"{clicks} clicks": [_value(items, most, seen, column, clicks) for most in K_TRAIN]
                for clicks in K_TEST
            }
            groups = [str(most) for most in K_TRAIN]
            click_plots.grouped(path, groups, values, ("most clicks in training", name))
            parts.append(f"![{name}](pictures/{path.name})")
        parts.append(_verdict(items, seen))
    return "\n\n".join(parts)


def assembled(folder: Path | None) -> str:
    """Tables III and IV: five clicks on every slice against the automatic network."""
    held = _read(folder)
    if held is None:
        return NONE
    items = [one for n in held.done() for one in held.slices(n)]
    rows = []
    for dataset in TAUGHT:
        lines = [
            json.loads(line)
            for path in sorted((held.out / "automatic").glob(f"automatic-{dataset}-*.jsonl"))
            for line in path.read_text(encoding="utf-8").splitlines()
        ]
        for name in ("all", *sorted({line["key"][2] for line in lines})):
            own = [o for o in items if o.key[0] == dataset and name in ("all", o.key[2])]
            others = [line for line in lines if name in ("all", line["key"][2])]
            row = [dataset, name, str(len(own)), str(len(others))]
            for column in MEASURES.values():
                row.append(number(float(np.nanmean([_column(o, column)[-1] for o in own])), 3))
                row.append(number(float(np.nanmean([line[column] for line in others])), 3))
            rows.append(row)
    head = ("object", f"objects, {NAMED} clicks a slice", "automatic")
    pairs = (f"{name}, {who}" for name in MEASURES for who in (f"{NAMED} clicks", "automatic"))
    return markdown(("data set", *head, *pairs), rows)


def _read(folder: Path | None) -> Study | None:
    if folder is None or not (folder / ASKED).is_file():
        return None
    asked = json.loads((folder / ASKED).read_text(encoding="utf-8"))
    return Study(
        Path(asked["data"]), folder, asked["samples"], asked["width"], asked["limit"]
    )  # fmt: skip


def _column(one: Played, column: str) -> np.ndarray:
    return one.dice if column == "dice" else one.more[column]


def _value(
    items: Sequence[Played], most: int, seen: str, column: str, clicks: int
) -> tuple[float, float, float]:
    own = of(items, f"K = {most}", seen)
    pairs = [(one, float(_column(one, column)[_at(one, clicks)])) for one in own]
    kept = [(one, value) for one, value in pairs if np.isfinite(value)]
    return mean([one for one, _ in kept], [value for _, value in kept])


def _at(one: Played, clicks: int) -> int:
    """The last round that was answered after at most so many clicks."""
    return int(np.flatnonzero(one.more["prompts"] <= clicks)[-1])


def _table(items: Sequence[Played], seen: str, column: str) -> str:
    digits = 3 if column == "dice" else 2
    rows = [
        [f"at most {most}",
         *(interval(*_value(items, most, seen, column, c), digits=digits) for c in K_TEST)]
        for most in K_TRAIN
    ]  # fmt: skip
    head = (f"{clicks} click{'s' * (clicks > 1)}" for clicks in K_TEST)
    return markdown(("in training", *head), rows)


def _verdict(items: Sequence[Played], seen: str) -> str:
    """The paper's conclusion: several in training pay when several come; one does not."""
    first = of(items, f"K = {K_TRAIN[0]}", seen)
    if not first:
        return "Nothing of this class was measured."
    said = []
    for clicks in (1, 10):
        for most in K_TRAIN[1:]:
            own = of(items, f"K = {most}", seen)
            test = compare(_only(own, clicks), _only(first, clicks), 0)
            said.append(
                f"K = {most} after {clicks}: {signed(test.difference, test.low, test.high)}"
            )
    grown = {
        most: np.mean([after(one, 10) - after(one, 1) for one in of(items, f"K = {most}", seen)])
        for most in K_TRAIN
    }
    gains = ", ".join(f"{most}: {value:+.3f}" for most, value in grown.items())
    return (
        f"Dice against the network of one click in training: {'; '.join(said)}. From the first to "
        f"the tenth click Dice changes, by the K of training, {gains}."
    )


def _only(items: Sequence[Played], clicks: int) -> list[Played]:
    """Each play with one round, that after so many clicks."""
    return [
        Played(o.key, o.method, o.seen, np.array([after(o, clicks)]), o.seconds, o.user)
        for o in items
    ]
