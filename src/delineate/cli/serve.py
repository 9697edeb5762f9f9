"""`delineate serve` and `delineate sessions`: the workbench, and what it keeps."""

import json
import time
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import MissingExtra, SessionError
from .about import Json

Home = Annotated[
    Path | None, typer.Option(help="Where it keeps journal and uploads; by default ~/.delineate.")
]
Journal = Annotated[str | None, typer.Option(help="An SQLAlchemy URL instead of a file there.")]
Method = Annotated[
    str, typer.Option("-m", "--method", help="See: delineate methods; else what suits the image.")
]
User = Annotated[list[str] | None, typer.Option(help="Each gets a token and sessions of its own.")]

sessions = typer.Typer(help="List or purge the sessions that the workbench keeps.")


def serve(
    folder: Annotated[Path | None, typer.Argument(help="Images to show.")] = None,
    method: Method = "",
    network: Annotated[
        str | None, typer.Option(help="Weights, for a method that has them.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", help="A field of the method: gamma=30.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 8765,
    name: Annotated[
        list[str] | None, typer.Option(help="Another name by which browsers may call it.")
    ] = None,
    user: User = None,
    home: Home = None,
    journal: Journal = None,
    read_only: Annotated[bool, typer.Option(help="Never write beside images.")] = False,
    voxels: Annotated[int, typer.Option(help="Largest image, in millions.")] = 400,
    memory: Annotated[int, typer.Option(help="Of open images, in GiB.")] = 8,
    upload: Annotated[int, typer.Option(help="Largest upload, in GiB.")] = 4,
    browser: Annotated[bool, typer.Option(help="Open the page.")] = True,
) -> None:
    """Serve the workbench: a page to segment in.

    Research use, not a medical device. It listens on this machine alone unless --host says
    otherwise; traffic is not encrypted, so put a proxy with TLS before it then.

    Example: delineate serve scans/
    """
    from ..methods import build
    from . import parsing

    _needed()
    from ..serve import settings as told
    from ..serve.run import listen, run

    fields = parsing.settings(settings or []) | ({"weights": network} if network else {})
    if method:
        build(method, fields)
    elif fields:
        raise SessionError("say which method --set and --network are for: --method NAME")
    if folder is not None and not folder.is_dir():
        raise SessionError(f"there is no folder {folder} to serve")
    place, users = told.home(home), tuple(dict.fromkeys(user or ["local"]))
    bound = listen(host, port)
    port = bound.getsockname()[1]
    own = () if host in ("0.0.0.0", "::") else (f"[{host}]" if ":" in host else host,)
    options = told.Settings(
        folder=folder.resolve() if folder else None, home=place, journal=journal,
        tokens=told.tokens(place, users), port=port, method=method, fields=fields,
        hosts=("127.0.0.1", "localhost", "[::1]", *own, *(name or ())), write=not read_only,
        limits=told.Limits(
            voxels=voxels * 10**6, memory_bytes=memory * 2**30, upload_bytes=upload * 2**30
        ),
    )  # fmt: skip
    links = [
        f"http://{(own or ('127.0.0.1',))[0]}:{port}/?token={options.tokens[each]}"
        for each in users
    ]

    run(options, bound, lambda: _ready(dict(zip(users, links, strict=True)), bool(user), browser))


def _ready(links: dict[str, str], several: bool, browser: bool) -> None:
    """Say where the page is, and open it if it is one person's."""
    for user, link in links.items():
        typer.echo(f"{user}: {link}" if several else f"open {link}")
    if browser and not several:
        webbrowser.open(next(iter(links.values())))


@sessions.command("list")
def listed(
    user: User = None, home: Home = None, journal: Journal = None, as_json: Json = False
) -> None:
    """List the sessions, the last opened first."""
    rows = [row for row in _rows(home, journal) if not user or row["owner"] in user]
    if as_json:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(row["opened"]))
        typer.echo(f"{row['id']}  {when}  {row['owner']}  {row['steps']:4d} steps  {row['title']}")


@sessions.command("purge")
def purge(
    which: Annotated[list[str] | None, typer.Argument(help="Names that list shows.")] = None,
    older_than: Annotated[float | None, typer.Option(help="Not opened for so many days.")] = None,
    all: Annotated[bool, typer.Option("--all", help="Every session.")] = False,
    user: User = None,
    home: Home = None,
    journal: Journal = None,
) -> None:
    """Delete sessions with their uploads, for good.

    Examples:

      delineate sessions purge NAME

      delineate sessions purge --older-than 90
    """
    if not (which or all or older_than is not None):
        raise SessionError("say which sessions to purge: names, --older-than DAYS, or --all")
    _needed()
    from ..journal import Journal as Kept
    from ..serve import settings as told
    from ..serve.uploads import forget

    rows = [row for row in _rows(home, journal) if not user or row["owner"] in user]
    unknown = set(which or ()) - {row["id"] for row in rows}
    if unknown:
        raise SessionError(f"there is no session {', '.join(sorted(unknown))}")
    before = time.time() - 86400 * older_than if older_than is not None else None
    gone = [
        row["id"]
        for row in rows
        if all or row["id"] in (which or ()) or (before is not None and row["opened"] < before)
    ]
    place = told.home(home)
    kept = Kept(journal or place / "journal.db")
    for id in gone:
        forget(place, kept, id)
    kept.close()
    typer.echo(f"purged {len(gone)} of {len(rows)} sessions")


def _rows(home: Path | None, journal: str | None) -> list[dict[str, Any]]:
    _needed()
    from ..journal import Journal as Kept
    from ..serve import settings as told

    opened = Kept(journal or told.home(home) / "journal.db")
    rows = [
        {
            "id": kept.id, "owner": kept.owner, "title": kept.notes.get("title", ""),
            "created": kept.created, "opened": kept.opened, "objects": kept.objects,
            "steps": kept.steps,
        }
        for kept in opened.list()
    ]  # fmt: skip
    opened.close()
    return rows


def _needed() -> None:
    """Say what to type where the extra is not there."""
    try:
        import fastapi  # noqa: F401
        import sqlalchemy  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise MissingExtra(
            f'the workbench needs {error.name}: pip install "delineate[serve]"'
        ) from error
