"""Exceptions raised in another thread, taken back, and never in the way of a thread that is traced."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable

import pytest

from flask_nb.stopping import raise_in_thread, take_back


class Stopped(BaseException):
    """What is raised in the tests' threads."""


class Sleeper(threading.Thread):
    """Sleeps in C, then notes whether it was stopped."""

    def __init__(self, sleep: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.sleep = sleep
        self.is_sleeping = threading.Event()
        self.was_stopped: bool | None = None
        self.start()
        assert self.is_sleeping.wait(10)

    def run(self) -> None:
        try:
            self.is_sleeping.set()
            self.sleep()
            self.was_stopped = False
        except Stopped:
            self.was_stopped = True


@pytest.fixture
def gate() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def spin() -> None:
    while True:
        pass


def test_a_thread_that_runs_python_is_stopped() -> None:
    thread = Sleeper(spin)
    raise_in_thread(thread.ident or 0, Stopped)
    thread.join(10)
    assert thread.was_stopped


def test_what_is_taken_back_does_not_arrive(gate: threading.Lock) -> None:
    thread = Sleeper(gate.acquire)
    raise_in_thread(thread.ident or 0, Stopped)
    take_back(thread.ident or 0)
    gate.release()
    thread.join(10)
    assert thread.was_stopped is False


def test_taking_back_from_oneself_and_from_threads_that_are_gone_does_nothing(gate: threading.Lock) -> None:
    gate.release()
    thread = Sleeper(gate.acquire)
    thread.join(10)
    take_back(thread.ident or 0)
    take_back(threading.get_ident())
    assert thread.was_stopped is False


def test_a_traced_thread_is_not_held_up_by_what_was_taken_back(gate: threading.Lock) -> None:
    thread = Sleeper(gate.acquire)
    raise_in_thread(thread.ident or 0, Stopped)
    take_back(thread.ident or 0)
    assert traced_call_returns()
    gate.release()
    thread.join(10)


def test_a_hung_view_does_not_hold_up_a_traced_thread(gate: threading.Lock) -> None:
    from flask_nb.server import BackgroundServer

    def app(environ, start_response):
        gate.acquire()
        start_response("200 OK", [])
        return [b""]

    server = BackgroundServer(app, grace=0.05)
    server.start()
    try:
        threading.Thread(target=ask, args=(server.port,), daemon=True).start()
        while not server.requests():
            time.sleep(0.01)
        assert server.cancel("hung")
        assert traced_call_returns()
    finally:
        gate.release()
        server.stop(0.5)


def ask(port: int) -> None:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/", headers={"X-Flask-Nb-Exchange": "hung"})
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        pass
    finally:
        connection.close()


def traced_call_returns() -> bool:
    """Whether a thread that is traced gets through some calls, while others sleep in C."""
    through = threading.Event()

    def work() -> None:
        sys.settrace(lambda *args: None)
        for _ in range(3):
            (lambda: None)()
        sys.settrace(None)
        through.set()

    threading.Thread(target=work, daemon=True).start()
    return through.wait(10)
