"""Served pages that reload by themselves: which answers get the script, and what the stream says."""

from __future__ import annotations

import json
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any
from urllib.parse import urlencode

import pytest
from IPython.core.interactiveshell import InteractiveShell

from flask_nb.notebook.extension import get_host

TAB = {"Sec-Fetch-Dest": "document", "Sec-Fetch-Site": "none", "Accept": "text/html"}
PAGE = "<!doctype html><p>hello</p>"

APP = f"""
from flask_nb import Flask, Response, request, make_response
app = Flask("shop")
greeting = "hello"
stock = []
unrelated = 0

def words():
    return greeting

@app.route("/", methods=["GET", "POST"])
def index():
    return "<!doctype html><p>" + words() + "</p>" + str(len(stock))

@app.get("/page")
def page():
    answer = make_response({PAGE!r})
    for name in request.args:
        answer.headers[name] = request.args[name]
    answer.status = request.args.get("status", "200")
    return answer

@app.get("/parts")
def parts():
    return Response(iter(["<p>one", "<p>two"]), content_type="text/html")

@app.get("/text")
def text():
    return Response("hello", content_type="text/plain")
"""


class Tab:
    """A browser's tab that listens."""

    def __init__(self, port: int, stack: ExitStack) -> None:
        self._socket = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
        self._socket.sendall(b"GET /__flask_nb_live HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self._rest = b""

    def hear(self) -> dict[str, Any]:
        """Return the next message."""
        while b"\ndata: " not in self._rest or not self._rest.endswith(b"\n\n"):
            data = self._socket.recv(65536)
            assert data, self._rest
            self._rest += data
        message, self._rest = self._rest.partition(b"\ndata: ")[2].split(b"\n\n", 1)
        said: dict[str, Any] = json.loads(message)
        return said

    def hear_end(self) -> None:
        """Wait until the stream ends."""
        while self._socket.recv(65536):
            pass

    def hear_end_of_cell(self) -> dict[str, Any]:
        said = self.hear()
        while said["busy"]:
            said = self.hear()
        return said


@pytest.fixture
def served(loaded: InteractiveShell) -> InteractiveShell:
    loaded.run_cell(APP).raise_error()
    host(loaded).serving.start()
    return loaded


@pytest.fixture
def tab(served: InteractiveShell) -> Iterator[Callable[[], Tab]]:
    with ExitStack() as stack:

        def open_tab() -> Tab:
            ask(served, "/")
            return Tab(host(served).serving.port or 0, stack)

        yield open_tab


def host(shell: InteractiveShell) -> Any:
    found = get_host(shell)
    assert found is not None
    return found


def ask(shell: InteractiveShell, path: str, headers: dict[str, str] = TAB, data: bytes | None = None) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{host(shell).serving.port}{path}", data, headers)
    try:
        with closing(urllib.request.urlopen(request, timeout=10)) as answer:
            return str(answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return error.read().decode()


def wait_until(is_true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 5
    while not is_true() and time.monotonic() < deadline:
        time.sleep(0.005)


def version(shell: InteractiveShell) -> str:
    return str(host(shell).pages.version)


def test_a_page_in_a_tab_gets_the_script_behind_it(served):
    assert ask(served, "/page") == (
        f'{PAGE}\n<script async src="/__flask_nb_live.js?v={version(served)}"></script>\n'
    )


def test_the_script_listens_to_the_stream(served):
    assert "EventSource" in ask(served, "/__flask_nb_live.js")


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/page", {}),
        ("/page", {"Sec-Fetch-Dest": "iframe", "Accept": "text/html"}),
        ("/page", {"Sec-Fetch-Dest": "empty", "Accept": "text/html", "User-Agent": "Mozilla/5.0"}),
        ("/page", {"Accept": "text/html", "User-Agent": "curl/8"}),
        ("/page?Content-Encoding=x-none", TAB),
        ("/page?Content-Range=bytes", TAB),
        ("/page?Content-Type=text/html;charset=utf-16", TAB),
        ("/parts", TAB),
        ("/text", TAB),
    ],
)
def test_what_is_no_whole_page_in_a_tab_stays_as_it_is(served, path, headers):
    assert "__flask_nb_live" not in ask(served, path, headers)


def test_browsers_that_do_not_say_what_it_is_for_are_known_by_what_they_accept(served):
    headers = {"Accept": "text/html,application/xhtml+xml", "User-Agent": "Mozilla/5.0"}
    assert "__flask_nb_live" in ask(served, "/page", headers)


def test_the_answer_to_a_form_gets_no_script_so_that_nothing_is_sent_twice(served):
    assert "__flask_nb_live" not in ask(served, "/", TAB, b"a=b")


def test_pages_of_errors_get_it_too(served):
    assert "__flask_nb_live" in ask(served, "/nowhere")


def test_a_page_that_a_browser_may_keep_does_not_say_which_app_it_is_of(served):
    assert '"/__flask_nb_live.js"' in ask(served, "/page?ETag=1")


@pytest.mark.parametrize(
    ("policy", "is_live"),
    [
        ("default-src 'self'", True),
        ("img-src 'none'", True),
        ("default-src 'none'; script-src 'self'", True),
        ("script-src *; script-src 'none'", True),
        ("sandbox allow-scripts", True),
        ("default-src 'none'", False),
        ("script-src 'nonce-x' 'strict-dynamic' 'self'", False),
        ("script-src https://cdn.example", False),
        ("default-src 'self', script-src 'none'", False),
        ("sandbox", False),
    ],
)
def test_the_policy_of_the_app_is_kept_and_decides(served, policy, is_live):
    url = f"{host(served).serving.url}page?{urlencode({'Content-Security-Policy': policy})}"
    with closing(urllib.request.urlopen(urllib.request.Request(url, headers=TAB))) as answer:
        assert answer.headers["Content-Security-Policy"] == policy
        assert (b"__flask_nb_live" in answer.read()) is is_live


def test_the_notebooks_own_requests_and_what_is_kept_of_a_page_have_no_script(served):
    ask(served, "/page")
    kept = host(served).apps.current.ring.last(1)[0]
    wait_until(lambda: kept.answer)  # it is kept when the answer is on its way already
    assert kept.answer.decode() == PAGE
    served.run_cell("r = %get /page Sec-Fetch-Dest:document Accept:text/html")
    assert served.user_ns["r"].text == PAGE


def test_no_live_leaves_pages_alone_and_closes_streams(served, tab):
    opened = tab()
    opened.hear()
    served.run_cell("%serve --no-live")
    assert "__flask_nb_live" not in ask(served, "/page")
    opened.hear_end()
    served.run_cell("%serve --live")
    assert "__flask_nb_live" in ask(served, "/page")


@pytest.mark.parametrize(
    "cell",
    [
        "@app.get('/new')\ndef new():\n    return 'new'",
        "greeting = 'hi'",
        "stock.append(1)",
        "def words():\n    return 'words'",
        APP,
    ],
)
def test_a_cell_that_changes_the_app_is_told(served, tab, cell):
    opened = tab()
    before = opened.hear()["version"]
    served.run_cell(cell).raise_error()
    assert opened.hear_end_of_cell()["version"] != before


def test_a_function_that_only_a_view_class_calls_is_told(served, tab):
    served.run_cell("from flask_nb.web import views\n\ndef price():\n    return 2").raise_error()
    served.run_cell(
        "%%route /price\nclass Price(views.MethodView):\n    def get(self):\n        return str(price())"
    ).raise_error()
    opened = tab()
    before = opened.hear()["version"]
    served.run_cell("def price():\n    return 3").raise_error()
    assert opened.hear_end_of_cell()["version"] != before


@pytest.mark.parametrize("cell", ["1 + 1", "%get /", "unrelated = 5", "%serve", "print('x')"])
def test_a_cell_that_has_nothing_to_do_with_it_is_not(served, tab, cell):
    opened = tab()
    before = opened.hear()["version"]
    served.run_cell(cell).raise_error()
    assert opened.hear_end_of_cell()["version"] == before


def test_a_cell_that_fails_is_said_until_the_next_good_run(served, tab):
    opened = tab()
    before = opened.hear()
    assert before["failed"] == ""
    served.run_cell("greeting = 1 / 0")
    said = opened.hear_end_of_cell()
    assert (said["version"], said["failed"][:17]) == (before["version"], "ZeroDivisionError")
    served.run_cell("unrelated = 3")
    assert opened.hear_end_of_cell()["failed"] == said["failed"]
    served.run_cell("greeting = 'good'")
    assert opened.hear_end_of_cell()["failed"] == ""


def test_listening_tabs_are_no_requests_that_run(served, tab):
    tabs = [tab() for _ in range(30)]
    for opened in tabs:
        opened.hear()
    assert "no request is running" in host(served).serving.status()


def test_streams_end_when_the_extension_is_unloaded(served, tab):
    opened = tab()
    opened.hear()
    served.extension_manager.unload_extension("flask_nb")
    started = time.monotonic()
    opened.hear_end()
    assert time.monotonic() - started < 3
    served.extension_manager.load_extension("flask_nb")


def test_pages_of_other_sites_hear_nothing(served):
    assert ask(served, "/__flask_nb_live", {"Sec-Fetch-Site": "cross-site"}) == ""
