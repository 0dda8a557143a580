"""Expressions of the notebook in what is typed: found now, evaluated when the request is sent.

Braces count where Python can parse what stands between them, so those of JSON never do: ``"a": 1`` is
not an expression. ``\\{`` is a brace of its own, and ``{{…}}`` stays as typed, as templates have it.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from functools import partial
from itertools import islice
from typing import NamedTuple

from flask_nb.lazy import pattern


class Expression(NamedTuple):
    """A Python expression, typed as ``{expression}``."""

    source: str


Text = tuple[str | Expression, ...]
"""A text as it was typed: literal pieces and expressions in turn."""

Evaluate = Callable[[str], object]
"""Returns the value of an expression's source; its errors propagate."""

Finder = Callable[[str, int], "tuple[int, Expression] | None"]
"""Says which expression begins at a position and where it ends, or None."""

# The beginning of a dict, in JSON or Python: most braces of a body need no parser.
_OBJECT = pattern(r"""\{\s*(?:\}|"(?:[^"\\]|\\.)*"\s*:|'(?:[^'\\]|\\.)*'\s*:)""", re.DOTALL)
_MOST_BRACES = 40  # each may end the expression, so a text full of them must not take for ever


def parse_text(typed: str, find: Finder | None = None) -> Text:
    """Cut a text into literal pieces and expressions.

    :param find: which braces count; by default ``{expression}``, with ``\\{`` for a brace.
    """
    if find is not None:
        return cut_text(typed, find, partial(_read, _PLAIN))
    return cut_text(typed, find_expression, partial(_read, _ESCAPED)) if "{" in typed else as_typed(typed)


def as_typed(text: str) -> Text:
    """Return a text in which braces are characters like any other."""
    return (text,) if text else ()


def expand_text(text: Text, evaluate: Evaluate, write: Callable[[object], str] = str) -> str:
    """Return the text with the values of its expressions.

    :param write: makes text of a value.
    """
    return "".join(part if isinstance(part, str) else write(evaluate(part.source)) for part in text)


def expand_value(text: Text, evaluate: Evaluate) -> object:
    """Return the value of an expression that stands alone; among other text it becomes text."""
    if len(text) == 1 and isinstance(text[0], Expression):
        return evaluate(text[0].source)
    return expand_text(text, evaluate)


def has_expressions(text: Text) -> bool:
    """Say whether anything has to be evaluated."""
    return any(isinstance(part, Expression) for part in text)


def find_expression(text: str, position: int) -> tuple[int, Expression] | None:
    """Return the ``{expression}`` that begins at the position and where it ends, None if none does.

    The expression is the shortest stretch that Python can parse: a brace in a string or in a dict of
    its own cannot end it, for what stands before such a brace is not an expression.
    """
    if text[position] != "{" or text.startswith("{{", position) or _OBJECT.match(text, position):
        return None
    for end in islice(re.compile("}").finditer(text, position), _MOST_BRACES):
        source = text[position + 1 : end.start()].strip()
        if is_expression(source):
            return end.end(), Expression(source)
    return None


def end_of_expression(text: str, position: int, *_before: object) -> int | None:
    """Return where the ``{expression}`` that begins at the position ends, None if none does.

    It can be given to :func:`split_line` as it is.
    """
    found = find_expression(text, position)
    return found[0] if found else None


def is_expression(source: str) -> bool:
    """Say whether Python can parse the source as one expression."""
    return _parse(source) is not None


def is_display(source: str) -> bool:
    """Say whether the source is a dict or a list as Python writes them, comprehensions included."""
    tree = _parse(source.strip())
    return tree is not None and isinstance(tree.body, ast.Dict | ast.List | ast.DictComp | ast.ListComp)


def _parse(source: str) -> ast.Expression | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a doubtful escape is reported when the expression is evaluated
        try:
            return ast.parse(source, mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def cut_text(typed: str, find: Finder, read: Callable[[str, int], tuple[str, int]]) -> Text:
    """Cut a text into literal pieces and the expressions that *find* sees.

    :param read: returns the literal piece at a position, as it is meant, and where it ends.
    """
    parts: list[str | Expression] = []
    literal = ""
    position = 0
    while position < len(typed):
        found = find(typed, position)
        if found is None:
            piece, position = read(typed, position)
            literal += piece
        else:
            parts += [literal, found[1]] if literal else [found[1]]
            literal, position = "", found[0]
    return (*parts, literal) if literal else tuple(parts)


# A piece of literal text: a run of plain characters, a backslash with what follows, or `{{`. In the first
# kind `\{` is a brace.
_ESCAPED = pattern(r"\\(\{)|\\.?|\{\{|[^\\{]+|.", re.DOTALL)
_PLAIN = pattern(r"(\{\{)|.[^\\{]*", re.DOTALL)


def _read(piece: re.Pattern[str], typed: str, position: int) -> tuple[str, int]:
    found = piece.match(typed, position)
    assert found is not None
    return found[1] or found[0], found.end()
