"""The parser of a magic's line: argparse that never prints, never exits and names what was meant."""

from __future__ import annotations

import argparse
import ast
import difflib
import keyword
import warnings
from collections.abc import Collection, Iterable, Sequence
from string import ascii_letters, digits
from typing import Any, NoReturn

from flask_nb.errors import MagicArgumentError, MagicHelpRequested

from .words import Verbatim, split_line

HELP_WIDTH = 90
"""Columns of the help text: the same in every terminal and front end."""

_OF_TOKENS = frozenset(f"{ascii_letters}{digits}!#$%&'*+.^_`|~-")

COPIES = ("curl", "python", "http", "pytest")
"""The notations of a copy."""


class MagicParser(argparse.ArgumentParser):
    """Parse the words of a magic's line.

    ``format_help()`` is the magic's page; flags and positional arguments may stand in any order, and
    everything behind ``--`` is positional.

    :param magic: the magic's name with its percent signs.
    :param synopsis: the positional arguments as the usage shows them.
    :param description: what the magic does; its first line stands in tables.
    :param examples: lines that can be typed as they stand.
    """

    def __init__(self, magic: str, synopsis: str, description: str, *, examples: Sequence[str] = ()) -> None:
        super().__init__(
            prog=magic,
            usage=f"%(prog)s {synopsis} [flags]".replace("  ", " "),
            description=description,
            epilog="\n".join(["examples:", *(f"  {example}" for example in examples)]) if examples else None,
            formatter_class=_HelpFormatter,
            add_help=False,
            allow_abbrev=False,
        )
        self.color = False  # Python 3.14 colours help by the terminal of the kernel's process
        self.add_argument("-h", "--help", action="store_true", help="show this text")

    def add_words(self, metavar: str | None = None, help: str = argparse.SUPPRESS) -> None:
        """Let any number of positional arguments stand in the line; they become ``words``."""
        self.add_argument("words", nargs="*", metavar=metavar, help=help)

    def add_app(self) -> None:
        """Add the flag that names another app than the current one."""
        self.add_argument("--app", metavar="NAME", help="the variable of another app than the current one")

    def add_repeatable(self, *names: str, **options: Any) -> None:
        """Add a flag that may stand in the line more than once; its values become a list."""
        self.add_argument(*names, action="append", default=[], **options)

    def parse_line(self, line: str, verbatim: Verbatim = lambda *_: None) -> argparse.Namespace:
        """Return the arguments that a line gives; see :func:`split_line` and :meth:`parse_words`."""
        return self.parse_words(split_line(line, verbatim))

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """Return the arguments that the words give.

        :raises MagicArgumentError: for anything that the magic does not understand.
        :raises MagicHelpRequested: for ``-h`` and ``--help``.
        """
        flags, positionals = self._separate(words)
        if "-h" in flags or "--help" in flags:
            raise MagicHelpRequested(self.format_help())
        return self.parse_args([*flags, *(["--", *positionals] if positionals else [])])

    def find_positionals(self, words: Sequence[str]) -> list[str]:
        """Return the words that are neither flags nor their values; unknown flags are passed over."""
        return self._separate(words, is_lenient=True)[1]

    def awaits_value(self, words: Sequence[str]) -> bool:
        """Say whether the word after these is the value of a flag."""
        return bool(words) and is_flag(words[-1]) and self._lacks_value(words[-1])

    def known_flags(self) -> list[str]:
        """Return the long flags in the order of the help text."""
        return [name for name in self._option_string_actions if name.startswith("--")]

    def flags(self) -> list[argparse.Action]:
        """Return the flags in the order of the help text."""
        return [action for action in self._actions if action.option_strings]

    def error(self, message: str) -> NoReturn:
        """Raise instead of printing the usage and ending the process."""
        raise MagicArgumentError(message)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Raise: no magic ends the kernel."""
        self.error(message or "this line asks to end the process")

    def _separate(self, words: Sequence[str], *, is_lenient: bool = False) -> tuple[list[str], list[str]]:
        """Return the flags, joined with their values, and the positional arguments."""
        flags: list[str] = []
        positionals: list[str] = []
        remaining = list(words)
        while remaining:
            word = remaining.pop(0)
            if word == "--":
                return flags, positionals + remaining
            if not is_flag(word):
                positionals.append(word)
                continue
            if not is_lenient:
                self._check_flag(word, remaining)
            if self._lacks_value(word):
                word = "=".join([word, *remaining[:1]])  # so that a value may begin with a dash
                remaining = remaining[1:]
            flags.append(word)
        return flags, positionals

    def _check_flag(self, word: str, behind: Sequence[str]) -> None:
        name = word.partition("=")[0]
        holds_value = not word.startswith("--") and len(word) > 2 and self._lacks_value(word[:2])  # -XPUT
        if name not in self._option_string_actions and not holds_value:
            self.error(f"unknown flag {name!r}. {suggest(name, self.known_flags(), 'Flags')}")
        if self._lacks_value(word) and (not behind or behind[0].startswith("--")):
            self.error(f"{word} needs a value. Type {word} {self._option_string_actions[word].metavar}")

    def _lacks_value(self, flag: str) -> bool:
        action = self._option_string_actions.get(flag)
        return action is not None and action.nargs != 0


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def __init__(self, prog: str, **options: Any) -> None:
        super().__init__(prog, **{**options, "width": HELP_WIDTH, "max_help_position": 28})


def is_flag(word: str) -> bool:
    """Say whether a word of a line is a flag: a dash and a letter, or two dashes."""
    return word.startswith("--") or (word.startswith("-") and word[1:2].isidentifier())


def has_flags(words: Iterable[str]) -> bool:
    """Say whether any word is a flag. Where none is, no parser is needed to tell what the words are."""
    return any(map(is_flag, words))


def suggest(word: str, known: Iterable[str], kind: str) -> str:
    """Return a sentence with the known word that was probably meant, or with all of them."""
    names = list(known)
    close = difflib.get_close_matches(word, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"{kind}: {', '.join(names)}"


def choose_action(word: str, known: Collection[str]) -> str:
    """Return the word if it is a known action.

    :raises MagicArgumentError: with the near miss, or with all choices.
    """
    if word in known:
        return word
    raise MagicArgumentError(f"unknown action {word!r}. {suggest(word, known, 'Known')}")


def is_token(text: str) -> bool:
    """Say whether a text is a token of RFC 9110 §5.6.2: a method, the name of a header or a cookie."""
    return bool(text) and _OF_TOKENS.issuperset(text)


def find_twice(names: Sequence[str]) -> str | None:
    """Return the first name that was there before, None if there is none."""
    return next((name for index, name in enumerate(names) if name in names[:index]), None)


def parse_literal(text: str) -> object:
    """Return the value of a Python literal, or the very text if it is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # text that is not a literal may look like a doubtful one
        try:
            return ast.literal_eval(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
            return text


def parse_identifier(text: str) -> str:
    """Return the text if it can be a Python variable; argparse shows the error with the flag's name."""
    if text.isidentifier() and not keyword.iskeyword(text):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not a Python name, such as result")


def copy_help() -> str:
    """Return what the flag ``--copy`` does, for each parser that has it."""
    return f"show it in another notation: {', '.join(COPIES)}; secrets become names such as $AUTHORIZATION"


def parse_count(text: str) -> int:
    """Return a number of requests from 1 on; argparse shows the error with the flag's name."""
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number of requests, such as 50")
