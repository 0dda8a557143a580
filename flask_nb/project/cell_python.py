"""The Python of a cell, with what only IPython understands found and taken out of it.

IPython makes Python of a cell when the cell runs. A plan runs nothing and a served notebook has no
IPython, so the same lines are found here: magics, shell commands and questions at the beginning of a
statement. Each becomes a call of :data:`PLACEHOLDER` on the same line, so that what follows keeps its lines.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass

from flask_nb.errors import CellError, CellSyntaxError

PLACEHOLDER = "__flask_nb_magic__"
"""The function that stands for a magic; its argument is the magic's number in the cell."""

TRANSPARENT = frozenset({"time", "capture"})
"""Cell magics below which the cell is the Python that it would be without them."""

_CELL_MAGIC = re.compile(r"%%(\w+)(?!\S)[ \t]*(.*)")
_TARGET = r"(?P<before>[ \t]*(?:[^\s=%!#'\"][^=%!#'\"]*=[ \t]*)?)"
_LINE_MAGIC = re.compile(_TARGET + r"%(?P<name>\w+)(?!\S)[ \t]*(?P<line>.*)", re.DOTALL)
_SHELL = re.compile(_TARGET + r"!{1,2}(?P<line>[^=].*)", re.DOTALL)
_QUESTION = re.compile(r"(?P<before>[ \t]*)(?P<line>\?{1,2}[\w.%*]+|%{0,2}[\w.*]+\?{1,2})[ \t]*$")
_BLANK = re.compile(r"\s*(?:#|$)")


@dataclass(frozen=True)
class Magic:
    """What a cell asks of IPython.

    :param kind: ``cell``, ``line``, ``shell`` or ``question``.
    :param name: the magic's name without percent signs; empty for the other two kinds.
    :param line: what stands behind the name.
    :param number: the line of the cell, from 1.
    :param body: the cell below a cell magic.
    """

    kind: str
    name: str
    line: str
    number: int
    body: str = ""

    def __str__(self) -> str:
        if self.kind == "shell":
            return f"!{self.line}"
        sign = {"cell": "%%", "line": "%"}.get(self.kind, "")
        return f"{sign}{self.name}" if sign else self.line


@dataclass(frozen=True)
class ParsedCell:
    """A cell as a plan sees it.

    :param tree: its statements; None where the cell is one cell magic.
    :param magics: what the placeholders stand for, or that one cell magic.
    """

    tree: ast.Module | None
    magics: tuple[Magic, ...]


def parse_cell(text: str) -> ParsedCell:
    """Parse a cell without running anything.

    :raises CellSyntaxError: when it is not Python.
    :raises CellError: when a cell magic stands below code.
    """
    lines = text.split("\n")
    first = next((number for number, line in enumerate(lines) if not _BLANK.match(line)), None)
    if first is None:
        return ParsedCell(ast.Module([], []), ())
    if found := _CELL_MAGIC.match(lines[first]):
        if found[1] not in TRANSPARENT:
            body = "\n".join(lines[first + 1 :])
            body += "" if body.endswith("\n") else "\n"  # as IPython gives it to a magic
            return ParsedCell(None, (Magic("cell", found[1], found[2].strip(), first + 1, body),))
        lines[first] = ""
    magics: list[Magic] = []
    python = "\n".join(_take_out(lines, magics))
    return ParsedCell(_parse(python, text), tuple(magics))


def compile_flags(code_flags: int) -> int:
    """Return the flags of the ``__future__`` imports that code was compiled with."""
    import __future__

    features = (getattr(__future__, name) for name in __future__.all_feature_names)
    return sum(feature.compiler_flag for feature in features if code_flags & feature.compiler_flag)


def _parse(python: str, text: str) -> ast.Module:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    try:
        tree: ast.Module = compile(python, "<cell>", "exec", flags, dont_inherit=True)
    except SyntaxError as exc:
        lines = text.split("\n")
        line = lines[exc.lineno - 1] if exc.lineno and exc.lineno <= len(lines) else None
        raise CellSyntaxError(exc.msg, line=exc.lineno, text=line) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as exc:
        raise CellSyntaxError(f"Python cannot read the cell: {exc or 'it is nested too deeply'}") from None
    return tree


def _take_out(lines: list[str], magics: list[Magic]) -> list[str]:
    """Return the lines with placeholders, and note what they stand for."""
    python = list(lines)
    number = 0
    while number < len(lines):
        end = _find_end(lines, number)
        if found := _CELL_MAGIC.match(lines[number]):
            raise CellError(
                f"line {number + 1}: %%{found[1]} is below code, but a cell magic begins its cell. "
                f"Move it to a cell of its own"
            )
        taken = _read_magic(lines, number)
        if taken is not None:
            magic, before, end = taken
            python[number : end + 1] = [f"{before}{PLACEHOLDER}({len(magics)})", *[""] * (end - number)]
            magics.append(magic)
        number = end + 1
    return python


def _read_magic(lines: list[str], number: int) -> tuple[Magic, str, int] | None:
    """Return what a statement's first line asks of IPython, what precedes it, and the last line of it."""
    end, text = number, lines[number]
    while text.endswith("\\") and end + 1 < len(lines):
        end += 1
        text = f"{text[:-1]} {lines[end].strip()}"
    if found := _LINE_MAGIC.match(text):
        return Magic("line", found["name"], found["line"].strip(), number + 1), found["before"], end
    if found := _SHELL.match(text):
        return Magic("shell", "", found["line"].strip(), number + 1), found["before"], end
    if found := _QUESTION.match(lines[number]):
        return Magic("question", "", found["line"], number + 1), found["before"], number
    return None


def _find_end(lines: list[str], number: int) -> int:
    """Return the last line of the logical line that begins here: strings and brackets may hold others."""
    rest = io.StringIO("\n".join(lines[number:]) + "\n")
    try:
        for token in tokenize.generate_tokens(rest.readline):
            if token.type == tokenize.NEWLINE or (token.type == tokenize.NL and not token.line.strip()):
                return number + token.start[0] - 1
            if token.type in (tokenize.COMMENT, tokenize.NL) and _BLANK.match(lines[number]):
                return number
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass
    return number
