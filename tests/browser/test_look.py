"""How panels look in a browser: sizes, places, the keyboard. The tutorials' stored outputs are looked at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape, unescape
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbconvert import HTMLExporter

from flask_nb.project.reading import bundled_notebooks, code_cells, read_notebook

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

MOST = 480  # pixels of a frame that nobody has asked to be taller
PANEL = ".jp-OutputArea-output div[style*='border-radius'] code"
FRAME = re.compile(r'<iframe [^>]*height:(\d+)px"\s+srcdoc="([^"]*)"')


def frames() -> list[tuple[int, str]]:
    """The height that was given to each page of the tutorials, and the page."""
    outputs = [
        output
        for path in bundled_notebooks()
        for cell in code_cells(read_notebook(path))
        for output in cell.outputs
    ]
    html = "".join(output.get("data", {}).get("text/html", "") for output in outputs)
    return [(int(height), unescape(page)) for height, page in FRAME.findall(html)]


LEFT = """element => {
  const range = document.createRange();
  range.selectNodeContents(element);
  return range.getBoundingClientRect().left;
}"""
OUTLINE = """element => {
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
}"""


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page in a window of ordinary size."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    yield page
    page.close()


@pytest.fixture(scope="module")
def quickstart(browser: Browser) -> Iterator[Page]:
    """The quickstart as nbconvert makes a page of it, with JupyterLab's own styles."""
    path = next(path for path in bundled_notebooks() if path.stem == "quickstart")
    html, _ = HTMLExporter().from_notebook_node(nbformat.read(path, as_version=4))
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_content(html, wait_until="domcontentloaded")
    yield page
    page.close()


def test_the_tutorials_have_pages() -> None:
    assert len(frames()) >= 12


@pytest.mark.parametrize(("given", "source"), frames(), ids=lambda value: str(value)[21:51])
def test_a_frame_is_about_as_tall_as_its_page(blank: Page, given: int, source: str) -> None:
    same_origin = (
        f'<iframe sandbox="allow-same-origin" style="width:960px;height:10px" srcdoc="{escape(source)}">'
    )
    blank.set_content(same_origin)
    blank.frames[1].wait_for_load_state()
    real = blank.frames[1].evaluate("document.documentElement.scrollHeight")
    assert abs(given - min(real, MOST)) <= max(24, real / 10)


def test_what_a_panel_says_stands_below_the_line_of_its_cell(quickstart: Page) -> None:
    line = quickstart.locator(".jp-RenderedText pre").first.evaluate(LEFT)
    assert quickstart.locator(PANEL).first.evaluate(LEFT) == pytest.approx(line, abs=1)


def test_a_panel_grows_with_the_size_of_code(quickstart: Page) -> None:
    size = "element => getComputedStyle(element).fontSize"
    assert quickstart.locator(PANEL).first.evaluate(size) == "13px"
    quickstart.evaluate("document.documentElement.style.setProperty('--jp-code-font-size', '24px')")
    assert quickstart.locator(PANEL).first.evaluate(size) == "24px"
    quickstart.evaluate("document.documentElement.style.removeProperty('--jp-code-font-size')")


def test_a_fold_is_reached_and_opened_by_keyboard_and_shows_where_the_keyboard_is(quickstart: Page) -> None:
    summary = quickstart.locator(".jp-OutputArea-output summary").first
    quickstart.evaluate("document.activeElement.blur()")
    for _ in range(200):
        quickstart.keyboard.press("Tab")
        if summary.evaluate("element => element === document.activeElement"):
            break
    assert summary.evaluate(OUTLINE)
    quickstart.keyboard.press("Enter")
    assert summary.evaluate("element => element.parentElement.open")
