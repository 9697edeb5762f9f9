"""Segmentations in, masks and measures out."""

from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from ...errors import Cancelled
from ...io import Label
from .. import exporting, measuring, opening
from ..autosave import autosave, write_beside
from ..failures import Refused
from ..forms import Export, Location
from ..places import check_writable
from ..state import saved_mark
from .common import Bench, Frame, Sat, User, Window, reply

router = APIRouter(prefix="/api/sessions/{id}")
Text = Annotated[str, Query(max_length=200)]
_BYTES: dict[int | str, dict[str, Any]] = {200: {"content": {"application/octet-stream": {}}}}


@router.post("/segmentations", responses=Frame)
async def segmentations(
    bench: Bench, user: User, seat: Sat, location: Location, request: Request, x_window: Window = ""
) -> Response:
    """Add the objects of an existing segmentation, or of all the files of an upload.

    A client that has hung up while they were read gets none.
    """
    places = bench.images.find(user, location.path, location.upload)
    files = await bench.off(opening.files, places)

    def read() -> tuple[Label, ...]:
        for file in files:
            bench.images.check_size([file], None)
        return opening.labels(files, seat.session.volume)

    found = await bench.off(read)
    if await request.is_disconnected():
        raise Cancelled("the request was given up before the segmentation was read")
    name = "segmentation" if location.upload and files[0].is_dir() else files[0].name
    name = name if len(files) == 1 else f"{len(files)} files"
    frame = await seat.run({}, lambda s, _: opening.add(s, found, name), f"open {name}", x_window)
    autosave(bench, seat)
    return reply(frame)


@router.get("/statistics")
async def statistics(bench: Bench, seat: Sat, format: Literal["json", "csv"] = "json") -> Any:
    """Volume, surface, diameters and intensities of each object."""
    rows = await seat.read(
        lambda: measuring.statistics(seat.session, seat.grid, _seconds(bench, seat))
    )
    if format == "json":
        return {"rows": rows}
    title = bench.journal.kept(seat.id).notes.get("title", "image")
    text = measuring.table(rows, measuring.COLUMNS)
    return _download(f"{exporting.stem_of(title)}.csv", text.encode())


@router.get("/export", responses=_BYTES)
async def export(
    bench: Bench,
    seat: Sat,
    format: Text,
    layout: Literal["labels", "objects"] = "labels",
    objects: Annotated[str, Query(pattern=r"^(\d{1,3}(,\d{1,3})*)?$", max_length=1024)] = "",
    pattern: Annotated[str, Query(min_length=1, max_length=200)] = "{image}_{name}",
    axis: Annotated[int | None, Query(ge=0, le=2)] = None,
    slice: Annotated[int | None, Query(ge=-(2**31), le=2**31)] = None,
    channel: Annotated[int, Query(ge=0, le=10_000)] = 0,
) -> Response:
    """Masks, measures or the whole session as a file, or a zip of several."""
    numbers = [int(number) for number in objects.split(",")] if objects else None
    asked = Export.model_construct(
        format=format, layout=layout, objects=numbers, pattern=pattern, axis=axis, slice=slice,
        channel=channel,
    )  # fmt: skip

    def work() -> tuple[str, bytes]:
        kept = bench.journal.kept(seat.id)
        title = kept.notes.get("title", "image")
        with exporting.work_folder(bench.settings.home) as name:
            made = exporting.files(
                seat.session, asked, title, seat.grid, kept.notes.get("seconds", {}), Path(name)
            )
            packed = exporting.packed(made, exporting.stem_of(title))
        if asked.format not in ("csv", "picture"):
            bench.journal.note(seat.id, saved=saved_mark(seat.session.history))
        return packed

    return _download(*await seat.read(work))


@router.post("/export")
async def export_beside(bench: Bench, seat: Sat, export: Export) -> dict[str, list[str]]:
    """The same, written beside the image."""
    return {"written": await write_beside(bench, seat, export)}


@router.put("/autosave", status_code=204)
async def autosaving(bench: Bench, seat: Sat, export: Export | None = None) -> None:
    """Write masks beside the image after each step, or no more."""
    if export is not None:
        check_writable(bench.settings)
        if export.format not in exporting.formats(seat.session.volume):
            raise Refused(422, "Invalid", f"this image cannot be written as {export.format!r}")
    said = export.model_dump(exclude_none=True) if export else None
    await bench.off(lambda: bench.journal.note(seat.id, autosave=said))
    autosave(bench, seat)


def _seconds(bench: Bench, seat: Sat) -> dict[str, float]:
    held: dict[str, float] = bench.journal.kept(seat.id).notes.get("seconds", {})
    return held


def _download(name: str, content: bytes) -> Response:
    disposition = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    return Response(
        content, media_type="application/octet-stream", headers={"Content-Disposition": disposition}
    )
