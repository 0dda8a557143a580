"""The ``flask-nb`` command: what it adds to the command line of ``flask_nb.web``."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import click
import pytest
from click.testing import CliRunner

from flask_nb import __version__
from flask_nb import cli as command
from flask_nb.cli import FlaskNbGroup, LazyCommand
from flask_nb.web import Flask

FLASK_APP = "from flask import Flask\napp = Flask('tutorial')\nprint(Flask.__module__)\n"


@pytest.fixture
def flask_nb(tmp_path):
    """Run ``python -m flask_nb`` in a folder of its own."""

    def flask_nb(*args, stdin="", before="", **environ):
        start = (
            "import runpy, sys\nsys.argv[0] = 'flask-nb'\nrunpy.run_module('flask_nb', run_name='__main__')\n"
        )
        return subprocess.run(
            [sys.executable, "-c", textwrap.dedent(before) + start, *args],
            input=stdin,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "IPYTHONDIR": str(tmp_path / "ipython"), "NO_COLOR": "1", **environ},
        )

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


def test_a_lazy_command_runs_the_real_one(group, monkeypatch):
    @click.command("real")
    @click.argument("word")
    @click.option("--loud", is_flag=True)
    def real(word, loud):
        """Say a word."""
        click.echo(word.upper() if loud else word)

    monkeypatch.setattr(command, "lazily_found", real, raising=False)
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
    monkeypatch.setattr(command.web_cli, "repl", command.interact)
    result = CliRunner().invoke(group, ["shell"], input="print(app.name * 2)\n")
    assert "herehere" in result.output
