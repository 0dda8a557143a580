"""Standard streams that hand what a request prints to that request.

A context variable says which request the running code belongs to, so that views in many threads and
tasks print each into its own exchange while the cell that is running prints as ever.
"""

from __future__ import annotations

import io
import logging
import sys
import warnings
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Protocol, TextIO


class Sink(Protocol):
    """What takes the output of one request."""

    def write(self, kind: str, text: str) -> None:
        """Take a piece of printed text; kind is ``stdout`` or ``stderr``."""

    def warn(self, warning: warnings.WarningMessage) -> None:
        """Take a warning."""

    def log(self, record: logging.LogRecord) -> None:
        """Take a log record."""

    def fail(self, exc: BaseException) -> None:
        """Take the exception that made the view fail."""


CURRENT: ContextVar[Any] = ContextVar("flask_nb_exchange", default=None)
"""The recording of the request that the running code answers; None in a cell."""


# Whether a kernel's stream has been written to since it was flushed. It does not look itself: each flush is a
# wait for another thread, and IPython asks for four in a cell that prints nothing, two more for each display.
# The second name is that of a forked process.
_PENDING = ("_flush_pending", "_subprocess_flush_pending")

_TRACEBACK = "Traceback (most recent call last)"


class RequestStream:
    """A standard stream for cells and requests alike.

    It has no ``__setattr__``: IPython replaces ``write`` on the instance around every cell, and
    forwarding that to the stream beneath would make both call each other for ever.
    """

    def __init__(self, real: TextIO, kind: str) -> None:
        self.real = real
        self.kind = kind

    def write(self, text: str) -> int:
        """Write to the request's recording, or to the stream beneath."""
        sink = CURRENT.get()
        if sink is None:
            return self.real.write(text)
        sink.write(self.kind, text)
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write several pieces."""
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        """Flush the stream beneath if anything may wait in it; a recording has nothing to flush."""
        if CURRENT.get() is None and any(getattr(self.real, name, True) for name in _PENDING):
            self.real.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


class ErrorStream(io.TextIOBase):
    """The ``wsgi.errors`` of one request."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, text: str) -> int:
        """Write to the recording.

        A traceback of the exception that is being handled is how a framework reports what it answers by a
        500 (Falcon and Bottle do): that is the view's failure, and shown as such.
        """
        exc = sys.exc_info()[1] if _TRACEBACK in text else None
        if exc is not None and type(exc).__name__ in text:
            self._sink.fail(exc)
        else:
            self._sink.write("stderr", text)
        return len(text)


class StandardStreams:
    """The replacement of the process's standard streams, and of what warns and logs to them."""

    def __init__(self) -> None:
        self._users: set[int] = set()
        self.original_show_warning: Callable[..., None] = warnings.showwarning
        """Shows a warning as it was shown before."""
        self.original_handle = logging.Handler.handle
        """Handles a log record as it was handled before."""

    def install(self, user: object) -> None:
        """Put the proxies in place for one more user; a second call for the same one renews them."""
        self._users.add(id(user))
        for name in ("stdout", "stderr"):
            if not isinstance(getattr(sys, name), RequestStream):
                setattr(sys, name, RequestStream(getattr(sys, name), name))
        if warnings.showwarning is not show_warning:
            self.original_show_warning = warnings.showwarning
            warnings.showwarning = show_warning
        if logging.Handler.handle is not handle_record:
            self.original_handle = logging.Handler.handle
            logging.Handler.handle = handle_record  # type: ignore[method-assign]

    def renew(self, user: object) -> None:
        """Put the proxies back where something has replaced the streams since, such as ``%%capture``.

        Only the thread that replaces them may do so, or its own restoring would be undone.
        """
        if id(user) in self._users:
            self.install(user)

    def uninstall(self, user: object) -> None:
        """Take the proxies out with the last user. One that is in use elsewhere stays, and passes through."""
        self._users.discard(id(user))
        if self._users:
            return
        for name in ("stdout", "stderr"):
            while isinstance(stream := getattr(sys, name), RequestStream):
                setattr(sys, name, stream.real)
        if warnings.showwarning is show_warning:
            warnings.showwarning = self.original_show_warning
        if logging.Handler.handle is handle_record:
            logging.Handler.handle = self.original_handle  # type: ignore[method-assign]


def handle_record(self: logging.Handler, record: logging.LogRecord) -> bool:
    """Stand in for ``logging.Handler.handle``: what a request would log to the terminal belongs to it.

    Taken as records they are shown once, whatever number of handlers they reach, and without time and
    path. Filters on the handlers would miss those that a view makes, as ``logging.warning`` does.
    """
    sink = CURRENT.get()
    if sink is None or not _is_terminal(self):
        return STREAMS.original_handle(self, record)
    passed = bool(self.filter(record))
    if passed:
        sink.log(record)
    return passed


def _is_terminal(handler: logging.Handler) -> bool:
    stream = getattr(handler, "stream", None)
    if isinstance(stream, (RequestStream, ErrorStream)):  # also one behind a proxy such as the framework's
        return True
    known = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    beneath = [proxy.real for proxy in known if isinstance(proxy, RequestStream)]
    return stream is not None and any(stream is one for one in (*known, *beneath))


def show_warning(*args: Any, **options: Any) -> None:
    """Stand in for ``warnings.showwarning``: a request's warnings belong to its exchange."""
    sink = CURRENT.get()
    if sink is None:
        STREAMS.original_show_warning(*args, **options)
    else:
        sink.warn(warnings.WarningMessage(*args, **options))


STREAMS = StandardStreams()
"""One per process, as the streams are."""
