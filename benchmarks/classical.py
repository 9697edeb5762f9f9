"""All classical methods on real images, with simulated users: the tables of docs/results.md.

    python benchmarks/classical.py CASES --out DIR [--limit-2d N] [--limit-3d N] [--write]

CASES holds `<dataset>/<case>/{image.*, label.*, meta.json}`. Two runs of `delineate bench`,
ten rounds each, in folders of their own in DIR; a run that was stopped goes on. With `--write`
the tables in docs/results.md are replaced; text around them stays.
"""

import argparse
from dataclasses import fields
from pathlib import Path

from pages import DOCS, measured, number, put, read_table, today

from delineate.bench.run import Options
from delineate.methods import list_methods

PAGE = DOCS / "results.md"
SHOWN = (0, 1, 3, 5, 10)
RUNS = {
    "2d-box-scribble": {"dims": 2, "user": "box-scribble", "datasets": ()},
    # Without brats15: on its objects of a million voxels GrabCut and Slic-Seg take minutes.
    "3d-box-scribble": {
        "dims": 3,
        "user": "box-scribble",
        "datasets": ("acdc", "hippocampus", "pyradiomics", "sct", "sts_ct"),
    },
}


def classical(dims: int) -> tuple[str, ...]:
    """The methods that need no weights."""
    return tuple(
        name
        for name, method in sorted(list_methods().items())
        if dims in method.dims and "weights" not in {field.name for field in fields(method)}
    )


def measure(name: str, asked: argparse.Namespace) -> Path:
    """One run of the benchmark; the folder of its tables."""
    choice = RUNS[name]
    options = Options(
        cases=asked.cases,
        methods=classical(choice["dims"]),
        user=choice["user"],
        datasets=choice["datasets"],
        dims=choice["dims"],
        out=asked.out / name,
        rounds=10,
        limit=asked.limit_2d if choice["dims"] == 2 else asked.limit_3d,
        objects=2,
        jobs=asked.jobs,
    )
    return measured(options, name)


def overall(table: list[dict[str, str]]) -> list[str]:
    """One row a method: Dice a round, with its interval at the last; seconds of a round."""
    head = [row for row in table if row["dataset"] == "mean of data sets"]
    lines = [
        "| method | "
        + " | ".join(map(str, SHOWN))
        + " | 95 % at 10 | area | to 0.85 | s a round |",
        "| --- " * (len(SHOWN) + 5) + "|",
    ]
    for method in dict.fromkeys(row["method"] for row in head):
        own = {int(row["round"]): row for row in head if row["method"] == method}
        dice = [number(own[round]["dice"]) for round in SHOWN if round in own]
        last = own[max(own)]
        interval = f"{number(last['dice_low'])}–{number(last['dice_high'])}"
        times = [
            float(row["seconds_median"])
            for row in own.values()
            if number(row["seconds_median"]) != "–"
        ]
        seconds = f"{sorted(times)[len(times) // 2]:.2f}" if times else "–"
        extra = [interval, number(last["area"]), number(last["rounds_to_0.85"], 1), seconds]
        lines.append(f"| {method} | " + " | ".join(dice + extra) + " |")
    return lines


def by_dataset(table: list[dict[str, str]], at: int) -> list[str]:
    """Dice at one round, a row a data set, a column a method."""
    chosen = [row for row in table if int(row["round"]) == at]
    methods = list(dict.fromkeys(row["method"] for row in chosen))
    lines = [
        f"| data set, Dice at round {at} | objects | " + " | ".join(methods) + " |",
        "| --- " * (len(methods) + 2) + "|",
    ]
    for dataset in dict.fromkeys(row["dataset"] for row in chosen):
        own = {row["method"]: row for row in chosen if row["dataset"] == dataset}
        objects = next(iter(own.values()))["objects"]
        dice = [number(own[m]["dice"]) if m in own else "–" for m in methods]
        lines.append(f"| {dataset} | {objects} | " + " | ".join(dice) + " |")
    return lines


def write(name: str, folder: Path) -> None:
    """Put a run's tables between its marks in the page."""
    table = read_table(folder / "summary.csv")
    body = "\n".join([f"Measured {today()}.\n", *overall(table), "", *by_dataset(table, 3)])
    put(PAGE, name, body)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--limit-2d", type=int, default=4)
    parser.add_argument("--limit-3d", type=int, default=3)
    parser.add_argument("--only", choices=[*RUNS], action="append")
    parser.add_argument("--write", action="store_true")
    asked = parser.parse_args()
    for name in asked.only or RUNS:
        folder = measure(name, asked)
        print("\n".join([f"## {name}", *overall(read_table(folder / "summary.csv")), ""]))
        if asked.write:
            write(name, folder)


if __name__ == "__main__":
    main()
