"""The items of a request line, as HTTPie has them: ``q==tea``, ``name=Ann``, ``n:=3``, ``X-Key:abc``."""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from flask_nb.errors import MagicArgumentError

from .arguments import is_token
from .expressions import Evaluate, Text, expand_text, find_expression, has_expressions, parse_text
from .json_values import JsonText, load_json, parse_json_text

Kind = Literal["header", "query", "field", "json", "file"]

OPERATORS: dict[str, tuple[Kind, bool]] = {
    ":": ("header", False),
    ":@": ("header", True),
    ";": ("header", False),
    "==": ("query", False),
    "==@": ("query", True),
    "=": ("field", False),
    "=@": ("field", True),
    ":=": ("json", False),
    ":=@": ("json", True),
    "@": ("file", True),
}
"""What stands between name and value: the kind of the item, and whether the value is a file's name.

The first operator of a word counts; where several begin, the longest.
"""

ESCAPED = frozenset(":;=@")
"""What a backslash in front makes an ordinary character; before any other it means itself."""

_OPERATOR = re.compile("|".join(re.escape(text) for text in sorted(OPERATORS, key=len, reverse=True)))
_COUNTED = frozenset({"content-length", "transfer-encoding"})


@dataclass(frozen=True)
class Item:
    """One item of a request.

    :param name: of a header, query value, field or part.
    :param value: as typed; a file's name when ``from_file``.
    :param drops: the header is left out: typed as ``Header:``.
    :param mimetype: the type that was given for a file.
    :param filename: the name under which a file is sent, when another than its own.
    :param typed: how it was typed, for errors.
    """

    kind: Kind
    name: Text
    value: Text | JsonText
    from_file: bool = False
    drops: bool = False
    mimetype: str | None = None
    filename: str | None = None
    typed: str = field(default="", compare=False)

    def is_header(self, name: str) -> bool:
        """Say whether this is a header of that name.

        :param name: in lower case.
        """
        return self.kind == "header" and "".join(map(str, self.name)).lower() == name

    def expand_name(self, evaluate: Evaluate) -> str:
        """Return the name."""
        return expand_text(self.name, evaluate)

    def expand_value(self, evaluate: Evaluate) -> str:
        """Return the value as text, that of JSON as JSON text; a file is read.

        :raises MagicArgumentError: when the file cannot be read, or the value is not JSON.
        """
        if self.from_file:
            text = self.read_text(evaluate)
            if self.kind == "json":
                load_json(text, f"the file of {self.typed!r}")
            # A header and a query end with their line, and an editor ends each line.
            return text.rstrip("\n") if self.kind in ("header", "query") else text
        if not isinstance(self.value, JsonText):
            return expand_text(self.value, evaluate)
        return self.value.expand(evaluate, repr(self.typed))

    def path(self, evaluate: Evaluate) -> str:
        """Return the name of the file."""
        assert not isinstance(self.value, JsonText)
        return expand_text(self.value, evaluate)

    def read(self, evaluate: Evaluate) -> bytes:
        """Return the bytes of the file."""
        return read_file(self.path(evaluate), self.typed)

    def read_text(self, evaluate: Evaluate) -> str:
        """Return the text of the file."""
        try:
            return self.read(evaluate).decode()
        except UnicodeDecodeError:
            message = f"the file of {self.typed!r} is not UTF-8 text. Upload it: name@path"
            raise MagicArgumentError(message) from None

    def header(self, evaluate: Evaluate) -> tuple[str, str]:
        """Return name and value of a header as they are sent.

        :raises MagicArgumentError: when they cannot be.
        """
        return wire_header(self.expand_name(evaluate), self.expand_value(evaluate).strip())


def parse_item(word: str) -> Item:
    """Parse one word of a line.

    :raises MagicArgumentError: when it is not an item.
    """
    found = split_item(word)
    if found is None or (not found[0] and found[1] != "@"):
        raise MagicArgumentError(
            f"{word!r} is not understood. After the path come name=value, name:=json, query==value, "
            f"Header:value, file@path, or a JSON body from {{ or [; what has spaces needs quotes"
        )
    typed_name, operator, value = found
    name = parse_text(typed_name)
    kind, from_file = OPERATORS[operator]
    if kind == "file":
        path, mimetype, filename = split_upload(value)
        return Item(kind, name, parse_text(path), True, False, mimetype, filename, word)
    if kind == "json" and not from_file:
        return Item(kind, name, parse_json_text(value, f"the value of {typed_name}:="), typed=word)
    if operator == ";" and value:
        raise MagicArgumentError(
            f"{word!r} is not understood. {typed_name}; sends an empty header, "
            f"{typed_name}:value one with a value"
        )
    text = parse_text(value)
    if kind == "header" and not from_file and not has_expressions(name):
        # What cannot be sent is refused now, not when the request's other expressions have been evaluated.
        check_header("".join(map(str, name)), "" if has_expressions(text) else value.strip())
    return Item(kind, name, text, from_file, drops=operator == ":" and not value, typed=word)


def split_item(word: str) -> tuple[str, str, str] | None:
    """Return name, operator and value of an item, None if there is no operator."""
    # No search for the first operator: one behind a backslash or in an expression, such as `{a == b}`, is
    # a part of the name, and where an expression ends only Python's parser can say.
    name = ""
    position = 0
    while position < len(word):
        if word[position] == "\\":
            pair = word[position : position + 2]
            name += pair[1] if pair[1:] in ESCAPED else pair
            position += 2
            continue
        expression = find_expression(word, position)
        operator = _OPERATOR.match(word, position)
        if operator:
            return name, operator[0], _unescape(word[operator.end() :])
        end = expression[0] if expression else position + 1
        name += word[position:end]
        position = end
    return None


def wire_header(name: str, value: str) -> tuple[str, str]:
    """Return name and value of a header as they are sent: as UTF-8, in the texts of PEP 3333.

    :raises MagicArgumentError: when they cannot be sent.
    """
    check_header(name, value)
    return name, value.encode(errors="replace").decode("latin-1")


def check_header(name: str, value: str) -> None:
    """Check that a header can be sent.

    :raises MagicArgumentError: names what is wrong.
    """
    if not is_token(name):
        message = f"{name!r} is not a header name. Type one, such as X-Name:value"
    elif re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value):
        message = f"the value of the header {name} has to be one line of text, not {value!r}"
    elif name.lower() in _COUNTED:
        message = f"the header {name} follows from the body and cannot be set. Leave it out"
    else:
        return
    raise MagicArgumentError(message)


def parse_header(typed: str, read: Callable[[str], Text] = parse_text) -> Item:
    """Parse ``Name: value``, ``Name:`` (drop) or ``Name;`` (empty), as curl's ``-H`` has it.

    :param read: cuts the value into literal pieces and expressions.
    """
    found = re.match(r"([^:;]*)([:;])(.*)", typed, re.DOTALL)
    if found is None or (found[2] == ";" and found[3].strip()):
        raise MagicArgumentError(f"{typed!r} is not a header. Type it as 'Name: value'")
    value = found[3].strip()
    drops = found[2] == ":" and not value
    return Item("header", (found[1].strip(),), read(value), drops=drops, typed=typed)


def guess_type(path: str) -> str | None:
    """Return the MIME type that a file's name suggests."""
    return mimetypes.guess_type(path, strict=False)[0]


def read_file(path: str, typed: str) -> bytes:
    """Return the bytes of a file.

    :param typed: what names the file, for the error.
    :raises MagicArgumentError: when it cannot be read.
    """
    path = os.path.expanduser(path)
    try:
        with open(path, "rb") as file:
            return file.read()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise MagicArgumentError(
            f"the file {path!r} of {typed!r} cannot be read: {reason}. A relative path starts from the "
            f"notebook's folder (see %pwd)"
        ) from None


def split_upload(value: str) -> tuple[str, str | None, str | None]:
    """Return the path, type and file name in ``path;type=image/png;filename=a.png``.

    :raises MagicArgumentError: when the type cannot be one.
    """
    path, *options = re.split(r";(?=type=|filename=)", value)
    given = dict(option.split("=", 1) for option in options)
    filename = given.get("filename")
    if not given.get("type", "").isprintable():
        raise MagicArgumentError(f"{given['type']!r} is not a file type. Type one, such as ;type=image/png")
    return path, given.get("type") or None, filename.strip('"') if filename else None


def _unescape(text: str) -> str:
    return re.sub(
        r"\\(.)", lambda found: found[1] if found[1] in ESCAPED else found[0], text, flags=re.DOTALL
    )
