"""What others see of the server: start, stop, restart, the requests that run, and how to cancel one."""

from __future__ import annotations

import errno
import os
import socket
import threading
import weakref
from typing import TYPE_CHECKING, Any

from flask_nb.errors import PortInUseError, ServerError, UnknownHostError

from .in_flight import RunningRequest
from .loop import Run, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: Seconds a server is given to drain when the interpreter exits: Jupyter kills a kernel after five.
_EXIT_DRAIN = 1.0

#: Hosts that mean every address; a browser reaches them by loopback.
_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class BackgroundServer:
    """Serve a WSGI app from threads of this process.

    ``start()`` and ``stop()`` may alternate as often as one likes. What stands before the app, such as
    :class:`flask_nb.gate.Gate`, is the caller's to put there.

    Nothing a view raises ends a thread: ``SystemExit`` and ``KeyboardInterrupt`` are answered with a 500
    like any other error. A view that never returns holds its thread until :meth:`cancel` stops it; once
    ``max_threads`` views have been cancelled without coming back, every request is answered with a 503
    that says so.

    :param app: the WSGI app.
    :param host: the address or name to bind, an IPv6 address without brackets.
    :param port: the port to bind; 0 takes a free one at each start.
    :param threads: how many requests are worked on at once.
    :param max_threads: how many threads there may be at most, those of abandoned views included.
    :param key_header: the header whose value names a request for :meth:`cancel`. It is only read.
    :param grace: seconds that a cancelled view is given to come back before its thread is replaced.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 16,
        max_threads: int = 64,
        key_header: str = "X-Flask-Nb-Exchange",
        grace: float = 0.25,
    ) -> None:
        if not 0 <= port <= 65535:
            raise ServerError(f"{port} is no port", "Choose one with --port N, N from 1 to 65535")
        self._host = host
        self._asked_port = self._port = port
        self._settings = Settings(app, threads, max(threads, max_threads), key_header, grace)
        self._lifecycle = threading.RLock()
        self._run: Run | None = None
        self._finalizer: weakref.finalize[Any, Any] | None = None

    def __repr__(self) -> str:
        state = self.url if self.running else "stopped"
        return f"<{type(self).__name__} {state}>"

    @property
    def running(self) -> bool:
        """Whether requests are accepted."""
        run = self._run
        return run is not None and run.accepting

    @property
    def host(self) -> str:
        """The host that is bound, as it was asked for."""
        return self._host

    @property
    def port(self) -> int:
        """The port that is bound, or was bound last; before the first start the one asked for."""
        return self._port

    @property
    def url(self) -> str:
        """The address of the app's root for a browser on this machine, with a slash at its end."""
        host = _EVERY_ADDRESS.get(self._host, self._host)
        return f"http://[{host}]:{self._port}/" if ":" in host else f"http://{host}:{self._port}/"

    def start(self) -> bool:
        """Bind the port and serve; when this returns, connections are accepted.

        :return: True when it was started now, False when it was running already and is reused.
        :raises PortInUseError: another program holds the port.
        :raises ServerError: the host cannot be bound here, or no thread can be started.
        """
        with self._lifecycle:
            if self.running:
                return False
            self._refuse_own_view()
            self.stop()  # one that a view has asked to stop may still be at it
            self._begin(_bind(self._host, self._asked_port))
            return True

    def stop(self, drain: float = 5.0) -> bool:
        """Finish what is in flight, close every connection and end the threads.

        The port is closed first. Requests that have arrived are answered; event streams, which never
        end, are cut. What is still running after ``drain`` seconds is cancelled. Called from a view, it
        returns at once and the server stops once that view has answered.

        :param drain: how many seconds to wait at most for requests in flight.
        :return: True when it was running, False when there was nothing to stop.
        """
        run = self._run
        if run is not None and run.has_caller():
            run.request_stop(drain)
            return True
        with self._lifecycle:
            if (run := self._run) is None:
                return False
            run.close(drain)
            self._run = None
            if self._finalizer is not None:
                self._finalizer.detach()
            return True

    def restart(self, drain: float = 5.0) -> None:
        """Stop and start again, on the same port where nobody has taken it meanwhile.

        :param drain: as for :meth:`stop`.
        :raises PortInUseError: another program holds the port that was asked for.
        :raises ServerError: it is called from a view of this server.
        """
        self._refuse_own_view()
        with self._lifecycle:
            port = self._port
            self.stop(drain)
            try:
                listener = _bind(self._host, port)
            except PortInUseError:
                listener = _bind(self._host, self._asked_port)
            self._begin(listener)

    def requests(self) -> list[RunningRequest]:
        """Return the requests that views are working on, the oldest first."""
        run = self._run
        return run.in_flight.snapshot() if run is not None else []

    def cancel(self, key: str, reason: str = "nobody waits for the answer any more") -> bool:
        """Stop the request that carried this key.

        :class:`~flask_nb.errors.ViewCancelled` is raised inside its view. A view that does not come back
        within the grace time, because it sleeps in C or catches everything, is abandoned: its thread is
        replaced and its connection closed. A request that has not begun yet will be refused when its
        turn comes.

        :param key: the value of the request's key header.
        :param reason: why, for the answer that the client gets if it still listens.
        :return: True when such a request was running.
        """
        run = self._run
        return run is not None and run.in_flight.cancel(key, reason)

    def _refuse_own_view(self) -> None:
        run = self._run
        if run is not None and run.has_caller():
            raise ServerError("a view cannot restart the server that runs it. Type %serve restart in a cell")

    def _begin(self, listener: socket.socket) -> None:
        self._port = listener.getsockname()[1]
        try:
            run = Run(listener, self._settings)
        except (OSError, RuntimeError) as exc:  # no descriptor or no thread left
            listener.close()
            raise ServerError(f"the server could not be started: {exc}. Restart the kernel") from exc
        self._run = run
        # The threads know the run, not this object: one that is forgotten without stop() is closed
        # when it is collected, and in any case when the interpreter exits.
        self._finalizer = weakref.finalize(self, run.close, _EXIT_DRAIN)


# -- The listening socket ---------------------------------------------------------------------------


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket that listens; binding here, not in waitress, lets start() report what failed."""
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        _share_nothing(listener)
        listener.bind(address)
        listener.listen(128)
    except OSError as exc:
        listener.close()
        raise _bind_error(exc, host, port) from exc
    return listener


def _resolve(host: str, port: int) -> tuple[int, Any]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as exc:
        raise UnknownHostError(host) from exc
    # Of a name with both, such as localhost, IPv4: all programs of the notebook's own ask there.
    family, *_, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, address


def _share_nothing(listener: socket.socket) -> None:
    """Let a restarted kernel have its port again at once, and no second program beside it.

    On POSIX SO_REUSEADDR only skips the wait for old connections. On Windows it would let two programs
    listen on one port, so there the exclusive option takes its place.
    """
    if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    elif os.name == "posix":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _bind_error(exc: OSError, host: str, port: int) -> ServerError:
    if exc.errno == errno.EADDRINUSE:
        return PortInUseError(host, port)
    if exc.errno == errno.EADDRNOTAVAIL:
        return UnknownHostError(host)
    if exc.errno == errno.EACCES and os.name == "nt":  # what an exclusive holder of the port causes
        return PortInUseError(host, port)
    return ServerError(
        f"port {port} on {host} cannot be bound: {exc.strerror}", "Choose another with --port N"
    )
