"""Which clicks a network honours by itself, in the raw probability, before anything moves it."""

import json
from dataclasses import dataclass, field

from click_runs import MOST, USER, Bench
from pages import markdown
from runs import CHANNELS

from delineate.bench.cases import find_cases
from delineate.bench.draws import generator
from delineate.bench.options import Options
from delineate.bench.protocol import play
from delineate.bench.starts import Start
from delineate.bench.tasks import Task, plan
from delineate.bench.views import views
from delineate.methods.click_fcn import ClickFCN
from delineate.prompts import Click
from delineate.users import find

ROUNDS, LIMIT = 9, 4


@dataclass(frozen=True, kw_only=True)
class Watched(ClickFCN):
    """The method without honouring, that notes after each answer which clicks it follows."""

    followed: list[tuple[bool, float]] = field(default_factory=list)

    def segment(self, volume, prompts, state, observe=None):
        patch, state = super().segment(volume, prompts, state, observe)
        clicks = [prompt for prompt in prompts if isinstance(prompt, Click)]
        kept = [(patch.on(one.region).item() > 0.5) == one.inside for one in clicks]
        self.followed.append((kept[-1], sum(kept) / len(kept)))
        return patch, state


def honoured(bench: Bench) -> str:
    """Share of clicks followed at once, and of all clicks so far, on a few cases a data set."""
    path = bench.out / f"{bench.dims}d-honoured.json"
    asked = [bench.weights, bench.dims, ROUNDS, LIMIT]
    held = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if held.get("asked") != asked:
        held = {"asked": asked, "found": _measure(bench)}
        bench.out.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(held), encoding="utf-8")
    rows = [
        [name, str(len(own)), *(f"{100 * sum(v) / len(v):.1f} %" for v in zip(*own, strict=True))]
        for name, own in held["found"].items()
    ]
    sums = [[sum(v) / len(v) for v in zip(*own, strict=True)] for own in held["found"].values()]
    means = [f"**{100 * sum(v) / len(v):.1f} %**" for v in zip(*sums, strict=True)]
    rows.append(["**mean of data sets**", str(sum(map(len, held["found"].values()))), *means])
    head = ("clicks", "the last click", "all clicks so far")
    return markdown(("followed in the raw probability", *head), rows)


def _measure(bench: Bench) -> dict[str, list[tuple[bool, float]]]:
    cases = find_cases(bench.cases, dims=bench.dims, limit=LIMIT)
    options = Options(
        cases=bench.cases, methods=("click_fcn",), user=USER, out=bench.out, rounds=ROUNDS,
        dims=bench.dims, limit=LIMIT, objects=bench.objects,
    )  # fmt: skip
    assert MOST > ROUNDS
    found: dict[str, list[tuple[bool, float]]] = {}
    for task in plan(cases, ("click_fcn",), options):
        if not task.error:
            found.setdefault(task.target.group, []).extend(_of(task, bench))
    return {name: own for name, own in found.items() if own}


def _of(task: Task, bench: Bench) -> list[tuple[bool, float]]:
    channel = CHANNELS.get(task.case.dataset)
    method = Watched(weights=bench.weights, honour=False, channel=channel)
    for view in views(task):
        play(
            view.image, view.truth, method, find(USER), Start(), ROUNDS,
            lambda number: generator(0, "user", task.key, USER, number),
        )  # fmt: skip
    return method.followed
