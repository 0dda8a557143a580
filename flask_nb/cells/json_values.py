"""JSON as it is typed in a request: checked, expanded, and made of fields with nested names."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, is_dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, NoReturn
from uuid import UUID

from werkzeug.http import http_date

from flask_nb.errors import MagicArgumentError

from .expressions import Evaluate, Expression, Finder, Text, expand_text, find_expression, parse_text

Key = str | int | None
"""One step of a nested name: a member, an index, or None for one more element."""

DEEPEST_NAME = 50
LONGEST_GAP = 1000

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_BRACKET = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]", re.DOTALL)


class Quoted(NamedTuple):
    """A JSON string with expressions in it."""

    text: Text


class JsonText(NamedTuple):
    """JSON as typed, in which expressions stand for values or within strings."""

    parts: tuple[str | Expression | Quoted, ...]

    def expand(self, evaluate: Evaluate, what: str) -> str:
        """Return the JSON with each value written as JSON; numbers stay as they were typed.

        :param what: what the text is, for the error.
        :raises MagicArgumentError: when a value cannot be JSON.
        """
        try:
            return "".join(_expand_part(part, evaluate) for part in self.parts)
        except ValueError as exc:
            raise MagicArgumentError(f"{what} cannot be sent: {exc}") from None

    @property
    def skeleton(self) -> str:
        """The JSON with null in place of values and an empty text in place of strings."""
        return "".join(part if isinstance(part, str) else _STAND_INS[type(part)] for part in self.parts)


_STAND_INS: dict[type, str] = {Expression: "null", Quoted: '""'}


def parse_json_text(typed: str, what: str, find: Finder | None = find_expression) -> JsonText:
    """Parse JSON that may hold expressions.

    :param what: what the text is, for the error.
    :param find: which braces count; None for none.
    :raises MagicArgumentError: says what is wrong and where.
    """
    if find is None:
        load_json(typed, what)
        return JsonText((typed,))
    text = JsonText(tuple(_cut(typed, find)))
    load_json(text.skeleton if len(text.parts) > 1 else typed, what, shown=typed)
    return text


def load_json(text: str, what: str, *, shown: str | None = None) -> object:
    """Return the value of a JSON text.

    :param what: what the text is, such as ``the JSON body``.
    :raises MagicArgumentError: says what is wrong and where.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        line = f"line {exc.lineno}, " if "\n" in text else ""
        place = f"{line}column {exc.colno} of {shorten(shown or text)!r}"
        raise MagicArgumentError(f"{what} is not valid JSON: {exc.msg} at {place}") from None
    except (ValueError, RecursionError) as exc:
        raise MagicArgumentError(f"{what} is not valid JSON: {exc}") from None


def dump_json(value: object) -> str:
    """Return a value of the notebook as JSON, in the way in which an app's ``jsonify`` writes it.

    :raises ValueError: when JSON has no such value.
    """
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=_plain)
    except (TypeError, ValueError, RecursionError) as exc:
        raise ValueError(f"a {type(value).__name__} cannot be written as JSON: {exc}") from None


def _plain(value: object) -> object:
    """Return what stands in JSON for a value that it has no notion of."""
    if isinstance(value, date):
        return http_date(value)
    if isinstance(value, Decimal | UUID):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON. Make it a dict, a list or text")


def shorten(text: str) -> str:
    """Return the beginning of a text's first line, for an error."""
    first = text.splitlines()[0] if text.strip() else text
    return first if len(first) <= 40 else first[:39] + "…"


def end_of_json(text: str, position: int) -> int | None:
    """Return where the JSON value at the position ends, None if there is none."""
    try:
        return json.JSONDecoder().raw_decode(text, position)[1]
    except (ValueError, RecursionError):
        return None


def end_of_brackets(text: str, position: int) -> int | None:
    """Return where the bracket at the position is closed, strings passed over; None if it is not."""
    depth = 0
    for token in _BALANCE.finditer(text, position):
        depth += {"[": 1, "{": 1, "(": 1, "]": -1, "}": -1, ")": -1}.get(token[0], 0)
        if depth == 0:
            return token.end()
    return None


_BALANCE = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'|[\[\](){}]", re.DOTALL)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"JSON has no {name}. Type null, or a string")


def _expand_part(part: str | Expression | Quoted, evaluate: Evaluate) -> str:
    if isinstance(part, Expression):
        return dump_json(evaluate(part.source))
    return part if isinstance(part, str) else dump_json(expand_text(part.text, evaluate))


def _cut(typed: str, find: Finder) -> Iterable[str | Expression | Quoted]:
    literal_from = position = 0
    while position < len(typed):
        end, part = _part_at(typed, position, find)
        if not isinstance(part, str):
            yield typed[literal_from:position]
            yield part
            literal_from = end
        position = end
    yield typed[literal_from:]


def _part_at(typed: str, position: int, find: Finder) -> tuple[int, str | Expression | Quoted]:
    found = find(typed, position)
    if found is not None:
        return found
    string = _STRING.match(typed, position)
    if string is None:
        return position + 1, typed[position]
    if "{" not in string[0]:
        return string.end(), string[0]
    try:
        content = json.loads(string[0])
    except ValueError:
        return string.end(), string[0]
    text = parse_text(content, None if find is find_expression else find)
    is_plain = text == (content,)
    return string.end(), string[0] if is_plain else Quoted(text)


# --- fields with nested names -------------------------------------------------------------------------


def parse_key(name: str) -> tuple[Key, ...]:
    """Return the steps of a field's name: ``a[b][]`` is the member ``b`` of ``a``, and one more in it.

    ``\\[``, ``\\]`` and ``\\\\`` are characters of the name itself, and ``[\\1]`` is a member called ``1``.

    :raises MagicArgumentError: when the brackets do not fit.
    """
    root = re.match(r"(?:[^\[\]\\]|\\.|\\$)*", name, re.DOTALL)
    assert root is not None
    keys: list[Key] = [_unescape(root[0])] if root[0] or "[" not in name else []
    position = root.end()
    while position < len(name):
        found = _BRACKET.match(name, position)
        if found is None:
            raise MagicArgumentError(
                f"the brackets of the field {name!r} do not match. Type name[key] or name[], "
                f"and \\[ for a bracket of the name itself"
            )
        keys.append(_step(found[1], name))
        position = found.end()
    if len(keys) > DEEPEST_NAME:
        raise MagicArgumentError(f"the field {shorten(name)!r} is nested too deeply")
    if not root[0] and isinstance(keys[0], str) and "[" in name:
        raise MagicArgumentError(
            f"the field {name!r} begins with a bracket, so it is an element of a list: [0] or []"
        )
    return tuple(keys)


def _step(content: str, name: str) -> Key:
    if not content:
        return None
    if re.fullmatch(r"-\d+", content):
        raise MagicArgumentError(f"the field {name!r} has a negative index. Count from 0, or append with []")
    if content.isdecimal() and content.isascii():
        if int(content[:9]) > LONGEST_GAP or len(content) > 9:
            raise MagicArgumentError(
                f"the index of {shorten(name)!r} is beyond {LONGEST_GAP}. Type the list: name:=[…]"
            )
        return int(content)
    return _unescape(content)


def _unescape(text: str) -> str:
    if re.fullmatch(r"\\\d+", text):
        return text[1:]
    return re.sub(r"\\([\[\]\\])", r"\1", text)


Node = dict[str | int, "Node"] | str
"""A JSON document in the making: its JSON text, or members by name, or elements by index."""


def write_fields(fields: Iterable[tuple[tuple[Key, ...], str]]) -> str:
    """Return the JSON document that fields make.

    :param fields: the steps of each name and its value as JSON text.
    :raises MagicArgumentError: when two fields do not go together.
    """
    document: Node = {}
    for keys, value in fields:
        node = document
        for count, key in enumerate(keys, start=1):
            if isinstance(node, str) or (node and _is_list(node) == isinstance(key, str)):
                raise _misfit(node, keys[:count])
            step = _length(node) if key is None else key
            if count == len(keys) and step in node:
                name = _shown(keys)
                raise MagicArgumentError(
                    f"the field {name!r} is given twice. For a list, type {name}[]=… {name}[]=…"
                )
            node = node.setdefault(step, value if count == len(keys) else {})
    return _write(document)


def _is_list(node: dict[str | int, Node]) -> bool:
    # Made only to hold something, so that what it holds says what it is; an empty document is an object.
    return isinstance(next(iter(node), ""), int)


def _length(node: dict[str | int, Node]) -> int:
    return max(map(int, node), default=-1) + 1


def _misfit(node: Node, keys: tuple[Key, ...]) -> MagicArgumentError:
    holder = _shown(keys[:-1]) or "the body"
    kind = "a value" if isinstance(node, str) else "a list" if _is_list(node) else "an object"
    return MagicArgumentError(f"the field {_shown(keys)!r} does not fit: {holder} is already {kind}")


def _shown(keys: tuple[Key, ...]) -> str:
    root = keys[0] if keys and isinstance(keys[0], str) else None
    steps = keys if root is None else keys[1:]
    return (root or "") + "".join(f"[{'' if key is None else key}]" for key in steps)


def _write(node: Node) -> str:
    if isinstance(node, str):
        return node
    if _is_list(node):
        return f"[{', '.join(_write(node.get(index, 'null')) for index in range(_length(node)))}]"
    members = (f"{json.dumps(name, ensure_ascii=False)}: {_write(child)}" for name, child in node.items())
    return f"{{{', '.join(members)}}}"
