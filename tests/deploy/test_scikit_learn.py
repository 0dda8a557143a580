"""A model of scikit-learn from a notebook to gunicorn: it is trained once, in the notebook."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.deploy, pytest.mark.skipif(os.name == "nt", reason="gunicorn is for POSIX")]

ROOT = Path(__file__).resolve().parents[2]
CELLS = (
    "from flask_nb import Flask, request\napp = Flask(__name__)",
    "from pathlib import Path\nfrom sklearn.datasets import load_iris\n"
    "from sklearn.ensemble import RandomForestClassifier",
    "X, y = load_iris(return_X_y=True)",
    "def train():\n"
    "    with Path('{log}').open('a') as log:\n"
    "        log.write('trained ')\n"
    "    return RandomForestClassifier(20, random_state=0).fit(X, y)",
    "model = train()",
    "%artifact model",
    "@app.post('/iris')\ndef iris():\n    return {{'kind': int(model.predict([request.json])[0])}}",
    "%post /iris '[5.1, 3.5, 1.4, 0.2]'",
)


def make_python(folder: Path, *requirements: str | Path, sees: Path = Path(sys.executable)) -> Path:
    """Return the Python of a new environment in which these are installed.

    :param sees: a Python whose packages it has as well: scikit-learn is large, and installed once only.
    """
    venv.create(folder)
    python = folder / "bin/python"
    paths = run(
        sees, "-c", "import sys; print(*[path for path in sys.path if 'site-packages' in path], sep='\\n')"
    )
    packages = next((folder / "lib").glob("python*/site-packages"))
    (packages / "seen.pth").write_text(f"{paths}{ROOT}\n")
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "-q", "--no-compile", *requirements)
    return python


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([*map(str, command)], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def gunicorn(python: Path, app: str, cwd: Path) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    with (cwd / "gunicorn.log").open("w") as log:
        command = [str(python), "-m", "gunicorn", "-w", "2", "-b", address, app]
        process = subprocess.Popen(command, cwd=cwd, stdout=log, stderr=log)
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(30)


def ask(url: str, log: Path) -> object:
    """Return the JSON of an answer as soon as somebody answers."""
    request = urllib.request.Request(url, b"[5.1, 3.5, 1.4, 0.2]", {"Content-Type": "application/json"})
    deadline = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(request, timeout=20) as response:
                return json.load(response)
        except (urllib.error.URLError, ConnectionError):
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workbench")
    return make_python(folder / "env", "scikit-learn", "joblib")


@pytest.fixture(scope="module")
def notebook(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The notebook, run once from top to bottom."""
    folder = tmp_path_factory.mktemp("iris")
    cells = ["%load_ext flask_nb", *(cell.format(log=folder / "train.log") for cell in CELLS)]
    empty = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    made = [{**empty, "source": one} for one in cells]
    path = folder / "iris.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": made}))
    execute = "import sys, nbformat, nbclient; nb = nbformat.read('iris.ipynb', 4); "
    run(python, "-c", execute + "nbclient.execute(nb, cwd='.'); nbformat.write(nb, 'iris.ipynb')", cwd=folder)
    assert (folder / "train.log").read_text() == "trained "
    return path


def test_two_workers_serve_the_notebook_and_train_nothing(python: Path, notebook: Path) -> None:
    folder = notebook.parent
    with gunicorn(python, "flask_nb.project:load('iris.ipynb')", folder) as address:
        assert ask(f"{address}/iris", folder / "gunicorn.log") == {"kind": 0}
    assert (folder / "train.log").read_text() == "trained "


def test_two_workers_serve_the_wheel_of_its_export_and_train_nothing(
    python: Path, notebook: Path, tmp_path: Path
) -> None:
    run(python, "-m", "flask_nb", "export", notebook, tmp_path / "iris")
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", tmp_path, tmp_path / "iris")
    wheel = next(tmp_path.glob("*.whl"))
    served = make_python(tmp_path / "env", f"{wheel}[deploy]", sees=python)
    with gunicorn(served, "iris:create_app()", tmp_path) as address:
        assert ask(f"{address}/iris", tmp_path / "gunicorn.log") == {"kind": 0}
    assert (notebook.parent / "train.log").read_text() == "trained "
    assert "train" not in (tmp_path / "iris/iris/__init__.py").read_text()
