"""The contexts that a request or a command runs in.

A context makes what it can only when it is asked for: the request object, the session and the URL
adapter of a view that needs none of them are never made. A hello world needs none, and takes a third of
the time that it takes with all of them. The price is that each part has two states, which every method
here has to mind, and that a class of the user's own, which could tell that it is not called, has to be
recognised: for that one the part is made at once, as in Flask (the questions that stand first below).
``tests/web`` runs every test against Flask as well; those with subclasses, such as
``test_a_subclass_is_asked_for_the_url_adapter_of_each_context``, hold the recognising.
"""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property, lru_cache, update_wrapper
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from werkzeug.exceptions import HTTPException

from ..live.url_map import LiveMap, RoutingTable, keep_table, redirected
from .globals import _cv_app, _cv_request
from .sessions import SecureCookieSessionInterface
from .signals import appcontext_popped, appcontext_pushed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import MapAdapter, Rule

    from .app import Flask
    from .sessions import SessionMixin
    from .typing import AfterRequestCallable
    from .wrappers import Request

F = TypeVar("F", bound=Callable[..., Any])

# "No argument was given", where None is a value.
_sentinel = object()


# A Host that needs no further look: labels of letters, digits and hyphens, perhaps a port. Whatever else
# may be a Host (an IPv6 address, an international name, nonsense) is left to Werkzeug to judge. An app has
# few, so that the last ones are kept.
@lru_cache(maxsize=128)
def _is_ordinary_host(host: str) -> bool:
    name, colon, port = host.partition(":")
    are_labels = all(len(each) < 64 and each.replace("-", "0").isalnum() for each in name.split("."))
    is_port = port.isdecimal() and port[0] != "0" and len(port) < 6 and int(port) < 65536
    return host.isascii() and are_labels and (is_port or not colon)


def _makes_adapters_itself(app: Flask) -> bool:
    """Return whether the app has its own way to make URL adapters, and so has to be asked each time."""
    return app._overrides_url_adapter or "create_url_adapter" in app.__dict__


def _opens_sessions_lazily(app: Flask) -> bool:
    """Return whether the session interface is our own, unchanged, which does nothing but read the cookie."""
    interface = app.session_interface
    return type(interface) is SecureCookieSessionInterface and not interface.__dict__


def _matches_directly(app: Flask, environ: WSGIEnvironment) -> bool:
    """Return whether path and method alone decide, so that the URL adapter can wait.

    Binding an adapter and matching with it takes nearly as long as all the rest of a hello world. What
    the adapter would find out is known beforehand where the app has no say in it, hosts neither choose
    a rule nor are refused, and the request does not ask for a WebSocket. ``test_bad_input`` and
    ``test_properties`` in ``tests/web`` ask Flask the same.
    """
    return (
        not _makes_adapters_itself(app)
        and not app.subdomain_matching
        and app.config["TRUSTED_HOSTS"] is None
        and "HTTP_UPGRADE" not in environ
        and _is_ordinary_host(environ.get("HTTP_HOST", ""))
    )


class _AppCtxGlobals:
    """The object behind ``g``: whatever the app keeps there until its context ends."""

    if TYPE_CHECKING:  # any attribute may be set and read

        def __getattr__(self, name: str) -> Any: ...

        def __setattr__(self, name: str, value: Any) -> None: ...

    def get(self, name: str, default: Any | None = None) -> Any:
        """Return the value of *name*, or *default* when it is not set."""
        return self.__dict__.get(name, default)

    def pop(self, name: str, default: Any = _sentinel) -> Any:
        """Take *name* out and return its value.

        :param default: what to return when it is not set.
        :raises KeyError: when it is not set and no default is given.
        """
        fallback = () if default is _sentinel else (default,)
        return self.__dict__.pop(name, *fallback)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of *name*, setting it to *default* first when it is not set."""
        return self.__dict__.setdefault(name, default)

    def __contains__(self, item: str) -> bool:
        return item in self.__dict__

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)

    def __repr__(self) -> str:
        ctx = _cv_app.get(None)
        return object.__repr__(self) if ctx is None else f"<flask.g of '{ctx.app.name}'>"


def has_request_context() -> bool:
    """Return whether a request is active here."""
    return _cv_request.get(None) is not None


def has_app_context() -> bool:
    """Return whether an app is active here."""
    return _cv_app.get(None) is not None


def after_this_request(f: AfterRequestCallable[Any]) -> AfterRequestCallable[Any]:
    """Have *f* called with the response of the current request, to change or replace it.

    :raises RuntimeError: outside a request.
    """
    ctx = _cv_request.get(None)
    if ctx is None:
        raise RuntimeError(
            "'after_this_request' needs a request: call it in a view, or in another function"
            " that runs while a request is handled."
        )
    ctx._after_request_functions.append(f)
    return f


def copy_current_request_context(f: F) -> F:
    """Return *f* wrapped so that it runs in a copy of the current request's context.

    For work that a view hands to another thread or greenlet.

    :raises RuntimeError: outside a request.
    """
    current = _cv_request.get(None)
    if current is None:
        raise RuntimeError(
            "'copy_current_request_context' needs a request: decorate the function inside a view."
        )
    ctx = current.copy()

    def with_request_context(*args: Any, **kwargs: Any) -> Any:
        with ctx:
            return ctx.app.ensure_sync(f)(*args, **kwargs)

    return update_wrapper(with_request_context, f)  # type: ignore[return-value]


@lru_cache(maxsize=1024)
def blueprints_of(endpoint: str) -> tuple[str, ...]:
    """Return the names of the blueprints that *endpoint* belongs to, innermost first."""
    name = endpoint.rpartition(".")[0]
    names = []
    while name:
        names.append(name)
        name = name.rpartition(".")[0]
    return tuple(names)


class _PushedByWith:
    """What both contexts do in a ``with`` block."""

    push: Callable[[], None]
    pop: Callable[..., None]

    def __enter__(self) -> Self:
        self.push()
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.pop(error)


class AppContext(_PushedByWith):
    """What is active while an app handles a request or runs a command.

    :param app: the app.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._tokens: list[contextvars.Token[AppContext]] = []
        #: The namespace behind ``flask.g``; made at once, which costs less than to ask each time.
        self.g: _AppCtxGlobals = app.app_ctx_globals_class()
        if _makes_adapters_itself(app):
            self.url_adapter = app.create_url_adapter(None)

    @cached_property
    def url_adapter(self) -> MapAdapter | None:
        """What builds URLs outside a request; None without a SERVER_NAME."""
        return self.app.create_url_adapter(None)

    def push(self) -> None:
        """Make this the active app context."""
        self._tokens.append(_cv_app.set(self))
        if appcontext_pushed.receivers:
            appcontext_pushed.send(self.app, _async_wrapper=self.app.ensure_sync)

    def pop(self, exc: BaseException | None = _sentinel) -> None:  # type: ignore[assignment]
        """End this context; the last pop runs the app's teardown functions.

        :param exc: the error that ended the work, or None; by default the one being handled.
        """
        try:
            if len(self._tokens) == 1:
                exc = sys.exc_info()[1] if exc is _sentinel else exc
                self.app.do_teardown_appcontext(exc)
        finally:
            active = _cv_app.get()
            _cv_app.reset(self._tokens.pop())
        if active is not self:
            raise AssertionError(f"Popped wrong app context. ({active!r} instead of {self!r})")
        if appcontext_popped.receivers:
            appcontext_popped.send(self.app, _async_wrapper=self.app.ensure_sync)


class RequestContext(_PushedByWith):
    """What is active while one request is handled.

    :param app: the app.
    :param environ: the WSGI environment of the request.
    :param request: a request object made elsewhere; by default one of the app's class.
    :param session: a session opened elsewhere; by default the app's interface opens one.
    """

    # Defaults stand on the class: most requests set none of them.
    flashes: list[tuple[str, str]] | None = None
    _session: SessionMixin | None = None
    _request: Request | None = None
    _url_adapter: Any = _sentinel
    _table: RoutingTable | None = None
    _own: RoutingTable | None = None  # the same, once it is known that hosts have no say in it
    _match: tuple[Rule, dict[str, Any]] | None = None
    _failed_match: HTTPException | None = None

    def __init__(
        self,
        app: Flask,
        environ: WSGIEnvironment,
        request: Request | None = None,
        session: SessionMixin | None = None,
    ) -> None:
        self.app = app
        self._environ = environ
        self._frames: list[tuple[contextvars.Token[RequestContext], AppContext | None]] = []
        self._after_request_functions: list[AfterRequestCallable[Any]] = []
        if session is not None:
            self._session = session
        if request is not None:
            self._request = request
            request.json_module = app.json
        elif not getattr(app.request_class, "_can_wait", False):
            self._make_request()
        if not _matches_directly(app, environ):
            self._bind()

    # --- what is made when it is asked for ---

    def _make_request(self) -> Request:
        request = self._request = self.app.request_class(self._environ)
        request.json_module = self.app.json
        if self._match is not None:
            request.url_rule, request.view_args = self._match
        elif self._failed_match is not None:
            request.routing_exception = self._failed_match
        return request

    @property
    def request(self) -> Request:
        """The request object."""
        return self._request or self._make_request()

    @request.setter
    def request(self, value: Request) -> None:
        self._request = value

    def _bind(self) -> None:
        """Make the URL adapter; a Host that is not acceptable is the request's routing error."""
        self._url_adapter = None
        try:
            self._url_adapter = self.app.create_url_adapter(self.request)
        except HTTPException as exc:
            self._fail_match(exc)
        if self._table is not None and self._url_adapter is not None:
            keep_table(self._url_adapter, self._table)

    def keep_routing_table(self) -> None:
        """See one routing table from now to the end of the request, whatever is registered meanwhile."""
        self._table = getattr(self.app.url_map, "table", None)
        adapter = self._url_adapter
        if self._table is not None and adapter is not _sentinel and adapter is not None:
            keep_table(adapter, self._table)

    @property
    def url_adapter(self) -> MapAdapter | None:
        """What matches and builds URLs in this request; None when its Host was refused."""
        if self._url_adapter is _sentinel:
            self._bind()
        return self._url_adapter  # type: ignore[no-any-return]

    @url_adapter.setter
    def url_adapter(self, value: MapAdapter | None) -> None:
        self._url_adapter = value

    @property
    def session(self) -> SessionMixin:
        """The session. Reading this counts as an access: the response then varies by cookie."""
        session = self._session
        if session is None:
            session = self._open_session()
        session.accessed = True
        return session

    def _open_session(self) -> SessionMixin:
        interface = self.app.session_interface
        session = interface.open_session(self.app, self.request)
        if session is None:
            session = interface.make_null_session(self.app)
        self._session = session
        return session

    def _session_to_save(self) -> SessionMixin | None:
        """Return the session that may have to be saved, opened if the request brought one; else None.

        One that nobody asked for has not changed, but a permanent one is to be prolonged.
        """
        if self._session is None and "HTTP_COOKIE" in self._environ:
            return self._open_session()
        return self._session

    # --- matching ---

    def match_request(self) -> None:
        """Match the request to a rule; what goes wrong is raised when it is dispatched."""
        adapter = self.url_adapter
        if adapter is None:
            return
        try:
            rule, values = adapter.match(return_rule=True)
        except HTTPException as exc:
            self._fail_match(exc)
        else:
            self._set_match(rule, dict(values))

    def _match_directly(self) -> bool:
        """Match by path and method alone, without an adapter, if they certainly decide."""
        table, path, method = (
            self._own_table(),
            self._environ.get("PATH_INFO", ""),
            self._environ["REQUEST_METHOD"],
        )
        if table is None:
            return False
        rule = table.find_plain(path, method)
        if rule is not None:
            self._set_match(rule, dict(rule.defaults) if rule.defaults else {})
            return True
        if not path.isascii() or not method.isupper():
            return False
        try:
            found = table.match(path, method)
            if found is not None and table.may_redirect(found[0]):
                found = redirected(self.url_adapter, table, found)  # type: ignore[arg-type]
        except HTTPException as exc:
            self._fail_match(exc)
            return True
        if found is not None:
            self._set_match(found[0], dict(found[1]))
        return found is not None

    def build_directly(self, endpoint: str, values: dict[str, Any]) -> str | None:
        """Build a URL of this host without an adapter; return None where one has to decide."""
        table = (self._own or self._own_table()) if self._url_adapter is _sentinel else None
        if table is None:
            return None
        environ = self._environ
        path = table.build(endpoint, values, environ["REQUEST_METHOD"])
        prefix = environ.get("SCRIPT_NAME") or ""
        if path is None or (not prefix and not path.startswith("//")):
            return path
        return f"{prefix.rstrip('/')}/{path.lstrip('/')}" if prefix.isascii() else None

    def _own_table(self) -> RoutingTable | None:
        """Return the table of this request, if hosts have no say in it."""
        url_map = self.app.url_map
        if type(url_map) is not LiveMap or url_map.host_matching or url_map.default_subdomain:
            return None
        self._own = self._table
        return self._table or url_map.table

    def _set_match(self, rule: Rule, values: dict[str, Any]) -> None:
        self._match = rule, values
        if self._request is not None:
            self._request.url_rule, self._request.view_args = rule, values

    def _fail_match(self, exc: HTTPException) -> None:
        self._failed_match = exc
        if self._request is not None:
            self._request.routing_exception = exc

    def matched(self) -> tuple[Rule | None, dict[str, Any]]:
        """Return the rule and values to dispatch; hooks may have changed those of the request."""
        request = self._request
        if request is not None:
            if request.routing_exception is not None:
                return None, {}
            return request.url_rule, request.view_args or {}
        return self._match or (None, {})

    @property
    def method(self) -> str:
        """The method of the request, in upper case."""
        request = self._request
        method: str = self._environ["REQUEST_METHOD"] if request is None else request.method
        return method if method.isupper() else method.upper()

    def blueprint_names(self) -> Sequence[str]:
        """Return the names of the blueprints that the request belongs to, innermost first."""
        if self._request is not None:
            return self._request.blueprints
        return () if self._match is None else blueprints_of(self._match[0].endpoint)

    # --- push and pop ---

    def copy(self) -> RequestContext:
        """Return a context of the same request, to be pushed in another thread or greenlet."""
        return self.__class__(self.app, environ=self._environ, request=self.request, session=self._session)

    def push(self) -> None:
        """Make this the active request, with its app's context below it."""
        app = self.app
        app_ctx = _cv_app.get(None)
        pushed: AppContext | None = None
        if app_ctx is None or app_ctx.app is not app:
            pushed = app.app_context()
            pushed.push()
        self._frames.append((_cv_request.set(self), pushed))
        # The session comes before the match: custom converters may read it.
        if self._session is None and not _opens_sessions_lazily(app):
            self._open_session()
        is_open = self._match is None and self._failed_match is None
        if is_open and (self._url_adapter is not _sentinel or not self._match_directly()):
            self.match_request()

    def pop(self, exc: BaseException | None = _sentinel) -> None:  # type: ignore[assignment]
        """End this context; the last pop runs the teardown functions and closes the request.

        :param exc: the error that ended the request, or None; by default the one being handled.
        """
        is_last = len(self._frames) == 1
        try:
            if is_last:
                exc = sys.exc_info()[1] if exc is _sentinel else exc
                self.app.do_teardown_request(exc)
                close = getattr(self._request, "close", None)
                if close is not None:
                    close()
        finally:
            active = _cv_request.get()
            token, app_ctx = self._frames.pop()
            _cv_request.reset(token)
            if is_last and active._request is not None:
                # The environment refers to the request; the cycle would wait for the collector.
                active._request.environ["werkzeug.request"] = None
            if app_ctx is not None:
                app_ctx.pop(exc)
        if active is not self:
            raise AssertionError(f"Popped wrong request context. ({active!r} instead of {self!r})")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.request.url!r} [{self.request.method}] of {self.app.name}>"
