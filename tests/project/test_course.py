"""The course is copied to where a person works on it, and what they have changed is theirs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from nbformat.v4 import new_markdown_cell

import flask_nb
from flask_nb.cli import cli
from flask_nb.errors import CourseError
from flask_nb.project import course as copying
from flask_nb.project import lab
from flask_nb.project.course import FOLDER, Course, course, describe
from flask_nb.project.reading import bundled_cookbook, bundled_notebooks, read_notebook

from .conftest import MakeNotebook

FIRST = "quickstart.ipynb"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the course, not yet there, in an empty current folder."""
    monkeypatch.chdir(tmp_path)
    return Path(FOLDER)


@pytest.fixture
def ship(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_notebook: MakeNotebook):
    """Return a function that makes a notebook of one cell the whole course."""

    def ship(source: str) -> bytes:
        path = make_notebook(source)
        monkeypatch.setattr(copying, "bundled_notebooks", lambda: [path])
        monkeypatch.setattr(copying, "bundled_cookbook", list)
        return path.read_bytes()

    return ship


def run_lab(monkeypatch: pytest.MonkeyPatch, *arguments: str, is_installed: bool = True) -> Result:
    """Run the command; whether JupyterLab is there is as told."""
    monkeypatch.setattr(lab, "find_spec", lambda name: util.find_spec("click") if is_installed else None)
    return CliRunner().invoke(cli, ["lab", *arguments])


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], Path]]:
    """The commands that would have been started, with the folders in which."""
    commands = []

    def open_lab(copied: Course, options: list[str]) -> int:
        commands.append((options, copied.folder))
        return 3

    monkeypatch.setattr(lab, "open_lab", open_lab)
    return commands


def test_the_course_begins_with_the_quickstart_and_goes_on_in_order() -> None:
    names = [path.name for path in bundled_notebooks()]
    assert names[0] == FIRST
    assert names[1:] == sorted(names[1:], key=lambda name: int(name.partition("-")[0]))


def test_every_tutorial_is_copied_as_it_is(folder: Path) -> None:
    course()
    for source in bundled_notebooks():
        assert (folder / source.name).read_bytes() == source.read_bytes()


def test_the_cookbook_is_copied_into_a_folder_of_its_own(folder: Path) -> None:
    copied = course()
    assert bundled_cookbook()
    for source in bundled_cookbook():
        assert (folder / "cookbook" / source.name).read_bytes() == source.read_bytes()
    name = f"cookbook/{bundled_cookbook()[0].name}"
    assert f'<a href="flask-nb-course/{name}">{name}</a>' in copied._repr_html_()


def test_what_a_person_has_changed_in_the_cookbook_is_kept(folder: Path) -> None:
    course()
    changed = folder / "cookbook" / bundled_cookbook()[0].name
    changed.write_text("mine")
    assert [one.name for one in course().tutorials if one.is_changed] == [f"cookbook/{changed.name}"]
    assert changed.read_text() == "mine"


def test_the_list_has_a_line_for_each_and_is_the_same_again(folder: Path) -> None:
    first = flask_nb.course()
    lines = repr(first).splitlines()
    assert lines[0] == "The course is in the folder flask-nb-course:"
    tutorials = [path.name for path in bundled_notebooks()]
    cookbook = [f"cookbook/{path.name}" for path in bundled_cookbook()]
    assert [line.split()[0] for line in lines[2:]] == tutorials + cookbook
    assert "A web application, built cell by cell." in lines[2]
    assert (repr(flask_nb.course()), flask_nb.course()._repr_html_()) == (repr(first), first._repr_html_())


def test_the_html_links_to_copies_below_the_notebook(folder: Path) -> None:
    assert f'<a href="flask-nb-course/{FIRST}">{FIRST}</a>' in course()._repr_html_()


def test_no_absolute_path_is_shown(tmp_path: Path) -> None:
    copied = course(tmp_path / "mine")
    assert str(tmp_path) not in repr(copied) + copied._repr_html_()
    assert repr(copied).startswith("The course is in the folder mine:")


def test_what_a_person_has_changed_is_kept_and_said(folder: Path) -> None:
    course()
    (folder / FIRST).write_text("mine")
    copied = course()
    assert (folder / FIRST).read_text() == "mine"
    assert [tutorial.name for tutorial in copied.tutorials if tutorial.is_changed] == [FIRST]
    assert "(changed by you, kept)\n" in repr(copied)
    assert "rename or delete it" in repr(copied)
    assert "changed by you, kept" in copied._repr_html_()


def test_a_file_that_was_there_before_is_kept(folder: Path) -> None:
    folder.mkdir()
    (folder / FIRST).write_text("mine")
    assert course().tutorials[0].is_changed
    assert (folder / FIRST).read_text() == "mine"


def test_an_untouched_copy_becomes_the_present_version(folder: Path, ship) -> None:
    ship("1")
    course()
    newer = ship("2")
    assert not course().tutorials[0].is_changed
    assert (folder / "made.ipynb").read_bytes() == newer


def test_a_changed_copy_stays_changed_over_versions(folder: Path, ship) -> None:
    ship("1")
    course()
    (folder / "made.ipynb").write_text("mine")
    for source in ("2", "3"):
        ship(source)
        assert course().tutorials[0].is_changed
    assert (folder / "made.ipynb").read_text() == "mine"


@pytest.mark.parametrize("record", ["", "[]", "{", "\x00"])
def test_without_a_record_nothing_that_differs_is_overwritten(folder: Path, ship, record: str) -> None:
    ship("1")
    course()
    (folder / copying.RECORD).write_text(record)
    ship("2")
    assert course().tutorials[0].is_changed


def test_a_deleted_copy_comes_back_and_nothing_else_is_left(folder: Path, ship) -> None:
    content = ship("1")
    course()
    (folder / "made.ipynb").unlink()
    course()
    assert (folder / "made.ipynb").read_bytes() == content
    assert sorted(path.name for path in folder.iterdir()) == [copying.RECORD, "made.ipynb"]


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    Path("taken").write_text("a file")
    with pytest.raises(CourseError, match=r"cannot be copied into 'taken': .*Name another folder: flask-nb"):
        course("taken")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("# Title\n\nOne\n`short` sentence. Another.", "One short sentence."),
        ("# Title", "Title"),
        ("# Title\n\nNo end", "Title"),
        ("# Title\n\n" + "long " * 40 + ".", "long " * 19 + "long…"),
        ("", ""),
    ],
)
def test_the_first_sentence_describes_a_tutorial(make_notebook: MakeNotebook, text: str, line: str) -> None:
    notebook = read_notebook(make_notebook())
    notebook.cells.append(new_markdown_cell(text))
    assert describe(notebook) == line


def test_lab_copies_lists_and_opens(folder: Path, started: list, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_lab(monkeypatch)
    assert (result.exit_code, started) == (3, [([], folder)])
    assert result.output == f"{course()!r}\n"


def test_lab_takes_a_folder_and_options_of_jupyterlab(
    folder: Path, started: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_lab(monkeypatch, "--dir", "mine", "--no-browser", "--", "--port=8890")
    assert started == [(["--no-browser", "--port=8890"], Path("mine"))]
    assert Path("mine", FIRST).is_file()
    assert not folder.exists()


def test_without_jupyterlab_the_pip_line_is_said_and_the_copies_stay(
    folder: Path, started: list, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run_lab(monkeypatch, is_installed=False)
    assert (result.exit_code, started) == (1, [])
    assert f"{sys.executable} -m pip install jupyterlab\n" in result.stderr
    assert (folder / FIRST).is_file()


def test_lab_says_what_cannot_be_written_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write_text("a file")
    result = run_lab(monkeypatch, "--dir", f"{FOLDER}/below")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the course cannot be copied into")


@pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")
def test_jupyterlab_is_started_in_the_folder_and_ctrl_c_is_left_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "jupyterlab.py").write_text(
        "import json, os, signal, sys\n"
        "signal.signal(signal.SIGINT, lambda *_: os._exit(7))\n"
        "facts = [sys.argv[1:], os.getcwd(), 'FLASK_RUN_FROM_CLI' in os.environ]\n"
        "print(json.dumps(facts), flush=True)\n"
        "signal.pause()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    command = [sys.executable, "-m", "flask_nb", "lab", "--dir", str(tmp_path / "c"), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        facts = json.loads(next(line for line in process.stdout if line.startswith("[")))
        assert facts == [[FIRST, "--no-browser"], str(tmp_path / "c"), False]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the command and what it started
        assert process.wait(timeout=20) == 7
        assert process.stdout.read() == ""
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
