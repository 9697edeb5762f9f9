"""What clients send: files in a folder of their own, which only the server's owner may read."""

import json
import os
import re
import secrets
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

from ..journal import Journal
from .failures import Refused
from .settings import Limits

_NAME = re.compile(r"[^\w.\- ]", re.ASCII)
_OWNER = ".owner"
_KEPT = ".session"
_HEADS = (".mhd", ".nhdr", ".hdr")
_IMAGES = (
    ".nii", ".nii.gz", ".nrrd", ".mha", ".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", *_HEADS,
)  # fmt: skip


class Uploads:
    """Uploads, each a folder.

    Args:
        place: Of them all.
        limits: How much is taken.
    """

    def __init__(self, place: Path, limits: Limits) -> None:
        self._place, self._limits = place, limits
        place.mkdir(mode=0o700, parents=True, exist_ok=True)

    def begin(self, owner: str) -> str:
        """An empty upload. The oldest that no session took up make room."""
        mine = [each for each in self._place.iterdir() if _read(each / _OWNER) == owner]
        waiting = sorted(
            (each for each in mine if not (each / _KEPT).exists()), key=lambda e: e.stat().st_mtime
        )
        for old in waiting[: max(0, len(waiting) - self._limits.uploads + 1)]:
            shutil.rmtree(old, ignore_errors=True)
        id = secrets.token_urlsafe(16)
        (self._place / id).mkdir(mode=0o700)
        (self._place / id / _OWNER).write_text(owner, encoding="utf-8")
        return id

    async def add(self, owner: str, id: str, name: str, parts: AsyncIterator[bytes]) -> int:
        """A file of an upload, as it arrives; its size.

        Raises:
            Refused: If there is no such upload, or it grows too large.
        """
        folder = self.folder(owner, id)
        if (folder / _KEPT).exists():
            raise Refused(409, "SessionError", "this upload is open in a session; begin another")
        held = sum(each.stat().st_size for each in folder.iterdir())
        target = folder / _plain(name)
        partial = folder / f".{secrets.token_hex(8)}.part"
        size = 0
        try:
            with os.fdopen(
                os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb"
            ) as out:
                async for part in parts:
                    size += len(part)
                    if held + size > self._limits.upload_bytes:
                        raise Refused(
                            413, "TooLarge",
                            f"an upload may have {self._limits.upload_bytes} bytes, this has more",
                        )  # fmt: skip
                    out.write(part)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return size

    def folder(self, owner: str, id: str) -> Path:
        """Where an upload of this owner is.

        Raises:
            Refused: If there is none.
        """
        place = self._place / id
        if not re.fullmatch(r"[\w-]{1,40}", id, re.ASCII) or _read(place / _OWNER) != owner:
            raise Refused(404, "NotFound", "there is no such upload")
        return place

    def files(self, owner: str, id: str) -> list[Path]:
        """The files of an upload."""
        return sorted(p for p in self.folder(owner, id).iterdir() if not p.name.startswith("."))

    def images(self, owner: str, id: str) -> list[Path]:
        """What to read of an upload: its images, headers without their data, or a DICOM folder."""
        files = self.files(owner, id)
        if not files:
            raise Refused(409, "SessionError", "nothing was uploaded yet")
        if len(files) == 1:
            return files
        images = [f for f in files if f.name.lower().endswith(_IMAGES)]
        headed = any(f.suffix.lower() in _HEADS for f in images)
        return images if headed or images == files else [self.folder(owner, id)]

    def keep(self, owner: str, id: str, session: str) -> None:
        """Note that a session is made on it."""
        path = self.folder(owner, id) / _KEPT
        held = json.loads(_read(path) or "[]")
        path.write_text(json.dumps([*held, session]), encoding="utf-8")

    def drop(self, owner: str, id: str, session: str) -> None:
        """A session on it is gone; the upload goes with the last."""
        folder = self.folder(owner, id)
        held = [each for each in json.loads(_read(folder / _KEPT) or "[]") if each != session]
        if held:
            (folder / _KEPT).write_text(json.dumps(held), encoding="utf-8")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def forget(home: Path, journal: Journal, id: str) -> None:
    """Delete a session and, if no other is made on it, its upload."""
    kept = journal.kept(id)
    journal.purge(id)
    upload = kept.image.get("upload")
    if upload:
        try:
            Uploads(home / "uploads", Limits()).drop(kept.owner, upload, id)
        except Refused:
            return


def _plain(name: str) -> str:
    """A name that is safe in any folder."""
    plain = _NAME.sub("_", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    return plain[-120:].lstrip(".") or "file"


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""
