"""Runs a server until it is told to stop."""

import logging
import socket
from collections.abc import Callable

import uvicorn

from ..errors import SessionError
from ..journal import Journal
from .app import create
from .settings import Settings

IDLE = 75
"""Seconds after which a connection is closed; clients give up theirs earlier, so that none sends
a request just as it is closed."""


def listen(host: str, port: int) -> socket.socket:
    """A socket that is bound; port 0 takes a free one.

    Raises:
        SessionError: If the address is in use or cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SessionError(
            f"the server cannot listen on {host} port {port}: {error.strerror}; give another --port"
        ) from error
    return bound


def run(settings: Settings, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Serve until a signal says to stop.

    Args:
        settings: All that the server is told.
        bound: Where it listens.
        ready: Called once, when it answers.

    Raises:
        SessionError: If the journal cannot be opened.
    """
    try:
        Journal(settings.database).close()
    except SessionError:
        bound.close()
        raise
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    config = uvicorn.Config(
        create(settings), log_config=None, log_level="warning", access_log=False,
        server_header=False, ws_max_size=2 * 2**20, timeout_graceful_shutdown=5,
        timeout_keep_alive=IDLE,
    )  # fmt: skip
    server = _Server(config, ready)
    server.run(sockets=[bound])


class _Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does it."""
        await super().startup(sockets)
        if self.started:
            self._ready()
