"""Pages of an app in JupyterLab: its own files are there, scripts run when asked for, and reach nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from .frontend import OpenNotebook, Server

pytestmark = pytest.mark.browser

CELLS = """\
%load_ext flask_nb
---
%%static site.css
h1 { color: rgb(0, 128, 0) }
---
%%static dot.svg
<svg xmlns="http://www.w3.org/2000/svg" width="20" height="10"><rect width="20" height="10"/></svg>
---
%%template page.html
<link rel="stylesheet" href="{{ url_for('static', filename='site.css') }}">
<h1>Page</h1><img src="/static/dot.svg"><p id="said">still</p><iframe src="/lab"></iframe>
<script>
  const said = document.getElementById('said'), answers = [self.origin];
  try { answers.push(parent.document.title) } catch (error) { answers.push(error.name) }
  fetch('/api/contents').then(() => 'fetched', () => 'refused').then(answer => {
    said.textContent = [...answers, answer].join(' ');
  });
</script>
---
%%route /page
return render_template("page.html")
---
%get /page
---
%get /page --scripts
---
%head /page
---
%url_for page --live
"""


@pytest.fixture(scope="module")
def pages(browser: Browser, lab: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenNotebook]:
    """A notebook with a page, all of whose cells have been run."""
    from .frontend import OpenNotebook

    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernel})  # without it Lab asks for one
    notebook.cells = [nbformat.v4.new_code_cell(cell.strip("\n")) for cell in CELLS.split("---\n")]
    path = Path(tmp_path_factory.mktemp("pages")) / "pages.ipynb"
    nbformat.write(notebook, path)
    opened = OpenNotebook(browser, lab.put(path))
    opened.run_all()
    yield opened
    opened.close()


def test_a_page_has_the_apps_own_styles_and_pictures(pages: OpenNotebook) -> None:
    frame = pages.frame("%get /page")
    assert frame.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(0, 128, 0)"
    assert frame.evaluate("document.querySelector('img').naturalWidth") == 20


def test_the_front_end_does_not_stand_within_a_page(pages: OpenNotebook) -> None:
    frame = pages.frame("%get /page")
    assert [child.url for child in frame.child_frames] == ["about:blank"]


def test_scripts_rest_unless_asked_for(pages: OpenNotebook) -> None:
    assert pages.frame("%get /page").evaluate("document.getElementById('said').textContent") == "still"


def test_scripts_that_run_reach_neither_the_front_end_nor_its_server(pages: OpenNotebook) -> None:
    said = pages.frame("%get /page --scripts").wait_for_selector("#said:has-text('null')")
    assert said is not None
    assert said.inner_text() == "null SecurityError refused"


def test_the_headers_are_read_where_they_are_the_answer(pages: OpenNotebook) -> None:
    assert "Content-Type" in pages.shown("%head /page")


def test_a_link_stands_where_the_text_of_other_outputs_stands(pages: OpenNotebook) -> None:
    lefts = [
        pages.cell(cell)
        .locator(".jp-OutputArea-output pre")
        .first.evaluate(
            "pre => pre.getBoundingClientRect().left + parseFloat(getComputedStyle(pre).paddingLeft)"
        )
        for cell in ("%url_for page --live", "%%route /page")
    ]
    assert abs(lefts[0] - lefts[1]) <= 1
