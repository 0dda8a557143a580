"""The line of ``%cookies``: what the notebook sends along, as a browser would."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser, choose_action, is_token
from .expressions import Evaluate, Text, end_of_expression, expand_text, parse_text

ACTIONS = ("set", "clear")


@dataclass(frozen=True)
class CookiesArguments:
    """What ``%cookies`` was asked for.

    :param action: ``show``, ``set`` or ``clear``.
    :param values: names and values to set, expressions included.
    :param names: the cookies to clear; empty for all.
    :param app: the variable of another app than the current one.
    """

    action: str = "show"
    values: tuple[tuple[str, Text], ...] = ()
    names: tuple[str, ...] = ()
    app: str | None = None

    def expand(self, evaluate: Evaluate) -> list[tuple[str, str]]:
        """Return the names and values to set.

        :param evaluate: returns the value of an expression's source; its errors propagate.
        :raises MagicArgumentError: when no cookie can hold a value.
        """
        pairs = [(name, expand_text(value, evaluate)) for name, value in self.values]
        for name, value in pairs:
            if not value.isprintable():
                message = f"the value of {name!r} contains a character that no cookie can hold. Leave it out"
                raise MagicArgumentError(message)
        return pairs


@cache
def cookies_parser() -> MagicParser:
    """Return the parser of ``%cookies``."""
    parser = MagicParser(
        "%cookies",
        "[set NAME=VALUE … | clear [NAME …]]",
        "Show the cookies that the app has set and requests send back; set or clear some.\n\n"
        "A signed session is shown with its content. Each notebook has cookies of its own.",
        examples=(
            "%cookies",
            "%cookies set theme=dark user={name}",
            "%cookies clear session",
            "%cookies clear",
        ),
    )
    parser.add_words("ACTION", "set, with name=value or name={expression}; clear, with names or alone")
    parser.add_app()
    return parser


def parse_cookies(line: str) -> CookiesArguments:
    """Parse the line of ``%cookies``.

    :raises MagicArgumentError: when it is not understood.
    """
    arguments = cookies_parser().parse_line(line, end_of_expression)
    words: list[str] = arguments.words
    if not words:
        return CookiesArguments(app=arguments.app)
    if "=" in words[0]:
        raise MagicArgumentError(f"to set a cookie, type %cookies set {words[0]}")
    if choose_action(words[0], ACTIONS) == "clear":
        return CookiesArguments("clear", names=tuple(dict.fromkeys(words[1:])), app=arguments.app)
    if not words[1:]:
        raise MagicArgumentError(
            "what to set is missing. Type a name and a value, such as %cookies set theme=dark"
        )
    return CookiesArguments("set", tuple(map(_parse_pair, words[1:])), app=arguments.app)


def _parse_pair(word: str) -> tuple[str, Text]:
    name, equals, value = word.partition("=")
    if not equals:
        raise MagicArgumentError(f"{word!r} is not of the form name=value. Type %cookies set {word}=VALUE")
    if not is_token(name):
        raise MagicArgumentError(
            f"{name!r} cannot be the name of a cookie: use letters, digits and hyphens, as in theme=dark"
        )
    return name, parse_text(value)
