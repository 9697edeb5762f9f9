"""A real server and a client that reads slowly: a large answer, then the next request."""

import gzip
import socket
import threading

import nibabel as nib
import numpy as np
import pytest
import uvicorn

from delineate.serve import run
from delineate.serve.app import create
from serving import TOKENS, settings

IDLE, PAUSE = 1, 2.5


@pytest.fixture
def address(tmp_path):
    """Of a server that closes connections on which nothing happens for a second."""
    bound = run.listen("127.0.0.1", 0)
    bound.listen()
    port = bound.getsockname()[1]
    told = settings(tmp_path, port=port, hosts=("127.0.0.1",), method="graphcut")
    voxels = np.arange(256 * 256 * 128, dtype=np.int16).reshape(256, 256, 128)
    with gzip.open(told.folder / "large.nii.gz", "wb", compresslevel=1) as file:
        file.write(nib.Nifti1Image(voxels, np.eye(4)).to_bytes())
    config = uvicorn.Config(create(told), timeout_keep_alive=IDLE, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    yield "127.0.0.1", port
    server.should_exit = True
    thread.join()


def test_the_next_request_after_a_large_answer_read_slowly_is_heard(address):
    import json
    import time

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
