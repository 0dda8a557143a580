"""The line of a request magic, such as ``%post /items name=Ann``, and the cell below it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import MagicArgumentError
from .arguments import MagicParser, parse_identifier
from .bodies import JSON, Body, DataBody, FileBody, TextBody, parse_body, parse_data
from .expressions import Expression, Text, end_of_expression, find_expression, has_expressions, parse_text
from .items import Item, Kind, parse_header, parse_item, split_upload
from .json_values import JsonText, end_of_brackets, end_of_json, parse_key, write_fields
from .request import (
    DEFAULT_TIMEOUT,
    Encoding,
    RequestDefinition,
    begin_with_slash,
    cut_fragment,
)
from .words import split_line

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that may stand in front of a path, and that have a magic of their own."""

QUERY_METHODS = ("GET", "HEAD")
"""The methods whose fields are the query."""

_LIST_ITEM = re.compile(r"(?:\[[^\[\]]*\])+:?=(?!=)")
_DATA_FLAGS = ("-d", "--data")


def request_parser(method: str | None = "GET", magic: str | None = None) -> MagicParser:
    """Return the parser of a request magic.

    :param method: the magic's method; None where the line itself may begin with one.
    :param magic: the name to use in help and errors, by default made from the method.
    """
    name = magic or (f"%{method.lower()}" if method else "--try")
    typed = name if method else f"{name} POST"
    parser = MagicParser(
        name,
        f"{'' if method else '[METHOD] '}PATH [ITEM …] [JSON]",
        f"Send a {method or 'GET'} request to the app and show what happened.\n\n{_items_help(method)}",
        examples=_examples(typed, method),
    )
    parser.add_argument(
        "words", nargs="*", metavar="PATH", help="a path with its query, or a URL of this server; then items"
    )
    _add_body_flags(parser)
    add_sending_flags(parser)
    parser.add_argument("--as", dest="as_name", type=parse_identifier, metavar="NAME", help="keep it in NAME")
    return parser


def _items_help(method: str | None) -> str:
    fields = "query" if method in QUERY_METHODS else "JSON object"
    return (
        f"Items: name=value and name:=json ({fields}; nested: a[b]=1 a[]=2), query==value,\n"
        "Header:value, Header: (leave out), file@path;type=image/png (upload). =@, :=@ and ==@ take\n"
        "the value from a file, \\ in front of : = @ { makes them ordinary. {expression} stands for a\n"
        "value of the notebook, {name} alone for a dict or list to send. What begins with { or [, or\n"
        "the cell, is the body: JSON, or a dict or list of Python."
    )


def _add_body_flags(parser: MagicParser) -> None:
    encoding = parser.add_mutually_exclusive_group()
    encoding.add_argument("--form", action="store_true", help="send the fields as an HTML form does")
    encoding.add_argument("--json", action="store_true", help="send the fields, or --data, as JSON")
    add = parser.add_argument
    add("-d", "--data", action="append", default=[], metavar="DATA", help="as in curl: a=1&b=2, or @file")
    add(
        "-F",
        dest="parts",
        action="append",
        default=[],
        metavar="PART",
        help="as in curl: name=value or name=@file",
    )
    add(
        "-H",
        "--header",
        dest="headers",
        action="append",
        default=[],
        metavar="HEADER",
        help="'Name: value', as in curl",
    )
    add("-X", "--request", dest="method", metavar="METHOD", help="another method than the magic's")
    add("-u", "--user", metavar="USER:PASSWORD", help="basic authorization")
    add("--bearer", metavar="TOKEN", help="authorization by a token")
    add("--expand", action="store_true", help="{expressions} count in the cell, too")


def add_sending_flags(parser: MagicParser) -> None:
    """Add the flags that say how a request is sent and shown."""
    add = parser.add_argument
    add("--no-follow", dest="follow", action="store_false", help="show a redirect instead of following it")
    add(
        "--timeout",
        type=_parse_seconds,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help=f"stop the view after so long (default {DEFAULT_TIMEOUT:g})",
    )
    add("--in-process", action="store_true", help="call the app without the server")
    add("--fresh", action="store_true", help="without the cookies of earlier requests")
    add(
        "--expect",
        type=_parse_statuses,
        default=(),
        metavar="STATUS",
        help="fail unless it answers so: 201, 2xx, or 200,404",
    )
    add("--time", dest="timed", action="store_true", help="show how long it took")
    add("--scripts", action="store_true", help="let the page that is shown run its scripts")
    add(
        "--mask",
        action="append",
        type=_parse_mask,
        default=[],
        metavar="PATHS",
        help="JSON paths to leave out of what is shown: '$..id,$..created_at'",
    )


def sending_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_sending_flags` has parsed, as attributes of a definition."""
    names = ("follow", "timeout", "in_process", "fresh", "expect", "timed", "scripts")
    return {**{name: getattr(arguments, name) for name in names}, "mask": tuple(arguments.mask)}


def parse_request(
    method: str | None, line: str, cell: str | None = None, *, magic: str | None = None
) -> RequestDefinition:
    """Parse the line of a request magic, and the cell below it if there is one.

    :param method: the magic's method; None where the line may begin with one, as in ``--try``.
    :param line: what stands behind the magic's name.
    :param cell: the cell of ``%%post``: a JSON body, with ``--form`` one field a line, with a header
        ``Content-Type`` any text.
    :param magic: the magic's name for errors, by default made from the method.
    :raises MagicArgumentError: when anything in it is not understood.
    """
    if magic is None and method and cell is not None:
        magic = f"%%{method.lower()}"
    parser = request_parser(method, magic)
    require_unicode(line + (cell or ""), parser.prog)
    line, silent = _strip_semicolon(line)
    reader = _LineReader(parser, method)
    arguments = parser.parse_words(split_line(line, magic=parser.prog, verbatim=reader.verbatim))
    words: list[str] = arguments.words
    if method is None:
        method = words.pop(0).upper() if _begins_with_method(words) else _guess_method(arguments)
    builder = _Builder(_check_method(arguments.method or method, parser.prog), parser.prog, arguments, silent)
    return builder.build(words, cell)


class _LineReader:
    """Finds the stretches of a request line that quotes do not cut: expressions and JSON."""

    def __init__(self, parser: MagicParser, method: str | None) -> None:
        self.parser = parser
        self.takes_method = method is None

    def verbatim(self, line: str, position: int, words: Sequence[str], word: str) -> int | None:
        """Return where the stretch at the position ends; see :data:`flask_nb.cells.words.Verbatim`."""
        if line.startswith(("\\{", "{{"), position):
            return position + 2
        if self.parser.awaits_value(words):
            return self._end_of_value(line, position, words[-1], word)
        if self._has_path(words):
            if not word and line[position] in "[{" and not _LIST_ITEM.match(line, position):
                return end_of_json(line, position) or end_of_brackets(line, position) or len(line)
            if re.fullmatch(r"[^=]*:=", word):
                return end_of_json(line, position) or self._end_of_template(line, position)
        return end_of_expression(line, position)

    def _end_of_value(self, line: str, position: int, flag: str, word: str) -> int | None:
        if flag in _DATA_FLAGS and not word and line[position] in "[{":
            return end_of_json(line, position) or self._end_of_template(line, position)
        return end_of_expression(line, position)

    def _end_of_template(self, line: str, position: int) -> int | None:
        return end_of_brackets(line, position) if line[position] in "[{" else None

    def _has_path(self, words: Sequence[str]) -> bool:
        positionals = self.parser.find_positionals(words)
        if self.takes_method and positionals and positionals[0].upper() in METHODS:
            return len(positionals) > 1
        return bool(positionals)


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
        path = parse_path(words[0], self.magic)
        typed_bodies = [word for word in words[1:] if is_body(word)]
        items = [parse_item(word, self.magic) for word in words[1:] if not is_body(word)]
        items += [parse_header(text, self.magic) for text in self.arguments.headers]
        items += [parse_part(text, self.magic) for text in self.arguments.parts]
        bodies: list[Body] = [parse_body(word, self.magic) for word in typed_bodies]
        bodies += self.take_file_bodies(items)
        if self.arguments.data:
            bodies.append(DataBody(tuple(parse_data(text, self.magic) for text in self.arguments.data)))
        if cell is not None and cell.strip():
            self.read_cell(cell, items, bodies)
        encoding = self.encoding(items)
        self.check(items, bodies, encoding)
        return RequestDefinition(
            method=self.method,
            path=path,
            items=tuple(items),
            body=bodies[0] if bodies else None,
            encoding=encoding,
            is_json=self.arguments.json,
            bearer=self.text(self.arguments.bearer),
            user=self.text(self.arguments.user),
            as_name=self.arguments.as_name,
            silent=self.silent,
            magic=self.magic,
            **sending_options(self.arguments),
        )

    def fail(self, message: str) -> NoReturn:
        raise MagicArgumentError(message, magic=self.magic)

    def text(self, typed: str | None) -> Text | None:
        return None if typed is None else parse_text(typed)

    def encoding(self, items: list[Item]) -> Encoding:
        if self.arguments.parts or any(item.kind == "file" for item in items):
            return "multipart"
        if self.arguments.form:
            return "form"
        return "json" if self.arguments.json or self.method not in QUERY_METHODS else "query"

    def take_file_bodies(self, items: list[Item]) -> list[Body]:
        """Take out the files without a name, which are bodies unless a form is made."""
        if self.arguments.form:
            return []
        files = [item for item in items if item.kind == "file" and not item.name]
        items[:] = [item for item in items if item not in files]
        return [FileBody(_as_text(item.value), item.typed) for item in files]

    def read_cell(self, cell: str, items: list[Item], bodies: list[Body]) -> None:
        if self.arguments.form or self.arguments.parts:
            lines = (line.strip() for line in cell.splitlines())
            items += [parse_item(line, self.magic) for line in lines if line and not line.startswith("#")]
        elif (content_type := _content_type(items)) and "json" not in content_type.lower():
            text = cell.removesuffix("\n")
            bodies.append(TextBody(parse_text(text) if self.arguments.expand else (text,)))
        else:
            bodies.append(self.parse_cell(cell.strip()))

    def parse_cell(self, cell: str) -> Body:
        try:
            return parse_body(cell, self.magic, expands=self.arguments.expand)
        except MagicArgumentError as exc:
            message = str(exc).removeprefix(f"{self.magic}: ")
            raise MagicArgumentError(f"{message}. {self.hint(cell)}", magic=self.magic) from None

    def hint(self, cell: str) -> str:
        """Say how what is no JSON could be sent."""
        if not self.arguments.expand and _is_body_with_expressions(cell, self.magic):
            return "For values of the notebook add --expand"
        return "For other text type its Content-Type:text/plain"

    def check(self, items: list[Item], bodies: list[Body], encoding: Encoding) -> None:
        fields = [item for item in items if item.kind in ("field", "json", "file")]
        if self.arguments.bearer is not None and self.arguments.user is not None:
            self.fail("there are two authorizations. Keep --bearer or -u")
        if len(bodies) > 1:
            self.fail("there are two bodies. Keep one: in the line, in --data, or in the cell")
        if bodies and (self.arguments.form or self.arguments.parts):
            self.fail("--form sends name=value fields, not a whole body. Leave out --form, or type fields")
        if self.arguments.json and encoding == "multipart":
            self.fail("--json cannot upload files. Leave out --json")
        if bodies and fields and encoding != "query":
            name = fields[0].typed
            self.fail(
                f"there are two bodies: a whole one and the field {name!r}. "
                f"Put the field into the body, or type name==value for the query"
            )
        if encoding == "json":
            self.check_names(fields)

    def check_names(self, fields: list[Item]) -> None:
        """Refuse, before anything is evaluated, names that cannot be read or do not go together."""
        names = ["".join(map(str, item.name)) for item in fields if not has_expressions(item.name)]
        write_fields([(parse_key(name, self.magic), "null") for name in names], self.magic)


def _is_body_with_expressions(cell: str, magic: str) -> bool:
    try:
        parse_body(cell, magic, expands=True)
    except MagicArgumentError:
        return False
    return True


def is_body(word: str) -> bool:
    """Say whether a word of a line is a body: from ``{`` or ``[``, unless it is ``[]=value``."""
    return word.startswith(("{", "[")) and not _LIST_ITEM.match(word)


def parse_part(typed: str, magic: str, *, is_literal: bool = False) -> Item:
    """Parse ``name=value``, ``name=@path;type=…`` or ``name=<path``, as curl's ``-F`` has it.

    :param is_literal: braces are characters like any other.
    """
    name, equals, value = typed.partition("=")
    if not equals or not name:
        raise MagicArgumentError(f"{typed!r} is no part. Type it as name=value or name=@path", magic=magic)

    def text(piece: str) -> Text:
        return ((piece,) if piece else ()) if is_literal else parse_text(piece)

    kind: Kind = "file" if value.startswith("@") else "field"
    from_file = value.startswith(("@", "<"))
    content, mimetype, filename = split_upload(value[1:] if from_file else value, magic)
    return Item(
        kind,
        text(name),
        text(content),
        from_file,
        mimetype=mimetype,
        filename=filename,
        typed=f"-F {typed}",
        magic=magic,
    )


def parse_path(typed: str, magic: str) -> Text:
    """Return the path of a request: expressions count, ``{{`` and ``\\{`` are braces of its own.

    :raises MagicArgumentError: when a brace belongs to no expression.
    """
    return begin_with_slash(cut_fragment(tuple(_split_path(typed, magic))))


def _split_path(text: str, magic: str) -> list[str | Expression]:
    parts: list[str | Expression] = []
    literal = ""
    position = 0
    while position < len(text):
        found = find_expression(text, position)
        if found is not None:
            parts += [literal, found[1]] if literal else [found[1]]
            literal, position = "", found[0]
        elif text.startswith(("{{", "}}", "\\{", "\\}"), position):
            literal += text[position + 1]
            position += 2
        elif text[position] == "{" or (text[position] == "}" and "\\{" not in text[:position]):
            _fail_brace(text, position, magic)
        else:
            literal += text[position]
            position += 1
    return [*parts, literal] if literal else parts


def _fail_brace(text: str, position: int, magic: str) -> NoReturn:
    rest = text[position:]
    if text[position] == "}":
        message = f"the path has a }} without its {{ at {rest!r}. A brace of the path itself is typed }}}}"
    else:
        message = (
            f"the path holds no Python expression at {rest!r}. "
            f"Type {{name}} for a value, {{{{ for a brace of the path itself"
        )
    raise MagicArgumentError(message, magic=magic)


def _as_text(value: Text | JsonText) -> Text:
    assert not isinstance(value, JsonText)
    return value


def _content_type(items: list[Item]) -> str | None:
    for item in items:
        if item.kind == "header" and "".join(map(str, item.name)).lower() == "content-type":
            return "".join(part for part in _as_text(item.value) if isinstance(part, str)) or JSON
    return None


def _examples(typed: str, method: str | None) -> tuple[str, ...]:
    if method in QUERY_METHODS:
        return (
            f"{typed} /items",
            f"{typed} /search q=tea page==2",
            f"{typed} /items/{{item_id}} --as item",
            f"{typed} /me --bearer {{token}} --expect 200",
        )
    return (
        f"{typed} /items name=Ann age:=3 tags[]=new",
        f'{typed} /items {{"name": "Ann"}} --expect 201',
        f"{typed} /items {{item}}",
        f"{typed} /login user=ann --form",
        f"{typed} /avatar image@face.png",
        f"{typed} /items -H 'X-Key: abc' -d a=1",
    )


def _begins_with_method(words: list[str]) -> bool:
    return len(words) > 1 and words[0].upper() in METHODS


def _guess_method(arguments: argparse.Namespace) -> str:
    return "POST" if arguments.data or arguments.parts else "GET"  # as curl does


def _check_method(method: str, magic: str) -> str:
    if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", method):
        raise MagicArgumentError(f"-X {method!r} is not a method. Type one such as -X PUT", magic=magic)
    return method.upper()


def _strip_semicolon(line: str) -> tuple[str, bool]:
    stripped = line.rstrip()
    return (stripped[:-1], True) if stripped.endswith(";") else (line, False)


def require_unicode(text: str, magic: str) -> None:
    """Refuse text that cannot be encoded.

    :raises MagicArgumentError: names the character.
    """
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


def _parse_statuses(text: str) -> tuple[str, ...]:
    statuses = tuple(part.strip().lower() for part in text.split(","))
    if all(re.fullmatch(r"[1-5](?:[0-9]{2}|xx)", status) for status in statuses):
        return statuses
    raise argparse.ArgumentTypeError(f"{text!r} is not a status. Type it as 201, 2xx or 200,404")


def _parse_mask(text: str) -> str:
    if text.strip().startswith("$"):
        return text.strip()
    raise argparse.ArgumentTypeError(f"{text!r} is not a list of JSON paths. Type it as '$..id,$.created'")
