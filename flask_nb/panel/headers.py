"""Headers as they are shown: without the server's own, secrets and what differs between runs masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask_nb.exchange.masks import (
    HIDDEN,
    VOLATILE,
    is_foreign_cookie,
    mask_authorization,
    mask_cookies,
    mask_url,
    mask_value,
    readable_cookie,
)

# Added or dropped by the server that happens to be in use, so they would tell the transports apart.
SERVER_HEADERS = frozenset({"date", "server", "connection", "transfer-encoding", "via", "keep-alive"})


# What most answers say of themselves is not searched for secrets.
_PLAIN_VALUES = frozenset({"text/html; charset=utf-8", "text/plain; charset=utf-8", "application/json"})


def visible_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers as they are shown: without the server's own, secrets and volatile values masked."""
    return [(name, mask_header(name, value)) for name, value in headers if name.lower() not in SERVER_HEADERS]


def mask_header(name: str, value: str) -> str:
    """Return the value of one header for display."""
    if value in _PLAIN_VALUES:
        return value
    mask = _HEADER_MASKS.get(name.lower())
    return mask(value) if mask is not None else mask_value(name, value, "header")


def _mask_set_cookie(value: str) -> str:
    """Return a ``Set-Cookie`` header for display: name, decoded content and attributes."""
    pair, *attributes = value.split(";")
    name, _, text = pair.strip().partition("=")
    shown = HIDDEN if is_foreign_cookie(name) else readable_cookie(name, text)
    # A date in 1970 deletes the cookie: that is news, and the same in each run.
    parts = (
        f"Expires={VOLATILE}" if part.lower().startswith("expires=") and "1970" not in part else part
        for part in map(str.strip, attributes)
    )
    return "; ".join([f"{name}={shown}", *parts])


def _sorted_list(value: str) -> str:
    """Werkzeug builds the list of methods from a set, whose order changes with each process."""
    return ", ".join(sorted(part.strip() for part in value.split(",")))


_HEADER_MASKS: dict[str, Callable[[str], str]] = {
    "cookie": mask_cookies,
    "set-cookie": _mask_set_cookie,
    "authorization": mask_authorization,
    "proxy-authorization": mask_authorization,
    "location": mask_url,
    "content-location": mask_url,
    "referer": mask_url,
    "allow": _sorted_list,
    "content-length": str,
    **dict.fromkeys(("etag", "last-modified", "expires", "age"), lambda value: VOLATILE),
}
