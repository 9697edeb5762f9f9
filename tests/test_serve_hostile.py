"""Files and requests meant to do harm: a sentence each, little memory, and the server goes on."""

import gzip
import io
import json
import struct
import threading
import time
import zlib
from importlib.metadata import EntryPoint

import httpx2
import nibabel as nib
import numpy as np
import psutil
import pydicom
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import status_code_conformance

from delineate import methods
from delineate.serve.app import create
from delineate.serve.run import listen
from delineate.serve.settings import Limits
from serving import TOKENS, Page, click, error, limits, served, settings
from stubs import Bright, Copy
from test_dicom import dataset

ROOM = 80 * 2**20


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in (Bright, Copy))
    monkeypatch.setattr(methods, "BUILT_IN", known)


def nifti(shape, dtype=np.int16, **more):
    header = nib.Nifti1Header()
    header.set_data_dtype(dtype)
    header["dim"][: len(shape) + 1] = (len(shape), *shape)
    header["magic"] = b"n+1"
    for name, value in {"vox_offset": 352, "sform_code": 1, **more}.items():
        header[name] = value
    header.set_sform(np.eye(4), 1)
    return header.binaryblock + b"\0\0\0\0"


def zeros(megabytes):
    """A gzip of so much nothing, small itself."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=1) as packed:
        for _ in range(megabytes):
            packed.write(bytes(2**20))
    return out.getvalue()


def bomb_after_the_voxels():
    return gzip.compress(nifti((4, 4, 4)) + bytes(128)) + zeros(150)


def bomb_before_the_voxels():
    return gzip.compress(nifti((4, 4, 4), vox_offset=2.0**30)) + zeros(150)


def bomb_in_an_extension():
    head = nifti((4, 4, 4), vox_offset=2.0**30)[:-4] + b"\1\0\0\0" + struct.pack("<ii", 2**30, 6)
    return gzip.compress(head) + zeros(150)


def huge_dicom():
    one = dataset(np.zeros((2, 2), np.int16), ImagePositionPatient=[0, 0, 0],
                  ImageOrientationPatient=[1, 0, 0, 0, 1, 0], PixelSpacing=[1, 1])  # fmt: skip
    one.Rows = one.Columns = 65535
    one.NumberOfFrames = 10_000
    out = io.BytesIO()
    pydicom.dcmwrite(out, one, enforce_file_format=True)
    return out.getvalue()


def huge_png():
    def chunk(kind, content):
        sum_ = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", sum_)

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    lines = zlib.compress(bytes(10**6))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


def nrrd(sizes, data):
    head = (
        "NRRD0004\ntype: short\ndimension: 3\nspace: left-posterior-superior\n"
        f"sizes: {sizes}\nspace directions: (1,0,0) (0,1,0) (0,0,1)\nkinds: domain domain domain\n"
        "endian: little\nencoding: gzip\nspace origin: (0,0,0)\n\n"
    )
    return head.encode() + data


def meta(sizes, data):
    head = (
        "ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\n"
        f"CompressedData = True\nDimSize = {sizes}\nElementType = MET_SHORT\n"
        "ElementDataFile = LOCAL\n"
    )
    return head.encode() + data


HOSTILE = {
    "huge.nii": (lambda: nifti((30_000, 30_000, 30_000)), 413),
    "negative.nii": (lambda: nifti((-5, 5, 5)), 422),
    "cut.nii": (lambda: nifti((200, 200, 200)) + bytes(100), 422),
    "nan.nii": (
        lambda: nifti((2, 2, 2), np.float32) + struct.pack("<8f", *[float("nan")] * 8),
        422,
    ),
    "after.nii.gz": (bomb_after_the_voxels, 201),
    "before.nii.gz": (bomb_before_the_voxels, 422),
    "extension.nii.gz": (bomb_in_an_extension, 422),
    "only.nii.gz": (lambda: zeros(150), 422),
    "slice.dcm": (huge_dicom, 413),
    "huge.png": (huge_png, 413),
    "huge.nrrd": (lambda: nrrd("60000 60000 60000", b""), 413),
    "bomb.nrrd": (lambda: nrrd("4 4 4", zeros(150)), None),
    "huge.mha": (lambda: meta("60000 60000 60000", b""), 413),
    "bomb.mha": (lambda: meta("4 4 4", zlib.compress(bytes(150 * 2**20), 1)), None),
    "empty.nii": (lambda: b"", 422),
    "text.nii": (lambda: b"hello" * 100, 422),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_a_sentence(tmp_path, name):
    make, status = HOSTILE[name]
    with served(tmp_path) as client:
        upload = client.post("/api/uploads").json()["upload"]
        assert client.put(f"/api/uploads/{upload}/{name}", content=make()).status_code == 200
        before = psutil.Process().memory_info()
        reply = client.post("/api/sessions", json={"upload": upload})
        after = psutil.Process().memory_info()
        assert reply.status_code == status or (status is None and reply.status_code in (201, 422))
        if reply.status_code != 201:
            assert str(tmp_path) not in reply.text and "Traceback" not in reply.text
        assert after.rss - before.rss < ROOM
        good = client.post("/api/uploads").json()["upload"]
        content = nifti((3, 3, 3)) + bytes(54)
        client.put(f"/api/uploads/{good}/good.nii", content=content)
        page = Page(client, upload=good)
        page.mark(click(0, 0, 0))


def test_requests_meant_to_do_harm(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.nii").write_bytes(nifti((5, 4, 3)) + bytes(120))
    with served(tmp_path, limits=limits(body_bytes=2**20)) as client:
        page = Page(client, "a.nii")
        whole = 2**31 - 1
        for prompt in (
            {"kind": "click", "at": [0, 0, 10**30]},
            {"kind": "click", "at": [0, 0, 1.5]},
            {"kind": "click", "at": [0, 0, True]},
            {"kind": "box", "low": [0, 0, 0], "high": [whole, whole, whole]},
            {"kind": "box", "low": [3, 3, 3], "high": [0, 0, 0]},
            {
                "kind": "paint",
                "voxels": {"low": [0, 0, 0], "high": [whole] * 3, "runs": [0, whole]},
            },
            {"kind": "paint", "voxels": {"low": [0, 0, 0], "high": [5, 4, 3], "runs": [59, 2]}},
            {"kind": "paint", "voxels": {"low": [0, 0, 0], "high": [5, 4, 3], "runs": []}},
            {"kind": "adjust", "amount": 1e999},
            {"kind": "nosuch"},
            {},
        ):
            reply = client.post(
                page.url("prompts"),
                content=json.dumps({"object": 1, "prompts": [prompt]}),
                headers={"Content-Type": "application/json"},
            )
            assert reply.status_code == 422, prompt
            assert set(reply.json()["error"]) == {"kind", "message"}
        deep = b"[" * 100_000 + b"]" * 100_000
        for content in (deep, b"\xff\xfe", b"{", b"x" * 2**21):
            reply = client.post(
                page.url("view").replace("view", "prompts"),
                content=content, headers={"Content-Type": "application/json"},
            )  # fmt: skip
            assert reply.status_code in (400, 413, 422)
        name = client.post(page.url("objects"), json={"name": "a\nb\x00<script>"})
        assert name.status_code == 200
        out = client.get(page.url("export?format=nifti"))
        assert error(out)[0] in (409, 422)
        assert page.state()["history"]["done"] == 1


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """A real server on a free port."""
    place = tmp_path_factory.mktemp("fuzz")
    (place / "images").mkdir()
    (place / "images" / "a.nii").write_bytes(nifti((5, 4, 3)) + bytes(120))
    bound = listen("127.0.0.1", 0)
    port = bound.getsockname()[1]
    told = settings(
        place, port=port, hosts=("127.0.0.1",), limits=Limits(sessions=20), method="graphcut"
    )
    server = uvicorn.Server(uvicorn.Config(create(told), log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture(scope="module")
def description(address):
    """What the server says of itself, with a session that is there and that nothing deletes."""
    headers = {"Authorization": f"Bearer {TOKENS['ann']}"}
    with httpx2.Client(base_url=address, headers=headers, timeout=120) as client:
        told = client.get("/api/openapi.json").json()
        id = client.post("/api/sessions", json={"path": "a.nii"}).json()["id"]
    for path, operations in told["paths"].items():
        for operation in operations.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] == "id" and "{id}" in path:
                    parameter["schema"] = {"enum": [id]}
    del told["paths"]["/api/sessions/{id}"]["delete"]
    schema = schemathesis.openapi.from_dict(told)
    schema.config.update(base_url=address)
    return schema


def probed(operation) -> list[int]:
    """What an operation answers to requests that fit its description, the same ones each time."""
    headers, statuses = {"Authorization": f"Bearer {TOKENS['ann']}"}, []

    @hypothesis_settings(
        max_examples=2, deadline=None, suppress_health_check=list(HealthCheck), database=None,
        derandomize=True, phases=[Phase.generate],
    )  # fmt: skip
    @given(operation.as_strategy())
    def ask(case):
        reply = case.call(headers=headers, timeout=60)
        case.validate_response(reply, checks=[not_a_server_error, status_code_conformance])
        statuses.append(reply.status_code)

    ask()
    return statuses


def test_nothing_that_fits_the_description_is_a_fault(description):
    said = [found.ok() for found in description.get_all_operations()]
    answers = {operation.label: probed(operation) for operation in said}
    verbs = {"get", "put", "post", "patch", "delete"}
    told = {
        f"{verb.upper()} {path}"
        for path, operations in description.raw_schema["paths"].items()
        for verb in verbs & set(operations)
    }
    assert set(answers) == told
    assert all(answers.values()), "each was asked at least once"
    assert {200, 201, 204} <= {status for statuses in answers.values() for status in statuses}
