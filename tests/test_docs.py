"""What the pages say is so: generated ones are current, commands and Python in the README run."""

import re
import runpy
import shlex
import shutil
from pathlib import Path

import pytest
import typer.main

from delineate import cli
from delineate.methods import BUILT_IN
from delineate.samples import head

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_pages_are_current():
    for path, text in runpy.run_path(str(ROOT / "docs" / "generate.py"))["pages"]().items():
        assert path.read_text(encoding="utf-8") == text, "run: python docs/generate.py"


def test_every_field_of_a_method_is_explained():
    text = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
    assert not re.findall(r"^\| `\w+` \| .* \|  \|$", text, re.MULTILINE)
    assert all(f"## {point.name}" in text for point in BUILT_IN)


def test_the_python_of_the_readme_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copy(head(), "head.nii.gz")
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(compile(code, "README.md", "exec"), {})
    assert Path("ventricles.nii.gz").exists()
    assert Path("head.delineate").exists()


def test_the_commands_of_the_readme_parse():
    group = typer.main.get_command(cli.app)
    lines = [line for line in README.splitlines() if line.startswith("delineate ")]
    assert len(lines) >= 7
    for line in lines:
        _, name, *words = shlex.split(line, comments=True)
        group.commands[name].make_context(name, words, resilient_parsing=False)


def test_links_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


@pytest.mark.parametrize("path", sorted((ROOT / "src").rglob("*.py")), ids=lambda p: p.stem)
def test_every_paper_named_is_in_the_bibliography(path):
    entries = (ROOT / "references.bib").read_text(encoding="utf-8")
    for key in re.findall(r'paper: ClassVar(?:\[str\])? = "(\w+)"', path.read_text("utf-8")):
        assert f"{{{key}," in entries, key
