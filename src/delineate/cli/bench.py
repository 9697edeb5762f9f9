"""`delineate bench`: methods and simulated users on labelled images."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress


def bench(
    cases: Annotated[
        Path, typer.Argument(help="Holds <dataset>/<case>/{image.*, label.*, meta.json}.")
    ],
    method: Annotated[
        list[str], typer.Option("-m", "--method", help="NAME or NAME:FIELD=VALUE,…; several.")
    ],
    out: Annotated[Path, typer.Option("-o", "--out", help="Folder of the results.")],
    user: Annotated[str, typer.Option(help="Who marks: see below.")] = "box-click",
    dims: Annotated[int, typer.Option(help="2: pictures and slices; 3: volumes.")] = 2,
    slices: Annotated[str, typer.Option(help="With --dims 2: largest or all.")] = "largest",
    rounds: Annotated[int, typer.Option(help="Rounds of correction.")] = 5,
    start: Annotated[
        str, typer.Option(help="none, method:NAME, network:NAME, marks:NAME or corrupted.")
    ] = "none",
    dataset: Annotated[list[str] | None, typer.Option(help="Only these data sets.")] = None,
    limit: Annotated[int | None, typer.Option(help="Most cases of a data set.")] = None,
    objects: Annotated[int, typer.Option(help="Most instances of a case.")] = 5,
    truth: Annotated[
        str, typer.Option(help="expert: only expert truth counts; or all.")
    ] = "expert",
    seed: Annotated[int, typer.Option(help="Of everything random.")] = 0,
    marks_seed: Annotated[
        int | None, typer.Option(help="Of the user's marks after round 0, if another.")
    ] = None,
    jobs: Annotated[int, typer.Option(help="Processes.")] = 1,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="METHOD.FIELD=VALUE, as geos.gamma=50.")
    ] = None,
) -> None:
    """Measure methods on labelled images with a simulated user.

    Users: box (a box, then nothing), click, click-random, scribble, box-click, box-scribble,
    each also with the prefix imperfect-. Run it again to go on after a stop.

    Starts: none; method:NAME and network:WEIGHTS give the measured method another one's mask to
    go on from; with marks:NAME it hears only what the user says of that mask; corrupted is the
    truth with errors put in. NAME may be a variant, as bifseg:stage=crf.

    Example: delineate bench data/dev -m grabcut -m bifseg:stage=crf --user box-scribble -o results/
    """
    from ..bench.run import Options, run
    from . import parsing

    fields: dict[str, dict[str, object]] = {}
    for name, value in parsing.settings(settings or []).items():
        of, _, field = name.partition(".")
        fields.setdefault(of, {})[field] = value
    options = Options(
        cases=cases, methods=tuple(method), user=user, dims=dims, slices=slices, rounds=rounds,
        out=out, start=start, datasets=tuple(dataset or ()), limit=limit, objects=objects,
        truth=truth, seed=seed, marks_seed=marks_seed, jobs=jobs, fields=fields,
    )  # fmt: skip
    with Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("bench", total=None)

        def show(done: int, total: int, current: str) -> None:
            progress.update(bar, completed=done, total=total, description=current)

        report = run(options, show)
    typer.echo(f"report: {report}")
