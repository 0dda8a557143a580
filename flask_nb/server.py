"""The background server: any WSGI app on a socket, within this process, started and stopped at will.

waitress does the HTTP. What is added here is a life cycle that can be repeated (bind, serve, drain,
close, leave nothing behind) and the means to get rid of a view that does not come back. This is the
one module that loads waitress.

Three kinds of threads take part. The **loop thread** owns all sockets: nothing else opens or closes
one. **Worker threads** call the app, one request at a time. Whoever calls :class:`BackgroundServer`
only sets flags, wakes the loop thread and waits for it.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.buffers import ReadOnlyFileBasedBuffer  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from .errors import PortInUseError, ServerError, ViewCancelled
from .stopping import NOTES_HOLD_UP_TRACING, raise_in_thread, take_back

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["BackgroundServer", "RunningRequest"]

# Server threads must not print: what they write would land in whatever cell runs just then. Records
# reach the handlers that the user has set up, and no other.
_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())
_queue_log = logging.getLogger(f"{__name__}.queue")
_queue_log.setLevel(logging.ERROR)  # waitress warns "Task queue depth" on every burst

#: Where the channel of a request stands in its environ until the request is admitted.
_CHANNEL = "flask_nb.channel"

#: How many keys of requests that were given up before they began are remembered.
_REFUSED_KEYS = 256

#: How often a view that sleeps in C is looked after, and for how long the exception is then left, in seconds.
_OFFER_INTERVAL, _OFFER = 0.25, 0.01

#: Seconds a server is given to drain when the interpreter exits: Jupyter kills a kernel after five.
_EXIT_DRAIN = 1.0

#: Hosts that mean every address; a browser reaches them by loopback.
_EVERY_ADDRESS = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


@dataclass(frozen=True, slots=True)
class RunningRequest:
    """One request that a view is working on.

    :param key: what the request carried in the key header; None for a browser's.
    :param method: its method.
    :param path: its path, without the query.
    :param age: for how many seconds it has run.
    :param state: ``abandoned`` once it was cancelled and did not come back, else ``running``.
    """

    key: str | None
    method: str
    path: str
    age: float
    state: Literal["running", "abandoned"]


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
            raise ServerError(f"{port} is no port. Choose one with --port N, N from 1 to 65535")
        self._host = host
        self._asked_port = self._port = port
        self._settings = _Settings(app, threads, max(threads, max_threads), _variable(key_header), grace)
        self._lifecycle = threading.RLock()
        self._run: _Run | None = None
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
            run = _Run(listener, self._settings)
        except (OSError, RuntimeError) as exc:  # no descriptor or no thread left
            listener.close()
            raise ServerError(f"the server could not be started: {exc}. Restart the kernel") from exc
        self._run = run
        # The threads know the run, not this object: one that is forgotten without stop() is closed
        # when it is collected, and in any case when the interpreter exits.
        self._finalizer = weakref.finalize(self, run.close, _EXIT_DRAIN)


@dataclass(frozen=True)
class _Settings:
    app: WSGIApplication
    threads: int
    max_threads: int
    key_variable: str
    grace: float


def _variable(header: str) -> str:
    return f"HTTP_{header.upper().replace('-', '_')}"


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
        raise _unknown_host(host) from exc
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
        return _unknown_host(host)
    if exc.errno == errno.EACCES and os.name == "nt":  # what an exclusive holder of the port causes
        return PortInUseError(host, port)
    return ServerError(f"port {port} on {host} cannot be bound: {exc.strerror}. Choose another with --port N")


def _unknown_host(host: str) -> ServerError:
    return ServerError(
        f"{host!r} is no address of this machine. Leave --host away for 127.0.0.1, "
        f"or type --host 0.0.0.0 to be reachable from everywhere"
    )


# -- From one start to its stop ---------------------------------------------------------------------


class _Run:
    """What exists between one start and its stop: sockets, threads, requests in flight."""

    def __init__(self, listener: socket.socket, settings: _Settings) -> None:
        self._stop_requested = False
        self._drain = 0.0
        self._grace = settings.grace
        self._sockets: dict[int, Any] = {}
        self._dispatcher = _Dispatcher()
        self.in_flight = _InFlight(self._dispatcher.set_thread_count, settings)
        edge = _Edge(settings.app, self.in_flight, settings.key_variable)
        self._server = _Server(edge, self._sockets, listener, self._dispatcher)
        self._thread = threading.Thread(target=self._serve, name="flask_nb-server", daemon=True)
        try:
            self._dispatcher.set_thread_count(settings.threads)
            self._thread.start()
        except RuntimeError:
            self._close()
            raise

    @property
    def accepting(self) -> bool:
        return self._thread.is_alive() and not self._stop_requested

    def has_caller(self) -> bool:
        """Whether the calling thread is one of ours, which must not wait for itself."""
        caller = threading.current_thread()
        return caller is self._thread or caller in self._dispatcher.workers

    def request_stop(self, drain: float) -> None:
        if not self._stop_requested:
            self._drain = drain
            self._stop_requested = True
            self._server.pull_trigger()

    def close(self, drain: float) -> None:
        """Stop, and wait until all is closed; safe to call again, and from any thread."""
        self.request_stop(drain)
        if not self.has_caller():
            self._thread.join()

    # The rest runs in the loop thread.

    def _serve(self) -> None:
        try:
            while not self._stop_requested:
                self._turn(5.0)
            self._finish()
        except Exception:
            _log.exception("The server's loop failed; the server is closed")
        finally:
            self._stop_requested = True
            self._close()

    def _turn(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=True, map=self._sockets, count=1)

    def _finish(self) -> None:
        """Answer what has arrived, for as long as the drain time lasts."""
        deadline = time.monotonic() + self._drain
        self._take_in(deadline)
        self._server.stop_listening()
        for channel in self.in_flight.stop(endless=True):
            channel.handle_close()
        self._turn_while(self._server.close_idle, deadline)
        self.in_flight.stop()
        self._turn_while(self._is_needed, time.monotonic() + self._grace)

    def _is_needed(self) -> bool:
        # Both: a view may have ended before its answer is written, or have lost its connection before.
        return self._server.close_idle() or self.in_flight.has_running()

    def _take_in(self, deadline: float) -> None:
        """Accept every connection that waits by now, and read what it has sent."""
        accepted = -1
        while accepted != (accepted := self._server.accepted) and time.monotonic() < deadline:
            self._turn(0)  # accepts one

    def _turn_while(self, is_needed: Callable[[], bool], deadline: float) -> None:
        while is_needed() and (left := deadline - time.monotonic()) > 0:
            self._turn(left)

    def _close(self) -> None:
        self.in_flight.close()
        self._server.close()
        self._dispatcher.close(spare=self.in_flight.threads())


class _Dispatcher(ThreadedTaskDispatcher):  # type: ignore[misc]
    """waitress' pool of worker threads, whose threads can be waited for."""

    logger = _log
    queue_logger = _queue_log

    def __init__(self) -> None:
        super().__init__()
        self.workers: list[threading.Thread] = []

    def start_new_thread(self, target: Callable[[int], None], thread_no: int) -> None:
        worker = threading.Thread(
            target=target, name=f"flask_nb-worker-{thread_no}", args=(thread_no,), daemon=True
        )
        worker.start()
        self.workers = [thread for thread in self.workers if thread.is_alive()] + [worker]

    def close(self, spare: set[int | None]) -> None:
        """End all threads, drop what is queued, and wait for all threads but those to spare."""
        self.set_thread_count(0)
        with self.lock:
            queued = list(self.queue)
            self.queue.clear()
        for channel in queued:
            channel.cancel()
        for worker in self.workers:
            if worker.ident not in spare:
                worker.join(timeout=1.0)


class _Task(WSGITask):  # type: ignore[misc]
    logger = _log

    def get_environment(self) -> WSGIEnvironment:
        environ: WSGIEnvironment = super().get_environment()
        environ[_CHANNEL] = self.channel
        return environ


class _Channel(HTTPChannel):  # type: ignore[misc]
    logger = _log
    task_class = _Task

    def __init__(self, server: _Server, *arguments: Any, **settings: Any) -> None:
        super().__init__(server, *arguments, **settings)
        server.accepted += 1


class _Server(TcpWSGIServer):  # type: ignore[misc]
    """waitress' server on a socket that is bound already, closed in steps."""

    logger = _log
    channel_class = _Channel

    def __init__(
        self, edge: _Edge, sockets: dict[int, Any], listener: socket.socket, dispatcher: _Dispatcher
    ) -> None:
        self._trigger_lock = threading.RLock()  # a finalizer may come in between
        self._is_open = True
        self.accepted = 0  # connections so far
        name = listener.getsockname()
        super().__init__(
            edge,
            map=sockets,
            _sock=listener,
            dispatcher=dispatcher,
            adj=_adjustments(name[0]),
            sockinfo=(listener.family, listener.type, listener.proto, name),
            bind_socket=False,
        )

    def set_reuse_addr(self) -> None:
        """Leave the socket as ``_bind`` made it."""

    def pull_trigger(self, thunk: Callable[[], None] | None = None) -> None:
        # A worker may be about to wake the loop while that closes: the descriptor's number could by
        # then belong to somebody else's file.
        with self._trigger_lock:
            if self._is_open:
                self.trigger.pull_trigger(thunk)

    def stop_listening(self) -> None:
        wasyncore.dispatcher.close(self)

    def close_idle(self) -> bool:
        """Close the connections that nothing is on its way through; tell whether others are left."""
        for channel in list(self.active_channels.values()):
            if not (channel.requests or channel.total_outbufs_len):
                channel.handle_close()
        return bool(self.active_channels)

    def close(self) -> None:
        for channel in list(self.active_channels.values()):
            channel.handle_close()
        with self._trigger_lock:
            self._is_open = False
            super().close()


def _adjustments(host: str) -> Any:
    """Return waitress' settings: bounded, and kind to a person with many tabs."""
    return Adjustments(
        server_name=host,
        # Every connection is a descriptor. Slow clients cost no thread, so many are let in, but fewer
        # than the 512 that select() takes on Windows and the usual limit of 1024 descriptors.
        connection_limit=500,
        channel_timeout=30,
        cleanup_interval=5,
        log_socket_errors=False,
        # The app decides whom it trusts (ProxyFix), as behind any other development server.
        clear_untrusted_proxy_headers=False,
    )


# -- Requests in flight, and how they are stopped ---------------------------------------------------


class _Work:
    """One request that a worker thread works on."""

    __slots__ = (
        "abandoned", "channel", "ended", "endless", "inside", "key",
        "method", "path", "raised", "reason", "since", "thread",
    )  # fmt: skip

    def __init__(self, environ: WSGIEnvironment, key: str | None) -> None:
        self.key = key
        self.method: str = environ["REQUEST_METHOD"]
        self.path: str = environ.get("PATH_INFO", "").encode("latin-1").decode(errors="replace")
        self.channel: Any = environ.pop(_CHANNEL, None)
        self.since = time.monotonic()
        self.thread: int | None = None
        self.reason: str | None = None  # why it is to stop
        self.inside = False  # the thread is in the app's code
        self.raised = False  # an asynchronous exception was set in the thread
        self.abandoned = self.ended = self.endless = False

    def wake_loop(self, thunk: Callable[[], None] | None = None) -> None:
        if self.channel is not None:
            self.channel.server.pull_trigger(thunk)

    def describe(self, now: float) -> RunningRequest:
        state: Literal["running", "abandoned"] = "abandoned" if self.abandoned else "running"
        return RunningRequest(self.key, self.method, self.path, now - self.since, state)


class _InFlight:
    """The requests that views are working on, and the way to stop one.

    A view is stopped by an exception that the interpreter raises in its thread between two bytecodes
    (``PyThreadState_SetAsyncExc``). It must reach that view and nothing else, neither waitress' code nor
    the thread's next request. Hence three rules:

    1. The thread says when it is inside the app's code (:meth:`run`), and under one lock the exception
       is set only while it is.
    2. On leaving, under the same lock, an exception that was set and has not arrived is taken back.
    3. No request gets more than one, so what arrives while leaving can be answered by leaving again.
    """

    def __init__(self, set_thread_count: Callable[[int], None], settings: _Settings) -> None:
        self._set_thread_count = set_thread_count
        self._threads = settings.threads
        self._max_threads = settings.max_threads
        self._grace = settings.grace
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._works: dict[_Work, None] = {}  # in the order of their beginning
        self._refused: deque[str] = deque(maxlen=_REFUSED_KEYS)
        self._stuck = 0
        self._closed = False

    # What a worker thread calls, in this order: begin, run (more than once), end.

    def begin(self, work: _Work) -> None:
        """Take a request in.

        :raises ViewCancelled: it was given up before it began.
        :raises _NoThreadLeftError: too many views have never come back.
        """
        with self._lock:
            self._works[work] = None
            if work.key is not None and work.key in self._refused:
                work.reason = "it was cancelled before it began"
                raise ViewCancelled
            if self._stuck >= self._max_threads:
                raise _NoThreadLeftError(self._stuck)

    def run(self, work: _Work, call: Callable[[], Any], *, is_cleanup: bool = False) -> Any:
        """Call what belongs to the app; only in here can the request be stopped."""
        try:
            try:
                self.enter(work, is_cleanup=is_cleanup)
                return call()
            finally:
                self.leave(work)
        except ViewCancelled:
            self.leave(work)  # it may have arrived in the first one
            raise

    def enter(self, work: _Work, *, is_cleanup: bool = False) -> None:
        with self._lock:
            if work.reason is not None and not is_cleanup:
                raise ViewCancelled
            work.thread = threading.get_ident()
            work.inside = True

    def leave(self, work: _Work) -> None:
        # No "with": from Python 3.14 on the exception may arrive between __enter__ and the block. An
        # RLock knows its owner, so releasing one that was not yet acquired is an error, not an accident.
        try:
            self._lock.acquire()
            work.inside = False
            if work.raised and work.thread is not None:
                take_back(work.thread)
        finally:
            try:
                self._lock.release()
            except RuntimeError:
                pass

    def end(self, work: _Work) -> None:
        with self._lock:
            if work.ended:
                return
            work.ended = True
            del self._works[work]
            if work.abandoned:
                self._stuck -= 1
                self._resize()
            if work.reason is not None:
                self._changed.notify_all()
                work.wake_loop()  # which may wait for the last one to end

    # What other threads call.

    def snapshot(self) -> list[RunningRequest]:
        with self._lock:
            now = time.monotonic()
            return [work.describe(now) for work in self._works]

    def threads(self) -> set[int | None]:
        with self._lock:
            return {work.thread for work in self._works}

    def has_running(self) -> bool:
        with self._lock:
            return any(not work.abandoned for work in self._works)

    def cancel(self, key: str, reason: str) -> bool:
        with self._lock:
            found = [work for work in self._works if work.key == key]
            if not found:
                self._refused.append(key)
            for work in found:
                self._stop(work, reason)
            try:
                self._changed.wait_for(lambda: all(work.ended for work in found), self._grace)
            finally:  # also when an interrupt ends the wait
                for work in found:
                    self._abandon(work)
            return bool(found)

    def stop(self, *, endless: bool = False) -> list[Any]:
        """Stop all requests, or those alone that never end, and return their channels."""
        with self._lock:
            works = [work for work in self._works if work.endless or not endless]
            for work in works:
                self._stop(work, "the server is being stopped")
            return [work.channel for work in works if work.channel is not None]

    def close(self) -> None:
        """Start no more threads."""
        with self._lock:
            self._closed = True

    def _stop(self, work: _Work, reason: str) -> None:
        if work.reason is None:
            work.reason = reason
            if work.inside and work.thread is not None:
                work.raised = True
                raise_in_thread(work.thread, ViewCancelled)

    def _abandon(self, work: _Work) -> None:
        if work.ended or work.abandoned:
            return
        work.abandoned = True
        self._stuck += 1
        self._resize()
        if work.raised and NOTES_HOLD_UP_TRACING:
            self._offer_again_later(work)
        if work.channel is not None:
            work.wake_loop(work.channel.handle_close)

    def _offer_again_later(self, work: _Work) -> None:
        """Take the exception back, and offer it now and then until the view has come back to Python."""

        def offer() -> None:
            while not work.ended:
                time.sleep(_OFFER_INTERVAL)
                self._offer(work)

        take_back(work.thread or 0)
        threading.Thread(target=offer, name="flask_nb-stopper", daemon=True).start()

    def _offer(self, work: _Work) -> None:
        """Leave the exception for as long as a thread that runs Python needs to take it."""
        with self._lock:
            if not work.inside or work.thread is None:
                return
            raise_in_thread(work.thread, ViewCancelled)
        time.sleep(_OFFER)
        with self._lock:
            if work.inside:
                take_back(work.thread)

    def _resize(self) -> None:
        """Give every stuck thread a replacement; with all of them stuck, keep one to say so."""
        if self._closed:
            return
        wanted = min(self._threads + self._stuck, self._max_threads)
        self._set_thread_count(wanted + (self._stuck >= self._max_threads))


class _NoThreadLeftError(Exception):
    def __init__(self, stuck: int) -> None:
        super().__init__(
            f"{stuck} views of this server were cancelled and never came back, so it has no thread left for "
            f"another. Type %serve restart, or restart the kernel"
        )


# -- Between waitress and the app -------------------------------------------------------------------


class _Edge:
    """The WSGI app that waitress calls: nothing but an answer comes out of it."""

    def __init__(self, app: WSGIApplication, in_flight: _InFlight, key_variable: str) -> None:
        self._app = app
        self._in_flight = in_flight
        self._key_variable = key_variable

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        work = _Work(environ, environ.get(self._key_variable))
        return _Answer(work, self._in_flight, environ, start_response).open(self._app)


class _Answer:
    """What the app answers, chunk by chunk, with each step run inside :meth:`_InFlight.run`."""

    def __init__(
        self, work: _Work, in_flight: _InFlight, environ: WSGIEnvironment, start_response: StartResponse
    ) -> None:
        self._work = work
        self._in_flight = in_flight
        self._environ = environ
        self._start_response = start_response
        self._body: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] = iter(())
        self._has_failed = False

    def open(self, app: WSGIApplication) -> Iterable[bytes]:
        """Call the app and return what waitress is to iterate over."""
        try:
            self._in_flight.begin(self._work)
            self._in_flight.run(self._work, lambda: self._call(app))
        except BaseException as exc:
            try:
                return self._fail(exc)
            finally:
                self.close()
        # A finished list, or a file that waitress sends by itself, runs none of the app's code any more.
        if type(self._body) in (list, tuple) or isinstance(self._body, ReadOnlyFileBasedBuffer):
            self._in_flight.end(self._work)
            return self._body
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._has_failed:
            raise StopIteration
        try:
            chunk: bytes = self._in_flight.run(self._work, self._chunks.__next__)
        except StopIteration:
            raise
        except BaseException as exc:
            self._has_failed = True
            chunk = b"".join(self._fail(exc))
        return chunk

    def close(self) -> None:
        """Close the app's iterable, as PEP 3333 demands however the request ended."""
        close = getattr(self._body, "close", None)
        try:
            if close is not None:
                self._in_flight.run(self._work, close, is_cleanup=True)
        except BaseException as exc:
            self._log(exc)
        finally:
            self._in_flight.end(self._work)

    def _call(self, app: WSGIApplication) -> None:
        self._body = app(self._environ, self._start)
        self._chunks = iter(self._body)

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        self._work.endless = any(
            name.lower() == "content-type" and value.startswith("text/event-stream")
            for name, value in headers
        )
        write = self._start_response(status, headers, exc_info)
        return lambda data: self._write(write, data)

    def _write(self, write: Callable[[bytes], object], data: bytes) -> None:
        """Write to the client, which is waitress' code: the request cannot be stopped meanwhile."""
        self._in_flight.leave(self._work)
        try:
            write(data)
        finally:
            self._in_flight.enter(self._work)

    def _fail(self, exc: BaseException) -> list[bytes]:
        """Answer with an error, or where the answer has begun already, cut it short."""
        self._log(exc)
        status, text = self._explain(exc)
        body = f"{status}\n\n{text}\n".encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        try:
            self._start_response(status, headers, _exc_info(exc))
        except BaseException:
            raise _CutShortError from exc
        return [] if self._environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _explain(self, exc: BaseException) -> tuple[str, str]:
        if isinstance(exc, ViewCancelled):
            return "503 Service Unavailable", f"This request was stopped: {self._work.reason}."
        if isinstance(exc, _NoThreadLeftError):
            return "503 Service Unavailable", str(exc)
        return "500 Internal Server Error", f"The app raised {type(exc).__name__}. The server goes on."

    def _log(self, exc: BaseException) -> None:
        if not isinstance(exc, (ViewCancelled, _NoThreadLeftError)):
            _log.error("%s %s failed", self._work.method, self._work.path, exc_info=_exc_info(exc))


def _exc_info(exc: BaseException) -> Any:
    return type(exc), exc, exc.__traceback__


class _CutShortError(OSError):
    """Makes waitress close the connection, so that the client sees that the answer is incomplete.

    It takes an OSError for a connection that broke and makes no further words about it.
    """
