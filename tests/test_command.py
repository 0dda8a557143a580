"""The ``flask-nb`` command: what it adds to the command line of ``flask_nb.web``."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
import weakref
from contextvars import copy_context
from http.client import HTTPConnection
from io import StringIO

import click
import pytest
from click.testing import CliRunner
from spare import COMMAND, SPARE
from werkzeug.test import create_environ, run_wsgi_app

from flask_nb import __version__
from flask_nb import cli as command
from flask_nb.cli import FlaskNbGroup, LazyCommand
from flask_nb.debugger import BoundedDebugger
from flask_nb.web import Flask

FLASK_APP = "from flask import Flask\napp = Flask('tutorial')\nprint(Flask.__module__)\n"


@pytest.fixture
def flask_nb(tmp_path):
    """Run ``python -m flask_nb`` in a folder of its own."""

    def flask_nb(*args, stdin="", before="", **environ):
        environ = {**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "NO_COLOR": "1", **environ}
        return SPARE.run(textwrap.dedent(before) + COMMAND, *args, stdin=stdin, cwd=tmp_path, env=environ)

    return flask_nb


@pytest.fixture
def group():
    return FlaskNbGroup(name="flask-nb", create_app=lambda: Flask("here"))


def test_version_tells_python_flask_nb_and_werkzeug():
    lines = CliRunner().invoke(command.cli, ["--version"]).output.splitlines()
    assert [line.split()[0] for line in lines] == ["Python", "flask_nb", "Werkzeug"]
    assert lines[1] == f"flask_nb {__version__}"


def test_python_m_does_the_same(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "flask_nb", "--help"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Usage: python -m flask_nb [OPTIONS] COMMAND [ARGS]...")


def test_help_without_an_app_is_quiet_and_loads_little(flask_nb):
    watch = """
    import atexit, sys
    heavy = {"IPython", "nbformat", "waitress", "flask", "flask_nb.notebook", "flask_nb.project.demo"}
    atexit.register(lambda: print("loaded:", heavy & set(sys.modules), file=sys.stderr))
    """
    done = flask_nb("--help", before=watch)
    assert done.stderr == "loaded: set()\n"
    assert all(f"\n  {name} " in done.stdout for name in ("demo", "routes", "run", "shell"))
    assert "--as-flask" in done.stdout


def test_help_says_why_a_named_app_is_not_there(group):
    result = CliRunner().invoke(command.cli, ["-A", "not_there_at_all", "--help"])
    assert "not_there_at_all" in result.stderr
    assert CliRunner().invoke(group, ["--help"]).stderr == ""


def test_a_notebook_in_the_place_of_a_command_is_told_how_to_serve_it(group):
    result = CliRunner().invoke(group, ["my app.ipynb"])
    assert result.stderr.endswith(
        "my app.ipynb is a notebook, not a command. To serve it, type: flask-nb run 'my app.ipynb'\n"
    )


@pytest.mark.parametrize("found", [lambda real: real, lambda real: lambda: real], ids=["command", "factory"])
def test_a_lazy_command_runs_the_real_one(group, monkeypatch, found):
    @click.command("real")
    @click.argument("word")
    @click.option("--loud", is_flag=True)
    def real(word, loud):
        """Say a word."""
        click.echo(word.upper() if loud else word)

    monkeypatch.setattr(command, "lazily_found", found(real), raising=False)
    group.add_command(LazyCommand("say", "flask_nb.cli:lazily_found", "Say it."))
    assert CliRunner().invoke(group, ["say", "--loud", "hello"]).output == "HELLO\n"
    assert "say     Say it." in CliRunner().invoke(group, ["--help"]).output
    assert "Say a word." in CliRunner().invoke(group, ["say", "--help"]).output


@pytest.mark.parametrize(
    ("args", "environ"),
    [(["--as-flask"], {}), ([], {"FLASK_NB_AS_FLASK": "1"})],
    ids=["option", "environment"],
)
def test_as_flask_runs_an_app_written_for_flask(flask_nb, tmp_path, args, environ):
    (tmp_path / "app.py").write_text(FLASK_APP)
    done = flask_nb(*args, "routes", **environ)
    assert done.stdout.startswith("flask_nb.web.app\nEndpoint")
    assert "/static/<path:filename>" in done.stdout


def test_as_flask_lists_the_apps_commands_in_the_help(flask_nb, tmp_path):
    (tmp_path / "app.py").write_text(FLASK_APP + "@app.cli.command()\ndef mine(): 'Do mine.'\n")
    for args, environ in ((["--as-flask", "--help"], {}), (["--help"], {"FLASK_NB_AS_FLASK": "1"})):
        assert "mine    Do mine." in flask_nb(*args, **environ).stdout


def test_as_flask_too_late_is_one_error(flask_nb):
    done = flask_nb("--as-flask", "routes", before="import flask\n")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: Flask has been imported")
    assert "Traceback" not in done.stderr


def test_an_app_of_installed_flask_is_told_about_as_flask(flask_nb, tmp_path):
    (tmp_path / "app.py").write_text(FLASK_APP)
    done = flask_nb("routes")
    assert done.returncode == 2
    assert "--as-flask" in done.stderr


FACTORY = """
import os
{outside}

def create_app(test_config=None):
    {inside}
    from . import auth, db

    app = Flask(__name__, instance_relative_config=True)
    app.config.from_mapping(SECRET_KEY="dev", DATABASE=os.path.join(app.instance_path, "shop.sqlite"))
    app.config.from_pyfile("config.py", silent=True)
    db.init_app(app)
    app.register_blueprint(auth.bp)
    print(type(app).__module__)
    return app
"""

AUTH = """
import functools
from flask import Blueprint, g, session

bp = Blueprint("auth", __name__, url_prefix="/auth")

@bp.before_app_request
def load_user():
    g.user = session.get("user_id")

@bp.route("/login", methods=("GET", "POST"))
def login():
    return "login"
"""

DB = """
import os
import click
from flask import current_app, g
from flask.cli import with_appcontext

def close_db(error=None):
    g.pop("db", None)

@click.command("init-db")
@with_appcontext
def init_db():
    click.echo(f"made {os.path.basename(current_app.config['DATABASE'])}")

def init_app(app):
    app.teardown_appcontext(close_db)
    app.cli.add_command(init_db)
"""


@pytest.fixture(params=["of the module", "of the factory"])
def package(request, tmp_path):
    """A package as Flask's tutorial lays it out, which imports Flask at its top or in its factory."""
    imported = {"outside": "", "inside": ""}
    imported["outside" if request.param == "of the module" else "inside"] = "from flask import Flask"
    (tmp_path / "shop").mkdir()
    for name, text in {"__init__": FACTORY.format(**imported), "auth": AUTH, "db": DB}.items():
        (tmp_path / "shop" / f"{name}.py").write_text(text)


@pytest.mark.usefixtures("package")
@pytest.mark.parametrize("app", ["shop", "shop:create_app", "shop:create_app()", "shop/__init__.py"])
def test_a_package_whose_factory_makes_an_app_of_installed_flask_is_told_about_as_flask(flask_nb, app):
    done = flask_nb("--app", app, "routes")
    assert done.returncode == 2
    assert "is an app of the installed Flask. To have it made of flask_nb, type --as-flask" in done.stderr
    typed = flask_nb("--as-flask", "--app", app, "routes")
    assert typed.stdout.startswith("flask_nb.web.app\nEndpoint")
    assert "/auth/login" in typed.stdout


@pytest.mark.usefixtures("package")
def test_as_flask_runs_the_commands_of_a_package(flask_nb):
    done = flask_nb("--app", "shop", "--as-flask", "init-db")
    assert done.stdout == "flask_nb.web.app\nmade shop.sqlite\n"
    told = flask_nb("--app", "shop", "init-db").stderr
    assert "type --as-flask" in told


def test_without_flask_the_alias_comes_by_itself(flask_nb, tmp_path):
    from test_alias import WITHOUT_FLASK

    (tmp_path / "app.py").write_text(FLASK_APP)
    done = flask_nb("routes", before=WITHOUT_FLASK)
    assert done.stdout.startswith("flask_nb.web.app\n")
    assert done.stderr.count("`import flask` means flask_nb.web") == 1


def test_shell_is_ipythons(flask_nb, tmp_path):
    (tmp_path / "app.py").write_text("from flask_nb import web\napp = web.Flask('here')\n")
    done = flask_nb("shell", stdin="app.name * 2\nweb_name = type(get_ipython()).__name__; print(web_name)\n")
    assert "'herehere'" in done.stdout
    assert "InteractiveShell" in done.stdout
    assert "App: here" in done.stdout


def test_shell_is_pythons_without_ipython(group, monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", None)
    monkeypatch.setattr("flask_nb.web.cli.repl", command.interact)
    result = CliRunner().invoke(group, ["shell"], input="print(app.name * 2)\n")
    assert "herehere" in result.output


# ---- Who may ask what run serves -----------------------------------------------------------------


@pytest.fixture
def ask(monkeypatch):
    """Return a function that asks a served app under a Host, and gives the status."""

    def ask(host, bound="127.0.0.1", method="GET", **headers):
        served = []
        monkeypatch.setattr(command, "run_simple", lambda hostname, port, app, **options: served.append(app))
        command.serve(bound, 5000, app)
        environ = create_environ(method=method, headers={"Host": host, **headers})
        return run_wsgi_app(served[0], environ)[1][:3]

    def app(environ, start_response):
        start_response("200 OK", [])
        return [b"answered"]

    # Not an app of ours, whose TRUSTED_HOSTS would refuse by themselves.
    vars(app)["config"] = {"SERVER_NAME": "my.test:5000", "TRUSTED_HOSTS": [".trusted.test"]}
    return ask


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1:5000", "my.test", "api.my.test:5000", "a.trusted.test"]
)
def test_run_on_loopback_answers_the_apps_own_hosts(ask, host):
    assert ask(host) == "200"


@pytest.mark.parametrize(
    ("bound", "status"), [("127.0.0.1", "400"), ("0.0.0.0", "200"), ("unix:///s", "200")]
)
def test_run_refuses_foreign_hosts_only_on_loopback(ask, bound, status):
    assert ask("evil.example", bound) == status


def test_run_leaves_cross_site_requests_to_the_app(ask):
    assert ask("localhost:5000", method="POST", Origin="http://localhost:3000") == "200"


def test_an_app_that_could_not_be_loaded_is_served_too(monkeypatch):
    served = []
    monkeypatch.setattr(command, "run_simple", lambda hostname, port, app, **options: served.append(app))
    command.serve("localhost", 5000, lambda environ, start_response: [b"raised later"])
    assert run_wsgi_app(served[0], {**create_environ(), "HTTP_HOST": "evil.example"})[1].startswith("400")


@pytest.mark.parametrize("hostname", ["localhost", "0.0.0.0"])
def test_the_debugger_keeps_the_frames_of_the_last_twenty_failures(monkeypatch, hostname):
    class Large:
        pass

    alive, served = weakref.WeakSet(), []

    def fail(environ, start_response):
        alive.add(large := Large())
        raise ValueError(large)

    monkeypatch.setattr(command, "run_simple", lambda hostname, port, app, **options: served.append(app))
    command.serve(hostname, 5000, fail, use_debugger=True)
    pages = [
        run_wsgi_app(served[0], create_environ(errors_stream=StringIO()), buffered=True) for _ in range(30)
    ]
    assert len(alive) == 20
    assert [status for _, status, _ in pages] == ["500 INTERNAL SERVER ERROR"] * 30


def test_the_last_failure_can_be_looked_into(monkeypatch):
    debugger = BoundedDebugger(lambda environ, start_response: 1 / environ["zero"], evalex=True)
    for number in range(30):
        environ = create_environ(environ_overrides={"zero": 0, "number": number}, errors_stream=StringIO())
        run_wsgi_app(debugger, environ, buffered=True)
    last = [*debugger.frames.values()][-1]
    assert ">29</span>" in copy_context().run(last.eval, "environ['number']")
    assert debugger.frames.keys() == debugger.frame_contexts.keys()


@pytest.mark.parametrize(
    ("options", "path"),
    [([], "/"), (["--debug", "--no-reload"], "/?__debugger__=yes&cmd=resource&f=style.css")],
    ids=["the app", "the debugger's own files"],
)
def test_a_real_server_has_the_list(tmp_path, options, path):
    (tmp_path / "app.py").write_text("from flask_nb.web import Flask\napp = Flask('a')\n")
    command_line = [sys.executable, "-u", "-m", "flask_nb", "run", "-p", "0", *options]
    server = subprocess.Popen(
        command_line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
    )
    try:
        address = next(found for line in server.stdout if (found := re.search(r"127\.0\.0\.1:(\d+)", line)))
        connection = HTTPConnection("127.0.0.1", int(address[1]), timeout=10)
        for host, status in (("evil.example", 400), ("localhost", 200 if options else 404)):
            connection.request("GET", path, headers={"Host": host})
            response = connection.getresponse()
            response.read()
            assert response.status == status
        connection.close()
    finally:
        server.terminate()
        server.communicate(timeout=10)
