"""The host: what a notebook owns of its web application.

It keeps what outlives any app object: the server, the recorder, the cookies. Which app is meant is the
business of :mod:`.following`, what is shown of cells that of :mod:`.sources`.
"""

from __future__ import annotations

import os
from bdb import BdbQuit
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from weakref import WeakKeyDictionary

from flask_nb import engines, hints, notebook
from flask_nb.cells import DEFAULT_TIMEOUT, RequestDefinition
from flask_nb.cells.request import ResolvedRequest
from flask_nb.errors import FlaskNbError, MagicArgumentError, NoAppError
from flask_nb.exchange import (
    CookieJar,
    InProcessTransport,
    Recorder,
    Recording,
    Request,
    Seen,
    SocketTransport,
    watching_statements,
)
from flask_nb.exchange.masks import mask_text
from flask_nb.exchange.request import DEFAULT_HOST
from flask_nb.gate import ASKED_BY_GATE, PROXIED, Gate, Probes
from flask_nb.panel import Display, PanelExchanger, PanelResponse
from flask_nb.panel.options import LAST

from .following import FollowedApp, known_apps
from .live_pages import LivePages
from .ports import named_ports
from .request_displays import RequestDisplays
from .served import SERVED, ServedApp, ServedApps
from .serving import NO_SOCKETS, Serving
from .sources import CellSources
from .traffic import Traffic

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from flask_nb.engines import Engine

    from .addresses import Address
    from .settings import FlaskNB


_QUIT = "the view ended where the debugger was left by q; c lets it go on"

Page = tuple[list[tuple[str, str]], bytes]


class Host:
    """What a notebook owns of its web application.

    :param ip: the shell whose variables hold the app.
    :param settings: what the person has set.
    """

    def __init__(self, ip: InteractiveShell, settings: FlaskNB) -> None:
        self.ip = ip
        self.settings = settings
        self.sources = CellSources(ip)
        self._process = os.getpid()
        self.recorder = Recorder(
            self._answer,
            cell_name=self.sources.place,
            scene_of=self.scene,
            near=self._near_rules,
            ring_of=lambda environ: None if ASKED_BY_GATE in environ else environ[SERVED].ring,
            failed_page=self._failed_page,
        )
        self.probes = Probes()
        self.pages = LivePages(self.recorder, settings, self.recorder.expects)
        self._displays = RequestDisplays(ip, self.recorder)
        self.recorder.install(self._displays.watch)
        self.apps = ServedApps(self._make_served)
        self._asked: WeakKeyDictionary[PanelResponse, ServedApp] = WeakKeyDictionary()
        self.traffic = Traffic(lambda: [served.ring for served in self.apps], self.sources)
        self._over_socket = SocketTransport(lambda: self.serving.address(), abandon=self._abandon)
        self._in_process = InProcessTransport(
            lambda environ, start_response: self.apps.current(environ, start_response),
            needs_worker=self._needs_worker,
        )

    def _abandon(self, key: str) -> str:
        """Stop a request that nobody waits for any more; return what kept it, where that was no view."""
        starting = engines.starting(self.followed.serving_engine())  # it ends with the request
        reason = self.serving.cancel(key)
        if not starting:
            return reason
        return (
            f"the startup of {starting} was still running, and was stopped. The next request tries again; "
            f"give it longer with --timeout SECONDS"
        )

    @property
    def followed(self) -> FollowedApp:
        """Which app is the current one."""
        return self.apps.current.followed

    @property
    def cookies(self) -> CookieJar:
        """The cookies of the current app."""
        return self.apps.current.cookies

    @property
    def serving(self) -> Serving:
        """The server of the current app."""
        return self.apps.current.serving

    def close(self) -> None:
        """Stop the servers and give back the standard streams; a second time does nothing."""
        self.pages.close()
        self.apps.close()
        self.recorder.uninstall()
        self._displays.close()

    def _make_served(self) -> ServedApp:
        return ServedApp(
            FollowedApp(self.ip, self._listen),
            self._make_gate,
            lambda app, label: Serving(app, self.settings, label, self._find_address, named_ports(self.ip)),
        )

    def _find_address(self, port: int) -> Address:
        return notebook.Addresses(self.settings, self.probes).find(port)

    def _make_gate(self, served: ServedApp) -> Gate:
        return Gate(
            self.pages,
            lambda: [*self.settings.trusted_hosts, *served.hosts()],
            origins=lambda: self.settings.trusted_origins,
            is_own=self.recorder.trusts,
            on_refusal=self.recorder.note_refusal,
            probes=self.probes,
            front=served.serving.front,
            shuts_out=served.serving.shuts_out,
        )

    def _listen(self, engine: Engine) -> Callable[[], None]:
        with ExitStack() as listening:
            listening.callback(engine.on_exception(self._note_failure))
            listening.callback(engine.on_match(self._note_match))
            listening.callback(engine.on_http_error(self._note_http_error))
            listening.callback(engine.on_render(self._note_template))
            return listening.pop_all().close

    # --- what the recorder and the gate ask ---

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        followed: FollowedApp = environ[SERVED].followed
        if (
            front := environ.get(PROXIED)
        ) is not None:  # only now: what is kept of a request has the app's paths
            environ["SCRIPT_NAME"] = front.prefix
        recording = self.recorder.current()
        engine = followed.serving_engine(is_own=recording is not None and bool(recording.key))
        if engine is not None:
            return engine.wsgi_app(environ, start_response)
        body = str(NoAppError(followed.name)).encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response("503 Service Unavailable", headers)
        return [body]

    def _near_rules(self, method: str, path: str) -> list[str] | None:
        engine = self.followed.serving_engine(is_own=True)
        return None if engine is None else engine.near_rules(method, path)

    def _needs_worker(self, request: Request) -> bool:
        engine = self.followed.serving_engine(is_own=True)
        path = unquote(request.path.partition("?")[0])
        return engine is not None and engine.is_async(request.method, path)

    def _failed_page(self, recording: Recording, environ: dict[str, Any]) -> Page | None:
        """In debug mode show the traceback to whoever cannot see it in the notebook."""
        engine = environ[SERVED].followed.serving_engine()
        if recording.key or recording.failure is None or engine is None or not engine.config.get("DEBUG"):
            return None
        from flask_nb.panel.failure_page import failure_page

        is_page = "text/html" in environ.get("HTTP_ACCEPT", "")
        return failure_page(recording.failure, recording.endpoint, is_page=is_page)

    def _note_match(self, endpoint: str | None, rule: str | None, view_args: Mapping[str, Any]) -> None:
        recording = self.recorder.current()
        if recording is not None:
            recording.matched(endpoint, rule, view_args)

    def _note_failure(self, exc: BaseException, is_handled: bool) -> None:
        recording = self.recorder.current()
        if recording is not None:
            recording.fail(exc, is_handled=is_handled)
            if isinstance(exc, BdbQuit):
                recording.notes.append(_QUIT)

    def _note_http_error(self, exc: BaseException) -> None:
        """Say which mistake in the view has made an answer such as 400; who asked by hand reads it."""
        recording = self.recorder.current()
        if recording is not None and recording.key and (hint := hints.hint_at(self.scene(exc))):
            recording.notes.append(mask_text(hint))

    def _note_template(self, template: Any, context: Mapping[str, Any]) -> None:
        recording = self.recorder.current()
        if recording is not None and recording.key and (hint := hints.hint_at_variables(template, context)):
            recording.notes.append(hint)

    def scene(self, exc: BaseException, *, in_request: bool = True) -> hints.Scene:
        """Return what hints may see of where an error was raised."""
        engine = self._answering_engine() if in_request else self.followed.serving_engine(is_own=True)
        is_foreign = engine is None or engines.is_foreign(engine)
        return hints.Scene(
            exc,
            self.sources.place,
            is_cell=self.sources.is_cell,
            engine=None if is_foreign else engine,
            framework=None if engine is None or is_foreign else engine.framework(),
            is_foreign=engine is not None and is_foreign,
            in_request=in_request,
        )

    def _answering_engine(self) -> Engine | None:
        """The engine of the app whose request is the active one; else that of the current app."""
        for served in self.apps:
            engine = served.followed.serving_engine()
            if engine is None or engines.is_foreign(engine) or not engine.framework().has_request_context():
                continue
            if engine.framework().request.environ.get(SERVED) is served:
                return engine
        return self.followed.serving_engine(is_own=True)

    # --- the server ---

    def run_app(self, app: Any, host: str | None, port: int | None, **options: Any) -> None:
        """Serve *app* in the background: what ``app.run()`` comes to in a notebook.

        In a forked child nothing is in the background, and it is served until the child is ended.

        :raises ServerError: what was named cannot be had.
        """
        asked = notebook.AppRun.of(app, host, port, options)
        if os.getpid() != self._process:
            asked.serve_in_child(self.settings)
            return
        if not self.serving.is_possible:
            print(NO_SOCKETS)  # a notebook that ends in `app.run()` runs to its end in a browser, too
            return
        print(self.apps.run(app, port, asked.serve), *asked.remarks(), sep="\n")

    # --- requests ---

    def send(self, definition: RequestDefinition, evaluate: Callable[[str], object]) -> PanelResponse:
        """Send a request and return the response.

        :param evaluate: gives the value of an expression.
        :raises MagicArgumentError: it cannot be sent, or leads to another server.
        :raises RequestTimeoutError: the view did not answer in time.
        """
        engines.follow_remade()
        self.followed.engine()  # a missing app is an error of the cell, not a 503
        resolved = self.resolve(definition, evaluate)
        note = self._note_elsewhere(resolved)
        request = self._request(definition, resolved)
        display = self._display(definition)
        exchanger = self._exchanger(definition.in_process)
        client = exchanger.without_cookies() if definition.fresh else exchanger
        with self._watching(client, is_tracing=definition.traced):
            response = client.send(request, definition.follow, display)
        self._asked[response] = self.apps.current
        self._remark(response)
        self._point_elsewhere(response)
        response.exchange.notes[:0] = note
        if definition.traced and (untold := self.followed.engine().untold()):
            response.exchange.notes.append(untold)
        self.sources.offer_to_debugger(response.exchange.exception)
        return response

    @contextmanager
    def _watching(self, client: PanelExchanger, *, is_tracing: bool) -> Iterator[None]:
        """See what goes on in the app while a request of the notebook's is on its way."""
        client.is_tracing = is_tracing
        with (
            self.followed.engine().watch(self._witness, is_tracing=is_tracing),
            watching_statements(),
        ):
            yield

    def _witness(self) -> Seen | None:
        recording = self.recorder.current()
        return recording.seen if recording is not None else None

    def replay(self, response: PanelResponse) -> PanelResponse:
        """Send again what led to a response; what the gate has refused goes to it as a stranger's again.

        The cookies are those of then, and those that come are not kept.

        :raises MagicArgumentError: not all of the request is kept.
        :raises NoAppError: the app that was asked is gone.
        """
        from flask_nb.exchange.recall import request_of

        request = request_of(response)
        with self.apps.turned_back_to(self.asked(response)):
            self.followed.engine()
            exchanger = self._exchanger(in_process=False)
            client = exchanger.as_stranger() if response.exchange.is_refused else exchanger.without_cookies()
            with self._watching(client, is_tracing=response.display.steps):
                again = client.send(request, bool(response.history), response.display)
            self._asked[again] = self.apps.current
        self.sources.offer_to_debugger(again.exchange.exception)
        return again

    def _point_elsewhere(self, response: PanelResponse) -> None:
        """Name another app of the notebook that has a rule for what this one does not know."""
        exchange, label = response.exchange, self.followed.label
        if response.status_code != 404 or exchange.endpoint is not None:
            return
        path = unquote(urlsplit(exchange.request.path).path)
        for name, app in known_apps(self.ip.user_ns).items():
            if self.followed.holds(app):
                continue
            with suppress(FlaskNbError):
                other = engines.adopt(app, name, is_chosen=True)
                if engines.tells_routes(other) and other.near_rules(exchange.request.method, path) is None:
                    exchange.notes.append(f"{label} was asked; {name} has a rule for it: %app {name}")
                    return
        if cell := engines.cell_of_other_app(self.followed.app, exchange.request.method, path):
            before = f"{label} is another app now; the one before has a rule for it"
            exchange.notes.append(f"{before}. To go on with that, run {cell} again")

    def asked(self, response: PanelResponse) -> ServedApp:
        """Return what was asked for a response."""
        return self._asked.get(response, self.apps.current)

    def resolve(self, definition: RequestDefinition, evaluate: Callable[[str], object]) -> ResolvedRequest:
        """Return a request with its expressions evaluated, as it would be sent.

        :raises MagicArgumentError: it cannot be sent, or leads to another server.
        """
        return definition.expand(evaluate, self._addresses())

    def _remark(self, response: PanelResponse) -> None:
        """Add to an exchange what is to be said of its answer."""
        engine = self.followed.serving_engine(is_own=True)
        exchange, before = response.exchange, response.history[-1:]
        if engine is None or engines.is_foreign(engine) or exchange.exception is not None:
            return
        answer = hints.Answer(
            exchange.request.method,
            exchange.request.host,
            urlsplit(exchange.request.path).path,
            exchange.request.headers,
            response.status_code,
            exchange.own_headers or (),
            response.get_data(),
            exchange.view_args,
            hints.view_of(engine.app, exchange.endpoint, exchange.request.method),
            before[0].headers.get("Location") if before else None,
        )
        exchange.notes += map(mask_text, hints.remarks_on(answer, engine))

    def _note_elsewhere(self, resolved: ResolvedRequest) -> list[str]:
        """Say where a pasted request was meant for, if that was another port of this machine.

        :raises MagicArgumentError: another app of this notebook is served there.
        """
        if resolved.elsewhere is None:
            return []
        port = resolved.elsewhere.rpartition(":")[2]
        other = self.apps.at_port(int(port) if port.isdecimal() else None)
        if other is None:
            return [f"sent to this notebook's app, not to {resolved.elsewhere}"]
        label = other.followed.label
        choose = "" if other.followed.is_pinned else f". Type %app {label} first"
        raise MagicArgumentError(
            f"{label} is served at {resolved.elsewhere}, and is not the current app{choose}"
        )

    def _request(self, definition: RequestDefinition, resolved: ResolvedRequest) -> Request:
        timeout = self.settings.timeout if definition.timeout == DEFAULT_TIMEOUT else definition.timeout
        return Request(
            resolved.method,
            resolved.path,
            resolved.headers,
            resolved.body,
            timeout,
            resolved.dropped,
            self.followed.engine().default_host(),
        )

    def cookie_host(self) -> str:
        """Return the host whose cookies the notebook's requests carry."""
        engine = self.followed.serving_engine(is_own=True)
        return DEFAULT_HOST if engine is None else engine.default_host()

    def _display(self, definition: RequestDefinition) -> Display:
        mask = (*self.settings.mask, *definition.mask)
        return Display(
            definition.scripts,
            mask,
            definition.timed,
            definition.headers_shown,
            definition.height,
            definition.as_name or LAST,
            definition.traced,
        )

    def _addresses(self) -> list[str]:
        """The hosts, with ports, under which a URL means this app."""
        engine = self.followed.engine()
        names = ["localhost", engine.default_host(), *self.settings.trusted_hosts, *engine.hosts()]
        url = self.serving.url
        port = urlsplit(url).port if url else None
        served = ["127.0.0.1", "[::1]", *self.serving.hosts(), *names] if port else []
        return [*names, *(f"{name}:{port}" for name in served)]

    def _exchanger(self, in_process: bool) -> PanelExchanger:
        without_server = in_process or self.settings.in_process or not self.serving.is_possible
        transport = self._in_process if without_server else self._over_socket
        return PanelExchanger(transport, self.recorder, self.cookies)
