"""The framework and the notebook in a browser's Python, which has neither threads nor sockets."""

from __future__ import annotations

import json
import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.programs

HERE = Path(__file__).parent / "pyodide"
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def observed() -> dict[str, Any]:
    """What ``pyodide/notebook.py`` observed; it imports the packages of this environment."""
    if shutil.which("node") is None or not (HERE / "node_modules" / "pyodide").is_dir():
        pytest.skip("needs Node.js and Pyodide: npm install --prefix tests/programs/pyodide")
    folders = [str(ROOT), sysconfig.get_paths()["purelib"]]
    command = ["node", "run.mjs", "notebook.py", *folders]
    ran = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr[-8000:]
    report: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return report


def test_the_framework_answers(observed: dict[str, Any]) -> None:
    assert observed["platform"] == "emscripten"
    assert observed["counted"] == ["&lt;b&gt; 2", "&lt;b&gt; 4"]


def test_a_route_is_defined_and_asked_without_a_server(observed: dict[str, Any]) -> None:
    assert observed["loaded"].startswith("Flask is installed")  # and so it is in these tests
    assert observed["loaded"].count("\n") == 1
    assert "GET /hello/<name> → hello_name (body)" in observed["defined"]
    assert "GET /hello/Ann → 200 OK · text/html · 10 B\n\nHello Ann!" in observed["asked"]
    assert "printed:\n  seen" in observed["asked"]


def test_requests_in_a_loop_with_a_body_and_a_timeout_are_shown(observed: dict[str, Any]) -> None:
    assert "Hello 1!" in observed["twice"]
    assert "Hello 2!" in observed["twice"]
    assert "POST /items → 201 Created" in observed["posted"]


def test_a_failed_view_shows_its_line(observed: dict[str, Any]) -> None:
    assert "line 2" in observed["failed"]
    assert "ZeroDivisionError: division by zero" in observed["failed"]


def test_what_needs_a_server_says_that_there_is_none(observed: dict[str, Any]) -> None:
    assert observed["served"].startswith("ServerError: nothing can connect to a server")
    assert observed["ran"].startswith("nothing can connect to a server")


def test_an_async_view_is_one_clear_error(observed: dict[str, Any]) -> None:
    assert "later (body, async)" in observed["async"]
    assert observed["awaited"].startswith("RequestError: GET /later reaches an async view")


def test_paths_are_completed_and_all_can_be_unloaded(observed: dict[str, Any]) -> None:
    assert observed["completed"] == ["/hello/"]
    assert observed["unloaded"] == ""
