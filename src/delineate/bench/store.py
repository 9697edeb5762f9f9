"""Finished tasks on disk, one line each, so that a run that was killed goes on where it was.

A line is written and flushed to the disk in one piece after its task is done. If the
process died while writing, the last line is incomplete and is dropped.
"""

import csv
import io
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .errors import BenchError
from .options import Options
from .rounds import COLUMNS, Result, Row

OPTIONS, TASKS = "options.json", "tasks.jsonl"


class Store:
    """The folder of one run.

    Args:
        options: Of the run; its folder is made if there is none.
        version: Of this package.
        weights: By method, the weights in use: their name and hash.

    Raises:
        BenchError: If the folder holds a run with other options or weights, or of another version.
    """

    def __init__(
        self, options: Options, version: str, weights: Mapping[str, str] | None = None
    ) -> None:
        self.folder = options.out
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tasks = self.folder / TASKS
        identity = options.identity() | {"version": version, "weights": dict(weights or {})}
        path = self.folder / OPTIONS
        if path.exists():
            _check_same(identity, json.loads(path.read_text(encoding="utf-8")), self.folder)
        else:
            write_text(path, json.dumps(identity, indent=1) + "\n")

    def results(self) -> dict[str, Result]:
        """The finished tasks by key; cuts off a line that was not finished."""
        if not self._tasks.exists():
            return {}
        data = self._tasks.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with self._tasks.open("r+b") as file:
                file.truncate(whole)
        found = {}
        for line in data[:whole].splitlines():
            value = json.loads(line)
            rows = tuple(dict(zip(COLUMNS, row, strict=True)) for row in value["rows"])
            found[value["key"]] = Result(value["key"], rows, value["last"])
        return found

    def append(self, result: Result) -> None:
        """Keep a finished task."""
        value: dict[str, Any] = asdict(result)
        value["rows"] = [[row[name] for name in COLUMNS] for row in result.rows]
        with self._tasks.open("ab") as file:
            file.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())


def write_table(path: Path, columns: Iterable[str], rows: Iterable[Row]) -> None:
    """A CSV file; nan is an empty cell; numbers read back exactly."""
    columns = tuple(columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    write_text(path, text.getvalue())


def write_text(path: Path, text: str) -> None:
    """A file that is either as before or complete."""
    partial = path.with_name(path.name + ".part")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)


def _cell(value: Any) -> Any:
    return "" if isinstance(value, float) and value != value else value


def _check_same(now: dict[str, Any], before: dict[str, Any], folder: Path) -> None:
    for name in now:
        if now[name] != before.get(name, {} if name == "weights" else None):
            raise BenchError(
                f"{folder} holds a run with {name} {before.get(name)!r}, not {now[name]!r}; give "
                "the same options to go on with it, or another folder"
            )
