"""Apps that are gone, broken, or not what they seem: one line says so, and what was served goes on."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

Run = Callable[..., str]

APP = """
from flask_nb import Flask
app = Flask("notebook")
@app.get("/")
def home(): return "home"
"""

MODULE = """%%writefile {name}.py
import os
from flask_nb import Flask

def connect():
    return os.environ["NO_SUCH_DATABASE"]

def create_app(name, debug=False):
    return Flask(name)

def make_app():
    connect()

def leave():
    raise SystemExit("no database")
"""

numbers = itertools.count()


@pytest.fixture
def run(kernel: Kernel) -> Run:
    """Run a cell of a fresh notebook; return what it showed."""
    kernel.notebook = f"bad {next(numbers)} "
    kernel.run("%unload_ext flask_nb\nglobals().pop('app', None)")
    kernel.run("%load_ext flask_nb")
    return lambda code: text_of(kernel, code)


def text_of(kernel: Kernel, code: str) -> str:
    ran = kernel.run(code, code)
    return "\n".join(filter(None, [ran.stdout, ran.text, ran.error])).strip()


@pytest.fixture
def module(run: Run) -> str:
    """The name of a module with factories."""
    name = f"bad_{next(numbers)}"
    run(MODULE.replace("{name}", name))
    run("from importlib import invalidate_caches; invalidate_caches()")
    return name


def fetch(address: str) -> str:
    try:
        with urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode()}"


# --- the variable ---


def test_a_variable_that_holds_something_else_says_so_and_others_get_the_last_app(run, port):
    run(APP)
    run(f"%serve --port {port}")
    run("app = 5")
    assert run("%get /").startswith("ForeignAppError: what should be the app is of type int. Make an app")
    assert fetch(f"http://127.0.0.1:{port}/") == "home"
    run(APP)
    assert run("%get /").endswith("home")


def test_an_app_whose_variable_is_deleted_is_served_no_more_until_there_is_another(run, port):
    run(APP)
    run(f"%serve --port {port}")
    assert run("del app") == "app is not served any more: its variable was deleted"
    assert fetch(f"http://127.0.0.1:{port}/").startswith("503 there is no app in the variable 'app'")
    run(APP)
    assert fetch(f"http://127.0.0.1:{port}/") == "home"


DASH = """
from flask_nb import Flask
Dash = type("Dash", (), {"__module__": "dash.dash"})
app = Dash()
app.server = Flask("server")
"""


@pytest.mark.parametrize("cell", ["%get /", "%app app"])
def test_an_app_of_dash_says_what_serves_it(run, cell):
    run(DASH)
    assert run(cell) == (
        "ForeignAppError: app is a Dash app, which is served by a Flask app of its own. "
        "Type: server = app.server, then %app server"
    )
    assert "for what a variable has: server = app.server, then %app server" in run("%app app.server")
    assert run("server = app.server\n%app server") == "server: Flask 'server', 1 route"


# --- modules and factories ---


def test_a_factory_that_raises_is_shown_by_the_users_lines_only(run, module):
    assert run(f"%app {module}:make_app").splitlines() == [
        f"ForeignAppError: there is no app at {module}:make_app: KeyError: 'NO_SUCH_DATABASE'",
        f"  in make_app of {module}.py, line 11:  connect()",
        f"""  in connect of {module}.py, line 5:  return os.environ["NO_SUCH_DATABASE"]""",
    ]


def test_a_factory_that_exits_ends_nothing(run, module):
    assert "SystemExit: no database\n  in leave of" in run(f"%app {module}:leave")


def test_a_factory_that_needs_arguments_says_which_and_takes_them(run, module):
    said = run(f"%app {module}:create_app")
    assert "It takes name, debug. Type: " in said
    typed = re.search(r"Type: ('.*')", said)
    assert typed
    target = typed[1].replace("ARGUMENTS", '"made"')
    assert run(f"%app {target}") == "app: Flask 'made', 1 route"


def test_an_import_that_fails_is_shown_by_the_users_lines_only(run, module):
    run(f"%%writefile {module}_web.py\nimport json\nimport {module}\napp = {module}.make_app()")
    run("from importlib import invalidate_caches; invalidate_caches()")
    lines = run(f"%app {module}_web.py").splitlines()
    assert lines[1:3] == [
        f"  {module}_web.py, line 3:  app = {module}.make_app()",
        f"  in make_app of {module}.py, line 11:  connect()",
    ]


def test_what_was_served_goes_on_when_another_app_cannot_be_brought_in(run, module):
    run(APP)
    assert "there is no app at" in run(f"%app {module}:make_app")
    assert run("%get /").endswith("home")


def test_a_new_app_of_a_modules_name_says_how_to_get_at_the_modules(run, module):
    assert run(f"%app {module}").endswith(
        f"{module}.py is something else. To bring in the app that it holds, type: %app {module}.py"
    )


# --- served elsewhere ---


def test_an_app_that_a_thread_serves_already_is_worked_on_and_its_port_is_kept(run, port):
    run(f"{APP}\nfrom threading import Thread\nfrom werkzeug.serving import make_server")
    run(f"server = make_server('127.0.0.1', {port}, app)\nThread(target=server.serve_forever).start()")
    assert (run("%get /")[-4:], fetch(f"http://127.0.0.1:{port}/")) == ("home", "home")
    run("%%route /\n'mended'")
    assert (run("%get /")[-6:], fetch(f"http://127.0.0.1:{port}/")) == ("mended", "mended")
    assert run(f"%serve --port {port}").startswith(f"PortInUseError: port {port} on 127.0.0.1 is in use by")
    run("server.shutdown(); server.server_close()")
    assert run(f"%serve --port {port}") == f"serving app at http://127.0.0.1:{port}/"


def test_the_second_of_two_apps_on_a_port_is_refused(run, port):
    run(f"{APP}\nother = Flask('other')\nother.get('/')(lambda: 'other')")
    run(f"%serve --port {port}")
    assert "is in use by app" in run(f"%serve --app other --port {port}")
    assert fetch(f"http://127.0.0.1:{port}/") == "home"


# --- another Flask, half a Flask ---

FORGET = "import sys\nfor name in [one for one in sys.modules if one.partition('.')[0] == 'flask']:\n    "


@pytest.fixture
def own(own_kernel: Kernel) -> Run:
    """Run a cell in a kernel of its own, whose modules a test spoils."""
    return lambda code: text_of(own_kernel, code)


def test_an_app_of_another_flask_can_be_chosen(own):
    own(f"import flask\n{FORGET}del sys.modules[name]")
    own("import flask as another")
    own("app = flask.Flask('old')\napp.get('/')(lambda: 'old')")
    assert "app is made of another Flask than the one that is imported now." in own("%get /")
    assert own("%app app") == "app: WSGI app 'old'"
    assert own("%get /").endswith("old")
    assert own("%%route /x\n1").startswith("UnsupportedByAppError: app is a WSGI app")


@pytest.mark.parametrize(
    "spoil",
    [
        "import sys, types; sys.modules['flask'] = types.ModuleType('flask')",
        "import sys; sys.modules['flask'] = None",
        "%%writefile flask.py\nclass Flask: ...",
        "%%writefile flask.py\nraise ImportError('broken')",
        "%%writefile flask.py\nimport time\ntime.sleep(60)",
    ],
    ids=["bare", "None", "of somebody", "broken", "under way"],
)
def test_half_a_flask_is_not_in_the_way(own, spoil):
    own(spoil)
    own("import sys, threading, time; sys.path.insert(0, '.')")
    own("threading.Thread(target=__import__, args=('flask',), daemon=True).start(); time.sleep(0.2)")
    own("thing = getattr(sys.modules.get('flask'), 'Flask', int)()")
    assert own(APP) == ""
    assert own("%get /").endswith("home")
    assert own("%%route /x\n'x'") == "GET /x → x (body)"
    assert own("%unload_ext flask_nb") == ""


def test_a_file_of_ones_own_in_the_place_of_flask_is_named(own):
    own("%%writefile flask.py\nfrom flask import Flask\napp = Flask('x')")
    own("import sys; sys.path.insert(0, '.')")
    said = own("from flask import Flask")
    assert "this is a file of yours, in the place of Flask: rename flask.py, and restart the kernel" in said
