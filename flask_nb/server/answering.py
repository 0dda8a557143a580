"""Between waitress and the app: whatever the app does, nothing but an answer comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from waitress.buffers import ReadOnlyFileBasedBuffer  # type: ignore[import-untyped]

from flask_nb.errors import ViewCancelled

from .in_flight import InFlight, NoThreadLeftError, Work

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_log = logging.getLogger(__package__)


class Edge:
    """The WSGI app that waitress calls.

    :param app: the app behind it.
    :param in_flight: where its requests are listed.
    :param key_header: the header whose value names a request.
    """

    def __init__(self, app: WSGIApplication, in_flight: InFlight, key_header: str) -> None:
        self._app = app
        self._in_flight = in_flight
        self._key_variable = f"HTTP_{key_header.upper().replace('-', '_')}"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        work = Work(environ, environ.get(self._key_variable))
        return _Answer(work, self._in_flight, environ, start_response).open(self._app)


class _Answer:
    """What the app answers, chunk by chunk, with each step run where it can be stopped."""

    def __init__(
        self, work: Work, in_flight: InFlight, environ: WSGIEnvironment, start_response: StartResponse
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
            self._work.run(lambda: self._call(app))
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
            chunk: bytes = self._work.run(self._chunks.__next__)
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
                self._work.run(close, is_cleanup=True)
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
        self._work.leave()
        try:
            write(data)
        finally:
            self._work.enter()

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
        if isinstance(exc, NoThreadLeftError):
            return "503 Service Unavailable", str(exc)
        return "500 Internal Server Error", f"The app raised {type(exc).__name__}. The server goes on."

    def _log(self, exc: BaseException) -> None:
        if not isinstance(exc, (ViewCancelled, NoThreadLeftError)):
            _log.error("%s %s failed", self._work.method, self._work.path, exc_info=_exc_info(exc))


def _exc_info(exc: BaseException) -> Any:
    return type(exc), exc, exc.__traceback__


class _CutShortError(OSError):
    """Makes waitress close the connection, so that the client sees that the answer is incomplete.

    It takes an OSError for a connection that broke and makes no further words about it.
    """
