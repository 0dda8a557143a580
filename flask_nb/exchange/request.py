"""One request as the notebook sends it, the same for every transport."""

from __future__ import annotations

import re
from collections.abc import Iterator
from string import ascii_letters, digits
from typing import Any, Self
from urllib.parse import SplitResult, quote

from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from flask_nb.lazy import pattern

from .masks import mask_url

DEFAULT_HOST = "localhost"
"""The Host of a request where nothing names another: no port gets into URLs, outputs or cookies."""

DEFAULT_AGENT = "flask-nb"
"""The User-Agent of every request that names none; without a version, so that echoing it is stable."""

# RFC 3986 §3.3 and §3.4, and "%" because the path is already encoded; the rest is encoded on the way.
_TARGET_CHARACTERS = "/?%:@!$&'()*+,;=-._~[]|"
# What a server may reject without a Content-Length, be it 0.
_METHODS_WITH_BODY = {"POST", "PUT", "PATCH"}
_ENCODED_NON_ASCII = pattern(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_TOKEN = frozenset(f"{ascii_letters}{digits}!#$%&'*+.^_`|~-")


class Request:
    """A request: what to send and how long to wait.

    :param method: the HTTP method, in any case.
    :param path: the percent-encoded path with its query, such as ``/search?q=a``. A fragment is dropped,
        and characters that may not stand in a request are encoded.
    :param headers: pairs of name and value. A ``Host`` among them wins over the default, a ``Cookie``
        over the cookie jar.
    :param body: the bytes to send.
    :param timeout: seconds until the view is given up.
    :param dropped: names, in lower case, of headers that nobody is to add.
    :param default_host: the Host unless one is among the headers.
    :param takes_streams: whether to read of an answer that by its type has no end.
    :raises ValueError: if the method or a header could not stand in a request.
    """

    def __init__(
        self,
        method: str,
        path: str,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        timeout: float = 30.0,
        dropped: frozenset[str] = frozenset(),
        default_host: str = DEFAULT_HOST,
        takes_streams: bool = True,
    ) -> None:
        if not _is_token(method):
            raise ValueError(f"{method!r} is not an HTTP method. Use a word such as GET or POST")
        for name, value in headers:
            if not _is_token(name) or any(char in value for char in "\r\n\0"):
                raise ValueError(
                    f"{name!r} is not a header that can be sent. "
                    "Use a name such as X-Name and one line of text"
                )
        path = path.partition("#")[0]
        path = path if path.startswith("/") else f"/{path}"
        self.method = method.upper()
        self.path = quote(path, safe=_TARGET_CHARACTERS)
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.dropped = dropped
        self.default_host = default_host
        self.takes_streams = takes_streams

    def __str__(self) -> str:
        return f"{self.method} {readable_path(self.path)}"

    def __repr__(self) -> str:
        return f"<Request {self}>"

    def get_header(self, name: str) -> str | None:
        """Return the first value of a header that the request gives itself, or None."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)

    def with_header(self, name: str, value: str) -> Self:
        """Return the same request with one header more."""
        return self.replaced(headers=(*self.headers, (name, value)))

    def replaced(self, **parts: Any) -> Self:
        """Return the same request but for some parts, by the names of the parameters above."""
        return type(self)(**{**vars(self), **parts})

    @property
    def host(self) -> str:
        """The Host that is sent."""
        return self.get_header("Host") or self.default_host

    def wire_headers(self) -> Iterator[tuple[str, str]]:
        """Yield the headers as they are sent: the request's own and the few that it leaves to us."""
        given = {name.lower() for name, _ in self.headers} | self.dropped
        if "host" not in given:
            yield "Host", self.default_host
        if "user-agent" not in given:
            yield "User-Agent", DEFAULT_AGENT
        if "content-length" not in given and (length := self._length):
            yield "Content-Length", length
        yield from self.headers

    @property
    def _length(self) -> str:
        return str(len(self.body)) if self.body or self.method in _METHODS_WITH_BODY else ""

    def environ(self) -> dict[str, Any]:
        """Return the WSGI environ of this request, as Werkzeug's test client would build it."""
        headers = Headers([pair for pair in self.wire_headers() if pair[0].lower() != "content-length"])
        path, _, query = self.path.partition("?")
        builder = EnvironBuilder(
            path=path,
            query_string=query,
            base_url=f"http://{self.host}/",
            method=self.method,
            headers=headers,
            data=self.body or None,
            environ_base={"REMOTE_ADDR": "127.0.0.1"},
        )
        try:
            environ = builder.get_environ()
        finally:
            builder.close()
        # Both as the socket sends them: the builder lowers the case of one, and would encode the other anew.
        environ["HTTP_HOST"] = self.host
        environ["QUERY_STRING"] = query
        environ["CONTENT_LENGTH"] = self._length
        # PEP 3333: both may be empty or absent. Servers leave them out, and views can tell.
        unset = {key for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if not environ.get(key)}
        return {key: value for key, value in environ.items() if key not in unset}


def readable_path(path: str) -> str:
    """Return a path for people: letters of any script decoded, secret query values masked.

    ASCII characters stay encoded: ``%2F`` is not ``/`` to a router, and a decoded space would end the path.
    """
    masked = mask_url(path)
    return _ENCODED_NON_ASCII.sub(_decoded, masked) if "%" in masked else masked


def _is_token(text: str) -> bool:
    """Whether a text is a token of RFC 9110 §5.6.2, as methods and names of headers are."""
    return bool(text) and _TOKEN.issuperset(text)


def path_of(url: SplitResult) -> str:
    """Return what of a URL stands in a request's first line: the path with its query."""
    return f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"


def _decoded(match: re.Match[str]) -> str:
    try:
        text = bytes.fromhex(match[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return match[0]
    return text if text.isprintable() and not any(char.isspace() for char in text) else match[0]
