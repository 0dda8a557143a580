"""The adapter for ASGI apps: a2wsgi calls them, in an event loop of ours."""

from __future__ import annotations

import asyncio
import atexit
import threading
import time
from collections.abc import Callable, Iterator, MutableMapping
from importlib.util import find_spec
from typing import Any, cast
from urllib.parse import quote

from flask_nb.errors import AppStartError, ForeignAppError, ViewCancelled
from flask_nb.stopping import Stoppable
from flask_nb.wsgi import NotWSGIError

from .event_loop import ASYNC_APPS, by_steps
from .foreign import ForeignEngine
from .frameworks import Framework
from .lifespan import STOP_SECONDS, Lifespan
from .protocol import StartResponse

Message = MutableMapping[str, Any]

ANY_ASGI = Framework("ASGI", "asgi")

ASGI_EXTRA = 'pip install "flask_nb[asgi]"'

_SLICE = 0.05  # seconds; what stops a thread reaches it between two waits
_AFTERWORK = 1.0  # seconds that an answer waits for what the app does after its last byte
_DRAIN = 5.0  # seconds that requests in flight have when their app is replaced
_GRACE = 0.2  # seconds in which a loop that is not held up cancels what it runs
_AT_ONCE = 0.5  # seconds that a cell waits for the end of the app that it replaces


class ASGIEngine(ForeignEngine):
    """An ASGI app of whatever kind as the notebook sees it.

    Its startup runs before its first request, so that a notebook may go on setting it up until then.

    :raises ForeignAppError: a2wsgi is not installed.
    """

    def __init__(self, app: Any, label: str, framework: Framework) -> None:
        if find_spec("a2wsgi") is None:
            raise ForeignAppError(
                f"{label} is an ASGI app, and the extra for those is not installed: {ASGI_EXTRA}"
            )
        super().__init__(app, label, framework)
        self._lock = threading.Lock()
        self._lifespan: Lifespan | None = None
        self._is_open = False
        self._closing: threading.Thread | None = None
        self._running: set[_Conversation] = set()

    # --- from the first request to the last ---

    def follow(self) -> None:
        """Be served from now on: the event loop stays until :meth:`close`."""
        with self._lock:
            if self._is_open:
                return
            self._is_open = True
        ASYNC_APPS.enter()
        atexit.register(self._close_at_exit)

    def close(self) -> None:
        """Shut the app down when its requests have ended, and say what went wrong.

        What takes long goes on in the background, with deadlines.
        """
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if not was_open:
            return
        if self._lifespan is None:
            self._leave()
            return
        self._closing = threading.Thread(target=self._shut_down, name="flask_nb-asgi-end", daemon=True)
        self._closing.start()
        self._closing.join(_AT_ONCE)

    def restart(self) -> None:
        """Shut the app down when its requests have ended; the next one starts it up."""
        self._drain()
        self._end_lifespan()

    def _shut_down(self) -> None:
        self._drain()
        for conversation in list(self._running):
            conversation.give_up()
        self._end_lifespan()
        self._leave()

    def _drain(self) -> None:
        """Wait for requests that are being answered, but not for ever."""
        deadline = time.monotonic() + _DRAIN
        while self._running and time.monotonic() < deadline:
            time.sleep(_SLICE)

    def _leave(self) -> None:
        self._lifespan = None
        atexit.unregister(self._close_at_exit)
        ASYNC_APPS.leave()

    def _end_lifespan(self) -> None:
        lifespan = self._lifespan
        if lifespan is None:
            return
        try:
            trouble = ASYNC_APPS.run(lifespan.stop(), STOP_SECONDS + 1)
        except TimeoutError:
            trouble = f"{self.label} keeps its event loop busy, so that it could not be shut down"
        if trouble:
            print(trouble)

    def _close_at_exit(self) -> None:
        if self._closing is not None:
            self._closing.join(STOP_SECONDS)
        else:
            self._end_lifespan()

    @property
    def is_starting(self) -> bool:
        """Whether the app's startup is running."""
        return self._lifespan is not None and self._lifespan.is_starting

    async def started(self) -> dict[str, Any]:
        """Start the app unless it is, and return what its startup has left for requests."""
        if self._lifespan is None:
            self._lifespan = Lifespan(self.app, self.label)
        await self._lifespan.start()
        return self._lifespan.state

    # --- requests ---

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterator[bytes]:
        """Answer a request; what leaves the app is raised here."""
        from a2wsgi.asgi import ASGIResponder

        conversation = _Conversation(self, environ)
        responder: Any = ASGIResponder(cast(Any, conversation), ASYNC_APPS.loop)
        # It waits without end and without waking up, so that nothing could stop the thread.
        responder.sync_event = _Message()
        responder.asgi_done = _Event()
        self._running.add(conversation)
        try:
            yield from responder(_readable(environ), _raising(start_response))
        except _FailedError:
            pass
        finally:
            conversation.give_up()
        if conversation.failure is not None and not conversation.is_complete:
            raise conversation.failure

    def heard(self, exc: BaseException, is_handled: bool) -> None:
        """Tell of an exception, in the context of its request."""
        for callback in list(self._on_exception):
            callback(exc, is_handled)

    def matched(self, scope: Message) -> None:
        """Tell which route answers, where the app says so in the scope."""
        endpoint = scope.get("endpoint") or scope.get("route_handler")
        if endpoint is None:
            return
        function = getattr(endpoint, "handler_name", None) or getattr(endpoint, "__name__", None)
        rule = getattr(scope.get("route"), "path", None)
        for callback in list(self._on_match):
            callback(function or type(endpoint).__name__, rule, scope.get("path_params") or {})

    def done(self, conversation: _Conversation) -> None:
        """Count a request no more."""
        self._running.discard(conversation)


class _FailedError(Exception):
    """Ends a request of a2wsgi's; what happened is the conversation's failure."""


class _Conversation:
    """One request, as an ASGI app that answers nothing else.

    a2wsgi waits for ever for an app that ends without an answer, or is cancelled; so this never is.
    """

    def __init__(self, engine: ASGIEngine, environ: dict[str, Any]) -> None:
        self._engine = engine
        self._environ = environ
        self._loop = ASYNC_APPS.loop
        self._work: asyncio.Task[None] | None = None
        self._steps = Stoppable()
        self._is_cancelled = threading.Event()
        self._status = 0
        self._held: Message | None = None
        self._is_given_up = False
        self.is_complete = False
        """Whether the whole answer has been sent."""
        self.failure: BaseException | None = None
        """What left the app."""

    async def __call__(self, scope: Message, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        self._scope, self._receive, self._send_on = scope, receive, send
        self._answered = asyncio.Event()
        self._work = asyncio.create_task(self._run())
        self._work.add_done_callback(lambda work: self._engine.done(self))
        if self._is_given_up:
            self._work.cancel()
        answered = asyncio.create_task(self._answered.wait())
        await asyncio.wait([self._work, answered], return_when=asyncio.FIRST_COMPLETED)
        answered.cancel()
        if not self._work.done():
            await asyncio.wait([self._work], timeout=_AFTERWORK)
        if self._held is not None:
            await self._send_on(self._held)
        if not self.is_complete and not self._is_given_up:
            missing = NotWSGIError(f"{self._engine.label} ended without having answered")
            self.failure = self.failure or missing
            raise _FailedError

    async def _run(self) -> None:
        try:
            self._scope["state"] = dict(await self._started())
            await by_steps(self._steps, self._engine.app(self._scope, self._get, self._send))
        except (asyncio.CancelledError, ViewCancelled):
            pass
        except BaseException as exc:  # SystemExit would end the loop
            self.failure = _single(exc)
            self._engine.matched(self._scope)
            self._engine.heard(self.failure, is_handled=self.is_complete and self._status != 500)

    async def _started(self) -> dict[str, Any]:
        try:
            return await self._engine.started()
        except Exception as exc:
            if not isinstance(exc, AppStartError):
                note = f"the startup of {self._engine.label} failed; the next request tries again\n"
                self._environ["wsgi.errors"].write(note)
            raise

    async def _get(self) -> Message:
        if self.is_complete:
            return {"type": "http.disconnect"}
        message: Message = await self._receive()
        return message

    async def _send(self, message: Message) -> None:
        if self.is_complete:
            return
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._engine.matched(self._scope)
            message = {"headers": [], **message}
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body")
        if self.is_complete and self._status >= 500:
            # The exception comes behind its page, and is to be known before that has been read.
            self._held = message
        else:
            await self._send_on(message)
        if self.is_complete:
            self._answered.set()

    def give_up(self) -> None:
        """End it, since nobody waits for the answer; what has answered already may go on."""
        if self.is_complete or self._is_given_up:
            return
        self._is_given_up = True
        try:
            self._loop.call_soon_threadsafe(self._cancel)
        except RuntimeError:
            return  # the loop has ended, and all that ran in it
        if not self._is_cancelled.wait(_GRACE):
            self._steps.stop()

    def _cancel(self) -> None:
        self._is_cancelled.set()
        if self._work is not None:
            self._work.cancel()
        else:
            self._engine.done(self)


class _Event(threading.Event):
    """An event that a thread waits for by turns, so that it can be stopped meanwhile."""

    def wait(self, timeout: float | None = None) -> bool:
        end = None if timeout is None else time.monotonic() + timeout
        while not super().wait(_SLICE):
            if end is not None and time.monotonic() > end:
                return False
        return True


class _Message:
    """A message for the thread that answers, in the place of a2wsgi's own."""

    def __init__(self) -> None:
        self._has_come = _Event()
        self._message: Any = None

    def set(self, message: Any) -> None:
        self._message = message
        self._has_come.set()

    def wait(self) -> Any:
        self._has_come.wait()
        self._has_come.clear()
        message, self._message = self._message, None
        return message


def _single(exc: BaseException) -> BaseException:
    """Return what a group of exceptions holds if that is one: groups of tasks wrap whatever ends them."""
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc


def _raising(start_response: StartResponse) -> StartResponse:
    """Return a ``start_response`` that raises what a2wsgi would answer by a page of its own."""

    def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if exc_info:
            raise exc_info[1].with_traceback(exc_info[2])
        return start_response(status, headers)

    return begin


def _readable(environ: dict[str, Any]) -> dict[str, Any]:
    """Return an environ whose path is UTF-8 and whose query is ASCII, as a2wsgi takes them for granted."""
    path: str = environ.get("PATH_INFO", "")
    query: str = environ.get("QUERY_STRING", "")
    if path.isascii() and query.isascii():
        return environ
    text = path.encode("latin-1", "replace").decode("utf-8", "replace")
    kept = {"PATH_INFO": text.encode().decode("latin-1")}
    return {**environ, **kept, "QUERY_STRING": quote(query.encode("latin-1", "replace"), safe="%" + _ASCII)}


_ASCII = "".join(map(chr, range(33, 127)))
