"""What exists between one start and its stop: sockets, threads, and the loop over them."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from waitress import wasyncore  # type: ignore[import-untyped]
from waitress.adjustments import Adjustments  # type: ignore[import-untyped]
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.server import TcpWSGIServer  # type: ignore[import-untyped]
from waitress.task import ThreadedTaskDispatcher, WSGITask  # type: ignore[import-untyped]

from .answering import Edge
from .in_flight import CHANNEL, InFlight

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Server threads must not print: what they write would land in whatever cell runs just then. Records
# reach the handlers that the user has set up, and no other.
_log = logging.getLogger(__package__)
_log.addHandler(logging.NullHandler())
_queue_log = _log.getChild("queue")
_queue_log.setLevel(logging.ERROR)  # waitress warns "Task queue depth" on every burst


@dataclass(frozen=True)
class Settings:
    """What a server is told; the words are those of :class:`BackgroundServer`."""

    app: WSGIApplication
    threads: int
    max_threads: int
    key_header: str
    grace: float


class Run:
    """What exists between one start and its stop: sockets, threads, requests in flight."""

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        self._stop_requested = False
        self._drain = 0.0
        self._grace = settings.grace
        self._sockets: dict[int, Any] = {}
        self._dispatcher = _Dispatcher()
        self.in_flight = InFlight(
            self._dispatcher.set_thread_count, settings.threads, settings.max_threads, settings.grace
        )
        edge = Edge(settings.app, self.in_flight, settings.key_header)
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
        """Whether connections are accepted."""
        return self._thread.is_alive() and not self._stop_requested

    def has_caller(self) -> bool:
        """Whether the calling thread is one of ours, which must not wait for itself."""
        caller = threading.current_thread()
        return caller is self._thread or caller in self._dispatcher.workers

    def request_stop(self, drain: float) -> None:
        """Let the loop thread finish by itself."""
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

    def close(self, spare: set[int]) -> None:
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
        environ[CHANNEL] = self.channel
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
        self, edge: Edge, sockets: dict[int, Any], listener: socket.socket, dispatcher: _Dispatcher
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
