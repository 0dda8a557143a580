"""The line of ``%app``: which app the notebook builds."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import MagicArgumentError
from .arguments import MagicParser
from .words import split_line


@dataclass(frozen=True)
class AppArguments:
    """What ``%app`` was asked for.

    :param name: the variable that holds the app to choose, None to show the current one.
    """

    name: str | None = None


def app_parser() -> MagicParser:
    """Return the parser of ``%app``."""
    parser = MagicParser(
        "%app",
        "[NAME]",
        "Show the app that the notebook builds, or choose it.",
        examples=("%app", "%app admin"),
    )
    parser.add_argument(
        "name", nargs="*", metavar="NAME", help="variable that holds the app to build from here on"
    )
    return parser


def parse_app(line: str) -> AppArguments:
    """Parse the line of ``%app``.

    :raises MagicArgumentError: when it is not understood.
    """
    parser = app_parser()
    names = parser.parse_words(split_line(line, magic=parser.prog)).name
    if len(names) > 1:
        raise MagicArgumentError(f"one variable at a time, not {' '.join(names)!r}", magic=parser.prog)
    for name in names:
        if not name.isidentifier():
            raise MagicArgumentError(
                f"{name!r} is not a variable. Bind the app to one and type its name, such as %app admin",
                magic=parser.prog,
            )
    return AppArguments(*names)
