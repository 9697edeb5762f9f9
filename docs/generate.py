"""Writes the pages that come out of the code: `python docs/generate.py [--check]`.

`docs/methods.md`: every method of the package, from its class. With `--check` nothing is
written, and the exit status is 1 if a page differs.
"""

import dataclasses
import inspect
import re
import sys
from pathlib import Path

from delineate.methods import BUILT_IN

HERE = Path(__file__).parent
HEAD = """# Choosing a method

This page is made from the code by `python docs/generate.py`.

Every method works inside a box and a margin around it, or on the whole image; where an image has more
voxels than its `limit`, on the part around the prompts. Where the prompts alone span more than that, the
session runs it on larger voxels. Either way a note says so.

| method | reads | dims | when to use it |
| --- | --- | --- | --- |
"""


def row(method: type) -> str:
    reads = ", ".join(sorted(kind.__name__ for kind in method.reads))
    dims = ", ".join(f"{dim}D" for dim in sorted(method.dims))
    return f"| [`{method.name}`](#{method.name}) | {reads} | {dims} | {method.when} |\n"


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


def pages() -> dict[Path, str]:
    methods = sorted(BUILT_IN, key=lambda method: method.name)
    text = HEAD + "".join(map(row, methods)) + "\n" + "\n".join(map(section, methods))
    return {HERE / "methods.md": text}


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
