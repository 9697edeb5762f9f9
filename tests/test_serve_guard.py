"""Who is let in: tokens, hosts, origins, owners, paths; and what every reply carries."""

import logging
import os
import stat
from importlib.metadata import EntryPoint

import nibabel as nib
import numpy as np
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from delineate import methods
from delineate.serve.app import create
from delineate.serve.settings import tokens
from serving import TOKENS, Page, click, error, served, settings
from stubs import Bright, Failing

ALL = (
    ("GET", ""), ("DELETE", ""), ("GET", "/image"), ("GET", "/labels"), ("PUT", "/view"),
    ("POST", "/prompts"), ("PUT", "/prompts/1"), ("DELETE", "/prompts/1"), ("POST", "/undo"),
    ("POST", "/redo"), ("POST", "/goto"), ("POST", "/method"), ("POST", "/objects"),
    ("PATCH", "/objects/1"), ("DELETE", "/objects/1"), ("POST", "/edits"), ("POST", "/cancel"),
    ("POST", "/segmentations"), ("GET", "/objects/1/probability"), ("GET", "/statistics"),
    ("GET", "/objects/1/suggestion"), ("POST", "/seconds"), ("GET", "/export?format=nifti"),
    ("POST", "/export"), ("PUT", "/autosave"), ("DELETE", "/interrupted"),
)  # fmt: skip
BODIES = {
    "/view": {}, "/prompts": {"object": 1, "prompts": [click(0, 0, 0)]},
    "/prompts/1": {"prompt": click(0, 0, 0)}, "/undo": {}, "/redo": {}, "/goto": {"done": 0},
    "/method": {"name": "bright"}, "/objects": {}, "/objects/1": {},
    "/edits": {"tool": "fill", "object": 1}, "/segmentations": {"path": "a.nii"},
    "/seconds": {"object": 1, "seconds": 1}, "/export": {"format": "nifti"},
    "/autosave": {"format": "nifti"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    kinds = (Bright, Failing)
    known = tuple(EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in kinds)
    monkeypatch.setattr(methods, "BUILT_IN", known)


@pytest.fixture
def images(tmp_path):
    folder = tmp_path / "images"
    folder.mkdir()
    nib.save(nib.Nifti1Image(np.zeros((5, 4, 3), np.int16), np.eye(4)), folder / "Doe_Jane.nii")
    (tmp_path / "secret.nii").write_bytes((folder / "Doe_Jane.nii").read_bytes())
    return folder


@pytest.fixture
def app(tmp_path, images):
    with TestClient(create(settings(tmp_path))) as first:
        yield first


def client(app, **headers):
    """Another client of the same server, in the same event loop."""
    other = TestClient(app.app, headers=headers)
    other.portal = app.portal
    return other


def bearer(user):
    return {"Authorization": f"Bearer {TOKENS[user]}"}


def test_without_a_token_nothing_but_health(app):
    stranger = client(app)
    assert stranger.get("/api/health").json() == {"ok": True}
    for path in ("/api/about", "/api/files", "/api/sessions", "/api/openapi.json", "/api/nosuch"):
        assert error(stranger.get(path)) == (401, "Unauthorised")
    for wrong in ("Bearer", "Bearer x", f"Basic {TOKENS['ann']}", f"Bearer {TOKENS['ann']}x"):
        assert client(app, Authorization=wrong).get("/api/about").status_code == 401
    assert client(app, Cookie='delineate-80="').get("/api/about").status_code == 401


def test_a_link_becomes_a_cookie(app):
    browser = client(app)
    reply = browser.get(f"/?token={TOKENS['ann']}&x=1", follow_redirects=False)
    assert reply.status_code == 303 and reply.headers["location"] == "/?x=1"
    cookie = reply.headers["set-cookie"]
    assert (
        cookie.startswith("delineate-80=") and "HttpOnly" in cookie and "SameSite=strict" in cookie
    )
    assert browser.get("/api/about").json()["user"] == "ann"
    away = browser.get(f"//evil.example/?token={TOKENS['ann']}", follow_redirects=False)
    assert not away.headers.get("location", "").startswith("//")


def test_other_hosts_and_origins_are_refused(app):
    mine = bearer("ann")
    for host in ("evil.example", "testserver.evil.example", "", "testserver:81"):
        assert error(client(app, Host=host, **mine).get("/api/about")) == (403, "Forbidden")
    for origin in ("http://evil.example", "null", "http://testserver:81", "file://testserver"):
        assert error(client(app, Origin=origin, **mine).get("/api/about")) == (403, "Forbidden")
    assert client(app, Origin="http://testserver", **mine).get("/api/about").status_code == 200


def test_every_reply_carries_the_headers(app):
    for reply in (
        client(app).get("/"),
        client(app).get("/api/about"),
        client(app, **bearer("ann")).get("/api/nosuch"),
        client(app, **bearer("ann")).get("/api/about"),
    ):
        policy = reply.headers["content-security-policy"]
        assert "default-src 'self'" in policy and "unsafe-eval'" in policy.replace("wasm-", "")
        assert "script-src 'self' 'wasm-unsafe-eval'" in policy
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["x-frame-options"] == "DENY"
        assert "server" not in reply.headers
    assert client(app, **bearer("ann")).get("/api/about").headers["cache-control"] == "no-store"


def test_what_is_ann_s_is_not_there_for_bob(app):
    page = Page(client(app, **bearer("ann")), "Doe_Jane.nii")
    page.mark(click(0, 0, 0))
    bob = client(app, **bearer("bob"))
    for verb, path in ALL:
        body = BODIES.get(path) if verb in ("POST", "PUT", "PATCH") else None
        reply = bob.request(verb, f"/api/sessions/{page.id}{path}", json=body)
        assert error(reply) == (404, "UnknownSession"), (verb, path)
    assert bob.get("/api/sessions").json() == {"sessions": []}
    theirs = Page(bob, "Doe_Jane.nii")
    assert theirs.id != page.id and theirs.first["objects"] == []
    upload = client(app, **bearer("ann")).post("/api/uploads").json()["upload"]
    assert error(bob.put(f"/api/uploads/{upload}/a", content=b"x")) == (404, "NotFound")
    assert error(bob.post("/api/sessions", json={"upload": upload})) == (404, "NotFound")
    with (
        pytest.raises(WebSocketDisconnect),
        bob.websocket_connect(page.url("live"), headers=bearer("bob")),
    ):
        pass
    assert page.state()["history"]["done"] == 1


def test_a_websocket_needs_token_and_origin(app):
    page = Page(client(app, **bearer("ann")), "Doe_Jane.nii")
    live = page.url("live")
    cookie = {"Cookie": f"delineate-80={TOKENS['ann']}"}
    for headers in ({}, cookie, {**cookie, "Origin": "http://evil.example"}):
        with (
            pytest.raises(WebSocketDisconnect),
            client(app).websocket_connect(live, headers=headers),
        ):
            pass
    good = {**cookie, "Origin": "http://testserver"}
    with client(app).websocket_connect(live, headers=good) as socket:
        socket.send_json({"kind": "ping"})
        assert socket.receive_json() == {"kind": "pong"}
    with client(app).websocket_connect(f"{live}?token={TOKENS['ann']}") as socket:
        socket.send_text("{nonsense")
        assert socket.receive_json()["error"]["kind"] == "Invalid"


PATHS = (
    "../secret.nii", "/etc/passwd", "sub/../../secret.nii", "..", "link.nii", "linked/secret.nii",
    "C:/Windows/win.ini", "\\\\host\\share", "a\0b", "..\\secret.nii", "./../secret.nii",
    "//etc/passwd", "~/x", "x" * 900, "%2e%2e/secret.nii",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_no_path_leads_out_of_the_folder(app, images, tmp_path, path):
    (images / "link.nii").symlink_to(tmp_path / "secret.nii")
    (images / "linked").symlink_to(tmp_path, target_is_directory=True)
    ann = client(app, **bearer("ann"))
    for reply in (
        ann.post("/api/sessions", json={"path": path}),
        ann.post("/api/sessions", json={"paths": ["Doe_Jane.nii", path]}),
        ann.get("/api/files", params={"folder": path}),
        ann.get("/api/files/series", params={"path": path}),
        ann.put("/api/work", json={"path": path, "status": "done"}),
    ):
        assert reply.status_code in (403, 404), (path, reply.text)
        assert str(tmp_path) not in reply.text
    listed = ann.get("/api/files").json()
    assert [i["name"] for i in listed["images"]] == ["Doe_Jane.nii"] and listed["folders"] == []
    assert [i["path"] for i in ann.get("/api/work").json()["items"]] == ["Doe_Jane.nii"]


def test_an_image_that_becomes_a_link_out_is_not_followed(tmp_path, images):
    with served(tmp_path) as ann:
        page = Page(ann, "Doe_Jane.nii")
    (images / "Doe_Jane.nii").unlink()
    (images / "Doe_Jane.nii").symlink_to(tmp_path / "secret.nii")
    with served(tmp_path) as ann:
        assert error(ann.get(page.url())) == (403, "Forbidden")


def test_logs_and_errors_hold_no_name_and_no_folder(tmp_path, images, caplog):
    caplog.set_level(logging.DEBUG, "delineate")
    (images / "Doe_John.nii").write_bytes((images / "Doe_Jane.nii").read_bytes()[:200])
    with served(tmp_path) as ann:
        page = Page(ann, "Doe_Jane.nii", method="failing")
        page.mark(click(0, 0, 0))
        page.send("POST", "prompts", object=1, prompts=[click(1, 1, 1)])
        reply = ann.post("/api/sessions", json={"path": "Doe_John.nii"})
        assert reply.status_code == 422 and str(tmp_path) not in reply.text
        ann.get("/api/files?folder=Doe_Nobody")
    ours = "\n".join(r.getMessage() for r in caplog.records if r.name.startswith("delineate"))
    assert "POST /api/sessions/{id}/prompts 500" in ours and "fault" in ours
    assert "Doe" not in ours and str(tmp_path) not in ours and page.id not in ours
    assert "broken on purpose" not in ours


def test_read_only_servers_write_nothing(tmp_path, images):
    with served(tmp_path, write=False) as ann:
        page = Page(ann, "Doe_Jane.nii")
        page.mark(
            {"kind": "paint", "voxels": {"low": [0, 0, 0], "high": [1, 1, 1], "runs": [0, 1]}}
        )
        assert error(page.send("POST", "export", format="nifti")) == (403, "Forbidden")
        assert error(page.send("PUT", "autosave", format="nifti")) == (403, "Forbidden")
    assert [p.name for p in images.iterdir()] == ["Doe_Jane.nii"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such bits")
def test_what_is_kept_is_the_owners_alone(tmp_path, images):
    with served(tmp_path) as ann:
        upload = ann.post("/api/uploads").json()["upload"]
        ann.put(f"/api/uploads/{upload}/a.nii", content=(images / "Doe_Jane.nii").read_bytes())
        Page(ann, upload=upload)
        told = tokens(tmp_path / "home", ("ann", "bob"))
        assert tokens(tmp_path / "home", ("ann", "bob")) == told
        assert told["ann"] != told["bob"] and len(told["ann"]) >= 40
        for place in [tmp_path / "home", *(tmp_path / "home").rglob("*")]:
            mode = stat.S_IMODE(place.stat().st_mode)
            assert not mode & 0o077 or not place.is_dir(), place
        for name in ("journal.db", f"uploads/{upload}/a.nii"):
            assert stat.S_IMODE((tmp_path / "home" / name).stat().st_mode) == 0o600
