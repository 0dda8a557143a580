"""Bodies that are tables: CSV, and JSON arrays of objects."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO
from itertools import islice
from typing import Any, NamedTuple

from flask_nb.exchange.masks import printable

from .json_layout import JsonObject, compact
from .words import MAX_LINES

MAX_COLUMNS = 24
"""Columns that are shown at most."""

_MAX_CELL = 120
_MAX_READ = 1_000_000


class Table(NamedTuple):
    """The first rows of a table.

    :param columns: the names of the columns.
    :param rows: the cells, each row as long as there are columns.
    :param more_rows: how many rows are left out.
    :param more_columns: how many columns are left out.
    :param name: the member of a JSON object that holds it, empty if the body itself does.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    more_rows: int = 0
    more_columns: int = 0
    name: str = ""


def csv_table(text: str, mimetype: str = "text/csv") -> Table | None:
    """Return CSV as a table whose first row names the columns; None if it cannot be read.

    Of a long text the beginning is read, and the other rows are counted by their line ends.
    """
    head, rest = text[:_MAX_READ].removeprefix("\ufeff"), text.count("\n", _MAX_READ)
    first = head.partition("\n")[0]
    is_tabbed = "tab-separated" in mimetype
    delimiter = "\t" if is_tabbed else ";" if first.count(";") > first.count(",") else ","
    filled = (row for row in csv.reader(StringIO(head, newline=""), delimiter=delimiter) if row)
    try:
        rows = list(islice(filled, MAX_LINES + 1))
        return _table(rows[0], rows[1:], len(rows) - 1 + sum(1 for _ in filled) + rest) if rows else None
    except csv.Error:
        return None


def json_table(value: Any) -> Table | None:
    """Return an array of objects as a table, or the first one that an object holds."""
    if isinstance(value, JsonObject):
        named = ((name, item) for name, item in value if _is_tabular(item))
        name, value = next(named, ("", None))
        return _objects_table(value, name) if value else None
    return _objects_table(value) if _is_tabular(value) else None


def _is_tabular(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, JsonObject) for item in value)


def _objects_table(items: list[JsonObject], name: str = "") -> Table | None:
    columns = list(dict.fromkeys(key for item in items for key, _ in item))
    shown = [dict(item) for item in items[:MAX_LINES]]
    rows = [
        [compact(item[column], _MAX_CELL + 1) if column in item else "" for column in columns[:MAX_COLUMNS]]
        for item in shown
    ]
    return _table(columns, rows, len(items), name) if columns else None


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], count: int, name: str = "") -> Table:
    width = min(max(map(len, (columns, *rows))), MAX_COLUMNS)
    kept = tuple(_row(row, width) for row in rows)
    return Table(_row(columns, width), kept, count - len(kept), max(0, len(columns) - width), printable(name))


def _row(cells: Sequence[str], width: int) -> tuple[str, ...]:
    shown = [printable(cell) for cell in cells[:width]]
    shown = [text if len(text) <= _MAX_CELL else f"{text[:_MAX_CELL]}…" for text in shown]
    return (*shown, *[""] * (width - len(shown)))
