"""Flask's pattern on SQLite in a kernel: a connection for each request, tables made by a command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

APP = """
import sqlite3
from tempfile import TemporaryDirectory
from flask_nb import Flask, g, request
folder = TemporaryDirectory()
app = Flask(__name__)
app.config["DATABASE"] = folder.name + "/teas.db"
schema = "drop table if exists teas; create table teas (name text);"

def get_db():
    if "db" not in g:
        g.db = sqlite3.connect(app.config["DATABASE"])
    return g.db

@app.teardown_appcontext
def close_db(exc):
    db = g.pop("db", None)
    if db is not None:
        db.close()

@app.cli.command("init-db")
def init_db():
    get_db().executescript(schema)
    print("made")

@app.route("/teas", methods=["GET", "POST"])
def teas():
    if request.method == "POST":
        get_db().execute("insert into teas values (?)", [request.form["name"]])
        get_db().commit()
    return [name for (name,) in get_db().execute("select name from teas")]
"""
MADE = "app.test_cli_runner().invoke(args=['init-db']).output"


@pytest.fixture
def database(kernel: Kernel) -> Kernel:
    """A kernel whose app has empty tables."""
    assert kernel.run(APP).error is None
    assert kernel.value(MADE) == r"'made\n'"
    return kernel


def test_what_one_request_writes_the_next_reads(database):
    database.run("%post /teas name=mint --form")
    assert "mint" in database.run("%get /teas").text


def test_a_browser_and_the_notebook_share_the_tables(database):
    url = re.findall(r"http://[\d.:]+", database.run("%serve").text)[0]
    database.run("%post /teas name=mint --form")
    asked = f"__import__('urllib.request').request.urlopen('{url}/teas').read()"
    assert "mint" in database.value(asked)


def test_the_tables_are_made_anew_by_running_the_command_again(database):
    database.run("%post /teas name=mint --form")
    database.run(MADE)
    assert "mint" not in database.run("%get /teas").text


def test_a_connection_of_a_cell_is_told_what_views_need(database):
    database.run("own = sqlite3.connect(':memory:')")
    database.run("app.get('/own')(lambda: str(own.execute('select 1').fetchone()))")
    assert "connect in the view" in database.run("%get /own").text
