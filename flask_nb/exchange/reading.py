"""How much of an answer is read, and kept: the same limits on every transport."""

from __future__ import annotations

import time
from collections.abc import Callable

MAX_KEPT = 64_000_000
"""Bytes of a body that are kept at most."""

MAX_UNSIZED = 1_000_000
"""Bytes that are read of an answer without Content-Length, which may have no end."""

MAX_UNSIZED_SECONDS = 5.0
"""Seconds for which such an answer is read."""

CHUNK = 65_536

ENDLESS = "endless"
"""Why nothing was read of an answer that has no end by its type."""

_ENDLESS_TYPES = frozenset(["multipart/x-mixed-replace", "text/event-stream"])


def is_endless(content_type: str) -> bool:
    """Tell whether an answer of this type goes on for as long as somebody listens."""
    return content_type.partition(";")[0].strip().lower() in _ENDLESS_TYPES


class RawResponse:
    """A response as it came.

    :param status: code and reason, such as ``200 OK``.
    :param truncated: why the body is not whole, or None.
    """

    __slots__ = ("body", "headers", "status", "truncated")

    def __init__(
        self,
        status: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        truncated: str | None = None,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.truncated = truncated

    @property
    def status_code(self) -> int:
        """The status as a number."""
        return int(self.status[:3])

    def header(self, name: str) -> str:
        """Return the first value of a header, empty if it is not there."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class BodyReader:
    """Collects a body within the limits.

    :param is_sized: whether the answer announces its length.
    """

    def __init__(self, is_sized: bool) -> None:
        self.is_sized = is_sized
        self.truncated: str | None = None
        self._chunks: list[bytes] = []
        self._length = 0
        self._began = time.monotonic()

    @property
    def body(self) -> bytes:
        """What was kept."""
        return b"".join(self._chunks)

    @property
    def seconds_left(self) -> float:
        """How long an answer without Content-Length is still read."""
        return float("inf") if self.is_sized else MAX_UNSIZED_SECONDS - (time.monotonic() - self._began)

    def read_all(self, read: Callable[[int], bytes]) -> None:
        """Read until ``read(size)`` returns nothing, or a limit is reached."""
        while self.truncated is None and (chunk := read(CHUNK)):
            self.add(chunk)

    def add(self, chunk: bytes) -> bool:
        """Keep a chunk, cut at the limit; return whether there is any use in reading on."""
        limit, words = (MAX_KEPT, "64 MB") if self.is_sized else (MAX_UNSIZED, "1 MB")
        room = limit - self._length
        self._chunks.append(chunk[:room] if len(chunk) > room else chunk)
        self._length += len(self._chunks[-1])
        if len(chunk) > room:
            self.cut(f"cut after {words}" + ("" if self.is_sized else ": the answer has no Content-Length"))
        elif self.seconds_left <= 0:
            self.cut_for_time()
        return self.truncated is None

    def cut_for_time(self) -> None:
        """Note that an answer without Content-Length took too long."""
        self.cut(f"cut after {MAX_UNSIZED_SECONDS:g} s: the answer has no Content-Length")

    def cut(self, reason: str) -> None:
        """Note why the body is not whole; the first reason stands."""
        self.truncated = self.truncated or reason
