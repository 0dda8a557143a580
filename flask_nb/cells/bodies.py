"""The bodies that a request can have, each of which knows how it is written and what type it is."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol
from urllib.parse import quote_plus

from flask_nb.errors import MagicArgumentError

from .arguments import parse_literal
from .expressions import (
    Evaluate,
    Expression,
    Finder,
    Text,
    expand_text,
    find_expression,
    is_display,
    parse_text,
)
from .items import Item, guess_type, read_file
from .json_values import JsonText, dump_json, load_json, parse_json_text, shorten
from .request import FORM, JSON

MULTIPART = "multipart/form-data"


class Body(Protocol):
    """What stands behind the headers of a request."""

    @property
    def type(self) -> str | None:
        """The content type, None when a header names it or nobody does."""

    @property
    def is_own_file(self) -> bool:
        """Whether it is a file whose type its name says."""
        return False

    def content_type(self, evaluate: Evaluate) -> str | None:
        """Return the content type, which may depend on what expressions come to."""
        return self.type

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the bytes; raise MagicArgumentError when they cannot be made."""


@dataclass(frozen=True)
class JsonBody(Body):
    """JSON as it was typed."""

    text: JsonText
    type: str | None = JSON

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the text with the values of its expressions."""
        return self.text.expand(evaluate, "the body").encode(errors="replace")


@dataclass(frozen=True)
class PythonBody(Body):
    """A dict or list as Python writes it, or a variable that holds one; sent as JSON.

    :param source: the expression.
    """

    source: str
    type: str | None = JSON

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the value as JSON."""
        value = evaluate(self.source)
        if not isinstance(value, dict | list | tuple):
            raise MagicArgumentError(
                f"{{{self.source}}} is a {type(value).__name__}, but a body is a dict or a list. "
                f"Type name={{{self.source}}} for a field, or --data {{{self.source}}} for text"
            )
        return JsonBody(JsonText((Expression(self.source),))).encode(lambda _source: value)


@dataclass(frozen=True)
class TextBody(Body):
    """Text as it stands.

    :param newline: what its lines end in when they are sent.
    """

    text: Text
    type: str | None = None
    newline: str = "\n"

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the text with the values of its expressions."""
        return expand_text(self.text, evaluate).replace("\n", self.newline).encode(errors="replace")


@dataclass(frozen=True)
class FileBody(Body):
    """A file as it is.

    :param path: its name, expressions included.
    :param typed: how it was typed.
    :param is_typed: its type follows from its name; otherwise nobody says it.
    """

    path: Text
    typed: str = field(default="", compare=False)
    is_typed: bool = True
    type: str | None = None

    @property
    def is_own_file(self) -> bool:
        """Whether its name says the type."""
        return self.is_typed

    def content_type(self, evaluate: Evaluate) -> str | None:
        """Return the type that the file's name suggests."""
        return guess_type(expand_text(self.path, evaluate)) if self.is_typed else None

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the file's bytes."""
        return read_file(expand_text(self.path, evaluate), self.typed)


@dataclass(frozen=True)
class DataPart:
    """What one ``-d`` of curl gives.

    :param value: the data, or a file's name.
    :param joint: what stands between this part and the one before.
    :param from_file: the value names a file.
    :param strips: line ends of the file are left out, as ``-d @file`` does.
    :param prefix: stands before encoded data: ``name=``.
    :param encodes: the data is encoded as a form's value is.
    """

    value: Text | JsonText
    joint: str = "&"
    from_file: bool = False
    strips: bool = False
    prefix: str = ""
    encodes: bool = False
    typed: str = field(default="", compare=False)

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the part's bytes."""
        if isinstance(self.value, JsonText):
            return JsonBody(self.value).encode(evaluate)
        data = expand_text(self.value, evaluate, _data_text).encode(errors="replace")
        if self.from_file:
            data = read_file(data.decode(), self.typed)
            data = re.sub(rb"[\r\n\0]", b"", data) if self.strips else data
        return self.prefix.encode() + (quote_plus(data).encode() if self.encodes else data)


def _data_text(value: object) -> str:
    return dump_json(value) if isinstance(value, dict | list) else str(value)


@dataclass(frozen=True)
class DataBody(Body):
    """The data of curl's ``-d`` and its kin, joined.

    :param type: what curl calls it.
    """

    parts: tuple[DataPart, ...]
    type: str | None = FORM

    def encode(self, evaluate: Evaluate) -> bytes:
        """Return the joined parts."""
        data = b"".join(part.joint.encode() + part.encode(evaluate) for part in self.parts)
        return data.removeprefix(self.parts[0].joint.encode())


def parse_body(typed: str, *, expands: bool = True) -> Body:
    """Return the body that a line's rest or a cell is: JSON, or a dict or list of Python.

    :param expands: expressions count; without, a dict or list of Python has to be a literal.
    :raises MagicArgumentError: when it is neither.
    """
    alone = find_expression(typed, 0) if expands and typed.startswith("{") else None
    if alone is not None and alone[0] == len(typed):
        return PythonBody(alone[1].source)
    try:
        return JsonBody(parse_json_text(typed, "the JSON body", find_expression if expands else None))
    except MagicArgumentError:
        if not is_display(typed):
            raise
        if expands:
            return PythonBody(typed)
        value = parse_literal(typed)
        with suppress(ValueError):  # JSON has no such value
            if value is not typed:
                return JsonBody(JsonText((dump_json(value),)))
        raise


def parse_data(typed: str, find: Finder | None = find_expression) -> DataPart:
    """Return the part that ``-d`` gives: data, or ``@file``.

    :param find: which braces count; None for none.
    """
    is_file = typed.startswith("@")
    content = typed[is_file:]
    text = parse_text(content, find) if find else (content,)
    if typed.lstrip().startswith(("{", "[")) and len(text) > 1:
        with suppress(MagicArgumentError):
            return DataPart(parse_json_text(typed, "the data", find))
    return DataPart(text, from_file=is_file, strips=is_file, typed=f"-d {shorten(typed)}")


def write_multipart(items: Sequence[Item], evaluate: Evaluate) -> tuple[str, bytes]:
    """Return the content type and the bytes of a form with files (RFC 7578).

    The boundary follows from the content, so that a request is the same in every run; nobody can make
    a file that holds its own digest.
    """
    parts = [_part(item, evaluate) for item in items]
    boundary = f"flask-nb-{hashlib.sha256(b''.join(parts)).hexdigest()[:32]}"
    delimiter = f"--{boundary}".encode()
    body = b"".join(delimiter + b"\r\n" + part + b"\r\n" for part in parts) + delimiter + b"--\r\n"
    return f"{MULTIPART}; boundary={boundary}", body


def _part(item: Item, evaluate: Evaluate) -> bytes:
    name = _quoted(item.expand_name(evaluate))
    if item.kind != "file":
        value = field_text(item, evaluate).encode(errors="replace")
        own_type = f"\r\nContent-Type: {item.mimetype}" if item.mimetype else ""
        return f"Content-Disposition: form-data; name={name}{own_type}\r\n\r\n".encode() + value
    path = item.path(evaluate)
    filename = _quoted(item.filename or os.path.basename(path))
    mimetype = item.mimetype or guess_type(path) or "application/octet-stream"
    head = f"Content-Disposition: form-data; name={name}; filename={filename}\r\nContent-Type: {mimetype}"
    return head.encode(errors="replace") + b"\r\n\r\n" + item.read(evaluate)


def _quoted(name: str) -> str:
    """Return a name within quotes, as browsers write it (HTML, multipart/form-data)."""
    escaped = name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
    return f'"{escaped}"'


def field_text(item: Item, evaluate: Evaluate) -> str:
    """Return the value of a field for a form, which knows text only.

    :raises MagicArgumentError: when the value is null, a list or an object.
    """
    _typed, decoded = _decode(item, evaluate)
    if decoded is None or isinstance(decoded, dict | list):
        name = item.expand_name(evaluate)
        raise MagicArgumentError(
            f"{item.typed!r}: a form holds only text. Type {name}=text, or leave out --form"
        )
    return str(decoded)


def query_text(item: Item, evaluate: Evaluate) -> str:
    """Return the value of a field for a query: JSON that is not text stays as typed."""
    typed, decoded = _decode(item, evaluate)
    return decoded if isinstance(decoded, str) else typed


def _decode(item: Item, evaluate: Evaluate) -> tuple[str, object]:
    """Return the value of a field as it stands, and what it stands for: JSON text or what it says."""
    value = item.expand_value(evaluate)
    return value, load_json(value, f"the value of {item.typed!r}") if item.kind == "json" else value
