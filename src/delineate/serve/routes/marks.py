"""Prompts, objects, history: each is one step, and answers with what has changed."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import Response

from ...errors import SessionError
from ...prompts import Prompt, check_inside, to_json
from ...session import NOWHERE, Session, Update
from .. import tools
from ..autosave import autosave
from ..describe import chosen
from ..forms import AnyPrompt, Choice, Edit, InPath, Mark, Marks, Place, Saying, Steps
from ..grid import PageGrid
from ..seat import Seat
from ..workbench import Workbench
from .common import Bench, Frame, Sat, Window, reply

router = APIRouter(prefix="/api/sessions/{id}", responses=Frame)
PromptId = Annotated[int, Path(ge=1, le=2**31)]


def decode(form: AnyPrompt, grid: PageGrid) -> Prompt:
    """A prompt of the page on the image.

    Raises:
        PromptError: If it is not inside the image, or makes no sense.
    """
    said = form.prompt(grid.page.shape)
    check_inside(said, grid.page.shape)
    return grid.prompt_in(said)


@router.post("/prompts")
async def add(seat: Sat, bench: Bench, marks: Marks, x_window: Window = "") -> Response:
    """Add prompts to an object, in one step."""
    prompts = await bench.off(lambda: [decode(form, seat.grid) for form in marks.prompts])
    action = {"action": "prompts", "object": marks.object, "prompts": [to_json(p) for p in prompts]}

    def work(session: Session, observe: Any) -> Update:
        return session.add(*prompts, object=marks.object, observe=observe)

    frame = await seat.run(action, work, ", ".join(f.kind for f in marks.prompts), x_window)
    autosave(bench, seat)
    return reply(frame)


@router.put("/prompts/{prompt}")
async def replace(
    seat: Sat, bench: Bench, prompt: PromptId, mark: Mark, x_window: Window = ""
) -> Response:
    """Put a prompt in the place of another."""
    new = await bench.off(decode, mark.prompt, seat.grid)
    action = {"action": "replace", "prompt": prompt, "prompts": [to_json(new)]}
    frame = await seat.run(
        action, lambda s, o: s.replace(prompt, new, o), f"move {mark.prompt.kind}", x_window
    )
    autosave(bench, seat)
    return reply(frame)


@router.delete("/prompts/{prompt}")
async def remove(seat: Sat, bench: Bench, prompt: PromptId, x_window: Window = "") -> Response:
    """Take a prompt away."""
    action = {"action": "remove", "prompt": prompt, "prompts": []}
    frame = await seat.run(action, lambda s, o: s.remove(prompt, o), "remove", x_window)
    autosave(bench, seat)
    return reply(frame)


@router.post("/undo")
async def undo(seat: Sat, bench: Bench, steps: Steps, x_window: Window = "") -> Response:
    """Take back the last steps."""
    return await _go(seat, bench, lambda s: max(0, s.history.done - steps.steps), x_window, "undo")


@router.post("/redo")
async def redo(seat: Sat, bench: Bench, steps: Steps, x_window: Window = "") -> Response:
    """Repeat the last steps taken back."""

    def target(session: Session) -> int:
        return min(len(session.history.steps), session.history.done + steps.steps)

    return await _go(seat, bench, target, x_window, "redo")


@router.post("/goto")
async def goto(seat: Sat, bench: Bench, place: Place, x_window: Window = "") -> Response:
    """Go to a place in the history."""
    return await _go(seat, bench, lambda s: min(place.done, len(s.history.steps)), x_window, "goto")


@router.post("/method")
async def use(seat: Sat, bench: Bench, choice: Choice, x_window: Window = "") -> Response:
    """Go on with another method."""
    method = await bench.off(chosen, choice.name, choice.fields)
    frame = await seat.run(
        {}, lambda s, _: s.use(method, choice.dims), f"use {choice.name}", x_window
    )
    return reply(frame)


@router.post("/objects")
async def begin(seat: Sat, bench: Bench, saying: Saying, x_window: Window = "") -> Response:
    """A new object."""

    def work(session: Session, _: Any) -> Update:
        taken = {item.number for item in session.objects}
        number = next((n for n in range(1, 256) if n not in taken), None)
        if number is None:
            raise SessionError("a session has at most 255 objects; delete one")
        return _described(session, number, saying)

    return reply(await seat.run({}, work, "new object", x_window))


@router.patch("/objects/{number}")
async def describe(
    seat: Sat, bench: Bench, number: InPath, saying: Saying, x_window: Window = ""
) -> Response:
    """Name, colour, lock or unlock an object."""

    def work(session: Session, _: Any) -> Update:
        session.object(number)
        return _described(session, number, saying)

    frame = await seat.run({}, work, "describe", x_window)
    autosave(bench, seat)
    return reply(frame)


@router.delete("/objects/{number}")
async def delete(seat: Sat, bench: Bench, number: InPath, x_window: Window = "") -> Response:
    """Delete an object."""
    frame = await seat.run({}, lambda s, _: s.delete(number), "delete", x_window)
    autosave(bench, seat)
    return reply(frame)


@router.post("/edits")
async def edit(seat: Sat, bench: Bench, edit: Edit, x_window: Window = "") -> Response:
    """Change an object's mask by a tool."""

    def work(session: Session, observe: Any) -> Update:
        made = tools.prompt(session, edit, seat.grid)
        return session.add(made, object=edit.object, observe=observe, name=edit.tool)

    said = edit.model_dump(mode="json", exclude_none=True)
    action = {"action": "edits", "object": edit.object, "prompts": [], "edit": said}
    frame = await seat.run(action, work, edit.tool, x_window)
    autosave(bench, seat)
    return reply(frame)


def _described(session: Session, number: int, saying: Saying) -> Update:
    update = session.describe(number, name=saying.name, colour=saying.colour, locked=saying.locked)
    return Update(update.step, (), (number,), update.region, update.notes, update.seconds)


async def _go(
    seat: Seat, bench: Workbench, target: Callable[[Session], int], window: str, word: str
) -> Response:
    def work(session: Session, _: Any) -> Update:
        return travel(session, target(session), word)

    frame = await seat.run({}, work, word, window)
    autosave(bench, seat)
    return reply(frame)


def travel(session: Session, done: int, word: str) -> Update:
    """Undo or redo to a place in the history, as one update.

    Raises:
        NothingToUndo: If there is no step to undo, or none to redo.
    """
    move = session.undo if done < session.history.done or word == "undo" else session.redo
    if done == session.history.done and word == "goto":
        return Update("nothing", (), (), NOWHERE, (), 0.0)
    update = move()
    objects, region, count = set(update.objects), update.region, 1
    while session.history.done != done:
        more = move()
        objects |= set(more.objects)
        region = region.union(more.region)
        count += 1
    step = update.step if count == 1 else f"{update.step.partition(' ')[0]} {count} steps"
    return Update(step, (), tuple(sorted(objects)), region, (), update.seconds)
