"""One connection: requests come in, answers go out, one after the other."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum, auto
from math import inf
from selectors import EVENT_READ, EVENT_WRITE
from typing import TYPE_CHECKING, Any, Protocol

from flask_nb import server

from .broadcast import Broadcast
from .heads import REASONS, Refused, plain_request
from .in_flight import Work
from .writing import BytesBody, ClientLeftError, FileBody, error_answer

if TYPE_CHECKING:
    from .parsing import RequestParser

__all__ = ["Connection", "Owner", "Phase"]

_log = logging.getLogger(__package__)

#: Seconds: without a request; from the first byte of a head to its last; without a byte of a body; without
#: taking a byte of the answer; and for a client that was refused to take notice.
IDLE, HEAD, BODY, UNREAD, LINGER = 30.0, 10.0, 30.0, 30.0, 2.0

#: Seconds between two signs of life to a client that waits for news: proxies cut what is silent for a minute.
BEAT = 20.0

#: Bytes that are read at once.
_PIECE = 65536

#: Bytes that a client may send ahead, while its last request is being answered.
_AHEAD = 65536

#: Bytes that an answer may be ahead of its reader before the view has to wait.
_UNSENT = 1_048_576


class Phase(Enum):
    """Where a connection stands."""

    IDLE = auto()  # no byte of a request has come
    HEAD = auto()
    BODY = auto()
    ANSWERING = auto()  # the request waits for a thread, or has one
    FLUSHING = auto()  # the answer is complete, and not all of it has been taken
    HELD = auto()  # the client waits for news
    LINGERING = auto()  # what still comes is thrown away


class Owner(Protocol):
    """What a connection needs of the server's run."""

    key_name: str
    max_body: int
    connections: set[Connection]

    is_closing: bool

    @property
    def is_ending(self) -> bool:
        """Whether a connection ends with the answer that is on its way, whatever was promised."""

    def queue(self, work: Work) -> None:
        """Let a request wait for its turn."""

    def lost(self, work: Work, *, may_end: bool) -> None:
        """The client of a request has left."""

    def call(self, do: Callable[[], object]) -> None:
        """Do something in the thread that leads; at once, if that is the calling one."""

    def call_later(self, do: Callable[[], object]) -> None:
        """Do something in the thread that leads, before it watches the next time."""

    def watch(self, connection: Connection, events: int) -> None:
        """Watch for these events; in the thread that leads only."""

    def step_aside(self) -> None:
        """Let another thread lead, since the calling one is about to wait."""

    def is_quieter(self) -> None:
        """A connection has been closed, or an answer completed."""


class Connection:
    """One connection.

    The thread that leads reads, closes, and sends what is left of an answer. The thread that answers writes;
    nobody else touches the socket.

    :param owner: the server's run.
    :param sock: the socket, which does not block.
    :param address: the client's.
    """

    def __init__(self, owner: Owner, sock: socket.socket, address: Any) -> None:
        self.socket = sock
        self.address = address
        self.phase = Phase.IDLE
        self.since = time.monotonic()  # when it began to wait for its client
        self.deadline = self.since + IDLE
        self.left_at = inf  # when the client had nothing more to say
        self.watched = 0  # the events that the selector watches
        self.work: Work | None = None
        self.facts: dict[str, Any] = {}  # what others have found out about the client
        self._owner = owner
        self._lock = threading.Condition()
        self._is_open = True
        self._parser: RequestParser | None = None
        self._has_continued = False
        self._ahead = b""
        self._unsent: deque[BytesBody | FileBody] = deque()
        self._unsent_size = 0
        self._left_in_system = 0  # bytes that have been sent and not acknowledged
        self._keep = False
        self._broadcast: Broadcast | None = None
        self._watch()

    @property
    def is_gone(self) -> bool:
        """Whether nobody is there any more to read an answer."""
        return not self._is_open or self.left_at != inf

    @property
    def unread(self) -> int:
        """How many bytes are kept here for a client that does not read them yet."""
        return self._unsent_size

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self.phase in (Phase.ANSWERING, Phase.FLUSHING)

    # What the thread that leads calls.

    def handle(self, events: int) -> None:
        """Go on, now that the socket can be read or written."""
        with self._lock:
            try:
                if self._is_open and events & EVENT_WRITE:
                    self._flush()
                if self._is_open and events & EVENT_READ:
                    self._read()
                self._watch()
            except Exception:  # whatever it is, the others must not suffer from it
                _log.exception("A connection failed and is closed")
                self._lose()

    def check(self, now: float) -> None:
        """Close it if its time is up."""
        with self._lock:
            if now < self.deadline or not self._is_open or (self._unsent and self._is_being_read()):
                return
            if self.phase is Phase.HELD and not self._unsent:
                self.deadline = now + BEAT
                self._put(_SIGN_OF_LIFE)
            elif self.phase in (Phase.HEAD, Phase.BODY):
                part = "the head" if self.phase is Phase.HEAD else "the body"
                self._refuse(Refused(408, f"The rest of {part} of the request did not come in time."))
                self._watch()
            else:
                self._lose()

    def close(self) -> None:
        """Close it, whatever is going on."""
        with self._lock:
            if self._is_open:
                self._lose()

    def retire(self) -> None:
        """Close it unless a request has arrived."""
        with self._lock:
            if self._is_open and self.phase is Phase.IDLE:
                self._read()
            if self._is_open and self.phase in (Phase.IDLE, Phase.HEAD, Phase.BODY, Phase.HELD):
                self._lose()

    def turn_away(self) -> None:
        """Say that there are too many others, and end."""
        with self._lock:
            self._refuse(Refused(503, "The server has as many connections as it can have. Try again."))
            self._watch()

    def leave_to_parent(self) -> None:
        """Close the copy of the socket in a forked process, where nobody will ever release the lock."""
        self._lock = threading.Condition()
        self._is_open = False
        self.socket.close()

    # What the thread that answers calls.

    def send(self, data: bytes) -> None:
        """Write a part of the answer; wait if the client does not keep up.

        :raises ClientLeftError: there is nobody to write to.
        """
        with self._lock:
            while self._is_open and self._unsent_size > _UNSENT:
                self._owner.step_aside()
                self._lock.wait()
            self._put(data)
            if not self._is_open:
                raise ClientLeftError

    def send_file(self, body: FileBody) -> None:
        """Let a file be sent, and closed, by the thread that leads."""
        with self._lock:
            if not self._is_open:
                raise ClientLeftError
            self._unsent.append(body)
            self._unsent_size += body.size
            self._flush()

    def hold(self, broadcast: Broadcast) -> None:
        """Let the answer go on with what is told from now on, instead of ending."""
        self._broadcast = broadcast

    def finish(self, *, keep: bool) -> None:
        """Go on to the next request once the answer has been sent.

        :param keep: whether there may be a next one.
        """
        if self._broadcast is not None:
            self._listen(self._broadcast)
            return
        with self._lock:
            self.work = None
            if self._is_open:
                self._keep = keep
                self._enter(Phase.FLUSHING, UNREAD)
                if not self._unsent:
                    self._go_on()
                self._watch()
        self._owner.is_quieter()

    def _listen(self, broadcast: Broadcast) -> None:
        with self._lock:
            self.work = None
            if not self._is_open or self.left_at != inf or self._owner.is_closing:
                self._lose()
                return
            self._enter(Phase.HELD, BEAT)
            self.since = time.monotonic()
            self._watch()
        broadcast.join(self)
        if not self._is_open:  # it has left meanwhile, and nobody would take it out
            broadcast.leave(self)

    # What any thread may call.

    def push(self, data: bytes) -> None:
        """Tell the client something, if it waits for news."""
        self._owner.call_later(lambda: self._push(data))

    def close_soon(self) -> None:
        """Let it be closed by the thread that leads."""
        self._owner.call_later(self.close)

    # Reading. From here on under the lock.

    def _read(self) -> None:
        try:
            data = self.socket.recv(_PIECE)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            self._lose()
            return
        if not data:
            self._read_end()
        elif self.phase in (Phase.ANSWERING, Phase.FLUSHING):
            self._ahead += data
        elif self.phase not in (Phase.LINGERING, Phase.HELD):
            self._feed(data)

    def _read_end(self) -> None:
        """The client says no more. It has left, or has closed its half and still listens."""
        if self.phase in (Phase.ANSWERING, Phase.FLUSHING):
            self.left_at = time.monotonic()
            if self.work is not None:
                self._owner.lost(self.work, may_end=True)
        else:
            self._lose()

    def _feed(self, data: bytes) -> None:
        parser = self._parser
        if parser is None:
            data = data.lstrip(b"\r\n")  # some clients send an empty line after a body (RFC 9112 §2.2)
            if not data:
                return
            if (plain := plain_request(data)) is not None:
                request, count = plain
                self._take(request, data[count:])
                return
            self._parser = parser = server.RequestParser(self._owner.max_body)
            self._has_continued = False
            self._enter(Phase.HEAD, HEAD)
        count = parser.received(data)
        while count < len(data) and not parser.completed:  # the head takes no more than what is its own
            data = data[count:]
            count = parser.received(data)
        if parser.error is not None:
            self._refuse(parser.error)
        elif parser.completed:
            self._parser = None
            self._take(parser, data[count:])
        elif parser.headers_finished:
            self._enter(Phase.BODY, BODY)
            if parser.expect_continue and not self._has_continued:
                self._has_continued = True
                self._put(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _take(self, request: Any, ahead: bytes) -> None:
        """Let a request be answered that is there as a whole.

        :param ahead: what came behind it.
        """
        self._ahead = ahead
        self._enter(Phase.ANSWERING, inf)
        self.work = Work(request, request.headers.get(self._owner.key_name), self)
        self._owner.queue(self.work)

    def _refuse(self, reason: Any) -> None:
        """Answer a request that no app gets to see, and end the connection."""
        self._parser = None
        self._ahead = b""
        self._keep = False
        self._enter(Phase.FLUSHING, UNREAD)
        self._put(error_answer(reason.code, REASONS.get(reason.code, "Error"), reason.body))
        if self._is_open and not self._unsent:
            self._linger()

    # Writing.

    def _push(self, data: bytes) -> None:
        with self._lock:
            if self._is_open and self.phase is Phase.HELD:
                if self._unsent:  # it does not read, and will ask anew
                    self._lose()
                else:
                    self._put(data)
                    self._watch()

    def _put(self, data: bytes) -> None:
        """Send, and keep what does not get through at once."""
        if not self._is_open:
            return
        sent = 0
        if not self._unsent:
            try:
                sent = self.socket.send(data)
            except (BlockingIOError, InterruptedError):
                pass
            except OSError:
                self._lose()
                return
        if sent < len(data):
            self._unsent.append(BytesBody(memoryview(data)[sent:]))
            self._unsent_size += len(data) - sent
            self._await_reader()
            self._watch()

    def _flush(self) -> None:
        """Send what has been kept."""
        size = self._unsent_size
        try:
            while self._unsent:
                self._send_some(self._unsent[0])
        except (BlockingIOError, InterruptedError):
            pass
        except Exception:  # the connection broke, or the file cannot be read
            self._lose()
            return
        if self._unsent_size < size:
            self._await_reader()
        if self._unsent_size <= _UNSENT:
            self._lock.notify_all()
        if not self._unsent and self.phase is Phase.FLUSHING:
            self._go_on()
        elif not self._unsent and self.phase is Phase.ANSWERING:
            self.deadline = inf

    def _send_some(self, part: BytesBody | FileBody) -> None:
        block = part.next_block()
        if block:
            sent = self.socket.send(block)
            part.skip(sent)
            self._unsent_size -= sent
        elif part.size:
            raise EOFError("the file has become shorter, so the answer will never be complete")
        if not part.size:
            part.close()
            self._unsent.popleft()

    def _go_on(self) -> None:
        """Begin with the next request, or end: the answer has been sent."""
        if self._keep and not self._owner.is_ending and self.left_at == inf:
            self._enter(Phase.IDLE, IDLE)
            self.since = time.monotonic()
            if self._ahead:
                data, self._ahead = self._ahead, b""
                self._feed(data)
        elif self._ahead:
            self._linger()
        else:
            self._lose()

    def _linger(self) -> None:
        """Say that no more will come, and let the client read: closing now could destroy the answer.

        What the client has sent and nobody has read makes the system answer with a reset (RFC 9112 §9.6).
        """
        self._ahead = b""
        self._enter(Phase.LINGERING, LINGER)
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self._lose()

    def _await_reader(self) -> None:
        self.deadline = time.monotonic() + UNREAD
        self._left_in_system = _left_in_system(self.socket)

    def _is_being_read(self) -> bool:
        """Whether the client has taken something meanwhile: the system keeps megabytes for it."""
        before = self._left_in_system
        self._await_reader()
        return self._left_in_system < before

    # Waiting and ending.

    def _enter(self, phase: Phase, seconds: float) -> None:
        self.phase = phase
        self.deadline = time.monotonic() + seconds

    def _watch(self) -> None:
        """Tell the selector what this connection waits for."""
        if self._is_open and self._wanted() != self.watched:
            self._owner.call(self._set_watch)

    def _wanted(self) -> int:
        is_reading = self.left_at == inf and len(self._ahead) < _AHEAD
        return (EVENT_READ if is_reading else 0) | (EVENT_WRITE if self._unsent else 0)

    def _set_watch(self) -> None:
        with self._lock:  # in the thread that leads, perhaps a little later
            if self._is_open and (wanted := self._wanted()) != self.watched:
                self._owner.watch(self, wanted)
                self.watched = wanted

    def _lose(self) -> None:
        """Let nobody use it any more, and have it closed."""
        self._is_open = False
        if self._broadcast is not None:
            self._broadcast.leave(self)
        for part in self._unsent:
            part.close()
        self._unsent.clear()
        self._unsent_size = 0
        self._ahead = b""
        self._parser = None
        self._lock.notify_all()
        self._owner.call(self._dispose)
        if self.work is not None:
            # A view that is just writing finds out by itself, and may then clean up in peace.
            is_writing = self.work.thread == threading.get_ident()
            self._owner.lost(self.work, may_end=is_writing)

    def _dispose(self) -> None:
        if self.watched:
            self._owner.watch(self, 0)
            self.watched = 0
        self.socket.close()
        self._owner.connections.discard(self)
        self._owner.is_quieter()


#: A comment, which no event stream's reader hears (HTML standard, server-sent events).
_SIGN_OF_LIFE = b":\n\n"


def _left_in_system(sock: socket.socket) -> int:
    """Return how many bytes have been sent and not been acknowledged, 0 where the system does not tell."""
    try:
        from fcntl import ioctl
        from termios import TIOCOUTQ

        return int.from_bytes(ioctl(sock, TIOCOUTQ, b"\0" * 4), sys.byteorder)
    except (ImportError, OSError):
        return 0
