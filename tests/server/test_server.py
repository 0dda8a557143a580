"""BackgroundServer: its life cycle, and what a view may do to it."""

from __future__ import annotations

import http.client
import logging
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from functools import partial

import pytest

from flask_nb.errors import PortInUseError, ServerError
from flask_nb.server import BackgroundServer


def plain(start_response, body=b"hi", status="200 OK"):
    start_response(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]


def hello(environ, start_response):
    return plain(start_response)


# -- Start and stop -----------------------------------------------------------------------------------


def test_the_port_is_known_and_answers_when_start_returns(serve):
    server = serve(hello)
    assert server.port > 0
    assert server.url == f"http://127.0.0.1:{server.port}/"
    with urllib.request.urlopen(server.url) as response:
        assert response.read() == b"hi"


def test_starting_twice_keeps_the_server_and_says_so():
    server = BackgroundServer(hello)
    assert server.start()
    port = server.port
    assert not server.start()
    assert server.port == port
    assert server.stop()


def test_stopping_is_idempotent():
    server = BackgroundServer(hello)
    assert not server.stop()
    server.start()
    assert server.stop()
    assert not server.stop()
    assert not server.running


def test_a_stopped_server_starts_again(serve, ask):
    server = serve(hello)
    server.stop()
    assert server.start()
    assert ask(server).text == "hi"


def test_a_fixed_port_is_asked_for_again(serve, ask, port):
    server = serve(hello, port=port)
    ask(server)
    server.stop()
    server.start()
    assert server.port == port


def test_a_restart_keeps_a_port_that_was_chosen_freely(serve, ask):
    server = serve(hello)
    port = server.port
    server.restart()
    assert server.port == port
    assert ask(server).text == "hi"


def test_a_restart_of_a_stopped_server_starts_it(ask):
    server = BackgroundServer(hello)
    server.restart()
    assert ask(server).text == "hi"
    server.stop()


def test_the_repr_says_where_it_serves():
    server = BackgroundServer(hello)
    assert repr(server) == "<BackgroundServer stopped>"
    server.start()
    assert repr(server) == f"<BackgroundServer {server.url}>"
    server.stop()


def test_200_cycles_leave_no_thread_and_no_descriptor(ask):
    server = BackgroundServer(hello)
    before = set(threading.enumerate())
    for number in range(200):
        server.start()
        if number % 20 == 0:
            assert ask(server).text == "hi"
        server.stop()
        assert set(threading.enumerate()) <= before


def test_many_threads_may_start_and_stop_at_the_same_time():
    server = BackgroundServer(hello, threads=2)
    turns = [server.start, server.stop] * 4
    threads = [threading.Thread(target=lambda turn=turn: [turn() for _ in range(5)]) for turn in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    server.stop()
    assert not server.running


def test_a_server_that_is_forgotten_is_closed():
    server = BackgroundServer(hello)
    server.start()
    port = server.port
    del server
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_a_server_is_closed_when_the_interpreter_exits(tmp_path):
    program = (
        "import http.client, flask_nb.server as s\n"
        "server = s.BackgroundServer(lambda e, r: [r('200 OK', [('Content-Length', '0')]) and b''])\n"
        "server.start()\n"
        "c = http.client.HTTPConnection('127.0.0.1', server.port); c.request('GET', '/')\n"
        "print(c.getresponse().status)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr, done.returncode) == ("200\n", "", 0)


def test_importing_the_package_or_the_gate_does_not_load_waitress():
    program = "import sys, flask_nb, flask_nb.gate; sys.exit('waitress' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60).returncode == 0


# -- What cannot be bound -----------------------------------------------------------------------------


def test_a_busy_port_is_named_with_what_to_type():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = BackgroundServer(hello, port=port)
        with pytest.raises(PortInUseError, match=f"port {port} .* --port") as caught:
            server.start()
    assert caught.value.port == port
    assert not server.running


def test_a_port_becomes_free_for_the_server_that_was_refused(ask):
    with socket.create_server(("127.0.0.1", 0)) as other:
        server = BackgroundServer(hello, port=other.getsockname()[1])
        with pytest.raises(PortInUseError):
            server.start()
    server.start()
    assert ask(server).text == "hi"
    server.stop()


def test_two_servers_cannot_share_a_port(serve):
    server = serve(hello)
    with pytest.raises(PortInUseError):
        BackgroundServer(hello, port=server.port).start()


def test_a_port_with_connections_that_linger_is_bound_again_at_once():
    server = BackgroundServer(hello)
    server.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/")
    connection.getresponse().read()
    server.stop()  # the server closes first: its side goes to TIME_WAIT
    again = BackgroundServer(hello, port=server.port)
    assert again.start()
    again.stop()
    connection.close()


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "a" * 70 + ".x"])
def test_a_host_of_another_machine_is_refused(host):
    with pytest.raises(ServerError, match="--host"):
        BackgroundServer(hello, host=host).start()


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(ServerError, match="--port"):
        BackgroundServer(hello, port=port)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "::1"])
def test_the_url_reaches_the_server_whatever_is_bound(serve, host):
    try:
        server = serve(hello, host=host)
    except ServerError:
        pytest.skip("no IPv6 here")
    with urllib.request.urlopen(server.url) as response:
        assert response.read() == b"hi"


# -- Stopping while requests run ----------------------------------------------------------------------


def in_background(call):
    """Run a call in a thread; return that thread and the list its result arrives in."""
    results = []

    def run():
        try:
            results.append(call())
        except (OSError, http.client.HTTPException) as exc:
            results.append(exc)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, results


def test_a_request_in_flight_is_answered_before_the_server_closes(serve, ask, blocker):
    def app(environ, start_response):
        blocker.hang_in_c()
        return plain(start_response, b"late")

    server = serve(app)
    asking, replies = in_background(lambda: ask(server))
    blocker.wait()
    stopping, _ = in_background(server.stop)
    while server.running:
        pass
    blocker.release()
    stopping.join()
    asking.join()
    assert replies[0].text == "late"


def test_what_has_arrived_by_the_time_of_stop_is_answered(serve, blocker):
    server = serve(hello, threads=1)
    server._run.call_later(blocker.hang_in_c)  # the loop has not looked yet
    blocker.wait()
    clients = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(10)]
    for client in clients:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    stopping, _ = in_background(server.stop)
    while server.running:
        pass
    blocker.release()
    stopping.join()
    answers = [b"".join(iter(partial(client.recv, 9999), b"")) for client in clients]
    for client in clients:
        client.close()
    assert all(answer.endswith(b"hi") for answer in answers)


def test_a_view_that_spins_is_stopped_when_the_drain_time_is_over(serve, ask, blocker):
    def app(environ, start_response):
        blocker.spin()

    server = serve(app, check=False)
    asking, replies = in_background(lambda: ask(server))
    blocker.wait()
    server.stop(drain=0)
    asking.join()
    assert replies[0].status == 503
    assert "being stopped" in replies[0].text
    assert server.requests() == []


def test_a_view_that_sleeps_in_c_does_not_hold_up_the_stop(serve, ask, blocker):
    def app(environ, start_response):
        blocker.hang_in_c()
        return plain(start_response)

    server = serve(app, grace=0.01)
    asking, replies = in_background(lambda: ask(server))
    blocker.wait()
    server.stop(drain=0.01)
    asking.join()
    assert isinstance(replies[0], (OSError, http.client.HTTPException))
    blocker.release()
    join_workers()


def join_workers():
    for thread in threading.enumerate():
        if thread.name.startswith("flask_nb"):
            thread.join(timeout=20)


def test_an_event_stream_is_cut_at_once(serve, blocker):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        yield b"data: 1\n\n"
        blocker.spin()

    server = serve(app)
    stream = urllib.request.urlopen(server.url)
    blocker.wait()
    server.stop(drain=600)  # the test would not end
    assert stream.readline() == b"data: 1\n"
    stream.close()


def test_a_view_may_stop_its_own_server(serve, ask):
    def app(environ, start_response):
        return plain(start_response, str(server.stop()).encode())

    server = serve(app)
    assert ask(server).text == "True"
    assert not server.running
    server.start()
    assert ask(server).text == "True"


def test_a_view_cannot_restart_its_own_server(serve, ask):
    def app(environ, start_response):
        with pytest.raises(ServerError, match="%serve restart"):
            server.restart()
        return plain(start_response)

    server = serve(app)
    assert ask(server).text == "hi"
    assert server.running


def test_idle_connections_are_closed(serve):
    server = serve(hello)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/")
    connection.getresponse().read()
    server.stop()
    assert connection.sock.recv(1) == b""
    connection.close()


# -- HTTP and WSGI ------------------------------------------------------------------------------------


def test_a_connection_serves_many_requests(serve):
    server = serve(hello)
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.connect()
    sock = connection.sock
    for _ in range(3):
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"hi"
    assert connection.sock is sock
    connection.close()


def test_a_generator_streams_while_it_runs(serve, blocker):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"first "
        blocker.hang_in_c()
        yield b"second"

    server = serve(app)
    with urllib.request.urlopen(server.url) as response:
        assert response.read(6) == b"first "
        blocker.release()
        assert response.read() == b"second"


def test_a_request_body_arrives_chunked_or_not(serve):
    def app(environ, start_response):
        return plain(start_response, environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))

    server = serve(app)
    for body in (b"abc", iter([b"ab", b"c"])):
        with urllib.request.urlopen(urllib.request.Request(server.url, data=body)) as response:
            assert response.read() == b"abc"


def test_the_write_callable_reaches_the_client(serve, ask):
    def app(environ, start_response):
        write = start_response("200 OK", [("Content-Type", "text/plain")])
        write(b"written ")
        return [b"and returned"]

    assert ask(serve(app)).text == "written and returned"


def test_a_file_wrapper_is_sent_and_closed(serve, ask, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"x" * 100_000)
    opened = []

    def app(environ, start_response):
        opened.append(path.open("rb"))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "100000")])
        return environ["wsgi.file_wrapper"](opened[0])

    server = serve(app, check=False)
    assert len(ask(server).body) == 100_000
    server.stop()
    assert opened[0].closed


class Closing:
    """An iterable that counts its closings and fails where it is told to."""

    def __init__(self, chunks, error=None):
        self.chunks, self.error, self.closed = chunks, error, 0

    def __iter__(self):
        yield from self.chunks
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed += 1


@pytest.mark.parametrize("error", [None, ValueError(), SystemExit(1)])
@pytest.mark.parametrize("chunks", [[], [b"a", b"b"]])
def test_the_iterable_of_an_app_is_closed_once(serve, ask, chunks, error):
    body = Closing(chunks, error)

    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return body

    server = serve(app, check=False)
    try:
        ask(server)
    except http.client.IncompleteRead:
        assert chunks
    server.stop()
    assert body.closed == 1


def test_forwarded_headers_reach_the_app(serve, ask):
    def app(environ, start_response):
        return plain(start_response, environ["HTTP_X_FORWARDED_PROTO"].encode())

    assert ask(serve(app), X_Forwarded_Proto="https").text == "https"


def test_a_slow_client_costs_no_thread(serve, ask):
    server = serve(hello, threads=1)
    slow = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(150)]
    for client in slow:
        client.sendall(b"GET / HTTP/1.1\r\n")
    assert ask(server).text == "hi"
    for client in slow:
        client.close()


# -- Views that misbehave -----------------------------------------------------------------------------


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), RuntimeError("x")])
def test_whatever_a_view_raises_is_answered_and_the_thread_lives_on(serve, ask, error):
    hit = set()

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/bad":
            hit.add(threading.current_thread())
            raise error
        return plain(start_response)

    server = serve(app)
    for _ in range(3):
        reply = ask(server, "/bad")
        assert (reply.status, type(error).__name__ in reply.text) == (500, True)
    assert ask(server).text == "hi"
    assert all(thread.is_alive() for thread in hit)


def test_an_error_after_start_response_but_before_the_body_is_a_clean_500(serve, ask):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/html"), ("Content-Length", "99"), ("X-Own", "1")])
        yield b""
        raise SystemExit

    reply = ask(serve(app, check=False))
    assert (reply.status, reply.headers["X-Own"]) == (500, None)


def test_an_error_within_the_body_cuts_the_connection(serve, ask):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        yield b"begun"
        raise SystemExit

    server = serve(app)
    with pytest.raises(http.client.IncompleteRead) as caught:
        ask(server)
    assert caught.value.partial == b"begun"


def test_an_error_for_head_has_no_body(serve, ask):
    def app(environ, start_response):
        raise SystemExit

    reply = ask(serve(app), method="HEAD")
    assert (reply.status, reply.body) == (500, b"")


@pytest.mark.parametrize("result", [None, 1, ["text"]])
def test_an_app_that_returns_nonsense_is_answered(serve, ask, result):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return result

    server = serve(app, check=False)
    try:
        assert ask(server).status in {200, 500}
    except http.client.HTTPException:
        pass
    assert server.running


def test_an_app_that_never_calls_start_response_is_a_500(serve, ask):
    assert ask(serve(lambda environ, start_response: [b"x"], check=False)).status == 500


def test_nothing_is_printed(serve, ask, capfd, monkeypatch):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # where pytest listens
    server = serve(lambda environ, start_response: 1 / 0, threads=1)
    threads = [in_background(lambda: ask(server))[0] for _ in range(8)]
    for thread in threads:
        thread.join()
    server.stop()
    assert capfd.readouterr() == ("", "")


def test_a_failure_is_logged_for_those_who_listen(serve, ask, caplog):
    ask(serve(lambda environ, start_response: 1 / 0), "/sum")
    [record] = [record for record in caplog.records if record.name == "flask_nb.server"]
    assert record.getMessage() == "GET /sum failed"
    assert record.exc_info[0] is ZeroDivisionError
