"""Writes the pages that come out of the code: `python docs/generate.py [--check]`.

`docs/methods.md`: every method of the package, from its class. `docs/weights.md`: every weight
that ships, from the manifest. With `--check` nothing is written, and the exit status is 1 if a
page differs.
"""

import dataclasses
import inspect
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from delineate.methods import BUILT_IN
from delineate.models import Info, list_models

HERE = Path(__file__).parent
HEAD = """# Methods

This page is made from the code by `python docs/generate.py`.

Every method works inside a box and a margin around it, or on the whole image; where an image has more
voxels than its `limit`, on the part around the prompts. Where the prompts alone span more than that, the
session runs it on larger voxels. Either way a note says so.

| method | its name | reads | dims | when to use it |
| --- | --- | --- | --- | --- |
"""


WEIGHTS = """# Weights

This page is made from the manifest of weights by `python docs/generate.py`.

Methods with a network take `weights`: a name below, or a `.safetensors` file of your own. Objects of
the classes seen were learnt from; all others are unseen. `delineate doctor` checks the files.

"""


def row(method: type) -> str:
    reads = ", ".join(sorted(kind.__name__ for kind in method.reads))
    dims = ", ".join(f"{dim}D" for dim in sorted(method.dims))
    return f"| [{method.title}](#{method.name}) | `{method.name}` | {reads} | {dims} | {method.when} |\n"


def section(method: type) -> str:
    doc = inspect.cleandoc(method.__doc__ or "")
    intro, _, rest = doc.partition("\nArgs:\n")
    said = {
        name: " ".join(text.split())
        for name, text in re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", rest, re.MULTILINE)
    }
    lines = [
        f"## {method.name}\n",
        intro.strip(),
        "\n| field | default | what it does |",
        "| --- | --- | --- |",
    ]
    for field in dataclasses.fields(method):
        lines.append(f"| `{field.name}` | {field.default!r} | {said.get(field.name, '')} |")
    reference = doc.partition("References:\n")[2].partition("\nExamples:")[0]
    lines.append("\nPaper: " + " ".join(reference.split()) + f" (`{method.paper}`)\n")
    return "\n".join(lines)


def weights(infos: Sequence[Info]) -> str:
    """The page of weights; with none, a sentence that says so."""
    if not infos:
        return WEIGHTS + "No weights ship with this version.\n"
    lines = ["| weights | network | crops | parameters | learnt from | classes seen | Dice, box alone |"]
    lines.append("| --- | --- | --- | --: | --- | --- | --- |")
    for info in infos:
        data = ", ".join(f"{name} {share:.0%}" for name, share in info.data.items())
        scores = ", ".join(f"{name} {dice:.3f}" for name, dice in sorted(info.scores.items()))
        cells = [f"`{info.name}`", info.architecture, "×".join(map(str, info.size))]
        cells += [f"{info.parameters:,}", data, ", ".join(info.seen) or "none", scores]
        lines.append(f"| {' | '.join(cells)} |")
    return WEIGHTS + "\n".join(lines) + "\n"


def pages() -> dict[Path, str]:
    methods = [point.load() for point in sorted(BUILT_IN, key=lambda point: point.name)]
    text = HEAD + "".join(map(row, methods)) + "\n" + "\n".join(map(section, methods))
    return {HERE / "methods.md": text, HERE / "weights.md": weights(list_models())}


def main() -> int:
    stale = 0
    for path, text in pages().items():
        if "--check" in sys.argv:
            stale += not path.exists() or path.read_text(encoding="utf-8") != text
        else:
            path.write_text(text, encoding="utf-8")
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
