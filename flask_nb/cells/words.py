"""A magic's line cut into words: quotes mean what they mean in a shell, apostrophes in words are kept.

A shell's own rules fit badly here: JSON, rules and expressions hold quotes and brackets of their own,
and ``don't`` is one word. So a quote opens a quoted stretch only where a value begins: at the start of
a word, after ``=``, ``@`` and ``:``, and after another quoted stretch. Everywhere else it is an
ordinary character.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from flask_nb.errors import MagicArgumentError
from flask_nb.lazy import pattern

Verbatim = Callable[[str, int, Sequence[str], str], "int | None"]
"""Says where a stretch ends that is taken as it stands, spaces and quotes included.

Called with the line, the position, the words before and the word so far; None: nothing special here.
"""

# In single quotes a backslash means itself unless the quote follows, so that JSON may stand in them.
_QUOTED = {
    "'": (pattern(r"'((?:[^'\\]|\\.)*)'", re.DOTALL), pattern(r"\\(')")),
    '"': (pattern(r'"((?:[^"\\]|\\.)*)"', re.DOTALL), pattern(r'\\(["\\])')),
}
_VISIBLE = re.compile(r"\S")
_PLAIN = pattern(r"[\w/<>:.,?&%+@~(){}\[\]=-]+")


def split_line(line: str, verbatim: Verbatim = lambda *_: None) -> list[str]:
    """Split the line of a magic into its words.

    A word that begins with ``#`` begins a comment, which ends the line.

    :param line: what stands behind the magic's name.
    :param verbatim: finds the stretches whose spaces and quotes are part of the word.
    :raises MagicArgumentError: when a quote is not closed.
    """
    return [word for word, _place in find_words(line, verbatim)]


def find_words(line: str, verbatim: Verbatim = lambda *_: None) -> Iterator[tuple[str, int]]:
    """Yield the words of a line, and where each begins; see :func:`split_line`."""
    words: list[str] = []
    position = 0
    while (found := _VISIBLE.search(line, position)) and found[0] != "#":
        word, position = _read_word(line, found.start(), words, verbatim)
        words.append(word)
        yield word, found.start()


def quote_word(word: str) -> str:
    """Return the word as it is typed in a line, in quotes where it needs them."""
    if _PLAIN.fullmatch(word):
        return word
    escaped = word.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _read_word(line: str, position: int, words: list[str], verbatim: Verbatim) -> tuple[str, int]:
    """Return the word at the position, and where it ends."""
    word = ""
    value_begins = True
    while position < len(line) and not (character := line[position]).isspace():
        end = verbatim(line, position, words, word)
        if end is not None:
            word += line[position:end]
            position, value_begins = end, False
        elif value_begins and character in _QUOTED:
            value, position = read_quoted(line, position)
            word += value
        else:
            word += character
            position, value_begins = position + 1, character in "=@:"
    return word, position


def read_quoted(line: str, position: int) -> tuple[str, int]:
    """Return the text in the quotes that open at the position, and the place behind them.

    :raises MagicArgumentError: when the quote is not closed.
    """
    quote = line[position]
    stretch, escape = _QUOTED[quote]
    found = stretch.match(line, position)
    if found is None:
        rest = line[position + 1 :]
        excerpt = rest if len(rest) <= 20 else rest[:19] + "…"
        raise MagicArgumentError(
            f"the quote {quote} before {excerpt!r} is not closed. "
            f"Close it, or put the whole value into the other kind of quotes",
            position,
        )
    return escape.sub(r"\1", found[1]), found.end()
