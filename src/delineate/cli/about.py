"""`delineate methods` and `delineate doctor`: what there is."""

import json
from dataclasses import MISSING, asdict, fields
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def methods(as_json: Json = False) -> None:
    """List the methods: what each reads, where it works, when to use it.

    Example: delineate methods --json
    """
    from ..methods import list_methods

    rows = [_row(method) for _, method in sorted(list_methods().items())]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    table = Table(
        "method", "title", "reads", "dims", "when to use it", box=None, padding=(0, 2, 0, 0)
    )
    for row in rows:
        dims = " and ".join(f"{dim}D" for dim in row["dims"])
        table.add_row(row["name"], row["title"], ", ".join(row["reads"]), dims, row["when"])
    Console().print(table)


def doctor(as_json: Json = False) -> None:
    """Say what this machine and this installation have, and what to type for the rest.

    Example: delineate doctor
    """
    from ..doctor import examine

    findings = examine()
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings], indent=1))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in findings:
        mark = "[green]ok[/]" if finding.fine else "[yellow]--[/]"
        table.add_row(mark, finding.name, finding.value, finding.advice.replace("[", "\\["))
    Console().print(table)


def _row(method: Any) -> dict[str, Any]:
    return {
        "name": method.name,
        "title": method.title,
        "reads": sorted(kind.__name__.lower() for kind in method.reads),
        "dims": sorted(method.dims),
        "both_sides": method.both_sides,
        "when": method.when,
        "paper": method.paper,
        "fields": {
            f.name: None if f.default is MISSING else f.default for f in fields(method) if f.init
        },
    }
