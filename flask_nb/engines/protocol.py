"""What the notebook needs of an app, whatever kind of app it is. Imports nothing of ours."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from logging import Logger
from types import ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    from .explanations import RequestExplanation, UrlExplanation

View = Callable[..., Any]
StartResponse = Callable[..., Any]
State = Mapping[str, Mapping[str, Any]]


class RouteRow(NamedTuple):
    """One line of the list of routes.

    :param rule: such as ``/hello/<name>``.
    :param methods: in alphabetical order, without the HEAD and OPTIONS that come by themselves; none where
        the app does not tell them.
    :param endpoint: the name that ``url_for`` takes.
    :param owner: the name of the cell, or the module, that registered it; None when neither did.
    :param domain: the host or the subdomain that the rule is for; empty for the usual one.
    :param written_otherwise: the rule as it would be in Flask, where the app writes its variables otherwise.
    """

    rule: str
    methods: tuple[str, ...]
    endpoint: str
    owner: str | None = None
    domain: str = ""
    written_otherwise: str = ""

    @property
    def pattern(self) -> str:
        """The rule with its variables as ``<name>``."""
        return self.written_otherwise or self.rule


class Witness(Protocol):
    """Who is told what goes on while an app answers one request of the notebook."""

    is_tracing: bool
    """Whether its steps are wanted, too."""

    def begin(self, state_of: Callable[[], State], match: str, arguments: Mapping[str, Any]) -> None:
        """See the request begin.

        :param state_of: returns what stands in ``g``, in the ``session`` and in the view's ``arguments`` now.
        :param match: which rule leads where, or what was raised in its place.
        """

    def end(self) -> None:
        """See it end."""

    def template(self, name: str | None, context: Mapping[str, Any]) -> None:
        """See a template being rendered."""

    def flash(self, category: str, message: Any) -> None:
        """See a message being flashed."""

    def preprocess(self, functions: Sequence[Callable[..., Any]]) -> None:
        """See which URL value preprocessors are about to be called."""

    def call(self, phase: str, function: Callable[..., Any], ready: Callable[..., Any]) -> Callable[..., Any]:
        """Return what calls *ready*, which is *function* made callable, and sees what comes of it."""

    def answer(self, response: Any) -> None:
        """See the response as it is going to be sent."""


class Engine(Protocol):
    """An app as the notebook sees it, and what cells apply their definitions to."""

    @property
    def app(self) -> Any:
        """The app itself."""

    @property
    def name(self) -> str:
        """What the app calls itself."""

    @property
    def logger(self) -> Logger:
        """The app's logger."""

    def wsgi_app(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request, through what the app's ``wsgi_app`` is at that moment."""

    def hosts(self) -> list[str]:
        """Return the host names that the app's configuration names as its own."""

    def default_host(self) -> str:
        """Return the Host of requests that name none: one that the app answers to."""

    def routes(self) -> list[RouteRow]:
        """Return all routes in the order of their rules."""

    def template_names(self) -> list[str]:
        """Return the names of the templates that can be rendered, live ones and those of folders."""

    def static_names(self) -> list[str]:
        """Return the names of the static files, live ones and those of the app's own folder."""

    def near_rules(self, method: str, path: str) -> list[str] | None:
        """Return up to three rules that resemble what was asked, nearest first, as ``GET /items``.

        :param path: decoded, without a query.
        :return: None when a rule did match.
        """

    def explain_request(self, method: str, path: str, host: str) -> RequestExplanation:
        """Explain what a request would come to; nothing is sent.

        :param path: decoded, without a query.
        :param host: the Host that it names.
        """

    def explain_url(self, endpoint: str, values: Mapping[str, Any], method: str | None) -> UrlExplanation:
        """Explain what the URL of an endpoint would come to.

        :param method: one that the rule has to answer; None for any.
        """

    def is_async(self, method: str, path: str) -> bool:
        """Whether an ``async def`` view may answer the request.

        :param path: decoded, without a query.
        """

    def on_exception(self, callback: Callable[[BaseException, bool], None]) -> Callable[[], None]:
        """Call *callback* with each exception of a view and whether a handler for all answered it.

        :return: what ends it.
        """

    def on_http_error(self, callback: Callable[[BaseException], None]) -> Callable[[], None]:
        """Call *callback* with each HTTP error, such as a view's 400; return what ends it."""

    def on_render(self, callback: Callable[[Any, Mapping[str, Any]], None]) -> Callable[[], None]:
        """Call *callback* with each template that is rendered and its context; return what ends it."""

    def on_match(
        self, callback: Callable[[str | None, str | None, Mapping[str, Any]], None]
    ) -> Callable[[], None]:
        """Call *callback* with the endpoint, rule and view arguments of each request; return what ends it."""

    def watch(
        self, witness_of: Callable[[], Witness | None], *, is_tracing: bool
    ) -> AbstractContextManager[None]:
        """Have the witness of a request told what goes on in it, as long as a block runs.

        :param witness_of: returns the witness of the request that the running code answers, None of others'.
        """

    def untold(self) -> str:
        """Say what the app does not tell of a request's steps; empty if it tells all."""

    def follow(self) -> None:
        """Record from now on what the cells of the notebook register on the app."""

    def take_over(self, other: Any) -> None:
        """Register here what cells had registered on the app of *other*, an engine of the same kind.

        Nothing happens unless the cell that is running has made this app.
        """

    def drop(self, endpoint: str) -> list[str]:
        """Withdraw all rules of an endpoint and return them."""

    def converters(self) -> Collection[str]:
        """Return the names that a rule may use, such as ``int``, best with their classes."""

    def framework(self) -> ModuleType:
        """Return the module whose names a view uses: ``request``, ``jsonify``, ``url_for``."""

    def add_route(
        self,
        rule: str,
        endpoint: str,
        view: View,
        *,
        derived: bool,
        methods: Sequence[str] | None,
        defaults: Mapping[str, object] | None,
        strict_slashes: bool | None,
        host: str | None,
        subdomain: str | None,
    ) -> None:
        """Register *view*; it is live when this returns."""

    def as_view(self, cls: type, endpoint: str) -> View:
        """Return the view function of a class-based view."""

    def supports_async(self) -> bool:
        """Whether ``async def`` views can be called in this environment."""

    # --- what cells define besides routes ---

    @property
    def config(self) -> Mapping[str, Any]:
        """The app's configuration."""

    def own_config(self) -> dict[str, Any]:
        """Return the settings that are not those that every app begins with."""

    def config_path(self, name: str) -> str:
        """Return the absolute path of a configuration file."""

    def config_below(self, name: str, *, whole_cell: bool) -> Mapping[str, Any]:
        """Return the configuration without what an earlier run of this definition had set."""

    def read_config(
        self, kind: str, where: Any, below: Mapping[str, Any], *, silent: bool
    ) -> dict[str, Any] | None:
        """Return what a source would set, without setting it; None if it is missing and *silent*."""

    def set_config(self, name: str, values: Mapping[str, Any], *, whole_cell: bool) -> None:
        """Set the values, in the place of what an earlier run of this definition had set."""

    def set_debug(self, value: bool) -> None:
        """Switch debug mode on or off."""

    def set_secret_key(self, key: str | bytes) -> None:
        """Set what sessions are signed with."""

    def add_template(
        self, name: str, source: str, filename: str, first_line: int
    ) -> tuple[Sequence[str], Sequence[str]]:
        """Define a template; return the templates that it names and the variables that it takes."""

    def add_static(self, path: str, data: bytes, mimetype: str | None) -> tuple[str, str]:
        """Define a static file; return its URL's path and its type."""

    def url_for(
        self,
        endpoint: str,
        values: Mapping[str, Any],
        *,
        anchor: str | None,
        method: str | None,
        scheme: str | None,
        external: bool | None,
    ) -> str:
        """Build a URL, with or without an active context, and without ``SERVER_NAME``."""

    def request_context(self, arguments: Mapping[str, Any]) -> AbstractContextManager[Any]:
        """Return the context of a made-up request, for a ``with`` block."""
