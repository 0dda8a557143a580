"""What a page that is used in the notebook may ask of its app: the request that the kernel makes of it.

A page says method, path, headers and body. Which host is asked, whose cookies go along and what proves to
the gate that the notebook asks is not the page's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from .request import Request

MAX_BODY = 8 * 1024 * 1024
"""Bytes that the body of a page's request may have, and that of an answer which goes to the page."""

MAX_IN_FLIGHT = 20
"""Requests of one view that are on their way at once."""

_MAX_PATH = 16_384
_MAX_HEADERS = 100
_MAX_HEADER = 16_384

# What proxies, browsers and we ourselves say of a request, and what belongs to the connection (Fetch
# standard, forbidden request-header).
_FORBIDDEN = re.compile(
    "accept-charset|accept-encoding|access-control-request-.*|connection|content-length|cookie2?|date|dnt|expect|"
    "forwarded|host|keep-alive|origin|proxy-.*|referer|remote-.*|sec-.*|set-cookie|te|trailer|transfer-encoding|"
    "upgrade|via|x-flask-nb-.*|x-forwarded.*|x-real-ip|x-script-name",
    re.IGNORECASE,
)
_FORBIDDEN_METHODS = frozenset({"CONNECT", "TRACE", "TRACK"})
_TOKEN = re.compile(r"[!#$%&'*+.^`|~0-9A-Za-z-]+")  # no "_": to WSGI it is a dash, and so another header

_PAGE_ACCEPT = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

# Kept from the page: what only the kernel may have, and what is of the connection.
_KEPT_BACK = frozenset({"set-cookie", "set-cookie2", "connection", "transfer-encoding", "keep-alive"})


class PageRequestError(ValueError):
    """A page has asked for what it may not; the message is for the person who uses it."""


@dataclass(frozen=True)
class PageRequest:
    """What a page asks.

    :param path: percent-encoded, with the query.
    :param headers: those that a page may set.
    :param origin_path: the path of the page itself.
    :param is_page: whether the answer becomes the page.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    origin_path: str = ""
    is_page: bool = False
    follow: bool = True

    @classmethod
    def parse(cls, message: Mapping[str, Any], body: bytes) -> PageRequest:
        """Return the request of a message.

        :raises PageRequestError: it is none, or not one that a page may send.
        """
        method, path = message.get("method", "GET"), message.get("path")
        if (
            not isinstance(method, str)
            or not _TOKEN.fullmatch(method)
            or method.upper() in _FORBIDDEN_METHODS
        ):
            raise PageRequestError("The page has sent a request with a method that no page may use.")
        if not _is_path(path):
            raise PageRequestError("The page has asked for something that is no path of this app.")
        if len(body) > MAX_BODY:
            raise PageRequestError(
                f"The page has sent {len(body):,} bytes. Here a body has 8 MB at most: "
                "send a larger one from a tab of its own (%serve)."
            )
        origin_path = message.get("from")
        return cls(
            method.upper(),
            str(path),
            allowed_headers(message.get("headers", ())),
            body,
            str(origin_path) if _is_path(origin_path) else "",
            message.get("kind") == "page",
            message.get("follow") is not False,
        )

    def made(self, host: str, timeout: float, *, takes_streams: bool = True) -> Request:
        """Return the request as the kernel sends it.

        :param host: the app's.
        """
        headers = self.headers
        given = {name.lower() for name, _ in headers}
        if "accept" not in given:
            headers += (("Accept", _PAGE_ACCEPT if self.is_page else "*/*"),)
        if self.origin_path:
            headers += (
                ("Referer", f"http://{host}{urlsplit(self.origin_path)._replace(fragment='').geturl()}"),
            )
        if self.method not in ("GET", "HEAD"):
            headers += (("Origin", f"http://{host}"),)
        return Request(
            self.method,
            self.path,
            headers,
            self.body,
            timeout,
            default_host=host,
            takes_streams=takes_streams,
        )


def allowed_headers(pairs: object) -> tuple[tuple[str, str], ...]:
    """Return of a page's headers those that it may set; the rest is dropped, as browsers do."""
    if not isinstance(pairs, Sequence) or isinstance(pairs, (str, bytes)):
        return ()
    return tuple(_allowed(pairs[:_MAX_HEADERS]))


def _allowed(pairs: Iterable[object]) -> Iterable[tuple[str, str]]:
    for pair in pairs:
        match pair:
            case [str(name), str(value)] if _is_allowed(name) and _is_value(value):
                yield name, value


def _is_allowed(name: str) -> bool:
    return _TOKEN.fullmatch(name) is not None and not _FORBIDDEN.fullmatch(name)


def _is_value(value: str) -> bool:
    return len(value) <= _MAX_HEADER and not re.search(r"[\r\n\0]", value)


def _is_path(path: object) -> bool:
    return isinstance(path, str) and path.startswith("/") and len(path) <= _MAX_PATH


def shown_headers(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return of an answer's headers those that the page may read."""
    return [pair for pair in pairs if pair[0].lower() not in _KEPT_BACK]
