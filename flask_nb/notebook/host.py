"""The host: what a notebook owns of its web application.

It knows the app by the name of a variable, so that a cell that binds the variable anew is followed, and
it keeps what outlives any app object: the server, the recorder, the cookies.
"""

from __future__ import annotations

import importlib
import inspect
import linecache
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from operator import attrgetter
from traceback import walk_tb
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from IPython.core.getipython import get_ipython

import flask_nb
from flask_nb import alias, engines
from flask_nb.cells import DEFAULT_TIMEOUT, RequestDefinition, cell_name
from flask_nb.engines import Engine
from flask_nb.errors import FlaskNbError, ForeignAppError, NoAppError
from flask_nb.exchange import CookieJar, InProcessTransport, Recorder, Request, SocketTransport
from flask_nb.exchange.failure import exception_message, project_file_name
from flask_nb.gate import Gate
from flask_nb.panel import Display, PanelExchanger, PanelResponse

from .serving import NO_SOCKETS, Serving

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .settings import FlaskNB

APP_NAME = "app"
"""The variable that holds the app unless ``%app`` chooses another."""


@dataclass(frozen=True)
class _Made:
    """The app that no cell made, but the first definition, and the variable that it was bound to."""

    app: Any
    name: str


@dataclass(frozen=True)
class _Pinned:
    """An app that no variable holds, until the variable that is followed is bound anew."""

    app: Any
    instead_of: Any


class Host:
    """What a notebook owns of its web application.

    :param ip: the shell whose variables hold the app.
    :param settings: what the person has set.
    """

    def __init__(self, ip: InteractiveShell, settings: FlaskNB) -> None:
        self.ip = ip
        self.settings = settings
        self.app_name = APP_NAME
        self.recorder = Recorder(self._answer, cell_name=self._place, near=self._near_rules)
        self.recorder.install(_capture_display)
        self.cookies = CookieJar()
        self._gate = Gate(self.recorder, hosts=self._hosts)
        self.serving = Serving(self._gate, settings, lambda: self.label)
        socket = SocketTransport(self.serving.address, abandon=self.serving.cancel)
        self._over_socket = PanelExchanger(socket, self.recorder, self.cookies)
        in_process = InProcessTransport(self._gate, needs_worker=self._needs_worker)
        self._in_process = PanelExchanger(in_process, self.recorder, self.cookies)
        self._lock = threading.RLock()
        self._pinned: _Pinned | None = None
        self._cell_names: dict[str, str] = {}
        self._engine: Engine | None = None
        self._made: _Made | None = None
        self._stop_listening: Callable[[], None] = lambda: None

    def close(self) -> None:
        """Stop the server and give back the standard streams; a second time does nothing."""
        self.serving.stop()
        self.recorder.uninstall()
        self._stop_listening()

    # --- the app ---

    def engine(self) -> Engine:
        """Return the engine of the app that the variable holds now.

        :raises NoAppError: there is no such variable.
        :raises ForeignAppError: it holds something that is not adopted.
        """
        app = self.ip.user_ns.get(self.app_name)
        if self._pinned is not None and self._pinned.instead_of is app:
            app = self._pinned.app
        if app is None:
            raise NoAppError(self.app_name)
        with self._lock:
            if self._engine is None or self._engine.app is not app:
                self._switch_to(engines.adopt(app))
            assert self._engine is not None
            return self._engine

    def engine_for_route(self) -> Engine:
        """Return the app's engine; without an app make one and bind it to the variable."""
        try:
            return self.engine()
        except NoAppError:
            made = engines.new_app("__main__", root_path=_notebook_folder(self.ip.user_ns))
            self.ip.user_ns[self.app_name] = made.app
            self._made = _Made(made.app, self.app_name)
            return self.engine()

    def settle(self) -> None:
        """Follow the variable at the end of a cell; a variable without an app is no error here."""
        with suppress(FlaskNbError):
            self.engine()

    def make_app(self, name: str | None = None, *, fresh: bool = False) -> Engine:
        """Make an app, bind it to a variable, and follow that from now on.

        :param name: the variable; by default the one that is followed.
        :param fresh: take nothing over from apps that were made before.
        :raises ForeignAppError: the variable holds something that is no app of ours.
        """
        name = name or self.app_name
        if self.ip.user_ns.get(name) is not None:
            engines.adopt(self.ip.user_ns[name])
        made = engines.new_app("__main__", root_path=_notebook_folder(self.ip.user_ns), fresh=fresh)
        if self._made is not None and self._made.name == name:
            self._made = None
        self.ip.user_ns[name] = made.app
        return self.choose(name)

    def import_app(self, module: str, name: str) -> Engine:
        """Follow the app of a module, or the one that a function of the module makes.

        :raises ForeignAppError: there is no such app.
        """
        try:
            app = attrgetter(name)(importlib.import_module(module))
            app = app() if inspect.isfunction(app) else app
        except (Exception, SystemExit) as exc:  # what a module does when it is imported is its own
            reason = " ".join(exception_message(exc).split())
            raise ForeignAppError(f"there is no app at {module}:{name}: {reason}") from exc
        engines.adopt(app)
        self._follow(app)
        return self.engine()

    def choose(self, name: str) -> Engine:
        """Follow another variable from now on; nothing changes when it holds no app."""
        if self.ip.user_ns.get(name) is None:
            raise NoAppError(name)
        engines.adopt(self.ip.user_ns[name])
        self._pinned, self.app_name = None, name
        return self.engine()

    def _follow(self, app: Any) -> None:
        """Follow the variable that holds *app*; without one keep to the object."""
        names = [name for name, value in self.ip.user_ns.items() if value is app and not name.startswith("_")]
        if self.app_name not in names:
            self.app_name = names[0] if names else self.app_name
        self._pinned = None if names else _Pinned(app, instead_of=self.ip.user_ns.get(self.app_name))
        self.engine()

    def _switch_to(self, engine: Engine) -> None:
        self._stop_listening()
        before, self._engine = self._engine, engine
        if before is not None and self._is_in_place_of(before):
            # The first app that a cell makes by itself is meant to have the routes defined so far.
            engine.take_over(before)
        with ExitStack() as listening:
            listening.callback(engine.on_exception(self._note_failure))
            listening.callback(engine.on_match(self._note_match))
            self._stop_listening = listening.pop_all().close

    def _is_in_place_of(self, before: Engine) -> bool:
        """Whether the variable has been bound anew that held the app that no cell made."""
        made = self._made
        return (
            made is not None
            and made.app is before.app
            and made.name == self.app_name
            and self._pinned is None
            and self.ip.user_ns.get(made.name) is not made.app
        )

    def _serving_engine(self) -> Engine | None:
        """The app for a request: the last one, while a cell has something else in the variable."""
        try:
            return self.engine()
        except FlaskNbError:
            return self._engine

    # --- what the recorder and the gate ask ---

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        engine = self._serving_engine()
        if engine is not None:
            return engine.wsgi_app(environ, start_response)
        body = str(NoAppError(self.app_name)).encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("503 Service Unavailable", headers)
        return [body]

    def _hosts(self) -> list[str]:
        engine = self._serving_engine()
        return [*self.serving.hosts(), *self.settings.trusted_hosts, *(engine.hosts() if engine else [])]

    def _near_rules(self, method: str, path: str) -> list[str] | None:
        engine = self._serving_engine()
        return None if engine is None else engine.near_rules(method, path)

    def _needs_worker(self, request: Request) -> bool:
        engine = self._serving_engine()
        path = unquote(request.path.partition("?")[0])
        return engine is not None and engine.is_async(request.method, path)

    def _note_match(self, endpoint: str | None, rule: str | None, view_args: Mapping[str, Any]) -> None:
        recording = self.recorder.current()
        if recording is not None:
            recording.matched(endpoint, rule, view_args)

    def _note_failure(self, exc: BaseException) -> None:
        recording = self.recorder.current()
        if recording is not None:
            recording.fail(exc)
            if hint := alias.hint_at_foreign_names(exc) or self._hint_at_import(exc):
                recording.notes.append(hint)

    def _hint_at_import(self, exc: BaseException) -> str | None:
        """Say how to get a name of the framework, which a plain cell does not get by itself."""
        # An unbound local has a name, too, and an import would not help.
        name = exc.name if isinstance(exc, NameError) and not isinstance(exc, UnboundLocalError) else None
        files = [frame.f_code.co_filename for frame, _ in walk_tb(exc.__traceback__)]
        if name not in flask_nb.__all__ or not self._is_cell("".join(files[-1:])):
            return None
        return f"{name} needs an import in a plain cell: from flask_nb import {name}"

    def name_cell(self, source: str) -> str:
        """Return the file name of a cell, as tracebacks have it, and remember what people call the cell."""
        filename = str(self._compiler.get_code_name(source, source, self.ip.execution_count))
        self._cell_names[filename] = cell_name(source)
        return filename

    def keep_source(self, filename: str, lines: list[str]) -> None:
        """Keep what tracebacks, the debugger and ``inspect`` shall read as a cell's source."""
        number = self._compiler._filename_map.get(filename, self.ip.execution_count)
        self._compiler._filename_map[filename] = number
        linecache.cache[filename] = (sum(map(len, lines)), None, lines, filename)

    @property
    def _compiler(self) -> Any:
        return self.ip.compile

    def _place(self, filename: str) -> str | None:
        """What people call the cell, or the file of their own, that a traceback names."""
        if not self._is_cell(filename):
            return project_file_name(filename)
        return self._cell_names.get(filename) or cell_name("".join(linecache.getlines(filename)))

    def _is_cell(self, filename: str) -> bool:
        return filename in self._compiler._filename_map

    # --- the server ---

    def run_app(self, app: Any, host: str, port: int, **options: Any) -> None:
        """Serve *app* in the background: what ``app.run()`` comes to in a notebook.

        The reloader, the debugger's console and the threads that *options* speak of are not for a kernel.
        """
        self._follow(app)
        # A notebook that ends in `app.run()` runs to its end in a browser, too.
        print(self.serving.run(host, port) if self.serving.is_possible else NO_SOCKETS)

    @property
    def label(self) -> str:
        """What people call the app."""
        pinned = self._pinned is not None and self._pinned.instead_of is self.ip.user_ns.get(self.app_name)
        return "the app" if pinned else self.app_name

    # --- requests ---

    def send(self, definition: RequestDefinition, evaluate: Callable[[str], object]) -> PanelResponse:
        """Send a request and return the response.

        :param evaluate: gives the value of an expression.
        :raises MagicArgumentError: it cannot be sent, or leads to another server.
        :raises RequestTimeoutError: the view did not answer in time.
        """
        self.engine()  # a missing app is an error of the cell, not a 503
        request = self._request(definition, evaluate)
        display = self._display(definition)
        exchanger = self._exchanger(definition.in_process)
        client = exchanger.without_cookies() if definition.fresh else exchanger
        response = client.send(request, definition.follow, display)
        self._offer_to_debugger(response.exchange.exception)
        return response

    def _request(self, definition: RequestDefinition, evaluate: Callable[[str], object]) -> Request:
        resolved = definition.expand(evaluate, self._addresses())
        timeout = self.settings.timeout if definition.timeout == DEFAULT_TIMEOUT else definition.timeout
        return Request(
            resolved.method, resolved.path, resolved.headers, resolved.body, timeout, resolved.dropped
        )

    def _display(self, definition: RequestDefinition) -> Display:
        return Display(definition.scripts, (*self.settings.mask, *definition.mask), definition.timed)

    def _addresses(self) -> list[str]:
        """The hosts, with ports, under which a URL means this app."""
        engine = self.engine()
        names = ["localhost", *self.settings.trusted_hosts, *engine.hosts()]
        url = self.serving.url
        port = urlsplit(url).port if url else None
        served = ["127.0.0.1", "[::1]", *self.serving.hosts(), *names] if port else []
        return [*names, *(f"{name}:{port}" for name in served)]

    def _exchanger(self, in_process: bool) -> PanelExchanger:
        without_server = in_process or self.settings.in_process or not self.serving.is_possible
        return self._in_process if without_server else self._over_socket

    def _offer_to_debugger(self, exc: BaseException | None) -> None:
        """Let ``%tb`` and ``%debug`` open the view's frame, as if the cell itself had raised."""
        if exc is None:
            return
        sys.last_type, sys.last_value, sys.last_traceback = type(exc), exc, self._without_framework(exc)
        if sys.version_info >= (3, 12):
            sys.last_exc = exc
        self.ip.InteractiveTB.tb = None  # else %debug would open the error that IPython showed last

    def _without_framework(self, exc: BaseException) -> TracebackType | None:
        """The traceback from the first frame in a cell on, under one of IPython's, which it hides."""
        first = self._first_cell(exc)
        frame = _ipython_frame()
        if first is None or frame is None:
            return exc.__traceback__
        return TracebackType(first, frame, frame.f_lasti, frame.f_lineno)

    def cut_to_cell(self, exc: BaseException) -> None:
        """Let the traceback of *exc* begin with its first frame in a cell."""
        exc.__traceback__ = self._first_cell(exc) or exc.__traceback__

    def _first_cell(self, exc: BaseException) -> TracebackType | None:
        traceback = exc.__traceback__
        while traceback is not None and not self._is_cell(traceback.tb_frame.f_code.co_filename):
            traceback = traceback.tb_next
        return traceback


def _ipython_frame() -> FrameType | None:
    """The innermost frame of IPython: that of the call of a magic."""
    frame: FrameType | None = sys._getframe()
    while frame is not None and not str(frame.f_globals.get("__name__")).startswith("IPython."):
        frame = frame.f_back
    return frame


def _notebook_folder(namespace: Mapping[str, Any]) -> str:
    """The notebook's folder: VS Code names the file, everybody else starts the kernel there."""
    path = namespace.get("__vsc_ipynb_file__")
    return os.path.dirname(path) if isinstance(path, str) else os.getcwd()


@contextmanager
def _capture_display(take: Callable[[Mapping[str, Any]], None]) -> Iterator[None]:
    """Hand what this thread displays to *take*.

    The publishers of a terminal and of ``%%capture`` have no hooks; what a terminal's prints is captured too.
    """
    publisher: Any = getattr(get_ipython(), "display_pub", None)
    if not hasattr(publisher, "register_hook"):
        yield
        return

    def hook(message: dict[str, Any]) -> dict[str, Any] | None:
        data = message.get("content", {}).get("data")
        if not isinstance(data, dict):
            return message
        take(data)
        return None

    publisher.register_hook(hook)
    try:
        yield
    finally:
        publisher.unregister_hook(hook)
