"""What a response comes down to when two frameworks are compared."""

from __future__ import annotations

import re
from typing import Any

#: Differs between two runs of one and the same program.
VOLATILE_HEADERS = {"Date", "Server"}
_COOKIE_VALUE = re.compile(r"^([^=]+)=[^;]+")
_COOKIE_EXPIRY = re.compile(r"(Expires=)[^;]+")


def seen(response: Any, *masks: str, body: bool = True) -> dict[str, Any]:
    """Return a response's status, headers and body with everything volatile masked.

    :param masks: regular expressions; what they match in the body and the headers is replaced by ``***``.
    :param body: leave it out where the program writes a random or very long one.
    """
    facts: dict[str, Any] = {"status": response.status, "headers": _headers(response, masks)}
    if body:
        facts["body"] = _mask(response.get_data().decode("utf-8", "replace"), masks)
    return facts


def masked(text: str, *masks: str) -> str:
    """Return the text with ``***`` in place of what the regular expressions match."""
    return _mask(text, masks)


def _headers(response: Any, masks: tuple[str, ...]) -> list[str]:
    kept = (item for item in response.headers if item[0] not in VOLATILE_HEADERS)
    return sorted(_mask(f"{name}: {_steady(name, value)}", masks) for name, value in kept)


def _steady(name: str, value: str) -> str:
    if name.lower() == "allow":
        return ", ".join(sorted(value.split(", ")))  # it comes of a set
    if name.lower() != "set-cookie":
        return value
    # a cookie without a value is one being deleted, which must stay visible
    return _COOKIE_EXPIRY.sub(r"\1***", _COOKIE_VALUE.sub(r"\1=***", value))


def _mask(text: str, masks: tuple[str, ...]) -> str:
    for pattern in masks:
        text = re.sub(pattern, "***", text)
    return text
