"""An app that is set up before anything has made it, and one that a restart has taken away."""

from __future__ import annotations

import ast
import re

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.notebook.first_use import sets_up

SETTING_UP = [
    "app.secret_key = 'dev'",
    "app.config['X'] = 1",
    "app.config.update(X=1)",
    "app.debug = True",
    "app.jinja_env.globals['x'] = 1",
    "@app.get('/')\ndef root():\n    return 'root'",
    "if True:\n    app.config['X'] = 1",
    "class Config:\n    value = app.config.get('X')",
    "values = [app.config.get(key) for key in 'ab']",
]
OTHER = [
    "app",
    "print(app)",
    "app.run()",
    "client = app.test_client()",
    "def later():\n    app.secret_key = 'dev'",
    "later = lambda: app.secret_key",
    "app = make()\napp.secret_key = 'dev'",
    "app.secret_key = 'dev'\napp = make()",
    "from shop import app\napp.secret_key = 'dev'",
    "from shop import *\napp.secret_key = 'dev'",
    "import app.models",
    "for app in apps:\n    app.secret_key = 'dev'",
    "def app(): ...\napp.__doc__ = 'x'",
    "del app\napp.secret_key = 'dev'",
    "try:\n    app.secret_key\nexcept NameError:\n    app = None",
    "shop.app.secret_key = 'dev'",
]


@pytest.mark.parametrize("cell", SETTING_UP)
def test_a_cell_that_sets_up_an_app_is_known(cell):
    assert sets_up(ast.parse(cell), "app")


@pytest.mark.parametrize("cell", OTHER)
def test_a_cell_that_makes_asks_or_only_defines_is_none(cell):
    assert not sets_up(ast.parse(cell), "app")


@pytest.mark.parametrize("cell", [*SETTING_UP, "%app --secret-key dev;", "%app --debug;"])
def test_the_app_is_made_for_the_first_cell_that_sets_it_up(loaded: InteractiveShell, cell):
    loaded.run_cell(cell).raise_error()
    loaded.run_cell("%%route /hello\n'hello'").raise_error()
    loaded.run_cell("answer = %get /hello").raise_error()
    assert loaded.user_ns["answer"].text == "hello"


def test_that_the_app_was_made_is_said_once(loaded, capsys):
    loaded.run_cell("app.secret_key = 'dev'").raise_error()
    loaded.run_cell("app.debug = True").raise_error()
    assert capsys.readouterr().out == "made app = Flask(__name__), since no cell had made one\n"


def test_what_was_set_stays_when_the_app_is_made_after_all(loaded):
    loaded.run_cell("app.secret_key = 'dev'", cell_id="key").raise_error()
    loaded.run_cell("from flask_nb import Flask\napp = Flask('own')", cell_id="own").raise_error()
    assert (loaded.user_ns["app"].name, loaded.user_ns["app"].secret_key) == ("own", "dev")


def test_an_app_that_is_there_is_left_alone(loaded):
    loaded.run_cell("from flask_nb import Flask\napp = Flask('own')").raise_error()
    loaded.run_cell("app.secret_key = 'dev'").raise_error()
    assert loaded.user_ns["app"].name == "own"


def test_asking_a_new_kernel_says_to_run_the_cells_above(loaded):
    error = str(loaded.run_cell("%get /").error_in_exec)
    assert "If the kernel was restarted, run the cells above first" in error


@pytest.mark.parametrize("number", [0, 1])
def test_the_advice_for_a_notebook_without_app_works_as_typed(loaded, number):
    error = str(loaded.run_cell("%get /").error_in_exec)
    route = re.findall(r"%%route /", error)[0] + "\n'root'"
    advice = [route, error.rpartition("type: ")[2]]
    loaded.run_cell(advice[number]).raise_error()
    loaded.run_cell(route).raise_error()
    loaded.run_cell("answer = %get /").raise_error()
    assert loaded.user_ns["answer"].text == "root"
