"""Click-guided networks on real images: the tables and plots of docs/clicks.md.

    python benchmarks/clicks.py CASES --out DIR [--study FOLDER] [--only PART] [--write]

CASES holds `<dataset>/<case>/{image.*, label.*, meta.json}`; what is reported is the `dev` split.
Every part is one or more runs of `delineate bench` in folders of their own in DIR; what was stopped
goes on, what is done is not done again. FOLDER is what `clicks_study.py` has trained and measured.
With `--write` the page and its plots are replaced part by part; text around them stays.
"""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import click_plots
import click_study_tables
import click_tables
from click_honour import honoured
from click_runs import IMPERFECT, MOST, OWN, USER, Bench, framed, goals, peers, variants
from contest import machine
from pages import DOCS, markdown, put
from played import Played, finished
from runs import add_arguments

from delineate.errors import DelineateError
from delineate.methods.click_fcn import ClickFCN
from delineate.models import load

PAGE, PICTURES = DOCS / "clicks.md", DOCS / "pictures"
GOALS = {
    2: {1: (0.64, 0.74), 2: (0.80, 0.86), 5: (0.88, 0.92), 10: (0.92, 0.94)},
    3: {1: (0.50, 0.60), 2: (0.60, 0.70), 5: (0.74, 0.82), 10: (0.82, 0.88)},
}
TO_90 = {2: (7.0, 5.0), 3: None}
WORST = 10


def weights(benches: dict[int, Bench]) -> str:
    """What the weights have learnt from, by their cards."""
    rows = []
    for dims, bench in benches.items():
        info = load(ClickFCN(weights=bench.weights).networks(dims)[0])[1]
        rows.append(
            [f"{dims}D", info.name, info.sha256[:12], f"{info.parameters:,}", f"{info.samples:,}",
             ", ".join(info.data), "; ".join(info.seen)]
        )  # fmt: skip
    head = ("weights", "SHA-256", "parameters", "samples seen", "learnt from", "classes")
    return markdown(("", *head), rows)


def reached(bench: Bench, pictures: Path) -> str:
    """What is reached of the goals, and where it fails."""
    found = {user: _finished(bench, f"goals-{user}", user) for user in (USER, IMPERFECT)}
    (items, failed), (loose, _) = found[USER], found[IMPERFECT]
    picture = f"clicks-{bench.dims}d.png"
    click_plots.curves(pictures / picture, {user: own for user, (own, _) in found.items()}, OWN)
    return "\n\n".join(
        [
            *_left_out(failed),
            click_tables.goals(items, loose, OWN, GOALS[bench.dims], TO_90[bench.dims], MOST),
            f"![Dice over clicks](pictures/{picture})",
            click_tables.by_dataset(items, OWN, MOST),
            click_tables.lost({user: own for user, (own, _) in found.items()}, OWN),
            honoured(bench),
            "The objects of the lowest Dice after five clicks:",
            click_tables.worst(items, OWN, 5, WORST),
        ]
    )


def contest(bench: Bench) -> str:
    """Against every classical method."""
    items, failed = finished(bench.run("peers", peers(bench)))
    return "\n\n".join([*_left_out(failed), click_tables.peers(items, OWN, (1, 3, 5))])


def fields(bench: Bench, others: dict[str, str]) -> str:
    """Each field beyond the paper on and off."""
    items, failed = finished(bench.run("variants", variants(bench, others)))
    boxed, lost = finished(bench.run("framed", framed(bench, others)))
    return "\n\n".join(
        [
            *_left_out(failed), click_tables.variants(items, OWN),
            *_left_out(lost), "From a box, corrected by scribbles:",
            click_tables.rounds(boxed, OWN),
        ]
    )  # fmt: skip


def _finished(bench: Bench, name: str, user: str) -> tuple[list[Played], int]:
    return finished(bench.run(name, goals(bench, user)))


def _left_out(failed: int) -> list[str]:
    return [f"{failed} objects are left out, on which a method failed."] if failed else []


PARTS: dict[str, Callable[[argparse.Namespace, dict[int, Bench]], str]] = {
    "weights": lambda asked, of: weights(of),
    "2d-goals": lambda asked, of: reached(of[2], _pictures(asked)),
    "3d-goals": lambda asked, of: reached(of[3], _pictures(asked)),
    "2d-peers": lambda asked, of: contest(of[2]),
    "3d-peers": lambda asked, of: contest(of[3]),
    "2d-fields": lambda asked, of: fields(of[2], dict(asked.other_2d or ())),
    "3d-fields": lambda asked, of: fields(of[3], dict(asked.other_3d or ())),
    "study": lambda asked, of: click_study_tables.study(asked.study, _pictures(asked)),
    "assembled": lambda asked, of: click_study_tables.assembled(asked.study),
}


def _pictures(asked: argparse.Namespace) -> Path:
    """Where plots go: beside the page, or with the runs where the page stays as it is."""
    return PICTURES if asked.write else asked.out


def _named(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    return name, path


def main() -> None:
    asked = _arguments()
    shared = (asked.objects, asked.jobs)
    benches = {
        2: Bench(asked.cases, asked.out, 2, asked.weights_2d, asked.limit_2d, *shared),
        3: Bench(asked.cases, asked.out, 3, asked.weights_3d, asked.limit_3d, *shared),
    }
    for name in asked.only or PARTS:
        body = "\n\n".join([PARTS[name](asked, benches), f"Measured {machine('torch')}."])
        print(f"## {name}\n\n{body}\n", flush=True)
        if asked.write:
            put(PAGE, name, body)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser, PARTS)
    for dims in (2, 3):
        parser.add_argument(
            f"--other-{dims}d", type=_named, action="append", metavar="NAME=FILE",
            help="weights trained with fewer maps, a row of the fields' table",
        )  # fmt: skip
    return parser.parse_args()


if __name__ == "__main__":
    try:
        main()
    except DelineateError as error:
        sys.exit(f"clicks.py: {error}")
