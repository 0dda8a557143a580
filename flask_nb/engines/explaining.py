"""What a request would come to in an app of Flask's shape: its router's answer, with the reasons.

Nothing is sent, and no function of the app is called but its converters. What is decided, the app's own
router decides; this says which rules it comes to on its way there, and what each of them says alone.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from werkzeug.exceptions import HTTPException, MethodNotAllowed, SecurityError
from werkzeug.routing import MapAdapter, RequestRedirect, Rule, WebsocketMismatch
from werkzeug.test import create_environ

from flask_nb.live.matching import alone, rules_in_order

from .answering import answers_of, functions_before, layers_of, mounted_at, name_of
from .converting import listen, pieces_of
from .explanations import Candidate, RequestExplanation, Result, Said
from .protocol import RouteRow
from .rows import row_of

Verdict = Literal["fits", "redirects", "merges", "stops", "refused", "slash", "domain", "websocket"]

_DECIDES: tuple[Verdict, ...] = ("fits", "redirects", "merges", "stops")
"""Where the router stops, if the rule answers the method."""


@dataclass(frozen=True)
class _Judged:
    """What a rule says by itself, whatever the method."""

    rule: Rule
    verdict: Verdict
    said: tuple[Said, ...]

    def answers(self, method: str) -> bool:
        return self.rule.methods is None or method in self.rule.methods


def explain_request(
    app: Any, row: Callable[[Rule], RouteRow], method: str, path: str, host: str
) -> RequestExplanation:
    """Explain what an app, with the middleware that was put around it, says to a request.

    :param row: describes a rule of it.
    :param path: decoded, without a query.
    """
    before: list[str] = []
    for layer in layers_of(app):
        mounted = mounted_at(layer, path)
        if mounted is not None:
            prefix, other = mounted
            return _explain_mounted(other, method, path, host, tuple(before), prefix)
        before.append(f"{name_of(layer)} stands before the app: it may answer, or change the request")
    return replace(_explain_router(app, row, method.upper(), path, host), middleware=tuple(before))


def _explain_mounted(
    other: Any, method: str, path: str, host: str, before: tuple[str, ...], prefix: str
) -> RequestExplanation:
    """Explain what an app says that a dispatcher has mounted below a prefix."""
    app = getattr(other, "__self__", other)
    rest = path.removeprefix(prefix)
    if not (hasattr(app, "url_map") and hasattr(app, "create_url_adapter")):
        said = f"DispatcherMiddleware hands {prefix} to {name_of(other)}, which does not say what it answers"
        return RequestExplanation(method, path, middleware=(*before, said))
    said = f"DispatcherMiddleware hands {prefix} to the app {app.name!r}, which gets the path {rest or '/'}"
    inner = explain_request(app, partial(row_of, app), method, rest, host)
    return replace(inner, path=path, middleware=(*before, said, *inner.middleware))


def methods_of(rule: Rule) -> tuple[str, ...]:
    """Return all methods that a rule answers; none for any."""
    return tuple(sorted(rule.methods or ()))


def _explain_router(
    app: Any, row: Callable[[Rule], RouteRow], method: str, path: str, host: str
) -> RequestExplanation:
    try:
        adapter = _adapter(app, method, path, host)
    except SecurityError:
        why = "not one of TRUSTED_HOSTS" if app.config.get("TRUSTED_HOSTS") is not None else "no host name"
        words = f"the app takes no request for the host {host!r}, which is {why}"
        return RequestExplanation(method, path, host, 400, answers=(words,))
    judged = _judge_all(adapter, path)
    taken = next((one for one in judged if one.verdict in _DECIDES and one.answers(method)), None)
    status, location, allowed = _decide(adapter, path, method, taken)
    found = taken.rule if taken is not None and status == 200 else None
    candidates = (
        Candidate(row(one.rule), _result(one, taken, method, status), methods_of(one.rule), one.said)
        for one in judged
    )
    return RequestExplanation(
        method,
        path,
        _telling_host(app, adapter, host),
        status,
        tuple(candidates),
        location,
        allowed,
        (*_host_mismatch(app, adapter, host), *answers_of(app, found, method, status, path)),
        functions_before(app, found),
    )


def _adapter(app: Any, method: str, path: str, host: str) -> MapAdapter:
    """Return what the app itself would match such a request with."""
    environ = create_environ(method=method)
    environ["HTTP_HOST"] = host
    environ["PATH_INFO"] = path.encode().decode("latin-1")  # as PEP 3333 has it
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # of a host that does not belong to SERVER_NAME, which is told otherwise
        adapter: MapAdapter = app.create_url_adapter(app.request_class(environ))
    return adapter


def _domain(adapter: MapAdapter) -> str:
    is_host = adapter.map.host_matching or adapter.subdomain is None
    return adapter.server_name if is_host else adapter.subdomain or ""


def _telling_host(app: Any, adapter: MapAdapter, host: str) -> str:
    return host if adapter.map.host_matching or app.subdomain_matching else ""


def _host_mismatch(app: Any, adapter: MapAdapter, host: str) -> Iterator[str]:
    if adapter.subdomain == "<invalid>":
        yield (
            f"the host {host!r} does not belong to SERVER_NAME, which is {app.config['SERVER_NAME']!r}: "
            f"it counts as a subdomain that no rule names"
        )


# --- what each rule says ---


def _judge_all(adapter: MapAdapter, path: str) -> list[_Judged]:
    # As the router reads a path: one slash in front.
    path = f"/{path.lstrip('/')}"
    rules = (rule for rule in rules_in_order(adapter, path) if _begins_like(rule, path))
    judged = (_judge(adapter, rule, path) for rule in rules)
    found = [one for one in judged if one is not None]
    # A path with slashes that are one too many is looked for once more without them.
    return sorted(found, key=lambda one: one.verdict == "merges")


def _begins_like(rule: Rule, path: str) -> bool:
    """Whether a path begins as a rule does up to its first variable, whatever slashes there are."""
    fixed = rule.rule.partition("<")[0]
    return re.sub("/{2,}", "/", f"{path}/").startswith(re.sub("/{2,}", "/", fixed))


def _judge(adapter: MapAdapter, rule: Rule, path: str) -> _Judged | None:
    try:
        alone(adapter, rule).match(path, "GET")
    except RequestRedirect as exc:
        return _Judged(rule, _kind_of_redirect(adapter, exc, path), _said(rule, path) or ())
    except WebsocketMismatch:
        return _Judged(rule, "websocket", _said(rule, path) or ())
    except HTTPException:
        return _reason(adapter, rule, path)
    return _Judged(rule, "fits", _said(rule, path) or ())


def _kind_of_redirect(adapter: MapAdapter, exc: RequestRedirect, path: str) -> Verdict:
    redirected = unquote(urlsplit(exc.new_url).path).removeprefix(adapter.script_name.rstrip("/"))
    return "redirects" if redirected == f"{path}/" else "merges"


def _said(rule: Rule, path: str) -> tuple[Said, ...] | None:
    """What the converters say, where the path has the rule's shape but for slashes."""
    pattern, path = rule.rule, path
    for _ in range(2):
        if (said := listen(pieces_of(rule, pattern), path)) is not None:
            return said
        pattern, path = _without_slashes(pattern), _without_slashes(path)
    return None


def _without_slashes(path: str) -> str:
    return re.sub("/{2,}", "/", path).rstrip("/") or "/"


def _reason(adapter: MapAdapter, rule: Rule, path: str) -> _Judged | None:
    """Say why a rule does not fit; None for one that has nothing to do with the path."""
    said = _said(rule, path)
    if said is None:
        return None
    domain = _said_of_domain(adapter, rule)
    if domain is None or not all(one.takes for one in domain):
        return _Judged(rule, "domain", said) if all(one.takes for one in said) else None
    if not all(one.takes for one in said):
        return _Judged(rule, "stops" if _fits_by_regex(rule, path, said) else "refused", (*domain, *said))
    return _Judged(rule, "slash", said) if path.endswith("/") and not rule.rule.endswith("/") else None


def _said_of_domain(adapter: MapAdapter, rule: Rule) -> tuple[Said, ...] | None:
    pattern = (rule.host if adapter.map.host_matching else rule.subdomain) or ""
    return listen(pieces_of(rule, pattern), _domain(adapter))


def _fits_by_regex(rule: Rule, path: str, said: tuple[Said, ...]) -> bool:
    """Whether the router had taken the rule when a converter refused the value: then it looks no further."""
    if rule.strict_slashes and path.endswith("/") != rule.rule.endswith("/"):
        return False
    converters = {
        piece.name: piece.converter for piece in pieces_of(rule, rule.rule) if not isinstance(piece, str)
    }
    return all(
        one.takes or re.fullmatch(converters[one.name].regex, one.text) is not None
        for one in said
        if one.name in converters
    )


# --- what comes of it ---


def _decide(
    adapter: MapAdapter, path: str, method: str, taken: _Judged | None
) -> tuple[int, str | None, tuple[str, ...]]:
    """Return the status, where a redirect leads, and what a path answers instead of a method."""
    if taken is not None and callable(taken.rule.redirect_to):
        return 308, None, ()
    try:
        adapter.match(path, method)
    except RequestRedirect as exc:
        return exc.code, _shortened(adapter, exc.new_url), ()
    except MethodNotAllowed as exc:
        return 405, None, tuple(sorted(exc.valid_methods or ()))
    except HTTPException as exc:
        return exc.code or 404, None, ()
    return 200, None, ()


def _shortened(adapter: MapAdapter, url: str) -> str:
    """Return a URL of the same host as its path."""
    return url.removeprefix(f"{adapter.url_scheme}://{adapter.get_host(None)}") or "/"


def _result(one: _Judged, taken: _Judged | None, method: str, status: int) -> Result:
    match one.verdict:
        case "refused" | "slash" | "domain" | "websocket":
            return one.verdict
        case "fits" | "redirects" | "merges" | "stops":
            if not one.answers(method):
                return "method"
            if one is not taken:
                return "refused" if one.verdict == "stops" else "later"
    return "answers" if status == 200 else "stops" if status >= 400 else "redirects"
