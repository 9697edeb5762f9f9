"""Where the voxels of open images lie, so that the processes of methods find them too.

Each server has a folder of its own, which it holds by a lock: another that is started beside it
takes away what is left of servers that have died, and nothing else.
"""

import os
import secrets
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from filelock import FileLock, Timeout

from ..geometry import Geometry
from ..types import Float32
from ..volume import Volume

_LOCK = ".lock"


@dataclass(frozen=True)
class Image:
    """Where another process finds an image.

    Args:
        key: Of the image, unlike any other's.
        path: Its voxels, as numpy keeps them.
        shape: Of its grid.
        affine: Of its grid.
        channels: Their names.
    """

    key: str
    path: str
    shape: tuple[int, int, int]
    affine: Any
    channels: tuple[str, ...]

    @classmethod
    def of(cls, volume: Volume, file: Path) -> Self:
        """An image whose voxels lie in a file."""
        affine = np.array(volume.geometry.affine)
        return cls(file.stem, str(file), volume.shape, affine, volume.channels)

    def volume(self) -> Volume:
        """The image; its voxels are read when they are needed."""
        data = np.load(self.path, mmap_mode="r")
        return Volume(data, Geometry(self.shape, self.affine), self.channels)


class Place:
    """A server's folder for voxels.

    Args:
        parent: The folder of all servers' folders; made for its owner alone.
    """

    def __init__(self, parent: Path) -> None:
        parent.mkdir(mode=0o700, exist_ok=True)
        _clear(parent)
        self._lock: FileLock | None = None
        while self._lock is None:
            self._folder = parent / secrets.token_hex(8)
            self._lock = _held(self._folder.with_suffix(_LOCK))
        self._folder.mkdir(mode=0o700)

    def file(self) -> Path:
        """A file that is not there yet."""
        return self._folder / f"{secrets.token_hex(8)}.npy"

    def close(self) -> None:
        """Take it all away."""
        assert self._lock is not None
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()
        self._folder.with_suffix(_LOCK).unlink(missing_ok=True)


def mapped(file: Path, shape: tuple[int, ...]) -> Float32:
    """Room for voxels in a file, if the disk has it; else, and where none can be promised, in
    memory: a mapped file for which the disk has no room would end the process."""
    if not hasattr(os, "posix_fallocate"):
        return np.empty(shape, np.float32)
    room: Float32 = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=shape)
    with file.open("r+b") as opened:
        os.posix_fallocate(opened.fileno(), 0, file.stat().st_size)
    return room


def placed(volume: Volume, file: Path) -> Volume:
    """The image with its voxels read from a file, which is written if it is not there yet."""
    if not file.exists():
        np.save(file, volume.data)
    return replace(volume, data=np.load(file, mmap_mode="r"))


def remove(file: Path | None) -> None:
    """Take voxels away; where another process still reads them, they go with the folder."""
    try:
        if file is not None:
            file.unlink(missing_ok=True)
    except OSError:
        return


def _clear(parent: Path) -> None:
    """Take away folders that no living process holds."""
    for folder in parent.iterdir():
        if folder.suffix == _LOCK:
            continue
        lock = _held(folder.with_suffix(_LOCK))
        if lock is not None:
            shutil.rmtree(folder, ignore_errors=True)
            lock.release()
            folder.with_suffix(_LOCK).unlink(missing_ok=True)


def _held(path: Path) -> FileLock | None:
    """A lock that ends with this process; None if another process has it."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock
