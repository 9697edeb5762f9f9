"""What a run was made with: enough to tell why two runs differ."""

import importlib.metadata
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from .options import Options

PACKAGES = ("numpy", "scipy", "scikit-image", "SimpleITK", "torch", "PyMaxflow")


def version() -> str:
    """Of this package, as installed."""
    try:
        return importlib.metadata.version("delineate")
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def environment(options: Options) -> dict[str, Any]:
    """Versions, machine, threads, command, seed, date and commit, as JSON can hold them."""
    return {
        "command": options.command(),
        "options": options.identity(),
        "seed": options.seed,
        "jobs": options.jobs,
        "threads_per_job": 1,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "delineate": version(),
        "commit": _commit(),
        "python": sys.version.split()[0],
        "packages": {name: _installed(name) for name in PACKAGES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "peak_mb": "growth of the process's resident memory in a round, sampled every 5 ms",
    }


def _installed(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of this source tree, "+" if files in it were changed; None without git."""
    if not (Path(__file__).parents[3] / ".git").exists():
        return None
    found = [_git("rev-parse", "HEAD"), _git("--no-optional-locks", "status", "--porcelain")]
    if found[0] is None:
        return None
    return found[0] + ("+" if found[1] else "")


def _git(*words: str) -> str | None:
    try:
        done = subprocess.run(
            ["git", *words], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()
