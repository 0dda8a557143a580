"""``%artifact``: a value of the notebook is kept beside it."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.project.artifacts import find_artifact, load_artifact


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the kernel runs in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_value_is_kept_and_said(loaded: InteractiveShell, folder: Path) -> None:
    result = loaded.run_cell("model = {'words': 40}\n%artifact model")
    kept = find_artifact("model", folder)
    assert kept is not None
    assert repr(result.result) == f"artifact model → {kept.path} (dict, {kept.format})"
    assert load_artifact(kept, folder) == {"words": 40}


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%artifact nothing", "there is no variable 'nothing'. Run the cell that makes it first"),
        ("line = lambda: 1\n%artifact line", "line cannot be pickled"),
        (
            "class Model: pass\nmodel = Model()\n%artifact model",
            "Put it into a module beside the notebook, and import it from there",
        ),
    ],
)
def test_a_value_that_cannot_be_kept_is_told(
    loaded: InteractiveShell, folder: Path, cell: str, message: str
) -> None:
    assert message in str(loaded.run_cell(cell).error_in_exec)
    assert find_artifact("model", folder) is None
