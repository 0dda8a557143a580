"""The line of ``%routes``: what is registered, and dropping what no cell defines any more."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from ..errors import MagicArgumentError
from .arguments import MagicParser
from .words import split_line


@dataclass(frozen=True)
class RoutesArguments:
    """What ``%routes`` was asked for.

    :param drop: the endpoints to withdraw; empty to show the table only.
    """

    drop: tuple[str, ...] = ()


def routes_parser() -> MagicParser:
    """Return the parser of ``%routes``."""
    parser = MagicParser(
        "%routes",
        "",
        "Show the app's routes: methods, rule, endpoint and the cell that holds each.",
        examples=("%routes", "%routes --drop hello_name"),
    )
    parser.add_argument(
        "--drop",
        action="append",
        default=[],
        metavar="ENDPOINT",
        help="withdraw the routes of this endpoint, which no cell defines any more; repeatable",
    )
    parser.add_argument("rest", nargs="*", help=argparse.SUPPRESS)
    return parser


def parse_routes(line: str) -> RoutesArguments:
    """Parse the line of ``%routes``.

    :raises MagicArgumentError: when it is not understood.
    """
    parser = routes_parser()
    arguments = parser.parse_words(split_line(line, magic=parser.prog))
    if arguments.rest:
        word = arguments.rest[0]
        raise MagicArgumentError(
            f"{word!r} is not understood. To withdraw an endpoint type %routes --drop {word}",
            magic=parser.prog,
        )
    return RoutesArguments(tuple(dict.fromkeys(arguments.drop)))
