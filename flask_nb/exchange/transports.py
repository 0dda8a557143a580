"""The two ways on which a request travels: over the loopback socket, or by calling the app.

Both bring the same status, headers and body, but for the headers that a server adds.
"""

from __future__ import annotations

import asyncio
import contextvars
import http.client
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import chain
from typing import Any, Protocol

from flask_nb.errors import ConnectionLostError, RequestError, RequestTimeoutError
from flask_nb.wsgi import (
    NO_HEAD,
    STARTED_TWICE,
    NotWSGIError,
    check_chunk,
    check_head,
    error_body,
    explain,
    fitting_headers,
    is_bodiless,
)

from .reading import ENDLESS, BodyReader, RawResponse, is_endless
from .recorder import KEY_ENVIRON, KEY_HEADER, WSGIApp
from .request import Request
from .waiting import Deadline, Watchdog, WorkerCall

_TEXT = "text/plain; charset=utf-8"
_CUT_SHORT = "cut short: the server closed the connection"


# http.client reads a hundred header fields, takes more for an attack, and has no argument for it before
# Python 3.15. Here the app on the other side is the user's own.
http.client._MAXHEADERS = max(getattr(http.client, "_MAXHEADERS", 0), 10_000)  # type: ignore[attr-defined]


class Transport(Protocol):
    """A way for requests to travel."""

    def send(self, request: Request, key: str) -> RawResponse:
        """Send a request and return its response.

        :param key: the recording's key; empty if nothing is to be recorded.
        :raises RequestTimeoutError: if the view did not answer in time.
        :raises ConnectionLostError: if the server went away.
        """


class SocketTransport:
    """Sends over the loopback socket.

    A thread of its own reads the answer while the caller waits, so that an interrupt gets through on
    every system and the timeout holds for the whole exchange, however slowly it drips.

    :param address: returns the server's host and port, asked anew for each request.
    :param abandon: told the key of a request that nobody waits for any more, so that its view can be stopped.
        It returns what kept the request from being answered, where that was not its view.
    """

    def __init__(
        self, address: Callable[[], tuple[str, int]], abandon: Callable[[str], str | None] = lambda key: None
    ) -> None:
        self._address = address
        self._abandon = abandon

    def send(self, request: Request, key: str) -> RawResponse:
        """Send a request and return its response."""
        connection = _Connection(request, key, *self._address())
        deadline = Deadline(request.timeout)  # first: the view may have all of Python before this goes on
        call: WorkerCall[RawResponse] | None = None
        try:
            call = WorkerCall(connection.exchange)  # in here: the view may have begun before this returns
            response = call.wait(deadline)
        except TimeoutError:
            held = _describe_hold(deadline)
            partial = connection.partial_response()
            reason = self._give_up(connection, call, key)
            if partial is None:
                raise RequestTimeoutError(str(request), request.timeout, held or reason) from None
            return partial
        except KeyboardInterrupt:
            self._give_up(connection, call, key)
            raise
        except (OSError, http.client.HTTPException) as exc:
            raise ConnectionLostError(_lost(request, exc)) from exc
        if response.truncated:
            self._abandon(key)
        return response

    def _give_up(self, connection: _Connection, call: WorkerCall[RawResponse] | None, key: str) -> str:
        reason = self._abandon(key)
        connection.abort()
        if call is not None:
            call.join(1)
        return reason or ""


class _Connection:
    """One connection for one request."""

    def __init__(self, request: Request, key: str, host: str, port: int) -> None:
        self._request = request
        self._key = key
        self._connection = http.client.HTTPConnection(host, port, timeout=request.timeout + 5)
        self._socket: socket.socket | None = None
        self._head: tuple[str, tuple[tuple[str, str], ...]] | None = None
        self._reader = BodyReader(is_sized=True)

    def exchange(self) -> RawResponse:
        """Send the request and read the answer within the limits."""
        with closing(self._connection):
            self._send()
            with closing(self._connection.getresponse()) as response:
                return self._read(response)

    def _send(self) -> None:
        self._connection.connect()
        self._socket = self._connection.sock
        self._connection.putrequest(
            self._request.method, self._request.path, skip_host=True, skip_accept_encoding=True
        )
        for name, value in self._request.wire_headers():
            self._connection.putheader(name, value.encode("latin-1", "replace"))
        if self._key:
            self._connection.putheader(KEY_HEADER, self._key)
        try:
            self._connection.endheaders(self._request.body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server may have answered before it had read all of the body, such as 413

    def _read(self, response: http.client.HTTPResponse) -> RawResponse:
        status = f"{response.status} {response.reason}".rstrip()
        self._reader = BodyReader(is_sized=response.length is not None)
        self._head = status, tuple(response.getheaders())
        if not self._request.takes_streams and is_endless(response.headers.get("Content-Type", "")):
            self._reader.cut(ENDLESS)
            return self._response()
        try:
            self._reader.read_all(lambda size: self._read_some(response, size))
            if response.length:
                self._reader.cut(_CUT_SHORT)
        except TimeoutError:
            self._reader.cut_for_time()
        except (OSError, http.client.HTTPException):
            self._reader.cut(_CUT_SHORT)
        return self._response()

    def _read_some(self, response: http.client.HTTPResponse, size: int) -> bytes:
        # A stream that stalls is cut, not failed: each read may take only what is left of the time.
        if not self._reader.is_sized and self._socket is not None:
            self._socket.settimeout(max(0.01, self._reader.seconds_left))
        return response.read1(size)

    def partial_response(self) -> RawResponse | None:
        """Return what has come of an answer that has no known end, None of any other."""
        if self._head is None or self._reader.is_sized:
            return None
        self._reader.cut(f"cut after {self._request.timeout:g} s: the answer has no Content-Length")
        return self._response()

    def _response(self) -> RawResponse:
        status, headers = self._head or ("", ())
        return RawResponse(status, headers, self._reader.body, self._reader.truncated)

    def abort(self) -> None:
        """Wake the reading thread by closing under it."""
        if self._socket is not None:
            try:
                self._socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


def _lost(request: Request, exc: Exception) -> str:
    if isinstance(exc, ConnectionRefusedError):
        return f"{request} found no server to answer it. Start it with %serve"
    return (
        f"{request} lost its connection before the server had answered. See %serve status, and send it again"
    )


class InProcessTransport:
    """Calls the WSGI app in the calling thread, so that debuggers and SQLite connections work.

    :param app: the WSGI app, behind the gate and the recorder as the server's is.
    :param needs_worker: tells which requests reach an async view. Those run in a thread of their own while
        an event loop runs in this one: no loop can be run inside another.
    """

    def __init__(self, app: WSGIApp, needs_worker: Callable[[Request], bool] = lambda request: False) -> None:
        self._app = app
        self._needs_worker = needs_worker

    def send(self, request: Request, key: str) -> RawResponse:
        """Call the app and return its response."""
        call = _Call(self._app, request, key)
        run = self._in_worker if _has_running_loop() and self._needs_worker(request) else self._here
        deadline = Deadline(request.timeout)
        try:
            return run(call, request, deadline)
        except TimeoutError:
            held = _describe_hold(deadline)
            raise RequestTimeoutError(str(request), request.timeout, held) from None

    def _here(self, call: _Call, request: Request, deadline: Deadline) -> RawResponse:
        # The head and the body are watched apart. A view that never answers is an error; an answer that has
        # begun and has no announced end is shown as far as it came, since it may be a stream on purpose.
        try:
            Watchdog(deadline.left).run(lambda: _without_loop(call.start))
            seconds = min(deadline.left, call.reader.seconds_left)
            if call.has_body:
                try:
                    Watchdog(seconds).run(lambda: _without_loop(call.read))
                except TimeoutError:
                    if call.reader.is_sized:
                        raise
                    call.reader.cut_for_time()
        finally:
            call.close()
        return call.response()

    def _in_worker(self, call: _Call, request: Request, deadline: Deadline) -> RawResponse:
        try:
            worker = WorkerCall(call.run, contextvars.copy_context())
        except RuntimeError as exc:  # a browser's Python has no threads
            raise RequestError(
                f"{request} reaches an async view, hook or handler, which needs a thread, and here none can "
                f"be started ({exc}). Make it a plain function: def instead of async def"
            ) from None
        try:
            return worker.wait(deadline)
        except (TimeoutError, KeyboardInterrupt):
            worker.stop()
            worker.join(1)
            raise


def _describe_hold(deadline: Deadline) -> str:
    """Say that no thread had a turn when the time was up, and what to do; empty if they had."""
    if not deadline.seconds_held:
        return ""
    return (
        f"for {deadline.seconds_held:.0f} s and more one call kept all of Python to itself, such as a "
        "regular expression, sorted(…) or a function of a library in C. Give it less to do, or run it in "
        "another process"
    )


def _without_loop(call: Callable[[], None]) -> None:
    """Make a call as if no event loop were running in this thread, so that it may run one of its own.

    That of a notebook's kernel waits meanwhile, as for any cell. These functions are asyncio's for those
    who extend it.
    """
    loop = asyncio._get_running_loop()
    if loop is None or sys.platform == "emscripten":  # a browser's loop cannot be left
        return call()
    task = asyncio.current_task(loop)
    if task is not None:
        asyncio.tasks._leave_task(loop, task)
    asyncio._set_running_loop(None)
    try:
        return call()
    finally:
        asyncio._set_running_loop(loop)
        asyncio.set_event_loop(loop)  # asyncio.run() leaves none behind
        if task is not None:
            asyncio.tasks._enter_task(loop, task)


def _has_running_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class _Call:
    """One call of a WSGI app (PEP 3333)."""

    def __init__(self, app: WSGIApp, request: Request, key: str) -> None:
        self._app = app
        self._request = request
        self._environ = request.environ()
        if key:
            self._environ[KEY_ENVIRON] = key
        self._head: tuple[str, list[tuple[str, str]]] | None = None
        self._answer: Iterable[bytes] = ()
        self._chunks: Iterator[bytes] = iter(())
        self._first: list[bytes] = []
        self.reader = BodyReader(is_sized=True)

    def run(self) -> RawResponse:
        """Make the whole call."""
        try:
            self.start()
            if self.has_body:
                self.read()
        finally:
            self.close()
        return self.response()

    def start(self) -> None:
        """Call the app and go on until it has said status and headers."""
        self._answer = self._app(self._environ, self._start_response)
        try:
            self._chunks = iter(self._answer)
            while self._head is None:
                chunk = next(self._chunks, None)
                if chunk is None:
                    raise NotWSGIError(NO_HEAD)
                self._first.append(chunk)
        except NotWSGIError as exc:
            self._fail(exc)
        self.reader = BodyReader(is_sized=self._is_sized())

    def _fail(self, exc: NotWSGIError) -> None:
        """Answer in place of the app, in the words of the server."""
        status = "500 Internal Server Error"
        body = error_body(status, explain(exc))
        self._head = status, [("Content-Type", _TEXT), ("Content-Length", str(len(body)))]
        self._first, self._chunks = [body], iter(())

    def _is_sized(self) -> bool:
        # A server knows the length of an answer of one chunk, and adds the header itself.
        has_length = any(name.lower() == "content-length" for name, _ in (self._head or ("", []))[1])
        return has_length or (isinstance(self._answer, (list, tuple)) and len(self._answer) <= 1)

    @property
    def _content_type(self) -> str:
        headers = (self._head or ("", []))[1]
        return next((value for name, value in headers if name.lower() == "content-type"), "")

    @property
    def has_body(self) -> bool:
        """Whether there is a body to read: the response may have one (RFC 9110 §6.4.1), and it is wanted."""
        if not self._request.takes_streams and is_endless(self._content_type):
            self.reader.cut(ENDLESS)
            return False
        return self._request.method != "HEAD" and not is_bodiless((self._head or ("",))[0])

    def read(self) -> None:
        """Read the body within the limits."""
        try:
            for chunk in chain(self._first, self._chunks):
                check_chunk(chunk)
                if not self.reader.add(chunk):
                    return
        except NotWSGIError as exc:
            if self.reader.body:  # over a socket it would be on its way
                self.reader.cut(_CUT_SHORT)
                return
            self._fail(exc)
            self.reader.add(self._first[0])

    def close(self) -> None:
        """Close the app's answer, as every server must."""
        close = getattr(self._answer, "close", None)
        if close is not None:
            close()

    def response(self) -> RawResponse:
        """Return the response as far as it was read."""
        status, headers = self._head or ("", [])
        return RawResponse(status, tuple(headers), self.reader.body, self.reader.truncated)

    def _start_response(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if self._head is not None and exc_info is None:
            raise NotWSGIError(STARTED_TWICE)
        check_head(status, headers)
        self._head = status, fitting_headers(status, headers)
        return self._first.append  # the old write() callable
