"""An exported notebook is installed as any package is, passes its own tests, and is served by gunicorn."""

from __future__ import annotations

import itertools
import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from flask_nb.project import load
from flask_nb.project.export.command import export_command

pytestmark = [pytest.mark.deploy, pytest.mark.skipif(os.name == "nt", reason="gunicorn is for POSIX")]

CELLS = [
    "%load_ext flask_nb",
    "import os\n\nfrom flask_nb import Flask, render_template, session\n\napp = Flask(__name__)\n"
    "app.config['SECRET_KEY'] = 'known to the notebook'",
    "%%writefile schema.sql\nCREATE TABLE item (name TEXT NOT NULL);\n",
    "%%template items.html\n<ul>{% for item in items %}<li>{{ item }}</li>{% endfor %}</ul>",
    "items = ['tea', 'milk']",
    "@app.get('/items')\ndef show_items():\n    return render_template('items.html', items=items)",
    "%%route /hello/<name>\nf'Hello {name}!'",
    "@app.get('/visits')\ndef visits():\n    session['n'] = session.get('n', 0) + 1\n"
    "    return [session['n'], os.getpid()]",
    "%get /items",
    "%get /hello/Ann --expect 200",
    "%%check /hello/Bo\nstatus == 200\ntext contains Bo",
]
PATHS = ("/items", "/hello/Ann", "/nowhere")


@dataclass(frozen=True)
class Installed:
    """An exported project that is installed.

    :param folder: of the project.
    :param bin: of the environment that it is installed in.
    :param notebook: it was exported from.
    """

    folder: Path
    bin: Path
    notebook: Path

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        return kept | {"SECRET_KEY": "of the deployment"}


@pytest.fixture(scope="module", params=["flask", "flask_nb"])
def installed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Export a notebook and install the result, as a wheel, into an environment of its own."""
    folder = tmp_path_factory.mktemp(request.param)
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in CELLS]
    notebook = folder / "shop.ipynb"
    notebook.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    done = CliRunner().invoke(
        export_command, [str(notebook), str(folder / "shop-project"), "--engine", request.param]
    )
    assert done.exit_code == 0, done.output
    found = Installed(folder / "shop-project", folder / "venv" / "bin", notebook)
    _install(found, request.param)
    return found


def _install(project: Installed, engine: str) -> None:
    """Install the wheel, so that what is served is not the folder that it was built from."""
    environment = project.bin.parent
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    pip: list[str | Path] = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    wheels = project.folder.parent / "wheels"
    built_from = [project.folder, Path(__file__).parents[2]][: 2 if engine == "flask_nb" else 1]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", wheels, *built_from], check=True)
    (wheel,) = wheels.glob("shop-*.whl")
    built: list[str | Path] = [f"{wheel}[test,deploy]", *wheels.glob("flask_nb-*.whl")]
    subprocess.run([*pip, "--python", environment, "install", "--no-compile", *built], check=True)


@contextmanager
def gunicorn(project: Installed, workers: int = 2) -> Iterator[str]:
    """Serve the installed package as the export says, from a folder without sources; give the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    elsewhere = project.folder.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    settings = {"BIND": address, "WEB_CONCURRENCY": str(workers)}
    command = [str(project.bin / "gunicorn"), "-c", str(project.folder / "gunicorn.conf.py")]
    with (elsewhere / f"log-{address}.txt").open("w+") as log:
        process = subprocess.Popen(
            command, cwd=elsewhere, stdout=log, stderr=log, env=project.environment | settings
        )
        try:
            wait_for(f"http://{address}/", process)
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(30)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            fetch(url)
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError("gunicorn does not answer")


@contextmanager
def in_turn(*addresses: str) -> Iterator[str]:
    """Stand before servers as a balancer does, each connection for the next of them; give the one address."""
    turn = itertools.cycle(urlsplit(address) for address in addresses)

    class Connection(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            server = next(turn)
            with socket.create_connection((str(server.hostname), int(server.port or 0))) as behind:
                behind.sendall(self.request.recv(65_536))  # what these tests ask comes in one piece
                while answer := behind.recv(65_536):
                    self.request.sendall(answer)

    with socketserver.TCPServer(("127.0.0.1", 0), Connection) as balancer:
        thread = threading.Thread(target=balancer.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{balancer.server_address[1]}"
        finally:
            balancer.shutdown()
            thread.join(30)


def fetch(url: str) -> tuple[int, str]:
    """Return status and body of an answer."""
    try:
        response = urllib.request.urlopen(url, timeout=20)
    except urllib.error.HTTPError as exc:
        response = exc
    with response:
        return response.status, response.read().decode()


def test_its_own_tests_pass(installed):
    done = subprocess.run(
        [installed.bin / "pytest", "-q"],
        cwd=installed.folder,
        capture_output=True,
        text=True,
        env=installed.environment,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout


def test_two_workers_answer_as_the_notebook_does(installed):
    client = load(installed.notebook).test_client()
    own = [(answer.status_code, answer.text) for answer in map(client.get, PATHS)]
    with gunicorn(installed) as address:
        served = [fetch(address + path) for path in PATHS]
    assert served == own


def test_one_session_goes_on_in_two_servers_behind_one_address(installed):
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    with (
        gunicorn(installed, workers=1) as one,
        gunicorn(installed, workers=1) as two,
        in_turn(one, two) as address,
    ):
        answers = [json.load(browser.open(f"{address}/visits", timeout=20)) for _ in range(4)]
    served_by = {process for _, process in answers}
    assert [visit for visit, _ in answers] == [1, 2, 3, 4]
    assert len(served_by) == 2


def test_it_does_not_start_without_its_secret(installed):
    environment = {name: value for name, value in installed.environment.items() if name != "SECRET_KEY"}
    done = subprocess.run(
        [installed.bin / "python", "-c", "import shop; shop.create_app()"],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    assert "SECRET_KEY is not set" in done.stderr.splitlines()[-1]


def test_the_wheel_has_templates_and_no_secret(installed):
    listed = subprocess.run(
        [installed.bin / "python", "-c", "import shop; print(shop.__path__[0])"],
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
        env=installed.environment,
    )
    package = Path(listed.stdout.strip())
    assert (package / "templates" / "items.html").is_file()
    files = [path for folder in (package, installed.folder) for path in folder.rglob("*") if path.is_file()]
    assert [path for path in files if b"known to the notebook" in path.read_bytes()] == []
