"""Cells that are deleted, and those that an undo brings back, as a front end tells of them."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

CELL = "%%route /{0}\n'{0}';"


@pytest.fixture
def routes(kernel: Kernel) -> None:
    """Two routes in two cells of a new app."""
    kernel.run("from flask_nb import Flask\napp = Flask('x')", "app")
    for name in ("keep", "gone"):
        kernel.run(CELL.format(name), name)


@pytest.fixture
def notebook(kernel: Kernel) -> Path:
    """The notebook's file, as the kernel knows it from the server."""
    path = Path(kernel.value("__import__('os').getcwd()").strip("'")) / "of_test.ipynb"
    kernel.run(f"__import__('os').environ['JPY_SESSION_NAME'] = {str(path)!r}")
    return path


def save(kernel: Kernel, path: Path, *ids: str) -> None:
    time.sleep(0.02)  # a file system counts in milliseconds
    path.write_text(json.dumps({"cells": [{"id": kernel.notebook + one} for one in ids]}))


@pytest.mark.usefixtures("routes")
def test_what_a_deleted_cell_defined_goes_at_the_next_run_and_is_told(kernel: Kernel) -> None:
    ran = kernel.run("pass", "next", deletedCells=["gone", "of no route"])
    assert ran.stdout == "withdrawn: GET /gone (its cell was deleted)\n"
    assert "404" in kernel.run("%get /gone", "ask").text
    assert "keep" in kernel.run("%get /keep", "ask").text


@pytest.mark.usefixtures("routes")
def test_templates_files_and_settings_go_with_their_cells(kernel: Kernel) -> None:
    kernel.run("%%template page.html\npage", "t")
    kernel.run("%%static site.css\nbody {}", "s")
    kernel.run("%config_from COLOUR=red", "c")
    told = kernel.run("pass", "next", deletedCells=["t", "s", "c"]).stdout
    assert told.splitlines() == [
        "withdrawn: template page.html (its cell was deleted)",
        "withdrawn: static file site.css (its cell was deleted)",
        "withdrawn: setting COLOUR (its cell was deleted)",
    ]


@pytest.mark.usefixtures("routes")
def test_a_deletion_that_was_undone_is_taken_back_when_the_notebook_is_saved(
    kernel: Kernel, notebook: Path
) -> None:
    save(kernel, notebook, "app", "keep", "gone")
    kernel.run("pass", "next", deletedCells=["gone"])
    assert kernel.run("pass", "next").stdout == ""
    save(kernel, notebook, "app", "keep", "gone")
    ran = kernel.run("pass", "next")
    assert ran.stdout == "back: GET /gone (its cell is in the notebook again)\n"
    assert "200" in kernel.run("%get /gone", "ask").text


@pytest.mark.usefixtures("routes")
def test_what_has_been_taken_by_another_cell_does_not_come_back(kernel: Kernel, notebook: Path) -> None:
    kernel.run("pass", "next", deletedCells=["gone"])
    kernel.run("%%route /gone\n'new';", "other")
    save(kernel, notebook, "gone")
    assert kernel.run("pass", "next").stdout == ""
    assert "new" in kernel.run("%get /gone", "ask").text


@pytest.mark.usefixtures("routes")
def test_a_file_without_the_cell_or_half_written_brings_nothing_back(kernel: Kernel, notebook: Path) -> None:
    kernel.run("pass", "next", deletedCells=["gone"])
    time.sleep(0.02)
    notebook.write_text("{")
    assert kernel.run("pass", "next").stdout == ""
    save(kernel, notebook, "keep")
    save(kernel, notebook, "keep", "gone")
    assert "back" in kernel.run("pass", "next").stdout


@pytest.mark.usefixtures("routes")
def test_a_cell_that_runs_again_needs_no_file(kernel: Kernel, notebook: Path) -> None:
    kernel.run("pass", "next", deletedCells=["gone"])
    kernel.run(CELL.format("gone"), "gone")
    save(kernel, notebook, "gone")
    assert kernel.run("pass", "next").stdout == ""
    assert "200" in kernel.run("%get /gone", "ask").text
