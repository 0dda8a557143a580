"""Served pages that reload by themselves after a cell has changed the app.

A script is put at the end of the pages that a browser opens in a tab. It listens to an event stream of this
server, and reloads its page when the app is another one than it was: with a GET, and only what came by one.
Pages that answer a form have no script, so that nothing is ever sent twice.

The script is a file of its own, at the app's own origin. A Content-Security-Policy of the app is left as it
is: under one that does not let such a file in, the page stays as it was loaded. So does one whose bytes mean
something only as they are: compressed, cut out of a whole, or streamed.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from flask_nb import notebook
from flask_nb.gate import PROXIED
from flask_nb.lazy import pattern
from flask_nb.server import Broadcast, HeldBody
from flask_nb.wsgi import CLIENT

if TYPE_CHECKING:
    from .changes import Changes
    from .settings import FlaskNB

__all__ = ["LivePages", "reloads"]

Environ = dict[str, Any]
Headers = list[tuple[str, str]]
WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

_STREAM = "/__flask_nb_live"
_SCRIPT = f"{_STREAM}.js"

#: A charset in which the bytes of ASCII mean ASCII; without one a page is read as such, too.
STAYS = "the app is as it was before"

_LIKE_ASCII = pattern(r"utf-?8|us-ascii|ascii|iso-8859-\d+|latin-?1|windows-125\d", re.IGNORECASE)
_CHARSET = pattern(r"charset\s*=\s*\"?([^\s;\"]+)", re.IGNORECASE)

_AS_IT_IS = frozenset({"content-encoding", "content-range", "content-digest", "digest", "content-md5"})

#: What lets a browser show an older page again, with a script that knows an older app.
_KEEPING = frozenset({"etag", "last-modified", "expires", "cache-control"})

SCRIPT = """\
(function () {
  var address = new URL(document.currentScript.src);
  var known = address.searchParams.get("v");
  var source = null, timer = null, bar = null;
  address.pathname = address.pathname.replace(/\\.js$/, "");
  address.search = "";
  function say(text) {
    if (bar) { bar.remove(); bar = null; }
    if (!text || !document.body) { return; }
    bar = document.createElement("div");
    bar.setAttribute("role", "status");
    bar.textContent = text;
    var look = bar.style;
    look.position = "fixed"; look.left = look.right = look.bottom = "0"; look.zIndex = "2147483647";
    look.padding = "6px 12px"; look.font = "14px system-ui, sans-serif";
    look.background = "#7a1f1f"; look.color = "#fff";
    document.body.appendChild(bar);
  }
  function hear(event) {
    var said = JSON.parse(event.data);
    known = known || said.version;
    say(said.failed);
    clearTimeout(timer);
    if (said.version !== known && !said.failed) {
      timer = setTimeout(function () { location.reload(); }, said.busy ? 3000 : 300);
    }
  }
  function listen() {
    if (source || document.hidden) { return; }
    source = new EventSource(address);
    source.onmessage = hear;
  }
  function rest() {
    if (source) { source.close(); source = null; }
    clearTimeout(timer);
  }
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { rest(); } else { listen(); }
  });
  addEventListener("pagehide", rest);
  addEventListener("pageshow", listen);
  listen();
})();
"""
"""What runs in a page. A tab that is not seen does not listen: browsers have six connections for a server."""


class LivePages:
    """WSGI middleware that lets pages reload.

    :param app: what answers.
    :param settings: say whether pages are to reload.
    :param is_own: tells the notebook's own requests, whose answers stay as they are.
    """

    def __init__(self, app: WSGIApp, settings: FlaskNB, is_own: Callable[[Environ], bool]) -> None:
        self._app = app
        self._settings = settings
        self._is_own = is_own
        self._token = secrets.token_hex(4)  # a kernel that was restarted has another app
        self._count = 0
        self._failed = ""
        self.is_busy = False
        """Whether a cell is running."""
        self.listeners = Broadcast()
        """The tabs that listen."""
        self.has_pages = False
        """Whether any page may be listening."""
        self._tell()

    @property
    def version(self) -> str:
        """What is another one when the app has changed."""
        return f"{self._token}.{self._count}"

    def begin_cell(self) -> None:
        """Let pages wait a moment: a cell is running, and may change the app again."""
        self.is_busy = True
        self._tell()

    def end_cell(self, *, changed: bool, failed: str | None) -> None:
        """Let pages reload if the cell has changed the app.

        :param failed: what pages say until the next good run; empty for nothing, None for what they said.
        """
        self.is_busy = False
        self._count += changed
        self._failed = self._failed if failed is None else failed
        self._tell()

    def turn(self, is_on: bool) -> None:
        """Let pages reload from now on, or not: those that are open ask anew, and are told so."""
        self._settings.live = is_on
        if not is_on:
            self.close()

    def close(self) -> None:
        """End all streams."""
        self.listeners.close()

    def _tell(self) -> None:
        said = {"version": self.version, "failed": self._failed, "busy": self.is_busy}
        self.listeners.send(b"retry: 1000\ndata: %b\n\n" % json.dumps(said).encode())

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        if environ.get("PATH_INFO", "").startswith(_STREAM):
            return self._answer(environ, start_response)
        if not _is_opened_in_a_tab(environ) or not self._settings.live or self._is_own(environ):
            return self._app(environ, start_response)
        self.has_pages = True
        front = environ.get(PROXIED)
        return _Page(self, front.prefix if front is not None else "", start_response).of(self._app, environ)

    def _answer(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == _SCRIPT:
            body = SCRIPT.encode()
            start_response("200 OK", [("Content-Type", "text/javascript; charset=utf-8"), *_sized(body)])
            return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]
        if environ["PATH_INFO"] != _STREAM:
            return self._app(environ, start_response)
        if not self._settings.live or self.listeners.is_full or not _may_listen(environ):
            # An EventSource that is answered so does not ask again (HTML standard, server-sent events).
            start_response("204 No Content", [])
            return []
        start_response("200 OK", [("Content-Type", "text/event-stream"), ("Cache-Control", "no-store")])
        return HeldBody(self.listeners)


def reloads(pages: LivePages, find_changes: Callable[[], Changes]) -> dict[str, Callable[[Any], None]]:
    """Return what has to hear of IPython's events for pages to reload.

    :param find_changes: returns what tells which cells have to do with the app, once there is a page.
    """

    def begin(info: Any) -> None:
        if pages.has_pages:
            find_changes().begin()
            pages.begin_cell()

    def end(result: Any) -> None:
        if pages.has_pages:
            error = getattr(result, "error_in_exec", None) or getattr(result, "error_before_exec", None)
            said = f"{type(error).__name__} in a cell: {STAYS}" if error else ""
            concerns = find_changes().has_changed(notebook.python_of(result))
            pages.end_cell(changed=concerns and error is None, failed=said if concerns else None)

    return {"pre_run_cell": begin, "post_run_cell": end}


class _Page:
    """One answer, which gets a script if it is a page."""

    def __init__(self, pages: LivePages, prefix: str, start_response: Callable[..., Any]) -> None:
        self._pages = pages
        self._prefix = prefix
        self._start_response = start_response
        self._script = b""
        self._has_length = False

    def of(self, app: WSGIApp, environ: Environ) -> Iterable[bytes]:
        body = app(environ, self._start)
        if isinstance(body, list):  # whose length the server counts, where none is told
            return [*body, self._script] if self._script else body
        return _Followed(body, lambda: self._script if self._has_length else b"")

    def _start(self, status: str, headers: Headers, exc_info: Any = None) -> Any:
        names = {name.lower(): value for name, value in headers}
        policies = [value for name, value in headers if name.lower() == "content-security-policy"]
        self._script = b""
        if _is_whole_page(status, names) and all(map(_lets_in, ",".join(policies).split(","))):
            self._script = self._element(is_new=_KEEPING.isdisjoint(names)).encode()
            self._has_length = names.get("content-length", "").isdecimal()
            headers = [(name, self._lengthened(name, value)) for name, value in headers]
        return self._start_response(status, headers, *([exc_info] if exc_info else []))

    def _lengthened(self, name: str, value: str) -> str:
        is_length = self._has_length and name.lower() == "content-length"
        return str(int(value) + len(self._script)) if is_length else value

    def _element(self, *, is_new: bool) -> str:
        """Return the element; a page that a browser may keep does not say which app it is of."""
        query = f"?v={self._pages.version}" if is_new else ""
        return f'\n<script async src="{self._prefix}{_SCRIPT}{query}"></script>\n'


class _Followed:
    """An iterable of bytes with something behind it."""

    def __init__(self, body: Iterable[bytes], rest: Callable[[], bytes]) -> None:
        self._body = body
        self._rest = rest

    def __iter__(self) -> Iterator[bytes]:
        yield from self._body
        if rest := self._rest():
            yield rest

    def close(self) -> None:
        close = getattr(self._body, "close", None)
        if close is not None:
            close()


def _may_listen(environ: Environ) -> bool:
    """Return whether a page of this app asks, of a server that can hold a stream."""
    site = environ.get("HTTP_SEC_FETCH_SITE", "same-origin")
    return site == "same-origin" and environ["REQUEST_METHOD"] == "GET" and CLIENT in environ


def _is_opened_in_a_tab(environ: Environ) -> bool:
    """Return whether a browser asks for what it will show as a page of its own."""
    if environ["REQUEST_METHOD"] != "GET":
        return False
    destination = environ.get("HTTP_SEC_FETCH_DEST")
    if destination is not None:
        return bool(destination == "document")
    # Over plain http browsers say so to this machine only.
    accepted = environ.get("HTTP_ACCEPT", "")
    is_browser: bool = environ.get("HTTP_USER_AGENT", "").startswith("Mozilla/")
    return is_browser and bool(accepted.startswith("text/html"))


def _is_whole_page(status: str, names: dict[str, str]) -> bool:
    kind = names.get("content-type", "")
    charset = _CHARSET.search(kind)
    return (
        kind.lower().startswith("text/html")
        and (charset is None or _LIKE_ASCII.fullmatch(charset[1]) is not None)
        and _AS_IT_IS.isdisjoint(names)
        and status[:3] != "206"
    )


def _lets_in(policy: str) -> bool:
    """Return whether a Content-Security-Policy lets a script file of the page's own origin run (CSP 3)."""
    rules = [part.lower().split() for part in policy.split(";")]
    directives = {words[0]: words[1:] for words in reversed(rules) if words}  # of equal ones the first counts
    if "allow-scripts" not in directives.get("sandbox", ["allow-scripts"]):
        return False
    kinds = ("script-src-elem", "script-src", "default-src")
    sources = next((directives[kind] for kind in kinds if kind in directives), ["*"])
    return not {"'self'", "*"}.isdisjoint(sources) and "'strict-dynamic'" not in sources


def _sized(body: bytes) -> Headers:
    return [("Content-Length", str(len(body))), ("Cache-Control", "no-cache")]
