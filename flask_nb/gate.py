"""Who may ask: Host and cross-site checks that stand before an app.

A server on loopback is reachable for every page that the browser shows. Two things keep such a page
out. A page whose own name was pointed at 127.0.0.1 (DNS rebinding) betrays itself by its Host; a page
that posts a form or a fetch to us betrays itself by ``Sec-Fetch-Site`` or ``Origin``. Neither header
can be set by the page's scripts.

Which other origins may change something is the app's to say, as it says it to browsers: by what it
answers to a preflight (Fetch standard, CORS protocol). Many apps allow everybody while they are being
written, and mean everybody who can reach them; here that would be every page that the person has open.
So an app is believed when it also refuses somebody, and is asked about an origin that nobody can have.
"""

from __future__ import annotations

import io
import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__all__ = ["ASKED_BY_GATE", "Gate", "is_loopback", "is_origin"]

#: The names that mean this machine in every browser: nobody can own them (RFC 6761 §6.3).
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})

#: Binding one of these means every address of the machine.
_EVERY_ADDRESS = frozenset({"0.0.0.0", "[::]"})

#: Methods that must not change anything (RFC 9110 §9.2.1), so that links from elsewhere keep working.
#: TRACE is left out: no page needs it.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

#: What a page may send without asking first (Fetch standard, CORS-safelisted method).
_SIMPLE_METHODS = frozenset({"POST"})

_DEFAULT_PORTS = {"http": 80, "https": 443}

#: Dot-separated labels; the underscore is not a DNS hostname character, yet common in local names.
_NAME = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*", re.ASCII)

#: Enough for every name that people use, and a bound for a client that sends a new one each time.
_REMEMBERED = 64

ASKED_BY_GATE = "flask_nb.gate.asks"
"""The key of an environ that nobody has sent: the gate asks the app about an origin."""

Verdict = Literal["allowed", "refused", "everybody"]


class Gate:
    """WSGI middleware that lets only requests for this app's own names, from its own pages, pass.

    * What ``is_own`` knows to be the notebook's own request passes, whatever it says.
    * The Host must be ``localhost``, a name under ``.localhost``, ``127.0.0.1``, ``[::1]`` or one that
      ``hosts`` yields, with any port or none. Upper case and one trailing dot make no difference. A
      missing or malformed Host, or one that came twice, is refused like a foreign one: **400**.
    * GET, HEAD and OPTIONS then pass. Any other method passes when nothing says that another site asks:
      no ``Origin``, or that of this Host, and ``Sec-Fetch-Site`` is not ``cross-site``. Programs such as
      curl send neither header.
    * A named ``Origin`` of another site passes when ``origins`` yields it, or when the app allows it in
      its answer to a preflight and refuses an invented one. Where it allows everybody, only origins of
      this machine pass. ``null`` never does. All else is refused: **403**.

    :param app: the WSGI app behind the gate.
    :param hosts: asked at each request for further names: the bound host, SERVER_NAME, TRUSTED_HOSTS.
        An entry may carry a port, which is ignored; a leading dot admits the name and all its
        subdomains, as in Werkzeug; ``0.0.0.0`` and ``::`` admit every IP address (an address cannot be
        pointed elsewhere, so it needs no list).
    :param origins: asked for origins, such as ``https://shop.example``, that may send any method.
    :param is_own: tells the notebook's own requests by what no page can know.
    :param on_refusal: told the environ of each request that is refused, and the status.
    :param host_advice: what to do so that the Host ``{name}`` is admitted; HTML.
    :param cross_site: whether pages of other sites may send any method, as to a public API.
    """

    def __init__(
        self,
        app: WSGIApplication,
        hosts: Callable[[], Iterable[str]] = tuple,
        *,
        origins: Callable[[], Iterable[str]] = tuple,
        is_own: Callable[[WSGIEnvironment], bool] = lambda environ: False,
        on_refusal: Callable[[WSGIEnvironment, str], object] = lambda environ, status: None,
        host_advice: str = "",
        cross_site: bool = False,
    ) -> None:
        self.app = app
        self.cross_site = cross_site
        self._hosts = hosts
        self._origins = origins
        self._is_own = is_own
        self._on_refusal = on_refusal
        self._host_advice = host_advice or NOTEBOOK_HOST_ADVICE
        self._allowed = _AllowList.of(())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r})"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._is_own(environ):
            return self.app(environ, start_response)
        host = environ.get("HTTP_HOST", "")
        if not self._is_admitted(host):
            page = _about_host(host, self._host_advice)
            return self._refuse("400 Bad Request", page, environ, start_response)
        if self.cross_site or environ["REQUEST_METHOD"] in _SAFE_METHODS or _is_same_site(environ, host):
            return self.app(environ, start_response)
        verdict = self._judge(environ)
        if verdict == "allowed":
            return self.app(environ, start_response)
        page = _about_origin(environ, host, verdict)
        return self._refuse("403 Forbidden", page, environ, start_response)

    def _refuse(
        self, status: str, paragraphs: Sequence[str], environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes]:
        self._on_refusal(environ, status)
        return _page(status, paragraphs, environ, start_response)

    def _is_admitted(self, host: str) -> bool:
        hosts = self._hosts()
        entries = (hosts,) if isinstance(hosts, str) else tuple(hosts)
        allowed = self._allowed
        if entries != allowed.entries:
            self._allowed = allowed = _AllowList.of(entries)
        return allowed.admits(host)

    def _judge(self, environ: WSGIEnvironment) -> Verdict:
        """Say whether the origin that the request names may change something."""
        origin = _Origin.parse(environ.get("HTTP_ORIGIN", ""))
        if origin is None:  # a page without an origin, or one that does not say
            return "refused"
        if origin in map(_Origin.parse, self._origins()):
            return "allowed"
        named = environ["HTTP_ORIGIN"]
        if not _allows(self.app, environ, named):
            return "refused"
        if not _allows(self.app, environ, origin.invented()):
            return "allowed"
        return "allowed" if origin.is_local else "everybody"


NOTEBOOK_HOST_ADVICE = (
    "To add the name, run this in a cell of the notebook: "
    "<code>%config FlaskNB.trusted_hosts = ['{name}']</code>. To add it to every notebook, write "
    "<code>c.FlaskNB.trusted_hosts = ['{name}']</code> into <code>ipython_config.py</code>."
)

COMMAND_HOST_ADVICE = (
    "To add the name, let the app say <code>app.config['TRUSTED_HOSTS'] = ['localhost', '127.0.0.1', "
    "'{name}']</code>."
)


def is_loopback(host: str) -> bool:
    """Return whether only programs of this machine reach a server that is bound to *host*."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # a name may resolve to anything


def is_origin(text: str) -> bool:
    """Return whether this is an origin as browsers send it: scheme, name and a port that is not usual."""
    return _Origin.parse(text) is not None


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


class _Origin(NamedTuple):
    """What an Origin header says (RFC 6454 §6.2), in one spelling."""

    scheme: str
    name: str
    port: int

    @classmethod
    def parse(cls, text: str) -> _Origin | None:
        """Return the parts; None of ``null``, of another scheme than http and https, and of what is none."""
        scheme, _, rest = text.partition("://")
        default, authority = _DEFAULT_PORTS.get(scheme.lower()), _Authority.parse(rest)
        if default is None or authority is None:
            return None
        return cls(scheme.lower(), authority.name, authority.port or default)

    def invented(self) -> str:
        """Return an origin that nobody has (RFC 6761 §6.4), the name apart as near to this as can be."""
        port = "" if self.port == _DEFAULT_PORTS[self.scheme] else f":{self.port}"
        return f"{self.scheme}://{secrets.token_hex(8)}.invalid{port}"

    @property
    def is_local(self) -> bool:
        """Whether a page of this machine asks."""
        return self.name in _LOOPBACK or self.name.endswith(".localhost")


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
    theirs, ours = _Origin.parse(origin), _Authority.parse(host)
    if theirs is None or ours is None:
        return False
    return (theirs.name, theirs.port) == (ours.name, ours.port or _DEFAULT_PORTS[theirs.scheme])


# --- asking the app ---


def _allows(app: WSGIApplication, environ: WSGIEnvironment, origin: str) -> bool:
    """Ask the app as a browser would before it sends the request, and say whether it allows that."""
    method = environ["REQUEST_METHOD"]
    status, headers = _call_for_head(app, _preflight(environ, origin))
    if not status.startswith("2") or headers.get("access-control-allow-origin") not in ("*", origin):
        return False
    named = {name.strip() for name in headers.get("access-control-allow-methods", "").split(",")}
    return method in _SIMPLE_METHODS or method in named or "*" in named


def _preflight(environ: WSGIEnvironment, origin: str) -> WSGIEnvironment:
    """Return the environ of the preflight to a request: without body, cookies and what else it carries."""
    kept = {key: value for key, value in environ.items() if not key.startswith(("HTTP_", "CONTENT_"))}
    type_ = environ.get("CONTENT_TYPE", "")
    asks = {"HTTP_ACCESS_CONTROL_REQUEST_HEADERS": "content-type"} if type_ else {}
    return {
        **kept,
        **asks,
        "REQUEST_METHOD": "OPTIONS",
        "HTTP_HOST": environ.get("HTTP_HOST", ""),
        "HTTP_ORIGIN": origin,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": environ["REQUEST_METHOD"],
        "wsgi.input": io.BytesIO(),
        ASKED_BY_GATE: True,
    }


def _call_for_head(app: WSGIApplication, environ: WSGIEnvironment) -> tuple[str, dict[str, str]]:
    """Return the status and the headers, names in lower case, that the app answers in this thread."""
    heads: list[tuple[str, dict[str, str]]] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        heads.append((status, {name.lower(): value.strip() for name, value in headers}))
        return lambda data: None

    answer = app(environ, start_response)
    try:
        chunks = iter(answer)
        while not heads and next(chunks, None) is not None:
            continue
    finally:
        if (close := getattr(answer, "close", None)) is not None:
            close()
    return heads[-1] if heads else ("", {})


# --- refusals ---


def _about_host(host: str, advice: str) -> Sequence[str]:
    came = f"for the host {_code(host)}" if host else "without a Host header"
    authority = _Authority.parse(host)
    # What is no name, or longer than one can be (RFC 1035 §2.3.4), cannot be added either.
    return (
        f"The request came {came}, and this server answers only to <code>localhost</code>, "
        f"<code>*.localhost</code>, <code>127.0.0.1</code>, <code>[::1]</code> and the names it was given.",
        advice.format(name=authority.name)
        if authority and len(host) < 260
        else "Send one of these, with any port or none.",
    )


def _about_origin(environ: WSGIEnvironment, host: str, verdict: Verdict) -> Sequence[str]:
    method = environ["REQUEST_METHOD"]
    named = environ.get("HTTP_ORIGIN")
    source = f"the origin {_code(named)}" if named else "another site"
    why = {
        "everybody": "The app allows every origin, and that would be every page that is open in the browser, "
        "so only pages of this machine may send it.",
        "refused": "From other sites only GET, HEAD and OPTIONS are answered, unless the app allows more.",
    }
    return (
        f"A page from {source} sent this {_code(method)} request to {_code(host)}. {why[verdict]}",
        f"Open the page that sends it at the same address, {_code(host)}, port included. {_advise(named)}",
    )


def _advise(origin: str | None) -> str:
    """Say how an origin is allowed; nothing allows one that is not named."""
    parsed = _Origin.parse(origin or "")
    if parsed is None:
        return "A page from a file or from a sandboxed frame has no origin that could be allowed."
    text = escape(str(origin), quote=False)
    return (
        f"Or allow the origin. In a cell of the notebook: <code>%config FlaskNB.trusted_origins = ['{text}']"
        f"</code>. For every notebook, in <code>ipython_config.py</code>: "
        f"<code>c.FlaskNB.trusted_origins = ['{text}']</code>."
    )


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
