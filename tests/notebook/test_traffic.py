"""What a notebook tells of requests that none of its cells has asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Accept": "text/html,*/*;q=0.8"}

BOOM = """@app.get("/boom")
def boom():
    password = "hunter2"
    print("before <it>")
    data = {"there": password}
    return data[request.args.get("key", "<missing>")]"""

READ = """import IPython.core.debugger, sys
frames = []
class Pdb(IPython.core.debugger.Pdb):
    def interaction(self, frame, tb_or_exc):
        tb = getattr(tb_or_exc, '__traceback__', tb_or_exc)
        while tb.tb_next: tb = tb.tb_next
        frames.append(tb.tb_frame.f_code.co_name)
shell = get_ipython().InteractiveTB
shell.pdb, kept = Pdb(), shell.pdb
get_ipython().debugger(force=True)
shell.pdb = kept"""


@pytest.fixture
def url(kernel: Kernel) -> str:
    """The address of an app with a view that fails, in a kernel that has nothing to tell."""
    kernel.run("%reload_ext flask_nb")
    kernel.run("from flask_nb import Flask, request\napp = Flask(__name__)\n" + BOOM, "app")
    found = re.search(r"http://\S+/", kernel.run("%serve", "serve").text)
    assert found
    return found[0]


def ask(url: str, headers: Mapping[str, str] = BROWSER, data: bytes | None = None) -> HTTPError | None:
    """Send a request as somebody who is not the notebook."""
    try:
        urlopen(Request(url, data, dict(headers))).close()
    except HTTPError as error:
        return error
    return None


def test_failures_since_the_last_cell_are_told_under_the_next(kernel: Kernel, url: str) -> None:
    for _ in range(12):
        ask(f"{url}boom?key=missing&token=abc")
    ask(f"{url}favicon.ico")
    line = "since the last cell: GET /boom → 500 · KeyError: 'missing' · view boom, line 8 (×12)\n"
    assert kernel.run("1 + 1", "next").stdout == line
    assert kernel.run("1 + 1", "next").stdout == ""


def test_what_the_gate_has_refused_is_told_as_well(kernel: Kernel, url: str) -> None:
    ask(f"{url}boom", {**BROWSER, "Host": "evil.example"})
    ask(f"{url}boom", {**BROWSER, "Origin": "http://evil.example"}, b"x=1")
    assert kernel.run("1 + 1", "next").stdout.splitlines() == [
        "since the last cell: GET /boom → 400 · refused, for the host 'evil.example'",
        "                     POST /boom → 403 · refused, from http://evil.example",
    ]


def test_of_many_kinds_the_first_are_told(kernel: Kernel, url: str) -> None:
    for key in "abcde":
        ask(f"{url}boom?key={key}")
    lines = kernel.run("1 + 1", "next").stdout.splitlines()
    assert (len(lines), lines[-1].strip()) == (4, "… 2 more: %serve log")


def test_a_request_that_a_cell_makes_by_itself_is_told_under_that_cell(kernel: Kernel, url: str) -> None:
    ask = f"with contextlib.suppress(OSError): urllib.request.urlopen('{url}boom')"
    cell = f"import urllib.request, contextlib\n{ask}"
    assert kernel.run(cell, "asks").stdout.startswith("since the last cell: GET /boom → 500 · KeyError")


def test_what_a_cell_has_asked_for_is_not_told_again(kernel: Kernel, url: str) -> None:
    assert kernel.run("%get /boom;", "one").stdout == ""
    assert kernel.run("%get / Host:evil.example", "two").stdout == ""
    assert kernel.run("1 + 1", "next").stdout == ""


def test_nothing_is_told_where_the_front_end_sends_no_ids(kernel: Kernel, url: str) -> None:
    ask(f"{url}boom")
    assert kernel.run("1 + 1").stdout == ""


def test_the_log_lists_requests_with_what_happened(kernel: Kernel, url: str) -> None:
    ask(f"{url}boom?token=abc")
    kernel.run("%get /nothing;", "asks")
    ask(f"{url}boom", {"User-Agent": "curl/8.5", "Origin": "null"}, b"x")
    assert kernel.run("%serve log", "log").text.splitlines() == [
        "GET   /boom?token=…  500  boom  browser",
        "    before <it>",
        '    view boom, line 8:   return data[request.args.get("key", "<missing>")]',
        "    KeyError: '<missing>'",
        "      data = {'there': '<hidden>'}",
        "GET   /nothing       404  -     notebook",
        "POST  /boom          403  -     curl",
        "    refused, from null",
    ]
    assert kernel.run("%serve log --last 1", "log").text.splitlines()[1].startswith("POST")


def test_secrets_that_a_view_prints_stay_out_of_the_log(kernel: Kernel, url: str) -> None:
    kernel.run('@app.get("/says")\ndef says():\n    print("password=hunter2")\n    return ""', "says")
    ask(f"{url}says")
    assert kernel.run("%serve log", "log").text.splitlines()[1] == "    password=<hidden>"


def test_the_status_counts_them(kernel: Kernel, url: str) -> None:
    ask(f"{url}boom")
    ask(f"{url}favicon.ico")
    ask(f"{url}boom", {"Host": "evil.example"})
    status = kernel.run("%serve status", "status").text
    assert status.splitlines()[1:] == [
        "  no request is running",
        "  3 requests so far, 1 failed, 1 refused: %serve log",
    ]


@pytest.fixture
def urls(kernel: Kernel, url: str) -> list[str]:
    """The addresses of two apps, each with a view that fails."""
    shop = "shop = Flask('shop')\n@shop.get('/fails')\ndef fails(): raise LookupError\nshop.run()"
    found = re.search(
        r"http://\S+/", kernel.run(shop, "shop").stdout
    )  # behind it, that the default port is taken
    assert found is not None
    return [url, found[0]]


def test_a_busy_app_pushes_no_request_of_another_out(kernel: Kernel, urls: list[str]) -> None:
    ask(f"{urls[1]}fails")
    kernel.run("from flask_nb.notebook.extension import get_host", "import")
    kernel.run("for s in get_host(get_ipython()).apps: s.ring._max_exchanges = 3", "small")
    for _ in range(9):
        ask(f"{urls[0]}nothing")
    log = kernel.run("%serve log", "log").text.splitlines()
    assert log[0] == "(6 earlier ones; 4 are kept: %serve log --last N)"
    assert log[1].split() == ["shop", "GET", "/fails", "500", "fails", "browser"]
    assert [line.split()[0] for line in log[-3:]] == ["app"] * 3


def test_the_log_has_the_requests_of_all_apps_in_order(kernel: Kernel, urls: list[str]) -> None:
    for url in (*urls, *urls):
        ask(f"{url}nothing")
    log = kernel.run("%serve log", "log").text.splitlines()
    assert [line.split()[0] for line in log] == ["app", "shop", "app", "shop"]
    assert kernel.run("%serve log --last 1", "log").text.split()[:2] == ["(3", "earlier"]


def test_the_status_counts_the_requests_of_each_app(kernel: Kernel, urls: list[str]) -> None:
    ask(f"{urls[1]}fails")
    ask(f"{urls[0]}nothing")
    status = kernel.run("%serve status", "status").text.splitlines()
    assert [line.split()[1] for line in status if "serving" in line] == ["shop", "app"]
    assert [line for line in status if "so far" in line] == [
        "  1 request so far, 1 failed: %serve log",
        "  1 request so far: %serve log",
    ]


@pytest.mark.parametrize(("last", "opened"), [(0, "boom"), (1, "fails")])
def test_debug_opens_what_failed_last_whichever_app_it_was(
    kernel: Kernel, urls: list[str], last: int, opened: str
) -> None:
    failing = [f"{urls[0]}boom", f"{urls[1]}fails"]
    ask(failing[1 - last])
    ask(failing[last])
    kernel.run(READ, "debug")
    assert kernel.value("frames") == f"['{opened}']"


def test_failures_of_all_apps_are_told_under_the_next_cell(kernel: Kernel, urls: list[str]) -> None:
    ask(f"{urls[1]}fails")
    ask(f"{urls[0]}boom?key=x")
    assert kernel.run("1 + 1", "next").stdout.splitlines() == [
        "since the last cell: GET /fails → 500 · LookupError · view fails, line 3",
        "                     GET /boom → 500 · KeyError: 'x' · view boom, line 8",
    ]


def test_debug_and_tb_open_the_frame_of_what_a_browser_asked(kernel: Kernel, url: str) -> None:
    kernel.run("1 / 0", "earlier")
    ask(f"{url}boom")
    opened = kernel.run("%tb", "tb").traceback
    assert 'return data[request.args.get("key", "<missing>")]' in opened
    assert "web/app.py" not in opened
    kernel.run(READ, "debug")
    assert kernel.value("frames") == "['boom']"


def test_a_later_error_of_a_cell_is_what_debug_opens(kernel: Kernel, url: str) -> None:
    ask(f"{url}boom")
    kernel.run(f"import urllib.request\nurllib.request.urlopen('{url}boom')", "fails")
    kernel.run(READ, "debug")
    assert kernel.value("frames") == "['http_error_default']"


def test_without_debug_mode_a_browser_gets_a_plain_page(kernel: Kernel, url: str) -> None:
    error = ask(f"{url}boom")
    assert error is not None
    assert (error.code, b"KeyError" in error.read()) == (500, False)


def test_in_debug_mode_a_browser_gets_the_traceback(kernel: Kernel, url: str) -> None:
    kernel.run("app.debug = True", "debug mode")
    error = ask(f"{url}boom")
    assert error is not None
    page = error.read().decode()
    assert error.code == 500
    assert (
        "view boom, line 8:   return data[request.args.get(&quot;key&quot;, &quot;&lt;missing&gt;&quot;)]"
        in page
    )
    assert "<h1>KeyError: &#x27;&lt;missing&gt;&#x27;</h1>" in page
    assert "<script" not in page
    assert "web/app.py" not in page
    assert error.headers["Content-Security-Policy"] == "default-src 'none'; style-src 'unsafe-inline'"


def test_debug_mode_is_that_of_the_app_that_has_failed(kernel: Kernel, url: str) -> None:
    kernel.run("other = Flask('other')\nother.debug = True\nother.run()", "other")
    error = ask(f"{url}boom")
    assert error is not None
    assert b"KeyError" not in error.read()


def test_in_debug_mode_a_program_gets_the_traceback_as_text(kernel: Kernel, url: str) -> None:
    kernel.run("app.debug = True", "debug mode")
    error = ask(f"{url}boom", {"User-Agent": "curl/8.5", "Accept": "*/*"})
    assert error is not None
    assert error.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert error.read().decode().startswith("view boom, line 8:   return data[")


def test_the_notebooks_own_request_shows_the_same_in_debug_mode(kernel: Kernel, url: str) -> None:
    plain = kernel.run("%get /boom", "asks").text.splitlines()
    kernel.run("app.debug = True", "debug mode")
    assert kernel.run("%get /boom", "asks").text.splitlines()[1:] == plain[1:]
