"""The images that clients name: where they are, how large, and their voxels."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DelineateError, SessionError
from ..io import extent, read
from ..types import Float32
from ..volume import Volume
from .failures import Refused
from .forms import FILES, Opening
from .places import inside, relative
from .placing import Place, mapped, placed, remove
from .settings import Settings
from .uploads import Uploads


class Images:
    """The images of a server's folder and of its uploads.

    Args:
        settings: Of the server.
        uploads: Of its clients.
    """

    def __init__(self, settings: Settings, uploads: Uploads) -> None:
        self._settings, self._uploads = settings, uploads
        self._place = Place(settings.home / "open")

    def close(self) -> None:
        """Take away the voxels that were put into files."""
        self._place.close()

    def find(self, owner: str, path: str | None, upload: str | None) -> list[Path]:
        """What a client names: a file or a folder, or several files of an upload."""
        if (path is None) == (upload is None):
            raise Refused(422, "Invalid", "give a path or an upload, one of them")
        if upload is not None:
            return self._uploads.images(owner, upload)
        return [inside(self._settings.folder, path or "")]

    def where(self, owner: str, asked: Opening) -> dict[str, Any]:
        """Where an image is, as the journal keeps it."""
        if (asked.path is not None) + (asked.paths is not None) + (asked.upload is not None) != 1:
            raise Refused(422, "Invalid", "give a path, paths or an upload, one of them")
        paths = asked.paths or ([asked.path] if asked.path else [])
        folder = self._settings.folder
        for number, path in enumerate(paths):
            place = inside(folder, path)
            assert folder is not None
            paths[number] = relative(folder, place)
        if asked.upload:
            self._uploads.images(owner, asked.upload)
        return {
            "path": paths[0] if paths else None, "paths": paths, "upload": asked.upload,
            "series": asked.series, "channel": asked.channel,
        }  # fmt: skip

    def read(self, owner: str, where: Mapping[str, Any]) -> tuple[Volume, Path | None]:
        """The image, if it is not too large, and the file of its voxels if lanes need one."""
        files = [inside(self._settings.folder, path) for path in where["paths"]]
        files = files or self.find(owner, None, where["upload"])
        if len(files) > FILES:
            raise Refused(
                413, "TooLarge",
                f"at most {FILES} files can be the channels of one image, there are {len(files)}; "
                "put the slices of a volume into one file",
            )  # fmt: skip
        self.check_size(files, where["series"])
        file = self._place.file()
        chosen = {"series": where["series"], "channel": where["channel"]}
        try:
            if len(files) > 1:
                volume = read(files, **chosen)
            else:
                volume = read(files[0], **chosen, room=partial(self._space, file))
            if not self._shared(volume.shape):
                return volume, None
            return placed(volume, file), file
        except OSError as error:
            remove(file)
            raise SessionError(f"the image could not be placed: {error.strerror}") from error
        except DelineateError:
            remove(file)
            raise

    def check_size(self, files: list[Path], series: str | None) -> None:
        """Look at headers.

        Raises:
            Refused: If the image is larger than this server opens.
        """
        voxels = sum(extent(file, series) for file in files)
        most = self._settings.limits.voxels
        if voxels > most:
            raise Refused(
                413, "TooLarge",
                f"the image has {voxels} voxels, this server opens up to {most}; crop it, or start "
                "the server with a larger --voxels",
            )  # fmt: skip

    def _shared(self, shape: tuple[int, ...]) -> bool:
        """Whether other processes work on images of a shape."""
        return bool(self._settings.quick if 1 in shape else self._settings.slow)

    def _space(self, file: Path, shape: tuple[int, ...]) -> Float32:
        """Room for an image as it is read."""
        return mapped(file, shape) if self._shared(shape[1:]) else np.empty(shape, np.float32)


def same(kept: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether two images, as the journal keeps them, are the same."""
    return all(kept.get(name) == asked[name] for name in ("paths", "series", "channel", "upload"))
