"""Runs of the benchmark and pages of their results: what the scripts that write tables share."""

import csv
import datetime
import math
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.progress import Progress

from delineate.bench.run import Options, run

DOCS = Path(__file__).parents[1] / "docs"


def measured(options: Options, title: str) -> Path:
    """Do a run, or what is left of it, and show how far it is; the folder of its tables."""
    with Progress() as progress:
        bar = progress.add_task(title, total=None)
        run(options, lambda done, total, _: progress.update(bar, completed=done, total=total))
    return options.out


def read_table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def number(value: float | str, digits: int = 2) -> str:
    """A number of a table, or a dash where there is none."""
    found = float(value) if value != "" else math.nan
    return "–" if math.isnan(found) else f"{found:.{digits}f}"


def interval(value: float, low: float, high: float, scale: float = 1, digits: int = 3) -> str:
    """A number with its interval, if it has one."""
    text = number(scale * value, digits)
    if math.isnan(low):
        return text
    return f"{text} ({number(scale * low, digits)}–{number(scale * high, digits)})"


def signed(value: float, low: float, high: float) -> str:
    """A difference with its interval, if it has one."""
    if math.isnan(value):
        return "–"
    ends = "" if math.isnan(low) else f" ({low:+.3f} to {high:+.3f})"
    return f"{value:+.3f}{ends}"


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its first column is text, the others are numbers."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def put(page: Path, name: str, body: str) -> None:
    """Replace what stands between the marks `<!-- name -->` and `<!-- end name -->` of a page."""
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    text = page.read_text(encoding="utf-8")
    pattern = re.compile(re.escape(start) + ".*?" + re.escape(end), re.DOTALL)
    assert pattern.search(text), f"{page} has no place for {name}"
    page.write_text(pattern.sub(lambda _: f"{start}\n{body}\n{end}", text), encoding="utf-8")


def today() -> str:
    return datetime.datetime.now(datetime.UTC).date().isoformat()
