"""Servers on loopback."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from email.message import Message
from typing import Any
from wsgiref.validate import validator

import pytest

from flask_nb.server import BackgroundServer


@pytest.fixture
def serve() -> Iterator[Callable[..., BackgroundServer]]:
    """Start servers, each app within wsgiref's validator; all are stopped at the end."""
    with ExitStack() as stack:

        def start(app: Any, *, check: bool = True, **settings: Any) -> BackgroundServer:
            server = BackgroundServer(validator(app) if check else app, **settings)
            stack.callback(server.stop, 0.5)
            server.start()
            return server

        yield start


@dataclass
class Reply:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@pytest.fixture
def ask() -> Callable[..., Reply]:
    """Send one request over a connection of its own; a header of None is left out."""

    def send(
        server: BackgroundServer,
        path: str = "/",
        method: str = "GET",
        body: bytes | None = None,
        **headers: Any,
    ) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items() if value is not None}
        with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)) as connection:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in named.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())

    return send


class Blocker:
    """Views that hang until the test lets them go, in C or in Python, and count themselves."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.released = False
        self._locks: list[threading.Lock] = []  # one for each view, which may not live to hand it on

    def hang_in_c(self) -> None:
        """Wait where no asynchronous exception arrives."""
        lock = threading.Lock()
        lock.acquire()
        self._locks.append(lock)
        self.begun.release()
        if not self.released:
            lock.acquire()

    def spin(self) -> None:
        """Wait where an asynchronous exception arrives at once."""
        self.begun.release()
        while not self.released:
            pass

    def wait_in_python(self) -> None:
        """Wait where an asynchronous exception arrives soon, and leave the processor to others."""
        self.begun.release()
        while not self.released:
            time.sleep(0.001)

    def wait(self) -> None:
        """Wait until one more view has begun."""
        assert self.begun.acquire(timeout=20)

    def release(self) -> None:
        if not self.released:
            self.released = True
            for lock in self._locks:
                lock.release()


@pytest.fixture
def blocker() -> Iterator[Blocker]:
    blocker = Blocker()
    yield blocker
    blocker.release()
