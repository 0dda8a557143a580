"""``%export``: the saved notebook as a project."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

CELL = "%%route /\n'home'"


@pytest.fixture
def saved(loaded: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook that a Jupyter server knows as the one that is open."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JPY_SESSION_NAME", "work/shop.ipynb")
    save(tmp_path / "shop.ipynb", CELL, "%export out")
    return tmp_path / "shop.ipynb"


def save(path: Path, *sources: str) -> None:
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in sources]
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells}))


def shown(shell: InteractiveShell, cell: str) -> str:
    result = shell.run_cell(cell)
    result.raise_error()
    return repr(result.result)


def test_the_open_notebook_is_exported(loaded: InteractiveShell, saved: Path) -> None:
    assert shown(loaded, "%export out").startswith("out/\n")
    assert 'return "home"' in (saved.parent / "out/shop/__init__.py").read_text()
    assert shown(loaded, "%export out") == "out is as shop.ipynb would be exported: nothing is changed"


def test_what_would_change_is_shown_and_written_with_force(loaded: InteractiveShell, saved: Path) -> None:
    loaded.run_cell("%export out")
    save(saved, "%%route /\n'at home'", "%export out", "%export out --force")
    assert 'return "at home"' in shown(loaded, "%export out")
    assert 'return "home"' in (saved.parent / "out/shop/__init__.py").read_text()
    shown(loaded, "%export out --force")
    assert 'return "at home"' in (saved.parent / "out/shop/__init__.py").read_text()


def test_a_cell_that_was_not_saved_is_told(loaded: InteractiveShell, saved: Path) -> None:
    assert "shop.ipynb lacks this cell: what was exported is what was last saved" in shown(
        loaded, "%export out --engine flask_nb"
    )


def test_a_notebook_that_nobody_knows_can_be_named(
    loaded: InteractiveShell, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME")
    with pytest.raises(Exception, match=r"Name it: %export DIR --notebook app\.ipynb"):
        shown(loaded, "%export out")
    assert shown(loaded, "%export out --notebook shop.ipynb").startswith("out/\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("%export", "the folder is missing. Type one, such as %export shop"),
        ("%export a b", "one folder at a time, not 'a b'"),
        ("%export out --engine django", "invalid choice: 'django'"),
        ("%export .", ". is the folder of the notebook, or above it"),
    ],
)
def test_a_mistake_is_one_line(loaded: InteractiveShell, saved: Path, line: str, message: str) -> None:
    with pytest.raises(Exception, match=re.escape(message)):
        shown(loaded, line)
