"""The line of ``%exchange``: which of the requests that there have been, and what of it."""

from __future__ import annotations

import argparse
import re
from functools import cache
from typing import Literal, NamedTuple

from flask_nb.errors import MagicArgumentError

from .arguments import COPIES, MagicParser, copy_help, parse_count

Which = int | str
"""A number, from the end if it is negative, or the variable that ``--as`` has set."""

Action = Literal["show", "replay", "diff", "debug", "copy"]

_SHOWN = 20
_NUMBER = re.compile(r"-?[0-9]{1,9}")


class ExchangeArguments(NamedTuple):
    """What ``%exchange`` was asked for.

    :param which: the exchange; None for a list.
    :param action: what to do with it.
    :param other: for ``diff``, what it is compared with.
    :param copy: for ``copy``, the notation.
    :param failed: list only what failed or was refused.
    :param path: list only the paths that fit a pattern with ``*`` and ``?``.
    :param method: list only this method.
    :param last: list at most so many, the newest.
    :param app: the variable of another app than the current one.
    """

    which: Which | None = None
    action: Action = "show"
    other: Which | None = None
    copy: str = ""
    failed: bool = False
    path: str | None = None
    method: str | None = None
    last: int = _SHOWN
    app: str | None = None


@cache
def exchange_parser() -> MagicParser:
    """Return the parser of ``%exchange``."""
    parser = MagicParser(
        "%exchange",
        "[NUMBER | NAME]",
        "Show the requests that the app was asked, whoever asked, or one of them wholly.\n\n"
        "The last 1000 are kept. -1 is the last one, of those that the filters leave.",
        examples=(
            "%exchange",
            "%exchange --failed --path '/items*' --method POST --last 5",
            "%exchange -1",
            "%exchange 7 --replay",
            "%exchange 7 --diff 9",
            "%exchange -1 --failed --debug",
            "%exchange login --copy pytest",
        ),
    )
    parser.add_words("NUMBER", "its number in the list, or from the end; or the NAME that --as gave it")
    parser.add_argument("--failed", action="store_true", help="only failures and refusals")
    parser.add_argument("--path", metavar="PATTERN", help="only paths that fit, such as '/items*'")
    parser.add_argument("--method", type=str.upper, metavar="METHOD", help="only this method")
    parser.add_argument("--last", type=parse_count, metavar="N", help=f"how many; default: {_SHOWN}")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--replay", action="store_true", help="send it again and show what is different")
    action.add_argument(
        "--diff", type=_parse_which, metavar="OTHER", help="show what is different in another"
    )
    action.add_argument("--debug", action="store_true", help="open the frame of the view that failed")
    action.add_argument("--copy", choices=COPIES, metavar="NOTATION", help=copy_help())
    parser.add_app()
    return parser


def parse_exchange(line: str) -> ExchangeArguments:
    """Parse the line of ``%exchange``.

    :raises MagicArgumentError: when it is not understood.
    """
    given = exchange_parser().parse_line(line)
    if len(given.words) > 1:
        raise MagicArgumentError(
            f"one exchange at a time, not {' '.join(given.words)!r}. To compare two, type "
            f"%exchange {given.words[0]} --diff {given.words[1]}"
        )
    which = _which(given.words[0]) if given.words else None
    action = _action(given)
    if which is None and action != "show":
        value = f" {given.copy or given.diff}" if action in ("copy", "diff") else ""
        raise MagicArgumentError(f"which exchange? Type %exchange -1 --{action}{value} for the last one")
    return ExchangeArguments(
        which,
        action,
        given.diff,
        given.copy or "",
        given.failed,
        given.path,
        given.method,
        given.last or _SHOWN,
        given.app,
    )


def _action(given: argparse.Namespace) -> Action:
    if given.diff is not None:
        return "diff"
    return "replay" if given.replay else "debug" if given.debug else "copy" if given.copy else "show"


def _parse_which(text: str) -> Which:
    try:
        return _which(text)
    except MagicArgumentError as exc:
        raise argparse.ArgumentTypeError(str(exc)) from None


def _which(text: str) -> Which:
    if _NUMBER.fullmatch(text) and int(text) != 0:
        return int(text)
    if text.isidentifier():
        return text
    raise MagicArgumentError(f"{text!r} is neither a number, such as 7 or -1, nor a name that --as has given")
