"""Text that stands in a cell without quotes, where Python is expected."""

from __future__ import annotations

import difflib
import keyword
import re

from flask_nb.lazy import pattern

_WORDS_OF_PYTHON = (*keyword.kwlist, *keyword.softkwlist, "print", "exec")
_PROSE = pattern(r"[^\W\d_]+,?(?: [^\W\d_]+,?)+[.!?]*")


def text_hint(line: str, body: str) -> str:
    """Return what to add to a syntax error if a line can be nothing but text; empty if it may be code.

    :param line: the line that Python did not understand.
    :param body: the cell that it is in.
    """
    line, is_alone = line.strip(), len(body.strip().splitlines()) == 1
    if line.startswith("<") and not is_alone:
        return '. Text of several lines stands between triple quotes: """'
    if not line.startswith("<") and not (is_alone and _is_prose(line)):
        return ""
    return f". Text needs quotes: {line!r}"


def _is_prose(line: str) -> bool:
    """Whether there are several words, and none that may be a word of Python that is misspelt."""
    first, *others = re.findall(r"\w+", line) or [""]
    suspects = [first, *(word for word in others if word not in _WORDS_OF_PYTHON)]
    is_code = any(difflib.get_close_matches(word, _WORDS_OF_PYTHON, 1, 0.7) for word in suspects)
    return _PROSE.fullmatch(line) is not None and not is_code
