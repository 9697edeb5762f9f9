"""`delineate tune`: the search for a method's settings on training cases."""

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

if TYPE_CHECKING:
    from ..methods.base import AnyMethod
    from ..tune.outcome import Outcome
    from ..tune.space import Axis

SHOWN = 5
"""Trials in the printed table; all are in trials.csv."""


def tune(
    method: Annotated[str, typer.Argument(help="As delineate methods lists them.")],
    cases: Annotated[Path, typer.Argument(help="A training split: <dataset>/<case>/...")],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of journal and results.")],
    search: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=LOW:HIGH[:log], FIELD=A,B,C or defaults; see below."),
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE, which is not searched.")
    ] = None,
    weights: Annotated[str, typer.Option(help="Name or file, for methods with weights.")] = "",
    dims: Annotated[int, typer.Option(help="2: pictures and slices; 3: volumes.")] = 2,
    trials: Annotated[int, typer.Option(help="Combinations drawn at random.")] = 40,
    grid: Annotated[bool, typer.Option("--grid", help="All combinations instead.")] = False,
    points: Annotated[int, typer.Option(help="Of a range in a grid.")] = 3,
    dataset: Annotated[list[str] | None, typer.Option(help="Only these data sets.")] = None,
    limit: Annotated[int | None, typer.Option(help="Most objects of a data set.")] = None,
    user: Annotated[str, typer.Option(help="Who marks, as in delineate bench.")] = "box-scribble",
    rounds: Annotated[str, typer.Option(help="Rounds whose Dice count.")] = "0,1,3",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    write: Annotated[
        bool, typer.Option("--write", help="Keep the values on the card of the weights.")
    ] = False,
) -> None:
    """Search the settings with which a simulated user gets the best masks, on training cases.

    Without --dataset: curvas, wbc, acdc, hippocampus and brats15, which shipped weights never
    learn from; on other folders all. A split named dev, sealed or test is refused. Without
    --search the method's usual ranges are searched; "defaults" adds them to others. Run it again
    to go on after a stop, or with more trials, other ranges or more objects.

    Example: delineate tune bifseg data/train -o tuned/ --weights pnet --search lambda_2d=0.3:30:log
    """
    from ..bench import baselines
    from ..models.record import record
    from ..tune.options import Tuning
    from ..tune.run import tune as run
    from . import parsing

    fields = parsing.settings(settings or []) | ({"weights": weights} if weights else {})
    made = baselines.build(method, fields)
    named = _kept_with(made, method, dims) if write else ""
    options = Tuning(
        method=method, cases=cases, out=out,
        search=_search(search or ["defaults"], made, dims, fields),
        dims=dims, trials=trials, points=points if grid else 0, fields=fields,
        datasets=tuple(dataset or ()), limit=limit, user=user, rounds=_rounds(rounds), seed=seed,
        jobs=jobs,
    )  # fmt: skip
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("tune", total=None)

        def show(done: int, total: int, current: str) -> None:
            progress.update(bar, completed=done, total=total or None)

        outcome = run(options, show)
    _tell(outcome, out)
    if write:
        info = record(named, method, outcome.best.values)
        typer.echo(f"written to the card of {info.name}")


def _kept_with(made: "AnyMethod", method: str, dims: int) -> str:
    """The weights with whose card values found are kept."""
    from ..bench.weights import names_of
    from ..models.record import find_listed
    from ..tune.space import TuningError

    names = names_of(made, dims)
    if not names:
        raise TuningError(f"--write keeps values with weights, and {method} has none; leave it out")
    find_listed(names[0])
    return names[0]


def _search(
    texts: list[str], method: "AnyMethod", dims: int, fixed: dict[str, object]
) -> "dict[str, Axis]":
    """What is searched: the usual ranges for "defaults", less what is set, and what is named."""
    from ..tune.space import parse, usual

    found: dict[str, Axis] = {}
    if "defaults" in texts:
        usually = usual(method, dims).items()
        found = {name: axis for name, axis in usually if name not in fixed}
    return found | dict(parse(text, method) for text in texts if text != "defaults")


def _rounds(text: str) -> tuple[int, ...]:
    from ..tune.space import TuningError

    try:
        return tuple(sorted({int(part) for part in text.split(",")}))
    except ValueError as error:
        raise TuningError(f"rounds are written 0,1,3, got {text!r}") from error


def _tell(outcome: "Outcome", out: Path) -> None:
    """The best trials and the default as a table, then what the best one gains."""
    shown = (outcome.default, *outcome.trials[:SHOWN])
    places = ("default", "best", *(str(place) for place in range(2, SHOWN + 1)))
    table = Table("", *places[: len(shown)], box=None)
    for name in outcome.best.values:
        table.add_row(name, *(str(trial.values[name]) for trial in shown))
    for number in outcome.best.rounds:
        table.add_row(f"round {number}", *(f"{trial.rounds[number]:.4f}" for trial in shown))
    table.add_row("score", *(f"{trial.score:.4f}" for trial in shown))
    Console().print(table)
    interval = f" (95 %: {outcome.low:+.4f} to {outcome.high:+.4f})"
    typer.echo(
        f"best less default, on {outcome.objects} objects of {outcome.cases} cases: "
        f"{outcome.gain:+.4f}{interval if isfinite(outcome.low) else ''}; "
        f"on cases that had no part in the choice {outcome.held_out:+.4f}"
    )
    for note in outcome.notes:
        typer.echo(f"note: {note}", err=True)
    typer.echo(f"all trials: {out / 'trials.csv'}; the best: {out / 'best.json'}")
