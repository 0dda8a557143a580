"""Notebooks made for a test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

MakeNotebook = Callable[..., Path]


@pytest.fixture(autouse=True, scope="session")
def run_with(jupyter_loop: None) -> None:
    """Let every notebook be run in the one loop."""


@pytest.fixture
def make_notebook(tmp_path: Path) -> MakeNotebook:
    """Write a notebook of the given code cells and return its file."""

    def make(*sources: str) -> Path:
        path = tmp_path / "made.ipynb"
        nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
        return path

    return make
