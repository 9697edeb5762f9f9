"""What the browser tests need; `make e2e` sets it up and runs them."""

import os
import shutil
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
if os.environ.get("DELINEATE_E2E"):
    sys.path.insert(0, str(HERE / "stub"))  # a method that no other test should meet
collect_ignore_glob = ["stub/*"]
if not os.environ.get("DELINEATE_E2E"):
    collect_ignore_glob += ["*.py"]


def pytest_configure(config) -> None:
    """Say in one sentence what is missing, instead of failing in every test."""
    if not os.environ.get("DELINEATE_E2E"):
        return
    from person import installed

    from delineate.serve.settings import Settings

    if not installed():
        raise pytest.UsageError(
            "the browser tests need Chromium: install the package chromium, or run "
            "`playwright install --with-deps chromium`"
        )
    if not (Settings.static / "index.html").exists():
        raise pytest.UsageError(
            "the page is not built: install Node 20 or later and run `make page`"
        )


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> Path:
    """A folder of sample images, and of real ones where they are here."""
    folder = tmp_path_factory.mktemp("images")
    real = HERE.parents[2] / "shared" / "data" / "dev"
    for name, where in REAL.items():
        found = sorted(real.glob(where))
        if found:
            shutil.copy(found[0], folder / name)
    return folder


REAL = {"cord.nii.gz": "sct/*/image.nii.gz", "nuclei.png": "dsb2018/*/image.png"}


@pytest.fixture(scope="session")
def served(images, tmp_path_factory):
    """A server with the stub method; tests share it, each with images of its own."""
    from served import Served

    server = Served(images, tmp_path_factory.mktemp("home"))
    yield server
    server.close()


@pytest.fixture
def head(images, request) -> str:
    """The name of the sample volume in the folder, a copy for this test alone."""
    from delineate import samples

    name = f"{request.node.name}.nii.gz"
    shutil.copy(samples.head(), images / name)
    yield name
    (images / name).unlink()


@pytest.fixture
def cell(images, request) -> str:
    """The name of the sample picture in the folder, a copy for this test alone."""
    from delineate import samples

    name = f"{request.node.name}.png"
    shutil.copy(samples.cell(), images / name)
    yield name
    (images / name).unlink()


@pytest.fixture(scope="session")
def playwright():
    """What drives the browsers."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    """A browser without WebGL, where the 3D view says so and all else works."""
    from person import chromium

    browser = chromium(playwright)
    yield browser
    browser.close()


@pytest.fixture
def solid_browser(playwright):
    """A browser with WebGL, for the 3D view."""
    from person import SOLID, chromium

    browser = chromium(playwright, SOLID)
    yield browser
    browser.close()


@pytest.fixture
def person(browser, served):
    """Someone at the page, who sees no error that nobody expects and no request to elsewhere."""
    from person import Person

    context = browser.new_context(viewport={"width": 1280, "height": 720}, accept_downloads=True)
    someone = Person(context.new_page(), served)
    yield someone
    context.close()
    assert someone.wrong == []
    assert someone.hosts <= {f"127.0.0.1:{served.port}", ""}


@pytest.fixture
def alone(browser, images, tmp_path):
    """Someone at the page of a server of their own, which may be killed."""
    from person import Person
    from served import Served

    server = Served(images, tmp_path)
    someone = Person(browser.new_context().new_page(), server)
    yield someone
    someone.page.context.close()
    server.close()
