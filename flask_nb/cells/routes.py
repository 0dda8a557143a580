"""The line of ``%routes``: what is registered, and dropping what no cell defines any more."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser


@dataclass(frozen=True)
class RoutesArguments:
    """What ``%routes`` was asked for.

    :param drop: the endpoints to withdraw; none to show the table only.
    :param app: the variable of another app than the current one.
    """

    drop: tuple[str, ...] = ()
    app: str | None = None


@cache
def routes_parser() -> MagicParser:
    """Return the parser of ``%routes``."""
    parser = MagicParser(
        "%routes",
        "",
        "Show the app's routes: methods, rule, endpoint and the cell that holds each.",
        examples=("%routes", "%routes --drop hello_name"),
    )
    parser.add_words()  # refused with a hint
    parser.add_repeatable(
        "--drop",
        metavar="ENDPOINT",
        help="withdraw the routes of this endpoint, which no cell defines any more; repeatable",
    )
    parser.add_app()
    return parser


def parse_routes(line: str) -> RoutesArguments:
    """Parse the line of ``%routes``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = routes_parser().parse_line(line)
    if arguments.words:
        what = f"{arguments.words[0]!r} is not understood"
        raise MagicArgumentError(f"{what}. To withdraw an endpoint, type %routes --drop {arguments.words[0]}")
    return RoutesArguments(tuple(dict.fromkeys(arguments.drop)), arguments.app)
