"""A magic's line cut into words: quotes mean what they mean in a shell, apostrophes in words are kept.

A shell's own rules fit badly here: JSON, rules and expressions hold quotes and brackets of their own,
and ``don't`` is one word. So a quote opens a quoted stretch only where a value begins: at the start of
a word, after ``=``, ``@`` and ``:``, and after another quoted stretch. Everywhere else it is an
ordinary character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from ..errors import MagicArgumentError

Verbatim = Callable[[str, int, Sequence[str], str], "int | None"]
"""Says where a stretch ends that is taken as it stands, spaces and quotes included.

Called with the line, the position, the words before and the word so far; None: nothing special here.
"""

# In single quotes a backslash means itself unless the quote follows, so that JSON may stand in them.
_QUOTED = {
    "'": (re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), re.compile(r"\\(')")),
    '"': (re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL), re.compile(r'\\(["\\])')),
}
_PLAIN = re.compile(r"[\w/<>:.,?&%+@~(){}\[\]=-]+")


def split_line(line: str, *, magic: str = "", verbatim: Verbatim | None = None) -> list[str]:
    """Split the line of a magic into its words.

    A word that begins with ``#`` begins a comment, which ends the line.

    :param line: what stands behind the magic's name.
    :param magic: the magic's name for the error, such as ``%%route``.
    :param verbatim: finds the stretches whose spaces and quotes are part of the word.
    :raises MagicArgumentError: when a quote is not closed.
    """
    return _Splitter(line, magic, verbatim).split()


def quote_word(word: str) -> str:
    """Return the word as it is typed in a line, in quotes where it needs them."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Splitter:
    def __init__(self, line: str, magic: str, verbatim: Verbatim | None) -> None:
        self.line = line
        self.magic = magic
        self.verbatim = verbatim
        self.position = 0
        self.words: list[str] = []

    def split(self) -> list[str]:
        while self._find_word():
            self.words.append(self._read_word())
        return self.words

    def _find_word(self) -> bool:
        while self._here().isspace():
            self.position += 1
        return self._here() not in ("", "#")

    def _here(self) -> str:
        return self.line[self.position : self.position + 1]

    def _read_word(self) -> str:
        word = ""
        value_begins = True
        while (character := self._here()) and not character.isspace():
            end = self.verbatim(self.line, self.position, self.words, word) if self.verbatim else None
            if end is not None:
                word += self.line[self.position : end]
                self.position = end
                value_begins = False
            elif value_begins and character in _QUOTED:
                word += self._read_quoted(character)
            else:
                word += character
                self.position += 1
                value_begins = character in "=@:"
        return word

    def _read_quoted(self, quote: str) -> str:
        stretch, escape = _QUOTED[quote]
        found = stretch.match(self.line, self.position)
        if found is None:
            raise MagicArgumentError(
                f"the quote {quote} before {self._excerpt()!r} is not closed. "
                f"Close it, or put the whole value into the other kind of quotes",
                magic=self.magic,
            )
        self.position = found.end()
        return escape.sub(r"\1", found[1])

    def _excerpt(self) -> str:
        rest = self.line[self.position + 1 :]
        return rest if len(rest) <= 20 else rest[:19] + "…"
