"""Chromium and Jupyter servers, one of each for the folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .frontend import OpenNotebook, Server

QUICKSTART = Path(__file__).resolve().parents[2] / "notebooks" / "quickstart.ipynb"
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The system's Chromium without a window."""
    pytest.importorskip("playwright", reason="Playwright is not installed: pip install -e '.[browser]'")
    from playwright.sync_api import sync_playwright

    from .frontend import chromium

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium(), args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A running JupyterLab."""
    from .frontend import serving

    with serving("lab", tmp_path_factory.mktemp("lab")) as server:
        yield server


@pytest.fixture(scope="session")
def notebook_7(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A running Notebook 7."""
    from .frontend import serving

    with serving("notebook", tmp_path_factory.mktemp("notebook")) as server:
        yield server


@pytest.fixture(scope="module")
def quickstart(browser: Browser, lab: Server) -> Iterator[OpenNotebook]:
    """The quickstart in Lab, all of whose cells have been run."""
    from .frontend import OpenNotebook

    opened = OpenNotebook(browser, lab.put(QUICKSTART))
    opened.run_all()
    yield opened
    opened.close()
