"""Servers in this process, and a client that does as the page does."""

import json
import struct
import threading
import time
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvicorn
from starlette.testclient import TestClient

from delineate.serve.app import create
from delineate.serve.run import IDLE, listen
from delineate.serve.settings import Limits, Settings, home

TOKENS = {"ann": "token-of-ann", "bob": "token-of-bob"}


def settings(tmp_path, **more) -> Settings:
    folder = tmp_path / "images"
    folder.mkdir(exist_ok=True)
    told = {
        "folder": folder.resolve(), "home": home(tmp_path / "home"), "tokens": TOKENS,
        "hosts": ("testserver",), "port": 80, "method": "bright", "quick": 0, "slow": 0,
    }  # fmt: skip
    return Settings(**{**told, **more})


@contextmanager
def served(tmp_path, user="ann", **more):
    """A client of a fresh server on what is kept in `tmp_path`."""
    app = create(settings(tmp_path, **more))
    with TestClient(app, headers={"Authorization": f"Bearer {TOKENS[user]}"}) as client:
        yield client


@contextmanager
def listening(tmp_path, idle=IDLE, **more):
    """A real server on a port of its own, and its address."""
    bound = listen("127.0.0.1", 0)
    bound.listen()
    port = bound.getsockname()[1]
    app = create(settings(tmp_path, port=port, hosts=("127.0.0.1",), **more))
    server = uvicorn.Server(uvicorn.Config(app, timeout_keep_alive=idle, log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    try:
        yield server, ("127.0.0.1", port)
    finally:
        server.should_exit = True
        thread.join()


def wait_until(true, seconds=20):
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def limits(**more) -> Limits:
    return Limits(**more)


class Page:
    """Keeps the label map by changed boxes, on the page's grid."""

    def __init__(self, client, path=None, **more):
        self.client = client
        body = {"path": path, **more} if path else more
        reply = client.post("/api/sessions", json=body)
        assert reply.status_code in (200, 201), reply.text
        self.first = reply.json()
        self.id = self.first["id"]
        self.labels = np.zeros(self.first["image"]["shape"], np.uint8)
        self.apply(client.get(self.url("labels")).content)

    def url(self, rest=""):
        return f"/api/sessions/{self.id}" + (f"/{rest}" if rest else "")

    def state(self):
        return self.client.get(self.url()).json()

    def send(self, verb, rest, **body):
        return self.client.request(verb, self.url(rest), json=body)

    def do(self, verb, rest, **body):
        reply = self.send(verb, rest, **body)
        assert reply.status_code == 200, reply.text
        return self.apply(reply.content)

    def mark(self, *prompts, object=1):
        return self.do("POST", "prompts", object=object, prompts=list(prompts))

    def apply(self, content):
        header, values = decode(content)
        where = tuple(
            slice(a, b)
            for a, b in zip(header["region"]["low"], header["region"]["high"], strict=True)
        )
        self.labels[where] = values
        return header

    def fresh(self):
        """All labels as a page that is loaded again has them."""
        out = np.zeros_like(self.labels)
        header, values = decode(self.client.get(self.url("labels")).content)
        low, high = header["region"]["low"], header["region"]["high"]
        out[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = values
        return out


def decode(content):
    (length,) = struct.unpack("<I", content[:4])
    header = json.loads(content[4 : 4 + length])
    low, high = header["region"]["low"], header["region"]["high"]
    shape = [b - a for a, b in zip(low, high, strict=True)]
    flat = np.frombuffer(zlib.decompress(content[4 + length :]), np.uint8)
    return header, flat.reshape(shape, order="F")


def runs(mask, low=(0, 0, 0)):
    """A mask as a box and runs, voxel by voxel."""
    flat, pairs = np.ravel(mask, order="F"), []
    for n, set_ in enumerate(flat):
        if set_ and n and flat[n - 1]:
            pairs[-1] += 1
        elif set_:
            pairs += [n, 1]
    high = [a + n for a, n in zip(low, mask.shape, strict=True)]
    return {"low": list(low), "high": high, "runs": pairs}


def click(*at, inside=True):
    return {"kind": "click", "at": list(at), "inside": inside}


def box(low, high):
    return {"kind": "box", "low": list(low), "high": list(high)}


def error(reply):
    return reply.status_code, reply.json()["error"]["kind"]


def copy_to(tmp_path, source: Path, name: str) -> Path:
    target = tmp_path / "images" / name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(Path(source).read_bytes())
    return target
