"""The house rules, as far as a test can hold them."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import delineate

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "delineate"
MODULES = sorted(SOURCE.rglob("*.py"))

# Layers from the ground up; a module may import from its own layer and those below.
LAYERS = [
    {"errors", "types"},
    {"region"},
    {"geometry", "voxels"},
    {"volume", "patch"},
    {"prompts", "energy", "networks", "synth"},
    {"models"},
    {"marks", "levels", "edits", "measures"},
    {"methods"},
    {"objects"},
    {"merge", "history"},
    {"asking"},
    {"session", "rows"},
    {"storage", "repeat", "shortcut", "overlay", "users"},
    {"journal"},
    {"serve"},
    {"bench"},
    {"train"},
    {"tune"},
    {"cli", "demo"},
    {"__main__"},
]
LEAVES = {
    "io": {"errors", "types", "region", "geometry", "volume", "voxels"},
    "doctor": {"errors", "models"},
    "samples": {"errors"},
}
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def unit(path: Path) -> str:
    """The module or subpackage a file belongs to."""
    return path.relative_to(SOURCE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """Units of this package that a file imports, anywhere in it."""
    found = set()
    package = ["delineate", *path.relative_to(SOURCE).parts[:-1]]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            full = base + (node.module.split(".") if node.module else [])
            names = [full[1]] if len(full) > 1 else [alias.name for alias in node.names]
            found |= set(names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("delineate."):
            found.add(node.module.split(".")[1])
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down_only(path):
    own = unit(path)
    if own == "__init__":
        return
    assert own in LEVEL or own in LEAVES, f"{own} has no layer"
    for other in imported(path) - {own}:
        if own in LEAVES:
            assert other in LEAVES[own], f"the leaf {own} imports {other}"
        elif other not in LEAVES:
            assert LEVEL[other] < LEVEL[own], f"{own} imports {other}, which is not below it"


def test_energy_knows_arrays_only():
    for path in (SOURCE / "energy").glob("*.py"):
        assert imported(path) <= {"energy", "errors", "types"}, path.name


def test_session_knows_no_concrete_method():
    for name in ("session", "asking", "history", "objects", "merge"):
        text = (SOURCE / f"{name}.py").read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("methods"):
                assert node.module in ("methods.base", "methods.coarse", "methods.slices")


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(SOURCE)))
def test_modules_and_functions_are_small(path):
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 450, "a module is around 200 lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node) or ""
            lines = node.end_lineno - node.lineno + 1 - doc.count("\n")
            assert lines <= 60, f"{node.name} has {lines} lines"


def test_the_public_surface_is_exactly_this():
    assert delineate.__all__ == sorted(delineate.__all__)
    assert set(delineate.__all__) == {
        "Adjust", "Box", "Click", "DelineateError", "Geometry", "Given", "Paint", "Patch",
        "Region", "Scribble", "Session", "Volume", "Voxels", "build", "list_methods",
        "list_series", "load", "read", "read_labels", "replay", "save", "segment", "write",
    }  # fmt: skip
    for name in delineate.__all__:
        assert getattr(delineate, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        delineate.nothing  # noqa: B018


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return done.stdout.strip()


def test_importing_the_package_is_light():
    heavy = "{'numpy', 'scipy', 'torch', 'skimage', 'SimpleITK', 'nibabel', 'typer'}"
    assert run(f"import sys, delineate; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_the_command_line_answers_without_heavy_imports():
    heavy = "{'scipy', 'torch', 'skimage', 'SimpleITK', 'nibabel', 'pandas', 'matplotlib'}"
    assert run(f"import sys, delineate.cli; print(sorted({heavy} & set(sys.modules)))") == "[]"


def test_a_session_needs_neither_torch_nor_readers():
    heavy = "{'torch', 'SimpleITK', 'nibabel', 'pandas', 'matplotlib'}"
    code = f"import sys; from delineate import Session; print(sorted({heavy} & set(sys.modules)))"
    assert run(code) == "[]"


def test_a_method_without_a_network_is_built_without_torch():
    code = "import sys, delineate; delineate.build('grabcut'); print('torch' in sys.modules)"
    assert run(code) == "False"


def test_no_unix_only_module():
    banned = {"fcntl", "resource", "pwd", "grp", "termios", "posix"}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not banned & set(names), path
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"fork", "SIGKILL", "getuid"}, path
