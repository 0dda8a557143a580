"""``as_flask()``: each test in a Python of its own, since a process has but one ``flask``."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import pytest
from spare import SPARE

#: Makes this environment's Flask invisible to imports and to importlib.metadata.
WITHOUT_FLASK = """
import sys
from importlib.machinery import PathFinder

class WithoutFlask(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "flask" else super().find_spec(name, path, target)

    @classmethod
    def find_distributions(cls, *args):
        return (d for d in PathFinder.find_distributions(*args) if d.name.lower() != "flask")

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutFlask
"""
AS_FLASK = "from flask_nb.alias import as_flask\nas_flask()\n"

INTERFACE = (
    "app", "blueprints", "cli", "config", "ctx", "debughelpers", "globals", "helpers",
    "json", "json.provider", "json.tag", "logging", "sessions", "signals", "templating", "testing", "typing",
    "views", "wrappers",
)  # fmt: skip


def python(*parts: str) -> str:
    """Run code in a new Python and return what it printed; a warning is an error there too."""
    code = "\n".join(textwrap.dedent(part) for part in parts)
    done = SPARE.run(code, are_warnings_errors=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize("installed", ["", WITHOUT_FLASK], ids=["flask installed", "flask absent"])
def test_every_module_of_flask_is_ours_itself(installed):
    python(
        installed,
        AS_FLASK,
        f"""
        import importlib, sys, flask
        assert sys.modules["flask"] is sys.modules["flask_nb.web"] is flask
        for name in {INTERFACE!r}:
            module = importlib.import_module("flask." + name)
            assert module is importlib.import_module("flask_nb.web." + name), name
            assert module.__spec__.name == module.__name__ == "flask_nb.web." + name, name
        """,
    )


def test_from_imports_give_the_same_objects():
    python(
        AS_FLASK,
        """
        from flask import Flask, views, json
        from flask.json.tag import TaggedJSONSerializer
        from flask.views import MethodView
        import flask.testing
        import flask_nb.web
        import flask_nb.web.json.tag
        assert Flask is flask_nb.web.Flask
        assert TaggedJSONSerializer is flask_nb.web.json.tag.TaggedJSONSerializer
        assert MethodView is flask_nb.web.views.MethodView
        assert flask.testing.FlaskClient is flask_nb.web.testing.FlaskClient
        """,
    )


def test_classes_pickle_under_both_names():
    python(
        AS_FLASK,
        """
        import pickle
        from flask.config import Config
        config = pickle.loads(pickle.dumps(Config))
        assert config is Config
        assert pickle.loads(b"cflask.config\\nConfig\\n.") is Config
        """,
    )


def test_reload_executes_the_module_under_both_names():
    python(
        AS_FLASK,
        """
        import importlib, flask.typing, flask_nb.web.typing
        flask.typing.mark = 1
        assert importlib.reload(flask.typing) is flask.typing is flask_nb.web.typing
        assert importlib.reload(flask) is flask
        """,
    )


def test_an_app_written_for_flask_runs():
    printed = python(
        WITHOUT_FLASK,
        AS_FLASK,
        """
        from flask import Flask, jsonify
        app = Flask("tutorial")
        app.get("/")(lambda: jsonify(n=1))
        print(type(app).__module__, app.test_client().get("/").json)
        """,
    )
    assert printed == "flask_nb.web.app {'n': 1}"


def test_pytest_runs_an_apps_tests_when_conftest_asks_for_it(tmp_path, monkeypatch):
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # they take as long as all the rest
    (tmp_path / "conftest.py").write_text("import flask_nb\nflask_nb.as_flask()\n")
    (tmp_path / "site_of_tests.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    (tmp_path / "test_site.py").write_text(
        "import flask\nfrom site_of_tests import app\n"
        "def test_it():\n    assert type(app).__module__ == 'flask_nb.web.app'\n"
        "    assert type(app.test_client()) is flask.testing.FlaskClient\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]
    done = subprocess.run([*command, str(tmp_path)], capture_output=True, text=True, cwd=tmp_path)
    assert "1 passed" in done.stdout, done.stdout


def test_a_server_that_is_given_a_module_serves_ours(tmp_path):
    """As gunicorn does: the server imports the module, whose first lines ask for the alias."""
    (tmp_path / "wsgi.py").write_text(
        "import flask_nb\nflask_nb.as_flask()\nfrom flask import Flask\napp = Flask(__name__)\n"
    )
    printed = python(
        f"""
        import sys
        sys.path.insert(0, {str(tmp_path)!r})
        from waitress import runner
        runner.run(["--port=0", "wsgi:app"], lambda app, **options: print(type(app).__module__))
        """
    )
    assert printed == "flask_nb.web.app"


@pytest.mark.parametrize("installed", ["", WITHOUT_FLASK], ids=["flask installed", "flask absent"])
def test_metadata_tells_flasks_version_and_leaves_plugins_alone(installed):
    python(
        installed,
        "from importlib.metadata import *\nbefore = list(entry_points(group='flask.commands'))\n",
        AS_FLASK,
        """
        assert version("flask") == version("Flask") == "3.1.3"
        assert distribution("flask").metadata["Name"] == "Flask"
        assert [d.name for d in distributions(name="flask")][0] == "Flask"
        assert list(entry_points(group="flask.commands")) == before
        [command] = entry_points(group="console_scripts", name="flask")
        import flask_nb.web.cli
        assert command.load() is flask_nb.web.cli.main
        assert "flask" in packages_distributions()
        assert version("werkzeug")
        """,
    )


def test_a_second_call_does_nothing():
    python(AS_FLASK, "import sys\nbefore = list(sys.meta_path)\nas_flask()\nassert sys.meta_path == before")


def test_is_aliased_tells():
    printed = python(
        "from flask_nb.alias import as_flask, is_aliased, undo_as_flask",
        "for step in (is_aliased, as_flask, is_aliased, undo_as_flask, undo_as_flask, is_aliased):"
        " print(step())",
    )
    assert printed.split() == ["False", "None", "True", "None", "None", "False"]


def test_flask_imported_before_is_one_error_that_says_what_to_do():
    printed = python(
        "import flask",
        """
        from flask_nb.alias import as_flask, is_aliased
        from flask_nb.errors import FlaskNbError
        try:
            as_flask()
        except FlaskNbError as exc:
            print(exc)
        assert not is_aliased()
        assert flask.Flask.__module__ == "flask.app"
        """,
    )
    assert "Restart" in printed
    assert "flask_nb.as_flask()" in printed


def test_sansio_is_missing_and_says_so():
    printed = python(
        AS_FLASK,
        """
        for name in ("flask.sansio", "flask.sansio.app"):
            try:
                __import__(name)
            except ImportError as exc:
                print(exc)
        """,
    )
    assert printed.count("flask.sansio is not part of flask_nb.web") == 2


def test_a_module_that_neither_has_is_missing_as_ever():
    printed = python(
        AS_FLASK,
        "try:\n    import flask.nothing\nexcept ModuleNotFoundError as exc:\n    print(exc, exc.name)",
    )
    assert printed == "No module named 'flask.nothing' flask.nothing"


def test_undone_the_name_means_flask_again():
    python(
        AS_FLASK,
        """
        import flask, flask.views, sys
        ours = flask
        from flask_nb.alias import undo_as_flask
        undo_as_flask()
        assert not [name for name in sys.modules if name.split(".")[0] == "flask"]
        import flask
        assert flask is not ours and flask.Flask.__module__ == "flask.app"
        from importlib.metadata import files
        assert files("flask")
        """,
    )


def test_as_flask_does_not_load_ipython():
    python(AS_FLASK, "import sys\nassert not {'IPython', 'nbformat', 'waitress'} & set(sys.modules)")


# ---- The offer that the extension makes ----------------------------------------------------------

OFFER = """
from flask_nb.alias import is_aliased, offer_on_import
undo = offer_on_import(print)
"""


def test_an_offer_is_taken_by_the_first_import_and_said_once():
    printed = python(
        WITHOUT_FLASK,
        OFFER,
        """
        import flask
        from flask import Flask
        import flask.views, flask_nb.web.views
        assert is_aliased() and Flask.__module__ == "flask_nb.web.app"
        assert flask.views is flask_nb.web.views
        assert flask.__spec__.name == "flask_nb.web"
        """,
    )
    assert printed.count("\n") == 0
    assert "`import flask` means flask_nb.web" in printed


def test_an_offer_is_taken_by_a_submodules_import():
    assert python(WITHOUT_FLASK, OFFER, "from flask.views import View\nassert is_aliased()")


def test_looking_for_flask_takes_no_offer():
    printed = python(
        WITHOUT_FLASK,
        OFFER,
        """
        import importlib.util
        from importlib.metadata import version, distributions
        assert importlib.util.find_spec("flask") and version("flask") == "3.1.3"
        assert "Flask" not in [d.name for d in distributions()]
        assert not is_aliased()
        """,
    )
    assert printed == ""


def test_an_installed_flask_goes_before_the_offer():
    printed = python(OFFER, "import flask\nassert flask.Flask.__module__ == 'flask.app' and not is_aliased()")
    assert printed == ""


def test_an_offer_taken_back_leaves_nothing():
    printed = python(
        WITHOUT_FLASK,
        "before = list(sys.meta_path)",
        OFFER,
        """
        undo(), undo()
        assert sys.meta_path == before
        undo = offer_on_import(print)
        import flask
        undo(), undo()
        assert sys.meta_path == before and "flask" not in sys.modules
        try:
            import flask
        except ModuleNotFoundError:
            print("gone")
        """,
    )
    assert printed.splitlines()[1:] == ["gone"]


def test_taking_the_offer_back_leaves_an_alias_that_was_asked_for():
    python(WITHOUT_FLASK, OFFER, AS_FLASK, "undo()\nimport flask\nassert is_aliased()")


def test_a_broken_import_of_ours_leaves_the_offer_and_no_half_alias():
    printed = python(
        WITHOUT_FLASK,
        OFFER,
        """
        sys.modules["flask_nb.web"] = None
        try:
            import flask
        except ImportError:
            print("failed", is_aliased(), "flask" in sys.modules)
        del sys.modules["flask_nb.web"]
        import flask
        """,
    )
    assert printed.splitlines()[0] == "failed False False"
