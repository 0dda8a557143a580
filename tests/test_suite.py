"""What the suite asks of every test: it leaves nothing behind, and any order will do."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytest_plugins = ["pytester"]

HERE = Path(__file__).parent

LEAKS = """
import socket, threading, time
import pytest
from flask_nb import Flask

kept = []

def test_context():
    kept.append(Flask("left").app_context())
    kept[-1].push()

def test_thread():
    threading.Thread(target=time.sleep, args=[30], name="left", daemon=True).start()

def test_socket():
    kept.append(socket.socket())

def test_nothing():
    thread = threading.Thread(target=time.sleep, args=[0.05])
    thread.start()
    with Flask("closed").test_request_context(), socket.socket():
        pass

@pytest.fixture(scope="module")
def shared():
    with socket.socket() as shared:
        yield shared

def test_shared(shared):
    pass
"""


LEFT = {
    "test_context": "flask_nb.app_context = ",
    "test_thread": "thread left",
    "test_socket": "socket:",
}


def test_a_test_that_leaves_something_behind_fails_by_name(pytester: pytest.Pytester) -> None:
    conftest = (HERE / "conftest.py").read_text("utf-8")
    assert "PATIENCE = 10\n" in conftest
    pytester.makeconftest(conftest.replace("PATIENCE = 10\n", "PATIENCE = 0.5\n"))
    beside = {name: (HERE / f"{name}.py").read_text("utf-8") for name in ("forking", "ports", "spare")}
    pytester.makepyfile(LEAKS, **beside)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-n0")
    result.assert_outcomes(passed=5, errors=3)
    for name, what in LEFT.items():
        error = rf"_+ ERROR at teardown of {name} _+"
        result.stdout.re_match_lines([error, rf"E .*left behind: {what}"])


def test_the_cells_of_a_notebook_are_drawn_together_and_in_order(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((HERE.parent / "conftest.py").read_text("utf-8"))
    for name in ("one", "two"):
        cells = [new_code_cell(str(number), id=f"c{number}") for number in range(12)]
        nbformat.write(new_notebook(cells=cells), pytester.path / f"{name}.ipynb")
    options = ("--nbval", "--collect-only", "-q", "-n0", "--randomly-seed=1")
    lines = pytester.runpytest_subprocess(*options).outlines
    drawn = [line for line in lines if "::" in line]
    names = [drawn[0][:3], drawn[-1][:3]]
    assert sorted(names) == ["one", "two"]
    assert drawn == [f"{name}.ipynb::Cell {number}" for name in names for number in range(12)]
