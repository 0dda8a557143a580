"""From an endpoint to a URL, inside a request and outside of one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.routing import BuildError, MapAdapter

from .ctx import blueprints_of
from .globals import _cv_app, _cv_request
from .scaffold import Scaffold

if TYPE_CHECKING:
    from werkzeug.wrappers import Response as ResponseBase

    from .config import Config
    from .routing import LiveMap
    from .wrappers import Request, Response

# What RFC 3986 allows in a fragment besides letters, digits and "_.-~".
_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"


class UrlBuilding(Scaffold):
    """The part of an app that builds URLs."""

    if TYPE_CHECKING:  # what the app itself has
        config: Config
        response_class: type[Response]
        subdomain_matching: bool
        url_build_error_handlers: list[Callable[[Exception, str, dict[str, Any]], str]]
        url_map: LiveMap

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what matches and builds URLs: for a request, or from ``SERVER_NAME``.

        :param request: the request, or None outside one.
        :return: None outside a request when no ``SERVER_NAME`` is set.
        :raises werkzeug.exceptions.SecurityError: when the Host is not one of ``TRUSTED_HOSTS``.
        """
        server_name = self.config["SERVER_NAME"]
        if request is None:
            if server_name is None:
                return None
            return self.url_map.bind(
                server_name,
                script_name=self.config["APPLICATION_ROOT"],
                url_scheme=self.config["PREFERRED_URL_SCHEME"],
            )
        trusted = self.config["TRUSTED_HOSTS"]
        if trusted is not None:
            request.trusted_hosts = trusted
        # Asked for here so that an untrusted Host is refused before anything else.
        request.host  # noqa: B018
        by_host = self.url_map.host_matching
        # With neither way of matching every host is served, so none says which subdomain it is.
        by_neither = not by_host and not self.subdomain_matching
        return self.url_map.bind_to_environ(
            request.environ,
            server_name=None if by_host else server_name,
            subdomain=(self.url_map.default_subdomain or "") if by_neither else None,
        )

    def inject_url_defaults(self, endpoint: str, values: dict[str, Any]) -> None:
        """Have the URL default functions add to *values*, in place."""
        functions = self.url_default_functions
        if not functions:
            return
        names: tuple[str | None, ...] = (None,)
        if "." in endpoint:
            names += tuple(reversed(blueprints_of(endpoint)))
        for name in names:
            for f in functions.get(name, ()):
                f(endpoint, values)

    def handle_url_build_error(self, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
        """Return the URL that an error handler for building gives; raise *error* when none does."""
        for handler in self.url_build_error_handlers:
            try:
                url = handler(error, endpoint, values)
            except BuildError as exc:
                error = exc
            else:
                if url is not None:
                    return url
        if error is sys.exc_info()[1]:
            raise
        raise error

    def url_for(
        self,
        /,  # a rule may have a variable named "self"
        endpoint: str,
        *,
        _anchor: str | None = None,
        _method: str | None = None,
        _scheme: str | None = None,
        _external: bool | None = None,
        **values: Any,
    ) -> str:
        """Build the URL of an endpoint.

        :param endpoint: the endpoint; beginning with ``.`` it is one of the current blueprint.
        :param _anchor: the fragment.
        :param _method: build for the rule of this method.
        :param _scheme: the scheme of an external URL.
        :param _external: with scheme and host; by default only outside a request.
        :param values: values of variables; others become the query.
        :raises RuntimeError: outside a request without ``SERVER_NAME``.
        :raises werkzeug.routing.BuildError: when no rule fits.
        """
        ctx = _cv_request.get(None)
        adapter: MapAdapter | None
        if ctx is None:
            adapter = self._url_adapter_outside_request()
        else:
            adapter = ctx.url_adapter
            if endpoint.startswith("."):
                names = ctx.blueprint_names()
                endpoint = f"{names[0]}{endpoint}" if names else endpoint[1:]
        if _external is None:
            _external = ctx is None or _scheme is not None
        if _scheme is not None and not _external:
            raise ValueError("'_scheme' is only part of an external URL: leave '_external' away.")
        self.inject_url_defaults(endpoint, values)
        try:
            url = adapter.build(  # type: ignore[union-attr]
                endpoint, values, _method, force_external=_external, url_scheme=_scheme
            )
        except BuildError as exc:
            values.update(_anchor=_anchor, _method=_method, _scheme=_scheme, _external=_external)
            return self.handle_url_build_error(exc, endpoint, values)
        if _anchor is not None:
            url = f"{url}#{quote(_anchor, safe=_ANCHOR_SAFE)}"
        return url

    def _url_adapter_outside_request(self) -> MapAdapter:
        ctx = _cv_app.get(None)
        adapter = self.create_url_adapter(None) if ctx is None else ctx.url_adapter
        if adapter is None:
            raise RuntimeError(
                "URLs cannot be built here: no request is active, and 'SERVER_NAME' is not set. Set it"
                " (with 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed), or build the URL in"
                " a request, such as 'with app.test_request_context():'."
            )
        return adapter

    def redirect(self, location: str, code: int = 302) -> ResponseBase:
        """Return a redirect to *location*, in the app's response class."""
        from werkzeug.utils import redirect

        return redirect(location, code=code, Response=self.response_class)
