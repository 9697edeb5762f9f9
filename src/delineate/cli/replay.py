"""`delineate replay`: compute a session again and report."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from .about import Json


def replay(
    session: Annotated[Path, typer.Argument(help="A session file.")],
    image: Annotated[
        Path | None, typer.Option(help="The image, if it is not where it was.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Compute a session again, step by step, and say where the masks differ.

    Exit status 0 if every step gives the same masks or a Dice of at least 0.99, else 1.

    Example: delineate replay case.delineate
    """
    from ..io import read
    from ..repeat import replay as repeat
    from ..storage import load

    held = load(session, read(image) if image else None)
    reports = []
    for report in repeat(held):
        reports.append(report)
        if not as_json:
            told = (
                "same bits" if report.same else f"Dice {report.dice:.4f} (object {report.object})"
            )
            typer.echo(f"{report.number:4d}  {report.name:40s}  {told}")
            for name, (then, now) in report.changed.items():
                typer.echo(f"      {name} was {then}, is {now}")
    if as_json:
        typer.echo(json.dumps([asdict(report) for report in reports], indent=1))
    if not all(report.passed for report in reports):
        raise typer.Exit(1)
