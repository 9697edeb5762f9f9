"""One loop for all networks, on a CPU, one GPU or several."""

import copy
import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import nn

from ..models.architectures import build
from .average import Average
from .checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from .click_validation import validate_clicks
from .clicking import after_clicks, answers_of
from .data import Data
from .errors import TrainingError
from .export import export
from .feeding import batches
from .journal import Journal, draw_curves
from .losses import loss
from .machine import Run, choose_precision, hardware, make_fabric
from .recipe import Training
from .starting import started
from .validation import MEAN, validate

if TYPE_CHECKING:
    from lightning_fabric import Fabric

LAST, BEST, WEIGHTS = "last.pt", "best.pt", "weights"
JOURNAL, CURVES = "log.jsonl", "curves.png"

FREE = ("steps",)
"""Fields of a recipe that may be others when a training goes on."""

Observe: TypeAlias = Callable[[int, dict[str, float]], None]


@dataclass
class _Going:
    """A training on its way."""

    recipe: Training
    run: Run
    data: Data
    out: Path
    fabric: "Fabric"
    precision: str
    net: nn.Module
    model: Any
    optimiser: Any
    average: Average
    step: int = 0
    before: float = 0.0
    began: float = field(default_factory=time.monotonic)
    scores: dict[str, float] = field(default_factory=dict)
    best: float = -1.0
    shares: dict[str, float] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    earlier: tuple[int, int, float] = (0, 0, 0.0)

    @property
    def seconds(self) -> float:
        return self.before + time.monotonic() - self.began


def train(
    recipe: Training,
    data: Data,
    out: Path,
    run: Run | None = None,
    *,
    resume: bool = False,
    observe: Observe | None = None,
) -> Checkpoint:
    """Train a network; what comes out lies in a folder.

    `last.pt` is to go on from and `best.pt` the best one on the sets for validation; `weights/`
    holds the averaged weights of both, `log.jsonl` and `curves.png` how it went.

    Args:
        recipe: What to train and how.
        data: What to learn from and to validate on.
        out: The folder.
        run: On what to train and for how long.
        resume: Go on from `last.pt`: on the same device with one thread to the same bits as if it
            had never stopped. The recipe may have other `steps` only.
        observe: Called with the step and numbers for the journal, whenever there are new ones.

    Raises:
        TrainingError: If the recipe, the data or the checkpoint do not fit, or the loss is no
            longer finite.
        MissingExtra: If Fabric is not installed.

    Returns:
        The last checkpoint.
    """
    run = run or Run()
    held = read_checkpoint(out / LAST) if resume else None
    if held is None and (out / LAST).exists():
        raise TrainingError(f"{out} holds a training already; go on with it or name another folder")
    threads = torch.get_num_threads()
    torch.set_num_threads(run.threads or threads)
    try:
        going = _begin(recipe, data, out, run, held)
        return _steps(going, observe)
    finally:
        torch.set_num_threads(threads)


def _begin(recipe: Training, data: Data, out: Path, run: Run, held: Checkpoint | None) -> _Going:
    """A training at its first step, or where the checkpoint left it."""
    if held is not None:
        _check_same(recipe, run, held)
    precision = held.precision if held else choose_precision(run)
    fabric = make_fabric(run, precision)
    torch.manual_seed(recipe.seed)
    net = build(recipe.network)
    if held:
        net.load_state_dict(held.net)
    begun = started(net, recipe.start) if recipe.start and not held else None
    if precision == "bf16":
        deepest = max(weight.ndim for weight in net.parameters())
        net = net.to(memory_format=_layout(deepest))  # type: ignore[call-overload]
    model, optimiser = fabric.setup(net, recipe.optimiser.build(net))
    going = _Going(
        recipe, run, data, out, fabric, precision, net, model, optimiser,
        Average(net, recipe.average),
    )  # fmt: skip
    going.shares, going.seen = data.shares(recipe), list(data.seen(recipe))
    if begun:
        going.shares = dict.fromkeys(begun.data, 0.0) | going.shares
        going.seen = sorted({*begun.seen, *going.seen})
        going.earlier = begun.steps, begun.samples, begun.hours
    if held:
        going.shares, going.seen, going.earlier = held.data, held.seen, held.earlier
        optimiser.load_state_dict(held.optimiser)
        going.average.restore(held.average)
        going.step, going.before = held.step, held.seconds
        going.scores, going.best = held.scores, held.best
    return going


def _check_same(recipe: Training, run: Run, held: Checkpoint) -> None:
    # Checkpoints from before there was a field have its default.
    defaults = {one.name: one.default for one in fields(recipe) if one.default is not MISSING}
    ours, theirs = recipe.to_json(), defaults | held.recipe
    # Through lists, as tuples are read back.
    changed = [n for n in ours if n not in FREE and _plain(ours[n]) != _plain(theirs.get(n))]
    if changed:
        raise TrainingError(
            f"the checkpoint was trained with another {changed[0]}, {theirs.get(changed[0])}; "
            f"only {', '.join(FREE)} may change"
        )
    if (run.devices, run.precision) not in ((held.devices, p) for p in ("auto", held.precision)):
        raise TrainingError(
            f"the checkpoint was trained on {held.devices} devices in {held.precision}; "
            "go on with the same"
        )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return [_plain(part) for part in value] if isinstance(value, list | tuple) else value


def _steps(going: _Going, observe: Observe | None) -> Checkpoint:
    """All steps that are left, or as many as there is time for."""
    recipe, run, fabric = going.recipe, going.run, going.fabric
    world, rank = fabric.world_size, fabric.global_rank
    journal = Journal(going.out / JOURNAL, going.step) if rank == 0 else None
    saved = logged = time.monotonic()
    since, total = 0, torch.zeros((), device=fabric.device)

    def note(**values: Any) -> None:
        if journal is not None:
            journal.write(going.step, **values)
            if observe is not None:
                observe(going.step, values)

    if going.step == 0:
        note(recipe=recipe.to_json(), hardware=hardware(fabric.device), precision=going.precision)
    feed = batches(going.data.mixture(recipe), run.workers, going.step * world + rank, stride=world)
    with closing(feed):  # type: ignore[type-var]
        while going.step < recipe.steps:
            total += _step(going, next(feed))
            since += 1
            if going.step % run.log_every == 0:
                note(**_progress(going, float(total) / since, since, time.monotonic() - logged))
                logged, since = time.monotonic(), 0
                total.zero_()
            if run.validate_every and going.step % run.validate_every == 0:
                _validate(going, note)
            now = time.monotonic()
            late = run.minutes and now - going.began >= 60 * run.minutes
            if now - saved >= 60 * run.checkpoint_minutes or _any(fabric, bool(late)):
                _save(going, LAST)
                saved = now
            if _any(fabric, bool(late)):
                break
    if not run.validate_every or going.step % run.validate_every:
        _validate(going, note)
    last = _save(going, LAST)
    if rank == 0:
        export(last, going.out / WEIGHTS, recipe.name)
        draw_curves(going.out / JOURNAL, going.out / CURVES)
    return last


def _any(fabric: "Fabric", mine: bool) -> bool:
    """Whether any device says so, so that all stop together."""
    return mine if fabric.world_size == 1 else bool(fabric.broadcast(mine))


def _step(going: _Going, batch: tuple[Any, ...]) -> torch.Tensor:
    """One step of the optimiser; the loss before it."""
    recipe, fabric = going.recipe, going.fabric
    key = (recipe.seed, going.step, fabric.global_rank)
    torch.manual_seed(int(np.random.SeedSequence(key).generate_state(1)[0]))
    if recipe.clicks is not None:
        number = going.step * fabric.world_size + fabric.global_rank
        with fabric.autocast():
            answers = answers_of(going.net, _layout(batch[0].ndim))
            batch = after_clicks(batch, recipe.seed, number, recipe.clicks, answers)
    images, masks = (torch.from_numpy(part).to(fabric.device) for part in batch)
    if going.precision == "bf16":
        images = images.contiguous(memory_format=_layout(images.ndim))
    for group in going.optimiser.param_groups:
        group["lr"] = recipe.optimiser.rate_at(going.step, recipe.steps)
    going.model.train()
    value = loss(
        going.model(images), masks, recipe.dice, recipe.entropy, recipe.squared, recipe.slab > 0
    )
    going.optimiser.zero_grad()
    fabric.backward(value)
    if recipe.optimiser.clip:
        fabric.clip_gradients(going.model, going.optimiser, max_norm=recipe.optimiser.clip)
    going.optimiser.step()
    going.average.update(going.net, going.step)
    going.step += 1
    return value.detach()


def _progress(going: _Going, value: float, steps: int, seconds: float) -> dict[str, float]:
    if not math.isfinite(value):
        raise TrainingError(
            f"the loss is {value} after {going.step} steps; lower optimiser.rate, or go on from "
            f"{going.out / LAST} with other seeds"
        )
    recipe = going.recipe
    return {
        "loss": value,
        "rate": recipe.optimiser.rate_at(going.step - 1, recipe.steps),
        "samples_per_second": steps * recipe.batch * going.fabric.world_size / seconds,
        "seconds": going.seconds,
    }


def _validate(going: _Going, note: Callable[..., None]) -> None:
    """Dice of the averaged weights on images that are never learnt from."""
    if not going.data.validation or going.fabric.global_rank != 0:
        return
    net = copy.deepcopy(going.net)
    net.load_state_dict(going.average.values)
    with going.fabric.autocast():
        going.scores = _scores(going, net.eval())
    note(dice=going.scores)
    draw_curves(going.out / JOURNAL, going.out / CURVES)
    if going.scores[MEAN] > going.best:
        going.best = going.scores[MEAN]
        export(_save(going, BEST), going.out / WEIGHTS, f"{going.recipe.name}-best")


def _scores(going: _Going, net: nn.Module) -> dict[str, float]:
    recipe, held = going.recipe, going.data.validation
    if recipe.clicks is None:
        return validate(net, held, recipe.size)
    layout = _layout(2 + recipe.network.dims)
    return validate_clicks(answers_of(net, layout), held, recipe.size, recipe.clicks)


def _save(going: _Going, name: str) -> Checkpoint:
    recipe, fabric = going.recipe, going.fabric
    checkpoint = Checkpoint(
        recipe=recipe.to_json(),
        step=going.step,
        net=going.net.state_dict(),
        average=going.average.values,
        optimiser=going.optimiser.state_dict(),
        precision=going.precision,
        devices=fabric.world_size,
        seconds=going.seconds,
        hardware=hardware(fabric.device),
        scores=going.scores,
        best=going.best,
        data=going.shares,
        seen=going.seen,
        earlier=going.earlier,
    )
    if fabric.global_rank == 0:
        write_checkpoint(going.out / name, checkpoint)
    return checkpoint


def _layout(axes: int) -> torch.memory_format:
    return torch.channels_last if axes == 4 else torch.channels_last_3d
