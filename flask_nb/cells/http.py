"""``%%http``: requests as editors' REST clients have them, in the cell or a file, or pasted curl commands."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import Any

from flask_nb.errors import MagicArgumentError, placing

from .answers import AnswerSource
from .arguments import MagicParser, is_token, parse_identifier, suggest
from .bodies import Body, FileBody, JsonBody, TextBody
from .curl import parse_curl
from .expressions import Expression, is_expression, parse_text
from .items import Item, read_file
from .json_values import Quoted, parse_json_text
from .request import RequestDefinition, begin_with_slash, cut_fragment
from .request_line import METHODS, add_sending_flags, content_type_of, require_unicode, sending_options

_COMMENT = re.compile(r"\s*(?:#|//)")
_DIRECTIVE = re.compile(r"\s*(?:#|//)\s*@([\w-]+)(?:[ =]+(.*))?$")
_VARIABLE = re.compile(r"\s*@([\w.-]+)\s*=\s*(.*?)\s*$")
_BRACES = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_REQUEST_LINE = re.compile(r"(?:([A-Z][A-Z-]*)\s+)?(\S.*?)(?:\s+HTTP/[\d.]+)?\s*$")
_CURL = re.compile(r"\s*(?:[$%>]\s+)?curl(?:\.exe)?(?:\s|$)")


@cache
def http_parser(magic: str = "%%http") -> MagicParser:
    """Return the parser of ``%%http``, and of ``%http``."""
    parser = MagicParser(
        magic,
        "[NAME …]",
        "Send the requests in the cell or in a file, one after another, and show each exchange.\n\n"
        "The text is as editors' REST clients have it: a request line, headers, a blank line, the\n"
        "body; ### between requests; @name = value and {{name}}, which may be an expression of the\n"
        "notebook as well; '# @name login' keeps a response in login, and {{login.response.body.token}}\n"
        "is a part of it; '< file' sends a file. Or it is a curl command as copied from a manual or a\n"
        "browser. %http sends a file, of which NAMEs choose the requests with a '# @name'; the\n"
        "variables of a cell below --file count for the file, too.",
        examples=_EXAMPLES[magic],
    )
    parser.add_words()  # refused with a hint where no file is named
    parser.add_argument("--file", metavar="PATH", help="send what stands in a file, such as requests.http")
    add_sending_flags(parser)
    return parser


_FILE_EXAMPLES = ("%http --file requests.http", "%http --file requests.http login items --expect 2xx")
_EXAMPLES = {
    "%http": _FILE_EXAMPLES,
    "%%http": (
        "%%http --expect 2xx",
        "@who = Ann",
        "# @name created",
        "POST /items",
        "Content-Type: application/json",
        "",
        '{"name": "{{who}}"}',
        "###",
        "GET /items/{{created.response.body.id}}",
    ),
}


def parse_http(line: str, cell: str | None, first_line: int = 2) -> tuple[RequestDefinition, ...]:
    """Parse the line and the cell of ``%%http``, or the line of ``%http``.

    :param cell: None for the line magic.
    :param first_line: the line of the cell on which its text begins, from 1.
    :raises MagicArgumentError: when anything in it is not understood; it names the line, and the file.
    """
    require_unicode(line + (cell or ""))
    arguments = http_parser("%http" if cell is None else "%%http").parse_line(line)
    if arguments.words and not arguments.file:
        message = f"{arguments.words[0]!r} is not understood: requests belong in the cell, below this line"
        raise MagicArgumentError(f"{message}, or in a file that --file names")
    sources = [_read_source(arguments.file)] if arguments.file else []
    sources += [_Source(cell or "", first_line=first_line)]
    blocks = [block for source in sources for block in source.blocks()]
    heads = (line for block in blocks for line in _head(block.lines))
    # A variable counts for all requests, wherever it stands, as in editors.
    variables = _Variables({found[1]: found[2] for line in heads if (found := _VARIABLE.match(line))})
    options = sending_options(arguments)
    requests = [request for block in blocks for request in _parse_block(block, variables, options)]
    if not requests:
        raise MagicArgumentError(_nothing_there(arguments.file, is_line=cell is None))
    return tuple(_choose(requests, arguments.words) if arguments.words else requests)


def _nothing_there(file: str | None, *, is_line: bool) -> str:
    if file:
        return f"there is no request in {file}. It takes lines such as GET /items, with ### between requests"
    if is_line:
        return "there is no request. Type --file requests.http, or %%http with the requests below it"
    return "there is no request in the cell. Type one, such as GET /items"


def _choose(requests: list[RequestDefinition], names: list[str]) -> Iterator[RequestDefinition]:
    """Yield the requests that have these names, in the order of the names."""
    known = {request.as_name: request for request in requests if request.as_name}
    for name in names:
        if name not in known:
            hint = suggest(name, known, "Named") if known else "Name one in the file: # @name login"
            raise MagicArgumentError(f"there is no request {name!r}. {hint}")
        yield known[name]


@dataclass(frozen=True)
class _Source:
    """A text with requests.

    :param file: the file it was read from; empty for the cell.
    """

    text: str
    file: str = ""
    first_line: int = 1

    def blocks(self) -> list[_Block]:
        """Return the stretches between lines of ``###``."""
        blocks = [_Block(self, self.first_line, [])]
        for number, line in enumerate(self.text.replace("\r\n", "\n").split("\n"), start=self.first_line):
            if line.startswith("###"):
                blocks.append(_Block(self, number + 1, []))
            else:
                blocks[-1].lines.append(line)
        return blocks


@dataclass(frozen=True)
class _Block:
    """The lines of one request, with what stands above it.

    :param line: the number of the first one.
    """

    source: _Source
    line: int
    lines: list[str]

    def place(self, index: int) -> str:
        """Return what people call one of the lines."""
        file = f"{self.source.file}, " if self.source.file else ""
        return f"{file}line {self.line + index}"


def _read_source(path: str) -> _Source:
    try:
        return _Source(read_file(path, f"--file {path}").decode("utf-8-sig"), path)
    except UnicodeDecodeError:
        raise MagicArgumentError(f"the file {path!r} is not UTF-8 text. Save it as UTF-8") from None


@dataclass
class _Variables:
    """What stands for ``{{name}}``: a variable of the cell, else an expression of the notebook."""

    values: dict[str, str]

    def substitute(self, text: str, within: tuple[str, ...] = ()) -> str:
        """Return the text with the cell's own variables in place.

        :param within: the variables whose values are being put in place.
        """

        def value(found: re.Match[str]) -> str:
            name = found[1]
            if name in within:
                message = f"the variable {{{{{name}}}}} refers to itself. Give it a value: @{name} = …"
                raise MagicArgumentError(message)
            return self.substitute(self.values[name], (*within, name)) if name in self.values else found[0]

        return _BRACES.sub(value, text)

    def find(self, text: str, position: int) -> tuple[int, Expression] | None:
        """Return the expression of the notebook at the position, as parse_text wants it."""
        found = _BRACES.match(text, position)
        if found is None:
            return None
        source = AnswerSource.parse(found[1]) or found[1]
        if not is_expression(source):
            raise MagicArgumentError(
                f"{{{{{found[1]}}}}} is neither a variable of the cell nor an expression of the notebook. "
                f"Define it with @name = value"
            )
        return found.end(), Expression(source)


def _head(block: list[str]) -> Iterator[str]:
    """Return the lines before the request line."""
    return takewhile(lambda line: not line.strip() or _VARIABLE.match(line) or _COMMENT.match(line), block)


def _parse_block(block: _Block, variables: _Variables, options: dict[str, Any]) -> list[RequestDefinition]:
    head = list(_head(block.lines))
    lines = block.lines[len(head) :]
    if not lines:
        return []
    place = block.place(len(head))
    options = {**options, **_directives(block, head), "place": place}
    if _CURL.match(lines[0]):
        with placing(place):
            return parse_curl(variables.substitute("\n".join(lines)), options)
    message = _Message(lines, variables, options, os.path.dirname(block.source.file))
    try:
        return [message.parse()]
    except MagicArgumentError as exc:
        exc.place = block.place(len(block.lines) - len(message.lines) - 1)  # the line that was taken last
        raise


def _directives(block: _Block, head: list[str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for index, found in enumerate(map(_DIRECTIVE.match, head)):
        name, value = found.groups() if found else ("", "")
        if name == "name" and value:
            with placing(block.place(index)):
                options["as_name"] = _identifier(value.strip())
        elif name == "no-redirect":
            options["follow"] = False
        elif name == "no-cookie-jar":
            options["fresh"] = True
    return options


def _identifier(name: str) -> str:
    try:
        return parse_identifier(name)
    except argparse.ArgumentTypeError as exc:
        raise MagicArgumentError(f"# @name {name}: {exc}") from None


@dataclass
class _Message:
    """One request as text: request line, headers, blank line, body.

    :param lines: those that are still to be read.
    :param folder: where the paths of files begin, the notebook's folder if it is empty.
    """

    lines: list[str]
    variables: _Variables
    options: dict[str, Any]
    folder: str

    def parse(self) -> RequestDefinition:
        typed = self.variables.substitute(self._take_request_line()).strip()
        if typed in METHODS:
            raise MagicArgumentError(f"the path is missing after {typed}. Type one, such as {typed} /items")
        if typed.startswith("@"):
            raise MagicArgumentError(f"{typed[:60]!r} is not a variable. Type it as @name = value")
        found = _REQUEST_LINE.match(typed)
        if found is None or re.search(r"\s", re.sub(_BRACES, "", found[2])):
            raise MagicArgumentError(f"{typed[:60]!r} is not a request line. Type one, such as POST /items")
        headers = self._take_headers()
        return RequestDefinition(
            method=found[1] or "GET",
            path=begin_with_slash(cut_fragment(parse_text(found[2], self.variables.find))),
            items=tuple(headers),
            body=self._body((content_type_of(headers) or "").lower()),
            encoding="query",
            is_pasted=True,
            **self.options,
        )

    def _take_request_line(self) -> str:
        """Take the request line, with the lines of its query that follow indented."""
        line = self.lines.pop(0)
        while self.lines and re.match(r"\s+\S", self.lines[0]):
            line = line.rstrip() + self.lines.pop(0).strip()
        return line

    def _take_headers(self) -> list[Item]:
        headers: list[Item] = []
        while self.lines and (line := self.lines.pop(0)).strip():
            if _COMMENT.match(line):
                continue
            line = self.variables.substitute(line).strip()
            name, colon, value = (piece.strip() for piece in line.partition(":"))
            if not colon or not is_token(name):
                raise MagicArgumentError(
                    f"{line!r} is not a header. Put a blank line between the headers and the body"
                )
            if name.lower() != "content-length":  # a pasted message has it; it is counted anew
                headers.append(Item("header", (name,), parse_text(value, self.variables.find), typed=line))
        return headers

    def _body(self, content_type: str) -> Body | None:
        lines = self.lines
        while lines and not lines[-1].strip():
            lines.pop()
        if not lines:
            return None
        for index, line in enumerate(lines):
            if re.match(r"<@|[<>]\s*\{%|>>!?\s", line):
                del lines[: index + 1]
                what = f"{line.strip()[:40]!r} is a script for another editor"
                raise MagicArgumentError(f"{what}. Use '# @name' and Python")
        if len(lines) == 1 and (file := re.match(r"<\s+(\S.*?)\s*$", lines[0])):
            path = os.path.join(self.folder, self.variables.substitute(file[1]))
            return FileBody(parse_text(path, self.variables.find), lines[0], is_typed=False)
        return self._text_body([self.variables.substitute(line) for line in lines], content_type)

    def _text_body(self, lines: list[str], content_type: str) -> Body:
        if content_type.startswith("application/x-www-form-urlencoded"):
            return TextBody(parse_text("".join(line.strip() for line in lines), self.variables.find))
        text = "\n".join(lines)
        if content_type.startswith("multipart/"):
            return TextBody(parse_text(f"{text}\n", self.variables.find), newline="\r\n")
        if "{{" in text and text.lstrip().startswith(("{", "[")):
            with suppress(MagicArgumentError):  # it is no JSON, so its variables are not written as JSON
                parsed = parse_json_text(text, "the body", self.variables.find)
                if any(isinstance(part, Expression | Quoted) for part in parsed.parts):
                    return JsonBody(parsed, type=None)  # as in editors, only a header says the type
        return TextBody(parse_text(text, self.variables.find))
