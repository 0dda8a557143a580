"""Cells that are deleted, undone, cut, pasted, moved, split and merged in JupyterLab."""

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

PROBE = "'probe'; print(sorted(rule.rule for rule in app.url_map.iter_rules() if rule.endpoint != 'static'))"
CELLS = (
    "%load_ext flask_nb\nfrom flask_nb import *\napp = Flask('x')",
    *(f"@app.get('/{name}')\ndef {name}(): return '{name}'" for name in "abc"),
    PROBE,
)


@pytest.fixture
def opened(browser: Browser, lab: Server, tmp_path: Path) -> Iterator[OpenNotebook]:
    from .frontend import OpenNotebook

    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": kernelspec})
    notebook.cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    nbformat.write(notebook, tmp_path / "deletion.ipynb")
    opened = OpenNotebook(browser, lab.put(tmp_path / "deletion.ipynb"))
    opened.run_all()
    yield opened
    opened.close()


def do(opened: OpenNotebook, text: str, *commands: str) -> None:
    """Choose the cell that holds the text, and run commands of the front end on it."""
    opened.select(text)
    for command in commands:
        opened.command(command)


def probe(opened: OpenNotebook) -> list[str]:
    """Run the last cell, and return the lines below it."""
    do(opened, "'probe'", "notebook:run-cell")
    opened.wait_until_idle()
    return opened.shown("'probe'").strip().splitlines()


def test_routes_of_a_deleted_cell_go_and_come_back_with_an_undo_that_is_saved(opened: OpenNotebook) -> None:
    do(opened, "/a", "notebook:delete-cell")
    assert probe(opened) == ["['/b', '/c']", "withdrawn: GET /a (its cell was deleted)"]
    do(opened, "/b", "notebook:undo-cell-action", "docmanager:save")
    opened.page.wait_for_timeout(1000)
    assert probe(opened) == ["['/a', '/b', '/c']", "back: GET /a (its cell is in the notebook again)"]


def test_cells_that_are_moved_split_and_merged_keep_their_routes(opened: OpenNotebook) -> None:
    do(opened, "/a", "notebook:move-cell-down")
    do(opened, "/b", "notebook:move-cell-up")
    assert probe(opened) == ["['/a', '/b', '/c']"]
    do(opened, "/c", "notebook:split-cell-at-cursor")
    assert probe(opened) == ["['/a', '/b', '/c']"]


def test_a_cell_that_is_cut_and_pasted_has_its_routes_again_when_saved(opened: OpenNotebook) -> None:
    do(opened, "/a", "notebook:cut-cell")
    do(opened, "/c", "notebook:paste-cell-below")
    probe(opened)
    opened.command("docmanager:save")
    opened.page.wait_for_timeout(1000)
    assert probe(opened)[0] == "['/a', '/b', '/c']"


def test_merged_cells_keep_their_routes_when_the_merged_cell_runs(opened: OpenNotebook) -> None:
    do(opened, "/a", "notebook:extend-marked-cells-below", "notebook:merge-cells", "notebook:run-cell")
    assert probe(opened)[0] == "['/a', '/b', '/c']"
