"""``%explain``: what a request or a URL would come to, and what became of the last one that went wrong."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.exceptions import default_exceptions

from flask_nb import cells
from flask_nb.cells import ExplainDefinition
from flask_nb.cells.expressions import expand_value
from flask_nb.engines import RequestExplanation, UrlExplanation
from flask_nb.engines.explanations import Candidate, Function, UrlRule
from flask_nb.errors import UrlError
from flask_nb.exchange import KeptExchange, mask_value
from flask_nb.exchange.masks import mask_text, mask_url, printable
from flask_nb.exchange.request import readable_path

from .display import Report
from .evaluation import evaluate
from .tables import Table

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .host import Host

_MOST_RULES = 20
_MOST_LOOKED_AT = 1000
_UNASKED = "/favicon.ico"
"""What browsers ask for by themselves."""


class Explaining:
    """Explains requests, URLs and what went wrong.

    :param ip: the shell, whose variables count.
    :param host: whose app is meant.
    """

    def __init__(self, ip: InteractiveShell, host: Host) -> None:
        self.ip = ip
        self.host = host

    def explain(self, line: str, cell: str | None, scope: Mapping[str, Any]) -> Table | Report:
        """Answer the magic."""
        definition = cells.parse_explain(line)
        with self.host.apps.turned_to(definition.app):
            return self._explain(definition, partial(evaluate, {**self.ip.user_ns, **scope}))

    def _explain(self, definition: ExplainDefinition, evaluation: Callable[[str], object]) -> Table | Report:
        engine = self.host.followed.engine()
        if definition.request is not None:
            resolved = self.host.resolve(definition.request, evaluation)
            host = next((value for name, value in resolved.headers if name == "Host"), None)
            path = unquote(resolved.path.partition("?")[0])
            return self._request(engine.explain_request(resolved.method, path, host or engine.default_host()))
        if definition.url is None:
            return self._last()
        values = {name: expand_value(text, evaluation) for name, text in definition.url.values}
        try:
            routes = engine.routes()
            endpoint = cells.find_endpoint(definition.url.name, routes, definition.url.method)
        except UrlError as exc:
            return Report(str(exc))
        return url_table(engine.explain_url(endpoint, values, definition.url.method), values)

    def _request(self, explained: RequestExplanation, title: str = "", *notes: str) -> Table:
        return request_table(explained, self._place, title, *notes)

    def _place(self, function: Function) -> str:
        """What people call the place of a function, with its line there; empty if it is not the user's."""
        place = self.host.sources.place(function.filename) if function.filename else None
        return f"{place}, line {function.line}" if place else ""

    # --- the last exchange ---

    def _last(self) -> Table | Report:
        kept = next(filter(_is_odd, reversed(self.host.apps.current.ring.last(_MOST_LOOKED_AT))), None)
        if kept is None:
            return Report("every request so far was answered 2xx. To explain one, type %explain /path")
        if kept.is_refused:
            return Report(
                f"{kept.brief}\nthe app never saw it: the page that was answered says how to allow it"
            )
        if kept.failure is not None:
            return Report("\n".join(_failure_lines(kept)))
        if kept.endpoint is not None:
            return Report(f"{kept.brief}\n{_own_answer(kept)}")
        path = kept.target.encode("latin-1", "replace").decode("utf-8", "replace")
        engine = self.host.followed.engine()
        asked = dict(kept.headers).get("Host", engine.default_host())
        host = engine.default_host() if _is_address(asked) else asked
        explained = engine.explain_request(kept.method, path, host)
        if str(explained.status) == kept.code:
            return self._request(explained)
        is_changed = explained.status is not None
        changed = ["the routes have changed since then; this is what it comes to now:"] if is_changed else []
        return self._request(explained, kept.brief, *changed)


def _is_odd(kept: KeptExchange) -> bool:
    return not re.match("2|304", kept.code) and kept.target != _UNASKED


def _is_address(host: str) -> bool:
    """Whether it is the server's own address, by which an app is not told apart."""
    return re.fullmatch(r"(127\.0\.0\.1|localhost|\[::1\])(:\d+)?", host) is not None


def _failure_lines(kept: KeptExchange) -> Iterator[str]:
    assert kept.failure is not None
    yield f"{kept.verb} {kept.path} → {kept.code}"
    yield kept.failure.text(kept.endpoint)
    if kept.exception is not None:
        yield "%debug opens the frame of the last failure"


def _own_answer(kept: KeptExchange) -> str:
    """Say what a view, and not the router, has answered."""
    view = f"the view {printable(kept.endpoint or '')}"
    location = next((value for name, value in kept.answer_headers if name.lower() == "location"), None)
    if location is not None:
        return f"{view} redirects to {printable(mask_url(location))}"
    words = _own_words(kept)
    return f"{view} itself answered {kept.code}{': ' if words else ''}{printable(mask_text(words))}"


def _own_words(kept: KeptExchange) -> str:
    """What the page of an error says besides what every page of its status says."""
    said = re.search(r"<p>(.*?)</p>", kept.answer.decode("utf-8", "replace"), re.DOTALL)
    words = " ".join(html.unescape(re.sub(r"<[^>]*>", " ", said[1])).split()) if said else ""
    usual = default_exceptions.get(int(kept.code)) if kept.code.isdecimal() else None
    return words.removeprefix(usual.description or "").strip() if usual is not None else words


# --- requests ---


def request_table(
    explained: RequestExplanation,
    place: Callable[[Function], str] = lambda function: "",
    title: str = "",
    *notes: str,
) -> Table:
    """Return the rules that a request comes to, and what else there is to say about it.

    :param place: says where a function is.
    :param title: what stands above it; by default what the request comes to.
    :param notes: what is to be said first below it.
    """
    shown = explained.candidates[:_MOST_RULES]
    columns = {
        "rule": [f"{one.row.domain} {one.row.rule}".strip() for one in shown],
        "methods": [", ".join(one.row.methods) or "any" for one in shown],
        "endpoint": [one.row.endpoint for one in shown],
        "cell": [one.row.owner or "" for one in shown],
        "result": [printable(_RESULTS[one.result](one, explained)) for one in shown],
    }
    if not any(columns["cell"]):
        del columns["cell"]
    hidden = len(explained.candidates) - _MOST_RULES
    more = [f"… {hidden} more rules"] if hidden > 0 else []
    verdict = [_verdict(explained)] if title else []
    words = [*more, *notes, *verdict, *_notes(explained, place)]
    return Table(
        tuple(columns),
        list(zip(*columns.values(), strict=True)),
        [printable(note) for note in words],
        whole=2,
        title=title or _verdict(explained),
    )


def _verdict(explained: RequestExplanation) -> str:
    host = f" of {explained.host}" if explained.host else ""
    asked = f"{explained.method} {readable_path(printable(explained.path))}{host}"
    if explained.status is None:
        return asked
    return f"{asked} → {_VERDICTS.get(explained.status, _redirect)(explained)}"


def _answered(explained: RequestExplanation) -> str:
    return explained.taken.row.endpoint if explained.taken else ""


def _not_found(explained: RequestExplanation) -> str:
    if explained.taken is not None:
        return "404 Not Found: a converter refuses what its rule had matched, and the router looks no further"
    return f"404 Not Found: {'no rule takes it' if explained.candidates else 'no rule matches'}"


def _not_allowed(explained: RequestExplanation) -> str:
    return f"405 Method Not Allowed: the path answers {', '.join(explained.allowed)}"


def _redirect(explained: RequestExplanation) -> str:
    status = explained.status or 0
    name = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else ""
    to = f" to {printable(mask_url(explained.location))}" if explained.location else ""
    return f"{status} {name}{to}"


_VERDICTS: dict[int, Callable[[RequestExplanation], str]] = {
    200: _answered,
    404: _not_found,
    405: _not_allowed,
}


def _values(one: Candidate) -> str:
    return ", ".join(f"{said.name}={mask_value(said.name, repr(said.text))}" for said in one.said)


def _refused(one: Candidate, explained: RequestExplanation) -> str:
    said = next(said for said in one.said if not said.takes)
    reason = f": {said.reason}" if said.reason else ""
    return f"{said.variable} does not take {mask_value(said.name, repr(said.text))}{mask_text(reason)}"


def _redirects(one: Candidate, explained: RequestExplanation) -> str:
    if explained.location is None:
        return "redirects to where a function says"
    is_slash = one.row.rule.endswith("/") and not explained.path.endswith("/")
    why = ": its slash at the end is missing" if is_slash else ""
    return f"redirects{why}"


_RESULTS: dict[str, Callable[[Candidate, RequestExplanation], str]] = {
    "answers": lambda one, explained: f"answers, with {_values(one)}" if one.said else "answers",
    "redirects": _redirects,
    "stops": lambda one, explained: f"{_refused(one, explained)}; the search ends here",
    "later": lambda one, explained: "would take it, but comes later",
    "method": lambda one, explained: f"answers {', '.join(one.methods)}, not {explained.method}",
    "refused": _refused,
    "slash": lambda one, explained: "has no slash at its end, and the path has one",
    "domain": lambda one, explained: f"is for {one.row.domain or 'another host'} only",
    "websocket": lambda one, explained: "is for WebSockets",
    "fits": lambda one, explained: "fits by its shape",
}


def _notes(explained: RequestExplanation, place: Callable[[Function], str]) -> Iterator[str]:
    if explained.near:
        yield f"near: {', '.join(explained.near)}"
    yield from explained.middleware
    for function in explained.before:
        where = place(function)
        yield f"called first: {function.name} ({function.role}{f', in {where}' if where else ''})"
    yield from explained.answers


# --- URLs ---


def url_table(explained: UrlExplanation, values: Mapping[str, Any]) -> Table:
    """Return the rules that a URL may be built of, and why it is or is not."""
    given = " ".join(f"{name}={mask_value(name, repr(value))}" for name, value in values.items())
    url = printable(mask_url(explained.url)) if explained.url is not None else "no URL"
    return Table(
        ("rule", "methods", "result"),
        [_url_row(one) for one in explained.rules],
        [printable(note) for note in _url_notes(explained, values)],
        whole=2,
        title=printable(f"{explained.endpoint} {given}".strip()) + f" → {url}",
    )


def _url_row(one: UrlRule) -> tuple[str, str, str]:
    rule = f"{one.row.domain} {one.row.rule}".strip()
    reason = "the URL is built of it" if one.is_taken else printable(mask_text(one.reason))
    return rule, ", ".join(one.row.methods) or "any", reason


def _url_notes(explained: UrlExplanation, values: Mapping[str, Any]) -> Iterator[str]:
    if explained.query:
        yield f"into the query, since no rule has a variable for it: {', '.join(explained.query)}"
    if explained.missing:
        given = [_typed(name, str(value)) for name, value in values.items()]
        words = [explained.endpoint, *given, *(f"{name}=…" for name in explained.missing)]
        yield f"type %url_for {' '.join(words)}"
    yield from explained.notes


def _typed(name: str, value: str) -> str:
    """A value as it is typed, unless it is long, a secret, or needs quotes."""
    is_plain = re.fullmatch(r"[\w.-]{1,40}", value) is not None and mask_value(name, value) == value
    return f"{name}={value if is_plain else '…'}"
