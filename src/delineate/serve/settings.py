"""What a server is told when it is started: where, who, how much."""

import hmac
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..errors import SessionError

HOME = "DELINEATE_HOME"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a server takes on.

    Args:
        upload_bytes: Of one upload, all its files together.
        uploads: Of one user, that no session has taken up.
        body_bytes: Of any other request.
        voxels: Of an image, channels counted.
        memory_bytes: Of all open images and their histories; those not in use are closed first.
        sessions: Of one user.
        waiting: Requests that may wait for one session.
        files: That a listing or a work list looks at.
    """

    upload_bytes: int = 4 * 2**30
    uploads: int = 20
    body_bytes: int = 32 * 2**20
    voxels: int = 400_000_000
    memory_bytes: int = 8 * 2**30
    sessions: int = 500
    waiting: int = 8
    files: int = 5000


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a server is told.

    Args:
        folder: Images that it may show; None for uploads alone.
        home: Where it keeps its journal, uploads and tokens; its owner's alone.
        journal: An SQLAlchemy URL; by default a file in `home`.
        tokens: For each user, the token.
        hosts: Names by which it may be asked for.
        port: Where it listens.
        method: Of a new session; "" for the one that suits the image.
        fields: Of that method.
        write: Whether masks may be written beside images.
        quick: Processes for pictures and slices; 0 computes in the server's own.
        slow: Processes for volumes.
        limits: How much it takes on.
        static: The built page.
    """

    folder: Path | None
    home: Path
    journal: str | None = None
    tokens: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost", "[::1]")
    port: int = 8765
    method: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    write: bool = True
    quick: int = 1
    slow: int = 1
    limits: Limits = field(default_factory=Limits)
    static: Path = Path(__file__).parent / "static"

    @property
    def database(self) -> str:
        """What the journal opens."""
        return self.journal or str(self.home / "journal.db")

    @property
    def cookie(self) -> str:
        """The cookie's name; cookies do not know ports."""
        return f"delineate-{self.port}"

    def user(self, token: str) -> str | None:
        """Whose token it is, found in a time that says nothing about it."""
        asked, found = sha256(token.encode()).digest(), None
        for name, known in self.tokens.items():
            if hmac.compare_digest(sha256(known.encode()).digest(), asked):
                found = name
        return found


def home(path: Path | None = None) -> Path:
    """The folder for what a server keeps, made for its owner alone.

    Args:
        path: By default what DELINEATE_HOME says, or `.delineate` in the user's own folder.

    Raises:
        SessionError: If it cannot be made.
    """
    place = path or Path(os.environ.get(HOME) or Path.home() / ".delineate")
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        place.chmod(0o700)
    except OSError as error:
        raise SessionError(f"{place} cannot be used as the server's folder: {error}") from error
    return place.resolve()


def tokens(place: Path, users: tuple[str, ...]) -> dict[str, str]:
    """A token for each user, kept in the server's folder, so that a restart changes none."""
    folder = place / "tokens"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = {}
    for user in users:
        path = folder / sha256(user.encode()).hexdigest()[:32]
        if not path.exists():
            with os.fdopen(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as file:
                file.write(secrets.token_urlsafe(32))
        found[user] = path.read_text().strip()
    return found
