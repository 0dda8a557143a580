"""Answers in the form in which they go over the wire (RFC 9112), and files that are sent as they are."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from typing import Any

from flask_nb.wsgi import error_body

__all__ = ["ClientLeftError", "FileBody", "error_answer", "head", "trim_heap"]

Headers = Iterable[tuple[str, str]]

_BLOCK = 65536

#: From so many bytes on a part is kept outside of the heap.
_LARGE = 262_144


class ClientLeftError(OSError):
    """There is nobody any more to read the answer."""


class BytesBody:
    """A part of an answer that its reader has not taken yet.

    :param data: the part.
    """

    def __init__(self, data: memoryview) -> None:
        self._data = _outside_of_the_heap(data) if len(data) >= _LARGE else data

    @property
    def size(self) -> int:
        """How many bytes are still to be sent."""
        return len(self._data)

    def next_block(self) -> memoryview:
        """Return what is to be sent next; empty at the end."""
        return self._data

    def skip(self, count: int) -> None:
        """Go on behind what has been sent."""
        self._data = self._data[count:]

    def close(self) -> None:
        """Let go of what is left."""
        self._data = memoryview(b"")


def _outside_of_the_heap(data: memoryview) -> memoryview:
    """Return the same bytes where the system gets their memory back when they are dropped."""
    from mmap import mmap  # not everywhere where this package can be imported

    pages = mmap(-1, len(data))
    pages.write(data)
    return memoryview(pages)


def trim_heap() -> None:
    """Give the system back what the allocator keeps for later, where it can be told to (glibc).

    It keeps what was large for the next that is as large, in each thread: what views have made, and what
    lies between that. Fifty slow readers of 4 MB left 100 MB behind.
    """
    try:
        import ctypes

        ctypes.CDLL(None).malloc_trim(0)
    except (ImportError, OSError, AttributeError, TypeError):  # no such function, or no ctypes
        pass


class FileBody:
    """The ``wsgi.file_wrapper``: a file that is sent without a thread that waits for its reader.

    :param file: anything with ``read``; what cannot seek is iterated over as any other body.
    :param block_size: how much to read at once then.
    """

    def __init__(self, file: Any, block_size: int = _BLOCK) -> None:
        self.file = file
        self.size = 0  # bytes still to be sent, once it is measured
        self._block_size = block_size
        self._block = memoryview(b"")
        for name in ("seekable", "seek", "tell"):  # for middleware that cuts a range out of it
            if hasattr(file, name):
                setattr(self, name, getattr(file, name))

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        data: bytes = self.file.read(self._block_size)
        if not data:
            raise StopIteration
        return data

    def measure(self, limit: int | None) -> int:
        """Return how many bytes there are to send, 0 where that cannot be known."""
        if not _can_seek(self.file):
            return 0
        here = self.file.tell()
        self.file.seek(0, 2)
        left = self.file.tell() - here
        self.file.seek(here)
        self.size = max(0, left) if limit is None else max(0, min(left, limit))
        return self.size

    def next_block(self) -> memoryview:
        """Return what is to be sent next; empty at the end."""
        if not self._block:
            self._block = memoryview(self.file.read(min(_BLOCK, self.size)))
        return self._block

    def skip(self, count: int) -> None:
        """Go on behind what has been sent."""
        self._block = self._block[count:]
        self.size -= count

    def close(self) -> None:
        """Close the file, as PEP 3333 demands."""
        close = getattr(self.file, "close", None)
        if close is not None:
            close()


def _can_seek(file: Any) -> bool:
    seekable = getattr(file, "seekable", None)
    return bool(seekable()) if seekable is not None else hasattr(file, "seek") and hasattr(file, "tell")


def head(version: str, status: str, headers: Headers) -> bytes:
    """Return status line and header fields."""
    lines = [f"HTTP/{version} {status}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def error_answer(code: int, reason: str, text: str) -> bytes:
    """Return a whole answer to a request that no app gets to see."""
    body = error_body(f"{code} {reason}", text)
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        *server_headers(),
        ("Connection", "close"),
    ]
    return head("1.1", f"{code} {reason}", headers) + body


def server_headers() -> list[tuple[str, str]]:
    """Return what the server says about itself and the time (RFC 9110 §6.6.1)."""
    global _dated
    now = int(time.time())
    if _dated[0] != now:
        _dated = (now, [("Server", "flask_nb"), ("Date", formatdate(now, usegmt=True))])
    return _dated[1]


_dated: tuple[int, list[tuple[str, str]]] = (0, [])
