"""The application: routes behind the guard, errors as sentences, the page as files."""

import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import autosave, failures, live
from .guard import Guard
from .routes import files, marks, results, sessions
from .routes.common import ERRORS
from .settings import Settings
from .workbench import Workbench

LOG = logging.getLogger("delineate.serve")
_NO_PAGE = (
    "<!doctype html><title>delineate</title><p>The page is not built: run make web, which "
    "needs Node 20. The interface under /api works."
)


def create(settings: Settings) -> ASGIApp:
    """The application of a server.

    Args:
        settings: All that it is told.
    """
    app = FastAPI(
        title="delineate", version=version("delineate"), openapi_url="/api/openapi.json",
        docs_url=None, redoc_url=None, lifespan=_life, responses=ERRORS,
    )  # fmt: skip
    app.state.settings = settings
    failures.install(app, settings)
    for part in (files, sessions, marks, results, live):
        app.include_router(part.router)
    if (settings.static / "index.html").exists():
        app.mount("/", StaticFiles(directory=settings.static, html=True), "page")
    else:
        app.add_api_route("/", _no_page, response_class=HTMLResponse, include_in_schema=False)
    return Guard(_Logged(app), settings)


@asynccontextmanager
async def _life(app: FastAPI) -> AsyncIterator[None]:
    bench = Workbench(app.state.settings)
    app.state.bench = bench
    bench.methods()
    try:
        yield
    finally:
        await autosave.finish(bench)
        bench.close()


async def _no_page() -> str:
    return _NO_PAGE


class _Logged:
    """One line a request: method, route, status, time; never a path, a name or a query."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            LOG.error("after the answer: %s", type(error).__name__)
        finally:
            route = getattr(scope.get("route"), "path", "-")
            spent = 1000 * (time.perf_counter() - began)
            LOG.info("%s %s %d %.0f ms", scope["method"], route, status, spent)
