"""A kernel that has unloaded the extension is the kernel that it was."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

WATCH = '''
import logging, sys, threading, warnings
import psutil
import flask_nb.exchange, flask_nb.notebook, flask_nb.server
from flask_nb import got_request_exception, request_started
from flask_nb.live.workspace import current_run
import flask_nb.web.serving as serving

def traces():
    """Everything outside the notebook's own variables that the extension touches, as text."""
    ip = get_ipython()
    listening = [one.laddr.port for one in psutil.Process().net_connections("tcp") if one.status == "LISTEN"]
    return {name: repr(value) for name, value in {
        "line magics": sorted(ip.magics_manager.magics["line"]),
        "cell magics": sorted(ip.magics_manager.magics["cell"]),
        "events": {name: list(callbacks) for name, callbacks in ip.events.callbacks.items()},
        "matchers": ip.Completer.custom_matchers,
        "hooks": [hook for hook in ip.hooks if "flask" in hook],
        "cleanup": ip.input_transformers_cleanup,
        "transformers": ip.input_transformers_post,
        "AST transformers": ip.ast_transformers,
        "checkers": sorted(map(repr, ip.prefilter_manager.checkers)),
        "settings": [one for one in ip.configurables if type(one).__module__.startswith("flask_nb")],
        "streams": (sys.stdout, sys.stderr, sys.__stdout__, sys.displayhook, sys.excepthook),
        "display hooks": ip.display_pub._hooks,
        "warnings": (warnings.showwarning, warnings._showwarnmsg_impl),
        "log": (logging.Handler.handle, logging.root.handlers, logging.root.filters),
        "signals": len(got_request_exception.receivers) + len(request_started.receivers),
        "finders": sys.meta_path,
        "runner": serving.runner,
        "owner": current_run.get(),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "sockets": sorted(listening),
    }.items()}
'''

USE = (
    "%%route /hello/<name>\nprint('seen')\nf'Hello {name}!'",
    "%get /hello/Ann",
    "%get /hello/Ann --in-process;",
    "%serve;",
    "app.run()",
)
FAIL = ("%%route /boom\n1 / 0", "%get /boom")


@pytest.fixture(scope="module")
def bare(kernel: Kernel) -> Kernel:
    """A kernel that has not loaded the extension."""
    kernel.restart()
    kernel.make_apps()
    assert kernel.run(WATCH).error is None
    return kernel


@pytest.fixture
def before(bare: Kernel) -> Iterator[dict[str, str]]:
    """The kernel's traces before anything is loaded; afterwards they are the same again."""
    before = traces(bare)
    yield before
    assert traces(bare) == before


def traces(kernel: Kernel) -> dict[str, str]:
    value: Any = ast.literal_eval(kernel.value("traces()"))
    return value


def use(kernel: Kernel, cells: tuple[str, ...]) -> None:
    for cell in cells:
        ran = kernel.run(cell, cell)
        assert ran.error is None, ran.traceback


def test_unloading_leaves_no_trace(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("%load_ext flask_nb", "load")
    use(bare, USE + FAIL)
    bare.client.complete("%get /he", 8)
    loaded = traces(bare)
    kept = {name for name in before if loaded[name] == before[name]}
    assert kept == {"hooks", "transformers"}
    assert bare.run("%unload_ext flask_nb", "unload").error is None


def test_loading_and_unloading_in_one_cell_leaves_no_trace(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("from flask_nb import Flask; app = Flask('one')", "app")
    ran = bare.run("%load_ext flask_nb\n%get /hello/Ann\n%unload_ext flask_nb", "one")
    assert ran.error is None, ran.traceback


def test_reloading_twice_leaves_one_of_each(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("%load_ext flask_nb")
    once = traces(bare)
    for _ in range(2):
        assert bare.run("%reload_ext flask_nb").error is None
    again = traces(bare)
    same = ("line magics", "cell magics", "threads", "sockets", "signals")
    assert {name: again[name] for name in same} == {name: once[name] for name in same}
    assert all(len(again[name]) == len(once[name]) for name in ("events", "matchers", "cleanup", "finders"))
    bare.run("%unload_ext flask_nb")


def test_unloading_twice_says_so_and_no_more(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("%load_ext flask_nb")
    bare.run("%unload_ext flask_nb")
    again = bare.run("%unload_ext flask_nb")
    assert again.error is None
    assert "not loaded" in again.stdout


def test_an_app_outlives_the_extension(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("%load_ext flask_nb")
    use(bare, USE[:1])
    bare.run("%unload_ext flask_nb")
    assert bare.run("print(app.test_client().get('/hello/Ann').text)").stdout == "seen\nHello Ann!\n"
    bare.run("%load_ext flask_nb")
    assert bare.run("%get /hello/Ann").text.startswith("GET /hello/Ann → 200 OK")
    bare.run("%unload_ext flask_nb")


def test_the_host_is_freed(bare: Kernel, before: dict[str, str]) -> None:
    bare.run("1 / 0")  # a failed view's traceback, which %debug opens, would keep it
    bare.run("%load_ext flask_nb")
    use(bare, USE)
    bare.run(
        "import gc, weakref\nfrom flask_nb.notebook.extension import get_host\n"
        "host = weakref.ref(get_host(get_ipython()))"
    )
    bare.run("%unload_ext flask_nb")
    bare.run("gc.collect();")
    assert bare.value("host()") == "None"
