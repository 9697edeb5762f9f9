"""A real server in a process of its own, and what it says of a session."""

import gzip
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import nibabel
import numpy as np

HERE = Path(__file__).parent
# Seconds to wait for anything at all; more on a machine that is busy.
PATIENCE = float(os.environ.get("DELINEATE_PATIENCE") or 60)


class Served:
    """A server over a folder; `close` ends it.

    Args:
        folder: Of images.
        home: Where it keeps its journal.
        method: Of new sessions; "" for the one that suits each image.
        demo: Whether `delineate demo` starts it, and fills the folder.
    """

    def __init__(self, folder: Path, home: Path, method: str = "balls", demo: bool = False) -> None:
        self.folder, self.home, self.method, self.demo = folder, home, method, demo
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.start()

    def start(self) -> None:
        """Start it, again on the same port if it was stopped."""
        path = os.pathsep.join([str(HERE / "stub"), os.environ.get("PYTHONPATH", "")])
        self._log = (self.home / "server.log").open("a", encoding="utf-8")
        words = ["demo"] if self.demo else ["serve", "--home", str(self.home)]
        self.process = subprocess.Popen(
            [sys.executable, "-u", "-m", "delineate", *words, str(self.folder), "--no-browser",
             "--port", str(self.port), *(["--method", self.method] if self.method else [])],
            stdout=subprocess.PIPE, stderr=self._log, text=True,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip
        line = next((line for line in self.process.stdout if "token=" in line), "")
        assert line, f"the server did not start; see {self.home / 'server.log'}"
        self.url = line.split("open ")[1].strip()
        self.token = self.url.partition("token=")[2]
        try:
            self.get("/api/methods")
        except OSError:
            self.kill()
            raise

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        self._log.close()

    close = kill

    def get(self, path: str) -> bytes:
        """The body of a reply."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as reply:
            return reply.read()

    def state(self, session: str) -> dict:
        """A session as the server has it."""
        return json.loads(self.get(f"/api/sessions/{session}"))

    def masks(self, session: str) -> np.ndarray:
        """The label map that the server writes, on the page's grid."""
        return canonical(self.get(f"/api/sessions/{session}/export?format=nifti"))


def canonical(file: bytes) -> np.ndarray:
    """The labels of a NIfTI, its axes to the right, the front and the head."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "labels.nii")
        path.write_bytes(gzip.decompress(file) if file[:2] == b"\x1f\x8b" else file)
        image = nibabel.as_closest_canonical(nibabel.load(path))
        return np.asarray(image.dataobj).astype(int)


def wait_until(true, seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)
