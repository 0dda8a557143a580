"""The line of ``%%route`` and what it says: a rule, its options, and the requests to try."""

from __future__ import annotations

import argparse
from contextlib import suppress
from functools import cache
from itertools import takewhile
from typing import NamedTuple, NoReturn

from flask_nb import cells
from flask_nb.errors import MagicArgumentError, RuleError, naming

from .arguments import MagicParser, find_twice, has_flags, is_flag, is_token, parse_literal, suggest
from .request import RequestDefinition
from .request_line import METHODS as COMMON_METHODS
from .request_line import LineReader, is_body, parse_request, request_parser
from .rules import check_rule, end_of_variable
from .words import find_words, quote_word, split_line

TRY_MAGIC = "%%route --try"
"""What the errors of a request that is tried begin with."""

METHODS = (*COMMON_METHODS, "TRACE", "CONNECT")
"""The methods that may stand in front of a rule; any other goes into ``--methods``."""


class RouteDefinition(NamedTuple):
    """A ``%%route`` cell.

    :param rule: the URL rule.
    :param methods: in upper case and as typed; None when none were given.
    :param endpoint: the endpoint that was asked for, None to name it after the function or the rule.
    :param defaults: names and values of ``--defaults``.
    :param strict_slashes: False with ``--no-strict-slashes``, else None: as the app says.
    :param host: the host that the rule is bound to.
    :param subdomain: the subdomain that the rule is bound to.
    :param tries: the requests to send after the cell has run.
    :param body: the cell below the magic's line.
    :param body_line: the line of the cell on which the body begins, from 1.
    """

    rule: str
    methods: tuple[str, ...] | None = None
    endpoint: str | None = None
    defaults: tuple[tuple[str, object], ...] = ()
    strict_slashes: bool | None = None
    host: str | None = None
    subdomain: str | None = None
    tries: tuple[RequestDefinition, ...] = ()
    body: str = ""
    body_line: int = 2


@cache
def route_parser() -> MagicParser:
    """Return the parser of ``%%route``."""
    parser = MagicParser(
        "%%route",
        "[METHODS] RULE",
        "Make the cell the view of a URL rule; it is live at once.\n\n"
        "The cell is the view's body: variables of the rule are local names, the last expression or\n"
        "`return` is the response. A cell that ends in a function or a View class defines the view.",
        examples=("%%route /hello/<name>", "%%route POST /items", "%%route /items/<int:id> --try /items/1"),
    )
    parser.add_words("RULE", "such as /items/<int:id>; POST or GET,POST in front")
    parser.add_argument("--methods", metavar="GET,POST", help="the methods, unless they precede the rule")
    parser.add_argument(
        "--endpoint", metavar="E", help="default: the function's name, or one made from methods and rule"
    )
    parser.add_repeatable(
        "--defaults",
        type=_parse_default,
        metavar="K=V",
        help="value of a variable that the rule lacks; a Python literal or text; repeatable",
    )
    parser.add_argument(
        "--no-strict-slashes",
        dest="strict_slashes",
        action="store_const",
        const=False,
        help="answer with and without the slash at the end",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--host", metavar="H", help="answer only for this host")
    where.add_argument("--subdomain", metavar="S", help="answer only for this subdomain")
    parser.add_repeatable(
        "--try",
        dest="tries",
        metavar="REQUEST",
        help="send it after each run of the cell: /hello/Ann or 'POST /items {\"a\": 1}'; repeatable",
    )
    return parser


# Making one takes longer than all else about a rule; parsing leaves it as it is.
_kept_parser = cache(route_parser)


def parse_route(line: str, body: str, body_line: int = 2) -> RouteDefinition:
    """Parse the line of ``%%route``; the body is kept as it is.

    :param body_line: the line of the cell on which the body begins.
    :raises MagicArgumentError: when the line is not understood.
    :raises RuleError: when the rule is malformed.
    """
    words = split_line(line, end_of_variable)
    if not has_flags(words):
        front, rule = _split_front(words)
        check_rule(rule)
        return RouteDefinition(rule, _choose_methods(front, None), body=body, body_line=body_line)
    arguments = _kept_parser().parse_words(words)
    front, rule = _split_front(arguments.words)
    check_rule(rule, host=arguments.host, subdomain=arguments.subdomain)
    methods = _choose_methods(front, arguments.methods)
    if arguments.endpoint is not None and not arguments.endpoint.strip():
        raise MagicArgumentError("the endpoint is empty. Type a name, such as --endpoint hello")
    if twice := find_twice([name for name, _value in arguments.defaults]):
        raise MagicArgumentError(f"the default {twice!r} is given twice. Keep one")
    with naming(TRY_MAGIC):
        tries = tuple(map(_parse_try, arguments.tries))
    return RouteDefinition(
        rule=rule,
        methods=methods,
        endpoint=arguments.endpoint,
        defaults=tuple(arguments.defaults),
        strict_slashes=arguments.strict_slashes,
        host=arguments.host,
        subdomain=arguments.subdomain,
        tries=tries,
        body=body,
        body_line=body_line,
    )


def _parse_try(text: str) -> RequestDefinition:
    """Return the request; where its path lacks quotes of its own, say how they are typed."""
    try:
        return parse_request(None, text, magic=TRY_MAGIC)
    except MagicArgumentError as exc:
        with suppress(MagicArgumentError):
            request = _with_quoted_path(text)
            parse_request(None, request, magic=TRY_MAGIC)
            typed = request.replace("'", "\\'")
            exc.args = (f"{exc.args[0]}. If that belongs to the path, type --try '{typed}'",)
        raise


def _with_quoted_path(text: str) -> str:
    """Return a request with quotes about its path and the words behind that can be nothing else."""
    reader = LineReader(lambda: request_parser(None), None)
    words = [*find_words(text, reader.verbatim), ("", len(text))]
    first = next((index for index, (word, _place) in enumerate(words) if word.startswith("/")), None)
    if first is None:
        return text
    behind = takewhile(lambda found: _may_be_of_path(found[0]), words[first + 1 :])
    path = [words[first][0], *(word for word, _place in behind)]
    start, end = words[first][1], words[first + len(path)][1]
    return f"{text[:start]}{quote_word(' '.join(path))} {text[end:]}".rstrip()


def _may_be_of_path(word: str) -> bool:
    return bool(word) and not is_flag(word) and not is_body(word) and cells.split_item(word) is None


def _split_front(words: list[str]) -> tuple[list[str], str]:
    """Return the methods in front and the rule."""
    index = next((index for index, word in enumerate(words) if word.startswith("/")), None)
    if (
        index is not None
        and words[index].rpartition("<")[2].isidentifier()
        and ">" in "".join(words[index + 1 :])
    ):
        check_rule(" ".join(words[index:]))  # a space within the brackets of a variable
    if index is None:
        return _fail_without_rule(words)
    if behind := words[index + 1 :]:
        raise MagicArgumentError(
            f"{behind[0]!r} after the rule is not understood. Methods come first, such as "
            f"%%route POST {words[index]}; a rule with spaces needs quotes"
        )
    return [method for word in words[:index] for method in _split_methods(word)], words[index]


def _fail_without_rule(words: list[str]) -> NoReturn:
    if not words or set(_split_methods(words[-1])) <= set(METHODS):
        raise MagicArgumentError(
            f"the rule is missing. Type one, such as %%route {' '.join([*words, '/hello'])}"
        )
    *methods, rule = words
    typed = " ".join(["%%route", *methods, f"/{rule}"])
    raise RuleError(f"the rule {rule!r} has to begin with a slash. Type {typed}")


def _split_methods(text: str) -> list[str]:
    return [method.strip().upper() for method in text.split(",") if method.strip()]


def _choose_methods(front: list[str], flag: str | None) -> tuple[str, ...] | None:
    for method in front:
        if method not in METHODS:
            hint = suggest(method, METHODS, "Methods")
            raise MagicArgumentError(
                f"{method!r} is not a known method; one of your own goes into --methods. {hint}"
            )
    if flag is None:
        return tuple(dict.fromkeys(front)) or None
    if front:
        raise MagicArgumentError(
            "the methods are given twice, in front of the rule and with --methods. Keep one"
        )
    methods = _split_methods(flag)
    if not methods or not all(map(is_token, methods)):
        raise MagicArgumentError(
            f"--methods {flag!r} is not a list of methods. Type it as --methods GET,POST"
        )
    return tuple(dict.fromkeys(methods))


def _parse_default(text: str) -> tuple[str, object]:
    name, separator, value = text.partition("=")
    if not separator or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value, such as page=1")
    return name, parse_literal(value)
