"""Where a redirect leads, and with which request."""

from __future__ import annotations

from urllib.parse import urljoin, urlsplit

from .request import Request, path_of

_KEEPING_REDIRECTS = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303}) | _KEEPING_REDIRECTS
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})


def redirected(request: Request, status: int, location: str | None) -> Request | None:
    """Return the request that a browser would send next, or None if the response ends the matter.

    Only redirects to the same host and port are followed: the app cannot answer for others.

    :param location: the response's header of that name.
    """
    if status not in _REDIRECTS or not location:
        return None
    try:
        url = urlsplit(urljoin(f"http://{request.host}{request.path}", location))
    except ValueError:  # such as http://[
        return None
    if url.scheme != "http" or _without_default_port(url.netloc) != _without_default_port(request.host):
        return None
    moved = request.replaced(path=path_of(url))
    return moved if status in _KEEPING_REDIRECTS else _as_get(moved, status)


def _without_default_port(netloc: str) -> str:
    return netloc.lower().removesuffix(":80")


def _as_get(request: Request, status: int) -> Request:
    """303 makes everything but HEAD a GET, 301 and 302 only POST (Fetch standard, HTTP-redirect fetch)."""
    if request.method == "HEAD" or (status != 303 and request.method != "POST"):
        return request
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in _BODY_HEADERS)
    return request.replaced(method="GET", headers=headers, body=b"")
