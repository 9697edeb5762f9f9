"""The command line: each command parses, calls the library, prints."""

import sys

import typer

from ..errors import DelineateError
from . import about, bench, demo, models, replay, segment, serve, train, tune

app = typer.Typer(
    name="delineate",
    help="Interactive segmentation of medical images. Research use, not a medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("segment")(segment.segment)
app.command("methods")(about.methods)
app.command("bench")(bench.bench)
app.command("train")(train.train)
app.command("tune")(tune.tune)
app.command("replay")(replay.replay)
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)
app.add_typer(models.models, name="models")
app.add_typer(serve.sessions, name="sessions")
app.command("doctor")(about.doctor)


def _version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"delineate {version('delineate')}")
        raise typer.Exit


@app.callback()
def version(
    version: bool = typer.Option(
        False, "--version", is_eager=True, callback=_version, help="Print the version."
    ),
) -> None:
    """Interactive segmentation of medical images. Research use, not a medical device."""


def main() -> None:
    """Run the command line; an error of the user's is one sentence and exit status 2."""
    try:
        app()
    except DelineateError as error:
        typer.echo(f"error: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        typer.echo("stopped", err=True)
        sys.exit(130)
