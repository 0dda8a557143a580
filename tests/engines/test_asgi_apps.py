"""ASGI apps: called through a2wsgi in a loop of their own, started and shut down."""

from __future__ import annotations

import asyncio
import gc
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import asynccontextmanager, closing
from typing import Any

import pytest
from spare import SPARE
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Mount, Route
from werkzeug.test import Client, create_environ

from flask_nb import engines
from flask_nb.engines import asgi, lifespan
from flask_nb.engines.asgi import ASGIEngine
from flask_nb.engines.event_loop import ASYNC_APPS
from flask_nb.errors import AppStartError, ForeignAppError, UnsupportedByAppError, ViewCancelled
from flask_nb.stopping import Stoppable
from flask_nb.wsgi import NotWSGIError


@pytest.fixture
def adopt(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A function that returns the engine of an app, which is served until the test ends.

    It ends before ``monkeypatch`` does: the deadlines that a test has set count for its apps.
    """
    adopted: list[ASGIEngine] = []

    def adopt(app: Any) -> Any:
        engine: Any = engines.adopt(app, "site", is_chosen=True)
        engine.follow()
        adopted.append(engine)
        return engine

    yield adopt
    for engine in adopted:
        engines.release(engine)


def ask(engine: Any, path: str = "/", method: str = "GET", **options: Any) -> Any:
    return Client(engine.wsgi_app).open(path, method=method, buffered=True, **options)


async def respond(send: Any, body: bytes = b"hello") -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": body})


async def bare(scope, receive, send):
    assert scope["type"] == "http"
    await respond(send, scope["path"].encode() + b"?" + scope["query_string"])


def routed(view: Any, path: str = "/", **options: Any) -> Starlette:
    return Starlette(routes=[Route(path, view, **options)])


def recording(log: list[str], *, on_start: Any = None, on_stop: Any = None) -> Starlette:
    """An app that logs its lifespan."""

    @asynccontextmanager
    async def lifespan(app):
        log.append("up")
        if on_start:
            await on_start()
        yield {"database": "open"}
        log.append("down")
        if on_stop:
            await on_stop()

    async def view(request):
        return PlainTextResponse(request.state.database)

    return Starlette(routes=[Route("/", view)], lifespan=lifespan)


# --- requests ---


def test_a_bare_callable_without_a_lifespan_answers(adopt):
    assert ask(adopt(bare), "/hello?a=b").text == "/hello?a=b"


def test_paths_and_queries_that_are_no_ascii_arrive(adopt):
    assert ask(adopt(bare), "/gr%C3%BC%C3%9Fe/%FF").text == "/grüße/\ufffd?"
    environ = {"QUERY_STRING": "name=\xc3\xa9&a=%20"}
    assert asgi._readable(environ)["QUERY_STRING"] == "name=%C3%A9&a=%20"


def test_a_body_arrives_in_full(adopt):
    async def view(request):
        return PlainTextResponse(str(len(await request.body())))

    assert ask(adopt(routed(view, methods=["POST"])), method="POST", data=b"x" * 200_000).text == "200000"


def test_all_apps_share_one_loop_that_ends_with_the_last(adopt):
    loops = set()

    async def view(request):
        loops.add(asyncio.get_running_loop())
        return PlainTextResponse("")

    first, second = adopt(routed(view)), adopt(routed(view))
    ask(first), ask(second)
    engines.release(first)
    ask(second)
    engines.release(second)
    assert [loop.is_closed() for loop in loops] == [True]


@pytest.mark.parametrize("kind", [KeyError, SystemExit])
def test_what_leaves_the_app_is_raised_in_the_thread_that_asked(adopt, kind):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        raise kind("x")

    seen = []
    engine = adopt(app)
    end = engine.on_exception(lambda exc, is_handled: seen.append((type(exc), is_handled)))
    with pytest.raises(kind):
        ask(engine)
    end()
    assert seen == [(kind, False)]


def test_what_a_framework_answers_by_a_500_is_told(adopt):
    async def view(request):
        raise KeyError("x")

    seen = []
    engine = adopt(routed(view))
    engine.on_exception(lambda exc, is_handled: seen.append((type(exc), is_handled)))
    assert (ask(engine).status_code, seen) == (500, [(KeyError, False)])


def test_what_a_handler_for_all_has_answered_is_told_as_handled(adopt):
    async def view(request):
        raise KeyError("x")

    async def handle(request, exc):
        return PlainTextResponse("sorry", status_code=418)

    seen = []
    engine = adopt(Starlette(routes=[Route("/", view)], exception_handlers={Exception: handle}))
    engine.on_exception(lambda exc, is_handled: seen.append(is_handled))
    assert (ask(engine).text, seen) == ("sorry", [True])


def test_the_endpoint_and_its_arguments_are_told(adopt):
    async def item(request):
        return PlainTextResponse("")

    seen = []
    engine = adopt(routed(item, "/items/{number:int}"))
    engine.on_match(lambda endpoint, rule, arguments: seen.append((endpoint, arguments)))
    ask(engine, "/items/3")
    assert seen == [("item", {"number": 3})]


def test_a_failure_in_a_group_of_tasks_is_told_without_the_group(adopt):
    async def fail():
        raise KeyError("x")

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())

    with pytest.raises(KeyError):
        ask(adopt(app))


@pytest.mark.parametrize("sends", [[], [{"type": "http.response.start", "status": 200}]])
def test_an_app_that_ends_without_an_answer_is_told(adopt, sends):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        for message in sends:
            await send(message)

    with pytest.raises(NotWSGIError, match="site ended without having answered"):
        ask(adopt(app))


def test_an_app_that_cancels_itself_is_told(adopt):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        raise asyncio.CancelledError

    with pytest.raises(NotWSGIError, match="without having answered"):
        ask(adopt(app))


def test_a_failure_in_the_middle_of_an_answer_is_raised_behind_what_was_sent(adopt):
    async def parts():
        yield b"x"
        raise KeyError("cut")

    async def view(request):
        return StreamingResponse(parts())

    answer = adopt(routed(view)).wsgi_app(create_environ(), lambda *args: None)
    assert next(answer) == b"x"
    with pytest.raises(KeyError, match="cut"):
        list(answer)


def test_what_goes_on_after_the_answer_does_not_hold_it_up(adopt, monkeypatch):
    monkeypatch.setattr(asgi, "_DRAIN", 0.1)
    monkeypatch.setattr(asgi, "_AFTERWORK", 0.1)
    end = threading.Event()

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await respond(send)
        await asyncio.sleep(30)
        end.set()

    began = time.monotonic()
    assert ask(adopt(app)).text == "hello"
    assert time.monotonic() - began < 20
    assert not end.is_set()


def test_an_answer_that_nobody_takes_ends(adopt):
    ended = threading.Event()

    async def parts():
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async def view(request):
        return StreamingResponse(parts())

    answer = adopt(routed(view)).wsgi_app(create_environ(), lambda *args: None)
    assert next(answer) == b"x"
    answer.close()
    time.sleep(0.1)
    gc.collect()  # older versions of Starlette leave the generator to it
    assert ended.wait(10)


@pytest.mark.parametrize("waits", [True, False])
def test_a_thread_that_is_stopped_ends_what_it_waits_for(adopt, waits):
    began, ended = threading.Event(), threading.Event()

    async def view(request):
        began.set()
        try:
            while True:
                await asyncio.sleep(0.01) if waits else sum(range(100))
        finally:
            ended.set()

    engine, work, raised = adopt(routed(view)), Stoppable(), []

    def run():
        try:
            work.run(lambda: ask(engine))
        except ViewCancelled as exc:
            raised.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    assert began.wait(10)
    work.stop()
    thread.join(20)
    assert (len(raised), ended.wait(20)) == (1, True)
    assert ask(adopt(bare)).status_code == 200  # the loop goes on


# --- lifespan ---


def test_startup_runs_before_the_first_request_and_shutdown_with_the_release(adopt):
    log: list[str] = []
    engine = adopt(recording(log))
    assert log == []
    assert [ask(engine).text for _ in range(2)] == ["open", "open"]
    assert log == ["up"]
    engines.release(engine)
    assert log == ["up", "down"]


def test_an_app_that_was_never_asked_is_neither_started_nor_shut_down(adopt):
    log: list[str] = []
    engines.release(adopt(recording(log)))
    assert log == []


def test_requests_at_once_start_the_app_once(adopt):
    log: list[str] = []
    engine = adopt(recording(log, on_start=lambda: asyncio.sleep(0.05)))
    threads = [threading.Thread(target=ask, args=[engine]) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log == ["up"]


def test_a_startup_that_fails_is_the_failure_of_the_request_and_tried_again(adopt):
    log: list[str] = []

    async def fail():
        if len(log) == 1:
            raise KeyError("no database")

    engine = adopt(recording(log, on_start=fail))
    with pytest.raises(KeyError, match="no database"):
        ask(engine)
    assert (ask(engine).text, log) == ("open", ["up", "up"])


def test_a_startup_that_hangs_is_stopped(adopt, monkeypatch):
    monkeypatch.setattr(lifespan, "START_SECONDS", 0.1)
    engine = adopt(recording([], on_start=lambda: asyncio.sleep(60)))
    with pytest.raises(AppStartError, match=r"the startup of site did not end within 0\.1 s"):
        ask(engine)


def test_an_app_that_says_no_to_its_startup_is_told(adopt):
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "no database"})

    with pytest.raises(AppStartError, match="the startup of site failed: no database"):
        ask(adopt(app))


def test_what_was_caught_before_the_app_said_no_is_raised(adopt):
    async def app(scope, receive, send):
        await receive()
        try:
            raise KeyError("no database")
        except KeyError as exc:
            await send({"type": "lifespan.startup.failed", "message": str(exc)})

    with pytest.raises(KeyError):
        ask(adopt(app))


def test_a_startup_that_exits_is_its_failure_and_other_apps_go_on(adopt):
    async def site(scope, receive, send):
        await receive()
        raise SystemExit("no database")

    other = adopt(bare)
    ask(other)
    with pytest.raises(SystemExit, match="no database"):
        ask(adopt(site))
    assert ask(other).text.startswith("/")


def test_a_startup_that_says_something_else_is_told(adopt):
    async def site(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.completed"})

    with pytest.raises(RuntimeError, match="completed is no answer"):
        ask(adopt(site))


def test_an_app_that_answers_the_lifespan_by_a_page_has_none(adopt):
    async def app(scope, receive, send):
        await respond(send)

    assert ask(adopt(app)).text == "hello"


@pytest.mark.parametrize(
    ("on_stop", "message"),
    [
        (lambda: asyncio.sleep(60), "the shutdown of site did not end within 0.1 s and was stopped\n"),
        (lambda: asyncio.wait_for(None, 1), "the shutdown of site failed: TypeError"),  # type: ignore[arg-type]
    ],
)
def test_a_shutdown_that_fails_or_hangs_is_said(adopt, monkeypatch, capsys, on_stop, message):
    monkeypatch.setattr(lifespan, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(asgi, "_AT_ONCE", 20)
    engine = adopt(recording([], on_stop=on_stop))
    ask(engine)
    engines.release(engine)
    assert message in capsys.readouterr().out


def test_requests_in_flight_end_before_the_shutdown(adopt):
    log: list[str] = []
    began = threading.Event()

    async def slow(request):
        began.set()
        await asyncio.sleep(0.2)
        log.append("answered")
        return PlainTextResponse("")

    app = recording(log)
    app.add_route("/slow", slow)
    engine = adopt(app)
    thread = threading.Thread(target=ask, args=[engine, "/slow"])
    thread.start()
    assert began.wait(10)
    engines.release(engine)
    thread.join()
    engine._closing.join(20)
    assert log == ["up", "answered", "down"]


# --- what is told, and what is not ---


def test_without_a2wsgi_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(asgi, "find_spec", lambda name: None)
    with pytest.raises(ForeignAppError, match=r'site is an ASGI app.*pip install "flask_nb\[asgi\]"'):
        engines.adopt(bare, "site", is_chosen=True)


def test_nothing_is_imported_for_apps_until_there_is_one():
    heavy = "{'a2wsgi', 'flask_nb.engines.asgi', 'flask_nb.engines.foreign'}"
    code = f"import sys, flask_nb.notebook.extension; print({heavy} & {{*sys.modules}})"
    assert SPARE.run(code).stdout == "set()\n"


def test_what_is_leaned_on_in_a2wsgi_is_there():
    from a2wsgi.asgi import ASGIResponder

    with closing(asyncio.new_event_loop()) as loop:
        responder: Any = ASGIResponder(bare, loop)
        assert callable(responder.sync_event.wait)
        assert isinstance(responder.asgi_done, threading.Event)


def test_routes_are_told_with_those_of_mounts(adopt):
    inner = Starlette(routes=[Route("/{number:int}", PlainTextResponse, name="item", methods=["GET", "PUT"])])
    app = Starlette(routes=[Mount("/items", inner), Mount("/files", PlainTextResponse(""), name="files")])
    rows = [(row.rule, row.methods, row.endpoint, row.pattern) for row in adopt(app).routes()]
    assert rows == [
        ("/files/{path:path}", ("GET",), "files", "/files/<path:path>"),
        ("/items/{number:int}", ("GET", "PUT"), "item", "/items/<number>"),
    ]


def test_urls_are_built_by_name(adopt):
    engine = adopt(routed(PlainTextResponse, "/items/{number:int}", name="item"))
    assert engine.url_for("item", {"number": 3}) == "/items/3"
    assert (
        engine.url_for("item", {"number": 3}, external=True, anchor="a b") == "http://localhost/items/3#a%20b"
    )


def test_a_bare_callable_tells_no_routes(adopt):
    engine = adopt(bare)
    assert (engines.tells_routes(engine), engines.kind_of(engine)) == (False, "ASGI function")
    with pytest.raises(UnsupportedByAppError, match="site is an ASGI function"):
        engines.check_definable(engine)


def test_the_hosts_of_a_middleware_are_the_apps_hosts(adopt):
    from starlette.middleware.trustedhost import TrustedHostMiddleware

    app = routed(PlainTextResponse)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["shop.example", "*.shop.example"])
    engine = adopt(app)
    assert (engine.hosts(), engine.default_host()) == (["shop.example", ".shop.example"], "shop.example")


def test_the_loop_survives_who_exits_in_it(adopt):
    ask(adopt(bare))
    ASYNC_APPS.loop.call_soon_threadsafe(sys.exit)
    assert ask(adopt(bare)).status_code == 200
