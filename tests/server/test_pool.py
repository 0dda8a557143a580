"""The threads of a server: who leads, who works, and that nobody waits for a view that takes long."""

from __future__ import annotations

import http.client
import select
import threading
from contextlib import closing

import pytest

from flask_nb.server.loop import _Waker


def plain(start_response, body=b"hi"):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def app(blocker):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/hang":
            blocker.hang_in_c()
        return plain(start_response)

    return app


def in_background(call):
    thread = threading.Thread(target=call)
    thread.start()
    return thread


def test_another_thread_takes_the_lead_from_one_whose_view_hangs(serve, ask, app, blocker):
    server = serve(app, threads=2)
    hanging = in_background(lambda: ask(server, "/hang"))
    blocker.wait()
    assert ask(server).text == "hi"
    blocker.release()
    hanging.join()


def test_as_many_views_run_at_once_as_there_are_places(serve, ask, app, blocker):
    server = serve(app, threads=4)
    hanging = [in_background(lambda: ask(server, "/hang")) for _ in range(4)]
    for _ in hanging:
        blocker.wait()
    waiting = in_background(lambda: ask(server, "/hang"))
    assert not blocker.begun.acquire(timeout=0.2)
    states = sorted(request.state for request in server.requests())
    assert states == ["running"] * 4 + ["waiting"]
    blocker.release()
    for thread in (*hanging, waiting):
        thread.join()


def test_a_view_may_ask_its_own_server(serve, ask):
    def app(environ, start_response):
        depth = int(environ["PATH_INFO"][1:])
        return plain(start_response, ask(server, f"/{depth - 1}").body + b"." if depth else b"")

    server = serve(app)
    assert ask(server, "/5").text == "....."


def test_a_view_that_waits_for_its_reader_holds_up_nobody(serve, ask):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/":
            return plain(start_response)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return (b"x" * 100_000 for _ in range(200))

    server = serve(app, threads=2)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as slow:
        slow.request("GET", "/much")
        response = slow.getresponse()
        assert ask(server).text == "hi"
        assert len(response.read()) == 20_000_000


def test_slow_and_quick_views_beside_each_other_are_all_answered(serve, ask):
    """The lead is taken, passed on and kept again: whatever the order, each request gets its own answer."""

    def app(environ, start_response):
        number = int(environ["PATH_INFO"][1:])
        if number % 7 == 0:
            threading.Event().wait(0.01)
        return plain(start_response, str(number).encode())

    server = serve(app, check=False)
    wrong = []

    def client(first):
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
            for number in range(first, first + 100):
                connection.request("GET", f"/{number}")
                if (text := connection.getresponse().read().decode()) != str(number):
                    wrong.append((number, text))

    clients = [in_background(lambda first=first: client(first)) for first in range(0, 800, 100)]
    for thread in clients:
        thread.join()
    assert wrong == []


class ReaderThatIsWokenMeanwhile:
    """Reads; and just before, somebody else wakes."""

    def __init__(self, waker):
        self.waker, self.socket = waker, waker.reader

    def recv(self, size):
        self.waker.wake()
        return self.socket.recv(size)


def test_a_call_that_comes_while_another_is_heard_keeps_none_from_being_heard():
    waker = _Waker()
    reader, waker.reader = waker.reader, ReaderThatIsWokenMeanwhile(waker)  # type: ignore[assignment]
    waker.wake()
    waker.drain(0)
    waker.wake()
    assert select.select([reader], [], [], 0)[0] == [reader]
    waker.reader = reader
    waker.close()
