"""Progress, previews and cancel over the WebSocket; a method in a process of its own."""

import json
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint

import nibabel as nib
import numpy as np
import pytest

from delineate import methods
from delineate.errors import Cancelled, MethodError
from delineate.io import read
from delineate.methods.base import Method
from delineate.patch import Patch
from delineate.prompts import Given
from delineate.serve.lanes import Fault
from delineate.serve.placing import Place, mapped, placed, remove
from delineate.voxels import Voxels
from serving import TOKENS, Page, box, click, decode, error, served
from stubs import ALL, Bright, Failing, Slow

PATIENCE = 60
MINE = {"Authorization": f"Bearer {TOKENS['ann']}"}


@dataclass(frozen=True, kw_only=True)
class Waiting(Method):
    """Works until it is told to stop, or for some seconds; may end its process, or be deaf."""

    name, paper, when, reads, dims = "waiting", "", "", ALL, frozenset({2, 3})
    seconds: float = 20.0
    how: str = "listen"

    def segment(self, volume, prompts, state, observe=None):
        if self.how == "die":
            import os

            os._exit(3)
        until = time.monotonic() + self.seconds
        while time.monotonic() < until:
            time.sleep(0.02)
            if observe and self.how == "listen":
                observe(0.5, Patch((0, 0, 0), np.ones((2, 2, 1), np.float32)))
        return Patch((0, 0, 0), np.ones((1, 1, 1), np.float32)), state


@pytest.fixture(autouse=True)
def stub_methods(monkeypatch):
    known = [EntryPoint(kind.name, f"stubs:{kind.__name__}", "") for kind in (Bright, Slow)]
    known.append(EntryPoint("waiting", f"{__name__}:Waiting", ""))
    monkeypatch.setattr(methods, "BUILT_IN", tuple(known))


@pytest.fixture
def scan(tmp_path):
    array = np.zeros((8, 7, 6), np.int16)
    array[2:6, 3:6, 1:4] = 100
    (tmp_path / "images").mkdir()
    nib.save(nib.Nifti1Image(array, np.diag([-1.0, -1, 2, 1])), tmp_path / "images" / "scan.nii")
    return array[::-1, ::-1]


def until(socket, kind):
    """What comes up to the first message of a kind, JSON or the header of a frame."""
    seen = []

    def receive():
        while not seen or seen[-1][0]["kind"] != kind:
            message = socket.receive()
            frame = message.get("bytes")
            seen.append((decode(frame)[0] if frame else json.loads(message["text"]), frame))

    pool = ThreadPoolExecutor(1)
    try:
        pool.submit(receive).result(PATIENCE)
    except TimeoutError:
        kinds = [said["kind"] for said, _ in seen]
        raise AssertionError(f"waited {PATIENCE} s for {kind!r}, there came {kinds}") from None
    finally:
        pool.shutdown(wait=False)
    return seen


def test_a_dragged_click_is_shown_and_changes_nothing(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "scan.nii")
        page.mark(box((0, 0, 0), (4, 7, 6)))
        kept = page.labels.copy()
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            for number, prompt in enumerate((box((0, 0, 0), (8, 7, 6)), box((3, 0, 0), (4, 7, 6)))):
                said = {"kind": "preview", "number": number, "prompt": prompt, "replacing": 1}
                socket.send_json(said)
                header, frame = until(socket, "preview")[-1]
                assert header["number"] == number and header["object"] == 1
                tried = kept.copy()
                low, high = header["region"]["low"], header["region"]["high"]
                tried[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = decode(frame)[1]
                inside = np.zeros(scan.shape, bool)
                inside[
                    tuple(slice(a, b) for a, b in zip(prompt["low"], prompt["high"], strict=True))
                ] = True
                np.testing.assert_array_equal(tried, (scan > 0) & inside)
            socket.send_json({"kind": "preview", "number": 9, "prompt": click(99, 0, 0)})
            assert until(socket, "error")[-1][0]["error"]["kind"] == "PromptOutside"
        assert page.state()["history"]["done"] == 1
        np.testing.assert_array_equal(page.fresh(), kept)


def test_progress_first_answers_and_the_end_are_told(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "scan.nii", method="slow")
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            client.post(
                page.url("prompts"), json={"object": 1, "prompts": [click(0, 0, 0)]},
                headers={"X-Window": "w1"},
            )  # fmt: skip
            kinds = [said["kind"] for said, _ in until(socket, "changed")]
            assert kinds[0] == "busy" and kinds[-2:] == ["idle", "changed"]
            assert "progress" in kinds and "partial" in kinds


def test_autosave_tells_what_it_wrote_and_why_it_could_not(tmp_path, scan, monkeypatch):
    from delineate.serve import autosave

    monkeypatch.setattr(autosave, "DELAY", 0.01)
    target = tmp_path / "images" / "scan_labels.nii.gz"
    with served(tmp_path) as client:
        page = Page(client, "scan.nii")
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            target.write_bytes(b"somebody else's")
            client.put(page.url("autosave"), json={"format": "nifti"})
            until(socket, "error")
            page.mark(box((0, 0, 0), (4, 7, 6)))
            told = until(socket, "error")[-1][0]["error"]
            assert told["kind"] == "Autosave" and target.name in told["message"]
            assert not page.state()["saved"]
            target.unlink()
            page.mark(box((0, 0, 0), (8, 7, 6)))
            until(socket, "saved")
            assert page.state()["saved"] and target.exists()


def test_what_is_due_is_written_before_the_server_ends(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "scan.nii")
        client.put(page.url("autosave"), json={"format": "nifti"})
        page.mark(box((0, 0, 0), (4, 7, 6)))
    written = nib.as_closest_canonical(nib.load(tmp_path / "images" / "scan_labels.nii.gz"))
    np.testing.assert_array_equal(written.get_fdata(), page.labels)


@pytest.mark.parametrize("lanes", [0, 1])
def test_cancel_ends_a_computation_and_changes_nothing(tmp_path, scan, lanes):
    with served(tmp_path, quick=lanes, slow=lanes) as client:
        page = Page(client, "scan.nii", method="waiting")
        replies = []

        def ask():
            replies.append(page.send("POST", "prompts", object=1, prompts=[click(0, 0, 0)]))

        asking = threading.Thread(target=ask)
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            asking.start()
            until(socket, "partial")
            began = time.monotonic()
            assert client.post(page.url("cancel")).json() == {"cancelled": True}
            asking.join()
        assert time.monotonic() - began < 15
        assert error(replies[0]) == (409, "Cancelled")
        assert page.state()["history"]["done"] == 0 and page.state()["interrupted"] == []
        assert client.post(page.url("cancel")).json() == {"cancelled": False}
        page.do("POST", "method", name="bright")
        page.mark(box((0, 0, 0), (8, 7, 6)))
        np.testing.assert_array_equal(page.labels, scan > 0)


def test_too_many_who_wait_are_told_so(tmp_path, scan):
    from serving import limits

    with served(tmp_path, limits=limits(waiting=1)) as client:
        page = Page(client, "scan.nii", method="waiting")
        body = {"object": 1, "prompts": [click(0, 0, 0)]}
        codes = []
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            threads = [
                threading.Thread(
                    target=lambda: codes.append(
                        client.post(page.url("prompts"), json=body).status_code
                    )
                )
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
                until(socket, "busy") if thread is threads[0] else time.sleep(0.1)
            while len(codes) < 2:
                time.sleep(0.02)
            assert codes == [429, 429]
            while threads[0].is_alive() or any(t.is_alive() for t in threads):
                client.post(page.url("cancel"))
                time.sleep(0.05)
        assert sorted(codes) == [409, 409, 429, 429]


def test_seconds_are_counted_while_something_runs(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "scan.nii", method="waiting")
        page.do("POST", "objects", name="liver")
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            asking = threading.Thread(
                target=lambda: page.send("POST", "prompts", object=1, prompts=[click(0, 0, 0)])
            )
            asking.start()
            until(socket, "partial")
            reply = client.post(page.url("seconds"), json={"object": 1, "seconds": 2})
            assert reply.json() == {"seconds": {"1": 2.0}}
            assert client.get(page.url("image")).status_code == 200
            assert asking.is_alive(), "neither waited for the computation"
            assert error(client.post(page.url("seconds"), json={"object": 2, "seconds": 1})) == (
                404,
                "UnknownObject",
            )
            client.post(page.url("cancel"))
            asking.join()


@pytest.mark.parametrize("lanes", [0, 1])
def test_the_last_settled_state_is_told_while_something_runs(tmp_path, scan, lanes):
    with served(tmp_path, quick=lanes, slow=lanes) as client:
        page = Page(client, "scan.nii")
        page.mark(box((0, 0, 0), (4, 7, 6)))
        page.do("POST", "method", name="waiting", fields={"seconds": 60})
        before, kept = page.state(), page.labels.copy()
        assert before["busy"] is None
        asking = threading.Thread(
            target=lambda: page.send("POST", "prompts", object=2, prompts=[click(0, 0, 0)])
        )
        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            asking.start()
            until(socket, "partial")
            now = page.state()
            assert now["busy"] == {"kind": "busy", "step": "click", "waiting": 0}
            assert now["interrupted"] == [], "what runs was not interrupted"
            assert {**now, "busy": None, "opened": before["opened"]} == before
            np.testing.assert_array_equal(page.fresh(), kept)
            again = Page(client, "scan.nii")
            np.testing.assert_array_equal(again.labels, kept)
            with client.websocket_connect(page.url("live"), headers=MINE) as late:
                assert until(late, "busy")[-1][0]["step"] == "click"
            assert asking.is_alive(), "nobody waited for the computation"
            client.post(page.url("cancel"))
            asking.join()
            assert page.state()["busy"] is None


def test_what_is_settled_stays_as_it_was(block):
    from delineate.prompts import Click
    from delineate.serve.state import Settled
    from delineate.session import Session

    session = Session(block, Bright())
    session.add(Click((6, 6, 3)))
    kept = Settled.of(session)
    before = kept.now.objects[1].mask
    session.undo()
    session.add(Click((0, 0, 0)), Click((6, 6, 3)), object=2)
    session.delete(2)
    assert (kept.history.done, len(kept.history.steps), kept.next_id) == (1, 1, 2)
    assert dict(kept.now.objects) == {1: kept.now.objects[1]}
    assert kept.now.objects[1].mask == before


def test_what_waits_for_a_session_that_is_deleted_is_told_so(tmp_path, scan):
    with served(tmp_path) as client:
        page = Page(client, "scan.nii", method="waiting")
        replies = []

        def ask():
            replies.append(page.send("POST", "prompts", object=1, prompts=[click(0, 0, 0)]))

        with client.websocket_connect(page.url("live"), headers=MINE) as socket:
            threads = [threading.Thread(target=ask) for _ in range(3)]
            for thread in threads:
                thread.start()
            until(socket, "partial")
            time.sleep(0.2)
            assert client.delete(page.url()).status_code == 204
            for thread in threads:
                thread.join()
        found = sorted(error(reply) for reply in replies)
        assert found == [(404, "UnknownSession"), (404, "UnknownSession"), (409, "Cancelled")]


def test_a_session_that_is_asked_for_is_not_closed_for_want_of_memory(tmp_path, scan):
    import asyncio

    from delineate.serve.failures import Refused
    from delineate.serve.forms import Opening
    from delineate.serve.workbench import Workbench
    from serving import limits, settings

    async def asked():
        bench = Workbench(settings(tmp_path, limits=limits(memory_bytes=scan.size * 4)))
        try:
            id, _ = await bench.open("ann", Opening(path="scan.nii"))
            other = Opening(path="scan.nii", resume=False)
            async with bench.chair("ann", id) as chair:
                with pytest.raises(Refused, match="close one"):
                    await bench.open("ann", other)
                await chair.seat.run({}, lambda s, _: s.describe(1, name="here"))
            await bench.open("ann", other)
        finally:
            bench.close()

    asyncio.run(asked())


@pytest.mark.parametrize("marked", [False, True])
def test_histories_count_in_the_memory_of_open_sessions(tmp_path, scan, marked):
    import asyncio

    from delineate.serve.forms import Opening
    from delineate.serve.workbench import Workbench
    from serving import limits, settings

    async def asked():
        bench = Workbench(settings(tmp_path, limits=limits(memory_bytes=2 * scan.size * 4 + 10)))
        noise = Voxels.from_mask(np.random.default_rng(0).random(scan.shape) < 0.5)
        try:
            id, _ = await bench.open("ann", Opening(path="scan.nii"))
            if marked:
                async with bench.chair("ann", id) as chair:
                    await chair.seat.run({}, lambda s, _: s.add(Given(noise), object=1))
                    assert chair.taken() - chair.bytes >= len(noise.bits)
            await bench.open("ann", Opening(path="scan.nii", resume=False))
            assert (id in bench._chairs) is not marked
            async with bench.chair("ann", id) as chair:
                kept = [item.claim for item in chair.seat.session.objects]
                assert kept == ([noise] if marked else [])
        finally:
            bench.close()

    asyncio.run(asked())


def test_many_windows_at_once_find_no_fault(tmp_path, scan):
    """Marks, undo, deletion and want of memory, all at once, on two sessions of one user."""
    from serving import limits

    copy = tmp_path / "images" / "copy.nii"
    copy.write_bytes((tmp_path / "images" / "scan.nii").read_bytes())
    faults, known = [], []

    def window(seed):
        random, id = np.random.default_rng(seed), None
        for _ in range(30):
            if id is None or random.random() < 0.2:
                body = {"path": ["scan.nii", "copy.nii"][random.integers(2)]}
                reply = client.post("/api/sessions", json=body)
                id = reply.json()["id"] if reply.status_code < 300 else None
            else:
                url = f"/api/sessions/{id}"
                mark = {"object": int(random.integers(1, 4)), "prompts": [click(3, 4, 2)]}
                verb, path, body = (
                    ("POST", "/prompts", mark), ("POST", "/prompts", mark),
                    ("POST", "/undo", {}), ("POST", "/goto", {"done": 1}),
                    ("POST", "/seconds", {"object": 1, "seconds": 1}), ("GET", "/labels", None),
                    ("POST", "/cancel", None), ("DELETE", "", None),
                )[random.integers(8)]  # fmt: skip
                reply = client.request(verb, url + path, json=body)
            known.append(reply.status_code)
            if reply.status_code >= 500:
                faults.append(reply.text)

    room = limits(memory_bytes=scan.size * 4, waiting=2)
    with served(tmp_path, limits=room, method="slow") as client:
        threads = [threading.Thread(target=window, args=(seed,)) for seed in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert not faults, faults[:3]
    assert {200, 201, 204} <= set(known)


class TestLanes:
    """Processes of their own."""

    @pytest.fixture
    def lanes(self):
        from delineate.serve.lanes import Lanes

        made = Lanes(1)
        yield made
        made.close()

    @pytest.fixture
    def asked(self, tmp_path, block):
        from delineate.serve.lanes import Away
        from delineate.serve.placing import Image
        from delineate.session import Session

        np.save(tmp_path / "v.npy", block.data)
        image = Image(
            "k",
            str(tmp_path / "v.npy"),
            block.shape,
            np.array(block.geometry.affine),
            block.channels,
        )
        return lambda lanes, method: Session(block, method, asker=Away(lanes, image))

    def test_the_same_bits_as_here(self, lanes, asked, block):
        from delineate.methods.graphcut import GraphCut
        from delineate.prompts import Box, Click
        from delineate.session import Session

        for method in (GraphCut(), Bright()):
            here, there = Session(block, method), asked(lanes, method)
            for prompt in (Box((3, 3, 1), (17, 17, 9)), Click((5, 5, 2), inside=False)):
                here.add(prompt)
                there.add(prompt)
                np.testing.assert_array_equal(here.mask(), there.mask())
                np.testing.assert_array_equal(here.probability(), there.probability())

    def test_a_process_that_dies_costs_its_computation_only(self, lanes, asked, block):
        from delineate.prompts import Click

        session = asked(lanes, Waiting(how="die"))
        with pytest.raises(MethodError, match="ended without an answer"):
            session.add(Click((0, 0, 0)))
        session.use(Bright())
        session.add(Click((6, 6, 3)))
        assert session.mask().sum() == 600

    def test_a_deaf_one_is_ended(self, lanes, asked, monkeypatch):
        from delineate.prompts import Click
        from delineate.serve import lanes as module

        monkeypatch.setattr(module, "PATIENCE", 0.1)
        session = asked(lanes, Waiting(how="deaf", seconds=60))

        def stop(fraction, patch=None):
            raise Cancelled("enough")

        with pytest.raises(Cancelled, match="enough"):
            session.add(Click((0, 0, 0)), observe=stop)
        session.use(Bright())
        session.add(Click((6, 6, 3)))
        assert session.mask().sum() == 600

    def test_one_that_says_no_is_asked_again(self, lanes, asked, block):
        from delineate.prompts import Click

        def stop(fraction, patch=None):
            if fraction:
                raise Cancelled("enough")

        session = asked(lanes, Waiting())
        with pytest.raises(Cancelled, match="enough"):
            session.add(Click((0, 0, 0)), observe=stop)
        (lane,) = lanes._all
        session.use(Failing())
        session.add(Click((0, 0, 0)))
        with pytest.raises(Fault, match="RuntimeError") as broken:
            session.add(Click((0, 0, 0)))
        assert "stubs.py" in broken.value.where and " segment" in broken.value.where
        assert lanes._all == [lane] and lane.process.is_alive()

    def test_one_that_died_while_nobody_asked_costs_nothing(self, lanes, asked, block):
        from delineate.prompts import Click

        lanes._all[0].end()
        session = asked(lanes, Bright())
        session.add(Click((6, 6, 3)))
        assert session.mask().sum() == 600


class TestPlace:
    """The folder of voxels that a server has for itself."""

    def test_another_server_leaves_it_alone(self, tmp_path):
        one = Place(tmp_path / "open")
        file = one.file()
        mapped(file, (1, 2, 3, 4))[:] = 7
        other = Place(tmp_path / "open")
        assert file.exists() and other.file().parent != file.parent
        other.close()
        assert (np.load(file) == 7).all()
        one.close()
        assert not list((tmp_path / "open").iterdir())

    def test_what_a_dead_one_left_is_taken_away(self, tmp_path):
        code = (
            "import os, sys, pathlib; from delineate.serve.placing import Place;"
            "Place(pathlib.Path(sys.argv[1])).file().write_bytes(b'x'); os._exit(9)"
        )
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "open")], check=False)
        assert len(list((tmp_path / "open").rglob("*.npy"))) == 1
        Place(tmp_path / "open").close()
        assert not list((tmp_path / "open").iterdir())

    def test_an_image_is_read_to_where_it_stays(self, tmp_path, scan):
        file = tmp_path / "v.npy"
        volume = read(tmp_path / "images" / "scan.nii", room=partial(mapped, file))
        np.testing.assert_array_equal(np.load(file), volume.data)
        np.testing.assert_array_equal(placed(volume, file).data, volume.data)
        other = tmp_path / "w.npy"
        np.testing.assert_array_equal(placed(volume, other).data, volume.data)
        remove(file)
        assert not file.exists() and other.exists()
