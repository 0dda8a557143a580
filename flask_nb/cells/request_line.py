"""The line of a request magic, such as ``%post /items name=Ann``, and the cell below it."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from flask_nb import cells
from flask_nb.errors import MagicArgumentError
from flask_nb.lazy import pattern

from .arguments import COPIES, MagicParser, copy_help, has_flags, is_flag, is_token, parse_identifier
from .expressions import Text, cut_text, end_of_expression, find_expression, has_expressions, parse_text
from .request import DEFAULT_TIMEOUT, Encoding, RequestDefinition, begin_with_slash, cut_fragment
from .words import split_line

if TYPE_CHECKING:
    from .bodies import Body
    from .items import Item, Kind
    from .json_values import JsonText

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
"""The methods that may stand in front of a path, and that have a magic of their own."""

_NEAR = 0.66  # GTE is to be GET, and REPORT no POST


def misspelt_method(word: str) -> str | None:
    """Return the method that was meant by a word in upper case, None for a method of somebody's own.

    :param word: what stands where a method may stand.
    """
    if not word.isupper() or word in METHODS:
        return None
    return next(iter(difflib.get_close_matches(word, METHODS, 1, _NEAR)), None)


QUERY_METHODS = ("GET", "HEAD")
"""The methods whose fields are the query."""

# `[]=a`, `[0][x]:=1`: brackets that begin an item. Without their `=`, or with `==`, they begin a JSON body.
_LIST_ITEM = pattern(r"(?:\[[^\[\]]*\])+:?=(?!=)")


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
    parser.add_words("PATH", "a path with its query, or a URL of this server; then items")
    _add_body_flags(parser)
    add_sending_flags(parser)
    parser.add_argument("--as", dest="as_name", type=parse_identifier, metavar="NAME", help="keep it in NAME")
    return parser


# Making one takes a fifth of the time of a whole request; parsing leaves it as it is.
_kept_parser = cache(request_parser)


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
    parser.add_repeatable("-d", "--data", metavar="DATA", help="as in curl: a=1&b=2, or @file")
    parser.add_repeatable("-F", dest="parts", metavar="PART", help="as in curl: name=value or name=@file")
    parser.add_repeatable(
        "-H", "--header", dest="headers", metavar="HEADER", help="'Name: value', as in curl"
    )
    add = parser.add_argument
    add("-X", "--request", dest="method", metavar="METHOD", help="another method than the magic's")
    add("-u", "--user", metavar="USER:PASSWORD", help="basic authorization")
    add("--bearer", metavar="TOKEN", help="authorization with a token")
    add("--expand", action="store_true", help="{expressions} count in the cell, too")


_SENDING = (
    "app", "copy", "expect", "follow", "fresh", "headers_shown", "height", "in_process", "mask", "scripts",
    "timed", "timeout", "traced",
)  # fmt: skip
"""What the flags that follow set of a definition."""


def add_sending_flags(parser: MagicParser) -> None:
    """Add the flags that say how a request is sent and shown."""
    add = parser.add_argument
    add("--no-follow", dest="follow", action="store_false", help="show a redirect instead of following it")
    add(
        "--timeout",
        type=_parse_seconds,
        default=DEFAULT_TIMEOUT,
        metavar="SECONDS",
        help=f"stop the view after this time (default {DEFAULT_TIMEOUT:g})",
    )
    add("--in-process", action="store_true", help="call the app without the server")
    parser.add_app()
    add("--fresh", action="store_true", help="without the cookies of earlier requests")
    add(
        "--expect",
        type=parse_statuses,
        default=(),
        metavar="STATUS",
        help="fail unless the status is among these: 201, 2xx, or 200,404",
    )
    add("--time", dest="timed", action="store_true", help="show how long it took")
    add("--trace", dest="traced", action="store_true", help="show its steps: hooks, view, handlers, teardown")
    add("--scripts", action="store_true", help="let the page that is shown run its scripts")
    add("--height", type=_parse_height, metavar="PX", help="how tall the frame of a page is, in pixels")
    add("--copy", choices=COPIES, metavar="NOTATION", help=copy_help())
    add("-i", "--show-headers", dest="headers_shown", action="store_true", help="show the response's headers")
    parser.add_repeatable(
        "--mask",
        type=_parse_mask,
        metavar="PATHS",
        help="JSON paths to leave out of what is shown: '$..id,$..created_at'",
    )


def sending_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return what :func:`add_sending_flags` has parsed, as attributes of a definition."""
    return {**{name: getattr(arguments, name) for name in _SENDING}, "mask": tuple(arguments.mask)}


def sending_flags() -> dict[str, str]:
    """Return what :func:`add_sending_flags` adds: the flags by the attributes that they set."""
    flags = {flag.dest: flag.option_strings[-1] for flag in _kept_parser().flags()}
    return {name: flags[name] for name in _SENDING}


def parse_request(
    method: str | None, line: str, cell: str | None = None, *, magic: str | None = None
) -> RequestDefinition:
    """Parse the line of a request magic, and the cell below it if there is one.

    :param method: the magic's method; None where the line may begin with one, as in ``--try``.
    :param line: what stands behind the magic's name.
    :param cell: the cell of ``%%post``: a JSON body, with ``--form`` one field a line, with a header
        ``Content-Type`` any text.
    :param magic: the magic's name for its help, by default made from the method.
    :raises MagicArgumentError: when anything in it is not understood.
    """
    if magic is None and method and cell is not None:
        magic = f"%%{method.lower()}"
    find_parser = partial(_kept_parser, method, magic)
    require_unicode(line + (cell or ""))
    # Where a statement's line gets here, its semicolon is off already; this is for every other call.
    line = line.rstrip().removesuffix(";")
    words = split_line(line, LineReader(find_parser, method).verbatim)
    arguments = find_parser().parse_words(words) if has_flags(words) else _without_flags(words)
    return build_request(method, arguments, cell)


def _without_flags(words: list[str]) -> argparse.Namespace:
    """Return what the parser makes of words that are no flags."""
    unset = {
        name: RequestDefinition._field_defaults[name] for name in (*_SENDING, "as_name", "bearer", "user")
    }
    lists: dict[str, list[str]] = {"data": [], "parts": [], "headers": []}
    return argparse.Namespace(
        words=words, method=None, form=False, json=False, expand=False, **unset, **lists
    )


def build_request(
    method: str | None, arguments: argparse.Namespace, cell: str | None = None
) -> RequestDefinition:
    """Return the request that the parsed words of a line mean; see :func:`parse_request`."""
    words: list[str] = arguments.words
    if method is None:
        meant = misspelt_method(words[0]) if len(words) > 1 and words[1].startswith("/") else None
        if meant is not None:
            raise MagicArgumentError(f"{words[0]!r} is not a method. Did you mean {meant}?")
        has_method = len(words) > 1 and words[0].upper() in METHODS
        # Without a method, data is posted, as by curl.
        method = words.pop(0) if has_method else "POST" if arguments.data or arguments.parts else "GET"
    method = arguments.method or method
    if not is_token(method):
        raise MagicArgumentError(f"-X {method!r} is not a method. Type one, such as -X PUT")
    return _Builder(method.upper(), arguments).build(words, cell)


class LineReader:
    """Finds the stretches of a request line that quotes do not cut: expressions and JSON.

    Quotes, spaces and braces belong to whoever began a stretch, and who that is depends on the word's
    place. A bracket begins a body behind the path only, for a path may hold ``[``, and at the beginning
    of a word only, for ``a[b]=1`` is a field. JSON is asked for before expressions are, since ``{"a": 1}``
    is both to Python; where it is not JSON, as with expressions in it, brackets are counted.

    :param find_parser: returns the parser of the line, once there is a flag.
    :param method: the magic's method; None where the line may begin with one.
    """

    def __init__(self, find_parser: Callable[[], MagicParser], method: str | None) -> None:
        self._find_parser = find_parser
        self.takes_method = method is None

    def verbatim(self, line: str, position: int, words: Sequence[str], word: str) -> int | None:
        """Return where the stretch at the position ends; see :data:`flask_nb.cells.words.Verbatim`."""
        if line.startswith(("\\{", "{{"), position):
            return position + 2
        opens = line[position] in "[{"
        if words and is_flag(words[-1]) and self._find_parser().awaits_value(words):
            takes_json = words[-1] in ("-d", "--data") and not word and opens
        elif not self._has_path(words):
            takes_json = False
        elif not word and opens and not _LIST_ITEM.match(line, position):
            # What is opened and never closed is one body to the end, so that the error shows all of it.
            return cells.end_of_json(line, position) or cells.end_of_brackets(line, position) or len(line)
        else:
            takes_json = re.fullmatch(r"[^=]*:=", word) is not None
        if not takes_json:
            return end_of_expression(line, position)
        return cells.end_of_json(line, position) or (cells.end_of_brackets(line, position) if opens else None)

    def _has_path(self, words: Sequence[str]) -> bool:
        positionals = self._find_parser().find_positionals(words) if has_flags(words) else words
        if self.takes_method and positionals and positionals[0].upper() in METHODS:
            return len(positionals) > 1
        return bool(positionals)


class _Builder:
    """Makes the definition of a line's words."""

    __slots__ = ("arguments", "method")

    def __init__(self, method: str, arguments: argparse.Namespace) -> None:
        self.method = method
        self.arguments = arguments

    def build(self, words: list[str], cell: str | None) -> RequestDefinition:
        if not words:
            raise MagicArgumentError("the path is missing. Type one, such as /items")
        path, arguments = parse_path(words[0]), self.arguments
        items = [cells.parse_item(word) for word in words[1:] if not is_body(word)]
        items += [cells.parse_header(text) for text in arguments.headers]
        items += [parse_part(text) for text in arguments.parts]
        bodies = [cells.parse_body(word) for word in words[1:] if is_body(word)]
        bodies += self.take_file_bodies(items)
        if arguments.data:
            bodies.append(cells.DataBody(tuple(map(cells.parse_data, arguments.data))))
        if cell is not None and cell.strip():
            self.read_cell(cell, items, bodies)
        encoding = self.encoding(items)
        if complaint := self.complaint(items, bodies, encoding):
            raise MagicArgumentError(complaint)
        return RequestDefinition(
            method=self.method,
            path=path,
            items=tuple(items),
            body=bodies[0] if bodies else None,
            encoding=encoding,
            is_json=arguments.json,
            bearer=None if arguments.bearer is None else parse_text(arguments.bearer),
            user=None if arguments.user is None else parse_text(arguments.user),
            as_name=arguments.as_name,
            **sending_options(arguments),
        )

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
        return [cells.FileBody(_as_text(item.value), item.typed) for item in files]

    def read_cell(self, cell: str, items: list[Item], bodies: list[Body]) -> None:
        if self.arguments.form or self.arguments.parts:
            lines = (line.strip() for line in cell.splitlines())
            items += [cells.parse_item(line) for line in lines if line and not line.startswith("#")]
        elif (content_type := content_type_of(items)) and "json" not in content_type.lower():
            text = cell.removesuffix("\n")
            bodies.append(cells.TextBody(parse_text(text) if self.arguments.expand else (text,)))
        else:
            bodies.append(self.parse_cell(cell.strip()))

    def parse_cell(self, cell: str) -> Body:
        try:
            return cells.parse_body(cell, expands=self.arguments.expand)
        except MagicArgumentError as exc:
            hint = "For other text, name its type: Content-Type:text/plain"
            with suppress(MagicArgumentError):
                cells.parse_body(cell)
                hint = "For values of the notebook, add --expand"
            raise MagicArgumentError(f"{exc}. {hint}") from None

    def complaint(self, items: list[Item], bodies: list[Body], encoding: Encoding) -> str | None:
        """Say, before anything is evaluated, what does not go together."""
        fields = [item for item in items if item.kind in ("field", "json", "file")]
        if self.arguments.bearer is not None and self.arguments.user is not None:
            return "there are two authorizations. Keep --bearer or -u"
        if len(bodies) > 1:
            return "there are two bodies. Keep one: in the line, in --data, or in the cell"
        if bodies and (self.arguments.form or self.arguments.parts):
            return "--form sends name=value fields, not a whole body. Leave out --form, or type fields"
        if self.arguments.json and encoding == "multipart":
            return "--json cannot upload files. Leave out --json"
        if bodies and fields and encoding != "query":
            what = f"there are two bodies: a whole one and the field {fields[0].typed!r}"
            return f"{what}. Put the field into the body, or type name==value for the query"
        if encoding == "json" and fields:
            names = ["".join(map(str, item.name)) for item in fields if not has_expressions(item.name)]
            cells.write_fields([(cells.parse_key(name), "null") for name in names])
        return None


def is_body(word: str) -> bool:
    """Say whether a word of a line is a body: from ``{`` or ``[``, unless it is ``[]=value``."""
    return word.startswith(("{", "[")) and not _LIST_ITEM.match(word)


def parse_part(typed: str, read: Callable[[str], Text] = parse_text) -> Item:
    """Parse ``name=value``, ``name=@path;type=…`` or ``name=<path``, as curl's ``-F`` has it.

    :param read: cuts a text into literal pieces and expressions.
    """
    name, equals, value = typed.partition("=")
    if not equals or not name:
        raise MagicArgumentError(f"{typed!r} is not a part. Type it as name=value or name=@path")
    kind: Kind = "file" if value.startswith("@") else "field"
    from_file = value.startswith(("@", "<"))
    content, mimetype, filename = cells.split_upload(value[1:] if from_file else value)
    return cells.Item(kind, read(name), read(content), from_file, False, mimetype, filename, f"-F {typed}")


def parse_path(typed: str) -> Text:
    """Return the path of a request: expressions count, ``{{`` and ``\\{`` are braces of its own.

    :raises MagicArgumentError: when a brace belongs to no expression.
    """
    return begin_with_slash(cut_fragment(cut_text(typed, find_expression, _read_path)))


def _read_path(text: str, position: int) -> tuple[str, int]:
    """Return the next character of a path, as it is meant, and where what was typed for it ends."""
    rest = text[position:]
    if rest.startswith(("{{", "}}", "\\{", "\\}")):
        return rest[1], position + 2
    if rest[0] == "{":
        raise MagicArgumentError(
            f"the path has no valid Python expression at {rest!r}. "
            f"Type {{name}} for a value, or {{{{ for a brace of the path itself"
        )
    if rest[0] == "}" and "\\{" not in text[:position]:
        raise MagicArgumentError(
            f"the path has a }} without its {{ at {rest!r}. A brace of the path itself is typed }}}}"
        )
    return rest[0], position + 1


def _as_text(value: Text | JsonText) -> Text:
    assert not isinstance(value, cells.JsonText)
    return value


def content_type_of(items: list[Item]) -> str | None:
    """Return the content type that the headers among the items name, without its expressions."""
    for item in items:
        if item.is_header("content-type"):
            return "".join(part for part in _as_text(item.value) if isinstance(part, str))
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


def require_unicode(text: str) -> None:
    """Refuse text that cannot be encoded.

    :raises MagicArgumentError: names the character.
    """
    if not text.isascii() and (half := re.search("[\ud800-\udfff]", text)):
        message = f"the text contains half a character, {half[0]!r}, which cannot be sent. Type it again"
        raise MagicArgumentError(message)


def _parse_seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < float("inf"):
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0, such as 5")


def _parse_height(text: str) -> int:
    if re.fullmatch(r"[1-9]\d{0,4}", text, re.ASCII):
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of pixels, such as 600")


def parse_statuses(text: str) -> tuple[str, ...]:
    """Return what ``201``, ``2xx`` or ``200,404`` names; argparse shows the error with the flag's name."""
    statuses = tuple(part.strip().lower() for part in text.split(","))
    if all(re.fullmatch(r"[1-5](?:[0-9]{2}|xx)", status) for status in statuses):
        return statuses
    raise argparse.ArgumentTypeError(f"{text!r} is not a status. Type it as 201, 2xx or 200,404")


def _parse_mask(text: str) -> str:
    if text.strip().startswith("$"):
        return text.strip()
    raise argparse.ArgumentTypeError(f"{text!r} is not a list of JSON paths. Type it as '$..id,$.created'")
