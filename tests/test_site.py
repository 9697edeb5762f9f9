"""The site: each page is in its navigation, each link leads somewhere, what it shows works."""

import contextlib
import importlib
import io
import re
import shlex
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import typer.main

from delineate import cli
from delineate.samples import write_samples

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
NAVIGATION = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
RUN = [page for page in PAGES if "```python" in page.read_text(encoding="utf-8")]


def name(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


def slug(heading: str) -> str:
    """The anchor of a heading, as Python-Markdown makes it."""
    plain = re.sub(r"[^\w\s-]", "", re.sub(r"[`*]", "", heading).strip().lower())
    return re.sub(r"[-\s]+", "-", plain)


def anchors(page: Path) -> set[str]:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    return {slug(heading) for heading in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def fenced(page: Path, *languages: str) -> list[tuple[str, str]]:
    """Blocks of code in these languages, with the language, in the order of the page."""
    text = page.read_text(encoding="utf-8")
    found = re.findall(r"^```(\w+)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [(language, code) for language, code in found if language in languages]


def commands(page: Path) -> list[tuple[list[str], bool]]:
    """The words of each command line, and whether the line is all of it."""
    lines = re.findall(r"^(?: {4})?delineate (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return [
        (shlex.split(line.rstrip("\\"), comments=True), line[-1] != "\\" and "…" not in line)
        for line in lines
    ]


def test_every_page_is_in_the_navigation_once():
    listed = re.findall(r"[\w/-]+\.md", NAVIGATION)
    assert sorted(listed) == sorted(map(name, PAGES))


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.stem)
def test_links_lead_to_a_file_and_a_heading(page):
    for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"\w+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{page.name}: {link}"
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{page.name}: {link}"


@pytest.mark.parametrize("page", sorted((DOCS / "reference").glob("*.md")), ids=lambda p: p.stem)
def test_what_the_reference_names_is_in_the_code(page):
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"^::: (\S+)$", text, re.MULTILINE) + re.findall(r"\]\[([\w.]+)\]", text)
    for path in named:
        try:
            importlib.import_module(path)
        except ImportError:
            module, _, what = path.rpartition(".")
            assert hasattr(importlib.import_module(module), what), f"{page.name}: {path}"


def test_commands_and_options_of_every_page_are_real():
    group = typer.main.get_command(cli.app)
    seen = set()
    for page in PAGES:
        for (word, *rest), whole in commands(page):
            seen.add(word)
            command = group.commands[word]
            known = {option for param in command.params for option in param.opts}
            options = {one for one in rest if one.startswith("-")}
            assert options <= known | {"-h"}, f"{page.name}: {word} {rest}"
            if whole:
                command.make_context(word, rest, resilient_parsing=False)
    assert seen >= {"segment", "serve", "demo", "bench", "train", "replay"}


@pytest.fixture(scope="module")
def samples(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    write_samples(folder / "demo")
    return folder


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_the_code_of_a_page_runs_and_prints_what_it_says(
    page, samples, handmade, tmp_path, monkeypatch
):
    shutil.copytree(samples, tmp_path, dirs_exist_ok=True)
    shutil.copy(handmade / "pnet.safetensors", tmp_path / "mine.safetensors")
    monkeypatch.chdir(tmp_path)
    place = {"__name__": page.stem}
    for language, code in fenced(page, "python", "sh"):
        if language == "sh":
            run_commands(code)
        else:
            said = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                exec(compile(code, page.name, "exec"), place)
            assert [line.strip() for line in out.getvalue().splitlines()] == said


def run_commands(code: str) -> None:
    """Those that end by themselves and soon."""
    for line in code.splitlines():
        _, word, *rest = shlex.split(line, comments=True)
        if word in ("segment", "replay"):
            with contextlib.redirect_stdout(io.StringIO()):
                status = typer.main.get_command(cli.app)([word, *rest], standalone_mode=False)
            assert not status, line
            assert all(Path(to).exists() for flag, to in pairwise(rest) if flag == "-o"), line
