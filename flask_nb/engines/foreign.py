"""What the notebook's side asks of every app, for apps that magics do not define: the answers in common."""

from __future__ import annotations

import inspect
import logging
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any, NoReturn
from urllib.parse import quote

from flask_nb.errors import UnsupportedByAppError

from .explanations import Candidate, RequestExplanation, UrlExplanation, UrlRule
from .frameworks import Framework
from .near import fitting_rows, near_rows
from .protocol import RouteRow, StartResponse, View, Witness

OnException = Callable[[BaseException, bool], None]
OnMatch = Callable[[str | None, str | None, Mapping[str, Any]], None]


class ForeignEngine:
    """An app that can be served and asked, but not defined by magics.

    :param app: the app.
    :param label: what people call it, such as the variable that holds it.
    :param framework: what is known of the apps of its framework.
    """

    def __init__(self, app: Any, label: str, framework: Framework) -> None:
        self.app = app
        self.label = label
        self.framework_of_app = framework
        self._on_exception: list[OnException] = []
        self._on_match: list[OnMatch] = []

    @property
    def kind(self) -> str:
        """What people call apps of this kind, such as ``Falcon app``."""
        return f"{self.framework_of_app.name} {'function' if inspect.isroutine(self.app) else 'app'}"

    @property
    def kind_with_article(self) -> str:
        """The same in a sentence."""
        return f"{'an' if self.kind[0] in 'AEIO' else 'a'} {self.kind}"

    @property
    def is_starting(self) -> bool:
        """Whether the app's startup is running, for which its requests wait."""
        return False

    @property
    def name(self) -> str:
        """What the app calls itself."""
        names = (getattr(self.app, name, None) for name in ("title", "name", "__name__"))
        return next((name for name in names if isinstance(name, str) and name), self.label)

    @property
    def logger(self) -> logging.Logger:
        """The app's logger."""
        own = getattr(self.app, "logger", None)
        return own if isinstance(own, logging.Logger) else logging.getLogger(type(self.app).__module__)

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        raise NotImplementedError

    def close(self) -> None:
        """Be served no more."""

    def restart(self) -> None:
        """End what the app was given to run and begin it anew: by itself, nothing."""

    # --- hosts ---

    def hosts(self) -> list[str]:
        """Return the host names that the app looks at, if it does."""
        return list(self.framework_of_app.hosts(self.app))

    def default_host(self) -> str:
        """Return the Host of requests that name none: localhost, unless the app answers to others only."""
        hosts = [host.lstrip(".") for host in self.hosts()]
        return "localhost" if "localhost" in hosts or not hosts else hosts[0]

    # --- routes ---

    @property
    def has_routes(self) -> bool:
        """Whether the app tells its routes."""
        return self.framework_of_app.rows is not None

    def routes(self) -> list[RouteRow]:
        """Return all routes in the order of their rules; none if the app does not tell them."""
        rows = self.framework_of_app.rows
        return sorted(rows(self.app)) if rows is not None else []

    def near_rules(self, method: str, path: str) -> list[str] | None:
        """Return up to three rules that resemble what was asked; None when one did match or none is told."""
        return near_rows(self.routes(), method, path) if self.has_routes else None

    def explain_request(self, method: str, path: str, host: str) -> RequestExplanation:
        """Say which routes a path fits by its shape, where the app tells its routes."""
        fits = tuple(Candidate(row, "fits", row.methods) for row in fitting_rows(self.routes(), path))
        what = (
            "does not tell its routes. Send the request to see what comes"
            if not self.has_routes
            else "decides by itself which of its routes answers; these fit by their shape"
            if fits
            else "has no route that the path fits by its shape"
        )
        near = () if fits else tuple(self.near_rules(method, path) or ())
        return RequestExplanation(
            method,
            path,
            candidates=fits,
            answers=(f"{self.label} is {self.kind_with_article}: it {what}",),
            near=near,
        )

    def explain_url(self, endpoint: str, values: Mapping[str, Any], method: str | None) -> UrlExplanation:
        """Say which routes have a name, and what the app itself builds of it."""
        rules = tuple(UrlRule(row, False) for row in self.routes() if row.endpoint == endpoint)
        try:
            url, note = self.url_for(endpoint, values), ""
        except Exception as exc:  # each framework has its own
            url, note = None, str(exc) or type(exc).__name__
        return UrlExplanation(endpoint, url, rules, notes=(note,) if note else ())

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all rules of an endpoint and return them."""
        raise UnsupportedByAppError(
            f"{self.label} is {self.kind_with_article}, whose routes cannot be withdrawn one by one. "
            f"Run the cell again that makes it, without them"
        )

    def url_for(
        self,
        endpoint: str,
        values: Mapping[str, Any],
        *,
        anchor: str | None = None,
        method: str | None = None,
        scheme: str | None = None,
        external: bool | None = None,
    ) -> str:
        """Build a URL, without ``external`` its path."""
        build = self.framework_of_app.url_for
        if build is None:
            self.refuse_urls()
        path = build(self.app, endpoint, values) + (f"#{quote(anchor)}" if anchor else "")
        return f"{scheme or 'http'}://{self.default_host()}{path}" if external else path

    def refuse_urls(self) -> NoReturn:
        """Say that there are no URLs by name."""
        raise UnsupportedByAppError(
            f"{self.label} is {self.kind_with_article}, which builds no URLs from names. Type the path itself"
        )

    # --- listening ---

    def is_async(self, method: str, path: str) -> bool:
        """Whether what answers needs a thread without an event loop; no app of another kind is known to."""
        return False

    def on_exception(self, callback: OnException) -> Callable[[], None]:
        """Call *callback* with each exception of a view that the app answers itself; return what ends it.

        What leaves the app is known anyway.
        """
        listen = self.framework_of_app.listen
        ends = listen(self.app, lambda exc: callback(exc, False)) if listen is not None else lambda: None
        self._on_exception.append(callback)

        def end() -> None:
            self._on_exception.remove(callback)
            ends()

        return end

    def on_http_error(self, callback: Callable[[BaseException], None]) -> Callable[[], None]:
        """Apps of other kinds do not tell."""
        return lambda: None

    def on_render(self, callback: Callable[[Any, Mapping[str, Any]], None]) -> Callable[[], None]:
        """Apps of other kinds do not tell."""
        return lambda: None

    def on_match(self, callback: OnMatch) -> Callable[[], None]:
        """Call *callback* with the endpoint, rule and arguments of each request, where the app tells them."""
        self._on_match.append(callback)
        return lambda: self._on_match.remove(callback)

    def watch(
        self, witness_of: Callable[[], Witness | None], *, is_tracing: bool
    ) -> AbstractContextManager[None]:
        """Tell nothing more than which route has matched, and what was raised."""
        return nullcontext()

    def untold(self) -> str:
        """Say that nobody knows what goes on between the route and the answer."""
        return (
            f"{self.label} is {self.kind_with_article}: "
            f"what its middleware, dependencies and handlers do cannot be traced"
        )

    # --- cells ---

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app: by itself, nothing."""

    def take_over(self, other: Any) -> None:
        """Nothing passes from an app of one kind to one of another."""

    def refuse_definitions(self) -> NoReturn:
        """Say that magics define nothing on this app."""
        example = self.framework_of_app.example.format(app=self.label)
        such_as = f", such as {example}" if example and self.label.isidentifier() else ""
        raise UnsupportedByAppError(
            f"{self.label} is {self.kind_with_article}: it is served and takes requests, but magics define "
            f"and set up Flask apps only. Do it by the app's own means in a plain cell{such_as}"
        )

    def converters(self) -> Collection[str]:
        """Return the names that a rule of ``%%route`` may use: there are no such rules."""
        return ()

    def framework(self) -> ModuleType:
        """Refuse: the names of ``%%request_context`` are Flask's."""
        self.refuse_contexts()

    def add_route(self, rule: str, endpoint: str, view: View, **options: Any) -> None:
        """Refuse."""
        self.refuse_definitions()

    def as_view(self, cls: type, endpoint: str) -> View:
        """Refuse."""
        self.refuse_definitions()

    def supports_async(self) -> bool:
        """Whether ``async def`` views can be called: by the app itself, if at all."""
        return True

    @property
    def config(self) -> Mapping[str, Any]:
        """The app's configuration, as far as the notebook would read it."""
        return {}

    def own_config(self) -> dict[str, Any]:
        """Return the settings that are not those that every app begins with."""
        return {}

    def config_path(self, name: str) -> str:
        """Return the absolute path of a file."""
        return os.path.abspath(name)

    def config_below(self, name: str, *, whole_cell: bool) -> Mapping[str, Any]:
        """Refuse."""
        self.refuse_definitions()

    def read_config(
        self, kind: str, where: Any, below: Mapping[str, Any], *, silent: bool
    ) -> dict[str, Any] | None:
        """Refuse."""
        self.refuse_definitions()

    def set_config(self, name: str, values: Mapping[str, Any], *, whole_cell: bool) -> None:
        """Refuse."""
        self.refuse_definitions()

    def set_debug(self, value: bool) -> None:
        """Refuse."""
        self.refuse_definitions()

    def set_secret_key(self, key: str | bytes) -> None:
        """Refuse."""
        self.refuse_definitions()

    def template_names(self) -> list[str]:
        """Return the names of the templates that can be defined."""
        return []

    def static_names(self) -> list[str]:
        """Return the names of the static files that can be defined."""
        return []

    def add_template(
        self, name: str, source: str, filename: str, first_line: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Refuse."""
        self.refuse_definitions()

    def add_static(self, path: str, data: bytes, mimetype: str | None) -> tuple[str, str]:
        """Refuse."""
        self.refuse_definitions()

    def refuse_contexts(self) -> NoReturn:
        """Say that no cell can run as if a request were being answered."""
        raise UnsupportedByAppError(
            f"{self.label} is {self.kind_with_article}, in which no cell can run as if it were answering a "
            f"request. Send one, such as %get /"
        )

    def request_context(self, arguments: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """Refuse."""
        self.refuse_contexts()
