"""The command line on a notebook: ``run``, ``shell``, ``routes`` and the app's own commands."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from werkzeug.test import Client

from flask_nb import cli as command
from flask_nb.web import cli as web_cli

PLAIN = """from {package} import Flask, current_app
app = Flask("shop")

@app.get("/teas")
def teas():
    return ["green"]

@app.cli.command("count")
def count():
    print("counted", current_app.name)

@app.shell_context_processor
def names():
    return dict(tea="green")
"""


DATABASE = """
import sqlite3
from {package} import Flask, g, request

app = Flask(__name__)
---
def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(app.root_path + "/teas.db")
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
@app.route("/teas", methods=["GET", "POST"])
def teas():
    if request.method == "POST":
        get_db().execute("insert into teas values (?)", [request.form["name"]])
        get_db().commit()
    return [name for (name,) in get_db().execute("select name from teas")]
---
%post /teas name=green --form
"""


@pytest.fixture(autouse=True)
def restored(tmp_path, monkeypatch):
    environ = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("FLASK_", "WERKZEUG_"))]:
        del os.environ[name]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(web_cli.app_loaders, ".ipynb", command.load_notebook)
    yield
    os.environ.clear()
    os.environ.update(environ)


@pytest.fixture
def served(monkeypatch):
    """What would be served: host, port, app and options of each server."""
    served = []
    monkeypatch.setattr(web_cli, "run_simple", lambda *given, **options: served.append((*given, options)))
    return served


@pytest.fixture
def call(served):
    """Call ``flask-nb`` with arguments."""

    def call(*args, **environ):
        group = command.FlaskNbGroup(name="flask-nb")
        return CliRunner().invoke(group, args, env=environ, prog_name="flask-nb")

    return call


@pytest.mark.parametrize("package", ["flask_nb", "flask"])
class TestOnEitherEngine:
    def test_run_serves_the_app(self, call, served, make_notebook, package):
        make_notebook(PLAIN.format(package=package), "%%route /new\n'new'", "%get /new")
        result = call("run", "made.ipynb", "--port", "0")
        assert result.exit_code == 0, result.output
        [(host, port, app, _)] = served
        assert (host, port) == ("127.0.0.1", 0)
        assert (Client(app).get("/teas").json, Client(app).get("/new").text) == (["green"], "new")
        assert " * left out: 1 cell; flask-nb run made.ipynb --plan lists them\n" in result.output

    def test_routes_lists_its_routes(self, call, make_notebook, package):
        make_notebook(PLAIN.format(package=package))
        result = call("--app", "made.ipynb", "routes")
        assert "teas      GET      /teas" in result.output, result.output

    def test_shell_has_the_app_and_its_names(self, call, make_notebook, package, monkeypatch):
        make_notebook(PLAIN.format(package=package))
        seen = []
        monkeypatch.setattr(web_cli, "repl", lambda banner, names: seen.append(names))
        assert call("--app", "made.ipynb", "shell").exit_code == 0
        assert (seen[0]["app"].name, seen[0]["tea"]) == ("shop", "green")

    def test_commands_that_a_cell_registers_can_be_called(self, call, make_notebook, package):
        make_notebook(PLAIN.format(package=package))
        assert call("--app", "made.ipynb", "count").output == "counted shop\n"

    def test_a_database_is_made_by_a_command_of_a_cell_and_used_by_its_views(
        self, call, served, make_notebook, tmp_path, package
    ):
        make_notebook(*DATABASE.format(package=package).strip().split("\n---\n"))
        (tmp_path / "schema.sql").write_text("create table teas (name text);")
        assert call("--app", "made.ipynb", "init-db").exit_code == 0
        assert call("run", "made.ipynb").exit_code == 0
        client = Client(served[0][2])
        assert client.post("/teas", data={"name": "mint"}).json == ["mint"]
        assert client.get("/teas").json == ["mint"]


@pytest.mark.parametrize(
    ("args", "environ"),
    [
        (["run", "made.ipynb"], {}),
        (["run", "made.ipynb:app"], {}),
        (["--app", "made.ipynb", "run"], {}),
        (["run"], {"FLASK_APP": "made.ipynb"}),
    ],
)
def test_a_notebook_is_named_as_any_app_is(call, served, make_notebook, args, environ):
    make_notebook("%%route /\n'served'")
    assert call(*args, **environ).exit_code == 0
    assert Client(served[0][2]).get("/").text == "served"


def test_a_module_is_run_as_before(call, served, tmp_path):
    (tmp_path / "module_of_test.py").write_text("from flask_nb import Flask\napp = Flask('plain')\n")
    assert call("run", "module_of_test.py").exit_code == 0
    assert served[0][2].name == "plain"


def test_the_plan_is_shown_and_nothing_is_run(call, served, make_notebook, tmp_path):
    make_notebook("import os\nos.environ['MARK'] = str(open('ran', 'w'))", "%%route /\n''", "%get /")
    result = call("run", "made.ipynb", "--plan")
    assert result.output.splitlines() == [
        "made.ipynb: 2 of 3 cells are taken, the app is app",
        "",
        "taken     import os: it sets os.environ; it binds os, which this cell needs",
        "taken     %%route /: defines a route",
        "left out  %get /: it sends a request",
    ]
    assert (served, (tmp_path / "ran").exists()) == ([], False)


NOTEBOOK = '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [%s]}'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "made.ipynb is no notebook, or was not saved wholly"),
        (b"[1]", "made.ipynb is no notebook: it is JSON without 'nbformat'"),
        (b'{"nbformat": 4, "cells": 3}', "made.ipynb is no notebook: it has no list of cells"),
        (b"caf\xe9", "made.ipynb is no notebook: byte 3 is not UTF-8"),
        (
            b'{"nbformat": 3, "worksheets": []}',
            "made.ipynb is a notebook of format 3",
        ),
        (
            b'{"nbformat": 4, "metadata": {"kernelspec": {"language": "R"}}, "cells": []}',
            "made.ipynb is a notebook of the language 'R'",
        ),
        (NOTEBOOK.encode() % b"", "made.ipynb holds no code"),
        (NOTEBOOK.encode() % b'{"cell_type": "code", "source": "def ("}', "the cell 'def (': line 1: "),
        (NOTEBOOK.encode() % b'{"cell_type": "code", "source": "x = \'\\ud800\'"}', "the cell "),
        (NOTEBOOK.encode() % b'{"cell_type": "code", "source": "app = 1 / 0"}', "ZeroDivisionError"),
    ],
)
def test_bad_input_is_one_message_and_status_2(call, served, tmp_path, content, message):
    (tmp_path / "made.ipynb").write_bytes(content)
    for args in (["run", "made.ipynb"], ["--app", "made.ipynb", "routes"]):
        result = call(*args)
        assert (result.exit_code, type(result.exception)) == (2, SystemExit)
        assert message in result.output.partition("Error: ")[2]
        assert served == []


def test_a_notebook_full_of_outputs_is_read_for_its_cells_alone(call, tmp_path):
    output = {"output_type": "stream", "name": "stdout", "text": "x" * 1_000_000}
    cell = {"cell_type": "code", "source": "%%route /\n''", "outputs": [output] * 50}
    (tmp_path / "made.ipynb").write_text(NOTEBOOK % json.dumps(cell))
    assert call("run", "made.ipynb", "--plan").output.startswith("made.ipynb: 1 of 1 cells are taken")


def test_a_plan_of_a_module_is_refused(call):
    result = call("run", "app.py", "--plan")
    assert (result.exit_code, "--plan is for notebooks" in result.output) == (2, True)


def test_other_sites_may_not_change_a_notebooks_app(make_notebook, monkeypatch):
    make_notebook("%%route POST /\n'changed'")
    served = []
    monkeypatch.setattr(command, "run_simple", lambda *given, **options: served.append((*given, options)))
    monkeypatch.setattr(web_cli, "run_simple", command.serve)
    group = command.FlaskNbGroup(name="flask-nb")
    assert CliRunner().invoke(group, ["run", "made.ipynb", "--host", "0.0.0.0"]).exit_code == 0
    client = Client(served[0][2])
    assert client.post("/").text == "changed"
    assert client.post("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/", headers={"Host": "evil.example"}).status_code == 400
    assert served[0][3]["exclude_patterns"] == [os.path.realpath("made.ipynb")]


@contextmanager
def running(*args):
    """Run the command in a process group of its own and give the address and the log."""
    with open("log.txt", "w+") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flask_nb", "run", *args, "--port", "0"],
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "NO_COLOR": "1"},
            start_new_session=True,
        )
        try:
            yield Path("log.txt").read_text
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not (found := condition()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=20) as response:
            return response.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return ""


@pytest.mark.skipif(os.name == "nt", reason="process groups")
def test_in_debug_mode_what_is_saved_is_served_and_what_is_broken_is_told(make_notebook):
    make_notebook("%%route /\n'one'")
    with running("made.ipynb", "--debug") as log:
        address = wait_until(lambda: "Running on " in log() and log().partition("Running on ")[2].split()[0])
        assert wait_until(lambda: fetch(address) == "one"), log()
        make_notebook("%%route /\n'two'")
        assert wait_until(lambda: fetch(address) == "two"), log()
        make_notebook("%%route /\n'three' +")
        assert wait_until(lambda: "The version before it goes on serving" in log()), log()
        assert fetch(address) == "two"
        assert log().count("Restarting") == 1
