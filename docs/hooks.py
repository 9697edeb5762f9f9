"""Puts the command line's own help on its page of the site."""

import re
import subprocess
import sys
from typing import Any

PLACE = "<!-- commands -->"
COMMAND = [sys.executable, "-m", "typer", "delineate.cli", "utils", "docs", "--name", "delineate"]


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Called by MkDocs with the text of each page."""
    return markdown.replace(PLACE, commands()) if PLACE in markdown else markdown


def commands() -> str:
    """Markdown of every command and option, under headings of level two."""
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=True, encoding="utf-8")
    text = done.stdout.partition("\n")[2]
    text = re.sub(r"\*\*Commands\*\*:\n\n(\* .*\n)+", "", text)
    text = re.sub(r"^ +(delineate .*)$", r"    \1", text, flags=re.MULTILINE)
    return re.sub(r"^Example: (delineate .*)$", r"Example: `\1`", text, flags=re.MULTILINE)
