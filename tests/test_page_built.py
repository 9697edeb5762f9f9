"""The built page in the package is that of the sources in `web/`; `make web` builds it."""

import hashlib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BUILT = ROOT / "src" / "delineate" / "serve" / "static"
pytestmark = pytest.mark.skipif(
    not BUILT.exists(), reason="the page is not built; `make web` does it, with Node"
)
PARTS = ("index.html", "package-lock.json", "vite.config.ts", "public", "src")


def sources() -> str:
    """The hash that `web/stamp.mjs` writes."""
    web = ROOT / "web"
    found = [
        path
        for part in PARTS
        for path in ([web / part] if (web / part).is_file() else (web / part).rglob("*"))
        if path.is_file()
    ]
    total = hashlib.sha256()
    for path in sorted(found, key=lambda each: each.relative_to(web).as_posix()):
        total.update(f"{path.relative_to(web).as_posix()}\n".encode())
        total.update(path.read_text(encoding="utf-8").replace("\r\n", "\n").encode())
    return total.hexdigest()


def test_the_built_page_is_that_of_its_sources():
    assert (BUILT / "sources.sha256").read_text().strip() == sources(), "run make web"


def test_the_built_page_asks_nobody_else():
    for path in (
        BUILT / "index.html",
        BUILT / "assets" / "index.js",
        BUILT / "assets" / "index.css",
    ):
        text = path.read_text(encoding="utf-8").replace("http://www.w3.org/", "")
        assert "http://" not in text
        assert "https://" not in text
