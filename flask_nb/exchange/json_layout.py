"""JSON laid out for reading, without changing what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .bodies import printable

MAX_JSON = 500_000
"""Characters of JSON that are laid out at most."""

_INLINE_WIDTH = 72


class Literal_(str):
    """A JSON number as it stood in the text, neither rounded nor limited."""


Token = tuple[str, str]
"""A kind (``key``, ``string``, ``other``) and a piece of text."""


def parse_json(text: str, limit: int = MAX_JSON) -> Any:
    """Return JSON with its numbers as they are written and its objects as tuples of pairs.

    :param limit: characters that are parsed at most.
    :raises ValueError: if it is not JSON, or too much or too deep to be laid out.
    """
    if len(text) > limit:
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
    """Yield the lines of a JSON value, each as tokens.

    A short list of scalars stays on one line, and so does a short object that is the item of a list.
    """
    indent = ("other", "  " * depth)
    is_item = depth > 0 and not lead
    if (tokens := _one_line(value, with_objects=is_item)) is not None:
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


def _one_line(value: Any, *, with_objects: bool) -> list[Token] | None:
    """Return the tokens of a value on one line: a scalar, or a short container that holds scalars."""
    if not isinstance(value, (JsonObject, list)):
        return [_scalar(value)]
    is_object = isinstance(value, JsonObject)
    opening, closing = "{}" if is_object else "[]"
    if value and (len(value) > _INLINE_WIDTH or (is_object and not with_objects)):
        return None
    tokens: list[Token] = [("other", opening)]
    for index, item in enumerate(value):
        inner = _member(*item) if is_object else _item(item)
        if inner is None:
            return None
        tokens += [*[("other", ", ")] * bool(index), *inner]
    tokens.append(("other", closing))
    return tokens if sum(len(text) for _, text in tokens) <= _INLINE_WIDTH else None


def _member(name: str, value: Any) -> list[Token] | None:
    inner = _one_line(value, with_objects=False)
    return None if inner is None else [_key(name), ("other", ": "), *inner]


def _item(value: Any) -> list[Token] | None:
    return None if isinstance(value, (JsonObject, list)) else [_scalar(value)]


def _key(name: str) -> Token:
    return "key", printable(json.dumps(name, ensure_ascii=False))


def _scalar(value: Any) -> Token:
    if isinstance(value, Literal_) or not isinstance(value, str):
        return "other", str(value) if isinstance(value, Literal_) else json.dumps(value)
    return "string", printable(json.dumps(value, ensure_ascii=False))


def json_text(text: str) -> str:
    """Return JSON laid out for reading; what is not JSON stays as it is."""
    try:
        return laid_out(parse_json(text))
    except (ValueError, RecursionError):
        return text


def laid_out(value: Any) -> str:
    """Return a JSON value laid out for reading.

    :raises RecursionError: if it is too deep.
    """
    return "\n".join("".join(piece for _, piece in line) for line in json_lines(value))


def compact(value: Any) -> str:
    """Return a JSON value on one line, a string without its quotes."""
    if isinstance(value, (JsonObject, list)):
        return " ".join("".join(piece for _, piece in line).strip() for line in json_lines(value))
    return printable(str(value)) if isinstance(value, str) else _scalar(value)[1]
