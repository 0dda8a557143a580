"""Bodies for people: what kind of body it is, as text, cut to what a notebook can bear."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from werkzeug.exceptions import default_exceptions
from werkzeug.http import parse_options_header

from .response import ExchangeResponse

MAX_LINES = 60
MAX_CHARACTERS = 8_000
_MAX_JSON = 500_000
_INLINE_WIDTH = 60

BodyKind = Literal["empty", "html", "json", "image", "text", "binary"]

_IMAGES = frozenset(
    {
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/svg+xml",
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
        "application/yaml",
        "application/toml",
    }
)
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
    kept = text.split("\n")
    if len(text) <= characters and len(kept) <= lines:
        return Clip(text)
    short = "\n".join(kept[:lines])
    if len(short) <= characters:
        return Clip(short, f"{len(kept) - lines:,} more lines")
    return Clip(short[:characters], f"{size(len(text) - characters)} more")


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
    try:
        phrase = HTTPStatus(int(code)).phrase
    except ValueError:
        return printable(status)
    return f"{code} {phrase}" if not reason or reason.lower() == phrase.lower() else printable(status)


def mimetype(response: ExchangeResponse) -> str:
    """Return the response's MIME type, empty if it names none."""
    return parse_options_header(response.headers.get("Content-Type", ""))[0].lower()


def body_kind(response: ExchangeResponse) -> BodyKind:
    """Return how the body is to be shown."""
    kind, data = mimetype(response), response.get_data()
    if not data:
        return "empty"
    if kind in {"text/html", "application/xhtml+xml"}:
        return "html" if _TAG_OR_ENTITY.search(body_text(response)) else "text"
    if kind == "application/json" or kind.endswith("+json"):
        return "json"
    if kind in _IMAGES:
        return "image"
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


def is_default_page(response: ExchangeResponse) -> bool:
    """Tell whether the body is Werkzeug's own page for the status, which only repeats the status."""
    page = default_exceptions.get(response.status_code)
    if page is None or mimetype(response) != "text/html":
        return False
    body = response.get_data()
    return len(body) < 2000 and b"<h1>" in body and page().get_body().encode()[:60] == body[:60]


class Literal_(str):
    """A JSON number as it stood in the text, neither rounded nor limited."""


Token = tuple[str, str]
"""A kind (``key``, ``string``, ``other``) and a piece of text."""


def parse_json(text: str) -> Any:
    """Return JSON with its numbers as they are written and its objects as lists of pairs.

    :raises ValueError: if it is not JSON, or too much or too deep to be laid out.
    """
    if len(text) > _MAX_JSON:
        raise ValueError("too long to be laid out")
    try:
        return json.loads(
            text,
            parse_int=Literal_,
            parse_float=Literal_,
            parse_constant=Literal_,
            object_pairs_hook=JsonObject,
        )
    except RecursionError:
        raise ValueError("too deep to be laid out") from None


class JsonObject(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs, so that a name that stands twice is shown twice."""

    def __new__(cls, pairs: list[tuple[str, Any]]) -> JsonObject:
        return super().__new__(cls, tuple(pairs))


def json_lines(
    value: Any, depth: int = 0, lead: tuple[Token, ...] = (), end: str = ""
) -> Iterator[list[Token]]:
    """Yield the lines of a JSON value, each as tokens; short containers of scalars stay on one line."""
    indent = ("other", "  " * depth)
    if not isinstance(value, (JsonObject, list)) or (short := _one_line(value)) is not None:
        tokens = short if isinstance(value, (JsonObject, list)) and short else [_scalar(value)]
        yield [indent, *lead, *tokens, ("other", end)]
        return
    opening, closing = "{}" if isinstance(value, JsonObject) else "[]"
    yield [indent, *lead, ("other", opening)]
    for index, item in enumerate(value):
        comma = "," if index < len(value) - 1 else ""
        if isinstance(value, JsonObject):
            yield from json_lines(item[1], depth + 1, (_key(item[0]), ("other", ": ")), comma)
        else:
            yield from json_lines(item, depth + 1, (), comma)
    yield [indent, ("other", closing + end)]


def _one_line(value: Any) -> list[Token] | None:
    """Return the tokens of an empty container, or of a short list of scalars."""
    if isinstance(value, JsonObject):
        return [("other", "{}")] if not value else None
    if any(isinstance(item, (JsonObject, list)) for item in value):
        return None
    tokens: list[Token] = [("other", "[")]
    for index, item in enumerate(value):
        tokens += [("other", ", ")] * bool(index) + [_scalar(item)]
    tokens.append(("other", "]"))
    return tokens if sum(len(text) for _, text in tokens) <= _INLINE_WIDTH else None


def _key(name: str) -> Token:
    return "key", printable(json.dumps(name, ensure_ascii=False))


def _scalar(value: Any) -> Token:
    if isinstance(value, Literal_) or not isinstance(value, str):
        return "other", str(value) if isinstance(value, Literal_) else json.dumps(value)
    return "string", printable(json.dumps(value, ensure_ascii=False))


def json_text(text: str) -> str:
    """Return JSON laid out for reading; what is not JSON stays as it is."""
    try:
        return "\n".join("".join(piece for _, piece in line) for line in json_lines(parse_json(text)))
    except (ValueError, RecursionError):
        return text
