"""A magic's line that is still being typed: what stands before the cursor, and what is typed there."""

from __future__ import annotations

from dataclasses import dataclass

from flask_nb.errors import MagicArgumentError

from .arguments import MagicParser, is_flag
from .words import split_line


@dataclass(frozen=True)
class UnfinishedLine:
    """A line up to the cursor.

    :param words: the words before the one at the cursor.
    :param positionals: those of them that are neither flags nor their values.
    :param word: the word at the cursor, or the value of a flag, as far as it is typed; without the
        quote that opens it.
    :param flag: the flag whose value the word is, None for any other word.
    :param is_quoted: the word stands in a quote that is still open.
    """

    words: tuple[str, ...]
    positionals: tuple[str, ...]
    word: str
    flag: str | None = None
    is_quoted: bool = False

    def value_of(self, flag: str) -> str | None:
        """Return what a flag before the cursor has been given, None if it has not."""
        for word, value in zip(self.words, (*self.words[1:], None), strict=False):
            name, sign, own = word.partition("=")
            if name == flag:
                return own if sign else value
        return None


def read_unfinished(text: str, parser: MagicParser) -> UnfinishedLine:
    """Read what stands between a magic's name and the cursor.

    :param parser: the magic's parser, which knows the flags that take a value.
    """
    words, typed = _cut(text)
    positionals = tuple(parser.find_positionals(words))
    flag, word = words[-1] if parser.awaits_value(words) else None, typed
    if is_flag(typed) and "=" in typed:
        flag, _, word = typed.partition("=")
    is_quoted = word.startswith(("'", '"'))
    return UnfinishedLine(tuple(words), positionals, word[1:] if is_quoted else word, flag, is_quoted)


def is_in_braces(text: str) -> bool:
    """Say whether the cursor behind the text stands in an expression of Python or in JSON."""
    return any(text.count(opening) > text.count(closing) for opening, closing in ("{}", "[]"))


def _cut(text: str) -> tuple[list[str], str]:
    """Return the words that are finished, and the rest of the text.

    A space in a quote that is still open is none between words, so the last space before which all
    quotes are closed ends the finished words.
    """
    for end in reversed([index for index, character in enumerate(text) if character.isspace()]):
        try:
            return split_line(text[:end]), text[end + 1 :]
        except MagicArgumentError:
            continue
    return [], text
