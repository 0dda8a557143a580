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

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from flask_nb import gate

from .probes import PING, Probes

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .front import Front
    from .names import AllowList
    from .refusals import Verdict

PROXIED = "flask_nb.front"
"""The key of an environ under which the front stands through which a request came."""

ASKED_BY_GATE = "flask_nb.gate.asks"
"""The key of an environ that nobody has sent: the gate asks the app about an origin."""

#: Methods that must not change anything (RFC 9110 §9.2.1), so that links from elsewhere keep working.
#: TRACE is left out: no page needs it.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


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
    :param on_refusal: told the environ of each request that is refused, the status, and from whom it came
        where its headers do not say so.
    :param host_advice: what to do so that the Host ``{name}`` is admitted; HTML.
    :param cross_site: whether pages of other sites may send any method, as to a public API.
    :param probes: answer :data:`PING` in place of the app, whatever the Host is.
    :param front: asked, given the environ, for the address by which browsers reach the app through a proxy,
        None for none. Its Host is admitted, and its own pages may send any method. Of what came through it,
        the environ tells under :data:`PROXIED`, and the paths of redirects and cookies are made right for
        browsers.
    :param shuts_out: whether a request comes from somebody who may not ask at all: **403**.
    """

    def __init__(
        self,
        app: WSGIApplication,
        hosts: Callable[[], Iterable[str]] = tuple,
        *,
        origins: Callable[[], Iterable[str]] = tuple,
        is_own: Callable[[WSGIEnvironment], bool] = lambda environ: False,
        on_refusal: Callable[[WSGIEnvironment, str, str], object] = lambda environ, status, whom: None,
        host_advice: str = "",
        cross_site: bool = False,
        probes: Probes | None = None,
        front: Callable[[WSGIEnvironment], Front | None] = lambda environ: None,
        shuts_out: Callable[[WSGIEnvironment], bool] = lambda environ: False,
    ) -> None:
        self.app = app
        self.cross_site = cross_site
        self._probes = probes
        self._front = front
        self._shuts_out = shuts_out
        self._hosts = hosts
        self._origins = origins
        self._is_own = is_own
        self._on_refusal = on_refusal
        self._host_advice = host_advice
        self._allowed: AllowList | None = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r})"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._is_own(environ):
            return self.app(environ, start_response)
        if self._shuts_out(environ):
            return self._refuse("403 Forbidden", gate.about_user(), environ, start_response, gate.OTHER_USER)
        if self._probes is not None and environ.get("PATH_INFO") == PING:
            return self._probes.answer(environ, start_response)
        front, host = self._front(environ), environ.get("HTTP_HOST", "")
        if not self._is_admitted(host) and not (front is not None and front.admits(host, environ)):
            paragraphs = gate.about_host(host, self._host_advice or gate.NOTEBOOK_HOST_ADVICE)
            return self._refuse("400 Bad Request", paragraphs, environ, start_response)
        if front is not None and front.has_sent(environ):
            environ[PROXIED] = front
            environ["wsgi.url_scheme"] = front.scheme_of(environ)
            start_response = front.answering(environ, start_response)
        names = (host,) if front is None else (host, front.host)
        if self.cross_site or environ["REQUEST_METHOD"] in _SAFE_METHODS or _is_same_site(environ, names):
            return self.app(environ, start_response)
        verdict = self._judge(environ)
        if verdict == "allowed":
            return self.app(environ, start_response)
        paragraphs = gate.about_origin(environ, host, verdict)
        return self._refuse("403 Forbidden", paragraphs, environ, start_response)

    def _refuse(
        self,
        status: str,
        paragraphs: Sequence[str],
        environ: WSGIEnvironment,
        start_response: StartResponse,
        whom: str = "",
    ) -> list[bytes]:
        self._on_refusal(environ, status, whom)
        return gate.page(status, paragraphs, environ, start_response)

    def _is_admitted(self, host: str) -> bool:
        hosts = self._hosts()
        entries = (hosts,) if isinstance(hosts, str) else tuple(hosts)
        allowed = self._allowed
        if allowed is None or entries != allowed.entries:
            self._allowed = allowed = gate.AllowList(entries)
        return allowed.admits(host)

    def _judge(self, environ: WSGIEnvironment) -> Verdict:
        """Say whether the origin that the request names may change something."""
        origin = gate.Origin.parse(environ.get("HTTP_ORIGIN", ""))
        if origin is None:  # a page without an origin, or one that does not say
            return "refused"
        if origin in map(gate.Origin.parse, self._origins()):
            return "allowed"
        named = environ["HTTP_ORIGIN"]
        if not gate.allows(self.app, environ, named):
            return "refused"
        if not gate.allows(self.app, environ, origin.invented()):
            return "allowed"
        return "allowed" if origin.is_local else "everybody"


def _is_same_site(environ: WSGIEnvironment, names: Iterable[str]) -> bool:
    # A header that came twice reaches us joined by a comma, hence "in".
    if "cross-site" in environ.get("HTTP_SEC_FETCH_SITE", "").lower():
        return False
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or any(gate.is_origin_of(origin, name) for name in names)
