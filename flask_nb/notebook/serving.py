"""The server of a notebook: started when it is needed, moved when it is told to, described in lines."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask_nb import gate, notebook
from flask_nb.errors import PortInUseError, ServerError, UnknownHostError

from .ports import familiar_ports

if TYPE_CHECKING:
    from flask_nb.gate import Front
    from flask_nb.server import BackgroundServer, RunningRequest

    from .addresses import Address
    from .settings import FlaskNB

RUN_PORT = 5000
"""The port of ``app.run()`` without one, if it is free."""

PORT_ADVICE = "Choose another: app.run(port=N), or leave the port out to get a free one"
"""What to do about a port that ``app.run()`` cannot have."""

_HOST_ADVICE = "Leave host out for 127.0.0.1, or say host='0.0.0.0' to be reachable from everywhere"

NO_SOCKETS = (
    "nothing can connect to a server in a browser's Python. Requests such as %get / call the app without one"
)

_CLOSED = "for your programs only. To open it to others again, type: %serve --host {}"

NOT_SERVING = "not serving; the next request, or %serve, starts the server"

#: Seconds in all that a request may have run when the server is stopped: what a person stops is to stop.
_STOP_DRAIN = 1.0
_EVERY_ADDRESS = frozenset({"", "0.0.0.0", "::"})

_HAS_SOCKETS = sys.platform != "emscripten"  # sockets can be bound there, but nothing ever arrives


class Serving:
    """At most one running server for one WSGI app.

    :param app: what is served.
    :param settings: where and with how many threads, unless told otherwise.
    :param label: asked for what people call the app.
    :param find: finds out by which address browsers reach a port.
    :param named_ports: the ports that were asked for, by what people call the app; what is asked for here is
        noted there.
    """

    def __init__(
        self,
        app: Any,
        settings: FlaskNB,
        label: Callable[[], str],
        find: Callable[[int], Address] = lambda port: notebook.Address(),
        named_ports: dict[str, int] | None = None,
    ) -> None:
        self._app = app
        self._settings = settings
        self._label = label
        self._find = find
        self._named_ports = {} if named_ports is None else named_ports
        self._found: tuple[tuple[int | None, str], Address] | None = None
        self._finding = threading.Lock()
        self._server: BackgroundServer | None = None
        self._starting = threading.Lock()
        self._is_closed = False
        self._has_chosen_port = False  # by itself
        self.is_shared = False
        """Whether somebody has opened it to other users of this machine."""

    @property
    def is_possible(self) -> bool:
        """Whether a server can be reached here."""
        return _HAS_SOCKETS

    @property
    def url(self) -> str | None:
        """The address of the server that runs, or None."""
        return self._server.url if self._server is not None and self._server.running else None

    @property
    def port(self) -> int | None:
        """The port of the server that runs, or None."""
        return self._server.port if self._server is not None and self._server.running else None

    @property
    def page_url(self) -> str | None:
        """The address of the server that runs for browsers, or None.

        It may be a path, below whatever the front end is called.
        """
        return self.url and (self.address_found().shown or self.url)

    def address_found(self, *, anew: bool = False) -> Address:
        """Return by which address browsers reach the server.

        :param anew: find out once more.
        """
        with self._finding:
            key = (self.port, self._settings.proxy_url)
            if anew or self._found is None or self._found[0] != key:
                self._found = (key, notebook.Address() if self.port is None else self._find(self.port))
            return self._found[1]

    def ask_again(self) -> None:
        """Forget an address that did not lead here: something may have been installed since."""
        if self._found is not None and self._found[1].front is None:
            self._found = None

    def front(self, environ: dict[str, Any]) -> Front | None:
        """Return the proxy through which browsers reach the server, for the gate.

        It is found out when it is first needed: a page may be asked for before anybody was told of it.
        """
        found = self._found
        if found is not None and found[0] == (self.port, self._settings.proxy_url):
            return found[1].front
        is_needed = "HTTP_X_FORWARDED_PREFIX" in environ or self._settings.proxy_url
        return self.address_found().front if is_needed else None

    def shuts_out(self, environ: dict[str, Any]) -> bool:
        """Return whether a request is of another user of this machine, and those are not to be answered."""
        is_foreign = not self.is_shared and gate.is_of_another_user(environ)
        return is_foreign and all(map(gate.is_loopback, self.hosts()))

    def hosts(self) -> list[str]:
        """Return the host that was bound."""
        return [] if self._server is None else [self._server.host]

    def start(self, host: str | None = None, port: int | None = None, *, is_shared: bool = False) -> str:
        """Serve, or reuse the server that runs where it was asked for; return a line about it.

        :param is_shared: whether other users of this machine are answered.
        :raises ServerError: there is nobody whom a server could serve.
        """
        if not self.is_possible:
            raise ServerError(NO_SOCKETS)
        old = self._server
        if old is None or not old.running:
            self.is_shared = is_shared
            self._begin(host, port)
        elif host in (None, old.host) and port in (None, 0, old.port):
            self.is_shared |= is_shared
            self._note(port)
            return f"{self._label()} is already being served at {self._where()}"
        else:
            self.is_shared |= is_shared
            self._move(old, host or old.host, old.port if port is None else port)
        self._note(port)
        return self.line()

    def stop(self) -> str:
        """Stop the server; return a line about it."""
        if self._server is None or not self._server.stop(_STOP_DRAIN):
            return NOT_SERVING
        is_closed = self._is_open and gate.is_loopback(self._settings.host)
        self.is_shared = False
        again = "stopped; the next request, or %serve, starts the server again"
        return f"{again}, {_CLOSED.format(self._server.host)}" if is_closed else again

    @property
    def _is_open(self) -> bool:
        """Whether others than the person reach the place of the server."""
        return self.is_shared or not all(map(gate.is_loopback, self.hosts()))

    def close(self) -> None:
        """Stop the server for good: a request that a thread had yet to send does not start it again."""
        with self._starting:
            self._is_closed = True
        self.stop()

    def restart(self, host: str | None = None, port: int | None = None, *, is_shared: bool = False) -> str:
        """Go on with new threads and the settings of now; return a line about it.

        Nobody is turned away meanwhile. The port stays the same unless another is named.
        """
        old = self._server
        if old is None or not old.running:
            return self.start(host, port, is_shared=is_shared)
        self.is_shared |= is_shared
        if host in (None, old.host) and port in (None, old.port):
            old.configure(**self._limits())
            old.restart()
        else:
            self._move(old, host or old.host, old.port if port is None else port)
        self._note(port)
        return self.line()

    def status(self) -> str:
        """Return a line on the server, and one on each request that is running."""
        if self._server is None or not self._server.running:
            return NOT_SERVING
        running = describe(self._server.requests())
        return "\n  ".join([self.line(), *(running or ["no request is running"])])

    def run(
        self,
        host: str | None = None,
        port: int | None = None,
        named_host: str | None = None,
        named_port: int | None = None,
    ) -> str:
        """Serve as ``app.run()`` asks; return a line about it.

        What it names is served or refused. What it leaves open is where the server is already, else what
        the settings say, else what ``SERVER_NAME`` says, else port 5000 or a free one.

        :param named_host: the address of ``SERVER_NAME``; passed over if it is none of this machine.
        :param named_port: the port of ``SERVER_NAME``.
        :raises ServerError: what was named cannot be had, with advice for ``app.run()``.
        """
        try:
            if self.url is not None:
                return self.start(host, port)
            if host is None and named_host is not None:
                with suppress(UnknownHostError):
                    return self._run_anew(named_host, port, named_port)
            return self._run_anew(host, port, named_port)
        except ServerError as exc:
            raise exc.advising(_HOST_ADVICE if isinstance(exc, UnknownHostError) else PORT_ADVICE) from None

    def _run_anew(self, host: str | None, port: int | None, named_port: int | None) -> str:
        if port is not None or self._settings.port:
            return self.start(host, self._settings.port if port is None else port)
        wish = RUN_PORT if named_port is None else named_port
        try:
            return self.start(host, wish)
        except PortInUseError:
            return f"{self.start(host, 0)} (port {wish} is taken)"

    def address(self) -> tuple[str, int]:
        """Return where to connect to; the server is started unless it runs."""
        with self._starting:
            if self._server is None or not self._server.running:
                if self._is_closed:
                    raise ServerError("the server was stopped with the extension", "Type %load_ext flask_nb")
                self._begin(None, None)
        assert self._server is not None
        return str(urlsplit(self._server.url).hostname), self._server.port

    def cancel(self, key: str) -> str:
        """Stop the view of a request that nobody waits for any more.

        :return: what kept the request from being answered, where that was not its view.
        """
        if self._server is None:
            return ""
        requests = self._server.requests()
        self._server.cancel(key)
        own = next((request for request in requests if request.key == key), None)
        if own is None:
            return (
                "the server never got to read it, since other code kept Python busy: a cell, or a view "
                "that computes. See %serve status, and send it again"
            )
        if own.state != "waiting":
            return ""
        busy = "; ".join(describe([each for each in requests if each.state == "running"]))
        return f"all threads were busy with {busy}. Free them with %serve restart"

    def _begin(self, host: str | None, port: int | None) -> None:
        """Start: where it served before, unless a place is named.

        What was stopped was closed, too: a host that others reach has to be named again.
        """
        if self._server is None or host is not None or port is not None:
            self._begin_anew(host, port)
            return
        if not gate.is_loopback(self._server.host):
            self._server = self._make(None, self._server.port)
        self._server.configure(**self._limits())
        try:
            self._server.start()
        except PortInUseError:
            if not self._has_chosen_port:
                raise
            self._begin_anew(self._server.host, None)

    def _begin_anew(self, host: str | None, port: int | None) -> None:
        """Start; where no port is named, at one that was named, or that this kernel had before a restart."""
        self._has_chosen_port = port is None and not self._settings.port
        for wish in self._wishes() if port is None else ():
            with suppress(PortInUseError):
                return self._begin_at(host, wish)
        return self._begin_at(host, port)

    def _wishes(self) -> list[int]:
        label = self._label()
        named = [self._named_ports[label]] if label in self._named_ports else []
        return [*named, *(familiar_ports(label) if self._has_chosen_port else [])]

    def _note(self, port: int | None) -> None:
        """Note where the server is if its port was named."""
        if port is not None and self._server is not None:
            self._named_ports[self._label()] = self._server.port

    def _begin_at(self, host: str | None, port: int | None) -> None:
        server = self._make(host, port)
        server.start()
        self._server = server

    def _move(self, old: BackgroundServer, host: str, port: int) -> None:
        """Serve elsewhere; the old place goes when the new one answers, and stays when that fails."""
        server = self._make(host, port)

        def move() -> None:
            server.start(instead_of=old)
            self._server = server

        from flask_nb.server import uninterrupted

        uninterrupted(move)

    def _make(self, host: str | None, port: int | None) -> BackgroundServer:
        from flask_nb.server import BackgroundServer

        return BackgroundServer(
            self._app,
            host=host or self._settings.host,
            port=self._settings.port if port is None else port,
            **self._limits(),
        )

    def _limits(self) -> dict[str, Any]:
        return {
            "threads": self._settings.threads,
            "max_body": self._settings.max_body,
            "browser_timeout": self._settings.browser_timeout or None,
        }

    def line(self) -> str:
        """Return a line on where the app is served."""
        return f"serving {self._label()} at {self._where()}{_reach(self.hosts()[0], self.is_shared)}"

    def _where(self) -> str:
        """Return the address for browsers, and that of the kernel's machine if it is another one."""
        shown = self.page_url
        return str(shown) if shown == self.url else f"{shown}, on the kernel's machine at {self.url}"


def _reach(host: str, is_shared: bool) -> str:
    """Say whom the address lets in besides the person's own programs."""
    if gate.is_loopback(host):
        return " (open to all users of this machine)" if is_shared else ""
    whom = "reaches this machine" if host in _EVERY_ADDRESS else "reaches that address"
    return f" (bound to {host}: whoever {whom} reaches the app)"


def describe(requests: list[RunningRequest]) -> list[str]:
    """Return a line for each request, for equal ones together: those of browsers may be many."""
    alike: dict[tuple[str, str, str], list[float]] = {}
    for request in requests:
        alike.setdefault((request.method, request.path, request.state), []).append(request.age)
    return [
        f"{method} {path} for {max(ages):.1f} s"
        + (f", {state}" if state != "running" else "")
        + (f" (×{len(ages)})" if len(ages) > 1 else "")
        for (method, path, state), ages in alike.items()
    ]
