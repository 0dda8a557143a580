"""A notebook's cells run in a kernel of their own, which never outlives the run."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from forking import OWN_IMPORTS

from flask_nb.errors import NotebookRunError
from flask_nb.project.reading import output_text, read_notebook
from flask_nb.project.running import NotebookRun

from .conftest import MakeNotebook


def run_of(path: Path, **limits: Any) -> NotebookRun:
    return NotebookRun(read_notebook(path), path.parent, **limits)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_cells_run_in_order_in_this_interpreter_and_in_the_notebooks_folder(
    make_notebook: MakeNotebook,
) -> None:
    path = make_notebook("import os, sys", "print(sys.executable)", "os.getcwd()")
    with run_of(path) as run:
        texts = [output_text(cell) for cell in run.run_cells()]
        assert texts == ["", sys.executable, repr(str(path.parent))]
        assert output_text(run.run("len(sys.argv)")).isdigit()
    assert not run.is_alive()


def test_a_failing_cell_is_named_with_its_error_and_the_kernel_ends(make_notebook: MakeNotebook) -> None:
    run = run_of(make_notebook("import os\nprint(os.getpid())", "1 / 0"))
    with pytest.raises(NotebookRunError, match=r"the cell '1 / 0' failed\. ZeroDivisionError: division"), run:
        list(run.run_cells())
    assert not is_running(int(output_text(run.notebook.cells[0])))


def test_a_cell_that_never_ends_is_given_up(make_notebook: MakeNotebook) -> None:
    with (
        pytest.raises(NotebookRunError, match="still running after 1 s"),
        run_of(make_notebook("import threading\nthreading.Event().wait()"), cell_seconds=1) as run,
    ):
        list(run.run_cells())


def test_a_kernel_that_dies_is_said_to_have_died(make_notebook: MakeNotebook) -> None:
    with (
        pytest.raises(NotebookRunError, match="the kernel died in the cell"),
        run_of(make_notebook("import os; os._exit(3)")) as run,
    ):
        list(run.run_cells())


def test_a_kernel_that_does_not_start_is_said_with_what_it_wrote(
    make_notebook: MakeNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ipykernel_launcher.py").write_text("raise SystemExit('no kernel today')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with (
        pytest.raises(NotebookRunError, match=r"(?s)did not start.*no kernel today"),
        run_of(make_notebook()),
    ):
        pytest.fail("started")


def test_settings_of_the_users_ipython_are_not_read(
    make_notebook: MakeNotebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    startup = tmp_path / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "mine.py").write_text("mine = 1")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    with run_of(make_notebook("'mine' in globals()")) as run:
        assert [output_text(cell) for cell in run.run_cells()] == ["False"]


def test_a_kernel_that_is_killed_is_not_alive(make_notebook: MakeNotebook) -> None:
    with run_of(make_notebook("import os\nos.getpid()")) as run:
        pid = int(output_text(next(run.run_cells())))
        assert run.is_alive()
        os.kill(pid, 9)
        deadline = time.monotonic() + 10
        while run.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert not run.is_alive()


def test_a_file_of_the_folder_is_not_taken_for_the_kernel(
    make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN_IMPORTS, "yes")
    path = make_notebook("import local", "local.value")
    (path.parent / "ipykernel.py").write_text("raise SystemExit('the local file ran')\n")
    (path.parent / "local.py").write_text("value = 'the folder counts for the cells'\n")
    with run_of(path) as run:
        assert [output_text(cell) for cell in run.run_cells()][-1] == "'the folder counts for the cells'"
