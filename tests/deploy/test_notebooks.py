"""gunicorn serves a notebook: several workers, reloading under load, sessions that any process knows."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.deploy, pytest.mark.skipif(os.name == "nt", reason="gunicorn is for POSIX")]

APP = "from {package} import Flask, session\napp = Flask(__name__)\napp.secret_key = 'dev'"
VISITS = """@app.get("/visits")
def visits():
    session["n"] = session.get("n", 0) + 1
    return [session["n"]]
"""
PACKAGES = pytest.mark.parametrize("package", ["flask_nb", "flask"])


def save(folder: Path, *sources: str) -> None:
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": []} for source in sources]
    new = folder / "app.ipynb.new"
    new.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells}))
    new.replace(folder / "app.ipynb")


@contextmanager
def gunicorn(folder: Path, workers: int) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Serve the notebook; give the address and the process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "gunicorn", "-w", str(workers), "-b", f"127.0.0.1:{port}"]
    with (folder / f"log-{port}.txt").open("w") as log:
        process = subprocess.Popen(
            [*command, "flask_nb.project:load('app.ipynb')"], cwd=folder, stdout=log, stderr=log
        )
        try:
            address = f"http://127.0.0.1:{port}"
            wait_until(lambda: fetch(f"{address}/") is not None)
            yield address, process
        finally:
            process.terminate()
            process.wait(30)


def wait_until(condition) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "gunicorn does not answer as expected"
        time.sleep(0.05)


def fetch(url: str, cookie: str = "") -> tuple[str, str] | None:
    """Return the body and the cookie of an answer, None where there is none."""
    try:
        request = urllib.request.Request(url, headers={"Cookie": cookie, "Host": "shop.example"})
        with urllib.request.urlopen(request, timeout=20) as response:
            return response.read().decode(), response.headers.get("Set-Cookie", "").partition(";")[0]
    except (urllib.error.URLError, ConnectionError):
        return None


@PACKAGES
def test_four_workers_reload_a_notebook_under_load_and_lose_no_request(tmp_path, package):
    """HUP makes new workers, which load what was saved; the old ones end when they have answered."""

    def cells(text: str) -> list[str]:
        view = f"@app.get('/')\ndef index():\n    return '{text}'"
        return ["%load_ext flask_nb", APP.format(package=package), view, "%get /"]

    save(tmp_path, *cells("one"))
    answers: Counter[str | None] = Counter()
    is_over = threading.Event()

    def ask(url: str) -> None:
        while not is_over.is_set():
            answers[(fetch(url) or (None,))[0]] += 1

    with gunicorn(tmp_path, 4) as (address, process):
        clients = [threading.Thread(target=ask, args=(f"{address}/",)) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            wait_until(lambda: answers["one"] > 50)
            save(tmp_path, *cells("two"))
            process.send_signal(signal.SIGHUP)
            wait_until(lambda: answers["two"] > 50)
        finally:
            is_over.set()
            for client in clients:
                client.join(30)
    assert set(answers) == {"one", "two"}


@PACKAGES
def test_one_session_goes_on_in_two_servers(tmp_path, package):
    save(tmp_path, APP.format(package=package), VISITS, "%%route /\n''")
    with gunicorn(tmp_path, 1) as (one, _), gunicorn(tmp_path, 1) as (two, _):
        cookie, seen = "", []
        for address in (one, two, one, two):
            body, cookie = fetch(f"{address}/visits", cookie) or ("", "")
            seen.append(json.loads(body))
    assert seen == [[1], [2], [3], [4]]


def test_serving_a_notebook_loads_none_of_its_packages(tmp_path):
    names = ("IPython", "ipykernel", "nbclient", "nbformat", "waitress")
    save(tmp_path, "import sys", f"%%route /\n[name for name in {names} if name in sys.modules]")
    with gunicorn(tmp_path, 1) as (address, _):
        assert fetch(f"{address}/") == ("[]\n", "")


DATABASE = """import sqlite3
from pathlib import Path
from {package} import Flask, g, request
app = Flask(__name__)
---
def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(Path(app.root_path, "teas.db"), timeout=20)
    return g.db

@app.teardown_appcontext
def close_db(exc):
    db = g.pop("db", None)
    if db is not None:
        db.close()
---
@app.cli.command("init-db")
def init_db():
    with app.open_resource("schema.sql") as file:
        get_db().executescript(file.read().decode())
---
@app.get("/")
def count():
    get_db().execute("insert into tea values ('mint')")
    get_db().commit()
    return [get_db().execute("select count(*) from tea").fetchone()[0]]"""


@PACKAGES
def test_workers_share_a_database_that_a_command_has_made(tmp_path, package):
    (tmp_path / "schema.sql").write_text("create table tea (name text);")
    save(tmp_path, *DATABASE.format(package=package).split("\n---\n"))
    command = [sys.executable, "-m", "flask_nb", "--app", "app.ipynb", "init-db"]
    subprocess.run(command, cwd=tmp_path, check=True)
    with gunicorn(tmp_path, 2) as (address, _):  # it has asked once
        counts = [json.loads((fetch(f"{address}/") or ("[]", ""))[0]) for _ in range(8)]
    assert counts == [[number] for number in range(2, 10)]
