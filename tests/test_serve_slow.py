"""A real server, and clients that read slowly or hang up."""

import asyncio
import gzip
import json
import socket
import threading
import time

import httpx2
import nibabel as nib
import numpy as np
import pytest

from delineate.io import read
from delineate.serve import images, opening, workbench
from delineate.serve.forms import Opening
from serving import TOKENS, listening, settings, wait_until

IDLE, PAUSE = 1, 2.5
MINE = {"Authorization": f"Bearer {TOKENS['ann']}"}


@pytest.fixture
def address(tmp_path):
    """Of a server that closes connections on which nothing happens for a second."""
    (tmp_path / "images").mkdir()
    voxels = np.arange(256 * 256 * 128, dtype=np.int16).reshape(256, 256, 128)
    with gzip.open(tmp_path / "images" / "large.nii.gz", "wb", compresslevel=1) as file:
        file.write(nib.Nifti1Image(voxels, np.eye(4)).to_bytes())
    with listening(tmp_path, IDLE, method="graphcut") as (_, address):
        yield address


@pytest.fixture
def small(tmp_path):
    """An image in the folder of the server."""
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(5, 4, 3), np.eye(4))
    (tmp_path / "images").mkdir()
    nib.save(image, tmp_path / "images" / "small.nii")
    return tmp_path / "images" / "small.nii"


class Held:
    """A reader that waits until it may."""

    def __init__(self, read=read):
        self.read = read
        self.began, self.may = threading.Event(), threading.Event()

    def __call__(self, *args, **more):
        self.began.set()
        assert self.may.wait(20)
        return self.read(*args, **more)


def test_the_next_request_after_a_large_answer_read_slowly_is_heard(address):
    with socket.create_connection(address) as link:
        stream = link.makefile("rwb")

        def ask(verb, path, body=b""):
            head = f"{verb} {path} HTTP/1.1\r\nHost: {address[0]}:{address[1]}\r\n"
            head += f"Authorization: Bearer {TOKENS['ann']}\r\nContent-Length: {len(body)}\r\n"
            stream.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
            stream.flush()
            status = stream.readline().split()
            length = 0
            while line := stream.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.partition(b":")[2])
            return int(status[1]) if status else "the server had closed", length

        status, length = ask("POST", "/api/sessions", b'{"path": "large.nii.gz"}')
        assert status == 201
        id = json.loads(stream.read(length))["id"]
        status, length = ask("GET", f"/api/sessions/{id}/image")
        assert (status, length) == (200, 352 + 2 * 256 * 256 * 128)
        time.sleep(PAUSE)
        assert len(stream.read(length)) == length
        prompt = {"kind": "box", "low": [0, 0, 0], "high": [4, 4, 4]}
        body = json.dumps({"object": 1, "prompts": [prompt]}).encode()
        assert ask("POST", f"/api/sessions/{id}/prompts", body)[0] == 200


@pytest.mark.parametrize("hangs_up", [True, False])
def test_an_opening_that_is_given_up_leaves_nothing(tmp_path, small, monkeypatch, hangs_up):
    held = Held()
    monkeypatch.setattr(images, "read", held)
    with (
        listening(tmp_path, method="graphcut") as (server, address),
        httpx2.Client(base_url="http://{}:{}".format(*address), headers=MINE) as client,
    ):
        upload = client.post("/api/uploads").json()["upload"]
        client.put(f"/api/uploads/{upload}/small.nii", content=small.read_bytes())
        link = asked(address, upload=upload)
        answered(server, link, held, hangs_up)
        left = [row["id"] for row in client.get("/api/sessions").json()["sessions"]]
    assert len(left) == len(list((tmp_path / "home" / "uploads").iterdir())) == (not hangs_up)


def test_a_session_that_there_was_already_is_not_given_up(tmp_path, small, monkeypatch):
    with (
        listening(tmp_path, method="graphcut") as (_, address),
        asked(address, path="small.nii") as link,
    ):
        assert link.recv(100).startswith(b"HTTP/1.1 201")
    held = Held()
    monkeypatch.setattr(images, "read", held)
    with listening(tmp_path, method="graphcut") as (server, address):
        link = asked(address, path="small.nii")
        assert held.began.wait(20)
        link.close()
        wait_until(lambda: not server.server_state.connections)
        held.may.set()
        wait_until(lambda: not server.server_state.tasks)
        with httpx2.Client(base_url="http://{}:{}".format(*address), headers=MINE) as client:
            assert len(client.get("/api/sessions").json()["sessions"]) == 1


def test_what_somebody_else_has_opened_again_is_not_given_up(tmp_path, small):
    async def opened():
        bench = workbench.Workbench(settings(tmp_path, method="graphcut"))
        try:
            mine = Opening(path="small.nii")
            first, _ = await bench.open("ann", mine)
            assert await bench.open("ann", mine) == (first, False)
            other, _ = await bench.open("ann", Opening(path="small.nii", resume=False))
            for id in (first, other):
                await bench.abandon("ann", id)
            assert [kept.id for kept in bench.journal.list("ann")] == [first]
        finally:
            bench.close()

    asyncio.run(opened())


@pytest.mark.parametrize("hangs_up", [True, False])
def test_a_segmentation_that_is_given_up_adds_nothing(tmp_path, small, monkeypatch, hangs_up):
    held = Held(opening.labels)
    monkeypatch.setattr(opening, "labels", held)
    with (
        listening(tmp_path, method="graphcut") as (server, address),
        httpx2.Client(base_url="http://{}:{}".format(*address), headers=MINE) as client,
    ):
        id = client.post("/api/sessions", json={"path": "small.nii"}).json()["id"]
        link = asked(address, f"/{id}/segmentations", path="small.nii")
        answered(server, link, held, hangs_up)
        steps = client.get(f"/api/sessions/{id}").json()["history"]["steps"]
    assert len(steps) == (not hangs_up)


def answered(server, link, held, hangs_up):
    """Wait until the server is done with what was asked on a link, which hangs up before or not."""
    assert held.began.wait(20)
    if hangs_up:
        link.close()
        wait_until(lambda: len(server.server_state.connections) == 1)
    held.may.set()
    wait_until(lambda: not server.server_state.tasks)
    link.close()


def asked(address, rest="", **opening):
    """A connection on which an image, or something of a session, was asked for."""
    body = json.dumps(opening).encode()
    head = "POST /api/sessions{} HTTP/1.1\r\nHost: {}:{}\r\n".format(rest, *address)
    head += f"Authorization: {MINE['Authorization']}\r\nContent-Type: application/json\r\n"
    link = socket.create_connection(address)
    link.sendall(head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    return link
