"""What is typed, made into what IPython understands: our magics under comments, and with a ``?``.

IPython takes a cell magic only on a cell's first line, below code says so in a way by which Run All
does not notice that the cell has failed, refuses one with an empty body, reads a
trailing ``?`` as a question about a name, and takes a cell of one line such as ``routes: list = []``
for the magic of that name. None of that is meant when the magic is one of ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from IPython.core.inputtransformer2 import (
    assemble_continued_line,
    find_end_of_continued_line,
    make_tokens_by_line,
)
from IPython.core.prefilter import PrefilterChecker

from flask_nb.lazy import pattern

Lines = list[str]
Transform = Callable[[Lines], Lines]

_MAGIC_LINE = pattern(r"(?P<target>\s*(?:[^%=]*=\s*)?)%(?P<name>\w+)(?P<arguments>\s.*\?+\s*)$", re.DOTALL)


def uncover_cell_magics(names: Collection[str]) -> Transform:
    """Make a transform by which the cell magics in *names* work below comment lines and without a body.

    :param names: the magics' names without percent signs.
    """

    def transform(lines: Lines) -> Lines:
        first = find_first_code_line(lines)
        if first is None or _cell_magic_name(lines[first]) not in names:
            return lines
        # A lone line would have an empty body, which IPython refuses before the magic is asked.
        return lines[first:] if len(lines) > first + 1 else [lines[first].removesuffix("\n") + "\n", "\n"]

    return transform


def refuse_buried_cell_magics(names: Collection[str]) -> Transform:
    """Make a transform by which a cell fails whose cell magic, one in *names*, stands below code.

    It fails as a cell does that raises, and before any of it has run.
    """

    def transform(lines: Lines) -> Lines:
        first = find_first_code_line(lines)
        if first is None or lines[first].startswith("%%") or not any(map(_cell_magic_name, lines)):
            return lines
        for tokens in make_tokens_by_line(lines):
            number = tokens[0].start[0] - 1
            name = _cell_magic_name(lines[number]) if number < len(lines) else None
            if name in names:
                return [_RAISE.format(f"line {number + 1}: %%{name} {_BURIED}")]
        return lines

    return transform


_BURIED = "is below code, but a cell magic begins its cell. Move it to a cell of its own"


# Raises without leaving a name in the notebook.
_RAISE = "raise __import__('flask_nb.errors', fromlist=['CellError']).CellError({!r})\n"


def keep_question_marks(names: Collection[str]) -> Transform:
    """Make a transform by which ``%get /search?`` is a request, for the line magics in *names*.

    The line becomes the call that IPython would have made of it without the question mark. Python's
    tokens say where a statement begins, so that the text of a string is left alone.
    """

    def transform(lines: Lines) -> Lines:
        if lines and lines[0].startswith("%%"):  # the body is the magic's own, verbatim
            return lines
        position: int | None = 0
        while position is not None:
            lines, position = _replace_one(lines, position, names)
        return lines

    return transform


def _replace_one(lines: Lines, after: int, names: Collection[str]) -> tuple[Lines, int | None]:
    """Replace the first such line from *after* on; the second value is where to go on, or None."""
    if not any("?" in line and "%" in line for line in lines[after:]):
        return lines, None
    try:
        by_line = make_tokens_by_line(lines)
    except SyntaxError:  # of the indentation, which IPython tells with the cell
        return lines, None
    for tokens in by_line:
        start = tokens[0].start[0] - 1
        if start < after or start >= len(lines):
            continue
        end = min(find_end_of_continued_line(lines, start), len(lines) - 1)
        match = _MAGIC_LINE.match(assemble_continued_line(lines, (start, 0), end))
        if match and match["name"] in names and match["arguments"].strip(" ?\t\n"):
            call = f"get_ipython().run_line_magic({match['name']!r}, {match['arguments'].strip()!r})"
            return [*lines[:start], f"{match['target']}{call}\n", *lines[end + 1 :]], start + 1
    return lines, None


def find_first_code_line(lines: Sequence[str]) -> int | None:
    """Return the number, from 0, of the first line that is neither blank nor a comment."""
    code = (number for number, line in enumerate(lines) if line.lstrip()[:1] not in ("", "#"))
    return next(code, None)


def _cell_magic_name(line: str) -> str | None:
    return line.split(maxsplit=1)[0].removeprefix("%%") if line.startswith("%%") else None


class PlainNames(PrefilterChecker):
    """Keep a cell of one line from becoming one of our magics without its percent sign.

    :param names: the magics' names.
    """

    # Before IPython's own automagic checker (700), after the one for escapes such as ``%`` (200).
    _priority = 650

    def __init__(self, names: Collection[str], shell: Any) -> None:
        self.names = frozenset(names)
        self.manager: Any = shell.prefilter_manager
        super().__init__(  # type: ignore[no-untyped-call]  # this part of IPython is not typed
            shell=shell, prefilter_manager=self.manager, config=shell.config, priority=self._priority
        )

    def check(self, line_info: Any) -> Any:
        """Say that a line beginning with one of the names is Python."""
        if line_info.esc or line_info.ifun not in self.names:
            return None
        return self.manager.get_handler_by_name("normal")

    def remove(self) -> None:
        """Take the checker out again."""
        self.manager.unregister_checker(self)
