"""The cookbook: each notebook shows how one task is done, and can be read and run alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from nbformat import NotebookNode

from flask_nb.project.course import describe
from flask_nb.project.reading import bundled_cookbook, code_cells, read_notebook


@pytest.fixture(scope="module", params=bundled_cookbook(), ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> NotebookNode:
    return read_notebook(request.param)


def is_tagged(cell: NotebookNode) -> bool:
    return "nbval-ignore-output" in cell.metadata.get("tags", [])


@pytest.mark.parametrize("path", bundled_cookbook(), ids=lambda path: path.stem)
def test_its_name_says_what_it_is_about(path: Path) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", path.stem)


def test_it_is_of_format_4_5_with_ids_and_a_kernel_that_everybody_has(notebook: NotebookNode) -> None:
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert notebook.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in notebook.cells)


def test_every_cell_has_run_from_top_to_bottom(notebook: NotebookNode) -> None:
    cells = code_cells(notebook)
    assert cells[0].source == "%load_ext flask_nb"
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    failed = [cell.id for cell in cells if any(output.output_type == "error" for output in cell.outputs)]
    assert failed == [cell.id for cell in cells if "raises-exception" in cell.metadata.get("tags", [])]


def test_only_what_is_tagged_speaks_of_this_run(notebook: NotebookNode) -> None:
    for cell in code_cells(notebook):
        assert is_tagged(cell) or not re.search(r"127\.0\.0\.1|0x[0-9a-f]{6}|/tmp|/home/", str(cell.outputs))


def test_its_first_sentence_describes_it(notebook: NotebookNode) -> None:
    assert notebook.cells[0].cell_type == "markdown"
    assert describe(notebook).endswith(".")
