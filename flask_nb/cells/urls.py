"""The line of ``%url_for``: an endpoint, or a rule, with values → a URL."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from werkzeug.routing import BuildError

from flask_nb.errors import MagicArgumentError, UrlError

from .arguments import MagicParser, find_twice
from .expressions import Evaluate, Text, end_of_expression, expand_text, expand_value, parse_text
from .rules import end_of_variable, find_variables

if TYPE_CHECKING:
    from flask_nb.engines.protocol import Engine, RouteRow

_OPTIONS = ("_anchor", "_external", "_method", "_scheme")
_TRUTH = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


@dataclass(frozen=True)
class UrlDefinition:
    """A line of ``%url_for``.

    :param name: an endpoint, the beginning of one, or a rule.
    :param values: names and values in the order typed.
    :param external: whether scheme and host are part of it; None to leave that to the app.
    :param live: lead browsers to the server that runs, not to ``localhost`` without a port.
    :param local: lead code in the kernel to that server.
    """

    name: str
    values: tuple[tuple[str, Text], ...] = ()
    external: bool | None = None
    anchor: Text = ()
    method: str | None = None
    scheme: str | None = None
    live: bool = False
    local: bool = False


_FEW = 4  # so many endpoints are named when none is near


@cache
def url_parser() -> MagicParser:
    """Return the parser of ``%url_for``."""
    parser = MagicParser(
        "%url_for",
        "ENDPOINT [name=value …]",
        "Build the URL of an endpoint, as url_for does; no context is needed.\n\n"
        "What the rule has no variable for becomes the query. The value is text, which can be assigned.",
        examples=(
            "%url_for hello_name name=Ann",
            "%url_for /hello/<name> name={user.name} page=2",
            "%url_for static filename=site.css _external=True",
            "url = %url_for index",
        ),
    )
    parser.add_words(
        "ENDPOINT",
        "an endpoint, its beginning up to a _, or a rule; then name=value, where {expression} is a "
        "value of the notebook; _external=True, _anchor=…, _method=… and _scheme=… as in url_for",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--live",
        action="store_true",
        help="with the address by which browsers reach the server; differs with each run",
    )
    where.add_argument(
        "--local",
        action="store_true",
        help="with the one by which code in the kernel does, such as requests.get",
    )
    return parser


def parse_url(line: str) -> UrlDefinition:
    """Parse the line of ``%url_for``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = url_parser().parse_line(line, find_stretch)
    return parse_url_words(arguments.words, live=arguments.live, local=arguments.local)


def parse_url_words(words: Sequence[str], *, live: bool = False, local: bool = False) -> UrlDefinition:
    """Return what an endpoint, or a rule, and the values behind it mean.

    :param live: lead browsers to the server that runs.
    :param local: lead code in the kernel there.
    :raises MagicArgumentError: when it is not understood.
    """
    if not words:
        raise MagicArgumentError(
            "the endpoint is missing. Type one, such as %url_for index; %routes shows them all"
        )
    name, *rest = words
    if "=" in name and not name.startswith("/"):
        raise MagicArgumentError(f"the endpoint is missing before {name!r}. %routes shows them all")
    pairs = [_parse_pair(word) for word in rest]
    if twice := find_twice([key for key, _value in pairs]):
        raise MagicArgumentError(
            f"{twice!r} is given twice. For several query values, type {twice}={{['a', 'b']}}"
        )
    options = {key: value for key, value in pairs if key in _OPTIONS}
    external = _parse_truth(options["_external"]) if "_external" in options else None
    if external is False and "_scheme" in options:
        raise MagicArgumentError("_scheme is part of an external URL. Leave out _external=False")
    return UrlDefinition(
        name,
        tuple((key, parse_text(value)) for key, value in pairs if key not in _OPTIONS),
        external=external,
        anchor=parse_text(options.get("_anchor", "")),
        method=options["_method"].upper() if "_method" in options else None,
        scheme=options.get("_scheme"),
        live=live,
        local=local,
    )


def build_url(definition: UrlDefinition, target: Engine, evaluate: Evaluate) -> str:
    """Return the URL; nothing is sent, no hook of a request runs.

    :param evaluate: returns the value of an expression's source; its errors propagate.
    :raises UrlError: when the endpoint is unknown, or a value is missing or does not fit.
    """
    routes = target.routes()
    endpoint = find_endpoint(definition.name, routes, definition.method)
    values = {name: expand_value(text, evaluate) for name, text in definition.values}
    is_absolute = definition.scheme is not None and definition.external is None
    try:
        return target.url_for(
            endpoint,
            values,
            anchor=expand_text(definition.anchor, evaluate) if definition.anchor else None,
            method=definition.method,
            scheme=definition.scheme,
            external=True if definition.live or definition.local or is_absolute else definition.external,
        )
    except BuildError:
        raise _explain(endpoint, values, routes, definition.method) from None
    except Exception as exc:
        rules = " or ".join(_rules(endpoint, routes))
        shown = ", ".join(f"{name}={value!r}" for name, value in values.items()) or "no value"
        raise UrlError(f"{shown} does not fit {rules}: {type(exc).__name__}: {exc}") from exc


def find_stretch(line: str, position: int, words: Sequence[str], word: str) -> int | None:
    """Return where an expression or a rule's variable ends that begins at the position, None if none does."""
    return end_of_expression(line, position) or end_of_variable(line, position)


def _parse_pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name.isidentifier():
        raise MagicArgumentError(f"{word!r} is not of the form name=value. A value with spaces needs quotes")
    if name in _OPTIONS and not value:
        raise MagicArgumentError(f"{name} has no value. Type it after the =")
    if name not in _OPTIONS and (near := difflib.get_close_matches(name, _OPTIONS, n=1, cutoff=0.75)):
        raise MagicArgumentError(f"unknown option {name!r}. Did you mean {near[0]}?")
    return name, value


def _parse_truth(text: str) -> bool:
    if text.lower() not in _TRUTH:
        raise MagicArgumentError(f"_external is True or False, not {text!r}")
    return _TRUTH[text.lower()]


# --- the endpoint ---


def find_endpoint(name: str, routes: Sequence[RouteRow], method: str | None) -> str:
    """Return the endpoint that a name means: itself, the only one that begins with it, or a rule's.

    :raises UrlError: there is none, or there are several; says which are near.
    """
    if name.startswith("."):  # relative to the blueprint of the request that is active
        return name
    if name.startswith("/"):
        return _find_by_rule(name, routes, method)
    endpoints = list(dict.fromkeys(route.endpoint for route in routes))
    if name in endpoints:
        return name
    longer = [endpoint for endpoint in endpoints if endpoint.startswith(f"{name}_")]
    if len(longer) == 1:
        return longer[0]
    if longer:
        raise UrlError(f"{name!r} is the start of several endpoints: {', '.join(longer)}. Type one of them")
    near = difflib.get_close_matches(name, endpoints, n=3, cutoff=0.5)
    if not near and len(endpoints) <= _FEW:
        near = endpoints
    raise UrlError(f"there is no endpoint {name!r}. {_near(near, routes)}")


def _find_by_rule(rule: str, routes: Sequence[RouteRow], method: str | None) -> str:
    found = [route for route in routes if route.rule == rule]
    if len(found) > 1:
        asked = method or "GET"
        found = [route for route in found if asked in route.methods] or found
    endpoints = list(dict.fromkeys(route.endpoint for route in found))
    if len(endpoints) == 1:
        return endpoints[0]
    if endpoints:
        names = ", ".join(endpoints)
        raise UrlError(f"the rule {rule!r} belongs to several endpoints: {names}. Type one of them")
    rules = {route.rule: route.endpoint for route in routes}
    near = [rules[close] for close in difflib.get_close_matches(rule, rules, n=3, cutoff=0.5)]
    raise UrlError(f"there is no rule {rule!r}. {_near(near, routes)}")


def _near(endpoints: list[str], routes: Sequence[RouteRow]) -> str:
    if not endpoints:
        return "%routes shows them all"
    return f"Near: {', '.join(f'{name} ({_rules(name, routes)[0]})' for name in endpoints)}"


def _rules(endpoint: str, routes: Sequence[RouteRow]) -> list[str]:
    return [route.rule for route in routes if route.endpoint == endpoint] or [endpoint]


def _explain(
    endpoint: str, values: Mapping[str, object], routes: Sequence[RouteRow], method: str | None
) -> UrlError:
    """Say which values are missing: those of the rule that lacks the fewest."""
    known = [route for route in routes if route.endpoint == endpoint]
    if not known:
        return UrlError(f"there is no endpoint {endpoint!r}. %routes shows them all")
    if method is not None and all(method not in route.methods for route in known):
        methods = sorted({one for route in known for one in route.methods})
        return UrlError(f"the endpoint {endpoint!r} answers {', '.join(methods)}, not {method}")
    route = min(known, key=lambda one: len(_missing(one, values)))
    missing = _missing(route, values)
    if not missing:
        return UrlError(f"these values do not fit {route.rule}, the rule of the endpoint {endpoint!r}")
    given = [f"{name}={value}" for name, value in values.items() if re.fullmatch(r"\S+", str(value))]
    typed = " ".join(["%url_for", endpoint, *given, *(f"{name}=…" for name in missing)])
    names = ", ".join(map(repr, missing))
    what = f"the value of {names} is" if len(missing) == 1 else f"the values of {names} are"
    return UrlError(f"{what} missing for {route.rule}. Type {typed}")


def _missing(route: RouteRow, values: Mapping[str, object]) -> list[str]:
    names = [variable.name for variable in find_variables(route.rule)]
    return [name for name in names if values.get(name) is None]
