"""The WebSocket of a session: progress out, previews of dragged marks in and out."""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field, TypeAdapter, ValidationError

from ..errors import DelineateError
from .failures import told
from .forms import AnyPrompt, Form, Number
from .routes.marks import decode
from .seat import Seat
from .workbench import Workbench

router = APIRouter()
_WAITING = 64
_LONGEST = 2 * 2**20


class _Preview(Form):
    kind: Literal["preview"]
    number: Annotated[int, Field(ge=0, le=2**53)]
    object: Number = 1
    prompt: AnyPrompt
    replacing: Annotated[int, Field(ge=1, le=2**31)] | None = None


class _Word(Form):
    kind: Literal["cancel", "ping"]


_SAID: TypeAdapter[_Preview | _Word] = TypeAdapter(
    Annotated[_Preview | _Word, Field(discriminator="kind")]
)


@router.websocket("/api/sessions/{id}/live")
async def live(socket: WebSocket, id: str) -> None:
    """Listen and tell until the page goes."""
    bench: Workbench = socket.app.state.bench
    try:
        async with bench.chair(socket.state.user, id) as chair:
            await _live(socket, bench, chair.seat)
    except DelineateError:
        await socket.close(4404)


async def _live(socket: WebSocket, bench: Workbench, seat: Seat) -> None:
    await socket.accept()
    outbox: asyncio.Queue[Any] = asyncio.Queue(_WAITING)
    seat.watchers.add(outbox)
    running = seat.running()
    if running:
        outbox.put_nowait(running)
    sender = asyncio.create_task(_send(socket, outbox))
    previews: set[asyncio.Task[None]] = set()
    try:
        while True:
            text = await socket.receive_text()
            if len(text) > _LONGEST:
                await socket.close(1009)
                return
            await _hear(bench, seat, outbox, text, previews)
    except (WebSocketDisconnect, KeyError, RuntimeError):
        return
    finally:
        seat.watchers.discard(outbox)
        sender.cancel()


async def _hear(
    bench: Workbench,
    seat: Seat,
    outbox: asyncio.Queue[Any],
    text: str,
    previews: set[asyncio.Task[None]],
) -> None:
    try:
        said = _SAID.validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        message = {"kind": "Invalid", "message": f"{first['msg']}"[:300]}
        await outbox.put({"kind": "error", "number": 0, "error": message})
        return
    if isinstance(said, _Preview):
        task = asyncio.create_task(_preview(bench, seat, outbox, said))
        previews.add(task)
        task.add_done_callback(previews.discard)
    elif said.kind == "cancel":
        seat.cancel()
    else:
        await outbox.put({"kind": "pong"})


async def _preview(
    bench: Workbench, seat: Seat, outbox: asyncio.Queue[Any], said: _Preview
) -> None:
    try:
        prompt = await bench.off(decode, said.prompt, seat.grid)
        frame = await seat.preview(
            said.number,
            lambda session, observe: session.preview(prompt, said.object, said.replacing, observe),
        )
    except Exception as error:
        _, body = told(error, bench.settings)
        await outbox.put({"kind": "error", "number": said.number, **body})
    else:
        if frame is not None:
            await outbox.put(frame)


async def _send(socket: WebSocket, outbox: asyncio.Queue[Any]) -> None:
    while True:
        said = await outbox.get()
        send: Callable[[Any], Any] = (
            socket.send_bytes if isinstance(said, bytes) else socket.send_json
        )
        try:
            await send(said)
        except (RuntimeError, WebSocketDisconnect):
            return
