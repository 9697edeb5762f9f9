"""What all routes need: who asks, and the workbench."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request
from fastapi.responses import Response

from ..frames import MEDIA
from ..seat import Seat
from ..workbench import Workbench


def _bench(request: Request) -> Workbench:
    bench: Workbench = request.app.state.bench
    return bench


def _user(request: Request) -> str:
    user: str = request.state.user
    return user


Bench = Annotated[Workbench, Depends(_bench)]
User = Annotated[str, Depends(_user)]
Window = Annotated[str, Header(alias="X-Window", max_length=64)]
Named = Annotated[str, Path(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


async def _seat(id: Named, bench: Bench, user: User) -> AsyncIterator[Seat]:
    async with bench.chair(user, id) as chair:
        yield chair.seat


Sat = Annotated[Seat, Depends(_seat)]
Frame: dict[int | str, dict[str, Any]] = {
    200: {"content": {MEDIA: {}}, "description": "Changed voxels"}
}
_WORDS = {
    400: "Malformed", 401: "No token", 403: "Not allowed", 404: "Not found", 409: "Not now",
    413: "Too large", 422: "Not valid", 429: "Busy",
}  # fmt: skip
ERRORS: dict[int | str, dict[str, Any]] = {
    status: {"description": words} for status, words in _WORDS.items()
}


def reply(frame: bytes) -> Response:
    """A frame as a response."""
    return Response(frame, media_type=MEDIA)
