"""Clients that are slow, silent, greedy or many: each has a deadline, and gives way to others."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import textwrap
import threading
import time
from contextlib import ExitStack, closing

import pytest

from flask_nb.server import connection, heads, loop, writing


def plain(start_response, body=b"hi"):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def hello(environ, start_response):
    return plain(start_response)


@pytest.fixture
def connect():
    """Open connections that send some bytes; all are closed at the end."""
    with ExitStack() as clients:

        def connect(server, data=b"", receive_buffer=None):
            client = clients.enter_context(socket.socket())
            client.settimeout(20)
            if receive_buffer is not None:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            client.connect(("127.0.0.1", server.port))
            client.sendall(data)
            return client

        yield connect


def read_all(client):
    """Read to the end; a connection that is reset has ended, too."""
    data = b""
    try:
        while piece := client.recv(65536):
            data += piece
    except ConnectionResetError:
        pass
    return data.decode()


def status_of(client):
    response = http.client.HTTPResponse(client)
    response.begin()
    text = response.read().decode()
    return response.status, text


OUTPUT = {"capture_output": True, "text": True, "timeout": 60}


@pytest.fixture
def hurry(monkeypatch):
    """Make deadlines short, and look at them often."""
    monkeypatch.setattr(loop, "_LOOK", 0.02)

    def hurry(**deadlines):
        for name, seconds in deadlines.items():
            monkeypatch.setattr(connection, name, seconds)

    return hurry


# -- Deadlines ----------------------------------------------------------------------------------------


def test_a_head_that_drips_is_answered_with_408(serve, connect, hurry):
    hurry(HEAD=0.1)
    client = connect(serve(hello), b"GET / HTTP/1.1\r\n")
    is_over = threading.Event()

    def drip():
        while not is_over.wait(0.01):
            try:
                client.sendall(b"X-A: 1\r\n")
            except OSError:
                return

    dripping = threading.Thread(target=drip)
    dripping.start()
    status, text = status_of(client)
    is_over.set()
    dripping.join()
    assert (status, "did not come in time" in text) == (408, True)


def test_a_body_that_does_not_go_on_is_answered_with_408(serve, connect, hurry):
    hurry(BODY=0.1)
    client = connect(serve(hello), b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n12345")
    assert status_of(client)[0] == 408
    assert read_all(client) == ""


def test_a_silent_connection_is_closed_without_a_word(serve, connect, hurry):
    hurry(IDLE=0.1)
    assert read_all(connect(serve(hello))) == ""


def test_a_kept_connection_that_asks_no_more_is_closed(serve, connect, hurry):
    hurry(IDLE=0.1)
    client = connect(serve(hello), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status_of(client) == (200, "hi")
    assert read_all(client) == ""


def test_a_view_may_take_longer_than_any_deadline(serve, connect, hurry):
    hurry(IDLE=0.05, HEAD=0.05, BODY=0.05, UNREAD=0.05)

    def app(environ, start_response):
        time.sleep(0.3)
        return plain(start_response)

    client = connect(serve(app), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert status_of(client) == (200, "hi")


@pytest.mark.parametrize("is_stream", [True, False])
def test_an_answer_that_nobody_reads_is_given_up(serve, connect, hurry, is_stream):
    hurry(UNREAD=0.2)
    closed = threading.Event()

    class Body(list):
        def close(self):
            closed.set()

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return stream() if is_stream else Body([b"x" * 20_000_000])

    def stream():
        try:
            while True:
                yield b"x" * 100_000
        finally:
            closed.set()

    server = serve(app, check=False)
    client = connect(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", receive_buffer=4096)
    assert closed.wait(20)
    while server._run.connections:
        time.sleep(0.01)
    assert len(read_all(client)) < 20_000_000


def test_an_answer_that_is_read_slowly_arrives(serve, connect, hurry):
    hurry(UNREAD=0.5)

    def app(environ, start_response):
        return plain(start_response, b"x" * 3_000_000)

    client = connect(serve(app), b"GET / HTTP/1.0\r\n\r\n", receive_buffer=4096)
    count = 0
    for _ in range(6):
        count += len(client.recv(200_000, socket.MSG_WAITALL))
        time.sleep(0.2)
    assert count + len(read_all(client)) > 3_000_000


def test_memory_is_given_back_when_slow_readers_have_left(serve, connect, hurry, monkeypatch):
    def app(environ, start_response):
        return plain(start_response, b"x" * 8_000_000)

    hurry()
    is_given_back = threading.Event()
    monkeypatch.setattr(loop, "trim_heap", is_given_back.set)
    server = serve(app)
    clients = [connect(server, b"GET / HTTP/1.0\r\n\r\n", receive_buffer=4096) for _ in range(6)]
    while not server._run._had_much_unread:
        time.sleep(0.01)
    clients.pop().close()
    assert not is_given_back.wait(0.2)
    for client in clients:
        client.close()
    assert is_given_back.wait(20)


def test_memory_is_kept_for_the_next_while_clients_read(serve, ask, hurry, monkeypatch):
    hurry()
    is_given_back = threading.Event()
    monkeypatch.setattr(loop, "trim_heap", is_given_back.set)
    server = serve(hello)
    for _ in range(5):
        assert ask(server).text == "hi"
    assert not is_given_back.wait(0.1)


def test_the_heap_can_be_trimmed_or_left_as_it_is(monkeypatch):
    writing.trim_heap()
    monkeypatch.setitem(sys.modules, "ctypes", None)
    writing.trim_heap()


# -- Many ---------------------------------------------------------------------------------------------


def test_those_that_say_nothing_give_way_to_those_that_want_something(serve, ask, connect, monkeypatch):
    monkeypatch.setattr(loop, "_MAX_CONNECTIONS", 40)
    server = serve(hello)
    for number in range(100):
        connect(server, b"" if number % 3 else b"GET / HTTP/1.1\r\n")
        if number % 5 == 0:
            assert ask(server).text == "hi"
    assert len(server._run.connections) <= 40


def test_the_one_that_has_waited_longest_gives_way(serve, connect, monkeypatch):
    monkeypatch.setattr(loop, "_MAX_CONNECTIONS", 2)
    server = serve(hello)
    first, second = connect(server, b"GET"), connect(server, b"GET")
    while len(server._run.connections) < 2:
        time.sleep(0.001)
    connect(server, b"GET")
    assert read_all(first) == ""
    second.sendall(b" / HTTP/1.0\r\n\r\n")
    assert read_all(second).endswith("hi")


def test_when_all_connections_are_being_answered_another_gets_a_503(serve, connect, monkeypatch, blocker):
    monkeypatch.setattr(loop, "_MAX_CONNECTIONS", 3)

    def app(environ, start_response):
        blocker.hang_in_c()
        return plain(start_response)

    server = serve(app)
    busy = [connect(server, b"GET / HTTP/1.0\r\n\r\n") for _ in range(3)]
    for _ in busy:
        blocker.wait()
    for _ in range(3):
        assert status_of(connect(server))[0] == 503
    blocker.release()
    assert [read_all(client)[-2:] for client in busy] == ["hi"] * 3


@pytest.mark.skipif(sys.platform == "win32", reason="there is no limit of descriptors to set")
def test_a_process_without_descriptors_goes_on_when_there_are_some_again():
    program = """
        import http.client, resource, socket, time
        from flask_nb.server import BackgroundServer
        server = BackgroundServer(lambda e, s: [s("200 OK", [("Content-Length", "0")]) and b"" or b""])
        server.start()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, hard))
        clients = []
        try:
            while True:
                clients.append(socket.create_connection(("127.0.0.1", server.port)))
        except OSError:
            pass
        time.sleep(0.2)
        begun = time.process_time()
        time.sleep(0.5)
        is_spinning = time.process_time() - begun > 0.25
        for client in clients[5:]:
            client.close()
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", "/")
        print(connection.getresponse().status, is_spinning)
        server.stop()
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60
    )
    assert (done.stdout, done.stderr) == ("200 False\n", "")


# -- Large --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /" + b"a" * 8200 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414),
        (b"GET /?" + b"a" * 8000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 66_000 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 250_000, 431),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 60_000 + b"\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 101 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + b"X-A: 1\r\n" * 100 + b"\r\n", 200),
    ],
)
def test_a_head_has_its_limits(serve, connect, head, status):
    assert status_of(connect(serve(hello, check=False), head))[0] == status


CHUNK = b"400\r\n" + b"x" * 1024 + b"\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999999999\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNK,
    ],
)
def test_a_body_beyond_the_limit_is_refused_at_once(serve, connect, request_):
    status, text = status_of(connect(serve(hello, max_body=1000), request_))
    assert (status, "larger than 1000 bytes" in text) == (413, True)


def test_a_client_that_sends_on_reads_why_it_was_refused(serve, connect):
    client = connect(serve(hello, max_body=1000))
    client.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000000\r\n\r\n")
    try:
        client.sendall(b"x" * 5_000_000)
    except OSError:
        pass  # the server has closed it, having said why
    assert status_of(client)[0] == 413


def test_a_body_of_just_the_limit_arrives(serve, ask):
    def app(environ, start_response):
        return plain(start_response, environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))

    assert ask(serve(app, max_body=1000), method="POST", body=b"x" * 1000).body == b"x" * 1000


@pytest.mark.parametrize(
    "framing", [b"Content-Length: 700000\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n"]
)
def test_a_full_folder_for_temporary_files_is_named(serve, connect, monkeypatch, framing):
    def fail(*arguments, **options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    body = b"x" * 700_000
    body = body if b"Length" in framing else b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    client = connect(serve(hello), b"POST / HTTP/1.1\r\nHost: localhost\r\n" + framing + b"\r\n\r\n" + body)
    status, text = status_of(client)
    assert (status, "No space left on device" in text) == (507, True)


def test_a_large_answer_needs_no_temporary_file(serve, ask, monkeypatch):
    monkeypatch.setattr("tempfile.TemporaryFile", None)
    body = b"x" * 20_000_000
    assert ask(serve(lambda environ, start_response: plain(start_response, body))).body == body


def test_a_client_that_sends_far_ahead_waits(serve, connect, blocker):
    def app(environ, start_response):
        blocker.hang_in_c()
        return plain(start_response)

    server = serve(app)
    client = connect(server, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    blocker.wait()
    client.settimeout(0.3)
    ahead = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 400_000
    with pytest.raises(TimeoutError):
        client.sendall(ahead)
    [each] = server._run.connections
    assert len(each._ahead) <= 2 * 65536
    blocker.release()


def test_requests_that_were_sent_ahead_are_answered_in_order(serve, connect):
    def app(environ, start_response):
        return plain(start_response, environ["PATH_INFO"].encode())

    paths = [f"/{number}" for number in range(20)]
    lines = [f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n" for path in paths]
    client = connect(serve(app), "".join(lines).encode())
    with closing(client.makefile("rb")) as answers:
        for path in paths:
            while answers.readline() != b"\r\n":
                pass
            assert answers.read(len(path)).decode() == path


def test_the_limits_are_those_that_the_documentation_names():
    assert (heads.MAX_HEAD, heads.MAX_FIELDS, heads.MAX_TARGET) == (65536, 100, 8192)


def test_while_clients_stay_the_heap_is_trimmed_now_and_then(serve, monkeypatch):
    trimmed = threading.Event()
    monkeypatch.setattr("flask_nb.server.loop._TRIM", 0.1)
    monkeypatch.setattr("flask_nb.server.loop.trim_heap", trimmed.set)
    server = serve(lambda environ, start_response: start_response("200 OK", []) and [])
    with socket.create_connection(("127.0.0.1", server.port)):
        assert trimmed.wait(10)
