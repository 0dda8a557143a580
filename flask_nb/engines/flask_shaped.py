"""The adapter for apps of Flask's shape, whichever framework has made them."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from importlib.util import find_spec
from itertools import islice
from logging import Logger
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from blinker import Signal
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter, MapAdapter, Rule
from werkzeug.sansio.utils import host_is_trusted

from flask_nb import engines
from flask_nb.errors import CellError, EndpointConflictError
from flask_nb.live.routes import entry_of, named_methods, withdraw
from flask_nb.live.workspace import current_run

from .defining import DefiningEngine
from .watching import watching

if TYPE_CHECKING:
    from .explanations import RequestExplanation, UrlExplanation
    from .protocol import Engine, RouteRow, StartResponse, View, Witness

_MOST_FILES = 1000  # nobody reads more, and a folder may hold a hundred thousand


class FlaskShapedEngine(DefiningEngine):
    """An app of Flask's shape as the notebook sees it.

    :param app: the app.
    """

    @property
    def name(self) -> str:
        """The app's name: that of the module it was made for."""
        return self.app.name

    @property
    def logger(self) -> Logger:
        """The app's logger."""
        return self.app.logger

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request; middleware that was put around ``app.wsgi_app`` meanwhile takes part."""
        return self.app.wsgi_app(environ, start_response)

    def hosts(self) -> list[str]:
        """Return SERVER_NAME, the names that rules are for where the app matches them, and TRUSTED_HOSTS."""
        server_name = self.app.config.get("SERVER_NAME")
        trusted = self.app.config.get("TRUSTED_HOSTS") or []
        subdomains = [f".{server_name}"] if server_name and self.app.subdomain_matching else []
        return [*([server_name] if server_name else []), *subdomains, *self._rule_hosts(), *trusted]

    def _rule_hosts(self) -> list[str]:
        """The hosts of rules, ``.example.org`` for ``<name>.example.org``; a host that may be any is none."""
        if not self.app.url_map.host_matching:
            return []
        hosts = {re.sub(r"^<[^<>]*>\.", ".", rule.host or "") for rule in self.app.url_map.iter_rules()}
        return sorted(host for host in hosts if host and "<" not in host)

    def default_host(self) -> str:
        """Return the Host of requests that name none: SERVER_NAME, localhost, or one of TRUSTED_HOSTS."""
        server_name = self.app.config.get("SERVER_NAME")
        trusted = self.app.config.get("TRUSTED_HOSTS")
        names: list[str] = [
            server_name or "localhost",
            "localhost",
            *(name.lstrip(".") for name in trusted or ()),
        ]
        if trusted is None:
            return names[0]
        return next((name for name in names if host_is_trusted(name, trusted)), "localhost")

    def routes(self) -> list[RouteRow]:
        """Return all routes in the order of their rules."""
        rows = map(self._row, self.app.url_map.iter_rules())
        return sorted(rows, key=lambda row: (row.rule, row.domain, row.methods, row.endpoint))

    def _row(self, rule: Rule) -> RouteRow:
        return engines.row_of(self.app, rule, self._owner_of(rule))

    def _owner_of(self, rule: Rule) -> str | None:
        """What people call the cell or module that registered a rule; None where neither did."""
        entry = entry_of(rule)
        if entry is None:
            return None
        return entry.owner.name if entry.owner.kind == "cell" else f"{entry.owner.kind} {entry.owner.name}"

    def template_names(self) -> list[str]:
        """Return the names of the templates that can be rendered, live ones and those of folders."""
        # Not through `jinja_env`: it is made from the settings of the moment it is asked for first.
        loader = self.app.create_global_jinja_loader()
        try:
            in_folders = loader.list_templates()
        except TypeError:  # a loader of the app's own that cannot list what it has
            in_folders = []
        return sorted({*self.app.live.overlay.templates, *in_folders})

    def static_names(self) -> list[str]:
        """Return the names of the static files, live ones and those of the app's own folder."""
        folder = self.app.static_folder
        return sorted({*self.app.live.overlay.static, *(_files_below(Path(folder)) if folder else ())})

    def near_rules(self, method: str, path: str) -> list[str] | None:
        """Return up to three rules that resemble what was asked, nearest first, as ``GET /items``.

        :param path: decoded, without a query.
        :return: None when a rule did match: then the view itself said 404.
        """
        if self._find_endpoint(method, path) is not None:
            return None
        rules = self.app.url_map.iter_rules()
        return engines.nearest(
            ((rule.rule, label) for rule in rules for label in _labels(rule)), method, path
        )

    def explain_request(self, method: str, path: str, host: str) -> RequestExplanation:
        """Explain what a request would come to; nothing is sent.

        :param path: decoded, without a query.
        """
        from .explaining import explain_request

        explained = explain_request(self.app, self._row, method, path, host)
        near = self.near_rules(method, path) if explained.status == 404 and not explained.candidates else None
        return replace(explained, near=tuple(near or ()))

    def explain_url(self, endpoint: str, values: Mapping[str, Any], method: str | None) -> UrlExplanation:
        """Explain what the URL of an endpoint would come to; no function of the app is called."""
        from .explaining_urls import explain_url

        return explain_url(self.app, self._row, self._local_urls(), endpoint, values, method)

    def is_async(self, method: str, path: str) -> bool:
        """Whether an ``async def`` view, hook or error handler may take part in answering.

        :param path: decoded, without a query.
        """
        return any(inspect.iscoroutinefunction(function) for function in self._functions_for(method, path))

    def _functions_for(self, method: str, path: str) -> Iterator[View]:
        app = self.app
        for table in (app.before_request_funcs, app.after_request_funcs, app.teardown_request_funcs):
            for functions in table.values():
                yield from functions
        for handlers_by_code in app.error_handler_spec.values():
            for handlers in handlers_by_code.values():
                yield from handlers.values()
        view = app.view_functions.get(self._find_endpoint(method, path))
        # Nothing was found for a host or a subdomain that is not known here: it may be any.
        yield from app.view_functions.values() if view is None else [view]

    def _find_endpoint(self, method: str, path: str) -> Any:
        """The endpoint that answers; None for 404, 405 and redirects."""
        try:
            return self._adapter().match(path, method)[0]
        except HTTPException:
            return None

    def _adapter(self) -> MapAdapter:
        """What a request without a Host of its own is matched with."""
        host = self.default_host()
        url_map = self.app.url_map
        return url_map.bind(host if url_map.host_matching else "localhost")

    def on_exception(self, callback: Callable[[BaseException, bool], None]) -> Callable[[], None]:
        """Call *callback* with each exception of a view and whether a handler for all answered it.

        :return: what ends it.
        """
        with ExitStack() as listening:
            listening.callback(self._on_unhandled(lambda exc: callback(exc, False)))
            listening.callback(self._on_handled(lambda exc: callback(exc, True)))
            return listening.pop_all().close

    def _on_handled(self, callback: Callable[[BaseException], None]) -> Callable[[], None]:
        """Call *callback* with what a handler for ``Exception`` has answered, as it would hide any fault."""

        def receive(sender: Any, exception: Exception, **extra: Any) -> None:
            is_fault = sender is self.app and not isinstance(exception, HTTPException)
            if is_fault and self._is_caught_by_all(exception):
                callback(exception)

        return _connect(self.answered, receive)

    def _is_caught_by_all(self, exc: Exception) -> bool:
        handler = self.app._find_error_handler(exc, self.framework().request.blueprints)
        by_code = (handlers.get(None, {}) for handlers in self.app.error_handler_spec.values())
        return any(handler is not None and handlers.get(Exception) is handler for handlers in by_code)

    def _on_unhandled(self, callback: Callable[[BaseException], None]) -> Callable[[], None]:
        def receive(sender: Any, exception: BaseException, **extra: Any) -> None:
            if sender is self.app:
                callback(exception)

        return _connect(self.framework().got_request_exception, receive)

    def on_http_error(self, callback: Callable[[BaseException], None]) -> Callable[[], None]:
        """Call *callback* with each HTTP error, such as a view's 400; return what ends it."""

        def receive(sender: Any, exception: Exception, **extra: Any) -> None:
            if sender is self.app and isinstance(exception, HTTPException):
                callback(exception)

        return _connect(self.answered, receive)

    def on_render(self, callback: Callable[[Any, Mapping[str, Any]], None]) -> Callable[[], None]:
        """Call *callback* with each template that is rendered and its context; return what ends it."""

        def receive(sender: Any, template: Any, context: Mapping[str, Any], **extra: Any) -> None:
            if sender is self.app:
                callback(template, context)

        return _connect(self.framework().template_rendered, receive)

    def on_match(
        self, callback: Callable[[str | None, str | None, Mapping[str, Any]], None]
    ) -> Callable[[], None]:
        """Call *callback* with the endpoint, rule and view arguments of each request; return what ends it."""

        def receive(sender: Any, **extra: Any) -> None:
            request = self.framework().request
            if sender is self.app and request.url_rule is not None:
                callback(request.endpoint, request.url_rule.rule, request.view_args or {})

        return _connect(self.framework().request_started, receive)

    def watch(
        self, witness_of: Callable[[], Witness | None], *, is_tracing: bool
    ) -> AbstractContextManager[None]:
        """Have the witness of a request told what goes on in it, as long as a block runs."""
        return watching(self, witness_of, is_tracing)

    def untold(self) -> str:
        """Nothing is left untold."""
        return ""

    def session_now(self) -> Mapping[str, Any]:
        """Return what the session of the current request holds, without counting as one who reads it."""
        session = self._session()
        return {} if session is None else dict(session)

    def _session(self) -> Any:
        """The session of the current request, None where there is none."""
        raise NotImplementedError

    def take_over(self, other: Engine) -> None:
        """Register here what cells had registered on the app of *other*; the cell's end says so.

        An app that is older than the running cell has a life of its own, and takes nothing over.
        """
        run = current_run.get()
        if run is not None and self.app.live.was_made_in(run):
            self.app.live.take_over(other.app, run)

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all rules of an endpoint and return them."""
        rules = self._rules_of(endpoint)
        for entry in filter(None, map(entry_of, rules)):
            self.app.live.ledger.drop(entry)
        withdraw(self.app, self._rules_of(endpoint))  # those that nobody owns
        return [label for rule in rules for label in _labels(rule)]

    def _rules_of(self, endpoint: str) -> list[Rule]:
        try:
            return list(self.app.url_map.iter_rules(endpoint))
        except KeyError:
            return []

    # --- what cells apply definitions to ---

    def converters(self) -> Mapping[str, type[BaseConverter]]:
        """Return what a rule may use, such as ``int``, with the classes."""
        return self.app.url_map.converters

    def add_route(
        self,
        rule: str,
        endpoint: str,
        view: View,
        *,
        derived: bool = False,
        methods: Sequence[str] | None = None,
        defaults: Mapping[str, object] | None = None,
        strict_slashes: bool | None = None,
        host: str | None = None,
        subdomain: str | None = None,
    ) -> None:
        """Register *view*; it is live when this returns.

        :raises EndpointConflictError: the endpoint was derived, and is another rule's.
        :raises CellError: the app never looks at what the rule says of the host.
        """
        self._check_matching(host, subdomain)
        if derived:
            self._check_derived(rule, endpoint)
        options = {
            "methods": methods,
            "defaults": dict(defaults) if defaults else None,
            "strict_slashes": strict_slashes,
            "host": host,
            "subdomain": subdomain,
        }
        given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
        self.app.add_url_rule(rule, endpoint, view, **given)

    def _check_matching(self, host: str | None, subdomain: str | None) -> None:
        """What a rule says of the host is looked at only by an app that was made for it."""
        url_map = self.app.url_map
        if host is not None and not url_map.host_matching:
            raise self._needs("--host", "host_matching=True, static_host='localhost'")
        if subdomain not in (None, url_map.default_subdomain) and not self.app.subdomain_matching:
            raise self._needs("--subdomain", "subdomain_matching=True")

    def _needs(self, flag: str, arguments: str) -> CellError:
        package = self.framework().__name__.removesuffix(".web")
        return CellError(
            f"{flag} would have no effect, since this app was not made for it. "
            f"Make it with: from {package} import Flask; app = Flask(__name__, {arguments})"
        )

    def _check_derived(self, rule: str, endpoint: str) -> None:
        """Two rules never share a derived endpoint, unless the cell at work is changing its own rule."""
        run = current_run.get()
        for existing in self._rules_of(endpoint):
            entry = entry_of(existing)
            is_own = run is not None and entry is not None and run.has_replaced(entry)
            if existing.rule != rule and not is_own:
                name = entry.owner.name if entry is not None else None
                raise EndpointConflictError(endpoint, rule=rule, existing=existing.rule, owner=name)

    def as_view(self, cls: type, endpoint: str) -> View:
        """Return the view function of a class-based view."""
        return cast("View", cls.as_view(endpoint))  # type: ignore[attr-defined]

    def supports_async(self) -> bool:
        """Whether asgiref is there to call ``async def`` views."""
        return find_spec("asgiref") is not None


def _files_below(folder: Path) -> Iterator[str]:
    files = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return islice(files, _MOST_FILES)


def _labels(rule: Rule) -> list[str]:
    domain = f" of {rule.host or rule.subdomain}" if rule.host or rule.subdomain else ""
    return [f"{method} {rule.rule}{domain}" for method in sorted(named_methods(rule))]


def _connect(signal: Signal, receive: Callable[..., None]) -> Callable[[], None]:
    """Listen to all senders: for one alone, the signal would keep the receiver, and all that it holds."""
    signal.connect(receive, weak=False)
    return lambda: signal.disconnect(receive)
