"""Code that one thread runs and another stops, and never in the way of a thread that is traced."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from flask_nb.errors import ViewCancelled
from flask_nb.stopping import Stoppable


class Worker(threading.Thread):
    """Runs code that can be stopped, then some that must not be."""

    def __init__(self, code: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self.code = code
        self.work = Stoppable()
        self.is_inside = threading.Event()
        self.outcome = ""
        self.start()
        assert self.is_inside.wait(10)

    def run(self) -> None:
        try:
            self.work.run(self.go)
            self.outcome = "came back"
        except ViewCancelled:
            self.outcome = "was stopped"
        for _ in range(10000):
            pass
        self.outcome += " and went on"

    def go(self) -> None:
        self.is_inside.set()
        self.code()

    def end(self) -> str:
        self.join(10)
        return self.outcome


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a sleeper waits for in C."""
    gate = threading.Event()
    yield gate
    gate.set()


def spin() -> None:
    while True:
        pass


def traced(call: Callable[[], object]) -> bool:
    """Whether a call returns in a thread that is traced, while others sleep in C."""
    through = threading.Event()

    def work() -> None:
        sys.settrace(lambda frame, event, argument: None)
        call()
        sys.settrace(None)
        through.set()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    is_through = through.wait(5)
    thread.join(5)
    return is_through


def call_some() -> None:
    for _ in range(3):
        (lambda: None)()


def test_code_that_runs_python_is_stopped() -> None:
    worker = Worker(spin)
    worker.work.stop()
    assert worker.end() == "was stopped and went on"


def test_code_that_comes_back_from_a_sleep_is_stopped(gate: threading.Event) -> None:
    worker = Worker(lambda: (gate.wait(), spin()))
    worker.work.stop()
    time.sleep(0.3)
    gate.set()
    assert worker.end() == "was stopped and went on"


def test_what_has_been_left_is_not_reached_any_more() -> None:
    worker = Worker(lambda: None)
    assert worker.end() == "came back and went on"
    worker.work.stop()
    assert worker.work.is_stopped


def test_what_was_stopped_before_is_not_begun() -> None:
    work = Stoppable()
    work.stop()
    with pytest.raises(ViewCancelled):
        work.run(spin)
    assert work.run(lambda: "cleaned up", is_cleanup=True) == "cleaned up"


def test_stopping_code_that_sleeps_returns_at_once_also_where_it_is_traced(gate: threading.Event) -> None:
    worker = Worker(gate.wait)
    assert traced(worker.work.stop)
    assert worker.outcome == ""


def test_a_traced_thread_is_not_held_up_by_one_that_sleeps(gate: threading.Event) -> None:
    Worker(gate.wait).work.stop()
    assert traced(call_some)


def test_a_traced_thread_is_not_held_up_by_many_that_sleep(gate: threading.Event) -> None:
    workers = [Worker(gate.wait) for _ in range(20)]
    for worker in workers:
        worker.work.stop()
    assert traced(lambda: [(call_some(), time.sleep(0.01)) for _ in range(10)])


def test_a_traced_thread_can_be_stopped() -> None:
    def trace_and_spin() -> None:
        sys.settrace(lambda frame, event, argument: None)
        while True:
            call_some()

    worker = Worker(trace_and_spin)
    worker.work.stop()
    assert worker.end() == "was stopped and went on"


def test_a_traced_cell_is_not_held_up_by_a_view_that_hangs(gate: threading.Event) -> None:
    from flask_nb.server import BackgroundServer

    def app(environ, start_response):
        gate.wait()
        start_response("200 OK", [])
        return [b""]

    server = BackgroundServer(app, grace=0.05)
    server.start()
    try:
        asking = threading.Thread(target=ask, args=(server.port,))
        asking.start()
        while not server.requests():
            time.sleep(0.01)
        assert traced(lambda: server.cancel("hung"))
        assert traced(call_some)
    finally:
        gate.set()
        server.stop(0.5)
        asking.join()


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
