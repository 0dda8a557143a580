"""The ring: the last exchanges of an app, whoever asked, and what was refused.

Nobody waits for what a browser's tab, curl or a program asks, so nobody would see what happened then. It is
kept here until somebody looks, and bounded in every respect: it must not matter how long a kernel lives, how
fast a page polls or how much a view prints. What is kept is text and bytes. Objects of the app are not kept,
for they hold on to others; the frames of the last failures are the one exception, for a debugger.

Every request pays for this. So what went well waits, to be taken in with others: a lock that each request
takes makes sixteen threads a queue. And where the headers are among what the environ holds is worked out once
for all requests that have the same ones, as those of one client have.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from operator import itemgetter
from sys import getsizeof
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask_nb import exchange

from .exchange import OutputPart
from .masks import mask_text, printable
from .request import readable_path
from .seen import Seen

if TYPE_CHECKING:
    from .failure import Failure

MAX_EXCHANGES = 1000
MAX_BYTES = 64_000_000
MAX_FRAMES = 5
"""How many failures keep their frames."""

MAX_EXCHANGE = 64_000  # bytes of the request and its response together, and as much of what the app put out
_MAX_BODY = MAX_EXCHANGE // 2  # so that there is room for the answer
_MAX_HEAD = 4_000  # of path and query each
_MOST_HEADERS, _MAX_HEADER = 50, 100  # where the whole is too much
_OVERHEAD = 2_000  # of the objects that hold an exchange together, roughly

_PART_OVERHEAD = 150
_MOST_WAITING = 64

_SHOWN_PATH = 80
_MAX_NAME = 20
_MOST_SELECTS = 100


_Select = tuple[tuple[str, ...], Callable[[Mapping[str, Any]], tuple[str, ...]]]

_selects: dict[tuple[str, ...], _Select] = {}
"""By the keys of an environ: the names of the headers among them, and what picks out the values."""


def _headers_in(environ: Mapping[str, Any]) -> _Select:
    keys = tuple(environ)
    select = _selects.get(keys)
    if select is None:
        found = [key for key in keys if key.startswith("HTTP_")]
        names = tuple(key[5:].replace("_", "-").title() for key in found)
        select = names, _values_at(found)
        if len(_selects) >= _MOST_SELECTS:
            _selects.clear()
        _selects[keys] = select
    return select


def _values_at(keys: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[str, ...]]:
    if len(keys) > 1:
        return itemgetter(*keys)  # which returns a tuple only of several
    return lambda environ: tuple(environ[key] for key in keys)


class KeptExchange:
    """One exchange in the ring: the request as it came, and what became of it.

    :param method: the request's method.
    :param target: its path as the environ has it.
    :param query: its query.
    :param names: the names of its headers.
    :param values: their values.
    :param body: the first bytes of its body.
    """

    is_own = False
    """Whether the notebook sent it, and so has shown it."""
    is_refused = False
    """Whether the gate refused it, and the app never saw it."""
    refused_for = ""
    """From whom it came that was refused, where its headers do not say so."""
    is_cut = False
    """Whether the view failed when the answer was on its way."""
    content_type = ""
    """What its body is said to be."""
    body_length = 0
    """How many bytes its body had, as far as it says so."""
    view_args: Mapping[str, Any] = MappingProxyType({})
    """The values of the rule's variables: numbers and text."""
    parts: Sequence[OutputPart] = ()
    """What was printed, logged, warned and displayed."""
    failure: Failure | None = None
    """What the view raised, in words."""
    exception: BaseException | None = None
    """The same as it was raised; of the last failures alone."""
    seen: Seen | None = None
    """What was seen within the app, if the notebook asked."""

    def __init__(
        self, method: str, target: str, query: str, names: Sequence[str], values: Sequence[str], body: bytes
    ) -> None:
        self.method = method
        self.target = target
        self.query = query
        self.names = names
        self.values = values
        self.body = body
        # What every exchange gets is set here: CPython gives a dictionary of its own to an object that gets
        # attributes late, and a thousand of them more make the garbage collector go through the whole kernel
        # three times as often, for 30 ms each time.
        self.status: str | None = None
        """The status, None where there was none, such as for a view that was stopped."""
        self.answer = b""
        """The first bytes of the answer's body."""
        self.answer_headers: tuple[tuple[str, str], ...] = ()
        """The headers of the answer."""
        self.length = 0
        """How many bytes the answer's body had."""
        self.endpoint: str | None = None
        """The endpoint that answered, if that is known."""
        self.rule: str | None = None
        """The rule that matched."""
        self.number = 0
        """Its place among all that went through the ring, from 1."""
        self.added = 0.0
        """When a ring got it, by a clock that only goes forward; 0 if none has."""
        self.app = ""
        """What people called the app then."""
        self.size = 0
        """How many bytes are kept of it, roughly."""
        self.is_counted = False
        """Whether it is counted as a failure."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, Any]) -> KeptExchange:
        """Note a request before the app, which may change its environ, gets it."""
        path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
        length = environ.get("CONTENT_LENGTH")
        has_body = (length and length != "0") or "HTTP_TRANSFER_ENCODING" in environ
        names, values_of = _headers_in(environ)
        kept = cls(
            environ["REQUEST_METHOD"],
            path[:_MAX_HEAD],
            environ.get("QUERY_STRING", "")[:_MAX_HEAD],
            names,
            values_of(environ),
            _first_bytes(environ["wsgi.input"]) if has_body else b"",
        )
        if has_body:
            kept.content_type = environ.get("CONTENT_TYPE", "")[:_MAX_HEADER]
            kept.body_length = int(length) if length and length.isdecimal() else len(kept.body)
        return kept

    def __repr__(self) -> str:
        return f"<KeptExchange {self.brief}>"

    @property
    def verb(self) -> str:
        """The method for people."""
        return _shortened(printable(self.method), _MAX_NAME)

    @property
    def path(self) -> str:
        """The path for people, without the query."""
        # PEP 3333: a path in the environ is the text of its bytes in latin-1.
        text = self.target.encode("latin-1", "replace").decode("utf-8", "replace")
        return _shortened(printable(readable_path(text)))

    @property
    def url(self) -> str:
        """The path and the query for people, secrets masked."""
        query = printable(readable_path(f"?{self.query}")) if self.query else ""
        return _shortened(f"{self.path}{query}")

    @property
    def headers(self) -> list[tuple[str, str]]:
        """Names and values of the request's headers."""
        return list(zip(self.names, self.values, strict=True))

    @property
    def code(self) -> str:
        """The status in three digits, or what took its place."""
        return (self.status or "stopped").partition(" ")[0]

    @property
    def has_failed(self) -> bool:
        """Whether it is the app's failure: a status from 500 on, or an answer that broke off."""
        return self.is_cut or (self.status is not None and self.status[:1] == "5")

    @property
    def who(self) -> str:
        """What asked, by the name that it gives itself: ``notebook``, ``browser``, ``curl``, ``requests``."""
        if self.is_own:
            return "notebook"
        agent = self._header("User-Agent")
        if agent.startswith("Mozilla/"):
            return "browser"
        name = printable(agent.partition("/")[0].strip()).lower().removeprefix("python-")
        return _shortened(name, _MAX_NAME) or "unknown"

    @property
    def refusal(self) -> str:
        """What the gate did not like."""
        if self.refused_for:
            return f"refused, from {self.refused_for}"
        if self.code == "403":
            return f"refused, from {self._shown_header('Origin') or 'another site'}"
        return f"refused, for the host {self._shown_header('Host')!r}"

    @property
    def brief(self) -> str:
        """What happened, on one line: ``GET /boom → 500 · KeyError: 'x' · view boom, line 3``."""
        what = [f"{self.code}, broken off" if self.is_cut else self.code]
        what += [self.refusal] if self.is_refused else []
        what += [self.failure.brief(self.endpoint)] if self.failure is not None else []
        return f"{self.verb} {self.path} → {' · '.join(what)}"

    def _shown_header(self, name: str) -> str:
        return _shortened(printable(mask_text(self._header(name))))

    def _header(self, name: str) -> str:
        return next((value for key, value in self.headers if key == name), "")


def _first_bytes(stream: Any) -> bytes:
    """Return the beginning of a body, and leave it to be read; servers and tests give it as a file."""
    try:
        place = stream.tell()
        body: bytes = stream.read(_MAX_BODY)
        stream.seek(place)
    except (AttributeError, OSError, ValueError):  # a stream that can be read but once is the app's
        return b""
    return body


def _shortened(text: str, length: int = _SHOWN_PATH) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


class Ring:
    """The last exchanges of one app, the oldest first.

    :param label: asked for what people call the app.
    :param max_exchanges: how many there are at most.
    :param max_bytes: how many bytes they have at most, taken together.
    """

    def __init__(
        self,
        label: Callable[[], str] = str,
        max_exchanges: int = MAX_EXCHANGES,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._label = label
        self._max_exchanges = max_exchanges
        self._max_bytes = max_bytes
        self._kept: deque[KeptExchange] = deque()
        self._with_frames: deque[KeptExchange] = deque()
        self._waiting: deque[KeptExchange] = deque()
        self._lock = threading.Lock()
        self._size = self._count = self._failed = self._refused = 0

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        with self._up_to_date():
            return self._size

    @property
    def count(self) -> int:
        """How many exchanges there have been."""
        with self._up_to_date():
            return self._count

    @property
    def failed(self) -> int:
        """How many of them have failed."""
        with self._up_to_date():
            return self._failed

    @property
    def refused(self) -> int:
        """How many the gate has refused."""
        with self._up_to_date():
            return self._refused

    def __len__(self) -> int:
        with self._up_to_date():
            return len(self._kept)

    def __repr__(self) -> str:
        return f"<Ring of {len(self)} exchanges, {self.size} bytes>"

    def add(self, kept: KeptExchange) -> None:
        """Take an exchange in, in the place of the oldest ones."""
        kept.app, kept.added = self._label(), time.monotonic()
        self._waiting.append(kept)
        # What holds much is bounded at once.
        if kept.parts or kept.exception is not None or len(self._waiting) >= _MOST_WAITING:
            with self._up_to_date():
                pass

    def complete(self, kept: KeptExchange) -> None:
        """Note that there is more of an exchange by now than when it was taken in."""
        with self._up_to_date():
            is_here = bool(self._kept) and kept.number >= self._kept[0].number
            self._size -= kept.size if is_here else 0
            _cut(kept)
            self._keep(kept) if is_here else self._tally(kept)

    @contextmanager
    def _up_to_date(self) -> Iterator[None]:
        """Hold the lock, with everything taken in that was waiting."""
        with self._lock:
            while self._waiting:
                self._take_in(self._waiting.popleft())
            yield

    def _take_in(self, kept: KeptExchange) -> None:
        _cut(kept)
        self._count += 1
        kept.number = self._count
        self._refused += kept.is_refused
        self._kept.append(kept)
        self._keep(kept)

    def _tally(self, kept: KeptExchange) -> None:
        has_failed = kept.has_failed
        self._failed += has_failed - kept.is_counted
        kept.is_counted = has_failed

    def _keep(self, kept: KeptExchange) -> None:
        self._tally(kept)
        self._size += kept.size
        while len(self._kept) > self._max_exchanges or self._size > self._max_bytes:
            self._size -= self._kept.popleft().size
        if kept.exception is not None and kept not in self._with_frames:
            self._keep_frames(kept)

    def _keep_frames(self, kept: KeptExchange) -> None:
        """Keep the frames of the last failures only: they hold on to all that the views had in hand."""
        self._with_frames.append(kept)
        while len(self._with_frames) > MAX_FRAMES:
            old = self._with_frames.popleft()
            exc, old.exception = old.exception, None
            # An app may raise one and the same exception again.
            if exc is not None and all(exc is not each.exception for each in self._with_frames):
                exchange.release_frames(exc)

    def last(self, count: int) -> list[KeptExchange]:
        """Return the last exchanges, the oldest first."""
        with self._up_to_date():
            return list(self._kept)[-count:] if count > 0 else []

    def since(self, number: int) -> list[KeptExchange]:
        """Return the exchanges that came after the one with this number, as far as they are kept."""
        with self._up_to_date():
            return [kept for kept in self._kept if kept.number > number] if self._count > number else []

    def clear(self) -> None:
        """Let go of everything."""
        with self._up_to_date():
            self._kept.clear()
            self._with_frames.clear()
            self._size = 0


def _cut(kept: KeptExchange) -> None:
    """Bring an exchange within its bounds, and note how many bytes it has."""
    size = _size_without_answer(kept)
    if size + len(kept.answer) > MAX_EXCHANGE:
        pairs = _first(kept.headers)
        kept.names, kept.values = [name for name, _ in pairs], [value for _, value in pairs]
        kept.answer_headers = tuple(_first(kept.answer_headers))
        size = _size_without_answer(kept)
        kept.answer = kept.answer[: MAX_EXCHANGE - size]
    size += len(kept.answer)
    if kept.parts:
        kept.parts, output = _fitting_parts(kept.parts)
        size += output
    if kept.failure is not None:
        size += len(kept.failure.text())
    if kept.seen is not None:
        size += kept.seen.size
    kept.size = size + _OVERHEAD


def _size_without_answer(kept: KeptExchange) -> int:
    headers = sum(map(len, kept.names)) + sum(map(len, kept.values))
    headers += sum([len(name) + len(value) for name, value in kept.answer_headers])
    return len(kept.target) + len(kept.query) + headers + len(kept.body)


def _first(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the first headers, with so much of their names and values as there is room for."""
    first = headers[:_MOST_HEADERS]
    return [(name[:_MAX_HEADER], value[:_MAX_HEADER]) for name, value in first]


def _fitting_parts(parts: Iterable[OutputPart]) -> tuple[tuple[OutputPart, ...], int]:
    """Return what was put out as far as there is room for it, and how many bytes that is."""
    kept = []
    used = 0
    for part in parts:
        data = part.data if used + display_size(part.data) <= MAX_EXCHANGE else {}
        text = part.text[: max(0, (MAX_EXCHANGE - used) // _width(part.text))]
        part = part if (data, text) == (part.data, part.text) else OutputPart(part.kind, text, data)
        used += getsizeof(text) + display_size(data) + _PART_OVERHEAD
        kept.append(part)
        if used >= MAX_EXCHANGE:
            break
    return tuple(kept), used


def _width(text: str) -> int:
    """How many bytes a character has in memory."""
    return 1 if text.isascii() else 4


def display_size(data: Mapping[str, Any]) -> int:
    """Return how many bytes the representations of a display have, roughly."""
    return sum(len(value) if isinstance(value, (str, bytes)) else 200 for value in data.values())
