"""What ``import flask`` means in a kernel where Flask is installed, and how that is changed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """
from flask import Flask
app = Flask(__name__)
app.get('/')(lambda: 'home')
app.run(port=0, debug=True)
"""


@pytest.fixture
def fresh(own_bare_kernel: Kernel) -> Kernel:
    """A kernel in which nothing is loaded or imported."""
    return own_bare_kernel


def advice(said: str) -> str:
    return re.findall("type: (.*)", said)[0]


def test_loading_says_what_import_flask_means_and_the_advice_works(fresh):
    said = fresh.run("%load_ext flask_nb").stdout
    assert said.startswith("Flask is installed: `import flask` means Flask")
    assert said.count("\n") == 1
    assert fresh.run(advice(said)).error is None
    ran = fresh.run(APP)
    assert (ran.error, "serving app at http://127.0.0.1:" in ran.stdout) == (None, True)
    assert "home" in fresh.run("%get /").text


def test_it_is_not_said_where_it_was_chosen(fresh):
    assert fresh.run("get_ipython().config.FlaskNB.as_flask = True").error is None
    assert fresh.run("%load_ext flask_nb").stdout == ""
    assert fresh.value("__import__('flask').__name__") == "'flask_nb.web'"


def test_it_can_be_taken_back(fresh):
    fresh.run("%load_ext flask_nb\n%config FlaskNB.as_flask = True\n%config FlaskNB.as_flask = False")
    assert fresh.value("__import__('flask').__name__") == "'flask'"


def test_after_an_import_of_flask_the_advice_works_after_a_restart(fresh):
    fresh.run("import flask")
    said = fresh.run("%load_ext flask_nb").stdout
    assert said.startswith("Flask has been imported")
    refused = fresh.run(advice(said))
    assert "Flask has been imported in this process already" in refused.stderr
    assert fresh.value("get_ipython().run_line_magic('config', 'FlaskNB.as_flask')") == "False"
    fresh.restart()
    fresh.run("%load_ext flask_nb")
    assert fresh.run(advice(said)).error is None
    assert "home" in fresh.run(f"{APP}\n%get /").text


def test_the_error_s_own_advice_works_after_a_restart(fresh):
    fresh.run("%load_ext flask_nb\nimport flask")
    error = fresh.run("%config FlaskNB.as_flask = True").stderr
    fresh.restart()
    assert fresh.run(f"{advice(error)}\n%load_ext flask_nb\n{APP}\n%get /").error is None


def test_an_app_of_the_installed_flask_is_taken_as_it_is(fresh):
    taken = fresh.run(f"%load_ext flask_nb\n{APP}\n%get /")
    assert "home" in taken.text
    assert fresh.value("type(app).__module__") == "'flask.app'"
