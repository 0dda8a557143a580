"""Secrets are planted all over a notebook, and looked for in all that it shows."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import canaries
import pytest
from exchange.conftest import signed_session
from IPython.core.interactiveshell import InteractiveShell
from werkzeug.test import create_environ

from flask_nb.notebook.extension import get_host

NOTEBOOK = """
import json, logging, sys, time, warnings
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import NamedTuple
from flask_nb import Flask, flash, g, request, session, render_template_string, make_response
from werkzeug.datastructures import Authorization, Headers, MultiDict
from werkzeug.test import EnvironBuilder
app = Flask(__name__)
app.secret_key = "dev"
warnings.simplefilter("always")

@dataclass
class User:
    name: str
    password: str

class Login(NamedTuple):
    name: str
    client_secret: str

class Printing:
    def __init__(self, text):
        self.text = text
    def __repr__(self):
        return self.text

def refuse(value):
    raise ValueError(f"password={value} is wrong")

@app.route("/hello", methods=["GET", "POST"])
def hello():
    return "hello"

@app.route("/hangs")
def hangs():
    time.sleep(0.3)
    return "late"
"""

DATABASE = """
import sqlalchemy as sa
engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
people = sa.Table("people", sa.MetaData(), sa.Column("name", sa.String), sa.Column("password", sa.String))
people.create(engine)

def run(*statement):
    with engine.begin() as connection:
        connection.execute(*statement)

def driver(*statement):
    with engine.begin() as connection:
        connection.exec_driver_sql(*statement)
"""

FAILING_SETTINGS = """
from IPython import get_ipython
raise ValueError(f"password={get_ipython().user_ns['planted']}")
"""
SENT = "?token=PLANTED Authorization:'Bearer PLANTED' X-API-Key:PLANTED Cookie:'session=SIGNED; sid=PLANTED'"


@dataclass
class Canary:
    """One secret, in the forms in which it is planted."""

    number: int

    @property
    def planted(self) -> str:
        return f"CANARY{self.number:03}x7Qz9w"

    @property
    def digits(self) -> int:
        return 470_110_000 + self.number

    @cached_property
    def signed(self) -> str:
        return signed_session({"n": self.number})

    def is_in(self, text: str) -> bool:
        signature = self.signed.rpartition(".")[2]
        return any(needle in text for needle in (self.planted, str(self.digits), signature))


class Notebook:
    """A notebook in which secrets are planted, one to a cell."""

    def __init__(
        self, shell: InteractiveShell, outputs: list[Any], capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.shell = shell
        self.outputs = outputs
        self.capsys = capsys
        self.count = 0
        self.run(NOTEBOOK + "\n%config FlaskNB.in_process = True")
        shell.user_ns["browse"] = self.browse

    def run(self, cell: str) -> str:
        """Return all that a cell brings to be seen."""
        self.outputs.clear()
        self.capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(logging.root, "handlers", [])  # pytest's: a notebook has none
            self.shell.run_cell(cell)
        streams = self.capsys.readouterr()
        return "\n".join([json.dumps(self.outputs, ensure_ascii=False, default=str), *streams])

    def plant(self, cell: str) -> tuple[Canary, str]:
        """Return a new secret, and what the cell that has it brings to be seen."""
        self.count += 1
        canary = Canary(self.count)
        values = {"planted": canary.planted, "number": canary.digits, "signed": canary.signed}
        self.shell.user_ns.update(values)
        cell = cell.replace("PLANTED", canary.planted).replace("SIGNED", canary.signed)
        return canary, self.run(cell)

    def browse(self) -> None:
        """Ask as a browser would; print what it gets, and what the notebook tells of it later."""
        host = get_host(self.shell)
        assert host is not None
        planted, signed = self.shell.user_ns["planted"], self.shell.user_ns["signed"]
        cookies = f"session={signed}; sid={planted}"
        secrets = {"Authorization": f"Bearer {planted}", "X-API-Key": planted, "Cookie": cookies}
        headers = {"User-Agent": "Mozilla/5.0", "Accept": "text/html", **secrets}
        environ = create_environ("/view", query_string=f"token={planted}", headers=headers)
        host.recorder.renew()  # the capture of this test has replaced the streams
        page = b"".join(host.apps.current(environ, lambda *head: None)).decode()
        print(page, *host.traffic.news(), host.traffic.log(1, [host.apps.current.ring]), sep="\n")

    def leaks(self, cells: dict[str, str]) -> list[str]:
        """Return the names of the cells whose secret is seen."""
        seen = {name: self.plant(cell) for name, cell in cells.items()}
        assert [name for name, (_, shown) in seen.items() if "SyntaxError" in shown or len(shown) < 20] == []
        return [name for name, (canary, shown) in seen.items() if canary.is_in(shown)]


@pytest.fixture
def nb(
    loaded: InteractiveShell,
    outputs: list[Any],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Notebook:
    monkeypatch.setattr(logging.getLogger("__main__"), "handlers", [])
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "failing_settings.py").write_text(FAILING_SETTINGS)
    (tmp_path / "secret.txt").write_text("a file")
    return Notebook(loaded, outputs, capsys)


def view(body: str) -> str:
    """Return a cell with a view, and a request to it that carries secrets of its own."""
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    head = "@app.route('/view', methods=['GET', 'POST'])\ndef view():"
    return f"{head}\n{lines}\n    return 'x'\n%get /view{SENT}"


def failing(statement: str) -> str:
    """Return a cell whose view fails on a line that reads all that the statement binds."""
    names = re.findall(r"(?:^|; )(\w+) = ", statement)
    return view(f"{statement}\n1 / 0, {', '.join(names)}")


def raising(message: str) -> str:
    return view(f"raise RuntimeError({message})")


def logging_(statement: str) -> str:
    lines = "\n".join(f"    {line}" for line in statement.splitlines())
    return view(f"try:\n{lines}\nexcept Exception as exc:\n    app.logger.exception(exc)")


def answering(header: str) -> str:
    """Return a cell that shows the response's headers, of which the view sets one."""
    name, _, value = header.partition(": ")
    status = 302 if name == "Location" else 200
    cell = view(f"return make_response('x', {status}, [({name!r}, {value!r})])")
    return cell.replace("%get /", "r = %head /") + "\nr"


def tracing(statement: str) -> str:
    """Return a cell that shows the steps of a request, whose view executes a statement."""
    return view(statement).replace("%get /", "%get --trace /").replace("Cookie:'session=SIGNED; ", "Cookie:'")


def rendering(context: str) -> str:
    return view(f"render_template_string('', {context})")


def executing(statement: str) -> str:
    return f"{DATABASE}\n{view(statement)}"


def sending(header: str) -> str:
    name, _, value = header.partition(":")
    return f"%get /hello {name}:{value!r}"


PLACES: dict[str, tuple[list[str], Callable[[str], str]]] = {
    "headers of requests": (canaries.REQUEST_HEADERS, sending),
    "headers of responses": (canaries.RESPONSE_HEADERS, answering),
    "queries": (canaries.QUERIES, "%get '/hello?{}'".format),
    "cookies": (canaries.COOKIES, "%cookies set {}=PLANTED".format),
    "settings": (canaries.SETTINGS, lambda text: f"%config_from {text}"),
    "settings of the app": (canaries.SETTINGS, lambda text: f"%config_from {text};\n%app"),
    "variables": (canaries.LOCALS, failing),
    "messages": (canaries.MESSAGES, raising),
    "values of a failure": (canaries.BY_VALUE, view),
    "logged failures": (canaries.BY_VALUE, logging_),
    "output": (canaries.PRINTS, view),
    "templates": (canaries.TEMPLATES, lambda text: view(f"return {text}")),
    "bodies of requests": (canaries.BODIES, "%post /hello {}".format),
    "state": (canaries.STATES, tracing),
    "contexts of templates": (canaries.CONTEXTS, rendering),
    "SQL statements": (canaries.STATEMENTS, executing),
    "other cells": (canaries.CELLS, str),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_secret_is_seen_in(nb: Notebook, place: str) -> None:
    texts, cell = PLACES[place]
    assert nb.leaks({text: cell(text) for text in texts}) == []


@pytest.mark.parametrize("place", [name for name, (_, cell) in PLACES.items() if "\n%get /view" in cell("x")])
def test_no_secret_is_seen_of_what_a_browser_asked_in(nb: Notebook, place: str) -> None:
    texts, cell = PLACES[place]
    nb.run("app.debug = True")
    assert nb.leaks({text: cell(text).partition("%get /view")[0] + "browse()" for text in texts}) == []


PLAIN = {
    "queries": [(f"%get '/hello?{text}'", text) for text in canaries.PLAIN_QUERIES],
    "settings": [(f"%config_from {text}", text.partition("=")[2]) for text in canaries.PLAIN_SETTINGS],
    "variables": [(failing(text), words) for text, words in canaries.PLAIN_LOCALS],
    "state": [(tracing(text), words) for text, words in canaries.PLAIN_STATES],
    "SQL statements": [(executing(text), words) for text, words in canaries.PLAIN_STATEMENTS],
    "output": [(view(text), words) for text, words in canaries.PLAIN_PRINTS],
}


@pytest.mark.parametrize("place", PLAIN)
def test_ordinary_words_stay_readable_in(nb: Notebook, place: str) -> None:
    for cell, words in PLAIN[place]:
        canary, shown = nb.plant(cell)
        assert words.replace("PLANTED", canary.planted) in shown, cell
