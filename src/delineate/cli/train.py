"""`delineate train`: making weights."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

RECIPES = (
    "pnet, pnet-paper, pcnet, pcnet-paper, planes, fcn, unet-basic, deepmedic, highres3dnet, "
    "click-2d, click-3d or click-paper."
)


def _option(text: str, *names: str) -> Any:
    return typer.Option(*names, help=text)


def train(
    recipe: Annotated[str, typer.Argument(help=RECIPES)],
    out: Annotated[Path, _option("Folder of checkpoints, journal and weights.", "-o", "--out")],
    settings: Annotated[
        list[str] | None, _option("A field of the recipe: network.width=32.", "--set")
    ] = None,
    data: Annotated[Path | None, _option("Labelled images; see below.")] = None,
    resume: Annotated[
        bool, _option("Go on from the folder's last checkpoint.", "--resume")
    ] = False,
    minutes: Annotated[float, _option("Stop after so many; 0: at the last step.")] = 0.0,
    threads: Annotated[int, _option("Of the network on the CPU; 0: all.")] = 0,
    workers: Annotated[int, _option("Processes that make images.")] = 1,
    accelerator: Annotated[str, _option("auto, cpu or cuda.")] = "auto",
    devices: Annotated[int, _option("How many of them.")] = 1,
    precision: Annotated[str, _option("auto, bf16 or fp32.")] = "auto",
    validate_every: Annotated[int, _option("Steps between validations; 0: at the end.")] = 2000,
    checkpoint_minutes: Annotated[float, _option("Between checkpoints.")] = 5.0,
) -> None:
    """Train a network and write its weights.

    Images: a folder with train/<dataset>/<case>/ and label_maps/, or with images/ and labels/
    whose files have the same names. Without --data add --set real=[] for synthetic images alone.

    Real images are learnt from in the shares of --set 'real=[["acdc",0.5],["curvas",0.5]]', of
    which the rest to 1 is synthetic. Data sets to validate on can be among them: validation then
    leaves them out and says so.

    Example: delineate train pnet --set network.width=32 --data data -o runs/pnet32 --minutes 60
    """
    from ..train import recipes
    from ..train.checkpoint import read_checkpoint
    from ..train.data import load_data
    from ..train.loop import LAST, WEIGHTS
    from ..train.loop import train as run_training
    from ..train.machine import Run
    from ..train.recipe import from_json, with_settings
    from . import parsing

    chosen = recipes.find(recipe)
    if resume:
        chosen = from_json(chosen, read_checkpoint(out / LAST).recipe)
    chosen = with_settings(chosen, parsing.settings(settings or []))
    run = Run(
        accelerator=accelerator, devices=devices, precision=precision, threads=threads,
        workers=workers, minutes=minutes, checkpoint_minutes=checkpoint_minutes,
        validate_every=validate_every,
    )  # fmt: skip
    held = load_data(data, chosen, out / "packed")
    if held.left_out:
        names = ", ".join(held.left_out)
        typer.echo(f"validation leaves out {names}, which the network learns from", err=True)
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task(recipe, total=chosen.steps)
        shown: dict[str, str] = {}

        def show(step: int, values: dict[str, Any]) -> None:
            shown.update(_shown(values))
            text = " ".join((recipe, *shown.values()))
            progress.update(bar, completed=step, description=text)

        done = run_training(chosen, held, out, run, resume=resume, observe=show)
    typer.echo(f"{done.step} of {chosen.steps} steps; weights: {out / WEIGHTS}")


def _shown(values: dict[str, Any]) -> dict[str, str]:
    """The latest of a few numbers."""
    found = {}
    if "loss" in values:
        found["loss"] = f"loss {values['loss']:.3f}"
        found["speed"] = f"{values['samples_per_second']:.0f}/s"
    if values.get("dice"):
        found["dice"] = f"Dice {values['dice']['mean']:.3f}"
    return found
