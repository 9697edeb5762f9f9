"""Kills a server at random moments and counts what it forgot: `python benchmarks/crash.py 10`.

    python benchmarks/crash.py KILLS [--seed 0] [--network bifseg] [--every 3]

Each round starts a real server on the same journal, marks, names, locks, undoes and redoes for a
random time, and is ended by a signal that no process can catch. The next round compares what
the server says with what it had acknowledged: every prompt, object, name, colour, lock, the
whole history, and the masks at every place in it. In each third round a network works, if its
weights are there. Every `--fresh` rounds begin a new session, so that no history grows too long
to be looked at whole; at the end all sessions are compared once more. The last lines say how many
kills fell while a mark was computed, and how many acknowledged marks were lost.
"""

import argparse
import hashlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
import numpy as np
from workbench import Page, Refusal, scene, start

from delineate import list_methods
from delineate.models import list_models

SHAPE = (48, 40, 20)
LONGEST = 3.0


def digest(labels: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(labels).tobytes()).hexdigest()[:16]


def brief(state: dict[str, Any]) -> dict[str, Any]:
    """What must survive of a state."""
    kept = ("objects", "history", "method", "dims", "next_id", "view")
    return {name: state[name] for name in kept}


def marks(state: dict[str, Any]) -> set[int]:
    return {prompt["id"] for item in state["objects"] for prompt in item["prompts"]}


class Round:
    """What was acknowledged, and what was asked and not answered."""

    def __init__(self) -> None:
        self.state: dict[str, Any] | None = None
        self.masks: dict[tuple[int, float], str] = {}
        self.in_flight = False
        self.computing = {"a network": 0, "another method": 0}
        self.reply: dict[str, Any] | None = None
        self.acknowledged = 0
        self.lost = 0
        self.wrong = 0

    def note(self, page: Page, state: dict[str, Any]) -> None:
        self.state, self.reply = brief(state), None
        done = state["history"]["done"]
        when = state["history"]["steps"][done - 1]["time"] if done else 0.0
        self.masks[done, when] = digest(page.labels)

    def compare(self, page: Page, state: dict[str, Any]) -> None:
        """After a restart: the last acknowledged state, or one step beyond if one was asked."""
        if self.state is None:
            return
        now = brief(state)
        if self.reply is not None:
            self._check_reply(page, now, self.reply)
        elif now != self.state:
            beyond = self.in_flight and _follows(self.state, now)
            if not beyond:
                self.wrong += 1
                self.lost += len(marks(self.state) - marks(now))
                print("  differs:", [name for name in now if now[name] != self.state[name]])
        here = state["history"]["done"]
        for done in [*range(len(state["history"]["steps"]) + 1), here]:
            page.do("POST", "goto", done=done)
            when = state["history"]["steps"][done - 1]["time"] if done else 0.0
            known = self.masks.get((done, when))
            if known is not None and known != digest(page.labels):
                self.wrong += 1
                print(f"  other mask at step {done}")

    def _check_reply(self, page: Page, now: dict[str, Any], reply: dict[str, Any]) -> None:
        """The last thing heard was an answer, without the whole state."""
        there = {item["number"]: item for item in now["objects"]}
        missing = set(reply["update"].get("ids", ())) - marks(now)
        same = (
            now["history"]["done"] == reply["history"]["done"]
            and len(now["history"]["steps"]) == reply["history"]["count"]
            and all(there.get(item["number"]) == item for item in reply["objects"])
            and not any(number in there for number in reply["removed"])
            and digest(page.labels) == reply["digest"]
        )
        if not same:
            self.wrong += 1
            self.lost += len(missing)
            print("  the last answer is not in what came back")


def _follows(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Whether the new history is the old one with at most one step more or one less done."""
    a, b = old["history"], new["history"]
    same = min(a["done"], b["done"])
    return a["steps"][:same] == b["steps"][:same] and abs(a["done"] - b["done"]) <= 1


def act(page: Page, random: np.random.Generator, state: dict[str, Any]) -> dict[str, Any] | None:
    """One random thing that a user does, and the answer to it."""
    spot = [int(random.integers(n)) for n in SHAPE]
    number = int(random.integers(1, 4))
    locked = {item["number"] for item in state["objects"] if item["locked"]}
    kind = random.choice(
        ["click", "click", "click", "box", "undo", "redo", "name", "lock", "paint"]
    )
    if kind in ("undo", "redo"):
        history = state["history"]
        if history["done"] if kind == "undo" else history["done"] < len(history["steps"]):
            return page.do("POST", kind, steps=1)
    elif kind in ("name", "lock") and number in {item["number"] for item in state["objects"]}:
        said = (
            {"name": f"name {random.integers(99)}"}
            if kind == "name"
            else {"locked": number not in locked}
        )
        return page.do("PATCH", f"objects/{number}", **said)
    elif number not in locked:
        inside = bool(random.random() < 0.7)
        if kind == "box":
            low = [max(0, n - 8) for n in spot]
            high = [min(m, n + 8) for n, m in zip(spot, SHAPE, strict=True)]
            prompt = {"kind": "box", "low": low, "high": high}
        elif kind == "paint":
            high = [n + 1 for n in spot]
            prompt = {"kind": "paint", "voxels": {"low": spot, "high": high, "runs": [0, 1]}}
        else:
            prompt = {"kind": "click", "at": spot, "inside": inside}
        return page.do("POST", "prompts", object=number, prompts=[prompt])
    return None


def work(page: Page, now: Round, random: np.random.Generator, network: str) -> None:
    """Act until the server is gone."""
    try:
        state = page.state()
    except httpx.HTTPError:
        return
    while True:
        now.in_flight = True
        try:
            reply = act(page, random, state)
            now.in_flight = False
            if reply is not None:
                now.acknowledged += len(reply["update"].get("ids", ()))
                now.reply = {**reply, "digest": digest(page.labels)}
            state = page.state()
        except (httpx.HTTPError, EOFError):
            if now.in_flight:
                kind = "a network" if state["method"]["name"] == network else "another method"
                now.computing[kind] += 1
            return
        except Refusal as refusal:
            if "PromptsMissing" not in str(refusal):
                raise
            continue
        now.note(page, state)


def warm(page: Page, now: Round) -> None:
    """One box, which waits until the server's other processes have begun."""
    box = {"kind": "box", "low": [2, 2, 2], "high": [14, 14, 10]}
    reply = page.do("POST", "prompts", object=9, prompts=[box])
    now.acknowledged += len(reply["update"]["ids"])
    now.note(page, page.state())


def use(page: Page, now: Round, method: str) -> None:
    """Go on with a method."""
    if page.state()["method"]["name"] != method:
        page.do("POST", "method", name=method)
        now.note(page, page.state())


def has_weights(method: str) -> bool:
    """Whether a method with a network can work here."""
    return method in list_methods() and bool(list_models())


def kill(process: subprocess.Popen[str], after: float) -> None:
    time.sleep(after)
    os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)


def image(number: int) -> str:
    return f"scene{number}.nii.gz"


def look_back(page: Page, rounds: list[Round], number: int) -> None:
    """Compare a session that no round goes on with, and take what came back as settled."""
    now = rounds[number]
    now.compare(page, page.open(image(number)))
    now.note(page, page.state())
    now.in_flight = False


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("kills", type=int)
    options.add_argument("--seed", type=int, default=0)
    options.add_argument("--network", default="bifseg", help="a method that has a network")
    options.add_argument("--fresh", type=int, default=5, help="rounds on a session")
    options.add_argument("--every", type=int, default=3, help="rounds, of which one is its")
    asked = options.parse_args()
    random, there = np.random.default_rng(asked.seed), has_weights(asked.network)
    rounds = [Round() for _ in range(0, asked.kills, asked.fresh)]
    with tempfile.TemporaryDirectory() as name:
        folder, home = Path(name) / "images", Path(name) / "home"
        folder.mkdir()
        for number in range(len(rounds)):
            scene(folder / image(number), SHAPE, asked.seed)
        for count in range(asked.kills):
            now = rounds[count // asked.fresh]
            process, (address,) = start(folder, home, "--method", "graphcut")
            page = Page(address)
            if count and count % asked.fresh == 0:
                look_back(page, rounds, count // asked.fresh - 1)
            state = page.open(image(count // asked.fresh))
            now.compare(page, state)
            now.note(page, page.state())
            now.in_flight = False
            turn = there and count % asked.every == asked.every - 1
            use(page, now, asked.network if turn else "graphcut")
            if turn or random.random() < 0.8:  # else it may be killed before its first answer
                warm(page, now)
            killer = threading.Thread(target=kill, args=(process, random.uniform(0.0, LONGEST)))
            killer.start()
            work(page, now, random, asked.network)
            killer.join()
            process.wait()
            steps = len(now.state["history"]["steps"]) if now.state else 0
            acknowledged = sum(each.acknowledged for each in rounds)
            print(f"kill {count + 1}: {acknowledged} marks acknowledged, {steps} steps", flush=True)
        process, (address,) = start(folder, home, "--method", "graphcut")
        for number in range(len(rounds)):
            look_back(Page(address), rounds, number)
        process.kill()
        process.wait()
    lost, wrong = (sum(getattr(each, name) for each in rounds) for name in ("lost", "wrong"))
    computing = [
        f"{sum(each.computing[kind] for each in rounds)} while {kind} computed"
        for kind in Round().computing
    ]
    print(f"{', '.join(computing)}; {wrong} differences in what came back")
    acknowledged = sum(each.acknowledged for each in rounds)
    print(f"{asked.kills} kills, {acknowledged} marks acknowledged, {lost} lost")
    return int(bool(lost or wrong))


if __name__ == "__main__":
    raise SystemExit(main())
