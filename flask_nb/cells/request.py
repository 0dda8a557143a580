"""A request as it was typed, and what it comes to when it is sent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import quote, urlencode

from werkzeug.datastructures import Headers

from flask_nb import cells
from flask_nb.errors import MagicArgumentError
from flask_nb.lazy import pattern

from .expressions import Evaluate, Expression, Text, expand_text

if TYPE_CHECKING:
    from .bodies import Body
    from .items import Item
    from .json_values import Key

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

DEFAULT_TIMEOUT = 30.0
"""Seconds that a request waits for its view."""

DEFAULT_HOSTS = ("localhost",)
"""The host of every request that names none."""

Encoding = Literal["query", "json", "form", "multipart"]

_ACCEPT_JSON = "application/json, */*;q=0.5"  # as HTTPie has it
# What RFC 3986 reserves stays as typed, so that `?`, `&` and a ready-made `%2F` mean what they say.
_AS_TYPED = "/?:@!$&'()*+,;=~[]%"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_LOCAL = "|".join(map(re.escape, _LOOPBACK))
_URL = pattern(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[^/?#]*)"
    rf"|(?P<local>(?:{_LOCAL})(?::\d*)?|:\d*)(?=[/?#]|$)"
)


class ResolvedRequest(NamedTuple):
    """A request ready to be sent.

    :param path: percent-encoded, with the query.
    :param headers: names and values, as they go over the wire.
    :param dropped: names, in lower case, of headers that are not to be sent, whoever adds them.
    :param elsewhere: the host and port of this machine that a pasted URL names, if they are not the app's.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    dropped: frozenset[str] = frozenset()
    elsewhere: str | None = None


class RequestDefinition(NamedTuple):
    """A request as it was typed.

    :param method: in upper case.
    :param path: literal texts and expressions in turn; a path, or a URL of the app's own server.
    :param items: headers, query values, fields and files, in the order typed.
    :param body: None without one; never together with fields.
    :param encoding: where the fields go: ``query``, ``json``, ``form`` or ``multipart``.
    :param is_json: ``--json`` was given.
    :param bearer: a token to authorize with.
    :param user: user and password, joined by a colon.
    :param follow: follow redirects.
    :param timeout: seconds to wait for the view.
    :param in_process: call the app instead of asking the server.
    :param app: the variable of another app than the current one.
    :param copy: the notation in which it is shown as well.
    :param fresh: neither send nor keep cookies.
    :param as_name: variable that receives the exchange.
    :param timed: show how long it took.
    :param traced: show its steps.
    :param scripts: let the page that is shown run its scripts.
    :param height: of the frame of a page, in pixels; None for a guess.
    :param headers_shown: show the response's headers.
    :param expect: the statuses of which one has to come, such as ``201`` and ``2xx``; empty for any.
    :param mask: lists of JSON paths whose values are left out of what is shown.
    :param is_pasted: it was written for another place, so that the ports of this machine mean the app.
    :param place: where it stands, for errors, such as ``requests.http, line 3``.
    """

    method: str
    path: Text
    items: tuple[Item, ...] = ()
    body: Body | None = None
    encoding: Encoding = "query"
    is_json: bool = False
    bearer: Text | None = None
    user: Text | None = None
    follow: bool = True
    timeout: float = DEFAULT_TIMEOUT
    in_process: bool = False
    app: str | None = None
    copy: str | None = None
    fresh: bool = False
    as_name: str | None = None
    timed: bool = False
    traced: bool = False
    scripts: bool = False
    height: int | None = None
    headers_shown: bool = False
    expect: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()
    is_pasted: bool = False
    place: str = ""

    def expand(self, evaluate: Evaluate, hosts: Collection[str] = DEFAULT_HOSTS) -> ResolvedRequest:
        """Return the request with its expressions evaluated and its files read.

        An expression's value is one segment of the path, a slash in it is encoded. Only where an
        expression stands first and its value begins with a slash, as that of ``url_for`` does, or is a
        URL, is it a path itself.

        :param evaluate: returns the value of an expression's source; its errors propagate.
        :param hosts: the app's own hosts, with the port unless it is the usual one; a host that begins
            with a dot stands for the names below it.
        :raises MagicArgumentError: when something in it cannot be sent, or leads elsewhere.
        """
        target, elsewhere = _expand_path(self.path, evaluate), None
        if self.is_pasted and (elsewhere := _other_port(target, hosts)):
            target = target.partition("://")[2].removeprefix(elsewhere) or "/"
        target, host = _split_host(target, hosts)
        target = _append_query(_without_dots(target), self._query(evaluate))
        content_type, body = self._encode_body(evaluate)
        defaults = self._default_headers(evaluate, host, content_type, bool(body))
        own, dropped = self._own_headers(evaluate)
        kept = (pair for pair in defaults if pair[0] not in own and pair[0].lower() not in dropped)
        return ResolvedRequest(self.method, target, (*kept, *own), body, frozenset(dropped), elsewhere)

    def is_expected(self, status: int) -> bool:
        """Say whether a status is one that ``--expect`` names; without one every status is."""
        named = {str(status), f"{status // 100}xx"}
        return not self.expect or not named.isdisjoint(self.expect)

    def _query(self, evaluate: Evaluate) -> str:
        kinds = ("query", "field", "json") if self.encoding == "query" else ("query",)
        items = [item for item in self.items if item.kind in kinds]
        return _form(items, cells.query_text, evaluate) if items else ""

    def _encode_body(self, evaluate: Evaluate) -> tuple[str | None, bytes]:
        """Return the content type, None where there is no body to speak of, and the body."""
        if self.body is not None:
            content_type = JSON if self.is_json else self.body.content_type(evaluate)
            return content_type, self.body.encode(evaluate)
        fields = [item for item in self.items if item.kind in ("field", "json", "file")]
        if self.encoding == "multipart":
            return cells.write_multipart(fields, evaluate)
        if self.encoding == "form":
            return FORM, _form(fields, cells.field_text, evaluate).encode()
        if self.encoding == "json" and fields:
            return JSON, cells.write_fields([_member(item, evaluate) for item in fields]).encode(
                errors="replace"
            )
        return JSON if self.is_json else None, b""

    def _default_headers(
        self, evaluate: Evaluate, host: str | None, content_type: str | None, has_body: bool
    ) -> list[tuple[str, str]]:
        """Return what the request says of itself, unless an item says otherwise."""
        headers = [("Host", host)] if host else []
        headers += [("Content-Type", content_type)] if content_type else []
        is_own_file = self.body is not None and self.body.is_own_file
        if self.is_json or content_type == JSON or (has_body and is_own_file):
            headers.append(("Accept", _ACCEPT_JSON))
        if self.bearer is not None:
            headers.append(cells.wire_header("Authorization", f"Bearer {expand_text(self.bearer, evaluate)}"))
        if self.user is not None:
            user = expand_text(self.user, evaluate).encode(errors="replace")
            headers.append(("Authorization", f"Basic {base64.b64encode(user).decode()}"))
        return headers

    def _own_headers(self, evaluate: Evaluate) -> tuple[Headers, set[str]]:
        """Return the headers among the items, and the names that are not to be sent."""
        own, dropped = Headers(), set[str]()
        for item in self.items:
            if item.kind != "header":
                continue
            name, value = item.header(evaluate)
            if item.drops:
                own.remove(name)
                dropped.add(name.lower())
            else:
                own.add(name, value)
                dropped.discard(name.lower())
        if "host" in dropped:
            raise MagicArgumentError(
                "a request needs its Host (RFC 9112 §3.2). Leave out Host:, or give it a value"
            )
        return own, dropped


def _form(items: Iterable[Item], write: Callable[[Item, Evaluate], str], evaluate: Evaluate) -> str:
    """Return items as a query or a form holds them."""
    pairs = [(item.expand_name(evaluate), write(item, evaluate)) for item in items]
    return urlencode(pairs, errors="replace")


def _member(item: Item, evaluate: Evaluate) -> tuple[tuple[Key, ...], str]:
    """Return the steps of a field's name and its value as JSON text."""
    keys = cells.parse_key(expand_text(item.name, evaluate, _escaped_name))
    value = item.expand_value(evaluate)
    return keys, value if item.kind == "json" else json.dumps(value, ensure_ascii=False)


def _escaped_name(value: object) -> str:
    """Return a value as a part of a field's name that is one step, whatever it holds."""
    return re.sub(r"([\[\]])", r"\\\1", str(value))


def _expand_path(path: Text, evaluate: Evaluate) -> str:
    safe = _safe_characters(path)
    expanded = ""
    for index, part in enumerate(path):
        if isinstance(part, str):
            expanded += quote(part, safe=safe, errors="replace")
            continue
        value = str(evaluate(part.source))
        if index or not value.startswith(("/", "http://", "https://")):
            expanded += _segment(value)
        else:
            expanded += quote(value, safe=_safe_characters((value,)), errors="replace")
    return expanded


def _safe_characters(path: Text) -> str:
    """Return what stays as typed: one stray percent sign makes all of the path's mean themselves."""
    literal = "".join(part if isinstance(part, str) else "/" for part in path)
    is_stray = "%" in literal and re.search(r"%(?![0-9A-Fa-f]{2})", literal) is not None
    return _AS_TYPED.replace("%", "") if is_stray else _AS_TYPED


def _segment(value: str) -> str:
    """Return a value as one segment; one of dots alone would lead to another path."""
    return "%2E" * len(value) if value and not value.strip(".") else quote(value, safe="", errors="replace")


def _split_host(target: str, hosts: Collection[str]) -> tuple[str, str | None]:
    """Return the path of a target and the Host to name, None for the usual one."""
    found = None if target.startswith("/") else _URL.match(target)
    if found is None:
        return target if target.startswith("/") else f"/{target}", None
    path = target[found.end() :]
    path = path if path.startswith("/") else f"/{path}"
    host = found["host"] or re.sub(r"^(?=:)", "localhost", found["local"] or "")
    host = re.sub(r":(80|443)?$", "", host.lower())
    if found["scheme"] not in (None, "http", "https") or not _is_own(host, hosts):
        raise MagicArgumentError(
            f"the URL contains a user or password. Type them as -u user:password, and the path alone: {path}"
            if "@" in host
            else f"{target!r} leads to another server, but requests go only to the notebook's app. "
            f"Type the path, such as {path}"
        )
    name = re.sub(r":\d+$", "", host)
    return path, None if name in _LOOPBACK else host


def _other_port(target: str, hosts: Collection[str]) -> str | None:
    """Return the host and port of a URL that leads to this machine, and not to the app."""
    found = re.match(rf"https?://((?:{_LOCAL})(?::\d+)?)(?=[/?#]|$)", target)
    return found[1] if found and not _is_own(re.sub(r":80$", "", found[1]), hosts) else None


def _is_own(host: str, hosts: Collection[str]) -> bool:
    own = [re.sub(r":(80|443)$", "", name.lower()) for name in hosts]
    return host in own or any(name.startswith(".") and host.endswith(name) for name in own)


def _without_dots(target: str) -> str:
    """Return the target without ``.`` and ``..``, as every client sends it (RFC 3986 §5.2.4)."""
    path, question, query = target.partition("?")
    if "/." not in path:
        return target
    segments = path.split("/")[1:]
    if segments[-1] in (".", ".."):
        segments.append("")
    kept: list[str] = []
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    return "/" + "/".join(kept) + question + query


def _append_query(target: str, query: str) -> str:
    joint = "" if not query or target.endswith(("?", "&")) else "&" if "?" in target else "?"
    return f"{target}{joint}{query}"


def cut_fragment(path: Text) -> Text:
    """Leave out what follows a ``#``: clients keep a fragment to themselves (RFC 9110 §7.1)."""
    for index, part in enumerate(path):
        if isinstance(part, str) and "#" in part:
            before = part.partition("#")[0]
            return (*path[:index], *([before] if before else []))
    return path


def begin_with_slash(path: Text) -> Text:
    """Put a slash before a path that has none; URLs and expressions are told apart when they are sent."""
    if not path:
        return ("/",)
    first = path[0]
    if isinstance(first, Expression) or first.startswith("/") or _URL.match(first):
        return path
    return (f"/{first}", *path[1:])
