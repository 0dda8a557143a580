"""Who may ask: Host and cross-site checks that stand before an app.

A server on loopback is reachable for every page that the browser shows. Two things keep such a page
out. A page whose own name was pointed at 127.0.0.1 (DNS rebinding) betrays itself by its Host; a page
that posts a form or a fetch to us betrays itself by ``Sec-Fetch-Site`` or ``Origin``. Neither header
can be set by the page's scripts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["Gate"]

#: The names that mean this machine in every browser: nobody can own them (RFC 6761 §6.3).
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Binding one of these means every address of the machine.
_EVERY_ADDRESS = frozenset({"0.0.0.0", "[::]"})

#: Methods that must not change anything (RFC 9110 §9.2.1), so that links from elsewhere keep working.
#: TRACE is left out: no page needs it.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Dot-separated labels; the underscore is not a DNS hostname character, yet common in local names.
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.ASCII)

#: Enough for every name that people use, and a bound for a client that sends a new one each time.
_REMEMBERED = 64


class Gate:
    """WSGI middleware that lets only requests for this app's own names, from its own pages, pass.

    * The Host must be ``localhost``, a name under ``.localhost``, ``127.0.0.1``, ``[::1]`` or one that
      ``hosts`` yields, with any port or none. Upper case and one trailing dot make no difference. A
      missing or malformed Host, or one that came twice, is refused like a foreign one: **400**.
    * GET, HEAD and OPTIONS then pass. Any other method is refused with **403** when ``Sec-Fetch-Site``
      is ``cross-site``, or when there is an ``Origin`` and it is not this Host. Programs such as curl
      send neither header and pass.

    :param app: the WSGI app behind the gate.
    :param hosts: asked at each request for further names: the bound host, SERVER_NAME, TRUSTED_HOSTS.
        An entry may carry a port, which is ignored; a leading dot admits the name and all its
        subdomains, as in Werkzeug; ``0.0.0.0`` and ``::`` admit every IP address (an address cannot be
        pointed elsewhere, so it needs no list).
    :param on_refusal: told the environ of each request that is refused, and the status.
    :param cross_site: whether pages of other sites may send any method, as to a public API.
    """

    def __init__(
        self,
        app: WSGIApplication,
        hosts: Callable[[], Iterable[str]] = tuple,
        *,
        on_refusal: Callable[[WSGIEnvironment, str], object] = lambda environ, status: None,
        cross_site: bool = False,
    ) -> None:
        self.app = app
        self.cross_site = cross_site
        self._hosts = hosts
        self._on_refusal = on_refusal
        self._allowed = _AllowList.of(())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r})"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        host = environ.get("HTTP_HOST", "")
        if not self._is_admitted(host):
            self._on_refusal(environ, "400 Bad Request")
            return _refuse_host(host, environ, start_response)
        if not (
            self.cross_site or environ["REQUEST_METHOD"] in _SAFE_METHODS or _is_same_site(environ, host)
        ):
            self._on_refusal(environ, "403 Forbidden")
            return _refuse_origin(host, environ, start_response)
        return self.app(environ, start_response)

    def _is_admitted(self, host: str) -> bool:
        hosts = self._hosts()
        entries = (hosts,) if isinstance(hosts, str) else tuple(hosts)
        allowed = self._allowed
        if entries != allowed.entries:
            self._allowed = allowed = _AllowList.of(entries)
        return allowed.admits(host)


class _Authority(NamedTuple):
    """A Host header, or what follows the ``//`` of an Origin, in one spelling."""

    name: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> _Authority | None:
        """Return the parts in lower case, or None when the text is no ``host`` or ``host:port``."""
        name, port = _split_port(text)
        if port is not None and not _is_port(port):
            return None
        normal = _normal_name(name)
        return cls(normal, int(port) if port else None) if normal else None


def _split_port(text: str) -> tuple[str, str | None]:
    """Split at the last colon, unless it stands within the brackets of an IPv6 address."""
    name, colon, port = text.rpartition(":")
    return (name, port) if colon and "]" not in port else (text, None)


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _normal_name(name: str) -> str | None:
    """Return a host in lower case, without trailing dot, IPv6 in its short form; None if it is none."""
    if name.startswith("[") and name.endswith("]"):
        return _normal_address(name[1:-1])
    normal = name.lower().removesuffix(".")
    return normal if _NAME.fullmatch(normal) else None


def _normal_address(text: str) -> str | None:
    try:
        # A zone such as %eth0 has no place in a Host (RFC 9110 §4.2.2 refers to RFC 3986 §3.2.2).
        return None if "%" in text else f"[{ipaddress.IPv6Address(text).compressed}]"
    except ValueError:
        return None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class _AllowList:
    """What one answer of ``hosts()`` admits, and the Host headers that it already has admitted."""

    entries: tuple[str, ...]
    names: frozenset[str]
    suffixes: tuple[str, ...]
    every_address: bool
    admitted: set[str] = field(default_factory=set, compare=False)

    @classmethod
    def of(cls, entries: tuple[str, ...]) -> _AllowList:
        named = [(entry, name) for entry in entries if entry and (name := _entry_name(entry))]
        names = frozenset(name for _, name in named)
        suffixes = (".localhost", *(f".{name}" for entry, name in named if entry.startswith(".")))
        return cls(entries, _LOOPBACK | names, suffixes, bool(names & _EVERY_ADDRESS))

    def admits(self, host: str) -> bool:
        if host in self.admitted:
            return True
        authority = _Authority.parse(host)
        if authority is None or not self._has(authority.name):
            return False
        if len(self.admitted) >= _REMEMBERED:
            self.admitted.clear()
        self.admitted.add(host)
        return True

    def _has(self, name: str) -> bool:
        return (
            name in self.names or name.endswith(self.suffixes) or (self.every_address and _is_address(name))
        )


def _entry_name(entry: str) -> str | None:
    """Return the name of an allow-list entry; an IPv6 address may stand there without brackets."""
    entry = entry.removeprefix(".")
    if entry.count(":") > 1 and not entry.startswith("["):
        return _normal_address(entry)
    name, _ = _split_port(entry)
    try:
        return _normal_name(name if name.isascii() else name.encode("idna").decode("ascii"))
    except UnicodeError:
        return None


def _is_same_site(environ: WSGIEnvironment, host: str) -> bool:
    # A header that came twice reaches us joined by a comma, hence "in".
    if "cross-site" in environ.get("HTTP_SEC_FETCH_SITE", "").lower():
        return False
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or _is_origin_of(origin, host)


def _is_origin_of(origin: str, host: str) -> bool:
    """Say whether an Origin names this Host; ``null`` and every malformed one do not.

    The scheme is not compared: a proxy may end TLS before us.
    """
    scheme, _, rest = origin.partition("://")
    default = _DEFAULT_PORTS.get(scheme.lower())
    theirs, ours = _Authority.parse(rest), _Authority.parse(host)
    if default is None or theirs is None or ours is None:
        return False
    return (theirs.name, theirs.port or default) == (ours.name, ours.port or default)


def _refuse_host(host: str, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    came = f"for the host {_code(host)}" if host else "without a Host header"
    paragraphs = (
        f"The request came {came}, and this server answers only to <code>localhost</code>, "
        f"<code>*.localhost</code>, <code>127.0.0.1</code>, <code>[::1]</code> and the names it was given.",
        "To add a name, set <code>app.config['SERVER_NAME']</code> or "
        "<code>app.config['TRUSTED_HOSTS']</code>, bind it with <code>%serve --host NAME</code>, or list it "
        "for every notebook in <code>c.FlaskNB.trusted_hosts</code>.",
    )
    return _page("400 Bad Request", paragraphs, environ, start_response)


def _refuse_origin(host: str, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    method = environ["REQUEST_METHOD"]
    origin = environ.get("HTTP_ORIGIN")
    source = f"the origin {_code(origin)}" if origin else "another site"
    paragraphs = (
        f"A page from {source} sent this {_code(method)} request to {_code(host)}. From other sites "
        f"only GET, HEAD and OPTIONS are answered.",
        f"Open the page that sends it at the same address, {_code(host)}, port included. Behind a proxy that "
        f"renames the host, let the proxy pass the Host header on and add the public name to "
        f"<code>app.config['SERVER_NAME']</code>, <code>app.config['TRUSTED_HOSTS']</code> or "
        f"<code>c.FlaskNB.trusted_hosts</code>, or bind it with <code>%serve --host NAME</code>.",
    )
    return _page("403 Forbidden", paragraphs, environ, start_response)


def _code(text: str) -> str:
    """Quote a value of the request for a page: escaped, and cut where it gets long."""
    return f"<code>{escape(text if len(text) <= 100 else text[:99] + '…')}</code>"


def _page(
    status: str, paragraphs: Sequence[str], environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    text = "".join(f"<p>{paragraph}</p>\n" for paragraph in paragraphs)
    page = f'<!doctype html>\n<html lang="en">\n<title>{status}</title>\n<h1>{status}</h1>\n{text}</html>\n'
    body = page.encode(errors="replace")
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'"),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
