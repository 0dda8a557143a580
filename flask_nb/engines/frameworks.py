"""What frameworks other than Flask tell of their apps: their routes, URLs, hosts, and what went wrong.

An app is recognized by the name of its class, so that nothing is imported for it. What has to be imported
to ask it is there already, since the app is.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .callables import Interface
from .protocol import RouteRow

Heard = Callable[[BaseException], None]
Rows = Iterable[RouteRow]


@dataclass(frozen=True)
class Framework:
    """What is known of the apps of one framework.

    :param name: what people call it.
    :param interface: how its apps are called; None where that shows in the call.
    :param example: how a route is defined in a plain cell; ``{app}`` is the variable.
    :param rows: lists an app's routes; None where it does not tell them.
    :param url_for: builds a path from a name and values; None where that cannot be.
    :param listen: calls what it is given with each exception of a view that never leaves the app, and
        returns what ends it.
    :param hosts: returns the names that the app answers to, if it looks at them.
    :param is_adopted: whether an app of it is followed as soon as the variable holds one, as Flask's are.
    """

    name: str
    interface: Interface | None = None
    example: str = ""
    rows: Callable[[Any], Rows] | None = None
    url_for: Callable[[Any, str, Mapping[str, Any]], str] | None = None
    listen: Callable[[Any, Heard], Callable[[], None]] | None = None
    hosts: Callable[[Any], Sequence[str]] = lambda app: ()
    is_adopted: bool = False


def find_framework(app: Any) -> Framework | None:
    """Return the framework that an app is of, None for another's or for no app."""
    names = (f"{cls.__module__}.{cls.__qualname__}" for cls in type(app).__mro__)
    return next((FRAMEWORKS[name] for name in names if name in FRAMEWORKS), None)


def _in_braces(rule: str) -> str:
    """Return a rule as Werkzeug has it: ``<name>`` for ``{name}``, ``<path:name>`` for ``{name:path}``."""
    return re.sub(
        r"\{\*?(\w+)(?::([^{}]*(?:\{[^{}]*\}[^{}]*)*))?\}",
        lambda found: f"<path:{found[1]}>" if found[2] in ("path", ".*", ".+") else f"<{found[1]}>",
        rule,
    )


def _row(
    rule: str, methods: Iterable[str] | None, endpoint: str, pattern: str, owner: str | None = None
) -> RouteRow:
    named = set(methods or ())
    by_themselves = {"OPTIONS", *(["HEAD"] if "GET" in named else [])}
    return RouteRow(rule, tuple(sorted(named - by_themselves)), endpoint, owner, "", pattern)


# --- Starlette, FastAPI ---


def _starlette_rows(app: Any) -> Iterator[RouteRow]:
    yield from starlette_route_rows(app.routes, "")


def starlette_route_rows(
    routes: Iterable[Any], prefix: str, owner_of: Callable[[Any], str | None] = lambda route: None
) -> Iterator[RouteRow]:
    """Yield the routes of a list, with those of what is mounted and included.

    :param prefix: the path below which they are.
    :param owner_of: returns the name of the cell that registered a route.
    """
    for route in list(routes):
        included = getattr(route, "original_router", None)  # FastAPI keeps a router that was included
        path = prefix + getattr(route, "path", "")
        if included is not None:
            inner = getattr(getattr(route, "include_context", None), "prefix", "")
            yield from starlette_route_rows(included.routes, prefix + inner, owner_of)
        elif getattr(route, "routes", None):
            yield from starlette_route_rows(route.routes, path, owner_of)
        elif hasattr(route, "endpoint") and hasattr(route, "methods"):
            yield _row(path, _starlette_methods(route), str(route.name), _in_braces(path), owner_of(route))
        elif hasattr(route, "app") and hasattr(route, "path"):  # a folder of files, or another app
            rule, pattern = f"{path}/{{path:path}}", f"{path}/<path:path>"
            yield _row(rule, ["GET"], str(route.name or ""), pattern, owner_of(route))


def _starlette_methods(route: Any) -> Iterable[str]:
    if route.methods:
        return list(route.methods)
    return [
        name.upper() for name in ("get", "post", "put", "patch", "delete") if hasattr(route.endpoint, name)
    ]


def _starlette_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    return str(app.url_path_for(name, **values))


def _starlette_hosts(app: Any) -> Sequence[str]:
    """The hosts of a TrustedHostMiddleware, ``.example.org`` for ``*.example.org``."""
    options = [
        getattr(one, "kwargs", {}).get("allowed_hosts", ())
        for one in getattr(app, "user_middleware", ())
        if getattr(one.cls, "__name__", "") == "TrustedHostMiddleware"
    ]
    return [host.removeprefix("*") for hosts in options for host in hosts if host != "*"]


# --- Quart ---


def _quart_rows(app: Any) -> Iterator[RouteRow]:
    for rule in app.url_map.iter_rules():
        if not rule.websocket:
            yield _row(rule.rule, rule.methods, str(rule.endpoint), rule.rule)


def _quart_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    return str(app.url_map.bind("localhost").build(name, dict(values)))


def _quart_listen(app: Any, heard: Heard) -> Callable[[], None]:
    signal = importlib.import_module("quart.signals").got_request_exception

    def receive(sender: Any, exception: BaseException, **extra: Any) -> None:
        if sender is app:
            heard(exception)

    signal.connect(receive, weak=False)
    return lambda: signal.disconnect(receive)


def _quart_hosts(app: Any) -> Sequence[str]:
    name = app.config.get("SERVER_NAME")
    return [name] if name else []


# --- Litestar ---


def _litestar_rows(app: Any) -> Iterator[RouteRow]:
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            rule = route.path_format
            methods = {str(getattr(method, "value", method)) for method in handler.http_methods}
            # Its own pages have a number in their name that is drawn anew each time.
            name = re.sub(r"^[0-9a-f]{32}_", "", str(handler.name or handler.handler_name))
            if methods != {"OPTIONS"}:
                yield _row(rule, methods, name, _in_braces(rule))


def _litestar_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    # It wants a number where the rule has one, and what is typed is text.
    typed = {key: int(value) if str(value).isdecimal() else value for key, value in values.items()}
    try:
        return str(app.route_reverse(name, **typed))
    except Exception:
        return str(app.route_reverse(name, **values))


def _litestar_listen(app: Any, heard: Heard) -> Callable[[], None]:
    async def receive(exception: Exception, scope: Any) -> None:
        if getattr(exception, "status_code", 500) >= 500:
            heard(exception)

    app.after_exception.append(receive)
    return lambda: app.after_exception.remove(receive)


# --- Falcon ---


def _falcon_rows(app: Any) -> Iterator[RouteRow]:
    inspecting = importlib.import_module("falcon.inspect")
    for route in inspecting.inspect_routes(app):
        methods = [method.method for method in route.methods if not method.internal]
        yield _row(route.path, methods, route.class_name, _in_braces(route.path))


# --- Bottle ---


def _bottle_rows(app: Any) -> Iterator[RouteRow]:
    for route in app.routes:
        pattern = re.sub(
            r"<(\w+)(?::(\w+))?[^<>]*>",
            lambda found: f"<path:{found[1]}>" if found[2] == "path" else f"<{found[1]}>",
            route.rule,
        )
        methods = [] if route.method == "ANY" else [route.method]
        yield _row(route.rule, methods, route.name or route.callback.__name__, pattern)


def _bottle_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    known = {route.name or route.callback.__name__: route for route in app.routes}
    router = app.router
    if name in router.builder:
        return str(app.get_url(name, **values))
    return str(router.build(known[name].rule, **values))


# --- Pyramid ---


def _pyramid_rows(app: Any) -> Iterator[RouteRow]:
    for found in app.registry.introspector.get_category("routes", ()):
        route = found["introspectable"]
        pattern = "/" + route["pattern"].lstrip("/")
        yield _row(pattern, route["request_methods"], route["name"], _in_braces(pattern))


def _pyramid_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    mapper = app.registry.queryUtility(importlib.import_module("pyramid.interfaces").IRoutesMapper)
    return str(mapper.generate(name, dict(values)))


# --- Django ---


def _django_rows(app: Any) -> Iterator[RouteRow]:
    yield from _django_patterns(importlib.import_module("django.urls").get_resolver(), "/", "")


def _django_patterns(resolver: Any, prefix: str, namespace: str) -> Iterator[RouteRow]:
    for pattern in resolver.url_patterns:
        rule = prefix + str(pattern.pattern)
        if hasattr(pattern, "url_patterns"):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from _django_patterns(pattern, rule, inner)
        else:
            view = getattr(pattern.callback, "view_class", pattern.callback)
            methods = [name.upper() for name in getattr(view, "http_method_names", ()) if hasattr(view, name)]
            endpoint = f"{namespace}{pattern.name or getattr(view, '__name__', '')}"
            yield _row(rule, methods, endpoint, _without_regex(rule))


def _without_regex(rule: str) -> str:
    """Return a rule of Django's with the groups of its regular expressions as variables."""
    return re.sub(r"\(\?P<(\w+)>[^()]*\)", r"<\1>", rule).replace("^", "").removesuffix("$")


def _django_url(app: Any, name: str, values: Mapping[str, Any]) -> str:
    return str(importlib.import_module("django.urls").reverse(name, kwargs=dict(values)))


def _django_listen(app: Any, heard: Heard) -> Callable[[], None]:
    signal = importlib.import_module("django.core.signals").got_request_exception

    def receive(sender: Any, **extra: Any) -> None:
        exc = sys.exc_info()[1]
        if exc is not None:
            heard(exc)

    signal.connect(receive, weak=False)
    return lambda: signal.disconnect(receive)


def _django_hosts(app: Any) -> Sequence[str]:
    settings = importlib.import_module("django.conf").settings
    return [host for host in settings.ALLOWED_HOSTS if host != "*"]


_STARLETTE = Framework(
    "Starlette",
    "asgi",
    "{app}.add_route('/', view)",
    _starlette_rows,
    _starlette_url,
    hosts=_starlette_hosts,
)
_DJANGO = Framework(
    "Django",
    "wsgi",
    "urlpatterns.append(path('', view))",
    _django_rows,
    _django_url,
    _django_listen,
    _django_hosts,
)

FRAMEWORKS: dict[str, Framework] = {
    "bottle.Bottle": Framework("Bottle", "wsgi", "@{app}.get('/')", _bottle_rows, _bottle_url),
    "django.core.handlers.wsgi.WSGIHandler": _DJANGO,
    "django.core.handlers.asgi.ASGIHandler": Framework(
        "Django",
        "asgi",
        "urlpatterns.append(path('', view))",
        _django_rows,
        _django_url,
        _django_listen,
        _django_hosts,
    ),
    "falcon.app.App": Framework("Falcon", "wsgi", "{app}.add_route('/', Resource())", _falcon_rows),
    "falcon.asgi.app.App": Framework("Falcon", "asgi", "{app}.add_route('/', Resource())", _falcon_rows),
    "fastapi.applications.FastAPI": Framework(
        "FastAPI",
        "asgi",
        "@{app}.get('/')",
        _starlette_rows,
        _starlette_url,
        hosts=_starlette_hosts,
        is_adopted=True,
    ),
    "litestar.app.Litestar": Framework(
        "Litestar", "asgi", "{app}.register(handler)", _litestar_rows, _litestar_url, _litestar_listen
    ),
    "pyramid.router.Router": Framework("Pyramid", "wsgi", "", _pyramid_rows, _pyramid_url),
    "quart.app.Quart": Framework(
        "Quart",
        "asgi",
        "@{app}.route('/')",
        _quart_rows,
        _quart_url,
        _quart_listen,
        _quart_hosts,
        is_adopted=True,
    ),
    "starlette.applications.Starlette": _STARLETTE,
    "starlette.routing.Router": _STARLETTE,
}
"""The frameworks, by the full name of the class that their apps are of."""
