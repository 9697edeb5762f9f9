"""The work list: which images of FOLDER are to do, started, done, and how long each took."""

from typing import Any

from .places import walk
from .workbench import Workbench

NEW: dict[str, Any] = {"status": "to do", "session": None, "seconds": 0.0}
COLUMNS = ("image", "object", "name", "seconds", "prompts", "steps", "ml", "status")


def states(bench: Workbench, user: str) -> dict[str, dict[str, Any]]:
    """For each image that the user has touched: status, session and seconds."""
    done = bench.journal.marked(user)
    found: dict[str, dict[str, Any]] = {path: {**NEW, "status": "done"} for path in done}
    for kept in reversed(bench.journal.list(user)):
        if kept.place:
            status = "done" if kept.place in done else "started" if kept.steps else "to do"
            seconds = sum(kept.notes.get("seconds", {}).values())
            found[kept.place] = {"status": status, "session": kept.id, "seconds": seconds}
    return found


def listing(bench: Workbench, user: str) -> dict[str, Any]:
    """All images in order, and the one that was open last and is not done."""
    folder = bench.settings.folder
    if folder is None:
        return {"items": [], "resume": None}
    told = states(bench, user)
    items = [
        {
            "path": found.path,
            "name": found.name,
            "format": found.format,
            **told.get(found.path, NEW),
        }
        for found in walk(folder, bench.settings.limits.files)
    ]
    there = {item["path"] for item in items if item["status"] != "done"}
    last = (kept.place for kept in bench.journal.list(user) if kept.place in there)
    todo = (item["path"] for item in items if item["status"] != "done")
    return {"items": items, "resume": next(last, None) or next(todo, None)}


def times(bench: Workbench, user: str) -> list[dict[str, Any]]:
    """A row, with the `COLUMNS`, for each object that the user spent time on."""
    done = bench.journal.marked(user)
    rows = []
    for kept in bench.journal.list(user):
        seconds = kept.notes.get("seconds", {})
        told = kept.notes.get("told", {})
        for number in sorted({*seconds, *told}, key=int):
            item = told.get(number, {})
            rows.append(
                {
                    "image": kept.image.get("path") or kept.notes.get("title", ""),
                    "object": int(number),
                    "name": item.get("name", ""),
                    "seconds": seconds.get(number, 0.0),
                    "prompts": item.get("prompts", 0),
                    "steps": kept.steps,
                    "ml": item.get("ml", 0.0),
                    "status": "done" if kept.place and kept.place in done else "started",
                }
            )
    return rows
