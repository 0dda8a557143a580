"""The tutorials say the same when their apps are those of the installed Flask."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]

MAKE_APPS = (
    "import functools, flask_nb.engines as engines, flask_nb.engines.flask as adapter\n"
    "engines.new_app = functools.partial(engines.new_app, like=adapter.FlaskEngine(None))\n"
)
"""Lets the app that is made when there is none be Flask's, too."""


@pytest.mark.parametrize("tutorial", sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb")))
def test_a_tutorial_shows_the_same(tmp_path: Path, tutorial: str) -> None:
    shutil.copy(ROOT / "conftest.py", tmp_path)
    shutil.copytree(ROOT / "notebooks", tmp_path, dirs_exist_ok=True)
    notebook = nbformat.read(tmp_path / tutorial, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = re.sub(r"\bfrom flask_nb import\b", "from flask import", cell.source)
            cell.source = cell.source.replace("%load_ext flask_nb", f"{MAKE_APPS}%load_ext flask_nb")
    nbformat.write(notebook, tmp_path / tutorial)
    options = ["-q", "--nbval", "--nbval-current-env", "--nbval-cell-timeout=60", "-p", "no:randomly"]
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", *options, tutorial],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout
