"""The demonstration as people start it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from flask_nb.project import demo

from .conftest import MakeNotebook


def demo_of(path: Path, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> Result:
    monkeypatch.setattr(demo, "bundled_notebook", lambda name: path)
    return CliRunner().invoke(demo.demo_command, arguments)


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What the command shows in a folder whose files would be in its way."""
    folder = tmp_path_factory.mktemp("folder")
    (folder / ".env").write_text(f"PYTHONPATH={folder}\n")
    (folder / "ipykernel.py").write_text("raise SystemExit('the local file ran')\n")
    command = Path(sys.executable).with_name("flask-nb")
    ran = subprocess.run(
        [command, "demo"], capture_output=True, text=True, timeout=60, check=False, cwd=folder
    )
    return f"{ran.returncode}{ran.stderr}\n{ran.stdout}"


def test_every_exercise_is_shown_and_a_page_of_the_served_app(shown: str) -> None:
    assert "| %get /hello/Ann\n\nGET /hello/Ann → 200 OK · text/html · 10 B\n\nHello Ann!\n" in shown
    url = re.findall(r"http://127\.0\.0\.1:\d+/", shown)[-1]
    assert shown.partition(f"GET {url}\n\n")[2].startswith("<!doctype html>\n<h1>Tea house</h1>")


def test_files_of_the_folder_take_no_part(shown: str) -> None:
    assert shown.startswith("0\n")


def test_kept_it_serves_until_ctrl_c(make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch) -> None:
    urls: list[str] = []
    pages: list[bytes] = []

    def press_ctrl_c(seconds: float) -> None:
        pages.append(urlopen(urls[0]).read())
        raise KeyboardInterrupt

    monkeypatch.setattr(demo, "fetch", lambda url: urls.append(url))
    monkeypatch.setattr(demo, "time", SimpleNamespace(sleep=press_ctrl_c))
    result = demo_of(make_notebook("%load_ext flask_nb", "%%route /\n'home'"), monkeypatch, "--keep")
    assert (result.exit_code, pages) == (0, [b"home"])
    assert result.stdout.endswith("stopped\n")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that can be caught")
def test_sigterm_leaves_nothing_behind(tmp_path: Path) -> None:
    kept = subprocess.Popen(
        [sys.executable, "-m", "flask_nb", "demo", "--keep"],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert kept.stdout is not None
    try:
        next(line for line in kept.stdout if line.startswith("Open "))
        assert list(tmp_path.iterdir()) != []
        kept.terminate()
        assert kept.wait(timeout=30) == 128 + signal.SIGTERM
        assert list(tmp_path.iterdir()) == []
    finally:
        kept.kill()
        kept.wait()
        kept.stdout.close()


def test_a_taken_port_is_named(make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = make_notebook("%load_ext flask_nb", "%%route /\n'home'")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = demo_of(notebook, monkeypatch, "--port", str(port))
    assert result.exit_code == 1
    assert f"PortInUseError: port {port} on 127.0.0.1 is in use by another program. Choose" in result.stderr


def test_the_chosen_port_is_served(
    make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch, port: int
) -> None:
    notebook = make_notebook("%load_ext flask_nb", "%%route /\n'home'")
    result = demo_of(notebook, monkeypatch, "--port", str(port))
    assert result.exit_code == 0
    assert f"serving app at http://127.0.0.1:{port}/" in result.stdout


def test_a_failing_cell_ends_the_demo(make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch) -> None:
    result = demo_of(make_notebook("import os", "nothing"), monkeypatch)
    assert result.exit_code == 1
    assert result.stderr == "Error: the cell 'nothing' failed. NameError: name 'nothing' is not defined\n"


def test_a_page_that_answers_with_an_error_is_said(
    make_notebook: MakeNotebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = make_notebook("%load_ext flask_nb", "from flask_nb import Flask\napp = Flask('shop')")
    result = demo_of(notebook, monkeypatch)
    assert result.exit_code == 1
    assert "/ answered 404 Not Found. The app needs a route for /" in result.stderr.replace(
        "NOT FOUND", "Not Found"
    )


def test_on_a_terminal_a_bar_goes_before_the_outputs() -> None:
    pty = pytest.importorskip("pty", reason="needs a terminal")
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "flask_nb", "demo"])
    shown = ""
    while "Ctrl-C ends it." not in shown:
        shown += os.read(terminal, 4096).decode(errors="replace")
    os.write(terminal, b"\x03")
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    os.close(terminal)
    assert 0 < shown.index("100%") < shown.index("Hello Ann!")
