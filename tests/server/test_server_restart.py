"""Restarting and moving under load, interrupts meanwhile, and processes that fork."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import ExitStack, closing

import pytest

from flask_nb.server import BackgroundServer

# Forking beside threads is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")


def plain(start_response, body=b"hi"):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def hello(environ, start_response):
    return plain(start_response)


class Load:
    """Clients that ask without a pause: some keep their connection, some make one for each request."""

    def __init__(self, port, keeping=3, passing=3):
        self.port = port
        self.lost = []
        self.answered = 0
        self._is_over = False
        kinds = [self.keep] * keeping + [self.pass_by] * passing
        self._threads = [threading.Thread(target=self._repeat, args=(kind,)) for kind in kinds]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *details):
        self._is_over = True
        for thread in self._threads:
            thread.join()

    def _repeat(self, kind):
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)) as connection:
            while not self._is_over:
                try:
                    kind(connection)
                    self.answered += 1
                except (OSError, http.client.HTTPException) as exc:
                    self.lost.append(exc)
                    connection.close()

    def keep(self, connection):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hi"

    def pass_by(self, connection):
        self.keep(connection)
        connection.close()


def test_20_restarts_under_load_lose_nothing(serve):
    server = serve(hello, check=False)
    with Load(server.port) as load:
        for _ in range(20):
            before = load.answered
            server.restart()
            while load.answered < before + 20 and not load.lost:
                pass
    assert load.lost == []


def test_a_client_that_keeps_its_connection_is_told_to_connect_anew(serve):
    server = serve(hello)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port)) as connection:
        connection.request("GET", "/")
        first = connection.getresponse()
        assert first.read() == b"hi"
        server.restart()
        connection.request("GET", "/")
        second = connection.getresponse()
        assert second.read() == b"hi"
    assert (first.headers["Connection"], second.headers["Connection"]) == (None, "close")


def test_what_runs_at_a_restart_is_answered_by_the_old_threads(serve, ask, blocker):
    def app(environ, start_response):
        if environ["PATH_INFO"] == "/slow":
            blocker.hang_in_c()
        return plain(start_response)

    server = serve(app)
    replies = []
    asking = threading.Thread(target=lambda: replies.append(ask(server, "/slow")))
    asking.start()
    blocker.wait()
    server.restart()
    assert ask(server).text == "hi"
    assert [request.path for request in server.requests() if request.path == "/slow"] == ["/slow"]
    blocker.release()
    asking.join()
    assert replies[0].text == "hi"


def test_a_request_of_before_a_restart_can_be_cancelled(serve, blocker):
    def app(environ, start_response):
        blocker.spin()

    server = serve(app, check=False, grace=20)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", "/", headers={"X-Flask-Nb-Exchange": "k"})
        blocker.wait()
        server.restart()
        assert server.cancel("k", "the test says so")
        assert b"the test says so" in connection.getresponse().read()


def test_stopping_ends_what_restarts_have_left(serve, blocker):
    def app(environ, start_response):
        blocker.spin()

    server = serve(app, check=False)
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
        connection.request("GET", "/")
        blocker.wait()
        server.restart(drain=600)
        server.stop(drain=0)
        assert connection.getresponse().status == 503
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("flask_nb-worker")]


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])
def test_a_server_takes_the_place_of_another_on_the_same_port(serve, ask, host):
    old = serve(hello)
    new = BackgroundServer(
        lambda environ, start_response: plain(start_response, b"new"), host=host, port=old.port
    )
    with closing(http.client.HTTPConnection("127.0.0.1", old.port)) as connection:
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hi"
        new.start(instead_of=old)
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hi"
    assert (new.port, old.running) == (old.port, False)
    old.stop()
    assert ask(new).text == "new"
    new.stop()


def test_nobody_is_let_in_at_the_old_port_once_the_server_has_moved(serve, monkeypatch):
    old, new = serve(hello), BackgroundServer(hello)
    port, listener, close = old.port, old._run.listener, socket.socket.close

    def close_late(sock):
        if sock is listener:
            time.sleep(0.2)
        close(sock)

    monkeypatch.setattr(socket.socket, "close", close_late)
    new.start(instead_of=old)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))
    new.stop()


def test_a_server_that_cannot_take_the_place_leaves_the_old_one(serve, ask):
    old = serve(hello)
    with pytest.raises(Exception, match="no address of this machine"):
        BackgroundServer(hello, host="192.0.2.1", port=old.port).start(instead_of=old)
    assert ask(old).text == "hi"
    assert old.running


@pytest.mark.skipif(sys.platform == "win32", reason="signals come to processes there")
def test_an_interrupt_of_a_restart_leaves_the_old_or_the_new_server():
    """A process of its own is interrupted 40 times, at any moment of a restart."""
    program = """
        import http.client, signal, threading, time
        from flask_nb.server import BackgroundServer
        server = BackgroundServer(lambda e, s: [s("200 OK", [("Content-Length", "0")]) and b"" or b""])
        server.start()
        port, interrupted = server.port, 0
        for number in range(40):
            timer = threading.Timer(number / 40 * 0.004, signal.raise_signal, [signal.SIGINT])
            try:
                timer.start()
                server.restart(drain=0.05)
                timer.join()
                time.sleep(0.001)
            except KeyboardInterrupt:
                interrupted += 1
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", "/")
            assert connection.getresponse().status == 200
            connection.close()
        server.stop()
        print(server.port == port, not server.running, interrupted)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=90
    )
    assert done.stderr == ""
    assert done.stdout.startswith("True True ")


@needs_fork
def test_a_forked_child_keeps_no_port_and_no_connection(serve):
    server = serve(hello)
    with ExitStack() as stack:
        connection = stack.enter_context(closing(http.client.HTTPConnection("127.0.0.1", server.port)))
        connection.request("GET", "/")
        connection.getresponse().read()
        child = stack.enter_context(forked(lambda: signal.pause()))
        server.stop()
        assert connection.sock.recv(1) == b""
        with socket.create_server(("127.0.0.1", server.port)):
            pass
        os.kill(child.pid, signal.SIGKILL)


@needs_fork
def test_a_forked_child_serves_by_itself(serve, ask):
    server = serve(lambda environ, start_response: plain(start_response, str(os.getpid()).encode()))
    read, write = os.pipe()

    def serve_in_child():
        own = BackgroundServer(hello)
        assert not server.running
        own.start()
        server.start()
        os.write(write, f"{own.port} {server.port}\n".encode())
        signal.pause()

    with forked(serve_in_child) as child, open(read) as ports:
        os.close(write)
        own_port, port = (int(word) for word in ports.readline().split())
        assert (ask(Port(own_port)).text, ask(Port(port)).text) == ("hi", str(child.pid))
        assert ask(server).text == str(os.getpid())
        os.kill(child.pid, signal.SIGKILL)


@needs_fork
def test_a_view_that_forks_is_answered_by_the_parent_alone(serve, ask):
    def app(environ, start_response):
        pid = os.fork()
        if not pid:
            plain(start_response)  # and on into the server's own code, whose sockets are closed
        else:
            os.waitpid(pid, 0)
        return plain(start_response, b"parent" if pid else b"child")

    server = serve(app, check=False)
    assert [ask(server).text for _ in range(3)] == ["parent"] * 3


class Port:
    """What ``ask`` needs of a server."""

    def __init__(self, port):
        self.port = port


class forked:
    """A child that runs a call; it is waited for at the end."""

    def __init__(self, call):
        self.pid = os.fork()
        if not self.pid:
            try:
                call()
            finally:
                os._exit(1)

    def __enter__(self):
        return self

    def __exit__(self, *details):
        os.waitpid(self.pid, 0)
