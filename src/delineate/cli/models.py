"""`delineate models`: what weights there are, and weights as files for other programs."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

Folder = Annotated[Path | None, typer.Option(help="Of other weights than the package's.")]

models = typer.Typer(invoke_without_command=True)


@models.callback()
def listed(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
    folder: Folder = None,
) -> None:
    """List the weights: which network, what it learnt from, how good it is on validation sets.

    Example: delineate models --json
    """
    if context.invoked_subcommand:
        return
    from ..models import list_models
    from ..models.manifest import FOLDER

    found = list_models(folder or FOLDER)
    if as_json:
        typer.echo(json.dumps([info.to_json() for info in found], indent=1))
        return
    if not found:
        typer.echo("there are no weights; make some: delineate train --help")
        return
    table = Table("name", "network", "width", "crops", "learnt from", "Dice", box=None)
    for info in found:
        table.add_row(
            info.name,
            info.architecture,
            str(info.sizes.get("width", "")),
            "x".join(str(length) for length in info.size),
            ", ".join(info.data),
            f"{info.scores['mean']:.3f}" if "mean" in info.scores else "",
        )
    Console().print(table)


@models.command()
def export(
    weights: Annotated[str, typer.Argument(help="A name as `models` lists it, or a file.")],
    onnx: Annotated[Path, typer.Option(help="The file to write.")],
) -> None:
    """Write weights as an ONNX file, and compare its answers with the network's.

    Example: delineate models export pnet --onnx pnet.onnx
    """
    from ..models.onnx import export_onnx

    worst = export_onnx(weights, onnx)
    typer.echo(f"{onnx}; its probabilities differ from the network's by {worst:.1e} at most")
