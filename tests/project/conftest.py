"""Notebooks made for a test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from zlib import crc32

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

MakeNotebook = Callable[..., Path]


def remove_folders(module: ModuleType) -> None:
    """Remove the temporary folders of a notebook's module, which Python would warn of."""
    for value in list(vars(module).values()):
        if isinstance(value, TemporaryDirectory):
            value.cleanup()


@pytest.fixture(autouse=True, scope="session")
def run_with(jupyter_loop: None) -> None:
    """Let every notebook be run in the one loop."""


@pytest.fixture
def make_notebook(tmp_path: Path) -> MakeNotebook:
    """Write a notebook of the given code cells and return its file; a cell is known by its first line."""

    def make(*sources: str) -> Path:
        path = tmp_path / "made.ipynb"
        firsts = [source.partition("\n")[0] for source in sources]
        keys = [f"{crc32(first.encode())}-{firsts[:at].count(first)}" for at, first in enumerate(firsts)]
        cells = [new_code_cell(source, id=key) for source, key in zip(sources, keys, strict=True)]
        nbformat.write(new_notebook(cells=cells), path)
        return path

    return make


@pytest.fixture
def tag_cell() -> Callable[[Path, int, str], None]:
    """Give a cell of a notebook's file a tag."""

    def tag(path: Path, number: int, tag: str) -> None:
        notebook = nbformat.read(path, as_version=4)
        notebook.cells[number].metadata["tags"] = [tag]
        nbformat.write(notebook, path)

    return tag


@pytest.fixture(autouse=True)
def forget_notebooks() -> Iterator[None]:
    """Let no test's notebook be imported, or imported from, by another's."""
    before, path = set(sys.modules), list(sys.path)
    yield
    for name in set(sys.modules) - before:
        if name.endswith("_notebook"):
            remove_folders(sys.modules.pop(name))
    sys.path[:] = path
