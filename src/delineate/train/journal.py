"""What happens in a training, line by line in a file, and drawn as curves."""

import importlib.util
import json
from pathlib import Path
from typing import Any


class Journal:
    """JSON lines, each with the step it was written after.

    Args:
        path: Lines are added to what is there.
        step: Lines after it are dropped: they will be written again.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = [line for line in read_journal(path) if line["step"] <= step] if step else []
        path.write_text("".join(json.dumps(line) + "\n" for line in kept), encoding="utf-8")

    def write(self, step: int, **values: Any) -> None:
        """Add a line."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"step": step, **values}) + "\n")


def read_journal(path: Path) -> list[dict[str, Any]]:
    """The lines of a journal; none if it is not there; a last one that was cut off is left out."""
    if not path.is_file():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            break
    return found


def draw_curves(journal: Path, picture: Path) -> bool:
    """Loss and Dice over the steps as a PNG; False if matplotlib is not installed."""
    if importlib.util.find_spec("matplotlib") is None:
        return False
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    lines = read_journal(journal)
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2)
    losses = [line for line in lines if "loss" in line]
    left.plot([line["step"] for line in losses], [line["loss"] for line in losses], linewidth=0.8)
    left.set(xlabel="step", ylabel="loss")
    validated = [line for line in lines if line.get("dice")]
    for name in sorted({name for line in validated for name in line["dice"]}):
        values = [line["dice"].get(name, float("nan")) for line in validated]
        width = 2.5 if name == "mean" else 1.0
        right.plot([line["step"] for line in validated], values, linewidth=width, label=name)
    right.set(xlabel="step", ylabel="Dice in validation", ylim=(0, 1))
    if validated:
        right.legend(fontsize=8)
    figure.savefig(picture, dpi=120)
    return True
