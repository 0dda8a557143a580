"""Headers as they are shown: without the server's own, secrets and what differs between runs masked."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask_nb.exchange.masks import (
    HIDDEN,
    VOLATILE,
    is_foreign_cookie,
    is_secret_name,
    mask_text,
    mask_url,
    readable_cookie,
)

# Added or dropped by the server that happens to be in use, so they would tell the transports apart.
SERVER_HEADERS = frozenset({"date", "server", "connection", "transfer-encoding", "via", "keep-alive"})


def visible_headers(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return headers as they are shown: without the server's own, secrets and volatile values masked."""
    return [(name, mask_header(name, value)) for name, value in headers if name.lower() not in SERVER_HEADERS]


def mask_header(name: str, value: str) -> str:
    """Return the value of one header for display."""
    lower = name.lower()
    mask = _HEADER_MASKS.get(lower)
    if mask is not None:
        return mask(value)
    return HIDDEN if is_secret_name(name) or lower.endswith("-key") else mask_text(value)


def _mask_cookie(value: str) -> str:
    """Return a ``Cookie`` header for display; cookies that are not the app's are left out."""
    pairs = (pair.strip().partition("=") for pair in value.split(";"))
    return "; ".join(
        f"{name}={readable_cookie(name, text)}" for name, _, text in pairs if not is_foreign_cookie(name)
    )


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


def _mask_authorization(value: str) -> str:
    scheme, space, _ = value.partition(" ")
    return f"{scheme} {HIDDEN}" if space else HIDDEN


def _sorted_list(value: str) -> str:
    """Werkzeug builds the list of methods from a set, whose order changes with each process."""
    return ", ".join(sorted(part.strip() for part in value.split(",")))


_HEADER_MASKS: dict[str, Callable[[str], str]] = {
    "cookie": _mask_cookie,
    "set-cookie": _mask_set_cookie,
    "authorization": _mask_authorization,
    "proxy-authorization": _mask_authorization,
    "location": mask_url,
    "content-location": mask_url,
    "referer": mask_url,
    "allow": _sorted_list,
    **dict.fromkeys(("etag", "last-modified", "expires", "age"), lambda value: VOLATILE),
}
