"""What the app itself says about an origin: asked as a browser asks, by a preflight."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from .gate import ASKED_BY_GATE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: What a page may send without asking first (Fetch standard, CORS-safelisted method).
_SIMPLE_METHODS = frozenset({"POST"})


def allows(app: WSGIApplication, environ: WSGIEnvironment, origin: str) -> bool:
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
