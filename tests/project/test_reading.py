"""Notebooks are found and read, or it is said why not."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from flask_nb.errors import NotebookRunError
from flask_nb.project.reading import bundled_notebook, code_cells, output_text, read_notebook

from .conftest import MakeNotebook


def test_the_quickstart_is_bundled() -> None:
    assert len(code_cells(read_notebook(bundled_notebook("quickstart")))) >= 15


def test_a_tutorial_that_is_not_there_is_named() -> None:
    with pytest.raises(NotebookRunError, match="'nothing'"):
        bundled_notebook("nothing")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotebookRunError, match=r"gone\.ipynb cannot be read: No such file"):
        read_notebook(tmp_path / "gone.ipynb")


@pytest.mark.parametrize(
    "text", ["", "# Python", "[]", '{"cells": 1}', '{"cells": [], "metadata": {}, "nbformat": 4}', "\x80"]
)
def test_a_file_that_is_no_notebook_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "other.ipynb"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(NotebookRunError, match="is no notebook"):
        read_notebook(path)


def test_empty_cells_are_not_run(make_notebook: MakeNotebook) -> None:
    notebook = read_notebook(make_notebook("1", "", " \n"))
    assert [cell.source for cell in code_cells(notebook)] == ["1"]


def test_outputs_read_as_on_a_terminal() -> None:
    cell = nbformat.v4.new_code_cell("1")
    cell.outputs = [
        nbformat.v4.new_output("stream", name="stdout", text="printed\n"),
        nbformat.v4.new_output("display_data", {"text/html": "<b>no text</b>"}),
        nbformat.v4.new_output("execute_result", {"text/plain": "1", "text/html": "<b>1</b>"}),
    ]
    assert output_text(cell) == "printed\n\n1"
