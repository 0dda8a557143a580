"""The cell of ``%%check``: lines of a request and what is expected of its answer."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NoReturn

from flask_nb.errors import CheckSyntaxError, FlaskNbError, MagicArgumentError, MagicHelpRequested
from flask_nb.jsonpath import read_path

from .arguments import MagicParser, parse_identifier, suggest
from .expectations import (
    OTHER_NAMES,
    TYPES,
    Contained,
    Element,
    Expectation,
    HeaderValue,
    JsonValue,
    Look,
    Status,
)
from .expressions import Text, end_of_expression, parse_text
from .json_values import JsonText, end_of_brackets, end_of_json, parse_json_text
from .request import RequestDefinition
from .request_line import (
    METHODS,
    LineReader,
    add_sending_flags,
    build_request,
    parse_statuses,
    request_parser,
    require_unicode,
    sending_options,
)
from .selectors import check_selector, is_unknown_word, require_selectors
from .words import find_words, read_quoted

GRAMMAR = """\
cell        = { [ check ] [ "#" comment ] newline } ;
check       = request "->" expectation { expectation } ;
request     = [ METHOD ] PATH { ITEM | FLAG } [ JSON ] ;        (* as behind %get; see %post? *)
expectation = [ "not" ] ( status | text | value | header | element ) ;
status      = code { "," code } ;                               (* 201   2xx   200,404 *)
text        = '"' characters '"' | "'" characters "'" ;         (* the body contains it *)
value       = JSONPATH [ ":" type | ( "=" | "==" | "!=" ) JSON ] [ "as" NAME ] ;
type        = "int" | "float" | "number" | "str" | "bool" | "list" | "dict" | "object" | "null" ;
header      = NAME ":" pattern [ "as" NAME ] ;                  (* * in it stands for anything *)
element     = CSS-SELECTOR [ text ] [ "as" NAME ] ;             (* one that contains the text *)"""

_WITHOUT_EFFECT = frozenset({"scripts", "height", "headers_shown", "traced"})  # a table shows no page
_ARROW = re.compile(r"->|→")
_NO_ARROW = re.compile(r"[=~-]+>|[–—]>|⇒|>|==?")
_BARE_STATUS = re.compile(r"[1-5](?:\d\d|xx)")
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"\S+")
_COMMENT = re.compile(r"#(?:\s|$)")
_NOT = re.compile(r"not(?=\s)\s+")
_AS = re.compile(r"\s+as\s+(\S+)|\s+as\s*$")
_STATUS = re.compile(r"\d[\dxX,]*(?!\S)")
_TYPE = re.compile(r":\s*([\w-]*)")
_EQUALS = re.compile(r"\s*(==?|!=)\s*")
_NAME = re.compile(r"([A-Za-z][\w!#$%&'*+.^`|~-]*):")
# A header's name does not look like that: `li:first-child`, `a:not(.b)`; and they come with small letters.
_PSEUDO_CLASS = re.compile(
    r"[a-z][a-z\d.#-]*::?(?:-|any-link|autofill|active|checked|contains|current|default|defined|dir|disabled|empty"
    r"|enabled|first|focus|future|fullscreen|has|hover|host|in-range|indeterminate|is|lang|last|link|matches|muted"
    r"|not|nth|only|open|optional|out-of|past|paused|placeholder|playing|read|required|root|scope|target|visited"
    r"|where)\b"
)
_BRACKETED = re.compile(r"\[[^\]]*\]|\((?:[^()]|\([^()]*\))*\)|\S")


@dataclass(frozen=True)
class CheckDefinition:
    """One line of ``%%check``.

    :param line: where it stands in the cell, from 1.
    :param asked: the request as typed.
    """

    request: RequestDefinition
    expectations: tuple[Expectation, ...]
    line: int = field(default=0, compare=False)
    asked: str = field(default="", compare=False)


@cache
def check_parser() -> MagicParser:
    """Return the parser of the line of ``%%check``; its flags count for all requests of the cell."""
    parser = MagicParser(
        "%%check",
        "",
        "Send the requests in the cell, and fail if an answer is not what is expected.\n\n"
        "Each line is a request, ->, and what is expected: the status, texts that the body contains,\n"
        "values of its JSON, headers, elements of the page. 'not' in front turns one round. A value is\n"
        "kept for the lines below with 'as NAME', and {NAME} or any {expression} stands for it, in\n"
        "requests, texts, patterns and JSON. The request is typed as behind %get, with the same items\n"
        "and flags; flags in the first line count for all. All lines are read before the first request\n"
        "is sent, and all requests are sent before the cell fails. Redirects are not followed, so that\n"
        "-> 302 Location:/login can be checked; --follow looks at where they lead. Cookies go on from\n"
        "line to line. A JSON path is one of --mask; if it leads to several values, a type has to fit\n"
        'all, = one. CSS selectors need: pip install "flask_nb[check]"\n\n' + GRAMMAR,
        examples=(
            "%%check",
            'GET /hello/Ann -> 200 "Hello, Ann"',
            'POST /items {"name": "tea"} -> 201 $.id:int Location:/items/* $.id as item',
            'GET /items/{item} -> 200 $.name="tea" not $.error',
            "POST /login user=ann --form -> 302 Location:/ Set-Cookie:session=*",
            "GET /nope -> 404",
            'GET /page -> 200 h1 "Guests" ul.guests li:first-child "Ann"  # a comment',
        ),
    )
    parser.add_words()  # refused with a hint
    _add_flags(parser)
    return parser


def check_line_parser() -> MagicParser:
    """Return the parser of the request in a line below ``%%check``."""
    parser = request_parser(None, "%%check")
    _add_follow(parser)
    return parser


def _add_flags(parser: MagicParser) -> None:
    add_sending_flags(parser)
    _add_follow(parser)


def _add_follow(parser: MagicParser) -> None:
    help = "look at where a redirect leads, not at the redirect"
    parser.add_argument("--follow", dest="follow", action="store_true", help=help)
    parser.set_defaults(follow=False)
    for flag in parser.flags():
        if flag.dest in _WITHOUT_EFFECT or "--no-follow" in flag.option_strings:
            flag.help = argparse.SUPPRESS


def parse_checks(line: str, cell: str | None, first_line: int = 2) -> tuple[CheckDefinition, ...]:
    """Parse the line and the cell of ``%%check``.

    :param first_line: the line of the cell on which the checks begin, from 1.
    :raises CheckSyntaxError: when a line is not a check; it names the place.
    :raises MagicArgumentError: when the first line is not understood, or selectors cannot be looked for.
    """
    require_unicode(line + (cell or ""))
    arguments = check_parser().parse_line(line)
    if arguments.words:
        message = f"{arguments.words[0]!r} is not understood: checks belong in the cell, below this line"
        raise MagicArgumentError(message)
    options = {**sending_options(arguments), "mask": list(arguments.mask)}
    lines = enumerate((cell or "").splitlines(), start=first_line)
    checks = tuple(
        _LineOfCheck(number, text, options).parse()
        for number, text in lines
        if text.strip() and not text.lstrip().startswith("#")
    )
    if not checks:
        raise MagicArgumentError("there is no check in the cell. Type one, such as GET / -> 200")
    if any(isinstance(one.look, Element) for check in checks for one in check.expectations):
        require_selectors()
    return checks


@dataclass
class _LineOfCheck:
    """Reads one line."""

    number: int
    text: str
    options: dict[str, Any]

    def parse(self) -> CheckDefinition:
        """Return the check; a fault in it gets its place."""
        try:
            request, arrow = self._read_request()
            expectations = tuple(_ExpectationReader(self.text, arrow.end()).read())
        except MagicHelpRequested:
            raise MagicHelpRequested(check_parser().format_help()) from None
        except MagicArgumentError as exc:
            column = (exc.position or 0) + 1
            raise CheckSyntaxError(str(exc), line=self.number, column=column, text=self.text) from None
        if request.expect:
            flag = f"--expect {','.join(request.expect)}"
            expectations = (Expectation(Status(request.expect), typed=flag), *expectations)
        return CheckDefinition(request, expectations, self.number, self.text[: arrow.start()].strip())

    def _read_request(self) -> tuple[RequestDefinition, re.Match[str]]:
        """Return the request, and the arrow behind it."""
        parser = check_line_parser()
        parser.set_defaults(**self.options)
        words: list[str] = []
        places: list[int] = []
        arrow = None
        for word, place in find_words(self.text, LineReader(lambda: parser, None).verbatim):
            if arrow := _ARROW.match(self.text, place):
                break
            words.append(word)
            places.append(place)
        if arrow is None:
            self._find_lost_arrow(parser, words, places)
        request = self._build(parser, words, places)
        if arrow is None:
            self._fail_without_arrow()
        return request, arrow

    def _build(self, parser: MagicParser, words: list[str], places: list[int]) -> RequestDefinition:
        try:
            if words and words[-1] in METHODS and len(words) == 1:
                raise MagicArgumentError(
                    f"the path is missing after {words[0]}. Type one, such as {words[0]} /items"
                )
            return build_request(None, parser.parse_words(words))
        except MagicHelpRequested:
            raise
        except MagicArgumentError as exc:
            raise MagicArgumentError(str(exc), self._fault(parser, words, places, str(exc))) from None

    def _fault(self, parser: MagicParser, words: list[str], places: list[int], message: str) -> int:
        """Return where the word stands with which the fault comes in: what is before it does not have it."""
        for count, place in enumerate(places, start=1):
            try:
                build_request(None, parser.parse_words(words[:count]))
            except FlaskNbError as exc:
                if str(exc) == message:
                    return place
        return places[-1] if places else 0

    def _find_lost_arrow(self, parser: MagicParser, words: list[str], places: list[int]) -> None:
        """Refuse what can only be a misspelt arrow, or a status without one: as items they make no sense."""
        for index, (word, place) in enumerate(zip(words, places, strict=True)):
            if index == 0 or parser.awaits_value(words[:index]):
                continue
            if _NO_ARROW.fullmatch(word):
                raise MagicArgumentError(f"{word!r} is not the arrow. Type ->", place)
            if _BARE_STATUS.fullmatch(word) and self.text.startswith(word, place):
                raise MagicArgumentError(f"the arrow is missing. Type -> {word}", place)

    def _fail_without_arrow(self) -> NoReturn:
        if found := _ARROW.search(self.text):
            message = "the arrow -> needs a space on both sides, outside of quotes and brackets"
            raise MagicArgumentError(message, found.start())
        typed = self.text.strip()[:40]
        message = f"what is expected is missing. Type it behind an arrow, such as {typed} -> 200"
        raise MagicArgumentError(message, len(self.text.rstrip()))


@dataclass
class _ExpectationReader:
    """Reads what stands behind the arrow."""

    text: str
    position: int

    def read(self) -> Iterator[Expectation]:
        """Yield the expectations up to the end of the line."""
        self._skip_space()
        if self._is_at_end():
            self._fail("nothing is expected. Type something behind the arrow, such as 200")
        has_status = False
        while not self._is_at_end():
            begin = self.position
            expectation = self._read_one()
            if isinstance(expectation.look, Status) and not expectation.is_negated:
                if has_status:
                    self._fail(
                        "there are two statuses. Type those of which one has to come as 200,404", begin
                    )
                has_status = True
            yield expectation
            if self.position < len(self.text) and not self.text[self.position].isspace():
                self._fail(f"{self._word()!r} is not understood here. Put a space in front of it")
            self._skip_space()

    def _read_one(self) -> Expectation:
        begin = self.position
        is_negated = self._take(_NOT) is not None
        look = self._read_look()
        end = self.position
        as_name = self._read_name() if not isinstance(look, Status | Contained) else None
        if as_name and is_negated:
            self._fail("what is not there cannot be kept. Leave out 'not', or 'as'", begin)
        return Expectation(look, is_negated, as_name, self.text[begin:end].strip())

    def _read_look(self) -> Look:
        rest = self.text[self.position :]
        if rest.startswith(("'", '"')):
            return Contained(self._read_quoted())
        if rest.startswith("$"):
            return self._read_json()
        if rest[:1].isdigit():
            return self._read_status()
        if rest.startswith("/") or _ARROW.match(rest) or re.match(r"(?:as|not)(?!\S)", rest):
            self._fail(f"{self._word()!r} is not understood. {_HINT}")
        if _NAME.match(rest) and not _PSEUDO_CLASS.match(rest):
            return self._read_header()
        return self._read_element()

    def _read_status(self) -> Status:
        word = self._word()
        try:
            statuses = parse_statuses(word)
        except argparse.ArgumentTypeError as exc:
            self._fail(str(exc))
        self.position += len(word)
        return Status(statuses)

    # --- JSON ---

    def _read_json(self) -> JsonValue:
        begin = self.position
        path, self.position = read_path(self.text, begin)
        typed = self.text[begin : self.position]
        assert path is not None  # it begins with $
        if found := self._take(_TYPE):
            return JsonValue(path, typed, type=self._type(found))
        if found := self._take(_EQUALS):
            value = self._read_value(f"{typed}{found[1]}")
            return JsonValue(path, typed, value=value, differs=found[1] == "!=")
        if self.position < len(self.text) and not self.text[self.position].isspace():
            hint = "Type it as $.name, $.items[0].id or $['a name'], with :int or ='text' behind it"
            self._fail(f"{self._word()!r} does not go on a JSON path. {hint}")
        return JsonValue(path, typed)

    def _type(self, found: re.Match[str]) -> str:
        name = OTHER_NAMES.get(found[1], found[1])
        if name not in TYPES:
            known = (*TYPES, *OTHER_NAMES)
            self._fail(f"{found[1]!r} is not a type. {suggest(found[1], known, 'Types')}", found.start(1))
        return name

    def _read_value(self, what: str) -> JsonText | Text:
        begin = self.position
        if self.text.startswith("'", begin):
            return self._read_quoted()
        end = end_of_expression(self.text, begin) if self.text[begin : begin + 1] == "{" else None
        end = end or end_of_json(self.text, begin)
        if end is None and self.text[begin : begin + 1] in ("{", "["):
            end = end_of_brackets(self.text, begin)
        if end is None or not re.match(r"\s|$", self.text[end:]):
            word = self._word()
            hint = f"A text needs quotes: {what}'{word}'" if word else f"Type one, such as {what}1"
            self._fail(f"the value of {what} is missing or not JSON. {hint}")
        try:
            value = parse_json_text(self.text[begin:end], f"the value of {what}")
        except MagicArgumentError as exc:
            self._fail(str(exc))
        self.position = end
        return value

    # --- headers and elements ---

    def _read_header(self) -> HeaderValue:
        found = self._take(_NAME)
        assert found is not None
        if self.text.startswith(("'", '"'), self.position):
            return HeaderValue(found[1], self._read_quoted())
        begin, end = self.position, self.position
        while end < len(self.text) and not self.text[end].isspace():
            end = end_of_expression(self.text, end) or end + 1
        if begin == end:
            self._fail(f"the value of {found[0]} is missing. Type it without a space, or {found[0]}* for any")
        self.position = end
        return HeaderValue(found[1], parse_text(self.text[begin:end]))

    def _read_element(self) -> Element:
        begin, end = self.position, self._end_of_selector()
        selector = " ".join(self.text[begin:end].split())
        self.position = end
        after = _SPACE.match(self.text, end)
        assert after is not None
        text = None
        if self.text.startswith(("'", '"'), after.end()):
            self.position = after.end()
            text = self._read_quoted()
        elif is_unknown_word(selector):
            self._fail(f"{selector!r} is not understood. {_HINT}", begin)
        try:
            check_selector(selector)
        except MagicArgumentError as exc:
            self._fail(str(exc), begin)
        return Element(selector, text)

    def _end_of_selector(self) -> int:
        """Return where a selector ends: at a text, or where something else is expected."""
        end = self.position
        while True:
            while found := _BRACKETED.match(self.text, end):
                end = found.end()
            following = _SPACE.match(self.text, end)
            assert following is not None
            if following.end() == len(self.text) or self._begins_another(following.end()):
                return end
            end = following.end()

    def _begins_another(self, position: int) -> bool:
        rest = self.text[position:]
        is_other = rest.startswith(("'", '"', "$", "/")) or re.match(r"(?:not|as)(?!\S)|\d", rest)
        is_header = _NAME.match(rest) and not _PSEUDO_CLASS.match(rest)
        return bool(is_other or is_header or _COMMENT.match(rest) or _ARROW.match(rest))

    # --- pieces ---

    def _read_quoted(self) -> Text:
        value, self.position = read_quoted(self.text, self.position)
        return parse_text(value)

    def _read_name(self) -> str | None:
        found = self._take(_AS)
        if found is None:
            return None
        if found[1] is None:
            self._fail("the name behind 'as' is missing. Type one, such as as item")
        try:
            return parse_identifier(found[1])
        except argparse.ArgumentTypeError as exc:
            self._fail(str(exc), found.start(1))

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.position)
        if found is not None:
            self.position = found.end()
        return found

    def _skip_space(self) -> None:
        self._take(_SPACE)

    def _is_at_end(self) -> bool:
        return self.position == len(self.text) or _COMMENT.match(self.text, self.position) is not None

    def _word(self) -> str:
        found = _WORD.match(self.text, self.position)
        return found[0] if found else ""

    def _fail(self, message: str, position: int | None = None) -> NoReturn:
        raise MagicArgumentError(message, self.position if position is None else position)


_HINT = 'Behind the arrow come a status, "a text" in quotes, $.a.path, Header:value, or a CSS selector'
