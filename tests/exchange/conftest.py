"""Fixtures for exchanges: a recorder in place, a way to send, a server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from flask_nb.exchange import Exchanger, InProcessTransport, Recorder, Ring, SocketTransport
from flask_nb.server import BackgroundServer

View = Callable[[WerkzeugRequest], Any]


def wsgi(view: View) -> Any:
    """Return a WSGI app that answers every request with what the view returns."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        answer = view(WerkzeugRequest(environ))
        response = answer if isinstance(answer, Response) else Response(answer, mimetype="text/html")
        return response(environ, start_response)

    return app


def stream(request: WerkzeugRequest) -> Response:
    return Response((f"{n}\n" for n in range(5)), mimetype="text/plain")


def echo(request: WerkzeugRequest) -> str:
    shown = sorted((name, value) for name, value in request.headers if name != "Content-Length")
    return repr((request.method, request.full_path, request.data, request.remote_addr, request.scheme, shown))


VIEWS: dict[str, View] = {
    "text": lambda request: "Hello Ann!",
    "empty": lambda request: Response(status=204),
    "unchanged": lambda request: Response(status=304, headers={"ETag": '"a"'}),
    "stream": stream,
    "binary": lambda request: Response(bytes(range(256)) * 300, mimetype="application/octet-stream"),
    "many headers": lambda request: Response(
        "x", headers=[("X-RateLimit", "1"), ("Set-Cookie", "b=1"), ("Set-Cookie", "a=2")]
    ),
    "redirect elsewhere": lambda request: Response("", 302, {"Location": "https://example.com/"}),
    "teapot": lambda request: Response("", status=418),
    "own status": lambda request: Response("x", status="299 Fine"),
    "latin header": lambda request: Response("x", headers={"X-Name": "Jürgen"}),
    "echo": echo,
    "fails": lambda request: 1 / 0,
}


SIGNING = Flask(__name__)
SIGNING.secret_key = "never shown"


def signed_session(values: dict[str, Any]) -> str:
    """Return the value of a session cookie as Flask makes it."""
    return SIGNING.session_interface.get_signing_serializer(SIGNING).dumps(values)  # type: ignore[attr-defined]


@pytest.fixture
def ring() -> Ring:
    """What the recorder keeps."""
    return Ring()


@pytest.fixture
def recorder(ring: Ring) -> Iterator[Recorder]:
    """A recorder whose app is set by the test, with the proxies in place."""
    recorder = Recorder(wsgi(lambda request: "ok"), ring_of=lambda environ: ring)
    recorder.cell_name = lambda name: "the cell" if Path(name).name.startswith("test_") else None
    recorder.install()
    yield recorder
    recorder.uninstall()


@pytest.fixture
def client_class() -> type[Exchanger]:
    """What sends."""
    return Exchanger


@pytest.fixture
def exchanger(recorder: Recorder, client_class: type[Exchanger]) -> Exchanger:
    """A client that calls the recorder's app in process."""
    return client_class(InProcessTransport(recorder), recorder)


@pytest.fixture
def serve(recorder: Recorder, exchanger: Exchanger) -> Callable[[View], Exchanger]:
    """Give the recorder a view, and return the client for it."""

    def use(view: View) -> Exchanger:
        recorder.app = wsgi(view)
        return exchanger

    return use


@pytest.fixture
def server(recorder: Recorder) -> Iterator[BackgroundServer]:
    """The recorder's app on a socket."""
    server = BackgroundServer(recorder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def over_socket(recorder: Recorder, server: BackgroundServer, client_class: type[Exchanger]) -> Exchanger:
    """A client that sends over the socket."""
    address = lambda: (server.host, server.port)  # noqa: E731
    transport = SocketTransport(address, lambda key: "" if server.cancel(key) else None)
    return client_class(transport, recorder)
