"""Sessions: made, listed, looked at, forgotten; their image, labels and view."""

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from ...errors import Cancelled, UnknownObject
from ...prompts import from_json
from ...region import Region
from .. import exporting, frames, pixels, suggest
from ..failures import Refused
from ..forms import InPath, Opening, Seconds
from ..seat import Seat
from ..state import Settled, as_state, millilitres
from ..workbench import Chair, Workbench
from .common import Bench, Frame, Named, Sat, User, reply

router = APIRouter(prefix="/api/sessions")
_VIEW = 512 * 1024


@router.get("")
async def sessions(bench: Bench, user: User) -> dict[str, Any]:
    """The user's sessions, the last opened first."""
    done = await bench.off(bench.journal.marked, user)
    rows = [
        {
            "id": kept.id, "title": kept.notes.get("title", ""), "path": kept.image.get("path"),
            "created": kept.created, "opened": kept.opened, "objects": kept.objects,
            "steps": kept.steps, "status": _status(kept.place, kept.steps, done),
        }
        for kept in await bench.off(bench.journal.list, user)
    ]  # fmt: skip
    return {"sessions": rows}


@router.post("", status_code=201)
async def begin(bench: Bench, user: User, opening: Opening, request: Request) -> Response:
    """Open an image; the state of a new session, or with `resume` of the one there is.

    A client that has hung up meanwhile leaves no new session behind.
    """
    id, new = await bench.open(user, opening)
    found = await state(bench, user, id)
    if await request.is_disconnected():
        await bench.abandon(user, id)
        raise Cancelled("the request was given up before the image was open")
    return JSONResponse(found, 201 if new else 200)


@router.get("/{id}")
async def look(bench: Bench, user: User, id: Named) -> dict[str, Any]:
    """The state of a session."""
    return await state(bench, user, id)


@router.delete("/{id}", status_code=204)
async def forget(bench: Bench, user: User, id: Named) -> None:
    """Delete a session for good."""
    await bench.delete(user, id)


@router.delete("/{id}/interrupted", status_code=204)
async def forget_interrupted(bench: Bench, seat: Sat) -> None:
    """Forget what was asked when the server died."""
    await seat.read(lambda: bench.journal.interrupted(seat.id, forget=True))


@router.get("/{id}/image", responses={200: {"content": {"application/octet-stream": {}}}})
async def image(
    bench: Bench,
    seat: Sat,
    request: Request,
    channel: Annotated[str, Query(max_length=20)] = "0",
) -> Response:
    """The image as NIfTI on the page's grid."""
    tag = f'"{hashlib.sha256(f"{seat.id} {channel}".encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, max-age=86400"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    volume, grid = seat.session.volume, seat.grid
    size, pieces = await bench.off(pixels.nifti, volume, grid, channel)
    headers["Content-Length"] = str(size)
    return StreamingResponse(pieces, media_type="application/octet-stream", headers=headers)


@router.get("/{id}/labels", responses=Frame)
async def labels(seat: Sat) -> Response:
    """The label map where there are objects; waits for nothing that runs."""

    def work(settled: Settled) -> bytes:
        objects, region = settled.now.objects, Region((0, 0, 0), (0, 0, 0))
        for item in objects.values():
            region = region.union(item.mask.region)
        values = frames.labels(objects, region)
        return frames.frame({"kind": "labels"}, region, values, seat.grid)

    return reply(await seat.look(work))


@router.put("/{id}/view", status_code=204)
async def view(bench: Bench, user: User, id: Named, view: dict[str, Any]) -> None:
    """Keep what the page shows."""
    if len(json.dumps(view)) > _VIEW:
        raise Refused(413, "TooLarge", f"a view has at most {_VIEW} bytes")
    await bench.off(bench.kept, user, id)
    await bench.off(lambda: bench.journal.note(id, view=view))


@router.post("/{id}/seconds")
async def seconds(bench: Bench, seat: Sat, seconds: Seconds) -> dict[str, Any]:
    """Add to the user's time on an object; waits for nothing that runs."""
    item, key = seat.shown.now.objects.get(seconds.object), str(seconds.object)
    if item is None:
        raise UnknownObject(f"there is no object {seconds.object}")
    ml = len(item.mask) * millilitres(seat.session.volume)
    told = {"name": item.name, "ml": ml, "prompts": len(item.prompts)}

    def added(notes: Mapping[str, Any]) -> dict[str, Any]:
        held = notes.get("seconds", {})
        now = {**held, key: held.get(key, 0.0) + seconds.seconds}
        return {"seconds": now, "told": {**notes.get("told", {}), key: told}}

    notes = await bench.off(bench.journal.amend, seat.id, added)
    return {"seconds": notes["seconds"]}


@router.post("/{id}/cancel")
async def cancel(seat: Sat) -> dict[str, bool]:
    """Stop what runs."""
    return {"cancelled": seat.cancel()}


@router.get("/{id}/objects/{number}/probability", responses=Frame)
async def probability(seat: Sat, number: InPath) -> Response:
    """How probable each voxel is, times 255."""

    def work() -> bytes:
        item = seat.session.object(number)
        region = item.levels.region
        header = {"kind": "probability", "object": number}
        return frames.frame(header, region, item.levels.on(region), seat.grid)

    return reply(await seat.read(work))


@router.get("/{id}/objects/{number}/suggestion")
async def suggestion(seat: Sat, number: InPath) -> dict[str, Any]:
    """Where to mark next."""
    session = seat.session

    def work() -> dict[str, Any]:
        return suggest.suggestion(session.object(number), session.volume, seat.grid)

    found: dict[str, Any] = await seat.read(work)
    return found


async def state(bench: Workbench, user: str, id: str) -> dict[str, Any]:
    """All that a page needs to show a session; waits for nothing that runs."""
    async with bench.chair(user, id) as chair:
        seat = chair.seat
        running = seat.running()
        found: dict[str, Any] = await seat.look(lambda now: _state(bench, user, chair, now))
    return {**found, "busy": running}


def _state(bench: Workbench, user: str, chair: Chair, settled: Settled) -> dict[str, Any]:
    seat, id = chair.seat, chair.seat.id
    kept = bench.journal.kept(id)
    done = bench.journal.marked(user)
    more = {
        "status": _status(kept.place, kept.steps, done),
        "interrupted": [_interrupted(row, seat) for row in bench.journal.interrupted(id)],
        "exports": exporting.formats(seat.session.volume),
    }
    return as_state(seat.session, settled, kept, seat.grid, chair.image, more)


def _interrupted(row: dict[str, Any], seat: Seat) -> dict[str, Any]:
    """What was asked, with its prompts as the page reads them."""
    said = [seat.grid.prompt_out(from_json(value)) for value in row.get("prompts", ())]
    return {**row, "prompts": [frames.whole(prompt) for prompt in said]}


def _status(place: str, steps: int, done: set[str]) -> str:
    if place and place in done:
        return "done"
    return "started" if steps else "to do"
