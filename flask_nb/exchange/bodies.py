"""Bodies for people: what kind of body it is, as text, cut to what a notebook can bear."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from werkzeug.exceptions import default_exceptions
from werkzeug.http import HTTP_STATUS_CODES, parse_options_header

from .response import ExchangeResponse

MAX_LINES = 60
MAX_CHARACTERS = 8_000

BodyKind = Literal["empty", "html", "json", "csv", "svg", "image", "audio", "video", "text", "binary"]

_IMAGES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "image/bmp",
        "image/x-icon",
    }
)
_TEXTS = frozenset(
    {
        "application/xml",
        "application/javascript",
        "application/x-www-form-urlencoded",
        "application/x-ndjson",
        "application/yaml",
        "application/toml",
    }
)
_TABLES = frozenset({"text/csv", "application/csv", "text/tab-separated-values"})
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_TAG_OR_ENTITY = re.compile(r"<[A-Za-z!/]|&(?:#\d+|#x[0-9a-fA-F]+|[A-Za-z]\w*);")


@dataclass(frozen=True)
class Clip:
    """The first part of a text.

    :param text: that part.
    :param hidden: how many lines or characters are left out, in words; None if nothing is.
    """

    text: str
    hidden: str | None = None


def clip(text: str, lines: int = MAX_LINES, characters: int = MAX_CHARACTERS) -> Clip:
    """Return the first lines of a text, within so many characters."""
    count = text.count("\n") + 1
    if len(text) <= characters and count <= lines:
        return Clip(text)
    short = "\n".join(text.split("\n", lines)[:lines])
    if len(short) <= characters:
        return Clip(short, f"{count - lines:,} more lines")
    return Clip(short[:characters], f"{size(len(text) - characters)} more")


def clipped(text: str, rest: str) -> str:
    """Return the first lines of a text, made printable, and how to get the rest where there is more."""
    part = clip(text.replace("\r\n", "\n").rstrip("\n"))
    hidden = f"\n… {part.hidden}; all of it: {rest}" if part.hidden else ""
    return printable(part.text) + hidden


def printable(text: str) -> str:
    """Return a text whose control characters are visible instead of effective; line ends become ``\\n``."""
    return _CONTROL.sub(_visible, text.replace("\r\n", "\n"))


def _visible(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def size(count: int) -> str:
    """Return a number of bytes for people: ``10 B``, ``1.2 kB``."""
    if count < 1000:
        return f"{count} B"
    for unit in ("kB", "MB", "GB"):
        value = count / 1000
        if value < 999.5 or unit == "GB":
            break
        count //= 1000
    return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"


def status_line(status: str) -> str:
    """Return a status as the registry writes it: ``404 Not Found`` also where a server shouts."""
    code, _, reason = status.partition(" ")
    # Werkzeug's table: the standard library's differs between versions of Python.
    phrase = HTTP_STATUS_CODES.get(int(code)) if code.isdecimal() else None
    if phrase is None or (reason and reason.lower() != phrase.lower()):
        return printable(status)
    return f"{code} {phrase}"


def mimetype(response: ExchangeResponse) -> str:
    """Return the response's MIME type, empty if it names none."""
    return parse_options_header(response.headers.get("Content-Type", ""))[0].lower()


def body_kind(response: ExchangeResponse) -> BodyKind:
    """Return how the body is to be shown."""
    if not response.get_data():
        return "empty"
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        return "binary"
    kind = mimetype(response)
    if kind in {"text/html", "application/xhtml+xml"}:
        return "html" if _TAG_OR_ENTITY.search(body_text(response)) else "text"
    return _kind_of_type(kind) or _kind_of_data(kind, response.get_data())


def _kind_of_type(kind: str) -> BodyKind | None:
    if kind == "application/json" or kind.endswith("+json"):
        return "json"
    if kind in _TABLES:
        return "csv"
    if kind == "image/svg+xml":
        return "svg"
    if kind in _IMAGES:
        return "image"
    main = kind.partition("/")[0]
    return "audio" if main == "audio" else "video" if main == "video" else None


def _kind_of_data(kind: str, data: bytes) -> BodyKind:
    if kind.startswith("text/") or kind in _TEXTS or kind.endswith("+xml"):
        return "text"
    return "text" if not kind and b"\0" not in data[:1000] else "binary"


def body_text(response: ExchangeResponse) -> str:
    """Return the body decoded as its Content-Type says."""
    charset = parse_options_header(response.headers.get("Content-Type", ""))[1].get("charset", "utf-8")
    try:
        return response.get_data().decode(charset, "replace")
    except (LookupError, ValueError):
        return response.get_data().decode("utf-8", "replace")


def is_redirect_page(response: ExchangeResponse) -> bool:
    """Tell whether the body is Werkzeug's own page of a redirect, which only repeats where it leads."""
    is_redirect = 300 <= response.status_code < 400 and "Location" in response.headers
    return is_redirect and b"<h1>Redirecting...</h1>" in response.get_data()[:200]


def is_default_page(response: ExchangeResponse) -> bool:
    """Tell whether the body is Werkzeug's own page for the status, which only repeats the status."""
    page = default_exceptions.get(response.status_code)
    if page is None or mimetype(response) != "text/html":
        return False
    body = response.get_data()
    return len(body) < 2000 and b"<h1>" in body and page().get_body().encode()[:60] == body[:60]
