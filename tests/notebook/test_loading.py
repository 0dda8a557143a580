"""A cell that only loads the extension ends before the magics are there; whoever needs them has them."""

from __future__ import annotations

import time
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from forking import OWN_IMPORTS

if TYPE_CHECKING:
    from .conftest import Kernel

LOAD = "get_ipython().run_line_magic('load_ext', 'flask_nb')"
UNUSED = {
    "jinja2": "no template was rendered",
    "click": "no command was called",
    "itsdangerous": "no session was opened",
    "tomllib": "no configuration was read",
    "http.cookies": "no cookie came",
    "waitress": "no body came, and nothing that had to be refused",
    "flask_nb.cells.bodies": "no body was sent",
    "flask_nb.cells.checks": "no %%check",
    "flask_nb.cells.config": "no %config_from",
    "flask_nb.cells.exchange": "no %exchange",
    "flask_nb.cells.plain_text": "nothing that Python refuses",
    "flask_nb.cells.unfinished": "no Tab key",
    "flask_nb.engines.explaining": "no %explain",
    "flask_nb.engines.near": "no 404",
    "flask_nb.engines.protocol": "it is there for type checkers",
    "flask_nb.exchange.failure": "nothing failed",
    "flask_nb.exchange.secrecy": "nothing was shown that might be secret",
    "flask_nb.exchange.sending": "nothing was copied",
    "flask_nb.exchange.steps": "no --trace",
    "flask_nb.gate.front": "no proxy was found",
    "flask_nb.gate.names": "nobody else asked",
    "flask_nb.gate.peers": "nobody else asked",
    "flask_nb.gate.refusals": "nobody was refused",
    "flask_nb.hints.bodies": "no body was read",
    "flask_nb.hints.families": "nothing failed",
    "flask_nb.hints.scene": "nothing failed",
    "flask_nb.jsonpath": "no --mask",
    "flask_nb.live.refusals": "nothing was refused",
    "flask_nb.notebook.addresses": "no address was shown",
    "flask_nb.notebook.browsing": "no %browse",
    "flask_nb.notebook.changes": "no page was open",
    "flask_nb.notebook.candidates": "no Tab key",
    "flask_nb.notebook.completion": "no Tab key",
    "flask_nb.notebook.evaluation": "nothing in braces",
    "flask_nb.notebook.definitions": "no magic that defines besides %%route",
    "flask_nb.notebook.hints": "no decorator, and nothing that failed",
    "flask_nb.notebook.tables": "no magic that answers with a table",
    "flask_nb.panel.inlining": "no page was shown",
    "flask_nb.panel.json_layout": "no JSON was shown",
    "flask_nb.project": "no export",
    "flask_nb.server.parsing": "no body came, and nothing that had to be refused",
    "flask_nb.web.logging": "nothing was logged",
    "flask_nb.web.typing": "it is there for type checkers",
}
"""What a kernel does not import before it is used."""

HEAVY = "import sys; print(sorted({'werkzeug', 'jinja2', 'flask_nb.web'} & {*sys.modules}))"


@pytest.fixture
def own_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let kernels import what they need by themselves."""
    monkeypatch.setenv(OWN_IMPORTS, "yes")


@pytest.fixture
def bare(own_imports: None, own_bare_kernel: Kernel) -> Kernel:
    """A kernel that has not loaded the extension."""
    return own_bare_kernel


def magics_offered(kernel: Kernel) -> list[str]:
    return [
        text
        for text in kernel.client.complete("%rou", reply=True, timeout=40)["content"]["matches"]
        if "route" in text
    ]


def test_the_magics_come_after_the_cell_that_loads(bare: Kernel) -> None:
    assert bare.run(f"{LOAD}; {HEAVY}").stdout.endswith("[]\n")
    deadline = time.monotonic() + 30
    while not magics_offered(bare) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {"%routes", "%%route"} <= set(magics_offered(bare))
    assert bare.value("'werkzeug' in __import__('sys').modules") == "True"


def test_a_cell_that_follows_at_once_finds_them(bare: Kernel) -> None:
    sent = [bare.start(code) for code in ("%load_ext flask_nb", "%%route /\n'home'", "%get /")]
    answers = [bare.finish(one) for one in sent]
    assert [one.error for one in answers] == [None, None, None]
    assert "200 OK" in answers[2].text


def test_what_follows_in_the_cell_that_loads_finds_them(bare: Kernel) -> None:
    bare.run("%load_ext flask_nb\nfrom flask_nb import Flask\napp = Flask('shop')", "one")
    assert "shop" in bare.run("%app", "two").text
    assert bare.value("app.name") == "'shop'"


def test_it_can_be_unloaded_before_they_are_there(bare: Kernel) -> None:
    assert bare.run(f"{LOAD}; get_ipython().run_line_magic('unload_ext', 'flask_nb')").error is None
    time.sleep(0.2)
    assert bare.value("'werkzeug' in __import__('sys').modules") == "False"
    assert magics_offered(bare) == []


def test_the_first_route_and_request_import_nothing_that_they_do_not_use(bare: Kernel) -> None:
    for cell in ("%load_ext flask_nb", "%%route /\n'home'", "%get /"):
        assert bare.run(cell, cell).error is None
    assert bare.value(f"sorted({{*__import__('sys').modules}} & {set(UNUSED)!r})") == "[]"
    assert bare.value("'flask_nb.server.loop' in __import__('sys').modules") == "True"


def test_what_is_said_to_be_unused_is_there() -> None:
    assert [name for name in UNUSED if find_spec(name) is None] == []
