"""What exists between one start and its stop: the listening socket, the connections, the threads."""

from __future__ import annotations

import errno
import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from .answering import Answer, Place
from .connection import Connection, Phase
from .in_flight import Work
from .pool import Pool
from .writing import trim_heap

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Run", "Settings"]

# Server threads must not print: what they write would land in whatever cell runs just then. Records
# reach the handlers that the user has set up, and no other.
_log = logging.getLogger(__package__)
_log.addHandler(logging.NullHandler())

#: How many connections there may be. Every one is a descriptor: fewer than the 512 that select() takes on
#: Windows and the usual limit of 1024.
_MAX_CONNECTIONS = 500

#: How often deadlines are looked at, in seconds.
_LOOK = 1.0

#: After so many bytes that clients had not read, memory is given back.
_MUCH_UNREAD = 16_000_000

#: How often the heap is trimmed while there are connections, in seconds: what threads leave free in arenas of
#: their own adds up, 2 MB a minute under load.
_TRIM = 30.0

#: For how long no connection is accepted when there is no descriptor left, in seconds.
_PAUSE = 0.25

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Settings(NamedTuple):
    """What a server is told; the words are those of :class:`BackgroundServer`."""

    app: WSGIApplication
    threads: int
    max_threads: int
    key_header: str
    grace: float
    max_body: int
    browser_timeout: float | None


class Run:
    """What exists between one start and its stop.

    :param listener: the socket that listens.
    :param settings: what the server was told.
    :raises OSError: no descriptor is left.
    :raises RuntimeError: no thread can be started.
    """

    def __init__(self, listener: socket.socket, settings: Settings) -> None:
        self._settings = settings
        self.key_name = settings.key_header.upper().replace("-", "_")
        self.max_body = settings.max_body
        self.connections: set[Connection] = set()
        self.is_closing = False
        self._is_gentle = False
        self.is_closed = False
        self._listener: socket.socket | None = listener
        listener.setblocking(False)
        self._place = Place(*listener.getsockname()[:2])
        self._later: deque[Callable[[], object]] = deque()
        self._lost: list[tuple[float, Work]] = []
        self._next_look = inf
        self._trim_at = time.monotonic() + _TRIM
        self._accepts_at = inf  # when connections are accepted again
        self._had_much_unread = False
        self._selector = selectors.DefaultSelector()
        self._wakes = _Waker()
        self._selector.register(self._wakes.reader, selectors.EVENT_READ, self._wakes.drain)
        self._selector.register(listener, selectors.EVENT_READ, self._accept)
        self._pool = Pool(
            self._turn,
            self._answer,
            self._wakes.wake,
            threads=settings.threads,
            max_threads=max(settings.threads, settings.max_threads),
            grace=settings.grace,
        )
        self.in_flight = self._pool.in_flight
        self._quieter = threading.Condition(self._pool.lock)
        self._end_at = inf  # when what is in flight is stopped
        self._has_taken_in = self._is_disposing = False
        self._closed = threading.Lock()
        try:
            self._pool.start()
        except RuntimeError:
            self._pool.end()
            self._pool.join(1.0)
            self._listener = None  # it is the caller's
            self._dispose()
            raise

    @property
    def listener(self) -> socket.socket | None:
        """The socket that listens, until it is closed or handed over."""
        return self._listener

    @property
    def accepting(self) -> bool:
        """Whether connections are accepted."""
        return not self.is_closing and not self._pool.is_over

    def has_caller(self) -> bool:
        """Whether the calling thread is one of ours, which must not wait for itself."""
        return self._pool.has_caller()

    def close(self, drain: float, *, is_gentle: bool = False, hands_over: bool = False) -> None:
        """Finish what is in flight and end; safe to call again, and from any thread.

        Called from a view, it returns at once, and the end comes once that view has answered.

        :param drain: how many seconds a request may have in all, those that it has run included.
        :param is_gentle: leave clients the drain time for one more request, whose answer tells them to
            connect anew: a request that is just on its way is not lost.
        :param hands_over: leave the listening socket open, since another run goes on with it.
        """
        with self._pool.lock:
            self._is_gentle = is_gentle
            self.is_closing = True
            self._end_at = min(self._end_at, time.monotonic() + drain)
            self._quieter.notify_all()
        self.call_later(self._hand_over if hands_over else self._stop_listening)
        if self.has_caller():
            threading.Thread(target=self._finish, args=(drain,), name="flask_nb-closer", daemon=True).start()
        else:
            self._finish(drain)

    def close_later(self, drain: float, *, hands_over: bool = False) -> None:
        """Accept no more connections, and close gently in a thread of its own."""
        self._is_gentle = self.is_closing = True
        self.call_later(self._hand_over if hands_over else self._stop_listening)
        with self._pool.lock:
            self._wait_until(lambda: self._has_taken_in, time.monotonic() + _LOOK)
        settings = {"is_gentle": True, "hands_over": hands_over}
        closer = threading.Thread(
            target=self.close, args=(drain,), kwargs=settings, name="flask_nb-closer", daemon=True
        )
        closer.start()

    def leave_to_parent(self) -> None:
        """Close this process' copies of all descriptors: it is a fork, and its parent has the threads."""
        self._pool.leave_to_parent()
        self._quieter = threading.Condition(self._pool.lock)
        self.is_closing = self._is_disposing = self.is_closed = True
        # None of them may be taken out of the selector, which is the parent's as well.
        self._selector.close()
        self._wakes.close()
        if self._listener is not None:
            self._listener.close()
        for connection in self.connections:
            connection.leave_to_parent()

    # What connections ask for.

    @property
    def is_ending(self) -> bool:
        """Whether a connection ends with the answer that is on its way, whatever was promised."""
        return self.is_closing and not self._is_gentle

    def queue(self, work: Work) -> None:
        """Let a request wait for its turn."""
        self.in_flight.queue(work)

    def lost(self, work: Work, *, may_end: bool) -> None:
        """The client of a request has left: its view has a moment to end by itself, or none."""
        self._lost.append((time.monotonic() + (self._settings.grace if may_end else 0.0), work))
        self.call_later(self._look_soon)

    def call(self, do: Callable[[], object]) -> None:
        """Do something in the thread that leads; at once, if that is the calling one."""
        if self._pool.leads or self._is_disposing:
            do()
        else:
            self.call_later(do)

    def call_later(self, do: Callable[[], object]) -> None:
        """Do something in the thread that leads, before it watches the next time."""
        self._later.append(do)
        self._wakes.wake()

    def watch(self, connection: Connection, events: int) -> None:
        """Watch for these events; in the thread that leads only."""
        if self._is_disposing:
            return
        if not connection.watched:
            self._selector.register(connection.socket, events, connection.handle)
        elif events:
            self._selector.modify(connection.socket, events, connection.handle)
        else:
            self._selector.unregister(connection.socket)

    def step_aside(self) -> None:
        """Let another thread lead, since the calling one is about to wait."""
        self._pool.step_aside()

    def is_quieter(self) -> None:
        """A connection has been closed, or an answer completed."""
        if self.is_closing:
            with self._pool.lock:
                self._quieter.notify_all()

    # What the thread that leads does.

    def _turn(self) -> None:
        try:
            while self._later:
                self._later.popleft()()
            timeout = None if self._next_look == inf else max(0.0, self._next_look - time.monotonic())
            for key, events in self._selector.select(timeout):
                key.data(events)
            if time.monotonic() >= self._next_look:
                self._look()
        except Exception:
            if not self._is_disposing:
                _log.exception("The server's loop failed; the server is closed")
                self._pool.end()
                threading.Thread(target=self.close, args=(0.0,), name="flask_nb-closer", daemon=True).start()

    def _accept(self, events: int = 0) -> bool:
        """Accept connections; tell whether there may be more."""
        for _ in range(64):
            if self._listener is None:
                return False
            try:
                sock, address = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return False
            except OSError as exc:
                if exc.errno in _NO_DESCRIPTOR and not self._give_way():
                    self._pause()
                    return False
                continue  # the client has changed its mind, or there is room now
            self._add(sock, address)
        return True

    def _add(self, sock: socket.socket, address: Any) -> None:
        while (is_full := len(self.connections) >= _MAX_CONNECTIONS) and self._give_way():
            pass
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        except OSError:  # it has been closed already
            sock.close()
            return
        connection = Connection(self, sock, address)
        self.connections.add(connection)
        self._next_look = min(self._next_look, time.monotonic() + _LOOK)
        if is_full:
            connection.turn_away()

    def _give_way(self) -> bool:
        """Close the connection that has waited longest for its client; tell whether there was one."""
        for phases in _GIVING_WAY:
            waiting = [each for each in self.connections if each.phase in phases]
            if waiting:
                min(waiting, key=lambda each: each.since).close()
                return True
        return False

    def _pause(self) -> None:
        """Accept nothing for a moment: the listening socket would go on saying that there is something."""
        if self._listener is not None:
            self._selector.unregister(self._listener)
            self._accepts_at = time.monotonic() + _PAUSE
            self._next_look = min(self._next_look, self._accepts_at)

    def _look_soon(self) -> None:
        self._next_look = min(self._next_look, *(moment for moment, _ in self._lost), inf)

    def _look(self) -> None:
        """See whose time is up."""
        now = time.monotonic()
        self._look_at_lost(now)
        limit = self._settings.browser_timeout
        if limit is not None:
            for work in self.in_flight.older_than(limit):
                reason = f"it had run for {limit:g} s, and c.FlaskNB.browser_timeout allows no more"
                self.in_flight.stop(reason, lambda each, late=work: each is late)  # type: ignore[misc]
                self._lost.append((now + self._settings.grace, work))
        for connection in list(self.connections):
            if now >= connection.deadline:
                connection.check(now)
        self._look_at_unread()
        if now >= self._trim_at:
            self._trim_at = now + _TRIM
            trim_heap()
        if now >= self._accepts_at and self._listener is not None:
            self._accepts_at = inf
            self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        regular = now + _LOOK if self.connections or self.in_flight.has_running() else inf
        self._next_look = min(regular, self._accepts_at, *(moment for moment, _ in self._lost), inf)

    def _look_at_lost(self, now: float) -> None:
        due = [pair for pair in self._lost if pair[0] <= now]
        for pair in due:
            self._lost.remove(pair)
            work = pair[1]
            if work.ended:
                continue
            if work.thread is None:
                self.in_flight.drop(work)
            else:
                self.in_flight.abandon(work, "its client has left")
            if work.connection is not None:
                work.connection.close()

    def _look_at_unread(self) -> None:
        """Give memory back once nothing is left of answers that were not read."""
        unread = sum(connection.unread for connection in self.connections)
        if self._had_much_unread and not unread:
            trim_heap()
        self._had_much_unread = unread > _MUCH_UNREAD or (self._had_much_unread and unread > 0)

    # Answering.

    def _answer(self, work: Work) -> None:
        connection = work.connection
        assert connection is not None
        environ = self._place.environ(work.request, connection)
        answer = Answer(work, connection, environ, self.in_flight, may_keep=not self.is_closing)
        try:
            answer.give(self._settings.app)
        except BaseException:
            _log.exception("%s %s could not be answered", work.method, work.path)
            answer.keeps = False
        work.request.close()
        connection.finish(keep=answer.keeps)

    # The end.

    def _stop_listening(self) -> None:
        """Take in what has arrived by now, and nothing more."""
        while self._accept():
            pass
        if (listener := self._let_go()) is not None:
            listener.close()
        if not self._is_gentle:
            for connection in list(self.connections):
                connection.retire()
        self._tell_taken_in()

    def _hand_over(self) -> None:
        """Leave the listening socket to somebody else."""
        self._let_go()
        self._tell_taken_in()

    def _let_go(self) -> socket.socket | None:
        """Accept nothing more; return the socket that listened."""
        listener, self._listener = self._listener, None
        if listener is not None and self._accepts_at == inf:
            self._selector.unregister(listener)
        self._accepts_at = inf
        for connection in [each for each in self.connections if each.phase is Phase.HELD]:
            connection.close()  # it asks anew, and finds who goes on
        return listener

    def _tell_taken_in(self) -> None:
        self._has_taken_in = True
        self.is_quieter()

    def _finish(self, drain: float) -> None:
        """Wait for the answers, stop what takes too long, and end."""
        reason = "the server is being stopped"
        grace = self._settings.grace
        with self._pool.lock:
            since = time.monotonic() - drain
            stopped = self.in_flight.stop(reason, lambda work: work.endless or work.since <= since)
            for work in stopped:
                if work.endless and work.connection is not None:
                    work.connection.close_soon()
            self._wait_until(lambda: all(work.ended for work in stopped), time.monotonic() + grace)
            for work in stopped:
                self.in_flight.abandon(work, reason)
            while not self._is_quiet() and (left := self._end_at - time.monotonic()) > 0:
                self._quieter.wait(left)
            self.in_flight.stop(reason)
            self._wait_until(self._is_quiet, time.monotonic() + grace)
        with self._closed:
            if not self._is_disposing:
                self._pool.end()
                self._pool.join(1.0)
                self._dispose()

    def _wait_until(self, is_true: Callable[[], bool], end: float) -> None:
        while not (self._pool.is_over or is_true()) and (left := end - time.monotonic()) > 0:
            self._quieter.wait(left)

    def _is_quiet(self) -> bool:
        if self._pool.is_over:
            return True
        if not self._has_taken_in or self.in_flight.has_running():
            return False
        return not any(self._is_gentle or each.is_busy for each in list(self.connections))

    def _dispose(self) -> None:
        self._is_disposing = True
        while self._later:  # nobody leads any more
            self._later.popleft()()
        if self._listener is not None:
            self._listener.close()
        for connection in list(self.connections):
            connection.close()
        self._selector.close()
        self._wakes.close()
        self.is_closed = True


#: Who gives way when there are too many connections: those that have been answered, those that have not said
#: what they want, those that wait for news, those that do not take their answer.
_GIVING_WAY = (
    (Phase.LINGERING,),
    (Phase.IDLE, Phase.HEAD, Phase.BODY),
    (Phase.HELD,),
    (Phase.FLUSHING,),
)


class _Waker:
    """Ends the wait of the thread that leads."""

    def __init__(self) -> None:
        self.reader, self._writer = socket.socketpair()
        self.reader.setblocking(False)
        self._writer.setblocking(False)
        self._is_set = False

    def wake(self) -> None:
        # No lock is held over the write, which gives up the interpreter's lock: every other thread would
        # come to wait for it.
        if not self._is_set:
            self._is_set = True
            try:
                self._writer.send(b"x")
            except OSError:  # full, so it wakes; or closed, so there is nobody to wake
                pass

    def drain(self, events: int) -> None:
        try:
            self.reader.recv(4096)
        except OSError:
            pass
        # Last: a byte that comes before this is taken above, and a mark without a byte would let all later
        # calls go unheard. Who finds the mark and sends nothing is served all the same: the thread that
        # leads looks at everything before it waits again.
        self._is_set = False

    def close(self) -> None:
        self.reader.close()
        self._writer.close()
