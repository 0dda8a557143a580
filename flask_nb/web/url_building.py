"""From an endpoint to a URL, inside a request and outside of one: what is behind ``app.url_for``.

Each step asks the app for the next one, so that a subclass may override any of them. A path on the host of
the request is built by the rule alone; an adapter, which takes three times as long to bind as a URL to build,
is made for all else: a scheme, another host, a method, an error.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.routing import BuildError, MapAdapter

from .ctx import blueprints_of
from .globals import _cv_app, _cv_request

if TYPE_CHECKING:
    from .app import Flask
    from .wrappers import Request

# What RFC 3986 allows in a fragment besides letters, digits and "_.-~".
_ANCHOR_SAFE = "%!#$&'()*+,/:;=?@"


def create_url_adapter(app: Flask, request: Request | None) -> MapAdapter | None:
    """Return what matches and builds URLs, as :meth:`.Flask.create_url_adapter` says."""
    config, url_map = app.config, app.url_map
    if request is None:
        if config["SERVER_NAME"] is None:
            return None
        return url_map.bind(
            config["SERVER_NAME"], config["APPLICATION_ROOT"], url_scheme=config["PREFERRED_URL_SCHEME"]
        )
    if config["TRUSTED_HOSTS"] is not None:
        request.trusted_hosts = config["TRUSTED_HOSTS"]
    # Asked for here so that an untrusted Host is refused before anything else.
    request.host  # noqa: B018
    if url_map.host_matching:
        return url_map.bind_to_environ(request.environ)
    # With neither way of matching every host is served, so none says which subdomain it is.
    subdomain = None if app.subdomain_matching else url_map.default_subdomain or ""
    return url_map.bind_to_environ(request.environ, config["SERVER_NAME"], subdomain)


def inject_url_defaults(app: Flask, endpoint: str, values: dict[str, Any]) -> None:
    """Have the URL default functions add to *values*, in place: the app's, then the blueprints'."""
    functions = app.url_default_functions
    for name in (None, *reversed(blueprints_of(endpoint))):
        for f in functions.get(name, ()):
            f(endpoint, values)


def handle_url_build_error(app: Flask, error: BuildError, endpoint: str, values: dict[str, Any]) -> str:
    """Return the URL that an error handler for building gives; raise *error* when none does."""
    for handler in app.url_build_error_handlers:
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
    app: Flask,
    endpoint: str,
    values: dict[str, Any],
    anchor: str | None,
    method: str | None,
    scheme: str | None,
    external: bool | None,
) -> str:
    """Build the URL of an endpoint, as :meth:`.Flask.url_for` says."""
    ctx = _cv_request.get(None)
    adapter = _adapter_outside_request(app) if ctx is None else None
    if ctx is not None and endpoint.startswith("."):
        names = ctx.blueprint_names()
        endpoint = f"{names[0]}{endpoint}" if names else endpoint[1:]
    if external is None:
        external = ctx is None or scheme is not None
    if scheme is not None and not external:
        raise ValueError("'_scheme' is only part of an external URL: do not pass '_external=False' with it.")
    app.inject_url_defaults(endpoint, values)
    try:
        url = None if ctx is None or external or method else ctx.build_directly(endpoint, values)
        if url is None:
            adapter = adapter or ctx.url_adapter  # type: ignore[union-attr]
            url = adapter.build(  # type: ignore[union-attr]
                endpoint, values, method, force_external=external, url_scheme=scheme
            )
    except BuildError as exc:
        values.update(_anchor=anchor, _method=method, _scheme=scheme, _external=external)
        return app.handle_url_build_error(exc, endpoint, values)
    return url if anchor is None else f"{url}#{quote(anchor, safe=_ANCHOR_SAFE)}"


def _adapter_outside_request(app: Flask) -> MapAdapter:
    ctx = _cv_app.get(None)
    adapter = app.create_url_adapter(None) if ctx is None else ctx.url_adapter
    if adapter is None:
        raise RuntimeError(
            "URLs cannot be built here: no request is active, and 'SERVER_NAME' is not set. Set it"
            " (with 'APPLICATION_ROOT' and 'PREFERRED_URL_SCHEME' as needed), or build the URL in"
            " a request, such as 'with app.test_request_context():'."
        )
    return adapter
