"""Event streams that wait in the loop: they keep no thread, hear all news, and end with the server."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from urllib.request import urlopen

import pytest

from flask_nb.server import BackgroundServer, Broadcast, HeldBody

EVENT_STREAM = [("Content-Type", "text/event-stream")]


@pytest.fixture
def broadcast() -> Broadcast:
    return Broadcast(most=8)


@pytest.fixture
def server(broadcast: Broadcast) -> Iterator[BackgroundServer]:
    def app(environ, start_response):
        if environ["PATH_INFO"] != "/news":
            start_response("200 OK", [])
            return [b"page"]
        start_response("200 OK", EVENT_STREAM)
        return HeldBody(broadcast)

    server = BackgroundServer(app, threads=2)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def listen(server: BackgroundServer, broadcast: Broadcast) -> Iterator[object]:
    with ExitStack() as stack:

        def listen() -> socket.socket:
            count = len(broadcast)
            listener = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=5))
            listener.sendall(b"GET /news HTTP/1.1\r\nHost: localhost\r\n\r\n")
            wait_until(lambda: len(broadcast) > count)
            return listener

        yield listen


def wait_until(is_true) -> None:
    deadline = time.monotonic() + 5
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def read_until(listener: socket.socket, end: bytes) -> bytes:
    received = b""
    while not received.endswith(end):
        data = listener.recv(65536)
        assert data, received
        received += data
    return received


def read(url: str) -> bytes:
    with closing(urlopen(url, timeout=5)) as answer:
        return bytes(answer.read())


def test_listeners_hear_what_is_told(broadcast, listen):
    listeners = [listen(), listen()]
    broadcast.send(b"data: news\n\n")
    for listener in listeners:
        received = read_until(listener, b"data: news\n\n")
        assert b"text/event-stream" in received
        assert b"Connection: close" in received


def test_who_comes_later_hears_the_last_news(broadcast, listen):
    broadcast.send(b"data: old\n\n")
    broadcast.send(b"data: new\n\n")
    assert b"old" not in read_until(listen(), b"data: new\n\n")


def test_more_listeners_than_threads_leave_all_threads_free(server, listen):
    for _ in range(6):
        listen()
    assert read(f"{server.url}page") == b"page"
    assert server.requests() == []


def test_a_listener_that_leaves_is_forgotten(broadcast, listen):
    listener = listen()
    listener.close()
    wait_until(lambda: len(broadcast) == 0)


def test_there_is_a_limit(broadcast, listen):
    for _ in range(8):
        assert not broadcast.is_full
        listen()
    assert broadcast.is_full


def test_what_a_listener_says_is_thrown_away(broadcast, listen):
    listener = listen()
    listener.sendall(b"GET /page HTTP/1.1\r\nHost: localhost\r\n\r\n" * 100)
    broadcast.send(b"data: news\n\n")
    assert b"page" not in read_until(listener, b"data: news\n\n").partition(b"\r\n\r\n")[2]


def test_a_listener_that_does_not_read_is_left(broadcast, listen):
    listen()
    for _ in range(200):
        broadcast.send(b"x" * 1_000_000)
        if not len(broadcast):
            return
        time.sleep(0.005)
    raise AssertionError("it is still told")


@pytest.mark.parametrize("end", ["stop", "restart"])
def test_streams_end_with_the_run(server, broadcast, listen, end):
    listener = listen()
    started = time.monotonic()
    getattr(server, end)()
    while listener.recv(65536):
        pass
    assert len(broadcast) == 0
    assert time.monotonic() - started < 3


def test_closing_a_broadcast_ends_all_streams(broadcast, listen):
    listener = listen()
    broadcast.close()
    while listener.recv(65536):
        pass
    assert len(broadcast) == 0


def test_a_silent_stream_gives_signs_of_life(monkeypatch, broadcast, listen):
    monkeypatch.setattr("flask_nb.server.connection.BEAT", 0.1)
    listener = listen()
    assert read_until(listener, b":\n\n")


def test_head_is_answered_at_once(server, broadcast):
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(b"HEAD /news HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        while client.recv(65536):
            pass
    assert len(broadcast) == 0


def test_elsewhere_such_a_body_is_empty(broadcast):
    assert list(HeldBody(broadcast)) == []
