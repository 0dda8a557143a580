"""The recorder: notes what happens while the app answers a request."""

from __future__ import annotations

import logging
import secrets
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from flask_nb import exchange, hints
from flask_nb.errors import ViewCancelled
from flask_nb.wsgi import BODY_READS, check_chunk

from .exchange import OutputPart, PartKind
from .figures import (
    close_figures,
    figure_data,
    forget_figures,
    is_pyplot_loaded,
    open_figures,
    watch_figures,
)
from .masked_repr import hide
from .masks import drop_foreign_cookies
from .ring import MAX_EXCHANGE, KeptExchange, Ring, display_size
from .seen import Seen
from .stable import be_as_addressed
from .streams import CURRENT, STREAMS, ErrorStream

if TYPE_CHECKING:
    from .failure import CellNamer, Failure, SceneOf

KEY_HEADER = "X-Flask-Nb-Exchange"
"""The request header that carries a recording's key; the app never sees it."""

KEY_ENVIRON = f"HTTP_{KEY_HEADER.upper().replace('-', '_')}"
"""The same as it stands in the environ."""

_MAX_OUTPUT = 1_000_000
_MAX_PARTS = 10_000
_MAX_DISPLAYS = 4_000_000
_MAX_VALUE = 200

T = TypeVar("T")
Environ = dict[str, Any]
Headers = list[tuple[str, str]]
WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
NearRules = Callable[[str, str], "Sequence[str] | None"]
FailedPage = Callable[["Recording", Environ], tuple[Headers, bytes] | None]
"""Given the recording of a failed request and its environ, returns headers and body to answer, or None."""


class Recording:
    """What happened while the app answered one request.

    :param key: what the request carries in :data:`KEY_HEADER`; empty if the notebook does not wait for it.
    :param cell_name: names the user's cells, see :data:`~flask_nb.exchange.failure.CellNamer`.
    :param scene_of: tells where an error was raised, see :data:`~flask_nb.exchange.failure.SceneOf`.

    Whoever notices something that helps the person who sent the request appends a sentence to ``notes``.
    """

    # Every request makes one of these: what most of them leave as it is stands here.
    status: str | None = None
    headers: Headers | None = None
    exception: BaseException | None = None
    failure: Failure | None = None
    endpoint: str | None = None
    rule: str | None = None
    view_args: Mapping[str, Any] = MappingProxyType({})
    near_rules: Sequence[str] | None = None
    seen: Seen | None = None
    """What was seen within the app; None of what the notebook did not ask."""
    started = False
    """Whether the app has got the request."""
    is_stranger = False
    """Whether the request is the notebook's, but is to be judged as anybody's."""
    is_cut = False
    """Whether the view failed when its answer was on the way."""
    length = 0
    """How many bytes the app has answered."""
    _room = _MAX_OUTPUT
    _display_room = _MAX_DISPLAYS
    _sent_room = MAX_EXCHANGE

    def __init__(
        self, key: str = "", cell_name: CellNamer | None = None, scene_of: SceneOf | None = None
    ) -> None:
        self.key = key
        self.parts: list[OutputPart] = []
        self.logs: list[logging.LogRecord] = []
        self.warnings: list[warnings.WarningMessage] = []
        self.notes: list[str] = []
        self.had_pyplot = is_pyplot_loaded()
        self.figures: list[Any] = []
        """Figures that the view has opened with pyplot."""
        self._cell_name = cell_name
        self._scene_of = scene_of
        self._sent: list[bytes] = []
        # Nobody waits for what the notebook did not ask, and most of what is served is that.
        self._finished = threading.Event() if key else None

    def __repr__(self) -> str:
        is_finished = self._finished is not None and self._finished.is_set()
        state = "finished" if is_finished else "running" if self.started else "expected"
        return f"<Recording {state}, {len(self.parts)} outputs>"

    def wait(self, seconds: float) -> bool:
        """Wait until the app is done, its teardown included; return whether it is."""
        return self._finished is not None and self._finished.wait(seconds)

    def finish(self) -> None:
        """Note that the app is done."""
        if self._finished is not None:
            self._finished.set()

    def send(self, chunk: bytes) -> None:
        """Note a piece of the answer."""
        self.length += len(chunk)
        if self._sent_room > 0:
            self._sent.append(bytes(chunk[: self._sent_room]))
            self._sent_room -= len(chunk)

    def fill(self, kept: KeptExchange) -> None:
        """Put what happened into what is kept of the exchange."""
        kept.status = self.status
        kept.answer_headers = tuple(self.headers or ())
        kept.answer = b"".join(self._sent)
        kept.length = self.length
        kept.endpoint, kept.rule = self.endpoint, self.rule
        if self.view_args:
            kept.view_args = {name: _plain(value) for name, value in self.view_args.items()}
        if self.key:
            kept.is_own, kept.seen = True, self.seen
        if self.parts:
            kept.parts = self.parts
        if self.exception is not None:
            kept.failure, kept.exception, kept.is_cut = self.failure, self.exception, self.is_cut

    def fail(self, exc: BaseException, *, is_handled: bool = False) -> None:
        """Note the exception that made the view fail; the first one counts.

        The framework's 500 page hides it, so whoever hears of it (a signal, an error handler) hands it over.

        :param is_handled: whether a handler of the app has answered it.
        """
        if self.exception is None:
            self.exception = exc
            failure = exchange.Failure.from_exception(exc, self._cell_name, self._scene_of)
            self.failure = failure._replace(is_handled=is_handled)

    def matched(
        self, endpoint: str | None, rule: str | None = None, view_args: Mapping[str, Any] | None = None
    ) -> None:
        """Note which rule answered."""
        # A copy: what the view then does to its arguments is not what the URL said.
        self.endpoint, self.rule, self.view_args = endpoint, rule, dict(view_args or {})

    def write(self, kind: str, text: str) -> None:
        """Note printed text; after 1 MB it is dropped."""
        # print() writes each word and each space for itself. They become one part, up to a length that keeps
        # a view which prints a megabyte in small pieces from copying it over and over.
        last = self.parts[-1] if self.parts else None
        if last is not None and last.kind == kind and kind in {"stdout", "stderr"} and len(last.text) < 2000:
            self.parts.pop()
            self._room += len(last.text)
            text = last.text + str(text)
        self._add(kind, str(text))  # type: ignore[arg-type]

    def log(self, record: logging.LogRecord) -> None:
        """Note a log record, unless it only repeats the exception that is shown anyway."""
        exc = record.exc_info[1] if record.exc_info else None
        # The framework turns an exception into a page and a record before anything leaves the app. For apps
        # whose signals nobody hears, the record is the only trace of it; else it says the same again.
        if exc is not None and _is_exception_report(record):
            self.fail(exc)
        if exc is not None and exc is self.exception:
            return
        if record not in self.logs:
            self.logs.append(record)
            self._add("log", _log_text(record, exc, self._cell_name))

    def warn(self, warning: warnings.WarningMessage) -> None:
        """Note a warning; its file name is left out of the text, since it differs from run to run."""
        self.warnings.append(warning)
        self._add("warning", f"{warning.category.__name__}: {warning.message}\n")

    def show(self, data: Mapping[str, Any]) -> None:
        """Note a display, given as representations by MIME type; after 4 MB the text alone."""
        size = display_size(data)
        text = str(data.get("text/plain", ""))
        if size > self._display_room:
            data, size = {"text/plain": text[: self._room]}, 0
        self._display_room -= size
        self._add("display", text, data)

    @property
    def may_have_figures(self) -> bool:
        """Whether the view has opened figures, or may have: until it imports pyplot, nobody is told."""
        return bool(self.figures) or (is_pyplot_loaded() and not self.had_pyplot)

    def take_figures(self) -> None:
        """Close the figures that the view left open, and note each once, unless they are the answer."""
        is_answer = any(
            name.lower() == "content-type" and value.startswith("image/")
            for name, value in self.headers or ()
        )
        shown = {part.text for part in self.parts if "image/png" in part.data}
        for figure in close_figures(self.figures if self.had_pyplot else open_figures()):
            if self.key and not is_answer and repr(figure) not in shown:
                self.show(figure_data(figure))

    def _add(self, kind: PartKind, text: str, data: Mapping[str, Any] | None = None) -> None:
        if self._room <= 0 or len(self.parts) >= _MAX_PARTS:
            return
        text = text[: self._room]
        self._room -= len(text)
        self.parts.append(OutputPart(kind, text, data or {}))


def _plain(value: Any) -> Any:
    """Return what may be kept for long in the place of an app's object."""
    return value if type(value) in (str, int, float) else repr(value)[:_MAX_VALUE]


_EXCEPTION_REPORTS = ("Exception on ", "Internal Server Error: ", "[FALCON] Unhandled exception")
"""How Flask and Quart, Django and Falcon begin the record of what they answer by a 500."""


def _is_exception_report(record: logging.LogRecord) -> bool:
    """Tell whether this is how a framework reports what it turned into a 500."""
    return record.levelno >= logging.ERROR and str(record.msg).startswith(_EXCEPTION_REPORTS)


def _log_text(record: logging.LogRecord, exc: BaseException | None, cell_name: CellNamer | None) -> str:
    known = exchange.known_secrets(exc, cell_name) if exc is not None else ()
    try:
        message = record.getMessage()
    except Exception:
        message = str(record.msg)
    reason = f"\n{exchange.exception_message(exc, known)}" if exc is not None else ""
    return f"{record.levelname} {hide(message, known)}{reason}\n"


class Recorder:
    """WSGI middleware that records the requests of the notebook and keeps others out of its cells.

    What is recorded of a request that carries a key from :meth:`expect` goes to whoever sent it, and all
    exchanges, a browser's included, go into a ring. Jupyter's own cookies are dropped before the app
    sees them. An exception that leaves the app, ``SystemExit`` included, is answered 500.

    :param app: the WSGI application; may be exchanged through the attribute of that name.
    :param cell_name: names the user's cells for tracebacks.
    :param scene_of: tells where an error was raised, for hints.
    :param near: given a method and a path that was answered 404, returns the rules that come closest,
        as texts such as ``GET /items/<int:id>``; None if a rule did match.
    :param failed_page: returns what is answered to an exception that leaves the app, None for a plain page.
    :param ring_of: returns the ring into which a request goes, given its environ; None for none.
    """

    def __init__(
        self,
        app: WSGIApp,
        *,
        cell_name: CellNamer | None = None,
        scene_of: SceneOf | None = None,
        near: NearRules | None = None,
        failed_page: FailedPage = lambda recording, environ: None,
        ring_of: Callable[[Environ], Ring | None] = lambda environ: None,
    ) -> None:
        self.app = app
        self.cell_name = cell_name
        self.scene_of = scene_of
        self.near = near
        self.failed_page = failed_page
        self.ring_of = ring_of
        self._watch_displays: Callable[[], object] = lambda: None
        self._expected: dict[str, Recording] = {}

    def install(self, watch_displays: Callable[[], object] | None = None) -> None:
        """Put the stream proxies in place; calling again renews them.

        :param watch_displays: called before the app is, in each thread. It sees to it that what a thread
            displays while :meth:`current` has a recording is shown to that.
        """
        self._watch_displays = watch_displays or self._watch_displays
        STREAMS.install(self)

    def uninstall(self) -> None:
        """Take the stream proxies out; calling again does nothing."""
        STREAMS.uninstall(self)
        forget_figures()

    def renew(self) -> None:
        """Put the proxies back, if they are installed and something has replaced them since."""
        STREAMS.renew(self)

    @staticmethod
    def current() -> Recording | None:
        """Return the recording of the request that the running code answers, None in a cell."""
        recording: Recording | None = CURRENT.get()
        return recording

    def expect(self, *, is_tracing: bool = False, is_stranger: bool = False) -> Recording:
        """Return a recording for the next request that carries its key.

        :param is_tracing: whether the steps of the request are wanted, too.
        :param is_stranger: whether :meth:`trusts` is not to tell it from others' requests.
        """
        recording = Recording(secrets.token_urlsafe(16), self.cell_name, self.scene_of)
        recording.seen = Seen(is_tracing, self.cell_name)
        recording.is_stranger = is_stranger
        self._expected[recording.key] = recording
        return recording

    def expects(self, environ: Environ) -> bool:
        """Return whether a request carries the key of one that the notebook is sending."""
        return environ.get(KEY_ENVIRON, "") in self._expected

    def trusts(self, environ: Environ) -> bool:
        """Return whether a request is the notebook's own, and is to be answered whatever it says."""
        recording = self._expected.get(environ.get(KEY_ENVIRON, ""))
        return recording is not None and not recording.is_stranger

    def note_refusal(self, environ: Environ, status: str, whom: str) -> None:
        """Note a request that was refused before it came here.

        :param whom: from whom it came, where its headers do not say so.
        """
        if (ring := self.ring_of(environ)) is not None:
            kept = KeptExchange.from_environ(environ)
            kept.status, kept.is_own, kept.is_refused = status, self.expects(environ), True
            kept.refused_for = whom
            ring.add(kept)

    def forget(self, recording: Recording) -> None:
        """Stop waiting for a request that will not come."""
        self._expected.pop(recording.key, None)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request through the app."""
        # The key is random and good for one request: a page that a browser shows cannot guess it, and so
        # cannot print into a cell. It is taken out, so that a view that echoes its headers is stable.
        claimed = self._expected.pop(environ.pop(KEY_ENVIRON, ""), None)
        recording = claimed or Recording(cell_name=self.cell_name, scene_of=self.scene_of)
        if (cookies := environ.pop("HTTP_COOKIE", "")) and (own := _own_cookies(cookies)):
            environ["HTTP_COOKIE"] = own
        if claimed is not None:
            be_as_addressed(environ)
        environ[BODY_READS] = set()
        watch_figures()
        environ["wsgi.errors"] = ErrorStream(recording)
        self._watch_displays()
        recording.started = True
        return _Answer(self, recording, environ, start_response).open()

    def _finish(self, recording: Recording, environ: Environ, kept: KeptExchange) -> None:
        if recording.may_have_figures:
            recording.take_figures()
        if reads := environ.get(BODY_READS):
            recording.notes += hints.body_hints(reads, environ.get("CONTENT_TYPE", ""))
        is_unmatched = recording.endpoint is None and (recording.status or "").startswith("404")
        if recording.key and self.near and is_unmatched:
            # PEP 3333: a path in the environ is the text of its bytes in latin-1.
            path = environ.get("PATH_INFO", "").encode("latin-1", "replace").decode("utf-8", "replace")
            recording.near_rules = self.near(environ["REQUEST_METHOD"], path)
        self._keep(recording, environ, kept)
        recording.finish()

    def _keep(self, recording: Recording, environ: Environ, kept: KeptExchange) -> None:
        """Put into the ring what has happened so far."""
        ring = self.ring_of(environ)
        if ring is None:
            return
        recording.fill(kept)
        if kept.added:
            ring.complete(kept)
        else:
            ring.add(kept)


class _Answer:
    """The app's answer to one request while it is on its way: an iterable of bytes."""

    def __init__(
        self, recorder: Recorder, recording: Recording, environ: Environ, start_response: Callable[..., Any]
    ) -> None:
        self._recorder = recorder
        self._recording = recording
        self._environ = environ
        self._start_response = start_response
        self._kept = KeptExchange.from_environ(environ)
        self._app_iter: Iterable[bytes] = ()
        self._chunks: Iterator[bytes]
        self._is_open = True

    def open(self) -> Iterable[bytes]:
        """Call the app. A list is handed on as it is: servers take its length for the Content-Length."""
        token = CURRENT.set(self._recording)
        try:
            answer = self._app_iter = self._recorder.app(self._environ, self._start)
            is_whole = isinstance(answer, (list, tuple)) and not hasattr(answer, "close")
            self._chunks = iter(()) if is_whole else iter(answer)
            for chunk in answer if is_whole else ():
                check_chunk(chunk)
        except BaseException as exc:
            CURRENT.reset(token)
            return self._answer_failure(exc)
        CURRENT.reset(token)
        if is_whole:
            for chunk in answer:
                self._recording.send(chunk)
            self._finish()
            return answer
        if self._recording.status is not None:
            self._keep_early()
        return self

    def _keep_early(self) -> None:
        """Let what has failed be known before its answer is read: a cell that reads it may end at once."""
        self._recorder._keep(self._recording, self._environ, self._kept)

    def _run(self, call: Callable[[], T]) -> T:
        """Run a piece of the app with the recording as the current one.

        Each chunk is such a piece: between two of them a server's thread may answer somebody else, and the
        consumer of a generator is not the app.
        """
        token = CURRENT.set(self._recording)
        try:
            return call()
        finally:
            CURRENT.reset(token)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            chunk = self._run(self._chunks.__next__)
            check_chunk(chunk)
        except StopIteration:
            raise
        except BaseException as exc:
            self._chunks = iter(self._answer_failure(exc))
            return next(self._chunks)
        self._recording.send(chunk)
        if not self._kept.added:  # the app is a generator, which has begun just now
            self._keep_early()
        return chunk

    def close(self) -> None:
        """Close the app's answer; what it does then still belongs to the request."""
        if not self._is_open:
            return
        try:
            close = getattr(self._app_iter, "close", None)
            if close is not None:
                self._run(close)
        except BaseException as exc:
            if _must_pass(exc):
                raise
            self._recording.fail(exc)
        finally:
            self._finish()

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        self._recording.status = status
        self._recording.headers = list(headers)
        if exc_info:
            return self._start_response(status, headers, exc_info)
        return self._start_response(status, headers)

    def _answer_failure(self, exc: BaseException) -> Iterable[bytes]:
        """Record what left the app, and answer 500 if nothing has been sent yet."""
        if _must_pass(exc):
            self.close()
            raise exc
        self._recording.fail(exc)
        if self._recording.length:
            self._recording.is_cut = True
            self.close()
            if self._recording.key:
                return []  # the exchange shows what came, and the traceback
            raise ConnectionAbortedError("the view failed while its answer was on the way") from exc
        headers, body = self._recorder.failed_page(self._recording, self._environ) or _PLAIN_PAGE
        headers = [*headers, ("Content-Length", str(len(body)))]
        body = b"" if self._environ.get("REQUEST_METHOD") == "HEAD" else body
        try:
            self._start("500 INTERNAL SERVER ERROR", headers, (type(exc), exc, exc.__traceback__))
            self._recording.send(body)
        finally:
            self.close()
        return [body]

    def _finish(self) -> None:
        if self._is_open:
            self._is_open = False
            self._recorder._finish(self._recording, self._environ, self._kept)


_own_cookies = lru_cache(maxsize=64)(drop_foreign_cookies)  # a client sends the same ones each time

_PLAIN_PAGE = (
    [("Content-Type", "text/html; charset=utf-8")],
    b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n"
    b"<h1>Internal Server Error</h1>\n<p>The view raised an exception.</p>\n",
)


def _must_pass(exc: BaseException) -> bool:
    """Tell whether it is not the view's fault and its caller waits for it: its stop, the user's interrupt."""
    is_main = threading.current_thread() is threading.main_thread()
    return isinstance(exc, ViewCancelled) or (isinstance(exc, KeyboardInterrupt) and is_main)
