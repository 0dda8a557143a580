"""The line of ``%routes``: what is registered, and dropping what no cell defines any more."""

from __future__ import annotations

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser


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
    return parser


def parse_routes(line: str) -> tuple[str, ...]:
    """Return the endpoints that the line of ``%routes`` wants withdrawn; none to show the table only.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = routes_parser().parse_line(line)
    if arguments.words:
        what = f"{arguments.words[0]!r} is not understood"
        raise MagicArgumentError(f"{what}. To withdraw an endpoint, type %routes --drop {arguments.words[0]}")
    return tuple(dict.fromkeys(arguments.drop))
