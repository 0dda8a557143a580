"""The quickstart notebook: nbval compares its outputs, here it runs as people's tools run it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from flask_nb.project.reading import bundled_notebook, code_cells, read_notebook


@pytest.fixture(scope="module")
def quickstart() -> NotebookNode:
    return read_notebook(bundled_notebook("quickstart"))


def outputs_of(notebook: NotebookNode) -> list[NotebookNode]:
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def test_nbclient_runs_it(quickstart: NotebookNode, tmp_path: Path) -> None:
    copy = nbformat.from_dict(quickstart)
    resources = {"metadata": {"path": str(tmp_path)}}
    ran = NotebookClient(copy, timeout=60, kernel_name="python3", resources=resources).execute()
    assert all(output.output_type != "error" for output in outputs_of(ran))


def test_every_cell_has_run_and_most_show_something(quickstart: NotebookNode) -> None:
    cells = code_cells(quickstart)
    assert len(cells) >= 15
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= 15


def test_it_is_of_format_4_5_with_ids_and_a_kernel_that_everybody_has(quickstart: NotebookNode) -> None:
    assert (quickstart.nbformat, quickstart.nbformat_minor) == (4, 5)
    assert quickstart.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in quickstart.cells)


def test_prose_stands_before_the_code(quickstart: NotebookNode) -> None:
    assert quickstart.cells[0].cell_type == "markdown"
    assert sum(cell.cell_type == "markdown" for cell in quickstart.cells) >= 8


def test_only_what_is_tagged_speaks_of_this_run(quickstart: NotebookNode) -> None:
    for cell in code_cells(quickstart):
        if "nbval-ignore-output" not in cell.metadata.get("tags", []):
            assert not re.search(r"127\.0\.0\.1|0x[0-9a-f]{6}|/tmp/|/home/", str(cell.outputs))
