"""Between a connection and the app: whatever the app does, nothing but an answer comes out."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, Any

from flask_nb.errors import ViewCancelled
from flask_nb.wsgi import (
    CLIENT,
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

from .broadcast import HeldBody
from .in_flight import InFlight, NoThreadLeftError, Work
from .writing import ClientLeftError, FileBody, head, server_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from .connection import Connection

__all__ = ["Answer", "Place"]

_log = logging.getLogger(__package__)

#: What follows the last part of a body: anything but what an app may give by mistake.
_END: Any = object()

#: Bodies up to this size are sent together with the head.
_SMALL = 65536

_NO_WEBSOCKETS = (
    "A WebSocket was asked for, and the server in the notebook has none. flask-nb run has them: run it in a "
    "terminal."
)


class Place:
    """Where a server stands, for the environ.

    :param host: the address that is bound.
    :param port: the port that is bound.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = str(port)

    def environ(self, request: Any, connection: Connection) -> WSGIEnvironment:
        """Return the environ of a request (PEP 3333)."""
        path = request.path
        environ: WSGIEnvironment = {
            "REQUEST_METHOD": request.command,
            "SCRIPT_NAME": "",
            # A path that begins with more slashes could be taken for a host (RFC 3986 §3.3).
            "PATH_INFO": "/" + path.lstrip("/") if path.startswith("/") else path,
            "QUERY_STRING": request.query,
            "REQUEST_URI": request.request_uri,
            "SERVER_NAME": self.host,
            "SERVER_PORT": self.port,
            "SERVER_PROTOCOL": f"HTTP/{request.version}",
            "SERVER_SOFTWARE": "flask_nb",
            "REMOTE_ADDR": connection.address[0],
            "REMOTE_HOST": connection.address[0],
            "REMOTE_PORT": str(connection.address[1]),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": request.get_body_stream(),
            "wsgi.input_terminated": True,
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "wsgi.file_wrapper": FileBody,
            # Under waitress' name, since apps know it.
            "waitress.client_disconnected": lambda: connection.is_gone,
            CLIENT: connection.facts,
        }
        for name, value in request.headers.items():
            environ[name if name in _WITHOUT_PREFIX else f"HTTP_{name}"] = value
        return environ


_WITHOUT_PREFIX = frozenset({"CONTENT_LENGTH", "CONTENT_TYPE"})


class Answer:
    """What the app answers to one request, each step run where it can be stopped.

    :param work: the request.
    :param connection: where the answer goes.
    :param environ: the request for the app.
    :param in_flight: where the request is listed.
    :param may_keep: whether the connection may be kept, if the client wants to.
    """

    def __init__(
        self,
        work: Work,
        connection: Connection,
        environ: WSGIEnvironment,
        in_flight: InFlight,
        *,
        may_keep: bool,
    ) -> None:
        self._work = work
        self._connection = connection
        self._environ = environ
        self._in_flight = in_flight
        self._version = work.request.version
        self._has_body = work.method != "HEAD"  # may have one
        self.keeps = may_keep and _wants_to_keep(work.request)
        self._status: str | None = None
        self._headers: list[tuple[str, str]] = []
        self._length: int | None = None
        self._head_is_sent = self._is_chunked = self._is_held = False
        self._written = 0

    def give(self, app: WSGIApplication) -> None:
        """Call the app and write what it answers; nothing is raised."""
        body: Iterable[bytes] = ()
        try:
            self._in_flight.admit(self._work)
            if self._environ.get("HTTP_UPGRADE", "").lower() == "websocket":
                self._say("501 Not Implemented", _NO_WEBSOCKETS)
                return
            body = self._work.run(lambda: app(self._environ, self._start))
            self._write_body(body)
        except BaseException as exc:
            self._fail(exc)
        finally:
            self._close(body)

    # What the app calls.

    def _start(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], object]:
        if exc_info is not None and self._head_is_sent:
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and self._status is not None:
            raise NotWSGIError(STARTED_TWICE)
        check_head(status, headers)
        self._length = None
        for name, value in headers:
            lowered = name.lower()
            if lowered == "content-length":
                self._length = int(value)
            elif lowered == "content-type":
                self._work.endless = value.startswith("text/event-stream")
        self._status, self._headers = status, fitting_headers(status, headers)
        if is_bodiless(status):
            self._has_body = False
        return self._write_in_between

    def _write_in_between(self, data: bytes) -> None:
        """Write what the app gives to the old ``write``: it cannot be stopped meanwhile."""
        self._work.leave()
        try:
            self._write(data)
        finally:
            self._work.enter()

    # The body.

    def _write_body(self, body: Iterable[bytes]) -> None:
        if isinstance(body, FileBody) and self._is_sent_by_itself(body):
            return
        if isinstance(body, HeldBody) and self._has_body:
            self._hold(body)
            return
        if type(body) in (list, tuple):
            # None of the app's code is run any more, so the place is free.
            self._in_flight.end(self._work)
            if self._length is None and not self._head_is_sent:
                self._length = sum(map(len, body))
            for chunk in body:
                self._write(chunk)
        else:
            chunks: Iterator[bytes] = self._work.run(lambda: iter(body))
            is_single = isinstance(body, Sized) and len(body) == 1
            while (part := self._work.run(lambda: next(chunks, _END))) is not _END:
                if is_single and self._length is None:
                    self._length = len(part)
                self._write(part)
        self._finish()

    def _write(self, data: bytes) -> None:
        """Write a part of the body; the head comes with the first part that is not empty."""
        check_chunk(data)
        if not data:
            return
        if not self._has_body:
            data = b""
        elif self._length is not None:
            data = data[: max(0, self._length - self._written)]
        self._written += len(data)
        begin = b"" if self._head_is_sent else self._head()
        if self._is_chunked:
            data = b"%x\r\n%b\r\n" % (len(data), data)
        if begin and len(data) > _SMALL:
            self._send(begin)
            begin = b""
        if begin or data:
            self._send(begin + data)

    def _finish(self) -> None:
        """Write what is still to come after the last part."""
        end = b"" if self._head_is_sent else self._head(is_empty=True)
        if self._is_chunked:
            end += b"0\r\n\r\n"
        if end:
            self._send(end)
        if self._has_body and self._length is not None and self._written < self._length:
            _log.warning(
                "%s %s gave %d bytes, and its Content-Length says %d",
                self._work.method, self._work.path, self._written, self._length,
            )  # fmt: skip
            self.keeps = False  # the client must see that the rest will not come

    def _is_sent_by_itself(self, body: FileBody) -> bool:
        """Whether the file is one that needs no thread; then it is on its way."""
        size = body.measure(self._length)
        if not size or self._head_is_sent or not self._has_body:
            return False
        if self._length is None or self._length > size:
            self._length = size
            self._headers = [pair for pair in self._headers if pair[0].lower() != "content-length"]
        self._in_flight.end(self._work)
        self._send(self._head())
        self._connection.send_file(body)
        return True

    def _hold(self, body: HeldBody) -> None:
        """Begin an answer that goes on when there is news; it ends with the connection."""
        self._is_held = True
        self._in_flight.end(self._work)
        self._send(self._head())
        self._connection.hold(body.broadcast)

    def _head(self, *, is_empty: bool = False) -> bytes:
        """Return the head, and settle how the body is told from what comes after it (RFC 9112 §6)."""
        if self._status is None:
            raise NotWSGIError(NO_HEAD)
        headers = self._headers
        has_length = any(name.lower() == "content-length" for name, _ in headers)
        if not (has_length or is_bodiless(self._status)):
            if self._length is None and is_empty:
                self._length = 0
            if self._length is not None:
                headers = [*headers, ("Content-Length", str(self._length))]
            elif self._version == "1.1" and not self._is_held:
                headers = [*headers, ("Transfer-Encoding", "chunked")]
                self._is_chunked = self._has_body
            else:
                self.keeps = False
        names = {name.lower() for name, _ in headers}
        headers = [*headers, *(pair for pair in server_headers() if pair[0].lower() not in names)]
        if not self.keeps:
            headers.append(("Connection", "close"))
        elif self._version == "1.0":
            headers.append(("Connection", "keep-alive"))
        data = head(self._version, self._status, headers)
        self._head_is_sent = True
        return data

    def _send(self, data: bytes) -> None:
        self._connection.send(data)

    # The end.

    def _close(self, body: Iterable[bytes]) -> None:
        """Close the app's iterable, as PEP 3333 demands however the request ended."""
        close = getattr(body, "close", None)
        try:
            if close is not None and not (isinstance(body, FileBody) and body.size):
                self._work.run(close, is_cleanup=True)
        except BaseException as exc:
            self._log(exc)
        finally:
            self._in_flight.end(self._work)

    def _fail(self, exc: BaseException) -> None:
        """Answer with an error, or where the answer has begun already, cut it short."""
        if isinstance(exc, ClientLeftError):
            self.keeps = False
            return
        self._log(exc)
        if self._head_is_sent:
            self.keeps = False
            return
        if isinstance(exc, ViewCancelled):
            self._say("503 Service Unavailable", f"This request was stopped: {self._work.reason}.")
        elif isinstance(exc, NoThreadLeftError):
            self._say("503 Service Unavailable", str(exc))
        else:
            self._say("500 Internal Server Error", explain(exc))

    def _say(self, status: str, text: str) -> None:
        """Answer in place of the app."""
        body = error_body(status, text)
        self._status = status
        self._headers = [("Content-Type", "text/plain; charset=utf-8")]
        self._length, self._written, self._has_body = len(body), 0, self._work.method != "HEAD"
        try:
            self._write(body)
            self._finish()
        except ClientLeftError:
            self.keeps = False

    def _log(self, exc: BaseException) -> None:
        if not isinstance(exc, (ViewCancelled, NoThreadLeftError, ClientLeftError)):
            path = self._work.path.encode("latin-1").decode(errors="replace")
            _log.error("%s %s failed", self._work.method, path, exc_info=(type(exc), exc, exc.__traceback__))


def _wants_to_keep(request: Any) -> bool:
    options = request.headers.get("CONNECTION", "").lower()
    if request.version == "1.1":
        return "close" not in options
    return "keep-alive" in options
