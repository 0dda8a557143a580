"""Apps that are not Flask's in a real kernel: chosen, served, asked, changed and let go."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

SITE = """
def site(environ, start_response):
    print("asked", environ["PATH_INFO"])
    if environ["PATH_INFO"] == "/boom":
        number = 3
        number / 0
    cookie = environ.get("HTTP_COOKIE", "")
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "seen=yes; Path=/")])
    return [("{0} " + cookie).encode()]
"""

STARLETTE = """
import asyncio, threading, time
from contextlib import asynccontextmanager
from pathlib import Path
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route
# As good as FastAPI, for what recognizes an app by the name of its class.
FastAPI = type("FastAPI", (Starlette,), {"__module__": "fastapi.applications"})
log = Path("log.txt")
log.write_text("")
def note(text):
    with log.open("a") as file:
        file.write(text + " ")
@asynccontextmanager
async def lifespan(app):
    note("up")
    yield
    note("down")
def answer(text):
    async def view(request):
        return PlainTextResponse(text)
    return view
async def boom(request):
    number = 3
    return number / 0
async def slow(request):
    begun.set()
    while not goes_on.is_set():
        await asyncio.sleep(0.005)
    return PlainTextResponse("from the old one")
begun, goes_on = threading.Event(), threading.Event()
"""

APP = """app = FastAPI(lifespan=lifespan, routes=[Route("/boom", boom), Route("/slow", slow)])"""

SHUT_DOWN = """
import threading
for _thread in threading.enumerate():
    if _thread.name == "flask_nb-asgi-end":
        _thread.join(20)
"""
"""What lets apps end that were left with requests, before another writes into their log."""

numbers = itertools.count()


@pytest.fixture(scope="module")
def engine() -> str:
    """Run once: no app here is Flask's."""
    return "ours"


@pytest.fixture
def run(kernel: Kernel) -> Callable[..., str]:
    """Run a cell, under an id of its own unless one is given; return what it showed."""
    kernel.notebook = f"{next(numbers)} "
    kernel.run("%unload_ext flask_nb\nfor name in ('app', 'site'): globals().pop(name, None)")
    kernel.run(SHUT_DOWN)
    kernel.run("%load_ext flask_nb")
    ids = itertools.count()

    def run(code: str, cell_id: str = "", **metadata: object) -> str:
        ran = kernel.run(code, cell_id or f"cell {next(ids)}", **metadata)
        return "\n".join(filter(None, [ran.stdout, ran.text, ran.error])).strip()

    return run


@pytest.fixture
def starlette(run: Callable[..., str]) -> Callable[..., str]:
    """The same, with an app that is recognized by its class."""
    assert run(STARLETTE) == ""
    assert run(APP, "app") == ""
    return run


def url(run: Callable[..., str]) -> str:
    found = re.search(r"http://\S+/", run("%serve"))
    assert found
    return found[0]


def browse(address: str) -> str:
    try:
        with urlopen(address, timeout=20) as answer:
            return str(answer.read().decode())
    except HTTPError as error:
        with error:
            return f"{error.code} {error.read().decode()}"


# --- WSGI ---


def test_a_function_is_served_and_asked_once_it_is_chosen(run):
    run(SITE.replace("{0}", "hello"))
    assert run("%app site") == "site: WSGI function 'site'"
    assert run("%get /x").endswith("hello \n\nprinted:\n  asked /x")
    assert run("%cookies").endswith("seen    yes    /")
    assert run("r = %post /x a=1\nprint(r.text)") == "hello seen=yes"
    assert browse(url(run)) == "hello "


def test_a_function_that_no_one_chose_is_not_the_app(run):
    run(SITE.replace("def site", "def app"))
    assert run("%get /") == (
        "ForeignAppError: app holds an app of its own kind. To serve it and send it requests, type %app app"
    )


def test_the_cell_of_the_function_replaces_it(run):
    run(SITE.replace("{0}", "one"), "site")
    run("%app site")
    address = url(run)
    run(SITE.replace("{0}", "two"), "site")
    assert browse(address) == "two "


def test_a_failure_shows_the_users_lines_and_opens_in_the_debugger(run, kernel):
    run(SITE)
    run("%app site")
    assert "in site, line 5:   number / 0\nZeroDivisionError: division by zero\n  number = 3" in run(
        "%get /boom"
    )
    assert kernel.value("__import__('sys').last_traceback.tb_next.tb_frame.f_locals['number']") == "3"


def test_what_it_cannot_do_is_one_sentence(run):
    run(SITE)
    run("%app site")
    for cell in (
        "%%route /x\n1",
        "%%template a.html\nx",
        "%%static a.css\nx",
        "%config_from A=1",
        "%app --debug",
    ):
        assert run(cell).startswith("UnsupportedByAppError: site is a WSGI function: it is served and"), cell
    assert run("%url_for x").startswith(
        "UnsupportedByAppError: site is a WSGI function, which builds no URLs"
    )
    assert run("%%request_context /\n1").startswith(
        "UnsupportedByAppError: site is a WSGI function, in which"
    )
    assert run("%routes") == "site does not tell its routes: WSGI function"


def test_a_variable_that_no_longer_holds_an_app_says_so_and_others_get_the_last_one(run):
    run(SITE.replace("{0}", "hello"))
    run("%app site")
    address = url(run)
    run("site = 5")
    assert run("%get /").startswith("ForeignAppError: what should be the app is of type int.")
    assert browse(address) == "hello "


def test_an_app_whose_variable_is_deleted_is_served_no_more(run):
    run(SITE)
    run("%app site")
    address = url(run)
    assert run("del site") == "site is not served any more: its variable was deleted"
    assert run("%get /").startswith("NoAppError: there is no app in the variable 'site'")
    assert browse(address).startswith("503 there is no app in the variable 'site'")


def test_a_missing_name_is_not_looked_for_in_another_framework(run):
    run("def site(environ, start_response):\n    return jsonify(3)")
    run("%app site")
    shown = run("%get /")
    assert "NameError: name 'jsonify' is not defined" in shown
    assert "from flask_nb import" not in shown


# --- ASGI ---


def test_an_app_of_fastapi_is_the_app_at_the_end_of_its_cell(starlette):
    assert starlette("%get /nothing").startswith("GET /nothing → 404 Not Found")
    assert starlette("%app") == "app: FastAPI app 'app', 2 routes"


def test_an_app_of_starlette_has_to_be_chosen(starlette):
    starlette("site = Starlette(routes=[Route('/', answer('mine'))])")
    assert starlette("app = site") == ""
    assert starlette("%get /") == (
        "ForeignAppError: app holds a Starlette app. To serve it and send it requests, type %app app"
    )
    assert starlette("%app site") == "site: Starlette app 'site', 1 route"
    assert starlette("r = %get /\nprint(r.text)") == "mine"


def test_an_async_failure_shows_the_users_lines_and_opens_in_the_debugger(starlette, kernel):
    shown = starlette("%get /boom")
    assert (
        "view boom, line 25:   return number / 0\nZeroDivisionError: division by zero\n  number = 3" in shown
    )
    assert "starlette" not in shown
    assert kernel.value("__import__('sys').last_traceback.tb_next.tb_frame.f_locals['number']") == "3"


def test_a_failure_that_a_browser_met_is_told_under_the_next_cell(starlette):
    browse(url(starlette) + "boom")
    assert "GET /boom → 500 · ZeroDivisionError: division by zero · view boom, line 25" in starlette("1")


def test_a_handlers_cell_replaces_its_route_and_takes_it_along_when_it_is_deleted(starlette):
    define = "app.add_route('/x', answer('{}'))"
    assert starlette(define.format("one"), "x") == ""
    assert starlette(define.format("two"), "x") == ""
    assert starlette("r = %get /x\nprint(r.text)") == "two"
    assert (
        starlette(define.format("three"), "y")
        == "replaces GET /x of the cell 'app.add_route('/x', answer('two'))'"
    )
    assert starlette("1", deletedCells=["y"]).startswith("withdrawn: GET /x (its cell was deleted)")
    assert starlette("%get /x").startswith("GET /x → 404")


def test_routes_are_shown_with_their_cells_and_their_paths_completed(starlette, kernel):
    starlette("app.add_route('/items/{number:int}/edit', answer(''), name='edit')", "x")
    assert "GET      /items/{number:int}/edit  edit      app.add_route('/items/{number:int}" in starlette(
        "%routes"
    )
    matches = [
        kernel.client.complete(line, reply=True, timeout=20)["content"]["matches"]
        for line in ("%get /it", "%get /items/3/")
    ]
    assert matches == [["/items/"], ["/items/3/edit"]]
    assert starlette("%url_for edit number=3") == "/items/3/edit"


def test_the_cell_of_the_app_swaps_it_and_requests_in_flight_end_on_the_old(starlette):
    address, got = url(starlette), []
    thread = threading.Thread(target=lambda: got.append(browse(address + "slow")))
    thread.start()
    starlette("assert begun.wait(20)")
    starlette("app = FastAPI(routes=[Route('/', answer('from the new one'))])", "app")
    assert browse(address) == "from the new one"
    starlette("goes_on.set()")
    thread.join()
    assert got == ["from the old one"]


def test_a_cell_that_fails_leaves_the_app_that_was_served(starlette):
    assert starlette("app = FastAPI()\n1 / 0", "app").startswith("app stays as before this cell failed")
    assert starlette("%app") == "app: FastAPI app 'app', 2 routes"


def test_a_startup_that_fails_is_told_with_the_request(starlette):
    starlette("@asynccontextmanager\nasync def broken(app):\n    raise KeyError('no database')\n    yield")
    starlette("app = FastAPI(lifespan=broken)", "app")
    shown = starlette("%get /")
    assert "500 Internal Server Error" in shown
    assert "the startup of app failed; the next request tries again" in shown
    assert "in broken, line 3:   raise KeyError('no database')\nKeyError: 'no database'" in shown


def test_a_startup_that_hangs_is_what_kept_the_request(starlette):
    starlette("@asynccontextmanager\nasync def slow(app):\n    await asyncio.sleep(60)\n    yield")
    starlette("import asyncio\napp = FastAPI(lifespan=slow)", "app")
    shown = starlette("%get / --timeout 0.5")
    assert "GET / did not answer within 0.5 s: the startup of app was still running" in shown


def test_what_the_loop_does_not_come_to_is_stopped(starlette):
    starlette("async def spin(request):\n    while True: pass\napp.add_route('/spin', spin)")
    assert starlette("%get /spin --timeout 0.5").startswith("RequestTimeoutError: GET /spin did not answer")
    assert starlette("%get /nothing").startswith("GET /nothing → 404")


def test_the_startup_runs_once_and_the_shutdown_at_replacement(starlette, kernel):
    starlette("%get /nothing\n%get /nothing")
    assert kernel.value("log.read_text()") == "'up '"
    starlette("app = FastAPI()", "app")
    assert kernel.value("log.read_text()") == "'up down '"


def test_a_restart_of_the_server_shuts_the_app_down_and_the_next_request_starts_it_up(starlette, kernel):
    starlette("%get /nope")
    starlette("%serve restart")
    assert kernel.value("log.read_text()") == "'up down '"
    starlette("%get /nope")
    assert kernel.value("log.read_text()") == "'up down up '"


def test_the_shutdown_runs_when_the_extension_is_unloaded(starlette, kernel):
    starlette("%get /nothing;")
    kernel.run("%unload_ext flask_nb")
    try:
        assert kernel.value("log.read_text()") == "'up down '"
        threads = "[one.name for one in __import__('threading').enumerate() if 'flask_nb' in one.name]"
        deadline = time.monotonic() + 10
        while kernel.value(threads) != "[]":
            assert time.monotonic() < deadline, kernel.value(threads)
        assert kernel.value("type(app.router.routes).__name__") == "'list'"
    finally:
        kernel.run("%load_ext flask_nb")


def test_the_shutdown_runs_when_the_kernel_restarts(own_kernel):
    own_kernel.run(f"{STARLETTE}\n{APP}")
    own_kernel.run("%get /nothing;")
    log = Path(own_kernel.value("str(log.absolute())").strip("'"))
    own_kernel.restart()
    assert log.read_text() == "up down "
