"""Where a redirect leads, and with which request."""

from __future__ import annotations

import dataclasses
from urllib.parse import urljoin, urlsplit

from .request import Request

_KEEPING_REDIRECTS = frozenset({307, 308})
_REDIRECTS = frozenset({301, 302, 303}) | _KEEPING_REDIRECTS
_BODY_HEADERS = frozenset({"content-type", "content-length", "content-encoding", "transfer-encoding"})


def redirected(request: Request, status: int, location: str | None) -> Request | None:
    """Return the request that a browser would send next, or None if the response ends the matter.

    Only redirects to the same host are followed: the app cannot answer for others.

    :param location: the response's header of that name.
    """
    if status not in _REDIRECTS or not location:
        return None
    try:
        url = urlsplit(urljoin(f"http://{request.host}{request.path}", location))
    except ValueError:  # such as http://[
        return None
    if url.scheme != "http" or url.hostname != urlsplit(f"http://{request.host}").hostname:
        return None
    path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
    moved = dataclasses.replace(request, path=path, headers=_with_host(request, url.netloc))
    return moved if status in _KEEPING_REDIRECTS else _as_get(moved, status)


def _with_host(request: Request, host: str) -> tuple[tuple[str, str], ...]:
    if host.lower() == request.host.lower():
        return request.headers
    return (*(pair for pair in request.headers if pair[0].lower() != "host"), ("Host", host))


def _as_get(request: Request, status: int) -> Request:
    """303 makes everything but HEAD a GET, 301 and 302 only POST (Fetch standard, HTTP-redirect fetch)."""
    if request.method == "HEAD" or (status != 303 and request.method != "POST"):
        return request
    headers = tuple(pair for pair in request.headers if pair[0].lower() not in _BODY_HEADERS)
    return dataclasses.replace(request, method="GET", headers=headers, body=b"")
