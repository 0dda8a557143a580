"""A cell that only loads the extension ends before the magics are there; whoever needs them has them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from forking import OWN_IMPORTS

if TYPE_CHECKING:
    from .conftest import Kernel

LOAD = "get_ipython().run_line_magic('load_ext', 'flask_nb')"
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
