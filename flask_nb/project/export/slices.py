"""Stretches of a cell's source, cut out by the positions of its tree, so that comments stay."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass, field

_INSIDE_BEGINS = {getattr(tokenize, name, -1) for name in ("FSTRING_START", "TSTRING_START")}
_INSIDE_ENDS = {getattr(tokenize, name, -1) for name in ("FSTRING_END", "TSTRING_END")}


@dataclass(frozen=True)
class Edit:
    """What is written in the place of a stretch.

    :param begin: the line from 1 and the column in UTF-8 bytes, as trees have them.
    :param end: where the stretch ends.
    """

    begin: tuple[int, int]
    end: tuple[int, int]
    text: str

    @classmethod
    def of(cls, node: ast.AST, text: str) -> Edit:
        """Return the edit that replaces a node."""
        return cls(begin_of(node), end_of(node), text)


@dataclass
class Slice:
    """Lines of a cell from one position to another, with what is written otherwise.

    :param lines: those of the cell.
    :param comments: lines that stand before it.
    :param edits: stretches that are replaced.
    :param tail: what stands behind it: a comment on its last line, and below it.
    """

    lines: list[str]
    begin: tuple[int, int]
    end: tuple[int, int]
    comments: list[str] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    tail: str = ""

    def render(self) -> str:
        """Return the text, without an indentation of its own and without a line end at the end."""
        text, position = [*(f"{comment}\n" for comment in self.comments)], self.begin
        for edit in sorted(self.edits, key=lambda edit: (edit.begin, edit.end)):
            if edit.begin < position:
                continue  # within a stretch that is replaced already
            text.append(cut(self.lines, position, edit.begin))
            text.append(edit.text)
            position = edit.end
        text.append(cut(self.lines, position, self.end))
        return "".join(text) + self.tail


def begin_of(node: ast.AST) -> tuple[int, int]:
    """Return where a node begins, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    if decorators:
        first = decorators[0]
        return first.lineno, max(0, getattr(node, "col_offset", 0))
    return node.lineno, node.col_offset  # type: ignore[attr-defined]


def end_of(node: ast.AST) -> tuple[int, int]:
    """Return where a node ends."""
    return node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def cut(lines: list[str], begin: tuple[int, int], end: tuple[int, int]) -> str:
    """Return what stands between two positions."""
    taken = [line.encode() for line in lines[begin[0] - 1 : end[0]]]
    if not taken:
        return ""
    taken[-1] = taken[-1][: end[1]]
    taken[0] = taken[0][begin[1] :]
    return b"\n".join(taken).decode(errors="replace")


def slice_statement(lines: list[str], nodes: list[ast.stmt], index: int) -> Slice:
    """Return one of the statements of a scope, with the comments above it and behind it."""
    node = nodes[index]
    begin, end = begin_of(node), end_of(node)
    before = end_of(nodes[index - 1])[0] if index else _before_first(lines, begin[0])
    comments = [line.strip() for line in lines[before : begin[0] - 1]]
    comments = [line for line in comments if line.startswith("#") and not line.startswith("#%%")]
    rest = cut(lines, end, (end[0], len(lines[end[0] - 1].encode()))).strip().lstrip(";").strip()
    tail = f"  {rest}" if rest.startswith("#") else ""
    if index == len(nodes) - 1:
        below = [line for line in lines[end[0] :] if line.strip().startswith("#")]
        tail += "".join(f"\n{line.strip()}" for line in below)
    return Slice(lines, begin, end, comments, [], tail)


def _before_first(lines: list[str], line: int) -> int:
    """Return the number of lines that a cell magic takes at the top."""
    magics = [number for number, text in enumerate(lines[: line - 1], 1) if text.startswith("%%")]
    return magics[0] if magics else 0


def inside_strings(text: str) -> frozenset[int]:
    """Return the lines, from 1, that begin within a string: they cannot be moved without changing it."""
    return frozenset(_lines_in_strings(text))


def _lines_in_strings(text: str) -> Iterator[int]:
    opened: list[int] = []
    for token in tokenize.generate_tokens(io.StringIO(text + "\n").readline):
        if token.type == tokenize.STRING:
            yield from range(token.start[0] + 1, token.end[0] + 1)
        elif token.type in _INSIDE_BEGINS:
            opened.append(token.start[0])
        elif token.type in _INSIDE_ENDS:
            yield from range(opened.pop() + 1, token.end[0] + 1)


def indent(text: str, prefix: str = "    ") -> str:
    """Return Python source with every line moved to the right, except those within a string."""
    kept = inside_strings(text)
    lines = text.split("\n")
    return "\n".join(
        line if number in kept or not line.strip() else prefix + line for number, line in enumerate(lines, 1)
    )
