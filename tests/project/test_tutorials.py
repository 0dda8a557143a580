"""The tutorials: nbval compares their outputs, here they run as people's tools run them."""

from __future__ import annotations

import copy
import re
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

from flask_nb.project.reading import bundled_notebooks, code_cells, read_notebook


@pytest.fixture(scope="module", params=bundled_notebooks(), ids=lambda path: path.stem)
def tutorial(request: pytest.FixtureRequest) -> NotebookNode:
    return read_notebook(request.param)


def tags(cell: NotebookNode) -> list[str]:
    return cell.metadata.get("tags", [])


def solution_of(notebook: NotebookNode) -> str:
    """The source that is folded up between an exercise and its check."""
    fenced = re.search(r"```\w*\n(.*?)```", notebook.cells[-2].source, re.DOTALL)
    assert fenced
    return fenced[1]


def test_nbclient_runs_it_and_its_exercise_fails_until_it_is_solved(
    tutorial: NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # for the one whose cells run pytest
    notebook = copy.deepcopy(tutorial)
    *_, exercise, _solution, check = notebook.cells
    client = NotebookClient(
        notebook,
        timeout=60,
        ipython_hist_file="",  # it would be named to the kernel, which then were no copy of one
        resources={"metadata": {"path": str(tmp_path)}},
    )
    with client.setup_kernel():
        for position, cell in enumerate(notebook.cells):
            client.execute_cell(cell, position)
        assert check.outputs[-1].get("ename") in {"AssertionError", "CheckError"}
        exercise.source, check.metadata = solution_of(notebook), {}
        client.execute_cell(exercise, position - 2)
        client.execute_cell(check, position)
    assert list(tmp_path.iterdir()) == []


def test_every_cell_has_run_and_most_show_something(tutorial: NotebookNode) -> None:
    cells = code_cells(tutorial)
    assert 15 <= len(cells) <= 35
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert sum(bool(cell.outputs) for cell in cells) >= 12


def test_it_is_of_format_4_5_with_ids_and_a_kernel_that_everybody_has(tutorial: NotebookNode) -> None:
    assert (tutorial.nbformat, tutorial.nbformat_minor) == (4, 5)
    assert tutorial.metadata.kernelspec.name == "python3"
    assert all(re.fullmatch(r"[a-z-]+", cell.id) for cell in tutorial.cells)


def test_it_can_be_read_alone(tutorial: NotebookNode) -> None:
    assert code_cells(tutorial)[0].source == "%load_ext flask_nb"
    assert not any("from flask import" in cell.source for cell in code_cells(tutorial))


def test_prose_stands_before_the_code(tutorial: NotebookNode) -> None:
    assert tutorial.cells[0].cell_type == "markdown"
    assert sum(cell.cell_type == "markdown" for cell in tutorial.cells) >= 8


def test_only_what_is_tagged_speaks_of_this_run(tutorial: NotebookNode) -> None:
    for cell in code_cells(tutorial):
        if "nbval-ignore-output" not in tags(cell):
            assert not re.search(r"127\.0\.0\.1|0x[0-9a-f]{6}|/tmp|/home/", str(cell.outputs))


@pytest.mark.parametrize("path", bundled_notebooks(), ids=lambda path: path.stem)
def test_it_ends_with_an_exercise_a_folded_solution_and_a_check_that_fails(path: Path) -> None:
    *cells, exercise, solution, check = read_notebook(path).cells
    assert [cell.cell_type for cell in (exercise, solution, check)] == ["code", "markdown", "code"]
    assert solution.metadata.jupyter.source_hidden
    assert re.match(r"<details>\n<summary>.*</summary>\n\n```", solution.source)
    assert set(tags(check)) == {"nbval-skip", "raises-exception"}
    assert not any("nbval-skip" in tags(cell) for cell in [*cells, exercise])
