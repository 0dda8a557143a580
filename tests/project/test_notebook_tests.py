"""``flask-nb test`` and what the plugin makes of nbval: text first, and differences that can be read."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest
from click.testing import CliRunner
from forking import ForkServer
from nbformat.v4 import new_code_cell, new_notebook, new_output

import flask_nb.cli as command
from flask_nb.panel import Difference
from flask_nb.project.nbval_cells import advice_on
from flask_nb.project.outputs import output_differences, without_agreeing_html

COLOUR = re.compile(r"\x1b\[\d+m")
LOAD = "%load_ext flask_nb\n# NBVAL_IGNORE_OUTPUT"

FORKING = """
import sys
import jupyter_client.launcher
sys.path.append({tests!r})
from forking import ForkServer
jupyter_client.launcher.Popen = ForkServer(path={path!r}).start
"""


def shown(plain: object, html: str | None = None, mime: str = "text/plain") -> nbformat.NotebookNode:
    data = {mime: plain} if html is None else {mime: plain, "text/html": html}
    return new_output("display_data", data)


def printed(text: str) -> nbformat.NotebookNode:
    return new_output("stream", name="stdout", text=text)


def cell(source: str, *outputs: nbformat.NotebookNode, tags: tuple[str, ...] = ()) -> nbformat.NotebookNode:
    made = new_code_cell(source, outputs=list(outputs), execution_count=7)
    if tags:
        made.metadata["tags"] = list(tags)
    return made


def write(path: Path, *cells: nbformat.NotebookNode) -> Path:
    nbformat.write(new_notebook(cells=list(cells)), path)
    return path


@pytest.fixture
def flask_nb_test(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Call the command in the test's folder, where no settings are; pytest is a process of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take long
    monkeypatch.setenv("PYTEST_PLUGINS", "nbval.plugin,flask_nb.project.pytest_plugin")

    def call(*arguments: str) -> tuple[int, str]:
        with pytest.raises(SystemExit) as ended:
            command.FlaskNbGroup(name="flask-nb").main(["test", *arguments], prog_name="flask-nb")
        said = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, COLOUR.sub("", said.out + said.err)

    return call


@pytest.fixture
def forked_kernels(tmp_path: Path, forks: ForkServer) -> None:
    """Let the kernels that the command's pytest starts be copies, too."""
    if sys.platform == "linux":
        tests, path = Path(inspect.getfile(ForkServer)).parent, forks.address(os.environ)
        (tmp_path / "conftest.py").write_text(FORKING.format(tests=str(tests), path=path))


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Call the command in this process for what it does not even run."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(command.FlaskNbGroup(name="flask-nb"), ["test", *arguments])
        assert result.exit_code == 2
        return result.output

    return call


# --- what differs ---------------------------------------------------------------------------------

ANSWER = 'GET /items → 200 OK\n\n[\n  {"id": 1, "price": %s}\n]'


@pytest.mark.parametrize(
    ("stored", "now", "found"),
    [
        (shown(ANSWER % 4), shown(ANSWER % 3), ("$[0].price", "4", "3")),
        (shown("a\nb"), shown("a\nc"), ("line 2", "b", "c")),
        (printed("a\nb\n"), printed("a\nc\n"), ("stdout, line 2", "b", "c")),
        (shown({"a": [1]}, mime="application/json"), shown({"a": [2]}, mime="application/json"),
         ("application/json, $.a[0]", "1", "2")),
        (shown("a", "<b>"), shown("a", "<i>"), ("text/html", "", "another layout of the same text")),
        (shown("a", "<b>"), shown("c", "<i>"), ("line 1", "a", "c")),
        (shown("aGk=", mime="image/png"), shown("aA==x", mime="image/png"),
         ("image/png", "4 characters", "5 characters")),
        (new_output("error", ename="A", evalue="x"), new_output("error", ename="A", evalue="y"),
         ("error, line 1", "A: x", "A: y")),
    ],
)  # fmt: skip
def test_a_difference_is_told_by_path_or_line(stored, now, found):
    assert output_differences([stored], [now]) == [Difference(*found)]


def test_further_outputs_are_told_by_number():
    (found,) = output_differences([shown("a"), shown("b")], [shown("a"), shown("c")])
    assert found.what == "output 2, line 1"


def test_the_same_json_in_another_layout_is_told_by_line():
    assert next(each.what for each in output_differences([shown("[1,\n2]")], [shown("[1, 2]")])) == "line 1"


def test_html_is_left_out_where_the_text_agrees_and_only_there():
    stored, now = [shown("a", "<b>"), shown("b", "<b>")], [shown("a", "<i>"), shown("c", "<i>")]
    old, new = without_agreeing_html(stored, now)
    assert [[*output.data] for output in (*old, *new)] == [["text/plain"], ["text/plain", "text/html"]] * 2
    assert "text/html" in stored[0].data


# --- the plugin -----------------------------------------------------------------------------------


def test_the_plugin_imports_nothing_before_it_is_used():
    code = (
        "import sys, pytest; before = set(sys.modules); import flask_nb.project.pytest_plugin;"
        "print(*sorted(set(sys.modules) - before))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ours = {"flask_nb", "flask_nb.project", "flask_nb.project.pytest_plugin"}
    assert {name for name in ran.stdout.split() if name.startswith(("flask_nb", "nb", "werkzeug"))} == ours


def test_the_command_leaves_the_format_of_notebooks_to_pytest():
    code = "import sys, flask_nb.project.testing; print('nbformat' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "False\n"


def test_what_it_leans_on_in_nbval_is_there():
    from nbval.kernel import RunningKernel
    from nbval.plugin import IPyNbCell

    assert all(
        callable(getattr(IPyNbCell, name))
        for name in ("compare_outputs", "sanitize", "raise_cell_error", "runtest")
    )
    assert all(callable(getattr(RunningKernel, name)) for name in ("is_alive", "await_reply"))


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_the_next_kernel_starts_while_a_notebook_is_run(tmp_path, flask_nb_test, forked_kernels):
    imports = "import time; from contextlib import suppress; from pathlib import Path"
    two_kernels = "while len(processes_in(Path.cwd())) < 4: time.sleep(0.01)  # this test, pytest, and they"
    write(tmp_path / "1.ipynb", cell(imports), cell(inspect.getsource(processes_in)), cell(two_kernels))
    write(tmp_path / "2.ipynb", cell("print(1)", printed("1\n")))
    status, said = flask_nb_test("1.ipynb", "2.ipynb", "--cell-timeout", "20")
    assert status == 0, said
    assert "1.ipynb: 3 passed\n2.ipynb: 1 passed\n" in said


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_run_that_ends_early_leaves_no_kernel(tmp_path, flask_nb_test, forked_kernels):
    write(tmp_path / "1.ipynb", cell("1 / 0"))
    write(tmp_path / "2.ipynb", cell("1"))
    status, said = flask_nb_test("1.ipynb", "2.ipynb", "-x")
    assert (status, "2.ipynb" in said) == (1, False), said
    assert processes_in(tmp_path) == [os.getpid()]


def processes_in(folder: Path) -> list[int]:
    """Return the processes of this machine that have been started there."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        with suppress(OSError):  # another person's, or it has ended
            if link.readlink() == folder:
                found.append(int(link.parent.name))
    return found


@pytest.fixture(scope="module")
def told(tmp_path_factory) -> tuple[int, str]:
    """The status of three notebooks that are tested at once, and what is said of them."""
    folder = tmp_path_factory.mktemp("notebooks")
    show = "display({'text/plain': 'same', 'text/html': '<b>'}, raw=True)"
    write(folder / "ours.ipynb", cell(LOAD), cell(show, shown("same", "<i>")))
    write(folder / "theirs.ipynb", cell("1"), cell(show, shown("same", "<i>")))
    write(
        folder / "made.ipynb",
        cell(LOAD),
        cell("print('one\\ntwo')", printed("one\nthree\n")),
        cell("1 / 0"),
        cell("print('left')", tags=("nbval-ignore-output",)),
        cell("%serve status", shown("serving app at http://127.0.0.1:5000/")),
        cell("import os; os._exit(3)"),
        cell("1"),
    )
    command = [sys.executable, "-m", "flask_nb", "test", "."]
    env = {**os.environ, "NO_COLOR": "1"}
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return ran.returncode, COLOUR.sub("", ran.stdout + ran.stderr)


def test_notebooks_that_load_flask_nb_are_compared_as_text_and_others_as_before(told):
    status, said = told
    assert status == 1
    assert "ours.ipynb: 2 passed" in said
    assert "mismatch 'text/html'" in said


def test_what_fails_is_told_by_cell_and_ends_with_pytests_status(told):
    status, said = told
    assert status == 1
    assert "made.ipynb: 2 passed, 4 failed, 1 skipped" in said
    assert "stdout, line 2:\n  - three\n  + two\n" in said
    assert "ZeroDivisionError: division by zero" in said
    assert "Cell 5: The kernel died while it ran this cell" in said


def test_what_is_of_one_run_is_told_to_be_tagged(told):
    assert f"{advice_on('%serve')[0]}\n" in told[1]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("%load_ext flask_nb", "%load_ext flask_nb"),
        ("x = 1\nwhere = %serve", "%serve"),
        ("%url_for index --live", "%url_for"),
        ("url = %url_for index --local", "%url_for"),
        ("%get / --time", "%get"),
        ("app.run(port=5000)", "app.run"),
        ("%url_for index", None),
        ("%get /serve", None),
        ("subprocess.run(['ls'])", None),
        ("'--time'", None),
    ],
)
def test_only_what_is_of_one_run_is_to_be_tagged(source, name):
    advice = f"What {name} says depends on the run and its environment. Tag the cell nbval-ignore-output"
    assert advice_on(source) == ([advice] if name else [])


def test_a_cell_that_hangs_is_given_up_and_ends_the_run_with_x(tmp_path, flask_nb_test, forked_kernels):
    write(
        tmp_path / "made.ipynb",
        cell(LOAD),
        cell("import time; time.sleep(60)"),
        cell("print(1)", printed("2")),
    )
    status, said = flask_nb_test("made.ipynb", "--lax", "-x", "--cell-timeout", "1")
    assert status == 1
    assert "Timeout of 1 seconds exceeded" in said
    assert "1 passed, 1 failed" in said


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "made.ipynb cannot be read: No such file or directory. Check the path"),
        (b"hello", "made.ipynb is no notebook, or was not saved wholly"),
        (b'{"nbformat": "\xe9"}', "made.ipynb is no notebook: byte 14 is not UTF-8"),
        (b'{"nbformat": 3}', "made.ipynb is a notebook of format 3, and only format 4 is run"),
    ],
)
def test_bad_input_is_one_message_and_status_2(refused, content, message):
    if content is not None:
        Path("made.ipynb").write_bytes(content)
    assert message in refused("made.ipynb")


def test_folders_without_notebooks_and_kernels_that_are_not_there(tmp_path, refused):
    assert ". has no notebook in it" in refused(".")
    write(tmp_path / "made.ipynb", cell("1"))
    assert "No kernel of the name 'nope' is installed" in refused("made.ipynb", "--kernel-name", "nope")
    assert "--update runs whole notebooks" in refused("made.ipynb", "--update", "-k", "x")


def test_without_nbval_what_to_install_is_said(tmp_path, refused, monkeypatch):
    write(tmp_path / "made.ipynb", cell("1"))
    monkeypatch.setattr("flask_nb.project.testing.find_spec", lambda name: None)
    assert refused("made.ipynb") == "Error: nbval is not installed here. Type: pip install 'flask_nb[test]'\n"


# --- --update -------------------------------------------------------------------------------------


def stored(path: Path) -> list[str]:
    found = nbformat.read(path, as_version=4)
    return [
        "".join(output.get("text") or output.get("data", {}).get("text/plain", "") for output in each.outputs)
        for each in found.cells
        if each.cell_type == "code"
    ]


def test_update_stores_what_cells_give_now_and_keeps_the_rest(tmp_path, flask_nb_test):
    real = write(
        tmp_path / "real.ipynb",
        cell(LOAD),
        cell("'new'", shown("old"), tags=("mine",)),
        cell("print(2)", printed("theirs"), tags=("nbval-ignore-output",)),
        cell("1 / 0", shown("kept"), tags=("nbval-skip",)),
        cell("# NBVAL_RAISES_EXCEPTION\nint('x')"),
    )
    real.chmod(0o640)
    link = tmp_path / "link.ipynb"
    link.symlink_to("real.ipynb")
    before = nbformat.read(real, as_version=4)
    status, said = flask_nb_test("link.ipynb", "--update")
    assert status == 0, said
    assert "\"'new'\":\n  line 1:\n    - old\n    + 'new'\n" in said
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    now = nbformat.read(real, as_version=4)
    assert [each.execution_count for each in now.cells] == [1, 2, 3, 4, 5]
    assert now.cells[1].outputs[0].execution_count == 2
    assert now.cells[4].outputs[0].ename == "ValueError"
    assert stored(real)[:4] == ["", "'new'", "theirs", "kept"]
    assert [(each.id, each.metadata) for each in now.cells] == [
        (each.id, each.metadata) for each in before.cells
    ]
    assert real.read_text("utf-8") == nbformat.writes(now) + "\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["link.ipynb", "real.ipynb"]


def test_update_leaves_a_notebook_untouched_that_is_as_it_was_or_fails(tmp_path, flask_nb_test):
    same = write(tmp_path / "same.ipynb", cell("print('a')", printed("a\n")))
    fails = write(tmp_path / "fails.ipynb", cell("'new'", shown("old")), cell("1 / 0"))
    before = [(path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in (same, fails)]
    status, said = flask_nb_test(".", "--update")
    assert status == 1
    assert "same.ipynb: the outputs of 1 cells are as they were" in said
    assert "fails.ipynb: nothing was written: the cell '1 / 0' failed. ZeroDivisionError" in said
    assert [
        (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes()) for path in (same, fails)
    ] == before
