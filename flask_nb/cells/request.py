"""The line of a request magic, such as ``%post /items name=Ann``: parsed now, expanded when it is sent."""

from __future__ import annotations

import argparse
import ast
import json
import re
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NoReturn
from urllib.parse import quote, urlencode

from ..errors import MagicArgumentError
from .arguments import MagicParser, parse_identifier
from .words import split_line

DEFAULT_TIMEOUT = 30.0
"""Seconds that a request waits for its view."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that may stand in front of a path, and that have a magic of their own."""

Encoding = Literal["query", "json", "form"]

_QUERY_METHODS = ("GET", "HEAD")
_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}
# What RFC 3986 reserves stays as typed, so that `?`, `&` and a ready-made `%2F` mean what they say.
_AS_TYPED = "/?:@!$&'()*+,;=~[]%"


@dataclass(frozen=True)
class Expression:
    """A Python expression in the path, typed as ``{expression}``."""

    source: str


@dataclass(frozen=True)
class Field:
    """One ``name=value`` or ``name:=json`` of a request line.

    :param value: as typed; JSON text when ``is_json``.
    """

    name: str
    value: str
    is_json: bool = False

    def to_json(self) -> str:
        """Return the value as JSON text; numbers stay as they were typed."""
        return self.value if self.is_json else json.dumps(self.value, ensure_ascii=False)

    def to_text(self) -> str:
        """Return the value for a query or a form, which know text only."""
        decoded = json.loads(self.value) if self.is_json else self.value
        return decoded if isinstance(decoded, str) else self.value


@dataclass(frozen=True)
class ResolvedRequest:
    """A request ready to be sent.

    :param path: percent-encoded, with the query.
    :param headers: names and values that the body calls for.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True)
class RequestDefinition:
    """A request as it was typed.

    :param method: in upper case.
    :param path: literal texts and expressions in turn; begins with a slash or an expression.
    :param items: the fields, in the order typed.
    :param body: JSON text, None without one.
    :param encoding: where the fields go: ``query``, ``json`` or ``form``.
    :param timeout: seconds to wait for the view.
    :param in_process: call the app instead of asking the server.
    :param as_name: variable that receives the exchange.
    :param silent: the line ends with ``;``, so nothing is displayed.
    """

    method: str
    path: tuple[str | Expression, ...]
    items: tuple[Field, ...] = ()
    body: str | None = None
    encoding: Encoding = "query"
    timeout: float = DEFAULT_TIMEOUT
    in_process: bool = False
    as_name: str | None = None
    silent: bool = False

    def expand(self, evaluate: Callable[[str], object]) -> ResolvedRequest:
        """Return the request with its expressions evaluated.

        An expression's value is one segment, a slash in it is encoded. Only where an expression stands
        first and its value begins with a slash, as that of ``url_for`` does, is it a path itself.

        :param evaluate: returns the value of an expression's source; its errors propagate.
        """
        path = "".join(self._expand_parts(evaluate))
        if self.encoding == "query":
            path = _append_query(path, self.items)
        headers, body = self._encode_body()
        return ResolvedRequest(self.method, path, headers, body)

    def _expand_parts(self, evaluate: Callable[[str], object]) -> list[str]:
        expanded: list[str] = []
        for part in self.path:
            if isinstance(part, str):
                expanded.append(_quote_literal(part))
                continue
            value = str(evaluate(part.source))
            if expanded:
                expanded.append(quote(value, safe=""))
            else:
                expanded.append(
                    _quote_literal(value) if value.startswith("/") else "/" + quote(value, safe="")
                )
        return expanded

    def _encode_body(self) -> tuple[tuple[tuple[str, str], ...], bytes]:
        if self.body is not None:
            return (("Content-Type", _CONTENT_TYPES["json"]),), self.body.encode()
        if self.encoding == "query" or not (self.items or self.encoding == "form"):
            return (), b""
        text = _form_text(self.items) if self.encoding == "form" else _json_text(self.items)
        return (("Content-Type", _CONTENT_TYPES[self.encoding]),), text.encode()


def request_parser(method: str | None = "GET", magic: str | None = None) -> MagicParser:
    """Return the parser of a request magic.

    :param method: the magic's method; None where the line itself may begin with one.
    :param magic: the name to use in help and errors, by default made from the method.
    """
    name = magic or (f"%{method.lower()}" if method else "--try")
    typed = name if method else f"{name} POST"
    parser = MagicParser(
        name,
        f"{'' if method else '[METHOD] '}PATH [name=value …] [name:=json …] [JSON]",
        f"Send a {method or 'GET'} request to the app and show what happened.",
        examples=_examples(typed, method),
    )
    parser.add_argument(
        "words",
        nargs="*",
        metavar="PATH",
        help="a path with its query, {expression} for a value of the notebook; "
        f"fields, which are {'the query' if method in _QUERY_METHODS else 'a JSON object'}; "
        "or a JSON body, from { or [ to the end of the line",
    )
    encoding = parser.add_mutually_exclusive_group()
    encoding.add_argument("--form", action="store_true", help="send the fields as an HTML form does")
    encoding.add_argument("--json", action="store_true", help="send the fields as a JSON object")
    parser.add_argument(
        "--timeout",
        type=_parse_seconds,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help=f"stop the view after so long (default {DEFAULT_TIMEOUT:g})",
    )
    parser.add_argument("--in-process", action="store_true", help="call the app without the server")
    parser.add_argument(
        "--as", dest="as_name", type=parse_identifier, metavar="NAME", help="keep the exchange in NAME"
    )
    return parser


def parse_request(
    method: str | None, line: str, cell: str | None = None, *, magic: str | None = None
) -> RequestDefinition:
    """Parse the line of a request magic, and the cell below it if there is one.

    :param method: the magic's method; None where the line may begin with one, as in ``--try``.
    :param line: what stands behind the magic's name.
    :param cell: the cell of ``%%post``: a JSON body, or with ``--form`` one field a line.
    :param magic: the magic's name for errors, by default made from the method.
    :raises MagicArgumentError: when anything in it is not understood.
    """
    if magic is None and method and cell is not None:
        magic = f"%%{method.lower()}"
    parser = request_parser(method, magic)
    _require_unicode(line + (cell or ""), parser.prog)
    line, silent = _strip_semicolon(line)
    reader = _LineReader(parser, method)
    arguments = parser.parse_words(split_line(line, magic=parser.prog, verbatim=reader.verbatim))
    words: list[str] = arguments.words
    if method is None:
        method = words.pop(0).upper() if _begins_with_method(words) else "GET"
    return _Builder(method.upper(), parser.prog, arguments, silent).build(words, cell)


class _LineReader:
    """Finds the stretches of a request line that quotes do not cut: expressions and JSON."""

    def __init__(self, parser: MagicParser, method: str | None) -> None:
        self.parser = parser
        self.takes_method = method is None

    def verbatim(self, line: str, position: int, words: Sequence[str], word: str) -> int | None:
        """Return where the stretch at the position ends; see :data:`flask_nb.cells.words.Verbatim`."""
        if self.parser.awaits_value(words):
            return None
        if not self._has_path(words):
            is_brace = line.startswith("{{", position)
            return position + 2 if is_brace else _end_of_expression(line, position)
        if not word and line[position] in "[{":
            return self._end_of_body(line, position)
        if word.endswith(":=") and "=" not in word[:-1]:
            return _end_of_json(line, position)
        return None

    def _has_path(self, words: Sequence[str]) -> bool:
        positionals = self.parser.find_positionals(words)
        if self.takes_method and positionals and positionals[0].upper() in METHODS:
            return len(positionals) > 1
        return bool(positionals)

    def _end_of_body(self, line: str, position: int) -> int:
        end = _end_of_json(line, position)
        if end is None:
            _load_json(line[position:], "the JSON body", self.parser.prog)
            end = len(line)
        return end


@dataclass
class _Builder:
    """Makes the definition of a line's words."""

    method: str
    magic: str
    arguments: argparse.Namespace
    silent: bool

    def build(self, words: list[str], cell: str | None) -> RequestDefinition:
        if not words:
            self.fail("the path is missing. Type one, such as /items")
        path, rest = self.parse_path(words[0]), words[1:]
        bodies = [word for word in rest if word.startswith(("{", "["))]
        fields = [self.parse_field(word) for word in rest if not word.startswith(("{", "["))]
        if cell is not None and cell.strip():
            self.read_cell(cell, fields, bodies)
        self.check_bodies(fields, bodies)
        return RequestDefinition(
            method=self.method,
            path=path,
            items=tuple(fields),
            body=bodies[0] if bodies else None,
            encoding=self.encoding(),
            timeout=self.arguments.timeout,
            in_process=self.arguments.in_process,
            as_name=self.arguments.as_name,
            silent=self.silent,
        )

    def fail(self, message: str) -> NoReturn:
        raise MagicArgumentError(message, magic=self.magic)

    def encoding(self) -> Encoding:
        if self.arguments.form:
            return "form"
        return "json" if self.arguments.json or self.method not in _QUERY_METHODS else "query"

    def read_cell(self, cell: str, fields: list[Field], bodies: list[str]) -> None:
        if not self.arguments.form:
            bodies.append(cell.strip())
            return
        lines = (line.strip() for line in cell.splitlines())
        fields.extend(self.parse_field(line) for line in lines if line and not line.startswith("#"))

    def check_bodies(self, fields: list[Field], bodies: list[str]) -> None:
        if len(bodies) > 1:
            self.fail("there are two bodies. Keep one: in the line, or in the cell")
        if bodies and self.arguments.form:
            self.fail("--form sends name=value fields, not a JSON body. Leave out --form, or type fields")
        if bodies and fields and self.encoding() == "json":
            self.fail(
                f"there are two bodies: the JSON text and the field {fields[0].name!r}. "
                f"Put the field into the JSON, or a query behind the path: ?{fields[0].name}=…"
            )
        for body in bodies:
            _load_json(body, "the JSON body", self.magic)
        if self.encoding() == "json":
            self.check_names([field.name for field in fields])

    def check_names(self, names: list[str]) -> None:
        for index, name in enumerate(names):
            if name in names[:index]:
                self.fail(f"the field {name!r} stands there twice. For a list type {name}:=[…]")

    def parse_field(self, word: str) -> Field:
        found = re.fullmatch(r"([^=]*?)(:?=)(.*)", word, re.DOTALL)
        if found is None or not found[1]:
            self.fail(
                f"{word!r} is not understood. Behind the path stand name=value, name:=json, or a JSON "
                f"body from {{ or [; a value with spaces needs quotes"
            )
        field = Field(found[1], found[3], found[2] == ":=")
        if field.is_json:
            _load_json(field.value, f"the value of {field.name}:=", self.magic)
        return field

    def parse_path(self, text: str) -> tuple[str | Expression, ...]:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text):
            self.fail(f"{text!r} is a whole URL. Type the path alone, such as /items")
        parts = _cut_fragment(self.split_path(text))
        if parts and isinstance(parts[0], str):
            return (parts[0] if parts[0].startswith("/") else "/" + parts[0], *parts[1:])
        return tuple(parts) or ("/",)

    def split_path(self, text: str) -> list[str | Expression]:
        parts: list[str | Expression] = []
        literal = ""
        position = 0
        while position < len(text):
            character = text[position]
            end = _end_of_expression(text, position)
            if text[position : position + 2] in ("{{", "}}"):
                literal += character
                position += 2
            elif end is not None:
                parts += [literal] if literal else []
                parts.append(Expression(text[position + 1 : end - 1].strip()))
                literal = ""
                position = end
            elif character in "{}":
                self.fail_brace(text, position)
            else:
                literal += character
                position += 1
        return [*parts, literal] if literal else parts

    def fail_brace(self, text: str, position: int) -> NoReturn:
        rest = text[position:]
        if text[position] == "}":
            self.fail(
                f"the path has a }} without its {{ at {rest!r}. A brace of the path itself is typed }}}}"
            )
        self.fail(
            f"the path holds no Python expression at {rest!r}. "
            f"Type {{name}} for a value, {{{{ for a brace of the path itself"
        )


def _examples(typed: str, method: str | None) -> tuple[str, ...]:
    if method in _QUERY_METHODS:
        return (f"{typed} /items", f"{typed} /search?q=tea", f"{typed} /items/{{item_id}} --as item")
    return (
        f"{typed} /items name=Ann age:=3",
        f'{typed} /items {{"name": "Ann"}}',
        f"{typed} /login user=ann --form",
    )


def _begins_with_method(words: list[str]) -> bool:
    return len(words) > 1 and words[0].upper() in METHODS


def _strip_semicolon(line: str) -> tuple[str, bool]:
    stripped = line.rstrip()
    return (stripped[:-1], True) if stripped.endswith(";") else (line, False)


def _require_unicode(text: str, magic: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as exc:
        wrong = text[exc.start]
        raise MagicArgumentError(
            f"the text holds half a character, {wrong!r}, which cannot be sent. Type it again", magic=magic
        ) from None


def _parse_seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if 0 < seconds < float("inf"):
        return seconds
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, such as 5")


def _end_of_expression(text: str, position: int) -> int | None:
    """Return where the ``{expression}`` at the position ends, None if none begins there.

    The expression is the shortest stretch that Python can parse: a brace in a string or in a dict of
    its own cannot end it, for what stands before such a brace is no expression.
    """
    if text[position] != "{" or text.startswith("{{", position):
        return None
    end = text.find("}", position)
    while end != -1:
        if _is_expression(text[position + 1 : end]):
            return end + 1
        end = text.find("}", end + 1)
    return None


def _is_expression(source: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape is reported when the expression is evaluated
        try:
            ast.parse(source.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def _end_of_json(text: str, position: int) -> int | None:
    try:
        return json.JSONDecoder().raw_decode(text, position)[1]
    except (ValueError, RecursionError):
        return None


def _load_json(text: str, what: str, magic: str) -> object:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as exc:
        line = f"line {exc.lineno}, " if "\n" in text else ""
        raise MagicArgumentError(
            f"{what} is no JSON: {exc.msg} at {line}column {exc.colno} of {_shorten(text)!r}", magic=magic
        ) from None
    except (ValueError, RecursionError) as exc:
        raise MagicArgumentError(f"{what} is no JSON: {exc}", magic=magic) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not part of it. Type null, or a string")


def _shorten(text: str) -> str:
    first = text.splitlines()[0] if text else text
    return first if len(first) <= 40 else first[:39] + "…"


def _cut_fragment(parts: list[str | Expression]) -> list[str | Expression]:
    """Leave out what follows a ``#``: clients keep a fragment to themselves (RFC 9110 §7.1)."""
    for index, part in enumerate(parts):
        if isinstance(part, str) and "#" in part:
            before = part.partition("#")[0]
            return [*parts[:index], *([before] if before else [])]
    return parts


def _quote_literal(text: str) -> str:
    return quote(re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text), safe=_AS_TYPED)


def _append_query(path: str, fields: Sequence[Field]) -> str:
    if not fields:
        return path
    joint = "" if path.endswith(("?", "&")) else "&" if "?" in path else "?"
    return f"{path}{joint}{_form_text(fields)}"


def _form_text(fields: Sequence[Field]) -> str:
    return urlencode([(field.name, field.to_text()) for field in fields], errors="replace")


def _json_text(fields: Sequence[Field]) -> str:
    members = (f"{json.dumps(field.name, ensure_ascii=False)}: {field.to_json()}" for field in fields)
    return f"{{{', '.join(members)}}}"
