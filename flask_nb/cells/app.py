"""The line of ``%app``: which app the notebook builds."""

from __future__ import annotations

import argparse
import keyword
from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser
from .expressions import Text, end_of_expression, parse_text


@dataclass(frozen=True)
class AppArguments:
    """What ``%app`` was asked for.

    :param name: the variable that holds the app to choose or to make, None for the current one.
    :param module: the module or file that has the app; then ``name`` is what stands behind the colon, None
        for the app that is there under one of the usual names.
    :param debug: switch debug mode on or off; None to leave it.
    :param secret_key: what to sign sessions with; None to leave it.
    :param reset: make a fresh app in the variable.
    """

    name: str | None = None
    module: str | None = None
    debug: bool | None = None
    secret_key: Text | None = None
    reset: bool = False


@cache
def app_parser() -> MagicParser:
    """Return the parser of ``%app``."""
    parser = MagicParser(
        "%app",
        "[NAME] [reset]",
        "List the apps of the notebook, turn to another, or make one.\n\n"
        "A variable that holds an app is turned to; one that does not exist gets a new app.",
        examples=(
            "%app",
            "%app admin --debug",
            "%app shop.web:app",
            "%app \"shop:create_app('test')\"",
            "%app shop/web.py",
            "%app --secret-key {os.environ['APP_KEY']}",
            "%app reset",
        ),
    )
    parser.add_words("NAME", "a variable, module:app, or a file; reset puts a fresh app in its place")
    debug = parser.add_mutually_exclusive_group()
    debug.add_argument("--debug", action="store_const", const=True, help="switch debug mode on")
    debug.add_argument("--no-debug", dest="debug", action="store_const", const=False, help="switch it off")
    parser.add_argument(
        "--secret-key",
        type=_parse_key,
        metavar="KEY",
        help="what sessions are signed with; {expression} is a value of the notebook",
    )
    return parser


def parse_app(line: str) -> AppArguments:
    """Parse the line of ``%app``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = app_parser().parse_line(line, end_of_expression)
    names = [word for word in arguments.words if word != "reset"]
    if len(names) > 1:
        raise MagicArgumentError(f"one variable at a time, not {' '.join(names)!r}")
    module, name = _split_name(names[0]) if names else (None, None)
    resets = "reset" in arguments.words
    if module is not None and resets:
        raise MagicArgumentError(
            f"the app of a module is made by the module. To make one here, type %app {name or 'app'} reset"
        )
    return AppArguments(name, module, arguments.debug, arguments.secret_key, resets)


def _split_name(word: str) -> tuple[str | None, str | None]:
    """Return module or file, and the name in it; a variable has no module."""
    path, colon, name = word.partition(":")
    if colon and path and name:
        return path, name
    if word.endswith(".py"):
        return word, None
    if word.isidentifier() and not keyword.iskeyword(word):
        return None, word
    hint = "Type a name, such as %app admin"
    if word.endswith("()") and word[:-2].isidentifier():
        raise MagicArgumentError(f"{word} is a call, and no module stands before it. Type: app = {word}")
    if "." in word:
        name = word.rpartition(".")[2]
        variable = f"for what a variable has: {name} = {word}, then %app {name}"
        hint = f"Type %app {word.replace('.', ':', 1)}, or {variable}"
    raise MagicArgumentError(f"{word!r} is neither a variable, nor module:app, nor a file. {hint}")


def _parse_key(text: str) -> Text:
    if text:
        return parse_text(text)
    raise argparse.ArgumentTypeError("an empty key signs nothing. Type some text, such as --secret-key dev")
