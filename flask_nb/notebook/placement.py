"""Where a cell magic stands in its cell, so that the lines of errors are those that people count."""

from __future__ import annotations


class PlacedMagic:
    """A cell with a cell magic.

    :param source: the whole cell, comments above the magic included.
    :param line: the line of the cell on which the magic stands, from 1.
    """

    __slots__ = ("line", "source")

    def __init__(self, source: str, line: int) -> None:
        self.source = source
        self.line = line

    @property
    def body_line(self) -> int:
        """The line on which the body begins."""
        return self.line + 1

    def as_python(self) -> list[str]:
        """Return the lines of the cell as Python reads them: the magic is a comment."""
        lines = self.source.splitlines(keepends=True)
        return [*lines[: self.line - 1], f"# {lines[self.line - 1]}", *lines[self.line :]]

    def as_typed(self) -> list[str]:
        """Return the lines of the cell."""
        return self.source.splitlines(keepends=True)


def place_magic(source: str | None, name: str, line: str, body: str) -> PlacedMagic:
    """Find a cell magic in the cell that is running.

    A magic that was called in another way than by a cell is a cell of its own.

    :param source: what was typed into the cell, None between cells.
    :param name: the magic's name without percent signs.
    """
    for number, text in enumerate((source or "").splitlines(), start=1):
        if text.startswith("%%") and text.split(maxsplit=1)[0] == f"%%{name}":
            return PlacedMagic(str(source), number)
    return PlacedMagic(f"%%{name} {line}\n{body}", 1)
