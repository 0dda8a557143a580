"""JSON laid out for reading, without changing what it says."""

from __future__ import annotations

import json.encoder
from functools import lru_cache
from typing import Any, NamedTuple

from flask_nb.exchange.masks import printable

from .words import MAX_CHARACTERS, MAX_LINES, clip

MAX_JSON = 500_000
"""Characters of JSON that are laid out at most."""

_INLINE_WIDTH = 72
_CONSTANTS = {None: "null", True: "true", False: "false"}
_COMMA, _COLON = ("other", ", "), ("other", ": ")
_encode = json.encoder.encode_basestring


class Literal_(str):
    """A JSON number as it stood in the text, neither rounded nor limited."""


class JsonObject(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs, so that a name that stands twice is shown twice."""


Token = tuple[str, str]
"""A kind (``key``, ``string``, ``other``) and a piece of text."""


class Layout(NamedTuple):
    """The first lines of a JSON value.

    :param lines: each as tokens.
    :param hidden: how many lines or characters are left out, in words; None if nothing is.
    :param total: how many lines all of it has.
    """

    lines: list[list[Token]]
    hidden: str | None
    total: int

    @property
    def text(self) -> str:
        """The lines as text."""
        return "\n".join("".join(piece for _, piece in line) for line in self.lines)


def parse_json(text: str, limit: int = MAX_JSON) -> Any:
    """Return JSON with its numbers as they are written and its objects as tuples of pairs.

    :param limit: characters that are parsed at most.
    :raises ValueError: if it is not JSON, or too much to be laid out.
    :raises RecursionError: if it is too deep.
    """
    if len(text) > limit:
        raise ValueError("too long to be laid out")
    return json.loads(
        text,
        parse_int=Literal_,
        parse_float=Literal_,
        parse_constant=Literal_,
        object_pairs_hook=JsonObject,
    )


def lay_out(value: Any) -> Layout:
    """Return the first lines of a JSON value.

    A short list of scalars stays on one line, and so do the objects of a list if all of them are short.

    :raises RecursionError: if it is too deep.
    """
    sheet = _Sheet(MAX_LINES)
    sheet.add(value)
    whole = Layout(sheet.lines, None, sheet.count)
    part = clip(whole.text, sheet.count, sheet.length)
    if part.hidden is None or len(part.text) < MAX_CHARACTERS:
        return whole._replace(hidden=part.hidden)
    # The last line may end within a token.
    return Layout([[("other", line)] for line in part.text.split("\n")], part.hidden, sheet.count)


def compact(value: Any, most: int) -> str:
    """Return a JSON value on one line, a string without its quotes.

    :param most: characters that are of interest; more may be left out.
    """
    if not isinstance(value, (JsonObject, list)):
        return printable(value) if isinstance(value, str) else _scalar(value)[1]
    sheet = _Sheet(most)  # each line has at least one
    sheet.add(value)
    return " ".join("".join(piece for _, piece in line).strip() for line in sheet.lines)


class _Sheet:
    """Takes a value line by line, and keeps the first lines.

    What is not kept is counted: its length and its number of lines say what is left out. That asks for the
    same decisions where lines end, so there is one way through a value, and only the tokens are dropped.
    """

    def __init__(self, most: int) -> None:
        self.lines: list[list[Token]] = []
        self.count = 0
        self.length = -1  # no line end before the first line
        self._most = most

    def add(self, value: Any, depth: int = 0, lead: tuple[Token, ...] = (), end: str = "") -> None:
        """Add a value, below a line that begins with *lead*, followed by *end*."""
        self._add(value, one_line(value), depth, lead, end)

    def _add(
        self, value: Any, line: list[Token] | None, depth: int, lead: tuple[Token, ...], end: str
    ) -> None:
        """Add a value on *line*, or on several lines if that is None."""
        if line is not None:
            self._put(depth, [*lead, *line, ("other", end)])
            return
        opening, closing = "{}" if isinstance(value, JsonObject) else "[]"
        self._put(depth, [*lead, ("other", opening)])
        members: list[tuple[Any, list[Token] | None, tuple[Token, ...]]]
        if isinstance(value, JsonObject):
            members = [(item, one_line(item), (_key(name), ("other", ": "))) for name, item in value]
        else:
            members = [(item, line, ()) for item, line in zip(value, _lines_of(value), strict=True)]
        last = len(members) - 1
        for index, (item, line, lead) in enumerate(members):
            self._add(item, line, depth + 1, lead, "," if index < last else "")
        self._put(depth, [("other", closing + end)])

    def _put(self, depth: int, tokens: list[Token]) -> None:
        self.count += 1
        self.length += 1 + 2 * depth + sum([len(text) for _, text in tokens])
        if self.count <= self._most:
            self.lines.append([("other", "  " * depth), *tokens])


def _lines_of(items: list[Any]) -> list[list[Token] | None]:
    """Return each item of a list on one line, None if it takes several.

    The objects of a list are compared with each other: all stand on one line, or none does.
    """
    lines = [one_line(item, with_objects=True) for item in items]
    are_objects = [isinstance(item, JsonObject) for item in items]
    if all(line is not None for line, is_object in zip(lines, are_objects, strict=True) if is_object):
        return lines
    return [
        None if is_object and item else line
        for item, line, is_object in zip(items, lines, are_objects, strict=True)
    ]


def one_line(value: Any, *, with_objects: bool = False) -> list[Token] | None:
    """Return the tokens of a value on one line: a scalar, or a short container that holds scalars.

    :param with_objects: whether an object that has members may stand on one line.
    """
    if not isinstance(value, (JsonObject, list)):
        return [_scalar(value)]
    is_object = isinstance(value, JsonObject)
    if value and (len(value) > _INLINE_WIDTH or (is_object and not with_objects)):
        return None
    opening, closing = "{}" if is_object else "[]"
    tokens, room = [("other", opening)], _INLINE_WIDTH - 2
    for index, item in enumerate(value):
        begun = len(tokens)
        if index:
            tokens.append(_COMMA)
        if is_object:
            tokens += (_key(item[0]), _COLON)
            item = item[1]
        if not isinstance(item, (JsonObject, list)):
            tokens.append(_scalar(item))
        # A list within a list, even an empty one, gets lines of its own: a matrix reads as rows.
        elif not is_object or (rest := one_line(item)) is None:
            return None
        else:
            tokens += rest
        for _, text in tokens[begun:]:
            room -= len(text)
        if room < 0:
            return None
    tokens.append(("other", closing))
    return tokens


@lru_cache(1000)  # the objects of a list have the same names
def _key(name: str) -> Token:
    return "key", printable(_encode(name))


def _scalar(value: Any) -> Token:
    if isinstance(value, Literal_):
        return "other", value
    if isinstance(value, str):
        return "string", printable(_encode(value))
    return "other", _CONSTANTS[value]
