"""Contestants that do the same work in turns, and the Markdown table of who took how long."""

import datetime
import importlib.metadata
import importlib.util
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

Work = Callable[[], Any]


@dataclass(frozen=True)
class Contest:
    """One piece of work.

    Attributes:
        energy: What is computed.
        scene: On what.
        ours: Our ways to do it, by name.
        peers: Other libraries' ways, by name.
        agreement: Says of our result and a peer's how they compare.
        limits: Most times as long as a peer each of ours may take; those not named have none.
        most_seconds: Most seconds each of ours may take; those not named may take any.
    """

    energy: str
    scene: str
    ours: Mapping[str, Work]
    peers: Mapping[str, Work]
    agreement: Callable[[Any, Any], str]
    limits: Mapping[str, float] = field(default_factory=dict)
    most_seconds: Mapping[str, float] = field(default_factory=dict)


HEAD = """\
| energy | scene | ours | seconds | peer | seconds | ratio | limit | the two results |
| --- | --- | --- | --: | --- | --: | --: | --- | --- |"""


def rows(contest: Contest, repeats: int) -> Iterable[str]:
    """Run a contest: everyone once to warm up, then in turns; medians."""
    everyone = {**contest.ours, **contest.peers}
    results = {name: work() for name, work in everyone.items()}
    seconds: dict[str, list[float]] = {name: [] for name in everyone}
    for _ in range(repeats):
        for name, work in everyone.items():
            began = time.perf_counter()
            work()
            seconds[name].append(time.perf_counter() - began)
    median = {name: statistics.median(taken) for name, taken in seconds.items()}
    for mine in contest.ours:
        for peer in contest.peers or ("-",):
            cells = [contest.energy, contest.scene, mine, f"{median[mine]:.3f}", peer]
            ratio = median[mine] / median[peer] if contest.peers else 0.0
            cells += [f"{median[peer]:.3f}", f"{ratio:.2f}"] if contest.peers else ["", ""]
            cells.append(_verdict(contest, mine, ratio, median[mine]))
            cells.append(contest.agreement(results[mine], results[peer]) if contest.peers else "")
            yield f"| {' | '.join(cells)} |"


def _verdict(contest: Contest, mine: str, ratio: float, seconds: float) -> str:
    said = []
    if (limit := contest.limits.get(mine)) is not None:
        said.append(f"{limit:g} times" + (" **over**" if ratio > limit else ""))
    if (most := contest.most_seconds.get(mine)) is not None:
        said.append(f"{most:g} s" + (" **over**" if seconds > most else ""))
    return ", ".join(said) or "reported"


def there(module: str) -> bool:
    """Whether a peer is installed."""
    return importlib.util.find_spec(module) is not None


def machine(*packages: str) -> str:
    """Date, machine, load and versions, for under a table."""
    versions = []
    for package in ("numpy", "scipy", *packages):
        try:
            versions.append(f"{package} {importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            versions.append(f"{package} missing")
    memory = psutil.virtual_memory().total / 2**30
    load = psutil.getloadavg()[0]
    return (
        f"{datetime.date.today().isoformat()}, {_processor()}, {os.cpu_count()} cores, "
        f"{memory:.0f} GiB, load {load:.1f}, Python {platform.python_version()}, "
        + ", ".join(versions)
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
