"""Fixtures for exchanges: a recorder in place, a way to send, a server on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response

from flask_nb.exchange import Exchanger, InProcessTransport, Recorder, SocketTransport
from flask_nb.server import BackgroundServer

View = Callable[[WerkzeugRequest], Any]


def wsgi(view: View) -> Any:
    """Return a WSGI app that answers every request with what the view returns."""

    def app(environ: dict[str, Any], start_response: Any) -> Any:
        answer = view(WerkzeugRequest(environ))
        response = answer if isinstance(answer, Response) else Response(answer, mimetype="text/html")
        return response(environ, start_response)

    return app


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A recorder whose app is set by the test, with the proxies in place."""
    recorder = Recorder(wsgi(lambda request: "ok"))
    recorder.cell_name = lambda name: "the cell" if "tests/exchange" in name.replace("\\", "/") else None
    recorder.install()
    yield recorder
    recorder.uninstall()


@pytest.fixture
def exchanger(recorder: Recorder) -> Exchanger:
    """A client that calls the recorder's app in process."""
    return Exchanger(InProcessTransport(recorder), recorder)


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
def over_socket(recorder: Recorder, server: BackgroundServer) -> Exchanger:
    """A client that sends over the socket."""
    return Exchanger(SocketTransport(lambda: (server.host, server.port), server.cancel), recorder)
