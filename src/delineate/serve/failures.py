"""Errors as a client sees them: one sentence, a status, never a traceback or a path of ours."""

import logging
import re
import secrets
import traceback
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from ..errors import (
    Cancelled,
    DelineateError,
    ImageError,
    MethodError,
    NothingToUndo,
    PromptError,
    SessionError,
    SeveralImages,
    TooLarge,
    UnknownObject,
    UnknownPrompt,
    UnknownSession,
)
from .settings import Settings

LOG = logging.getLogger("delineate.serve")


class Refused(DelineateError):
    """The server does not do this.

    Args:
        status: Of HTTP.
        kind: For programs.
        message: For people.
    """

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (TooLarge, 413),
    (UnknownObject, 404),
    (UnknownPrompt, 404),
    (UnknownSession, 404),
    (NothingToUndo, 409),
    (SeveralImages, 409),
    (SessionError, 409),
    (Cancelled, 409),
    (PromptError, 422),
    (MethodError, 422),
    (ImageError, 422),
    (DelineateError, 422),
)
_KINDS = {404: "NotFound", 405: "NotFound", 413: "TooLarge"}


def told(error: Exception, settings: Settings) -> tuple[int, dict[str, Any]]:
    """Status and body for an error; one that is our fault goes to the log, by a reference."""
    if isinstance(error, Refused):
        return error.status, body(error.kind, str(error))
    if isinstance(error, DelineateError):
        status = next(status for kind, status in _STATUS if isinstance(error, kind))
        said = body(type(error).__name__, without_folders(str(error), settings))
        said["error"] |= getattr(error, "more", {})
        return status, said
    reference = secrets.token_hex(4)
    frames = traceback.extract_tb(error.__traceback__)
    where = "\n".join(f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in frames)
    there = getattr(error, "where", "")  # frames in another process
    LOG.error("fault %s: %s\n%s\n%s", reference, type(error).__name__, where, there)
    return 500, body(
        "Internal", f"the server failed at this; its log says more under {reference}; try again"
    )


def body(kind: str, message: str) -> dict[str, Any]:
    """The body of an error."""
    return {"error": {"kind": kind, "message": message}}


def without_folders(text: str, settings: Settings) -> str:
    """A message without the names of the server's own folders."""
    uploads = re.escape(str(settings.home / "uploads"))
    text = re.sub(rf"{uploads}[\\/][\w-]+[\\/]", "", text)
    text = re.sub(rf"{uploads}[\\/][\w-]+", "the upload", text)
    for folder in (settings.folder, settings.home):
        if folder is not None:
            text = text.replace(f"{folder}/", "").replace(f"{folder}\\", "")
            text = text.replace(str(folder), "the folder")
    return text


def install(app: FastAPI, settings: Settings) -> None:
    """Have an app answer its errors so."""

    async def ours(_: Request, error: Exception) -> JSONResponse:
        status, said = told(error, settings)
        return JSONResponse(said, status)

    async def malformed(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"] if part != "body") or "the body"
        return JSONResponse(body("Invalid", f"{where}: {first['msg']}"[:500]), 422)

    async def plain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        kind = _KINDS.get(error.status_code, "Invalid")
        said = body(kind, str(error.detail))
        return JSONResponse(said, error.status_code, headers=error.headers)

    app.add_exception_handler(DelineateError, ours)
    app.add_exception_handler(Exception, ours)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, plain)
