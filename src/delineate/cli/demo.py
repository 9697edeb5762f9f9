"""`delineate demo`: the workbench on sample images."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import MissingExtra
from . import serve


def demo(
    folder: Annotated[Path, typer.Argument(help="Where images and marks go.")] = Path("demo"),
    images_only: Annotated[bool, typer.Option(help="Write the images and stop.")] = False,
    method: serve.Method = "",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Serve the workbench on sample images: a picture, a volume and a DICOM series.

    They ship with libraries that are installed anyway; nothing is fetched. The marks are kept in
    the folder too, so that the next start goes on with them.

    Example: delineate demo
    """
    from ..samples import write_samples

    for path in write_samples(folder):
        typer.echo(f"sample {path}")
    if images_only:
        return
    _page_needed()
    serve.serve(folder=folder, method=method, port=port, home=folder / ".home", browser=browser)


def _page_needed() -> None:
    """Say what to do where the page was not built."""
    from ..serve.settings import Settings

    if not (Settings.static / "index.html").exists():
        raise MissingExtra(
            "the page of the workbench is not built: install Node 20 or later and run make page"
        )
