"""What others see of the server: start, stop, restart, the requests that run, and how to cancel one."""

from __future__ import annotations

import errno
import os
import socket
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TYPE_CHECKING, Any, TypeVar

from flask_nb.errors import PortInUseError, ServerError, UnknownHostError

from .in_flight import RunningRequest
from .loop import Run, Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

T = TypeVar("T")

_SLICE = 0.25  # Windows delivers an interrupt only between two waits

#: Seconds a server is given to drain when the interpreter exits: Jupyter kills a kernel after five.
_EXIT_DRAIN = 1.0

#: Connections that may wait to be accepted.
_BACKLOG = 512

#: Hosts that mean every address; a browser reaches them by loopback.
_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class BackgroundServer:
    """Serve a WSGI app from threads of this process.

    ``start()`` and ``stop()`` may alternate as often as one likes. What stands before the app, such as
    :class:`flask_nb.gate.Gate`, is the caller's to put there.

    Nothing a view raises ends a thread: ``SystemExit`` and ``KeyboardInterrupt`` are answered with a 500
    like any other error. A view that nobody waits for any more, because its client has left or
    :meth:`cancel` was called, is stopped. If it does not come back, it keeps its thread, but another takes
    its place.

    :param app: the WSGI app.
    :param host: the address or name to bind, an IPv6 address without brackets.
    :param port: the port to bind; 0 takes a free one at each start.
    :param threads: how many requests are worked on at once.
    :param max_threads: how many views may fail to come back before others are turned away with a 503.
    :param key_header: the header whose value names a request for :meth:`cancel`. It is only read.
    :param grace: seconds that a cancelled view is given to come back before its thread is replaced.
    :param max_body: how many bytes the body of a request may have.
    :param browser_timeout: for how many seconds a request without a key may run; None for no limit.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        threads: int = 16,
        max_threads: int = 256,
        key_header: str = "X-Flask-Nb-Exchange",
        grace: float = 0.25,
        max_body: int = 64 * 1024 * 1024,
        browser_timeout: float | None = None,
    ) -> None:
        if not 0 <= port <= 65535:
            raise ServerError(f"{port} is no port", "Choose one with --port N, N from 1 to 65535")
        self._host = host
        self._asked_port = self._port = port
        self._settings = Settings(app, threads, max_threads, key_header, grace, max_body, browser_timeout)
        self._lifecycle = threading.RLock()
        self._runs: list[Run] = []  # always the same list
        # The threads know the runs, not this object: one that is forgotten without stop() is closed when it
        # is collected, and in any case when the interpreter exits.
        weakref.finalize(self, _close_all, self._runs)

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

    def start(self, instead_of: BackgroundServer | None = None) -> bool:
        """Bind the port and serve; when this returns, connections are accepted.

        An interrupt meanwhile leaves it started.

        :param instead_of: another server that gives way as soon as this one answers; both may have the same
            port. It goes on if this one cannot start.
        :return: True when it was started now, False when it was running already and is reused.
        :raises PortInUseError: another program holds the port.
        :raises ServerError: the host cannot be bound here, or no thread can be started.
        """
        return uninterrupted(lambda: self._start(instead_of))

    def stop(self, drain: float = 5.0) -> bool:
        """Finish what is in flight, close every connection and end the threads.

        The port is closed first. Requests that have arrived are answered; event streams, which never
        end, are cut. What has run for ``drain`` seconds, those before included, is cancelled. Called from a
        view, it returns at once and the server stops once that view has answered.

        :param drain: for how many seconds a request may run at most.
        :return: True when it was running, False when there was nothing to stop.
        """
        run = self._run
        if run is not None and run.has_caller():
            run.close(drain)
            return True
        return uninterrupted(lambda: self._stop(drain))

    def restart(self, drain: float = 5.0) -> None:
        """Go on with new threads, on the same port.

        The socket that listens stays open, so that nobody is turned away: new connections are for the new
        threads, and the old ones answer what is in flight, with word to connect anew. They end by
        themselves, in the background. An interrupt meanwhile leaves the new ones or the old ones.

        :param drain: for how many seconds a request may run at most.
        :raises PortInUseError: it was stopped, and another program holds the port that was asked for.
        :raises ServerError: it is called from a view of this server, or no thread can be started.
        """
        self._refuse_own_view()
        uninterrupted(lambda: self._restart(drain))

    def configure(self, *, threads: int, max_body: int, browser_timeout: float | None) -> None:
        """Take other settings, for the next start or restart."""
        self._settings = self._settings._replace(
            threads=threads, max_body=max_body, browser_timeout=browser_timeout
        )

    def requests(self) -> list[RunningRequest]:
        """Return the requests that have arrived and not been answered yet, the oldest first."""
        return [request for run in list(self._runs) for request in run.in_flight.snapshot()]

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
        return any(run.in_flight.cancel(key, reason) for run in list(self._runs))

    def leave_to_parent(self) -> None:
        """Forget what is running, being a copy in a forked process; start() serves in this one."""
        self._lifecycle = threading.RLock()
        while self._runs:
            self._runs.pop().leave_to_parent()

    @property
    def _run(self) -> Run | None:
        """The run that accepts connections, or is asked to stop; those before it are giving way."""
        return self._runs[-1] if self._runs else None

    def _start(self, instead_of: BackgroundServer | None) -> bool:
        with self._lifecycle:
            if self.running:
                return False
            self._refuse_own_view()
            self._stop(drain=5.0)  # one that a view has asked to stop may still be at it
            old = instead_of._run if instead_of is not None and instead_of.running else None
            listener = _bind(self._host, self._asked_port, beside=old.listener if old is not None else None)
            self._begin(listener)
            if instead_of is not None and old is not None:
                # What is still being answered there is from now on stopped from here.
                self._runs[:0] = instead_of._runs
                instead_of._runs.clear()
                old.close_later(drain=5.0)
            return True

    def _stop(self, drain: float) -> bool:
        with self._lifecycle:
            was_running = self.running
            while self._runs:
                self._runs[-1].close(drain)
                self._runs.pop()
            return was_running

    def _restart(self, drain: float) -> None:
        with self._lifecycle:
            old = self._run if self.running else None
            if old is not None and old.listener is not None:
                self._begin(old.listener)
                old.close_later(drain, hands_over=True)
                return
            self._stop(drain)
            try:
                listener = _bind(self._host, self._port)
            except PortInUseError:
                listener = _bind(self._host, self._asked_port)
            self._begin(listener)

    def _begin(self, listener: socket.socket) -> None:
        self._port = listener.getsockname()[1]
        try:
            run = Run(listener, self._settings)
        except (OSError, RuntimeError) as exc:  # no descriptor or no thread left
            if not self.running:
                listener.close()
            raise ServerError(f"the server could not be started: {exc}. Restart the kernel") from exc
        self._runs[:] = [*(each for each in self._runs if not each.is_closed), run]
        _servers.add(self)

    def _refuse_own_view(self) -> None:
        run = self._run
        if run is not None and run.has_caller():
            raise ServerError("a view cannot restart the server that runs it. Type %serve restart in a cell")


def _close_all(runs: list[Run]) -> None:
    while runs:
        runs.pop().close(_EXIT_DRAIN)


def uninterrupted(call: Callable[[], T]) -> T:
    """Run a call to its end, even if the caller is interrupted meanwhile and hears no more of it."""
    if threading.current_thread() is not threading.main_thread():
        return call()  # only the main thread is interrupted
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(call())
        except BaseException as exc:
            outcome.set_exception(exc)

    try:
        threading.Thread(target=run, name="flask_nb-lifecycle", daemon=True).start()
    except RuntimeError:  # none left, or the interpreter is exiting
        return call()
    while not wait([outcome], _SLICE).done:
        pass  # in slices, since an interrupt is heard between them
    return outcome.result()


def _leave_all_to_parent() -> None:
    for server in list(_servers):
        server.leave_to_parent()


#: The servers that have been started, for the case that this process forks: a child would keep their ports
#: taken, and the clients waiting.
_servers: weakref.WeakSet[BackgroundServer] = weakref.WeakSet()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_all_to_parent)


# -- The listening socket ---------------------------------------------------------------------------


def _bind(host: str, port: int, beside: socket.socket | None = None) -> socket.socket:
    """Return a socket that listens; binding here, not in the threads, lets start() report what failed.

    :param beside: one that has the port already, on another address, and gives way to this one.
    """
    family, address = _resolve(host, port)
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        _share_nothing(listener)
        if beside is not None and beside.getsockname()[1] == port and hasattr(socket, "SO_REUSEPORT"):
            for each in (beside, listener):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
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
