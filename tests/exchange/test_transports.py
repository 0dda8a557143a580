import asyncio
import ctypes
import http.server
import signal
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from flask_nb.errors import ConnectionLostError, RequestError, RequestTimeoutError
from flask_nb.exchange import Exchanger, InProcessTransport, Request, SocketTransport, reading, waiting
from flask_nb.exchange.waiting import Deadline, Watchdog, WorkerCall

from .conftest import VIEWS

SERVERS_OWN = {"date", "server", "connection", "transfer-encoding", "content-length", "via"}


def essence(response):
    headers = [pair for pair in response.headers if pair[0].lower() not in SERVERS_OWN]
    return response.status, headers, response.get_data(), response.exchange.truncated


@pytest.mark.parametrize("name", VIEWS)
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS"])
def test_both_transports_bring_the_same_response(name, method, serve, over_socket):
    request = Request(
        method, "/p%C3%A4th/a%20b?q=%20x", (("X-Own", "1"), ("Cookie", "a=b")), b"body" * (method == "POST")
    )
    in_process = serve(VIEWS[name]).send(request)
    assert essence(in_process) == essence(over_socket.send(request))
    assert type(in_process) is type(over_socket.send(request))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.binary(max_size=2000),
    status=st.integers(200, 599),
    headers=st.lists(
        st.tuples(st.sampled_from(["X-A", "x-b", "ETag"]), st.from_regex(r"[!-~]{0,9}", fullmatch=True))
    ),
    path=st.text(max_size=10),
)
def test_any_response_is_the_same_on_both(serve, over_socket, body, status, headers, path):
    in_process = serve(lambda request: Response(body, status=status, headers=headers))
    request = Request("GET", f"/{path}")
    assert essence(in_process.send(request, follow=False)) == essence(over_socket.send(request, follow=False))


def endless(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    while True:
        yield b"x" * 50_000


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_a_stream_without_end_is_cut_at_1_mb(transport, recorder, request):
    recorder.app = endless
    response = request.getfixturevalue(transport).send(Request("GET", "/"))
    assert len(response.get_data()) == 1_000_000
    assert "1 MB" in response.exchange.truncated


def dripping(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    while True:
        yield b"x"
        time.sleep(0.02)


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_a_slow_stream_is_cut_after_its_time(transport, recorder, request, monkeypatch):
    monkeypatch.setattr(reading, "MAX_UNSIZED_SECONDS", 0.3)
    recorder.app = dripping
    response = request.getfixturevalue(transport).send(Request("GET", "/"))
    assert response.exchange.truncated.startswith("cut after 0.3 s")
    assert response.exchange.exception is None  # that it was stopped is no failure of the view


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_a_huge_answer_is_cut_and_says_so(transport, recorder, request, monkeypatch):
    monkeypatch.setattr(reading, "MAX_KEPT", 2_000_000)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(20_000_000))])
        return iter([b"x" * 100_000] * 200)

    recorder.app = app
    response = request.getfixturevalue(transport).send(Request("GET", "/"))
    assert len(response.get_data()) == 2_000_000
    assert "64 MB" in response.exchange.truncated


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
@pytest.mark.parametrize(
    "hang", [lambda ending: ending.wait(60), lambda ending: [time.sleep(0.01) for _ in range(6000)]]
)
def test_a_view_that_never_returns_is_given_up(transport, hang, serve, request):
    ending = threading.Event()  # a view that waits in C would outlive the test
    serve(lambda _: hang(ending) or "late")
    client = request.getfixturevalue(transport)
    with pytest.raises(RequestTimeoutError, match=r"GET /slow did not answer within 0\.3 s"):
        client.send(Request("GET", "/slow", timeout=0.3))
    serve(lambda _: "next")
    assert client.send(Request("GET", "/")).text == "next"
    ending.set()


def test_the_watchdog_does_not_strike_after_the_end(serve):
    client = serve(lambda request: time.sleep(0.02) or "ok")
    for _ in range(30):
        try:
            client.send(Request("GET", "/", timeout=0.02))
        except RequestTimeoutError:
            pass
        sum(range(1000))


@pytest.mark.parametrize("run", [lambda call: call(), lambda call: WorkerCall(call).wait(Deadline(5))])
def test_a_watchdog_that_comes_too_late_does_nothing(run):
    def guarded():
        watchdog = Watchdog(60)
        watchdog.run(lambda: None)
        watchdog._fire()
        return sum(range(1000))

    assert run(guarded) == 499500


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_an_interrupt_ends_the_wait(transport, serve, request):
    main = threading.main_thread().ident or 0

    def view(_):
        threading.Timer(0.1, lambda: signal.pthread_kill(main, signal.SIGINT)).start()
        for _ in range(6000):
            time.sleep(0.01)
        return "late"

    serve(view)
    client = request.getfixturevalue(transport)
    with pytest.raises(KeyboardInterrupt):
        client.send(Request("GET", "/"))


def test_the_server_is_told_that_nobody_waits(recorder, server):
    recorder.app = lambda environ, start_response: time.sleep(0.5) or Response("x")(environ, start_response)
    abandoned = []
    client = Exchanger(SocketTransport(lambda: (server.host, server.port), abandoned.append), recorder)
    with pytest.raises(RequestTimeoutError):
        client.send(Request("GET", "/", timeout=0.1))
    assert len(abandoned) == 1


def test_the_server_is_told_so_when_the_request_had_just_begun(recorder, server, monkeypatch):
    def interrupted(exchange):
        exchange()
        raise KeyboardInterrupt

    monkeypatch.setattr("flask_nb.exchange.transports.WorkerCall", interrupted)
    abandoned = []
    client = Exchanger(SocketTransport(lambda: (server.host, server.port), abandoned.append), recorder)
    with pytest.raises(KeyboardInterrupt):
        client.send(Request("GET", "/"))
    assert len(abandoned) == 1


def test_a_time_out_gives_the_reason_of_the_server(recorder, server):
    recorder.app = lambda environ, start_response: time.sleep(0.5) or Response("x")(environ, start_response)
    address = (server.host, server.port)
    client = Exchanger(SocketTransport(lambda: address, lambda key: "no thread. Type this"), recorder)
    with pytest.raises(RequestTimeoutError, match=r"within 0\.1 s: no thread\. Type this$"):
        client.send(Request("GET", "/", timeout=0.1))


def test_no_server_is_an_error_that_says_what_to_type(recorder):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        client = Exchanger(SocketTransport(unused.getsockname), recorder)
        with pytest.raises(ConnectionLostError, match="%serve"):
            client.send(Request("GET", "/"))


def test_a_server_that_goes_away_is_an_error(recorder):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=lambda: listener.accept()[0].close()).start()
        client = Exchanger(SocketTransport(listener.getsockname), recorder)
        with pytest.raises(ConnectionLostError, match="before the server had answered"):
            client.send(Request("GET", "/"))


def test_a_connection_lost_in_mid_body_keeps_what_came(recorder):
    class Short(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "10")
            self.end_headers()
            self.wfile.write(b"half")

        def log_message(self, *args):
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Short) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        response = Exchanger(SocketTransport(lambda: ("127.0.0.1", server.server_port)), recorder).send(
            Request("GET", "/")
        )
        thread.join()
    assert response.get_data() == b"half"
    assert "closed the connection" in str(response.exchange.truncated)


def test_sync_views_run_in_the_calling_thread(serve):
    seen = []
    serve(lambda request: seen.append(threading.get_ident()) or "ok").send(Request("GET", "/"))
    assert seen == [threading.get_ident()]


def test_async_views_run_beside_a_running_loop(recorder):
    async def view():
        print("inside")
        return "async"

    recorder.app = WerkzeugRequest.application(lambda request: Response(asyncio.run(view())))
    client = Exchanger(InProcessTransport(recorder, needs_worker=lambda request: True), recorder)

    async def cell():
        return client.send(Request("GET", "/"))

    response = asyncio.run(cell())
    assert (response.text, response.exchange.output) == ("async", "inside\n")


def test_a_view_may_run_a_loop_of_its_own_beside_one_that_runs(recorder):
    seen = []

    async def view():
        await asyncio.sleep(0)
        return str(threading.get_ident())

    recorder.app = WerkzeugRequest.application(lambda request: Response(asyncio.run(view())))

    async def cell():
        response = Exchanger(InProcessTransport(recorder), recorder).send(Request("GET", "/"))
        await asyncio.sleep(0)
        seen.append(asyncio.current_task())
        return response.text

    assert asyncio.run(cell()) == str(threading.get_ident())
    assert seen[0] is not None


def test_a_loop_of_a_view_is_given_up_in_time(recorder):
    recorder.app = WerkzeugRequest.application(lambda request: Response(asyncio.run(asyncio.sleep(600))))

    async def cell():
        return InProcessTransport(recorder).send(Request("GET", "/", timeout=0.2), "")

    with pytest.raises(RequestTimeoutError):
        asyncio.run(cell())


def test_an_async_view_where_no_thread_can_be_started_is_one_clear_error(recorder, monkeypatch):
    def refuse(thread):
        raise RuntimeError("can't start new thread")

    async def cell():
        monkeypatch.setattr(threading.Thread, "start", refuse)
        return InProcessTransport(recorder, needs_worker=lambda request: True).send(Request("GET", "/"), "")

    with pytest.raises(RequestError, match="def instead of async def"):
        asyncio.run(cell())


@pytest.mark.parametrize(
    ("app", "words"),
    [
        (lambda environ, start: [], "without calling start_response"),
        (lambda environ, start: [b"x"], "without calling start_response"),
        (lambda environ, start: start("200 OK", []) and ["text"], "gave str for a part of the body"),
        (lambda environ, start: start("200 OK", [("X-A", "a\r\nX-B: b")]) and [], "line break"),
        (lambda environ, start: start("200 OK", [("X-A", "\N{SNOWMAN}")]) and [], "urllib.parse.quote"),
        (lambda environ, start: start("200 OK", [("Connection", "close")]) and [], "for the server to set"),
        (lambda environ, start: start("200 OK", [("X-A", 1)]) and [], "is not text"),
        (lambda environ, start: start("200\nOK", []) and [], "no single line"),
        (lambda environ, start: start("0 made up", []) and [], "a number of three digits"),
        (lambda environ, start: start("99 UNKNOWN", []) and [], "a number of three digits"),
        (lambda environ, start: start("1000 UNKNOWN", []) and [], "a number of three digits"),
        (lambda environ, start: start("200 OK", []) and start("200 OK", []) and [], "a second time"),
    ],
)
def test_what_no_server_can_send_is_a_500_that_is_shown_on_both(recorder, exchanger, over_socket, app, words):
    recorder.app = app
    inside, outside = exchanger.send(Request("GET", "/")), over_socket.send(Request("GET", "/"))
    assert essence(inside) == essence(outside)
    assert inside.status_code == 500
    for response in (inside, outside):
        assert words in response.text or words in str(response.exchange.failure)


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_more_than_a_hundred_headers_arrive(transport, recorder, request):
    names = [f"X-{number}" for number in range(150)]
    recorder.app = lambda environ, start: start("200 OK", [(name, "1") for name in names]) and [b"ok"]
    response = request.getfixturevalue(transport).send(Request("GET", "/"))
    assert [name for name, _ in response.headers if name in names] == names


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_an_answer_without_a_body_has_no_type(transport, serve, request):
    serve(lambda _: Response("", 204))
    response = request.getfixturevalue(transport).send(Request("GET", "/"))
    assert (response.status_code, response.headers.get("Content-Type")) == (204, None)


class Unspeakable(Exception):
    def __str__(self):
        raise SystemExit(3)

    __repr__ = __str__


def test_an_exception_that_cannot_be_put_into_words_is_shown(serve):
    def view(request):
        value = Unspeakable()
        raise value

    failure = serve(view).send(Request("GET", "/")).exchange.failure
    assert "Unspeakable: (its message cannot be shown)" in failure.text()


@pytest.mark.parametrize("transport", ["exchanger", "over_socket"])
def test_a_view_that_gives_no_thread_a_turn_is_told_as_such(transport, serve, request, monkeypatch):
    monkeypatch.setattr(waiting, "_LATE", 0.3)

    def view(_):
        hold_the_interpreter(1.2)
        return Response("late")

    serve(view)
    with pytest.raises(RequestTimeoutError, match="kept all of Python to itself"):
        request.getfixturevalue(transport).send(Request("GET", "/", timeout=0.3))


def hold_the_interpreter(seconds):
    """Sleep, by a function of C that does not give up the interpreter's lock."""
    ctypes.PyDLL(None).usleep(int(seconds * 1_000_000))


def test_the_write_callable_of_old_apps_works():
    def app(environ, start_response):
        start_response("200 OK", [("Content-Length", "6")])(b"old")
        return [b"new"]

    assert InProcessTransport(app).send(Request("GET", "/"), "").body == b"oldnew"
