"""gunicorn serves apps that were written for Flask: under the alias, and from `flask_nb` itself."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.deploy

ALIASED = """
import flask_nb
flask_nb.as_flask()
import flask
from flask import Flask, jsonify, session

def create_app(greeting="hello"):
    app = Flask(__name__)
    app.secret_key = "dev"

    @app.get("/<name>")
    def greet(name):
        session["n"] = session.get("n", 0) + 1
        return jsonify(text=f"{greeting} {name}", module=flask.__name__, visits=session["n"])

    return app
"""
OWN = "from flask_nb import Flask\napp = Flask(__name__)\napp.get('/<name>')(lambda name: f'hello {name}')\n"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def gunicorn(folder: Path, target: str) -> Iterator[str]:
    """Serve a target with two workers; give its address once it answers."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", target]
    with (folder / "log.txt").open("w+") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        try:
            wait_for(port, process)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(20)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(f"gunicorn does not answer; its status is {process.poll()}")


def fetch(url: str | urllib.request.Request) -> str:
    with urllib.request.urlopen(url, timeout=20) as response:
        return str(response.read().decode())


def test_gunicorn_serves_a_factory_written_for_flask_under_the_alias(tmp_path: Path) -> None:
    (tmp_path / "site_of_test.py").write_text(ALIASED)
    with gunicorn(tmp_path, "site_of_test:create_app('good day')") as url:
        text = fetch(f"{url}/Ann")
    assert text == '{"module":"flask_nb.web","text":"good day Ann","visits":1}\n'


def test_gunicorn_serves_an_app_of_flask_nb_and_asks_no_gate(tmp_path: Path) -> None:
    (tmp_path / "own_of_test.py").write_text(OWN)
    with gunicorn(tmp_path, "own_of_test:app") as url:
        request = urllib.request.Request(f"{url}/Ann", headers={"Host": "shop.example"})
        assert fetch(request) == "hello Ann"


def test_an_unknown_path_is_the_apps_own_404(tmp_path: Path) -> None:
    (tmp_path / "own_of_test.py").write_text(OWN)
    with gunicorn(tmp_path, "own_of_test:app") as url, pytest.raises(urllib.error.HTTPError, match="404"):
        fetch(f"{url}/a/b")


LOADED = f"""
import sys
{OWN}

@app.get("/loaded/now")
def loaded():
    return [name for name in ("IPython", "ipykernel", "nbclient", "waitress") if name in sys.modules]
"""


def test_serving_loads_none_of_the_notebooks_packages(tmp_path: Path) -> None:
    (tmp_path / "loaded_of_test.py").write_text(LOADED)
    with gunicorn(tmp_path, "loaded_of_test:app") as url:
        assert fetch(f"{url}/loaded/now") == "[]\n"
