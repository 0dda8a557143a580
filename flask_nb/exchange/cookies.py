"""The cookies that the app has set, kept and sent back as a browser would (RFC 6265)."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from werkzeug.http import parse_date

from .masks import readable_cookie


class Cookie(NamedTuple):
    """One cookie as it was set.

    :param domain: the host that set it, or the ``Domain`` it asked for.
    :param host_only: whether only that very host gets it back.
    :param expires: the end of its life in seconds since 1970; None lasts as long as the jar.
    """

    name: str
    value: str
    domain: str
    path: str
    host_only: bool = True
    expires: float | None = None
    secure: bool = False
    http_only: bool = False

    def __repr__(self) -> str:
        return f"<Cookie {self.name}={readable_cookie(self.name, self.value)} for {self.domain}{self.path}>"

    def matches(self, host: str, path: str) -> bool:
        """Tell whether a request for this host and path carries the cookie."""
        # RFC 6265 §5.1.3 and §5.1.4: /item is not below /it, and neither is badexample.com below example.com.
        is_host = host == self.domain or (not self.host_only and host.endswith(f".{self.domain}"))
        return is_host and (path == self.path or path.startswith(self.path.rstrip("/") + "/"))


class CookieJar:
    """The cookies of one notebook.

    ``Secure`` cookies are sent too: browsers treat localhost as a secure place.
    """

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def __iter__(self) -> Iterator[Cookie]:
        return iter(self._living())

    def __len__(self) -> int:
        return len(self._living())

    def __repr__(self) -> str:
        return f"<CookieJar {self._living()}>"

    def get(self, name: str) -> Cookie | None:
        """Return the cookie of that name, the one with the longest path first, or None."""
        return next((cookie for cookie in self._living() if cookie.name == name), None)

    def clear(self) -> None:
        """Forget every cookie."""
        self._cookies.clear()

    def remove(self, name: str) -> None:
        """Forget the cookies of that name, whatever their paths and domains."""
        self._cookies = {key: cookie for key, cookie in self._cookies.items() if cookie.name != name}

    def header(self, host: str, path: str) -> str | None:
        """Return the ``Cookie`` header of a request, or None if it carries no cookie."""
        host, path = _bare_host(host), path.partition("?")[0]
        pairs = [f"{cookie.name}={cookie.value}" for cookie in self._living() if cookie.matches(host, path)]
        return "; ".join(pairs) or None

    def store(self, host: str, path: str, set_cookies: Iterable[str]) -> None:
        """Take over the ``Set-Cookie`` headers of the response to a request for this host and path."""
        host, path = _bare_host(host), path.partition("?")[0]
        for header in set_cookies:
            cookie = parse_set_cookie(header, host, path)
            if cookie is not None:
                self._cookies.pop(key := (cookie.domain, cookie.path, cookie.name), None)
                self._cookies[key] = cookie  # anew: the order is that in which they were set

    def _living(self) -> list[Cookie]:
        now = time.time()
        self._cookies = {
            key: cookie
            for key, cookie in self._cookies.items()
            if cookie.expires is None or cookie.expires > now
        }
        return sorted(self._cookies.values(), key=lambda cookie: -len(cookie.path))


def parse_set_cookie(header: str, host: str, path: str) -> Cookie | None:
    """Return the cookie that a ``Set-Cookie`` header sets, or None if a browser would refuse it."""
    pair, *parts = header.split(";")
    name, equals, value = (piece.strip() for piece in pair.partition("="))
    if not equals or not name:
        return None
    attributes = {
        key.strip().lower(): text.strip() for key, _, text in (part.partition("=") for part in parts)
    }
    domain = attributes.get("domain", "").lstrip(".").lower()
    if domain and not (host == domain or host.endswith(f".{domain}")):
        return None
    asked = attributes.get("path", "")
    return Cookie(
        name,
        value,
        domain=domain or host,
        path=asked if asked.startswith("/") else path.rpartition("/")[0] or "/",
        host_only=not domain,
        expires=_expiry(attributes),
        secure="secure" in attributes,
        http_only="httponly" in attributes,
    )


def _expiry(attributes: dict[str, str]) -> float | None:
    """Max-Age wins over Expires (RFC 6265 §5.3)."""
    try:
        return time.time() + int(attributes["max-age"]) if int(attributes["max-age"]) > 0 else 0.0
    except (KeyError, ValueError):
        date = parse_date(attributes.get("expires"))
        return None if date is None else date.timestamp()


def _bare_host(host: str) -> str:
    """Cookies ignore ports."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
