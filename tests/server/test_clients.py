"""Clients that leave, browsers that hold all places, and requests that take too long."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import ExitStack, closing

import pytest

KEY = "X-Flask-Nb-Exchange"


def plain(start_response, body=b"hi"):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


class App:
    """Answers at once, but hangs in Python at /loop and in C at /sleep, and counts what it was asked."""

    def __init__(self, blocker):
        self.blocker = blocker
        self.asked = []
        self.ended = threading.Semaphore(0)

    def __call__(self, environ, start_response):
        self.asked.append(environ["PATH_INFO"])
        views = {"/loop": self.blocker.wait_in_python, "/sleep": self.blocker.hang_in_c}
        try:
            views.get(environ["PATH_INFO"], str)()
        finally:
            self.ended.release()
        return plain(start_response)


@pytest.fixture
def app(blocker):
    return App(blocker)


@pytest.fixture
def connect():
    """Send a request over a connection of its own; all are closed at the end."""
    with ExitStack() as clients:

        def connect(server, path="/", *fields):
            client = clients.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=20))
            client.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *fields, "", ""]).encode())
            return client

        yield connect


def read_all(client):
    return b"".join(iter(lambda: client.recv(65536), b"")).decode()


def wait_until(is_true):
    deadline = time.monotonic() + 20
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_view_whose_client_leaves_ends(serve, connect, app, blocker):
    server = serve(app, threads=1)
    client = connect(server, "/loop")
    blocker.wait()
    client.close()
    assert app.ended.acquire(timeout=20)
    wait_until(lambda: server.requests() == [])


def test_views_that_hang_in_c_give_their_places_back_when_their_clients_leave(
    serve, connect, ask, app, blocker
):
    server = serve(app, threads=4)
    clients = [connect(server, "/sleep") for _ in range(4)]
    for client in clients:
        blocker.wait()
        client.close()
    assert ask(server).text == "hi"
    wait_until(lambda: [request.state for request in server.requests()] == ["abandoned"] * 4)


def test_64_that_have_left_do_not_keep_the_next_from_its_answer(serve, connect, ask, app, blocker):
    server = serve(app, threads=4, grace=0.001)
    for _ in range(64):
        client = connect(server, "/sleep")
        blocker.wait()
        client.close()
    assert ask(server).text == "hi"
    wait_until(lambda: [request.state for request in server.requests()].count("abandoned") == 64)


def test_a_stream_that_waits_in_c_gives_its_place_back_when_its_reader_leaves(serve, connect, ask, blocker):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/":
            return plain(start_response)
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return stream()

    def stream():
        yield b"data: 1\n\n"
        blocker.hang_in_c()

    server = serve(app, threads=1)
    client = connect(server, "/events")
    blocker.wait()
    client.close()
    assert ask(server).text == "hi"


def test_a_client_that_resets_its_connection_has_left(serve, connect, app, blocker):
    server = serve(app, threads=1)
    client = connect(server, "/loop")
    blocker.wait()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    client.close()
    assert app.ended.acquire(timeout=20)


def test_a_client_that_only_closes_its_half_gets_its_answer(serve, connect, app):
    server = serve(app)
    with closing(connect(server)) as client:
        client.shutdown(socket.SHUT_WR)
        assert read_all(client).endswith("hi")


def test_a_request_whose_client_left_before_its_turn_never_reaches_its_view(serve, connect, app, blocker):
    server = serve(app, threads=1, grace=0.001)
    with closing(connect(server, "/sleep")):
        blocker.wait()
        waiting = connect(server, "/never")
        wait_until(lambda: len(server.requests()) == 2)
        waiting.close()
        wait_until(lambda: len(server.requests()) == 1)
        blocker.release()
    wait_until(lambda: server.requests() == [])
    assert "/never" not in app.asked


def test_a_view_can_ask_whether_its_client_has_left(serve, connect):
    seen = []
    is_asked = threading.Event()

    def app(environ, start_response):
        has_left = environ["waitress.client_disconnected"]
        seen.append(has_left())
        is_asked.set()
        while not has_left():
            time.sleep(0.001)
        seen.append(has_left())
        return plain(start_response)

    server = serve(app, check=False, grace=20)
    client = connect(server)
    is_asked.wait(20)
    client.close()
    wait_until(lambda: seen == [False, True])


def test_one_place_is_kept_for_the_notebook(serve, connect, ask, app, blocker):
    server = serve(app, threads=2)
    clients = [connect(server, "/sleep") for _ in range(2)]
    for _ in clients:
        blocker.wait()
    assert ask(server, **{KEY.replace("-", "_"): "own"}).text == "hi"
    waiting = connect(server)
    wait_until(lambda: [request.state for request in server.requests()] == ["running", "running", "waiting"])
    blocker.release()
    for client in (*clients, waiting):
        client.close()


def test_the_notebook_comes_before_browsers_that_wait(serve, connect, app, blocker):
    server = serve(app, threads=1)
    own = [connect(server, "/sleep", f"{KEY}: {number}") for number in range(2)]  # all places
    for _ in own:
        blocker.wait()
    browser = connect(server, "/browser")
    wait_until(lambda: len(server.requests()) == 3)
    own.append(connect(server, "/own", f"{KEY}: third"))
    wait_until(lambda: len(server.requests()) == 4)
    assert [request.path for request in server.requests()[2:]] == ["/own", "/browser"]
    blocker.release()
    for client in (*own, browser):
        client.close()


def test_a_limit_ends_what_browsers_ask_for_and_says_which(serve, connect, app, blocker):
    server = serve(app, browser_timeout=0.05, grace=20)
    with closing(connect(server, "/loop", "Connection: close")) as client:
        answer = read_all(client)
    assert answer.startswith("HTTP/1.1 503")
    assert "c.FlaskNB.browser_timeout" in answer


def test_the_limit_is_none_for_the_notebook(serve, connect, app, blocker):
    server = serve(app, browser_timeout=0.05, grace=20)
    with closing(connect(server, "/sleep", f"{KEY}: own", "Connection: close")) as own:
        blocker.wait()
        with closing(connect(server, "/loop", "Connection: close")) as client:
            assert read_all(client).startswith("HTTP/1.1 503")
        assert [request.state for request in server.requests()] == ["running"]
        blocker.release()
        assert read_all(own).endswith("hi")


@pytest.mark.parametrize("path", ["/loop", "/sleep"])
def test_a_view_that_has_run_longer_than_the_drain_time_gets_no_more_of_it(
    serve, connect, app, blocker, path
):
    server = serve(app, grace=0.01)
    client = connect(server, path)
    blocker.wait()
    [work] = server._run.in_flight._works
    work.since -= 1000
    server.stop(drain=600)  # the test would not end
    assert not read_all(client).endswith("hi")
    client.close()


def test_a_websocket_is_refused_in_one_line_that_says_who_has_them(serve, connect, app):
    server = serve(app)
    fields = [
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: x",
        "Sec-WebSocket-Version: 13",
    ]
    with closing(connect(server, "/", *fields)) as client:
        answer = http.client.HTTPResponse(client)
        answer.begin()
        assert answer.status == 501
        assert b"flask-nb run" in answer.read()
    assert app.asked == []
