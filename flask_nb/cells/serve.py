"""The line of ``%serve``: the background server of the notebook's app."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser, choose_action, parse_count

ACTIONS = ("start", "stop", "status", "log", "restart", "doctor")

_SHOWN = 20


@dataclass(frozen=True)
class ServeArguments:
    """What ``%serve`` was asked for.

    :param action: one of ``start``, ``stop``, ``status``, ``log``, ``restart``, ``doctor``.
    :param port: the port, None to leave it to the server.
    :param host: the address to listen on, None to leave it to the server.
    :param app: the variable of another app than the current one.
    :param last: how many requests the log shows.
    :param is_live: whether served pages reload by themselves, None to leave it as it is.
    """

    action: str = "start"
    port: int | None = None
    host: str | None = None
    last: int = _SHOWN
    app: str | None = None
    is_live: bool | None = None


@cache
def serve_parser() -> MagicParser:
    """Return the parser of ``%serve``."""
    parser = MagicParser(
        "%serve",
        "[ACTION]",
        "Serve the app in the background of the kernel.",
        examples=("%serve", "%serve --port 5000", "%serve log", "%serve status", "%serve stop"),
    )
    parser.add_words(
        "ACTION",
        "start (default), stop, status, log (the last requests), restart, or doctor (how browsers reach it)",
    )
    parser.add_argument(
        "--port", type=_parse_port, metavar="N", help="port to listen on; default: a free one"
    )
    parser.add_argument(
        "--host",
        metavar="H",
        help="address to listen on until it is stopped, for other users too; default: your programs only",
    )
    parser.add_argument(
        "--live",
        action=argparse.BooleanOptionalAction,
        help="reload pages in the browser after a cell has changed the app; default: yes",
    )
    parser.add_argument(
        "--last", type=parse_count, metavar="N", help=f"requests that log shows; default: {_SHOWN}"
    )
    parser.add_app()
    return parser


def parse_serve(line: str) -> ServeArguments:
    """Parse the line of ``%serve``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = serve_parser().parse_line(line)
    action = _one_action(arguments.words)
    is_start = action in ("start", "restart")
    if not is_start and (arguments.port is not None or arguments.host is not None):
        raise MagicArgumentError(f"{action} takes neither --port nor --host. Type %serve {action}")
    if not is_start and arguments.live is not None:
        raise MagicArgumentError(f"{action} takes neither --live nor --no-live. Type %serve --no-live")
    if action != "log" and arguments.last is not None:
        raise MagicArgumentError("--last belongs to log. Type %serve log --last N")
    return ServeArguments(
        action,
        arguments.port,
        arguments.host,
        arguments.last or _SHOWN,
        arguments.app,
        arguments.live,
    )


def _one_action(words: list[str]) -> str:
    if len(words) > 1:
        raise MagicArgumentError(f"one action at a time, not {' '.join(words)!r}")
    if words and words[0].isdecimal():
        raise MagicArgumentError(f"a port is a flag. Type %serve --port {words[0]}")
    return choose_action(words[0], ACTIONS) if words else "start"


def _parse_port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535, such as 5000")
