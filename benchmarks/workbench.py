"""A client of a real server process, for `crash.py` and `load.py`: it does as the page does."""

import json
import os
import queue
import struct
import subprocess
import sys
import threading
import zlib
from pathlib import Path
from typing import Any

import httpx2 as httpx
import nibabel as nib
import numpy as np


def start(folder: Path, home: Path, *more: str) -> tuple[subprocess.Popen[str], list[str]]:
    """A server in a process of its own, and the address with the token of each of its users."""
    users = max(1, more.count("--user"))
    process = subprocess.Popen(
        [sys.executable, "-m", "delineate", "serve", str(folder), "--home", str(home),
         "--port", "0", "--no-browser", *more],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    lines: queue.Queue[str] = queue.Queue()
    assert process.stdout is not None
    threading.Thread(
        target=lambda: [lines.put(line) for line in process.stdout], daemon=True
    ).start()
    try:
        found = [lines.get(timeout=240).split()[-1] for _ in range(users)]
    except queue.Empty:
        process.kill()
        raise SystemExit("the server did not start") from None
    return process, found


def end(process: subprocess.Popen[str]) -> None:
    """Stop a server as a person would."""
    process.terminate()
    process.wait(30)


class Page:
    """One user's page on one session: sends prompts, keeps the label map by changed boxes."""

    def __init__(self, address: str, timeout: float = 120.0) -> None:
        base, _, token = address.partition("/?token=")
        headers = {"Authorization": f"Bearer {token}"}
        self.client = httpx.Client(base_url=base, headers=headers, timeout=timeout)
        self.id = ""
        self.labels = np.zeros((0, 0, 0), np.uint8)
        self.header: dict[str, Any] = {}
        self.bytes = 0

    def open(self, path: str, **more: Any) -> dict[str, Any]:
        """Open an image, or its session again."""
        state = self._ok(self.client.post("/api/sessions", json={"path": path, **more})).json()
        self.id = state["id"]
        self.fetch(state)
        return dict(state)

    def state(self) -> dict[str, Any]:
        """The session as the server says it is."""
        return dict(self._ok(self.client.get(f"/api/sessions/{self.id}")).json())

    def fetch(self, state: dict[str, Any]) -> None:
        """All labels anew."""
        self.labels = np.zeros(state["image"]["shape"], np.uint8)
        self.apply(self._ok(self.client.get(f"/api/sessions/{self.id}/labels")).content)

    def do(self, verb: str, path: str, **body: Any) -> dict[str, Any]:
        """A request that changes masks; what it changed is applied."""
        reply = self.client.request(verb, f"/api/sessions/{self.id}/{path}", json=body)
        return self.apply(self._ok(reply).content)

    def apply(self, content: bytes) -> dict[str, Any]:
        """Put a frame into the label map; its header."""
        (length,) = struct.unpack("<I", content[:4])
        header = json.loads(content[4 : 4 + length])
        low, high = header["region"]["low"], header["region"]["high"]
        shape = [b - a for a, b in zip(low, high, strict=True)]
        flat = np.frombuffer(zlib.decompress(content[4 + length :]), np.uint8)
        where = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        self.labels[where] = flat.reshape(shape, order="F")
        self.bytes = len(content)
        return dict(header)

    def _ok(self, reply: httpx.Response) -> httpx.Response:
        if reply.status_code >= 400:
            raise Refusal(reply.status_code, reply.text)
        return reply


class Refusal(Exception):
    """The server said no."""


def scene(path: Path, shape: tuple[int, ...], seed: int, dtype: type = np.int16) -> None:
    """An image of bright blobs on a noisy ground, oblique to the axes of the patient."""
    from scipy import ndimage

    random = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(random.normal(size=shape), [min(n, 60) / 12 for n in shape])
    image = 400 * (smooth > 0.3 * smooth.std()) + random.normal(0, 40, shape)
    affine = np.diag([-1.0, -1.0, 1.5, 1.0])
    affine[:3, 3] = random.uniform(-50, 50, 3)
    nib.save(nib.Nifti1Image(image.astype(dtype), affine), path)
