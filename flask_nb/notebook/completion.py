"""Completion in the lines of our magics: one matcher of IPython's completer.

A matcher that suppresses the others is the only way that works alike with and without Jedi: a hook
for a command is asked at the beginning of a line only, and Jedi's names come in between.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from IPython.core.completer import SimpleCompletion

from flask_nb import cells
from flask_nb.lazy import pattern

from .transforms import find_first_code_line

if TYPE_CHECKING:
    from IPython.core.completer import CompletionContext

    from .host import Host

Parsers = Mapping[str, Callable[[], "cells.MagicParser"]]

BODY = " (cell)"
"""What stands behind the name of a cell magic where a line below it is meant."""

BODY_PARSERS: Parsers = {f"%%check{BODY}": lambda: cells.check_line_parser()}
"""What reads the lines below a cell magic, where they are completed."""

_CELL_MAGIC = pattern(r"(%%\w+)(?:\s+(.*))?$", re.DOTALL)
_LINE_MAGIC = pattern(r"\s*(?:[^%=]*=\s*)?(%\w+)\s+(.*)$", re.DOTALL)


class MagicCompletion:
    """Completes what stands behind a magic of ours.

    :param host: has what can be named: the app, its routes, the cookies.
    :param parsers: makes the parser of each magic, by the name with its percent signs.
    """

    def __init__(self, host: Host, parsers: Parsers) -> None:
        self.host = host
        self.parsers = {**parsers, **BODY_PARSERS}

    def match(self, context: CompletionContext) -> dict[str, Any]:
        """Return what fits at the cursor; nothing where the line is not ours."""
        lines = context.full_text.split("\n")[: context.cursor_line]
        found = find_magic([*lines, context.text_until_cursor], self.parsers)
        completions = self.complete(*found, context.token) if found else None
        if completions is None:
            return {"completions": []}
        # IPython counts a matcher without completions as silent and offers files of the disk instead
        # of paths. What is typed already, offered once more, changes nothing and keeps them away.
        if not completions and context.token:
            completions = [SimpleCompletion(context.token)]
        return {"completions": completions, "suppress": True, "ordered": True}

    def complete(self, magic: str, text: str, token: str) -> list[SimpleCompletion] | None:
        """Return what the token may become, with its kind; None where IPython may know better.

        :param magic: the magic's name with its percent signs.
        :param text: what stands between it and the cursor.
        :param token: the end of the text that IPython would replace. It breaks at ``< = : ?`` and so on.
        """
        from flask_nb.cells.unfinished import is_in_braces, read_unfinished  # nobody waits for it before

        from .candidates import find_candidates, find_kind
        from .cursor import Cursor

        parser = self.parsers[magic]()
        line = read_unfinished(text, parser)
        cursor = Cursor(self.host, magic, line, parser, is_in_braces(text))
        candidates = find_candidates(cursor)
        if candidates is None:
            return None
        fitting = fit_candidates(candidates, line.word, token, is_quoted=line.is_quoted)
        return [SimpleCompletion(text, type=find_kind(cursor, text)) for text in fitting]


def find_magic(lines: Sequence[str], known: Iterable[str]) -> tuple[str, str] | None:
    """Return the magic at whose line the cursor stands, and what follows its name; None for no magic.

    :param lines: the cell up to the cursor.
    :param known: the magics' names with percent signs, followed by :data:`BODY` where lines below are meant.
    """
    known = set(known)
    first = find_first_code_line(lines)
    found = None if first is None else _CELL_MAGIC.match(lines[first])
    if found and found[1] in known:
        if first != len(lines) - 1:
            name = found[1] + BODY
            return (name, lines[-1]) if name in known else None
        return None if found[2] is None else (found[1], found[2])
    found = _LINE_MAGIC.match("\n".join(lines).replace("\\\n", " ").rpartition("\n")[2])
    return (found[1], found[2]) if found and found[1] in known else None


def fit_candidates(
    candidates: Iterable[str], word: str, token: str, *, is_quoted: bool = False
) -> Iterable[str]:
    """Yield what may stand in the place of the token, so that the word becomes a candidate.

    :param candidates: whole words.
    :param word: what is typed of the word, without an opening quote.
    :param token: the part of it that is replaced; with a greedy completer, also what stands before it.
    """
    if word.endswith(token):
        kept, ahead = word[: len(word) - len(token)], ""
    elif word and token.endswith(word):
        kept, ahead = "", token.removesuffix(word)
    else:
        return  # the token lies across an escaped quote
    for candidate in dict.fromkeys(candidates):
        if not (candidate.startswith(kept) and candidate.lower().startswith(word.lower())):
            continue
        quoted = candidate if is_quoted else cells.quote_word(candidate)
        if quoted == candidate:
            yield ahead + candidate[len(kept) :]
        elif not kept:  # the quote opens at the beginning of the word
            yield ahead + quoted
