"""The notebook's server: when it starts, where it goes, what is said about it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any
from urllib.request import urlopen

import pytest

from flask_nb.errors import PortInUseError, ServerError
from flask_nb.notebook.serving import NOT_SERVING, Serving, describe
from flask_nb.notebook.settings import FlaskNB
from flask_nb.server import RunningRequest


def wsgi_app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


@pytest.fixture
def serving() -> Iterator[Serving]:
    serving = Serving(wsgi_app, FlaskNB(), lambda: "app")
    yield serving
    serving.stop()


def read(url: str | None) -> bytes:
    assert url is not None
    with closing(urlopen(url)) as response:
        return bytes(response.read())


def test_a_request_starts_it(serving: Serving) -> None:
    assert serving.url is None
    host, port = serving.address()
    assert read(f"http://{host}:{port}/") == b"ok"


def test_a_request_that_comes_late_does_not_start_it_again(serving: Serving) -> None:
    serving.address()
    serving.close()
    with pytest.raises(ServerError, match="Type %load_ext flask_nb"):
        serving.address()
    assert serving.url is None


def test_starting_twice_reuses_and_says_so(serving: Serving) -> None:
    first = serving.start()
    url = serving.url
    assert first == f"serving app at {url}"
    assert serving.start() == f"app is already being served at {url}"
    assert serving.start(port=0) == f"app is already being served at {url}"


def test_another_port_moves_it(serving: Serving, port: int) -> None:
    serving.start()
    old = serving.url
    assert serving.start(port=port) == f"serving app at http://127.0.0.1:{port}/"
    assert read(serving.url) == b"ok"
    with pytest.raises(OSError, match="refused"):
        read(old)


def test_another_host_on_the_same_port_moves_it(serving: Serving, port: int) -> None:
    serving.start(port=port)
    serving.start(host="localhost")
    assert serving.url == f"http://localhost:{port}/"
    assert serving.hosts() == ["localhost"]
    assert read(serving.url) == b"ok"


def test_a_port_that_is_taken_leaves_the_old_one_serving(serving: Serving) -> None:
    serving.start()
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(PortInUseError):
        serving.start(port=listener.getsockname()[1])
    assert read(serving.url) == b"ok"


def test_a_host_that_does_not_exist_leaves_the_old_one_serving(serving: Serving) -> None:
    serving.start()
    with pytest.raises(ServerError):
        serving.start(host="no.such.host.invalid")
    assert read(serving.url) == b"ok"


def test_it_comes_back_where_it_was(serving: Serving, port: int) -> None:
    serving.start(port=port)
    assert serving.stop().startswith("stopped")
    assert serving.stop() == NOT_SERVING
    serving.address()
    assert serving.url == f"http://127.0.0.1:{port}/"


@pytest.mark.parametrize("again", [Serving.start, Serving.restart, Serving.address])
def test_a_host_that_others_reach_is_closed_when_it_is_stopped(
    serving: Serving, port: int, again: Callable[[Serving], object]
) -> None:
    serving.start(host="0.0.0.0", port=port, is_shared=True)
    closed = "for your programs only. To open it to others again, type: %serve --host 0.0.0.0"
    assert serving.stop().endswith(closed)
    again(serving)
    assert (serving.hosts(), serving.port, serving.is_shared) == (["127.0.0.1"], port, False)


def test_what_answered_other_users_of_the_machine_is_closed_when_it_is_stopped(serving: Serving) -> None:
    serving.start(host="127.0.0.1", is_shared=True)
    assert serving.stop().endswith("type: %serve --host 127.0.0.1")
    serving.address()
    assert not serving.is_shared


def test_a_host_that_the_settings_open_stays_open(port: int) -> None:
    serving = Serving(wsgi_app, FlaskNB(host="0.0.0.0", port=port), lambda: "app")
    serving.start()
    assert "--host" not in serving.stop()
    serving.address()
    assert serving.hosts() == ["0.0.0.0"]
    serving.stop()


def test_a_host_of_this_machine_alone_is_kept(serving: Serving) -> None:
    serving.start(host="localhost")
    assert "--host" not in serving.stop()
    serving.address()
    assert serving.hosts() == ["localhost"]


def test_another_server_comes_back_at_a_port_that_was_named(port: int) -> None:
    named: dict[str, int] = {}
    for ask in (lambda one: one.run(port=port), Serving.address):
        serving = Serving(wsgi_app, FlaskNB(), lambda: "app", named_ports=named)
        ask(serving)
        assert serving.port == port
        serving.close()


def test_a_named_port_that_is_taken_meanwhile_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        serving = Serving(wsgi_app, FlaskNB(), lambda: "app", named_ports={"app": taken})
        serving.start()
        assert serving.port not in (None, taken)
        serving.stop()


def test_restarting_keeps_the_port(serving: Serving) -> None:
    serving.start()
    url = serving.url
    assert serving.restart() == f"serving app at {url}"
    assert read(url) == b"ok"


def test_restarting_starts_what_did_not_run(serving: Serving, port: int) -> None:
    assert serving.restart(port=port) == f"serving app at http://127.0.0.1:{port}/"


def test_the_status_of_nothing(serving: Serving) -> None:
    assert serving.status() == NOT_SERVING
    serving.start()
    assert serving.status() == f"serving app at {serving.url}\n  no request is running"


def test_app_run_without_arguments_reuses_what_runs(serving: Serving) -> None:
    serving.start()
    assert serving.run() == f"app is already being served at {serving.url}"


def test_app_run_takes_the_port_that_it_is_given(serving: Serving, port: int) -> None:
    serving.run(port=port)
    assert serving.url == f"http://127.0.0.1:{port}/"


def test_app_run_takes_a_named_port_from_a_server_that_runs_elsewhere(serving: Serving, port: int) -> None:
    serving.start()
    assert serving.run(port=port) == f"serving app at http://127.0.0.1:{port}/"
    assert read(f"http://127.0.0.1:{port}/") == b"ok"


def test_the_default_port_is_refused_like_any_other_when_it_is_named(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr("flask_nb.notebook.serving.RUN_PORT", taken)
        with pytest.raises(PortInUseError, match=r"Choose another: app\.run\(port=N\)"):
            serving.run(port=taken)


def test_app_run_without_arguments_evades_a_taken_port(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken = listener.getsockname()[1]
        monkeypatch.setattr("flask_nb.notebook.serving.RUN_PORT", taken)
        assert serving.run() == f"serving app at {serving.url} (port {taken} is taken)"
    assert read(serving.url) == b"ok"


def test_the_status_says_what_runs_and_counts_what_is_alike() -> None:
    requests = [
        RunningRequest("own", "GET", "/slow", 2.0, "running"),
        RunningRequest(None, "GET", "/events", 12.04, "abandoned"),
        RunningRequest(None, "GET", "/events", 3.0, "abandoned"),
        RunningRequest(None, "POST", "/", 0.5, "waiting"),
    ]
    assert describe(requests) == [
        "GET /slow for 2.0 s",
        "GET /events for 12.0 s, abandoned (×2)",
        "POST / for 0.5 s, waiting",
    ]


class Busy:
    """A server with these requests."""

    def __init__(self, *requests: RunningRequest) -> None:
        self._requests = list(requests)

    def requests(self) -> list[RunningRequest]:
        return self._requests

    def cancel(self, key: str) -> bool:
        return False

    def stop(self, drain: float) -> bool:
        return False


@pytest.mark.parametrize(
    ("requests", "reason"),
    [
        ([RunningRequest("own", "GET", "/", 30.0, "running")], ""),
        (
            [
                RunningRequest(None, "GET", "/report", 64.2, "running"),
                RunningRequest(None, "GET", "/events", 90.0, "abandoned"),
                RunningRequest("own", "GET", "/", 30.0, "waiting"),
            ],
            "all threads were busy with GET /report for 64.2 s. Free them with %serve restart",
        ),
        ([], "the server never got to read it, since other code kept Python busy"),
    ],
)
def test_a_time_out_says_what_kept_the_view_from_answering(
    serving: Serving, requests: list[RunningRequest], reason: str
) -> None:
    serving._server = Busy(*requests)  # type: ignore[assignment]
    assert serving.cancel("own").startswith(reason)
    assert bool(serving.cancel("own")) is bool(reason)


def test_app_run_keeps_to_the_port_of_the_settings(port: int) -> None:
    serving = Serving(wsgi_app, FlaskNB(port=port), lambda: "app")
    assert serving.run() == f"serving app at http://127.0.0.1:{port}/"
    serving.stop()


def test_server_name_is_where_app_run_serves_if_that_is_here(serving: Serving, port: int) -> None:
    assert serving.run(named_host="localhost", named_port=port) == f"serving app at http://localhost:{port}/"


def test_a_server_name_elsewhere_is_not_bound(serving: Serving, port: int) -> None:
    line = serving.run(named_host="192.0.2.1", named_port=port)  # an address for documentation (RFC 5737)
    assert line == f"serving app at http://127.0.0.1:{port}/"


def test_a_host_that_was_named_is_bound_or_refused(serving: Serving) -> None:
    with pytest.raises(ServerError, match=r"'192.0.2.1' is no address .* say host='0.0.0.0'"):
        serving.run(host="192.0.2.1")


def test_an_address_that_others_reach_is_said(serving: Serving) -> None:
    line = serving.run(host="0.0.0.0", port=0)
    expected = "(bound to 0.0.0.0: whoever reaches this machine reaches the app)"
    assert line == f"serving app at {serving.url} {expected}"
    assert serving.status().startswith(line)
