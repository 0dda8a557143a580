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

from .names import AllowList, Origin, is_origin_of
from .preflight import allows
from .refusals import NOTEBOOK_HOST_ADVICE, Verdict, about_host, about_origin, page

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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
        self._allowed = AllowList.of(())

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r})"

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self._is_own(environ):
            return self.app(environ, start_response)
        host = environ.get("HTTP_HOST", "")
        if not self._is_admitted(host):
            paragraphs = about_host(host, self._host_advice)
            return self._refuse("400 Bad Request", paragraphs, environ, start_response)
        if self.cross_site or environ["REQUEST_METHOD"] in _SAFE_METHODS or _is_same_site(environ, host):
            return self.app(environ, start_response)
        verdict = self._judge(environ)
        if verdict == "allowed":
            return self.app(environ, start_response)
        paragraphs = about_origin(environ, host, verdict)
        return self._refuse("403 Forbidden", paragraphs, environ, start_response)

    def _refuse(
        self, status: str, paragraphs: Sequence[str], environ: WSGIEnvironment, start_response: StartResponse
    ) -> list[bytes]:
        self._on_refusal(environ, status)
        return page(status, paragraphs, environ, start_response)

    def _is_admitted(self, host: str) -> bool:
        hosts = self._hosts()
        entries = (hosts,) if isinstance(hosts, str) else tuple(hosts)
        allowed = self._allowed
        if entries != allowed.entries:
            self._allowed = allowed = AllowList.of(entries)
        return allowed.admits(host)

    def _judge(self, environ: WSGIEnvironment) -> Verdict:
        """Say whether the origin that the request names may change something."""
        origin = Origin.parse(environ.get("HTTP_ORIGIN", ""))
        if origin is None:  # a page without an origin, or one that does not say
            return "refused"
        if origin in map(Origin.parse, self._origins()):
            return "allowed"
        named = environ["HTTP_ORIGIN"]
        if not allows(self.app, environ, named):
            return "refused"
        if not allows(self.app, environ, origin.invented()):
            return "allowed"
        return "allowed" if origin.is_local else "everybody"


def _is_same_site(environ: WSGIEnvironment, host: str) -> bool:
    # A header that came twice reaches us joined by a comma, hence "in".
    if "cross-site" in environ.get("HTTP_SEC_FETCH_SITE", "").lower():
        return False
    origin = environ.get("HTTP_ORIGIN")
    return origin is None or is_origin_of(origin, host)
